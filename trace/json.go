package trace

import (
	"encoding/json"

	"golang.org/x/sys/unix"
)

// MarshalJSON adds what follows from the other fields and is often asked for,
// and writes a stack that is missing as an empty list.
func (c Check) MarshalJSON() ([]byte, error) {
	type plain Check // without this method
	if c.Stack == nil {
		c.Stack = []string{}
	}
	return json.Marshal(struct {
		plain
		// Errno is the name of the error with which the system call ended,
		// "" if it succeeded or did not return.
		Errno    string `json:"errno"`
		Decisive bool   `json:"decisive"`
	}{plain(c), errnoName(c), c.Decisive()})
}

func errnoName(c Check) string {
	if c.Errno() == 0 {
		return ""
	}
	return unix.ErrnoName(c.Errno())
}
