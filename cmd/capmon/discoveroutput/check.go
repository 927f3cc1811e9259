package discoveroutput

import (
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/trace"
)

// describeCheck says who asked for what: "ip: sendmsg -> rtnetlink_rcv_msg".
func describeCheck(c trace.Check) string {
	text := describeCall(c)
	if c.Function != "" {
		text += " -> " + c.Function
	}
	return text
}

// describeCall says in which system call, and of what: "cat: openat = EACCES".
func describeCall(c trace.Check) string { return terminal.Printable(c.Where()) }
