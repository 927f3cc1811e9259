// Package testenv says what a test may rely on where it runs: root, programs,
// a virtual machine.
//
// A test that lacks something calls Cannot, or one of the Need functions,
// which skips it on a developer's machine and fails it in CI:
//
//	func TestMount(t *testing.T) {
//		testenv.NeedRoot(t, "mounting")
//		testenv.NeedProgram(t, "mount", "mount")
//		dir := testenv.OpenDir(t)
package testenv

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The variables that scripts/vmtest.sh sets in a virtual machine.
const (
	envVM       = "CAPMON_TEST_VM"
	envBackends = "CAPMON_TEST_BACKENDS"
)

// CI says whether everything has to be tested: a test that cannot run fails.
func CI() bool { return os.Getenv("CI") == "true" }

// InVM says whether the test runs where scripts/vmtest.sh runs it: what it
// does to the machine harms nobody, and everything takes ten times as long.
func InVM() bool { return os.Getenv(envVM) != "" }

// Backends are the tracer's backends that must load here, by name; none where
// the test has to find out.
func Backends() []string {
	if list := os.Getenv(envBackends); list != "" {
		return strings.Split(list, ",")
	}
	return nil
}

// Cannot ends a test that cannot run here: it fails in CI, and is skipped
// elsewhere. why says what is missing and how to get it.
func Cannot(t testing.TB, why string) {
	t.Helper()
	if CI() {
		t.Fatal("cannot run: " + why)
	}
	t.Skip(why)
}

// NeedRoot ends a test unless it runs as uid 0. what is the subject of the
// sentence: "mounting".
func NeedRoot(t testing.TB, what string) {
	t.Helper()
	if os.Geteuid() != 0 {
		Cannot(t, what+" needs root: run the tests with sudo")
	}
}

// NeedProgram ends a test unless PATH has the program, which Debian has in the
// package named.
func NeedProgram(t testing.TB, program, debianPackage string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		Cannot(t, program+" is not installed: apt-get install "+debianPackage)
	}
}

// NeedFile is NeedProgram for a file by its path.
func NeedFile(t testing.TB, path, debianPackage string) {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		Cannot(t, path+" is missing: apt-get install "+debianPackage)
	}
}

// Scaled is how often to do what is done n times elsewhere: a tenth in a
// virtual machine.
func Scaled(n int) int {
	if InVM() {
		return n / 10
	}
	return n
}

// Must ends a test with an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// OpenDir is a directory, removed after the test, that every user can search
// and only root can write: nobody but its owner can enter t.TempDir's.
func OpenDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "capmon-test-")
	Must(t, err)
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	Must(t, os.Chmod(dir, 0o755))
	return dir
}

// OpenToAll is OpenDir with write permission for every user.
func OpenToAll(t testing.TB) string {
	t.Helper()
	dir := OpenDir(t)
	Must(t, os.Chmod(dir, 0o777))
	return dir
}

// ExamplesNeedRoot leaves out the examples, which cannot skip themselves,
// where they cannot run. Call it in TestMain.
func ExamplesNeedRoot() {
	if os.Geteuid() != 0 && !CI() {
		// Cannot fail: package testing defines the flag.
		_ = flag.Set("test.skip", "^Example")
	}
}

// Cgroup2 is where the cgroup v2 tree is mounted.
func Cgroup2(t *testing.T) string {
	t.Helper()
	for _, dir := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		var st unix.Statfs_t
		if unix.Statfs(dir, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
			return dir
		}
	}
	Cannot(t, "no cgroup v2 tree is mounted")
	return ""
}
