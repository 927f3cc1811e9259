package discoveroutput

import (
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/trace"
)

// describeCheck says who asked for what, and with what: "ip: sendmsg ->
// rtnetlink_rcv_msg", "cat: openat = EACCES -> generic_permission, /etc/shadow".
func describeCheck(c trace.Check) string {
	argument := c.Argument
	c.Argument = ""
	text := describeCall(c)
	if c.Function != "" {
		text += " -> " + c.Function
	}
	if argument != "" {
		text += ", " + terminal.Printable(argument)
	}
	return text
}

// describeCall says in which system call, and of what: "cat: openat = EACCES,
// /etc/shadow".
func describeCall(c trace.Check) string { return terminal.Printable(c.Where()) }
