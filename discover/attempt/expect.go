package attempt

import (
	"bytes"
	"regexp"
)

// maxLine is how much of a line is kept to be matched, in bytes.
const maxLine = 64 << 10

// matcher is a writer that looks for a line that matches, as grep(1) does: "$"
// stands for the end of a line, and no match goes over one. It sees all that
// is printed, also what clipped leaves out.
type matcher struct {
	want  *regexp.Regexp
	line  []byte
	found bool
}

func (m *matcher) Write(p []byte) (int, error) {
	n := len(p)
	for !m.found && len(p) > 0 {
		part, rest, whole := bytes.Cut(p, []byte("\n"))
		m.line = append(m.line, part[:min(len(part), maxLine-len(m.line))]...)
		if whole {
			m.end()
		}
		p = rest
	}
	return n, nil
}

// end matches the line that has ended.
func (m *matcher) end() {
	m.found = m.found || m.want.Match(m.line)
	m.line = m.line[:0]
}

// matched says whether a line matched, the last one included, which may have
// no line end.
func (m *matcher) matched() bool {
	if len(m.line) > 0 {
		m.end()
	}
	return m.found
}
