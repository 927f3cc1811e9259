package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/capmon/capmon/cmd/capmon/completion"
	"github.com/capmon/capmon/internal/testenv"
)

// completions are command lines with the cursor at their end, some of the words
// that every shell must offer in place of the last, and some that none may.
var completions = []struct {
	line       string
	want, dont []string
}{
	{"capmon ", []string{"discover", "monitor", "completion"}, []string{"ls", "--all"}},
	{"capmon dis", []string{"discover"}, []string{"monitor"}},
	{"capmon chroo", []string{"chroot"}, nil},
	{"capmon --", []string{"--all", "--caps", "--wait", "--help"}, []string{"--emit", "--no-fold"}},
	{"capmon discover --us", []string{"--user"}, nil},
	{"capmon discover --", []string{"--user", "--emit", "--help"}, []string{"--keep-privileges", "--no-fold"}},
	{"capmon monitor --", []string{"--no-fold", "--container"}, []string{"--emit"}},
	{"capmon -m --", []string{"--no-fold"}, []string{"--emit", "--caps"}},
	{"capmon --monitor --", []string{"--no-fold"}, []string{"--emit", "--caps"}},

	{"capmon discover --user nob", []string{"nobody"}, []string{"root"}},
	{"capmon discover --user=nob", []string{"--user=nobody"}, nil},
	{"capmon discover --user nobody:nog", []string{"nobody:nogroup"}, nil},
	{"capmon --user=nobody:nog", []string{"--user=nobody:nogroup"}, nil},
	{"capmon monitor -u nob", []string{"nobody"}, nil},

	{"capmon monitor -c ", []string{"cap_net_admin", "cap_checkpoint_restore"}, nil},
	{"capmon monitor -c net_a", []string{"net_admin"}, []string{"cap_net_admin"}},
	{"capmon monitor -c CAP_SYS_A", []string{"CAP_SYS_ADMIN"}, nil},
	{"capmon --caps cap_chown,cap_net_a", []string{"cap_chown,cap_net_admin"}, []string{"cap_net_admin"}},
	{"capmon --caps=cap_chown,cap_net_a", []string{"--caps=cap_chown,cap_net_admin"}, nil},
	{"capmon discover --emit setcap,sys", []string{"setcap,systemd"}, nil},
	{"capmon discover --backend ", []string{"fexit", "none"}, nil},
	{"capmon --backend ", []string{"fexit"}, []string{"none"}},
	{"capmon monitor -s ", []string{"pid", "name"}, nil},
	{"capmon -o some", []string{"some-file"}, nil},
	{"capmon discover -o some", []string{"some-file"}, nil},
	{"capmon discover --timeout some", nil, []string{"some-file"}},
	{"capmon discover --setup chroo", []string{"chroot"}, nil},
	{"capmon monitor -p ", []string{"1"}, nil},
	{"capmon monitor --cgroup /sys/fs/cg", []string{"/sys/fs/cgroup"}, nil},
	{"capmon man mon", []string{"monitor"}, nil},
	{"capmon completion ", []string{"bash", "zsh", "fish"}, nil},

	// What the command itself takes; after -- it has all the options.
	{"capmon discover chroo", []string{"chroot"}, nil},
	{"capmon discover -- ls --alm", []string{"--almost-all"}, nil},
	{"capmon -- ls --alm", []string{"--almost-all"}, nil},
	{"capmon --user nobody -- ls --alm", []string{"--almost-all"}, nil},
	{"capmon -- discover --emi", nil, []string{"--emit"}},
	{"capmon discover ls some", []string{"some-file"}, nil},
	{"capmon discover --wait", nil, []string{"--wait"}},
	{"capmon --wait ls some", []string{"some-file"}, nil},
	// Options are capmon's behind the command as well.
	{"capmon discover ls --us", []string{"--user"}, nil},
}

// testCompletions runs the table; complete offers words for a line in a
// directory with a file some-file.
func testCompletions(t *testing.T, complete func(t *testing.T, dir, line string) []string) {
	dir := completionDir(t)
	for _, c := range completions {
		t.Run(c.line, func(t *testing.T) {
			got := complete(t, dir, c.line)
			for _, word := range c.want {
				if !slices.Contains(got, word) {
					t.Errorf("%q is not offered, but %q", word, clipped(got))
				}
			}
			for _, word := range c.dont {
				if slices.Contains(got, word) {
					t.Errorf("%q is offered", word)
				}
			}
		})
	}
}

func clipped(words []string) []string { return words[:min(len(words), 20)] }

// completionDir holds a file to complete and the script for each shell.
func completionDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"some-file": ""}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		files["capmon."+shell] = completion.Script(shell)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	testenv.Must(t, err)
	testenv.Must(t, os.Mkdir(filepath.Join(dir, "bin"), 0o755))
	testenv.Must(t, os.Symlink(self, filepath.Join(dir, "bin", "capmon")))
	return dir
}

// shellEnv is an environment without what the user's own files set up, in
// which capmon is this test.
func shellEnv(dir string) []string {
	return []string{
		runAsCapmon + "=1",
		"HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_DATA_HOME=" + dir, "TERM=dumb", "LC_ALL=C.UTF-8",
		"PATH=" + dir + "/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	}
}
