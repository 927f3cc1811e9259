package output

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// unnamed is a file without a name (O_TMPFILE of open(2)), which gets one when
// it is complete.
type unnamed struct {
	*os.File
	path string
}

// newUnnamed makes one in the directory of path, with the permissions of the
// file that is there, which info describes. The error is EOPNOTSUPP or EISDIR
// where the file system has no such files.
func newUnnamed(path string, info os.FileInfo) (*unnamed, error) {
	fd, err := unix.Open(filepath.Dir(path), unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return nil, err
	}
	u := &unnamed{os.NewFile(uintptr(fd), path), path}
	if info != nil {
		if err := u.Chmod(info.Mode().Perm()); err != nil {
			return nil, errors.Join(err, u.Close())
		}
	}
	return u, nil
}

// CloseAtomicallyReplace gives the file its name. A file that has the name
// already is replaced, which takes a temporary name for a moment.
func (u *unnamed) CloseAtomicallyReplace() error {
	if err := u.Sync(); err != nil {
		return err
	}
	err := u.link(u.path)
	if errors.Is(err, unix.EEXIST) {
		temp := filepath.Join(filepath.Dir(u.path), "."+filepath.Base(u.path)+"."+rand.Text())
		if err = u.link(temp); err == nil {
			if err = os.Rename(temp, u.path); err != nil {
				err = errors.Join(err, os.Remove(temp))
			}
		}
	}
	return errors.Join(err, u.Close())
}

func (u *unnamed) link(path string) error {
	return unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", u.Fd()), unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
}

// Cleanup closes the file, which then is gone unless it has got a name.
func (u *unnamed) Cleanup() error { return u.Close() }
