package launch

import (
	"errors"
	"fmt"
	"os"
)

// files returns the descriptors of standard input, output and error, and a
// function that closes those that were opened for it.
func (s Spec) files() (fds []int, done func(), err error) {
	var opened []*os.File
	done = func() {
		for _, f := range opened {
			f.Close()
		}
	}
	for _, f := range []*os.File{s.Stdin, s.Stdout, s.Stderr} {
		if f == nil {
			if f, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
				done()
				return nil, nil, fmt.Errorf("open standard files: %w", err)
			}
			opened = append(opened, f)
		}
		// Fd makes the descriptor blocking, as the command expects it.
		fds = append(fds, int(f.Fd()))
	}
	return fds, done, nil
}

// wire is what of s goes through the socket.
func (s Spec) wire() wireSpec {
	w := wireSpec{Path: s.Path, Dir: s.Dir, Args: s.Args, Env: s.Env, NoNewPrivs: s.NoNewPrivs, OwnKeyring: s.OwnKeyring, Detached: s.Detached, Bequeathed: s.Bequeathed, Witness: s.Witness, Programs: s.Programs, Reserved: s.Reserved}
	if s.Identity != nil {
		w.SetID, w.UID, w.GID, w.Groups = true, s.Identity.UID, s.Identity.GID, s.Identity.Groups
	}
	if s.Grant != nil {
		w.SetGrant, w.Grant = true, *s.Grant
	}
	return w
}

// newFailure puts an error of the keeper into a form that err undoes.
func newFailure(err error) failure {
	var exec *ExecError
	var ungrantable *UngrantableError
	var setup *SetupError
	f := failure{Text: err.Error()}
	errors.As(err, &f.Errno)
	switch {
	case errors.As(err, &exec):
		f.Exec, f.Path, f.Interpreter = true, exec.Path, exec.Interpreter
	case errors.As(err, &ungrantable):
		f.Ungrantable = ungrantable.Caps
	case errors.As(err, &setup):
		f.Step, f.Text = setup.Step, setup.Err.Error()
	}
	return f
}

// err is the error that newFailure was given.
func (f failure) err() error {
	var cause error = f.Errno
	if f.Errno == 0 {
		cause = errors.New(f.Text)
	}
	switch {
	case f.Exec:
		return &ExecError{Path: f.Path, Interpreter: f.Interpreter, Errno: f.Errno}
	case f.Ungrantable != 0:
		return &UngrantableError{Caps: f.Ungrantable}
	case f.Step != "":
		return &SetupError{Step: f.Step, Err: cause}
	}
	return errors.New(f.Text)
}

// errAborted ends a launch that capmon has called off.
var errAborted = errors.New("launch called off")
