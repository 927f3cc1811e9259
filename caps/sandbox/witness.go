package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// pristine are the directories of programs and of what they load. A witness
// sees the machine's. Those that the machine lacks are left out.
var pristine = []string{"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "opt", "nix", "gnu", "snap"}

// pristineSettings are what in /etc decides which code a program runs: the
// dynamic linker's files (ld.so(8)), the links of update-alternatives(1), and
// the start-up files of interpreters.
var pristineSettings = []string{"alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "ld.so.preload", "perl", "python*"}

// mostEntries is how many files and directories a witness is shown one by one.
const mostEntries = 10_000

// Pristine says whether a witness sees the machine's own file at a path.
func Pristine(path string) bool {
	top, _, _ := strings.Cut(strings.TrimPrefix(filepath.Clean(path), "/"), "/")
	return slices.Contains(pristine, top)
}

// Witness gives the calling thread, for good, a view of what was done in the
// sandbox that cannot steer what it executes: directories of programs are as
// they are outside, and so are the files and directories of programs. All else
// is what the command sees, writable where that is; nothing in it can be
// executed or loaded as a library.
//
// The view is made anew with each call, since the command may have mounted
// something. Its root directory is a file system of its own, in which the
// command cannot take away what is mounted there: who renames a mount point of
// another namespace ends the mount (d_invalidate() in fs/dcache.c).
// It takes Linux 5.12, for mount_setattr(2).
func (b *Beside) Witness(programs []string) error {
	w := witness{dir: b.dir}
	defer w.close()
	if err := moveThread(b.inside); err != nil {
		return err
	}
	err := w.collect()
	if err == nil {
		err = unix.Setns(b.outside, unix.CLONE_NEWNS)
	}
	if err == nil {
		err = unix.Unshare(unix.CLONE_NEWNS)
	}
	if err == nil {
		err = w.build(programs)
	}
	switch {
	case errors.Is(err, unix.ENOSYS):
		return errors.New("this kernel, older than Linux 5.12, cannot keep hooks in a sandbox from executing what the command wrote")
	case err != nil:
		return fmt.Errorf("show what the command did: %w", err)
	}
	return nil
}

// witness is a view that is being made.
type witness struct {
	dir           string  // the working directory
	top, settings []piece // of the sandbox
	programs      []piece // of the machine
}

// piece is a file, a directory or a symbolic link that is to be shown.
type piece struct {
	path string
	link string // where the link leads; "" if it is none
	dir  bool
	tree int // a detached copy of its mounts, see open_tree(2)
}

func (w *witness) close() {
	for _, p := range slices.Concat(w.top, w.settings, w.programs) {
		if p.link == "" {
			unix.Close(p.tree)
		}
	}
}

// collect takes what is to be seen of the sandbox.
func (w *witness) collect() (err error) {
	w.top, err = take("/", func(name string) bool { return name == "etc" || slices.Contains(pristine, name) })
	if err != nil {
		return err
	}
	w.settings, err = take("/etc", isPristineSetting)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		return nil // The command has removed or replaced it.
	}
	return err
}

func isPristineSetting(name string) bool {
	return slices.ContainsFunc(pristineSettings, func(pattern string) bool {
		matches, _ := filepath.Match(pattern, name)
		return matches
	})
}

// take takes what is in a directory, but for some names.
func take(dir string, without func(name string) bool) ([]piece, error) {
	// The command may have made a link of it.
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	f := os.NewFile(uintptr(fd), dir)
	defer f.Close()
	names, err := f.Readdirnames(mostEntries)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if len(names) == mostEntries {
		return nil, fmt.Errorf("there are %d files or more in %s", mostEntries, dir)
	}
	var pieces []piece
	for _, name := range names {
		if without(name) {
			continue
		}
		p, err := newPiece(fd, name)
		switch {
		case errors.Is(err, unix.ENOENT): // It has been removed.
		case err != nil:
			return pieces, fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
		default:
			p.path = filepath.Join(dir, name)
			pieces = append(pieces, p)
		}
	}
	return pieces, nil
}

// newPiece takes a file of a directory, in which others may write.
func newPiece(dir int, name string) (piece, error) {
	var st unix.Stat_t
	if err := unix.Fstatat(dir, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return piece{}, err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK {
		target := make([]byte, unix.PathMax)
		n, err := unix.Readlinkat(dir, name, target)
		return piece{link: string(target[:max(n, 0)])}, err
	}
	p := piece{dir: st.Mode&unix.S_IFMT == unix.S_IFDIR}
	var err error
	p.tree, err = copyTree(dir, name, unix.MOUNT_ATTR_NOEXEC|unix.MOUNT_ATTR_NOSUID)
	return p, err
}

// copyTree makes a detached copy of the mounts at a path and below, with these
// attributes besides.
func copyTree(dir int, path string, attributes uint64) (int, error) {
	const flags = unix.OPEN_TREE_CLONE | unix.OPEN_TREE_CLOEXEC | unix.AT_RECURSIVE | unix.AT_SYMLINK_NOFOLLOW
	tree, err := unix.OpenTree(dir, path, flags)
	if err != nil {
		return 0, err
	}
	attr := unix.MountAttr{Attr_set: attributes, Propagation: unix.MS_PRIVATE}
	if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &attr); err != nil {
		return 0, errors.Join(err, unix.Close(tree))
	}
	return tree, nil
}

// build makes the root directory of the calling thread.
func (w *witness) build(programs []string) error {
	if err := w.takePrograms(programs); err != nil {
		return err
	}
	const stage, old = "/proc", "/.machine"
	if err := unix.Mount("tmpfs", stage, "tmpfs", 0, "mode=0755,size=16m"); err != nil {
		return err
	}
	if err := os.Mkdir(stage+old, 0o700); err != nil {
		return err
	}
	if err := unix.PivotRoot(stage, stage+old); err != nil {
		return err
	}
	if err := unix.Chdir("/"); err != nil {
		return err
	}
	if err := unix.Unmount(old, unix.MNT_DETACH); err != nil {
		return err
	}
	if err := os.Remove(old); err != nil {
		return err
	}
	if err := os.Mkdir("/etc", 0o755); err != nil {
		return err
	}
	return w.place()
}

// takePrograms takes from the machine what is to be executed.
func (w *witness) takePrograms(programs []string) error {
	paths := slices.DeleteFunc(slices.Clone(programs), Pristine)
	for _, name := range pristine {
		paths = append(paths, "/"+name)
	}
	for _, pattern := range pristineSettings {
		matches, err := filepath.Glob("/etc/" + pattern)
		if err != nil {
			return err
		}
		paths = append(paths, matches...)
	}
	slices.Sort(paths) // What contains others comes first.
	for _, path := range slices.Compact(paths) {
		p, err := newProgram(path)
		switch {
		case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR): // This machine lacks it.
		case err != nil:
			return fmt.Errorf("%s: %w", path, err)
		default:
			w.programs = append(w.programs, p)
		}
	}
	return nil
}

func newProgram(path string) (piece, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return piece{}, err
	}
	p := piece{path: path, dir: info.IsDir()}
	if info.Mode().Type() == os.ModeSymlink {
		p.link, err = os.Readlink(path)
		return p, err
	}
	p.tree, err = copyTree(unix.AT_FDCWD, path, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NODEV)
	return p, err
}

// place puts everything in its place, and lets nothing be added to the root
// directory and /etc, where it would not reach the command.
func (w *witness) place() error {
	for _, p := range slices.Concat(w.top, w.settings) {
		if err := p.place(); err != nil {
			return fmt.Errorf("%s: %w", p.path, err)
		}
	}
	for _, p := range w.programs {
		var err error
		if Pristine(p.path) || filepath.Dir(p.path) == "/etc" && isPristineSetting(filepath.Base(p.path)) {
			err = p.place()
		} else if p.link == "" {
			// The command may have left no such place.
			_ = p.mount()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.path, err)
		}
	}
	if err := w.changeDir(); err != nil {
		return err
	}
	return unix.MountSetattr(unix.AT_FDCWD, "/", 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY})
}

// place makes something to mount the piece on, and does so.
func (p piece) place() error {
	var err error
	switch {
	case p.link != "":
		return os.Symlink(p.link, p.path)
	case p.dir:
		err = os.Mkdir(p.path, 0o755)
	default:
		err = placeholder(p.path)
	}
	return errors.Join(err, p.mount())
}

func (p piece) mount() error {
	// Without MOVE_MOUNT_T_SYMLINKS: not where a link of the command's leads.
	return unix.MoveMount(p.tree, "", unix.AT_FDCWD, p.path, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// changeDir enters the working directory. If the command has removed it, the
// thread is where nothing is found, like one that was there before.
func (w *witness) changeDir() error {
	err := unix.Chdir(w.dir)
	if !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENOTDIR) {
		return err
	}
	const gone = "/.removed"
	return errors.Join(os.Mkdir(gone, 0o700), unix.Chdir(gone), os.Remove(gone))
}
