// Package corpus is a table of commands and of the capabilities that they
// need: at least one for each capability, and whole programs. The expectations
// come from the kernel's documentation and source or from trying all sets,
// never from what capmon found.
package corpus

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/elastic/go-seccomp-bpf/arch"

	"github.com/capmon/capmon/caps"
)

// Place is where a case can run.
type Place string

// The places. A guest is a virtual machine with a kernel of Debian's
// (scripts/vm/run.sh).
const (
	Anywhere Place = ""
	Host     Place = "host"
	Guest    Place = "guest"
)

// Case is one command, and the set that it needs.
//
// In the commands DIR is a directory of the case's own, which everybody can
// search and only root can write, and SYS_name is the number of a system call.
type Case struct {
	Name string
	// Command is run by /bin/sh -c; the rest is what capmon's options of the
	// same names take.
	Command, Setup, Ready, Check, Cleanup string
	// Sandbox is "", "yes" or "net".
	Sandbox string
	// User runs the command; "" is nobody.
	User string
	// InsistsOnRoot: as nobody it fails even with everything, and capmon has
	// to find that it wants to be uid 0.
	InsistsOnRoot bool

	// Want is the narrow set, as caps.ParseSet reads it.
	Want string
	// Source is where it says so: a manual page, or a file of the kernel
	// and a function in it. For a program it is the search of oracle.go, and
	// Source says what each capability is for.
	Source string

	// On is where it can run, and Why why not elsewhere.
	On  Place
	Why string
	// Since and Before are the kernel series that it is true of, such as
	// "6.15"; "" is no limit.
	Since, Before string
	// Packages have the programs of Command that a small Debian lacks.
	Packages []string
	// Slow: it takes more than a second or two (PAM makes those it does not let in
	// wait), or its packages are not those that the other tests need too.
	Slow bool
	// Program is the file whose privileges Debian decides, Unit the systemd
	// service that starts it; "" if there is none.
	Program, Unit string
}

// Set is what the case wants.
func (c Case) Set() (caps.Set, error) {
	set, err := caps.ParseSet(c.Want)
	if err != nil {
		return 0, fmt.Errorf("read what %q wants: %w", c.Name, err)
	}
	return set, nil
}

// Identity is the user's name, with which it succeeds.
func (c Case) Identity() string {
	switch {
	case c.InsistsOnRoot:
		return "root"
	case c.User != "":
		return c.User
	}
	return "nobody"
}

// In is the case with its directory, and the numbers of this machine's system
// calls, in the commands.
func (c Case) In(dir string) (Case, error) {
	for _, command := range []*string{&c.Command, &c.Setup, &c.Ready, &c.Check, &c.Cleanup} {
		numbered, err := numberSyscalls(*command)
		if err != nil {
			return c, fmt.Errorf("prepare %q: %w", c.Name, err)
		}
		*command = strings.ReplaceAll(numbered, "DIR", dir)
	}
	return c, nil
}

var syscallName = regexp.MustCompile(`\bSYS_[a-z0-9_]+\b`)

func numberSyscalls(command string) (string, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return "", fmt.Errorf("number system calls: %w", err)
	}
	numbered := syscallName.ReplaceAllStringFunc(command, func(name string) string {
		number, ok := info.SyscallNames[strings.TrimPrefix(name, "SYS_")]
		if !ok {
			err = fmt.Errorf("no system call %s", name)
		}
		return strconv.Itoa(number)
	})
	return numbered, err
}
