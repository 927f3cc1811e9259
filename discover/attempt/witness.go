package attempt

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/capmon/capmon/caps/sandbox"
)

// rootVariable tells a hook below which directory it finds everything as the
// command left it: in a sandbox, directories of programs at their own place
// are the machine's.
const rootVariable = "CAPMON_ROOT"

// insideRoot is the root directory of the first process of a sandbox.
const insideRoot = "/proc/1/root"

// programsOf are the files and directories from which a hook may execute
// something, as they are outside of a sandbox: the PATH, and what the hook
// names that can be executed or that an interpreter is given.
func programsOf(hook string) []string {
	var programs []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		programs = append(programs, installation(dir))
	}
	var before string
	for _, word := range words(hook) {
		if isProgram(word) || interprets(before) && isFile(word) {
			programs = append(programs, word)
		}
		before = word
	}
	var absolute []string
	for _, path := range programs {
		if path == "" || path == "." {
			continue // the working directory, in which the command writes
		}
		if path, err := filepath.Abs(path); err == nil && !sandbox.Pristine(path) {
			absolute = append(absolute, path)
		}
	}
	slices.Sort(absolute)
	return slices.Compact(absolute)
}

// installation is the directory of a program manager in the home directory, as
// ~/.pyenv, to which a directory in PATH belongs: programs in it lead to others
// there. Otherwise it is the directory itself.
func installation(dir string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return dir
	}
	below, found := strings.CutPrefix(dir, filepath.Clean(home)+"/.")
	if !found {
		return dir
	}
	name, _, _ := strings.Cut(below, "/")
	return filepath.Join(home, "."+name)
}

// witnessNote is a line for the user if a hook may have failed because of what a
// witness sees otherwise.
func witnessNote(hook string, status int) string {
	if status == 126 { // POSIX sh, "Exit Status for Commands"
		return "[capmon] in a sandbox a hook executes only what the command cannot have written\n"
	}
	for _, word := range words(hook) {
		if filepath.IsAbs(word) && sandbox.Pristine(word) && !isProgram(word) {
			return fmt.Sprintf("[capmon] a hook sees %s as it is outside of the sandbox; what the command did there is in $%s%s\n", word, rootVariable, word)
		}
	}
	return ""
}

// words splits a command roughly as the shell does.
func words(command string) []string {
	return strings.FieldsFunc(command, func(r rune) bool { return strings.ContainsRune(" \t\n;&|()<>'\"`={}", r) })
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// isProgram says whether the kernel would execute a file: what has an x in its
// mode may be data all the same.
func isProgram(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	var magic [4]byte
	n, _ := io.ReadFull(f, magic[:])
	return string(magic[:]) == "\x7fELF" || n >= 2 && string(magic[:2]) == "#!"
}

// interprets says whether a word is a program that executes the file that it is
// given.
func interprets(word string) bool {
	name := strings.TrimRight(filepath.Base(word), "0123456789.")
	return word == "." || slices.Contains([]string{
		"source", "sh", "ash", "bash", "dash", "ksh", "zsh", "busybox",
		"awk", "gawk", "mawk", "lua", "node", "perl", "php", "python", "ruby", "tclsh", "-f",
	}, name)
}
