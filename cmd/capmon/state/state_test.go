package state

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/internal/testenv"
)

// guestID is nobody's uid and nogroup's gid on Debian; any that is not the
// test's own would do.
const guestID = 65534

// guest returns a user other than the one who runs the test, with a home.
func guest(t *testing.T) account.Identity {
	t.Helper()
	testenv.NeedRoot(t, "acting as another user")
	home := t.TempDir()
	testenv.Must(t, os.Chmod(filepath.Dir(home), 0o755))
	testenv.Must(t, os.Chown(home, guestID, guestID))
	return account.Identity{Name: "nobody", GroupName: "nogroup", UID: guestID, GID: guestID, Home: home}
}

// stateDirOf makes the state directory in owner's home, as owner would.
func stateDirOf(t *testing.T, owner account.Identity) string {
	t.Helper()
	dir := owner.Home
	for _, name := range []string{".local", "state", "capmon"} {
		dir = filepath.Join(dir, name)
		testenv.Must(t, os.Mkdir(dir, 0o700))
		testenv.Must(t, os.Chown(dir, int(owner.UID), int(owner.GID)))
	}
	return dir
}

func sample() discover.Report {
	return discover.Report{
		Schema:  discover.Schema,
		Command: []string{"chown daemon file\n# %"},
		User:    account.Identity{Name: "nobody", GroupName: "nogroup", UID: guestID, GID: guestID},
		Result: discover.Result{
			Verdict:      discover.Minimal,
			Capabilities: caps.NewSet(0),
			Runs:         []discover.Attempt{{Exit: 1, Duration: 1234567891 * time.Nanosecond}, {Success: true}},
		},
	}
}

// refuses fails the test unless err is one that says why.
func refuses(t *testing.T, err error, why string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("got error %v, want one with %q", err, why)
	}
}

// within fails the test when fn does not return soon.
func within(t *testing.T, fn func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- fn() }()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("hangs")
		return nil
	}
}

func load(owner account.Identity) error {
	_, err := Load(owner)
	return err
}

func TestReportIsKeptAsItsOwner(t *testing.T) {
	owner := guest(t)
	// Under sudo the environment is root's, and must not be followed.
	root := t.TempDir()
	t.Setenv("XDG_STATE_HOME", root)
	t.Setenv("HOME", root)

	for range 2 { // the second time over the first
		testenv.Must(t, Save(owner, sample()))
		got, err := Load(owner)
		testenv.Must(t, err)
		if diff := cmp.Diff(sample(), got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("read back (-saved +loaded):\n%s", diff)
		}
	}
	for path, mode := range map[string]os.FileMode{
		".local": 0o700, ".local/state": 0o700, ".local/state/capmon": 0o700, ".local/state/capmon/last.json": 0o600,
	} {
		info, err := os.Lstat(filepath.Join(owner.Home, path))
		testenv.Must(t, err)
		st := info.Sys().(*syscall.Stat_t)
		if st.Uid != guestID || st.Gid != guestID || info.Mode().Perm() != mode {
			t.Errorf("%s: %d:%d %v, want %d:%d %v", path, st.Uid, st.Gid, info.Mode().Perm(), guestID, guestID, mode)
		}
	}
	wantNames(t, root)
	wantNames(t, filepath.Join(owner.Home, ".local/state/capmon"), reportName)
	if os.Geteuid() != 0 {
		t.Error("the process is no longer root")
	}
}

// wantNames compares the names in dir.
func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	testenv.Must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("names in %s (-want +got):\n%s", dir, diff)
	}
}

func TestOwnerHasNoMoreThanItsRights(t *testing.T) {
	owner := guest(t)
	testenv.Must(t, os.Chown(owner.Home, 0, 0))
	if err := Save(owner, sample()); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("home is root's: got error %v, want permission denied", err)
	}
	wantNames(t, owner.Home)

	// A link to where only root may write leads nowhere either.
	secret := t.TempDir()
	testenv.Must(t, os.Chmod(secret, 0o755))
	testenv.Must(t, os.Symlink(secret, filepath.Join(owner.Home, ".local")))
	if err := Save(owner, sample()); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("state is root's: got error %v, want permission denied", err)
	}
	wantNames(t, secret)
}

func TestOwnerKeepsItsGroups(t *testing.T) {
	owner := guest(t)
	const extra = 54321
	testenv.Must(t, os.Chown(owner.Home, 0, extra))
	testenv.Must(t, os.Chmod(owner.Home, 0o770))
	if err := Save(owner, sample()); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("without the group: got error %v, want permission denied", err)
	}
	owner.Groups = []uint32{extra}
	testenv.Must(t, Save(owner, sample()))
}

func TestStateDirectoryIsRefused(t *testing.T) {
	tests := map[string]struct {
		spoil func(t *testing.T, dir string)
		want  string
	}{
		"a link": {func(t *testing.T, dir string) {
			testenv.Must(t, os.Rename(dir, dir+".real"))
			testenv.Must(t, os.Symlink(dir+".real", dir))
		}, "not a directory"},
		"a file": {func(t *testing.T, dir string) {
			testenv.Must(t, os.RemoveAll(dir))
			testenv.Must(t, os.WriteFile(dir, nil, 0o644))
		}, "not a directory"},
		"another's": {func(t *testing.T, dir string) {
			testenv.Must(t, os.Chown(dir, guestID-1, guestID))
			testenv.Must(t, os.Chmod(dir, 0o755))
		}, "belongs to uid 65533"},
		"writable for the group": {func(t *testing.T, dir string) {
			testenv.Must(t, os.Chmod(dir, 0o770))
		}, "others than its owner"},
		"writable for all": {func(t *testing.T, dir string) {
			testenv.Must(t, os.Chmod(dir, 0o1777))
		}, "others than its owner"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			owner := guest(t)
			dir := stateDirOf(t, owner)
			testenv.Must(t, Save(owner, sample()))
			before, err := os.ReadFile(filepath.Join(dir, reportName))
			testenv.Must(t, err)
			test.spoil(t, dir)
			refuses(t, Save(owner, discover.Report{Schema: "other"}), test.want)
			refuses(t, load(owner), test.want)
			for _, d := range []string{dir, dir + ".real"} {
				after, err := os.ReadFile(filepath.Join(d, reportName))
				if err == nil && string(after) != string(before) {
					t.Errorf("%s was written", d)
				}
			}
		})
	}
}

func TestWhatStandsInPlaceOfTheReport(t *testing.T) {
	valuable := func(t *testing.T, owner account.Identity) string {
		path := filepath.Join(owner.Home, "valuable")
		testenv.Must(t, os.WriteFile(path, []byte("v"), 0o600))
		testenv.Must(t, os.Chown(path, guestID, guestID))
		return path
	}
	tests := map[string]struct {
		place  func(t *testing.T, owner account.Identity, path string)
		reason string // why it is not read
	}{
		"a link": {func(t *testing.T, owner account.Identity, path string) {
			testenv.Must(t, os.Symlink(valuable(t, owner), path))
		}, "too many levels of symbolic links"},
		"a FIFO": {func(t *testing.T, _ account.Identity, path string) {
			testenv.Must(t, unix.Mkfifo(path, 0o600))
			testenv.Must(t, os.Chown(path, guestID, guestID))
		}, "not what capmon made"},
		"another's file": {func(t *testing.T, _ account.Identity, path string) {
			testenv.Must(t, os.WriteFile(path, []byte(`{"schema":"capmon.discover/1"}`), 0o644))
		}, "belongs to uid 0"},
		"a file for all": {func(t *testing.T, _ account.Identity, path string) {
			testenv.Must(t, os.WriteFile(path, []byte(`{"schema":"capmon.discover/1"}`), 0o600))
			testenv.Must(t, os.Chown(path, guestID, guestID))
			testenv.Must(t, os.Chmod(path, 0o666))
		}, "others than its owner"},
		"a file too big": {func(t *testing.T, _ account.Identity, path string) {
			testenv.Must(t, os.WriteFile(path, nil, 0o600))
			testenv.Must(t, os.Chown(path, guestID, guestID))
			testenv.Must(t, os.Truncate(path, maxReport+1))
		}, "more than 67108864 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			owner := guest(t)
			dir := stateDirOf(t, owner)
			test.place(t, owner, filepath.Join(dir, reportName))
			refuses(t, within(t, func() error { return load(owner) }), test.reason)

			// A new report takes its place; nothing behind it is touched.
			testenv.Must(t, within(t, func() error { return Save(owner, sample()) }))
			testenv.Must(t, load(owner))
			wantNames(t, dir, reportName)
			if text, err := os.ReadFile(filepath.Join(owner.Home, "valuable")); err == nil && string(text) != "v" {
				t.Errorf("the link was followed: %q", text)
			}
		})
	}
}

func TestFailedSaveLeavesNothing(t *testing.T) {
	owner := guest(t)
	dir := stateDirOf(t, owner)
	testenv.Must(t, os.MkdirAll(filepath.Join(dir, reportName, "full"), 0o700))
	if err := Save(owner, sample()); err == nil {
		t.Error("a directory was replaced")
	}
	wantNames(t, dir, reportName)
}

func TestNothingIsKept(t *testing.T) {
	owner := guest(t)
	for name, home := range map[string]string{
		"a fresh home": owner.Home, "no home": "/nonexistent", "unknown home": "", "relative home": "home",
	} {
		t.Run(name, func(t *testing.T) {
			owner.Home = home
			if err := load(owner); !errors.Is(err, ErrNoReport) {
				t.Errorf("load: got error %v, want %v", err, ErrNoReport)
			}
			if err := Save(owner, sample()); (err == nil) != (name == "a fresh home") {
				t.Errorf("save: got error %v", err)
			}
		})
	}
}

func TestReportIsOfThisVersion(t *testing.T) {
	for text, want := range map[string]string{
		`{"schema":"capmon.discover/2","runs":3}`: `has the form "capmon.discover/2"`,
		`{}`: `has the form ""`,
		`{"schema":"capmon.discover/1","runs":3}`: "cannot unmarshal",
		`{"schema":`: "unexpected end",
		``:           "unexpected end",
	} {
		_, err := Parse([]byte(text))
		refuses(t, err, want)
	}
}

// TestOwnStateDirectory is about a capmon that was not started by sudo, whose
// environment is the user's own.
func TestOwnStateDirectory(t *testing.T) {
	home, state, passwd := t.TempDir(), t.TempDir(), t.TempDir()
	self := account.Identity{Name: "self", UID: uint32(os.Geteuid()), Home: passwd}
	tests := map[string]struct{ state, home, want string }{
		"XDG_STATE_HOME":       {state, home, state},
		"missing directory":    {filepath.Join(state, "a/b"), home, filepath.Join(state, "a/b")},
		"relative is ignored":  {"state", home, filepath.Join(home, ".local/state")},
		"HOME":                 {"", home, filepath.Join(home, ".local/state")},
		"neither":              {"", "", filepath.Join(passwd, ".local/state")},
		"HOME is not a folder": {"", "/nonexistent", filepath.Join(passwd, ".local/state")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", test.state)
			t.Setenv("HOME", test.home)
			testenv.Must(t, Save(self, sample()))
			testenv.Must(t, load(self))
			path := filepath.Join(test.want, "capmon", reportName)
			testenv.Must(t, func() error { _, err := os.Lstat(path); return err }())
			testenv.Must(t, os.Remove(path))
		})
	}
	t.Run("a missing home is not made", func(t *testing.T) {
		t.Setenv("XDG_STATE_HOME", "")
		t.Setenv("HOME", "")
		self.Home = filepath.Join(passwd, "nonexistent")
		if err := Save(self, sample()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got error %v, want %v", err, fs.ErrNotExist)
		}
	})
	t.Run("a home of another is left alone", func(t *testing.T) {
		self.Home = passwd
		t.Setenv("XDG_STATE_HOME", "")
		t.Setenv("HOME", guest(t).Home)
		testenv.Must(t, Save(self, sample()))
		wantNames(t, os.Getenv("HOME"))
	})
	// What is not the owner's own is passed over for the home.
	link, open := filepath.Join(t.TempDir(), "link"), t.TempDir()
	testenv.Must(t, os.Symlink(t.TempDir(), link))
	testenv.Must(t, os.Chmod(open, 0o777))
	for name, dir := range map[string]string{"a link": link, "another's": guest(t).Home, "everybody's": open, "missing in everybody's": filepath.Join(open, "x")} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", dir)
			t.Setenv("HOME", home)
			testenv.Must(t, Save(self, sample()))
			if _, err := os.Lstat(filepath.Join(dir, "capmon")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s was used: %v", dir, err)
			}
		})
	}
}
