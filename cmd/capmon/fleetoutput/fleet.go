// Package fleetoutput tells what many machines did.
package fleetoutput

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/capmon/capmon/cmd/capmon/fleet"
	"github.com/capmon/capmon/cmd/capmon/otelnames"
	"github.com/capmon/capmon/cmd/capmon/terminal"
)

// Write prints the report for a person.
func Write(w io.Writer, r fleet.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s on %s, %s\n", r.Proof, number(len(r.Workloads), string(r.By)), number(r.Hosts, "host"), number(r.Checks, "check"))
	for _, l := range r.Workloads {
		writeWorkload(&b, l)
	}
	writeLosses(&b, r)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write standard output: %w", err)
	}
	return nil
}

func writeWorkload(b *strings.Builder, l fleet.Workload) {
	name := "no " + string(l.Kind) + " known"
	if l.Name != "" {
		name = string(l.Kind) + " " + terminal.Printable(l.Name)
	}
	fmt.Fprintf(b, "\n%s: on %s, for %s, %s to %s\n", name, number(l.Hosts, "host"), span(l.Last.Sub(l.First)),
		l.First.Format(time.DateTime), l.Last.Format(time.DateTime))
	for _, part := range []struct {
		what string
		uses []fleet.Use
	}{{"used", l.Used}, {"refused", l.Refused}, {"unaudited", l.Unaudited}} {
		for _, u := range part.uses {
			fmt.Fprintf(b, "  %-9s %-22s %8d  on %s  %s\n", part.what, u.Cap, u.Count, number(u.Hosts, "host"), cmp.Or(terminal.Printable(u.Syscall), "-"))
		}
	}
}

func writeLosses(b *strings.Builder, r fleet.Report) {
	var sum uint64
	for _, n := range r.Lost {
		sum += n
	}
	if sum > 0 {
		fmt.Fprintf(b, "\n%s lost on the hosts: more may have been used (", number(sum, "check"))
		var parts []string
		for _, reason := range otelnames.LossReasons() {
			if n := r.Lost[reason]; n > 0 {
				parts = append(parts, fmt.Sprintf("%s %d", reason, n))
			}
		}
		b.WriteString(strings.Join(parts, ", ") + ")\n")
	}
	if r.Missing > 0 {
		fmt.Fprintf(b, "\n%s not in these files: on the way, sampled away, or in others\n", number(r.Missing, "check"))
	}
}

// span is how long something was seen, in its two largest units.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	const day = 24 * time.Hour
	switch {
	case d >= day:
		return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%dm%ds", d/time.Minute, d%time.Minute/time.Second)
	}
	return d.String()
}

func number[N int | uint64](n N, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
