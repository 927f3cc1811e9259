package attempt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover/controller"
)

// output collects what a command prints, through a pipe, so that a command
// that never stops printing does not fill a disk.
type output struct {
	read, write *os.File
	kept        clipped
	expected    *matcher // nil: anything is
	done        chan struct{}
	// preface comes before what was printed, whose end are the last words.
	preface string
}

// newOutput makes the pipe the user's own, as a terminal would be: whoever
// opens /dev/stderr needs the right to open it. What is printed goes to echo
// too, if there is one.
func newOutput(user account.Identity, expected *regexp.Regexp, echo io.Writer) (*output, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe for the command's output: %w", err)
	}
	if err := w.Chown(int(user.UID), int(user.GID)); err != nil {
		return nil, errors.Join(fmt.Errorf("give pipe to %s: %w", user.Name, err), r.Close(), w.Close())
	}
	o := &output{read: r, write: w, done: make(chan struct{})}
	to := []io.Writer{&o.kept}
	if expected != nil {
		o.expected = &matcher{want: expected}
		to = append(to, o.expected)
	}
	if echo != nil {
		to = append(to, echo)
	}
	go func() {
		defer close(o.done)
		// It ends with the last writer, or with the deadline of finish.
		_, _ = io.Copy(io.MultiWriter(to...), r)
	}()
	return o, nil
}

// judge adds what was printed to an attempt that is over, which has not succeeded
// where something else was expected.
func (o *output) judge(a *controller.Attempt) {
	a.Output = o.finish() + a.Output
	if a.Success && o.expected != nil && !o.expected.matched() {
		a.Success = false
		a.Outcome += ", not the expected output"
	}
}

// finish returns what was printed, once every process of the command has
// ended. A descriptor that was handed to a process outside of it could keep
// the pipe open: that is not waited for.
func (o *output) finish() string {
	o.write.Close()
	select {
	case <-o.done:
	case <-time.After(time.Second):
		// Cannot fail on a pipe that os.Pipe made.
		_ = o.read.SetReadDeadline(time.Now())
		<-o.done
	}
	o.read.Close()
	return o.preface + o.kept.String()
}
