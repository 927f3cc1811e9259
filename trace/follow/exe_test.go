package follow

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/testenv"
	"github.com/capmon/capmon/trace"
)

// exeCases each execute a copy of true(1), and say what it is to be called.
var exeCases = []struct {
	name string
	// make gets a directory that holds the file "true", and returns what to
	// execute, from that directory, and the path that is expected.
	make func(t *testing.T, dir string) (program, string)
}{
	{"as it is", func(t *testing.T, dir string) (program, string) {
		return program{exe: dir + "/true"}, dir + "/true"
	}},
	{"by a symbolic link", func(t *testing.T, dir string) (program, string) {
		testenv.Must(t, os.Symlink("true", dir+"/link"))
		return program{exe: dir + "/link"}, dir + "/true"
	}},
	{"by a relative path", func(t *testing.T, dir string) (program, string) {
		testenv.Must(t, os.Mkdir(dir+"/sub", 0o755))
		return program{exe: "sub/.././true"}, dir + "/true"
	}},
	{"by another hard link", func(t *testing.T, dir string) (program, string) {
		testenv.Must(t, os.Link(dir+"/true", dir+"/other"))
		return program{exe: dir + "/other"}, dir + "/other"
	}},
	{"where it has been moved to", func(t *testing.T, dir string) (program, string) {
		return shellTwice("./true && mv true moved && ./moved"), dir + "/moved"
	}},
	{"in a directory that has been moved", func(t *testing.T, dir string) (program, string) {
		return shellTwice("mkdir one && mv true one && one/true && mv one two && two/true"), dir + "/two/true"
	}},
	{"in a mounted directory", func(t *testing.T, dir string) (program, string) {
		testenv.Must(t, os.Mkdir(dir+"/mounted", 0o755))
		bindMount(t, dir, dir+"/mounted")
		return shellTwice("./true && mounted/true"), dir + "/mounted/true"
	}},
	{"as a mounted file", func(t *testing.T, dir string) (program, string) {
		testenv.Must(t, os.WriteFile(dir+"/mounted", nil, 0o755))
		bindMount(t, dir+"/true", dir+"/mounted")
		return shellTwice("./true && ./mounted"), dir + "/mounted"
	}},
	{"out of memory", func(t *testing.T, dir string) (program, string) {
		fd, err := unix.MemfdCreate("in memory", 0)
		testenv.Must(t, err)
		f := os.NewFile(uintptr(fd), "memfd")
		t.Cleanup(func() { f.Close() })
		binary, err := os.ReadFile(dir + "/true")
		testenv.Must(t, err)
		_, err = f.Write(binary)
		testenv.Must(t, err)
		// While it can be written to it cannot be executed.
		reader, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", fd))
		testenv.Must(t, err)
		t.Cleanup(func() { reader.Close() })
		testenv.Must(t, f.Close())
		return program{exe: "/proc/self/fd/3", files: []*os.File{reader}}, "/memfd:in memory"
	}},
	{"deleted", func(t *testing.T, dir string) (program, string) {
		f, err := os.Open(dir + "/true")
		testenv.Must(t, err)
		t.Cleanup(func() { f.Close() })
		testenv.Must(t, os.Remove(dir+"/true"))
		return program{exe: "/proc/self/fd/3", files: []*os.File{f}}, dir + "/true"
	}},
	{"with strange bytes", func(t *testing.T, dir string) (program, string) {
		name := dir + "/a\n\"b\\ \xff\x01 \u00e4"
		testenv.Must(t, os.Rename(dir+"/true", name))
		return program{exe: name}, name
	}},
	{"the longest name", func(t *testing.T, dir string) (program, string) {
		name := dir + "/" + strings.Repeat("n", 255)
		testenv.Must(t, os.Rename(dir+"/true", name))
		return program{exe: name}, name
	}},
	{"a script", func(t *testing.T, dir string) (program, string) {
		testenv.Must(t, os.WriteFile(dir+"/script", []byte("#!"+dir+"/true\n"), 0o755))
		return program{exe: dir + "/script"}, dir + "/true"
	}},
	{"below many directories", func(t *testing.T, dir string) (program, string) {
		return nested(t, dir, strings.Repeat("d/", 40))
	}},
	{"a long path", func(t *testing.T, dir string) (program, string) {
		return nested(t, dir, strings.Repeat(strings.Repeat("d", 200)+"/", 8))
	}},
}

// shellTwice executes the file in two ways, of which the last one counts: the
// name under which a file was first seen must not stick to it.
func shellTwice(script string) program {
	return program{exe: "/bin/sh", args: []string{"sh", "-c", script}}
}

func bindMount(t *testing.T, from, to string) {
	t.Helper()
	testenv.Must(t, unix.Mount(from, to, "", unix.MS_BIND, ""))
	t.Cleanup(func() { testenv.Must(t, unix.Unmount(to, unix.MNT_DETACH)) })
}

// nested puts the file below more than capmon looks at.
func nested(t *testing.T, dir, below string) (program, string) {
	t.Helper()
	path := filepath.Join(dir, below)
	testenv.Must(t, os.MkdirAll(path, 0o755))
	testenv.Must(t, os.Rename(dir+"/true", path+"/true"))
	return program{exe: path + "/true"}, "..." + path + "/true"
}

func TestExecutablePath(t *testing.T) {
	for _, c := range exeCases {
		t.Run(c.name, func(t *testing.T) {
			eachBackend(t, func(t *testing.T, tracer *Tracer) {
				dir, err := filepath.EvalSymlinks(testenv.OpenToAll(t))
				testenv.Must(t, err)
				binary, err := os.ReadFile("/bin/true")
				testenv.Must(t, err)
				testenv.Must(t, os.WriteFile(dir+"/true", binary, 0o755))
				p, want := c.make(t, dir)
				if p.args == nil {
					p.args = []string{"true"}
				}
				p.dir = dir
				checkExe(t, p.run(t, tracer), want)
			})
		})
	}
}

func checkExe(t *testing.T, seen trace.Trace, want string) {
	t.Helper()
	last := seen.Images[len(seen.Images)-1]
	if !last.Executed || last.Mode&unix.S_IFMT != unix.S_IFREG || last.Mode&0o111 != 0o111 {
		t.Errorf("not executed, or with the wrong mode: %+v", last)
	}
	// A path of which only the end is known begins with dots.
	if path, cut := strings.CutPrefix(want, "..."); cut {
		rest, ok := strings.CutPrefix(last.Exe, "...")
		if !ok || !strings.HasSuffix(path, rest) || len(rest) < 60 {
			t.Errorf("executable %q is no end of %q", last.Exe, path)
		}
		return
	}
	if last.Exe != want {
		t.Errorf("executable %q, want %q", last.Exe, want)
	}
}
