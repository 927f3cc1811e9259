package traceoutput

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/capmon/capmon/cmd/capmon/output"
	"github.com/capmon/capmon/trace"
)

// writeJSON writes the report as output.JSON would, but of the long lists one
// element after the other: those of 100,000 processes take 100 MB as text.
func writeJSON(w io.Writer, r Report) error {
	processes, checks := r.Processes, r.Checks
	r.Processes, r.Checks = []tracedProcess{}, []trace.Check{}
	if r.Running == nil {
		r.Running = []RunningProcess{}
	}
	var frame bytes.Buffer
	if err := output.JSON(&frame, r); err != nil {
		return err
	}
	// Nothing else looks like these: a quote within a string is escaped.
	before, rest, _ := bytes.Cut(frame.Bytes(), []byte(`"processes": []`))
	between, after, _ := bytes.Cut(rest, []byte(`"checks": []`))
	out := bufio.NewWriter(w)
	out.Write(before)
	if err := writeList(out, "processes", processes, withoutNulls); err != nil {
		return err
	}
	out.Write(between)
	if err := writeList(out, "checks", checks, asItIs); err != nil {
		return err
	}
	out.Write(after)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// writeList writes a list that is a field of the document. What could not be
// written is known when the writer is flushed.
func writeList[T any](out *bufio.Writer, name string, list []T, as func(T) T) error {
	fmt.Fprintf(out, "%q: [", name)
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("    ", "  ")
	e.SetEscapeHTML(false)
	for i, v := range list {
		text.Reset()
		if err := e.Encode(as(v)); err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString("\n    ")
		out.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	}
	if len(list) > 0 {
		out.WriteString("\n  ")
	}
	out.WriteByte(']')
	return nil
}

// withoutNulls has an empty list for an absent one.
func withoutNulls(p tracedProcess) tracedProcess {
	if p.Executables == nil {
		p.Executables = []string{}
	}
	return p
}

func asItIs[T any](v T) T { return v }
