package launch

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// shell runs a text that execve(2) does not know (execvp(3)).
	shell = "/bin/sh"
	// defaultPath is searched when PATH is not set (execvp(3)).
	defaultPath = "/bin:/usr/bin"
)

// LookPath finds the file that execvp(3) would execute for a process with the
// rights of this one, in the directory dir and with PATH set to path. A name
// with a slash is not searched, only tested. The error is an *ExecError.
func LookPath(file, path, dir string) (string, error) {
	var found string
	err := search(file, path, dir, func(candidate string) error {
		found = candidate
		return executable(inDir(dir, candidate))
	})
	if err != nil {
		return "", err
	}
	return found, nil
}

// search calls try with the files that name may mean, until it returns nil or
// an error that ends the search in execvp(3). An errno that try returned comes
// back in an *ExecError. When all that was found is not executable, that is
// the error. Unlike in execvp, and as in a shell, a directory in PATH that is
// closed to the command counts for nothing: root's PATH often has some, and a
// mistyped name is still "not found" and not "permission denied".
func search(name, path, dir string, try func(file string) error) error {
	if name == "" {
		return &ExecError{Errno: unix.ENOENT}
	}
	if strings.Contains(name, "/") {
		return execError(name, dir, try(name))
	}
	if path == "" {
		path = defaultPath
	}
	var denied error
	for _, elem := range strings.Split(path, ":") {
		if elem == "" {
			elem = "." // path_resolution(7), of old
		}
		candidate := elem + "/" + name
		// Tested first, because a failing fork and exec costs much more.
		err := executable(inDir(dir, candidate))
		if err == nil {
			err = try(candidate)
		}
		if err == nil {
			return nil
		}
		errno, ok := err.(syscall.Errno)
		switch {
		case !ok:
			return err
		case errno == unix.EACCES && exists(inDir(dir, candidate)):
			denied = execError(candidate, dir, err)
		case errno == unix.ENOENT && exists(inDir(dir, candidate)):
			return execError(candidate, dir, err)
		case errno == unix.EACCES, errno == unix.ENOENT, errno == unix.ENOTDIR, errno == unix.ESTALE, errno == unix.ENODEV, errno == unix.ETIMEDOUT:
		default:
			return execError(candidate, dir, err)
		}
	}
	if denied != nil {
		return denied
	}
	return &ExecError{Path: name, Errno: unix.ENOENT}
}

// execError wraps an errno of executing file, and leaves other errors alone.
func execError(file, dir string, err error) error {
	errno, ok := err.(syscall.Errno)
	if !ok {
		return err
	}
	interpreter := errno == unix.ENOENT && exists(inDir(dir, file))
	return &ExecError{Path: file, Interpreter: interpreter, Errno: errno}
}

// executable tests file with the effective rights of this thread. The error
// is the errno that execve(2) would give.
func executable(file string) error {
	var st unix.Stat_t
	if err := unix.Stat(file, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return unix.EACCES
	}
	err := unix.Faccessat2(unix.AT_FDCWD, file, unix.X_OK, unix.AT_EACCESS)
	if err == unix.ENOSYS { // Linux before 5.8: exec will tell
		return nil
	}
	return err
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// inDir is file as seen from this process, when it is meant relative to dir.
func inDir(dir, file string) string {
	if dir == "" || filepath.IsAbs(file) {
		return file
	}
	return dir + "/" + file
}

// shellArgs are the arguments with which execvp(3) lets the shell run file.
func shellArgs(file string, args []string) []string {
	if strings.HasPrefix(file, "-") {
		file = "./" + file // not an option of the shell's
	}
	shellArgs := []string{shell, file}
	if len(args) > 1 {
		shellArgs = append(shellArgs, args[1:]...)
	}
	return shellArgs
}

// lookupEnv is the value of the last NAME=value in env, "" without one.
func lookupEnv(env []string, name string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(env[i], name+"="); ok {
			return value
		}
	}
	return ""
}
