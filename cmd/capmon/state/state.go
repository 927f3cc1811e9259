// Package state keeps the last discovery of each user.
package state

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover"
)

// ErrNoReport says that no discovery is kept for the user.
var ErrNoReport = errors.New("no discovery is kept")

const (
	// reportName is the file in the state directory that holds the last
	// discovery.
	reportName = "last.json"
	// maxReport bounds a kept report, in bytes.
	maxReport = 64 << 20
	// othersWrite are the permission bits that a state directory and a
	// report must not have.
	othersWrite = 0o022
)

// Save keeps r as the last discovery of owner, the calling user: under
// sudo, who called sudo. Nothing but that user's rights is used on the user's
// files.
func Save(owner account.Identity, r discover.Report) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("save report: %w", err)
	}
	if len(data) > maxReport {
		return fmt.Errorf("save report: %d bytes are more than the %d that would be read again", len(data), maxReport)
	}
	base, err := stateBase(owner)
	if err != nil {
		return fmt.Errorf("save report: %w", err)
	}
	err = actAs(owner, func() error {
		if err := makeStateDir(base); err != nil {
			return err
		}
		return writeReport(base, owner.UID, data)
	})
	if err != nil {
		return fmt.Errorf("save report: %w", err)
	}
	return nil
}

// Load returns the last discovery of owner. The error is ErrNoReport
// when none was kept.
func Load(owner account.Identity) (discover.Report, error) {
	base, err := stateBase(owner)
	if err != nil {
		return discover.Report{}, fmt.Errorf("%w: %w", ErrNoReport, err)
	}
	var data []byte
	err = actAs(owner, func() (err error) {
		data, err = readReport(base, owner.UID)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return discover.Report{}, ErrNoReport
	}
	if err != nil {
		return discover.Report{}, fmt.Errorf("load report: %w", err)
	}
	return Parse(data)
}

// Parse reads the JSON form, in the one version that this capmon
// writes.
func Parse(data []byte) (discover.Report, error) {
	var version struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return discover.Report{}, fmt.Errorf("load report: %w", err)
	}
	if version.Schema != discover.Schema {
		return discover.Report{}, fmt.Errorf("load report: the discovery kept has the form %q, this capmon reads %q: discover again",
			version.Schema, discover.Schema)
	}
	var r discover.Report
	if err := json.Unmarshal(data, &r); err != nil {
		return discover.Report{}, fmt.Errorf("load report: %w", err)
	}
	if !refersToItself(r) {
		return discover.Report{}, errors.New("load report: it refers to attempts that are not in it")
	}
	return r, nil
}

// refersToItself says whether the attempts to which r refers by their numbers,
// from 1, are in it. Anybody may have written it.
func refersToItself(r discover.Report) bool {
	there := func(n int) bool { return n >= 0 && n <= len(r.Runs) }
	for _, e := range r.Evidence {
		if !there(e.FailedWithout) {
			return false
		}
	}
	for _, e := range r.MustNot {
		if !there(e.FailedWith) || e.FailedWith == 0 {
			return false
		}
	}
	return true
}

// stateBase is the directory that holds the state of all programs (XDG Base
// Directory Specification). The environment is asked only when it is the
// owner's: under sudo it is root's.
func stateBase(owner account.Identity) (string, error) {
	home := owner.Home
	if itself(owner) {
		if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) && madeBy(dir, owner.UID) {
			return dir, nil
		}
		if dir := os.Getenv("HOME"); filepath.IsAbs(dir) && belongsTo(dir, owner.UID) {
			home = dir
		}
	}
	if !filepath.IsAbs(home) {
		return "", fmt.Errorf("find state directory: the home of %s is unknown", owner.Name)
	}
	// Root could make a home that is missing on purpose (/nonexistent).
	if _, err := os.Stat(home); itself(owner) && err != nil {
		return "", fmt.Errorf("find state directory: %w", err)
	}
	return filepath.Join(home, ".local", "state"), nil
}

// belongsTo says whether the directory is uid's: su -m leaves root with the
// home of another, where root's files would be in the way.
func belongsTo(dir string, uid uint32) bool {
	var st unix.Stat_t
	return unix.Stat(dir, &st) == nil && st.Uid == uid
}

// madeBy says whether the directory, or the nearest one above it that is there,
// is uid's, no link, and not open to everybody: what another made could lead
// root's files anywhere.
func madeBy(dir string, uid uint32) bool {
	var st unix.Stat_t
	for {
		err := unix.Lstat(dir, &st)
		if err == nil {
			return st.Uid == uid && st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Mode&unix.S_IWOTH == 0
		}
		if !errors.Is(err, unix.ENOENT) || dir == "/" {
			return false
		}
		dir = filepath.Dir(dir)
	}
}

// itself says whether owner is who this process runs as.
func itself(owner account.Identity) bool { return int64(owner.UID) == int64(os.Geteuid()) }

// actAs calls fn with the rights of owner and no capabilities, on a thread
// that ends with it. The rest of the process keeps its own. fn must not start
// goroutines.
func actAs(owner account.Identity, fn func() error) error {
	if itself(owner) {
		return fn()
	}
	_, err := cap.FuncLauncher(func(any) error {
		if err := become(owner); err != nil {
			return err
		}
		return fn()
	}).Launch(nil)
	return err
}

// become gives up everything for the rights of owner. The capabilities go
// last: the changes before need them, and cap.SetUID keeps them.
func become(owner account.Identity) error {
	groups := make([]int, len(owner.Groups))
	for i, g := range owner.Groups {
		groups[i] = int(g)
	}
	if err := cap.SetGroups(int(owner.GID), groups...); err != nil {
		return fmt.Errorf("become %s: set groups: %w", owner.Name, err)
	}
	if err := cap.SetUID(int(owner.UID)); err != nil {
		return fmt.Errorf("become %s: set user: %w", owner.Name, err)
	}
	if err := cap.NewSet().SetProc(); err != nil {
		return fmt.Errorf("become %s: drop capabilities: %w", owner.Name, err)
	}
	return nil
}

// makeStateDir makes capmon's directory in base. A directory that exists is
// left as it is.
func makeStateDir(base string) error {
	// 0700 is what the specification wants for directories that are missing.
	if err := os.MkdirAll(base, 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(base, "capmon"), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// openStateDir opens capmon's directory in base. It must be a directory and
// no link to one, and uid alone must be able to change it.
func openStateDir(base string, uid uint32) (*os.File, error) {
	path := filepath.Join(base, "capmon")
	dir, err := openAt(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	if err := checkOwned(dir, unix.S_IFDIR, uid); err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	return dir, nil
}

// writeReport replaces the report in capmon's directory in base, whole or not
// at all, whatever stands there under its name.
func writeReport(base string, uid uint32, data []byte) (err error) {
	dir, err := openStateDir(base, uid)
	if err != nil {
		return err
	}
	defer dir.Close()
	at := int(dir.Fd())

	temp := "." + reportName + "." + rand.Text()
	file, err := openAt(at, temp, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, unix.Unlinkat(at, temp, 0))
		}
	}()
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err = unix.Renameat(at, temp, at, reportName); err != nil {
		return &fs.PathError{Op: "rename", Path: filepath.Join(dir.Name(), reportName), Err: err}
	}
	return nil
}

// readReport reads the report in capmon's directory in base, if it is a plain
// file that nobody but uid can have written.
func readReport(base string, uid uint32) ([]byte, error) {
	dir, err := openStateDir(base, uid)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	// O_NONBLOCK: opening a FIFO would wait for its writer.
	file, err := openAt(int(dir.Fd()), reportName, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := checkOwned(file, unix.S_IFREG, uid); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxReport+1))
	if err == nil && len(data) > maxReport {
		err = fmt.Errorf("read %s: more than %d bytes", reportName, maxReport)
	}
	return data, err
}

// openAt opens name in the directory at without following it if it is a link.
func openAt(at int, name string, flags int, perm uint32) (*os.File, error) {
	fd, err := unix.Openat(at, name, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC, perm)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}

// checkOwned returns an error unless f has the type kind (an S_IF value),
// belongs to uid and can be written by nobody else.
func checkOwned(f *os.File, kind, uid uint32) error {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	switch {
	case st.Mode&unix.S_IFMT != kind:
		return fmt.Errorf("use %s: it is not what capmon made there", f.Name())
	case st.Uid != uid:
		return fmt.Errorf("use %s: it belongs to uid %d, not to %d", f.Name(), st.Uid, uid)
	case st.Mode&othersWrite != 0:
		return fmt.Errorf("use %s: others than its owner may write it (mode %#o)", f.Name(), st.Mode&0o7777)
	}
	return nil
}
