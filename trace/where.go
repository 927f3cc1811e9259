package trace

import "golang.org/x/sys/unix"

// Where says who was checked, in which system call, and how that failed if it
// did, and with what: "cat: openat = EACCES, /etc/shadow". The name of the process is as the process chose
// it: any bytes.
func (c Check) Where() string {
	text := c.Process.Comm
	if c.Syscall != "" {
		text += ": " + c.Syscall
	}
	if errno := c.Errno(); errno != 0 {
		text += " = " + unix.ErrnoName(errno)
	}
	if c.Argument != "" {
		text += ", " + c.Argument
	}
	return text
}
