package attempt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/capmon/capmon/caps/account"
)

// output collects what a command prints, through a pipe, so that a command
// that never stops printing does not fill a disk.
type output struct {
	read, write *os.File
	kept        clipped
	done        chan struct{}
}

// newOutput makes the pipe the user's own, as a terminal would be: whoever
// opens /dev/stderr is asked for his rights to it.
func newOutput(user account.Identity) (*output, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe for the command's output: %w", err)
	}
	if err := w.Chown(int(user.UID), int(user.GID)); err != nil {
		return nil, errors.Join(fmt.Errorf("give pipe to %s: %w", user.Name, err), r.Close(), w.Close())
	}
	o := &output{read: r, write: w, done: make(chan struct{})}
	go func() {
		defer close(o.done)
		// It ends with the last writer, or with the deadline of finish.
		_, _ = io.Copy(&o.kept, r)
	}()
	return o, nil
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
	return o.kept.String()
}
