package executor

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// adjustOOM sets the score adjustment. As in systemd, not to be allowed to is
// no failure.
func (p Plan) adjustOOM() error {
	if p.OOMScoreAdjust == nil {
		return nil
	}
	err := os.WriteFile("/proc/self/oom_score_adj", []byte(strconv.Itoa(*p.OOMScoreAdjust)), 0)
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		return nil
	}
	return at(exitFailed, err, "adjust score for lack of memory")
}

func (p Plan) setNice() error {
	if p.Nice == nil {
		return nil
	}
	return at(exitNice, unix.Setpriority(unix.PRIO_PROCESS, 0, *p.Nice), "set nice value %d", *p.Nice)
}

func (p Plan) setCPU() error {
	if p.CPU == nil {
		return nil
	}
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: uint32(p.CPU.Policy), Priority: uint32(p.CPU.Priority)}
	if p.Nice != nil {
		attr.Nice = int32(*p.Nice)
	}
	if p.CPU.ResetOnFork {
		attr.Flags |= unix.SCHED_FLAG_RESET_ON_FORK
	}
	return at(exitScheduler, unix.SchedSetAttr(0, &attr, 0), "set CPU scheduling")
}

func (p Plan) setIO() error {
	if p.IO == nil {
		return nil
	}
	const whoProcess, classShift = 1, 13 // linux/ioprio.h
	_, _, errno := unix.Syscall(unix.SYS_IOPRIO_SET, whoProcess, 0, uintptr(p.IO.Class<<classShift|p.IO.Priority))
	if errno != 0 {
		return at(exitIOPrio, errno, "set I/O scheduling")
	}
	return nil
}

// limit sets the resource limits, each as near as this process may come, as
// systemd does (setrlimit_closest() in src/basic/rlimit-util.c).
func (p Plan) limit() error {
	for _, l := range p.Limits {
		// Not unix.Prlimit: Go has to know of RLIMIT_NOFILE, which it restores
		// at exec otherwise.
		err := syscall.Setrlimit(l.Resource, &syscall.Rlimit{Cur: l.Soft, Max: l.Hard})
		if !errors.Is(err, unix.EPERM) {
			if err != nil {
				return at(exitFailed, err, "set limit")
			}
			continue
		}
		var now syscall.Rlimit
		if err := syscall.Getrlimit(l.Resource, &now); err != nil {
			return at(exitFailed, err, "read limit")
		}
		if err := syscall.Setrlimit(l.Resource, &syscall.Rlimit{Cur: min(l.Soft, now.Max), Max: min(l.Hard, now.Max)}); err != nil {
			return at(exitFailed, err, "set limit")
		}
	}
	return nil
}

// feed makes standard input hold what it is to hold.
func (p Plan) feed() error {
	if p.Input == nil {
		return nil
	}
	fd, err := unix.MemfdCreate("input", unix.MFD_CLOEXEC)
	if err != nil {
		return at(exitStdin, err, "make standard input")
	}
	f := os.NewFile(uintptr(fd), "input")
	_, err = f.Write(p.Input)
	if err == nil {
		_, err = f.Seek(0, 0)
	}
	if err == nil {
		err = unix.Dup3(fd, 0, 0)
	}
	return at(exitStdin, err, "make standard input")
}

// directoryExit is the exit status of a directory that cannot be made.
func directoryExit(option string) int {
	switch option {
	case "RuntimeDirectory":
		return exitRuntimeDir
	case "StateDirectory":
		return exitStateDir
	case "CacheDirectory":
		return exitCacheDir
	case "LogsDirectory":
		return exitLogsDir
	}
	return exitConfiguration
}

func (p Plan) makeDirectories() error {
	for _, d := range p.Directories {
		if err := d.make(); err != nil {
			return at(directoryExit(d.Option), err, "make %s=", d.Option)
		}
	}
	return nil
}

func (d Directory) make() error {
	if err := os.MkdirAll(d.Path, 0o755); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	if err := unix.Chmod(d.Path, d.Mode); err != nil {
		return fmt.Errorf("set mode of %s: %w", d.Path, err)
	}
	if d.Owned {
		if err := own(d.Path, d.UID, d.GID); err != nil {
			return fmt.Errorf("give %s to the service's user: %w", d.Path, err)
		}
	}
	for _, link := range d.Links {
		if err := os.Symlink(d.Path, link); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("link %s: %w", link, err)
		}
	}
	return nil
}

// own gives a directory with all that is in it to the user, unless it is the
// user's already (path_chown_recursive() of systemd, which also looks at the
// top alone first).
func own(path string, uid, gid uint32) error {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return err
	}
	if st.Uid == uid && st.Gid == gid {
		return nil
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return err
	}
	defer root.Close()
	return ownBelow(root, ".", int(uid), int(gid))
}

func ownBelow(root *os.Root, name string, uid, gid int) error {
	if err := root.Lchown(name, uid, gid); err != nil {
		return err
	}
	info, err := root.Lstat(name)
	if err != nil || !info.IsDir() {
		return err
	}
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, child := range names {
		if err := ownBelow(root, name+"/"+child, uid, gid); err != nil {
			return err
		}
	}
	return nil
}
