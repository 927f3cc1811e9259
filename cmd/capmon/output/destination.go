// Package output writes results to where the caller wants them.
package output

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/cmd/capmon/exit"
)

// Destination is where a result goes: standard output, or a file that is
// written whole or not at all. It is opened before anything is run, so that a
// file which cannot be written loses no result.
type Destination struct {
	io.Writer
	name     string
	replaced replacement // a file that is to be replaced
	device   *os.File    // one that can only be written to
}

// replacement is the new content of a file, which is put in its place whole or
// not at all.
type replacement interface {
	io.Writer
	CloseAtomicallyReplace() error
	Cleanup() error
}

// Open opens the file name, or stands for stdout where name is "".
func Open(stdout io.Writer, name string) (*Destination, error) {
	if name == "" {
		return &Destination{Writer: stdout}, nil
	}
	return OpenFile("-o", name)
}

// OpenFile opens the file that the option names.
func OpenFile(option, name string) (*Destination, error) {
	d := &Destination{name: name}
	if err := d.open(); err != nil {
		return nil, exit.Usagef("%s: cannot write %s: %v", option, name, exit.RootCause(err))
	}
	return d, nil
}

// Write has fill write the file name, or stdout where name is "": whole or not
// at all.
func Write(stdout io.Writer, name string, fill func(io.Writer) error) error {
	d, err := Open(stdout, name)
	if err != nil {
		return err
	}
	defer d.Discard()
	if err := fill(d); err != nil {
		return err
	}
	return d.Commit()
}

// Unwrap is what is written to.
func (d *Destination) Unwrap() io.Writer { return d.Writer }

// open follows a link to the file behind it, and does not take a device or a
// pipe (/dev/stdout) for a file that could be replaced.
func (d *Destination) open() (err error) {
	path := d.name
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return unix.EISDIR
	case err == nil && (!info.Mode().IsRegular() || isDescriptor(path)):
		// O_NONBLOCK: a pipe that nobody reads is an error, and no wait.
		d.device, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND|unix.O_NONBLOCK, 0)
		d.Writer = d.device
		return err
	case err == nil:
		if path, err = resolve(path); err != nil {
			return err
		}
	}
	if d.replaced, err = replace(path, info); err != nil {
		return err
	}
	d.Writer = d.replaced
	return nil
}

// replace begins a replacement of the file, which info describes if there is
// one. Where the file system can, it has no name before it is complete, so that
// nothing is left of it when capmon is killed.
func replace(path string, info os.FileInfo) (replacement, error) {
	file, err := newUnnamed(path, info)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EISDIR) {
		return renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)),
			renameio.WithPermissions(0o644), renameio.WithExistingPermissions())
	}
	return file, err
}

// isDescriptor says whether the name stands for a descriptor that is open
// already (proc(5)): what comes behind it would be lost with a file replaced.
func isDescriptor(name string) bool {
	return name == "/dev/stdout" || name == "/dev/stderr" ||
		strings.HasPrefix(name, "/dev/fd/") || strings.HasPrefix(name, "/proc/")
}

// resolve returns the name without links of the file that the kernel opens
// for name. It protects the caller as fs.protected_symlinks does, also where
// that is off (proc_sys_fs(5)).
func resolve(name string) (string, error) {
	if planted(name) {
		return "", unix.EACCES
	}
	fd, err := unix.Open(name, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	return os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
}

// planted says whether the name is a link in a sticky directory that everyone
// may write to, and neither the caller's nor the directory's owner's.
func planted(name string) bool {
	var link, dir unix.Stat_t
	if unix.Lstat(name, &link) != nil || link.Mode&unix.S_IFMT != unix.S_IFLNK {
		return false
	}
	if unix.Stat(filepath.Dir(name), &dir) != nil || dir.Mode&unix.S_ISVTX == 0 || dir.Mode&unix.S_IWOTH == 0 {
		return false
	}
	return int(link.Uid) != os.Geteuid() && link.Uid != dir.Uid
}

// Commit puts the file in place.
func (d *Destination) Commit() (err error) {
	switch {
	case d.replaced != nil:
		err = d.replaced.CloseAtomicallyReplace()
	case d.device != nil:
		err = d.device.Close()
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", d.name, err)
	}
	return nil
}

// Discard leaves nothing behind of a file that was not committed.
func (d *Destination) Discard() {
	if d.replaced != nil {
		// Cleanup of a committed file does nothing.
		_ = d.replaced.Cleanup()
	}
}

// JSON writes v as one indented document.
func JSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
