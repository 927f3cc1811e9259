package unit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/internal/testenv"
)

// manager is the manager's binary: with --test it reads units and says what it
// read, without running anything.
const manager = "/lib/systemd/systemd"

// readBySystemd is what systemd itself reads of the units, which are in dir, or
// where systemd has its own with "". It runs as nobody, for a user's manager
// works on a machine that systemd has not started.
func readBySystemd(t *testing.T, dir string, names ...string) map[string]dump {
	t.Helper()
	testenv.NeedRoot(t, "starting a manager as another user")
	testenv.NeedFile(t, manager, "systemd")
	home := t.TempDir()
	openToAll(t, home)
	if err := os.Chown(home, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	if dir == "" {
		dir = "/lib/systemd/system"
	}
	// A unit that wants all of them makes systemd read them all.
	all := t.TempDir()
	openToAll(t, all)
	wants := "[Unit]\nWants=" + strings.Join(names, " ") + "\n"
	if err := os.WriteFile(filepath.Join(all, "all-of-them.target"), []byte(wants), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, manager, "--test", "--user", "--unit=all-of-them.target")
	cmd.Env = []string{"HOME=" + home, "XDG_RUNTIME_DIR=" + home, "SYSTEMD_UNIT_PATH=" + dir + ":" + all + ":", "PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		errors.As(err, &exit)
		t.Fatalf("read units by systemd: %v\n%s", err, exit.Stderr)
	}
	return parseDump(out)
}

const nobody = 65534

func openToAll(t *testing.T, dir string) {
	t.Helper()
	for d := dir; d != "/tmp" && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// dump is what systemd says of one unit: the values of each key, and the
// commands under keys such as ExecStart.
type dump map[string][]string

func parseDump(out []byte) map[string]dump {
	units := map[string]dump{}
	var unit dump
	command := ""
	for line := range bytes.Lines(out) {
		text := strings.TrimSpace(string(line))
		if name, ok := strings.CutPrefix(text, "-> Unit "); ok {
			unit, command = dump{}, ""
			units[strings.TrimSuffix(name, ":")] = unit
			continue
		}
		if name, ok := strings.CutPrefix(text, "-> "); ok {
			command = strings.TrimSuffix(name, ":")
			continue
		}
		key, value, ok := strings.Cut(text, ": ")
		if !ok || unit == nil {
			continue
		}
		if key == "Command Line" {
			key = command
		}
		unit[key] = append(unit[key], value)
	}
	return units
}

// commandLines writes commands as systemd does: in quotes where that is needed.
func commandLines(commands []Command) []string {
	var lines []string
	for _, c := range commands {
		var words []string
		for _, arg := range c.Args {
			words = append(words, unescapedForm(arg))
		}
		lines = append(lines, strings.Join(words, " "))
	}
	return lines
}

func unescapedForm(arg string) string { return fmt.Sprintf("<%s>", arg) }

// unquoted undoes systemd's quoting (shell_escape in src/basic/escape.c).
func unquoted(t *testing.T, lines []string) []string {
	t.Helper()
	var out []string
	for _, line := range lines {
		line = strings.NewReplacer(`\$`, `$`, "\\`", "`").Replace(line)
		words, err := splitWords(line)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for i := range words {
			words[i] = unescapedForm(words[i])
		}
		out = append(out, strings.Join(words, " "))
	}
	return out
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

func names(set caps.Set) string {
	var list []string
	for _, c := range set.Members() {
		if c <= caps.CheckpointRestore {
			list = append(list, strings.ToLower(c.String()))
		}
	}
	return strings.Join(list, " ")
}

// compare says where s differs from what systemd read.
func compare(t *testing.T, s Service, d dump) {
	t.Helper()
	same := func(key string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %s is %q, systemd says %q", s.Name, key, got, want)
		}
	}
	one := func(key, got string) {
		t.Helper()
		want := ""
		if len(d[key]) > 0 {
			want = d[key][0]
		}
		if got != want {
			t.Errorf("%s: %s is %q, systemd says %q", s.Name, key, got, want)
		}
	}
	for key, commands := range map[string][]Command{
		"ExecCondition": s.Condition, "ExecStartPre": s.StartPre, "ExecStart": s.Start, "ExecStartPost": s.StartPost,
		"ExecReload": s.Reload, "ExecStop": s.Stop, "ExecStopPost": s.StopPost,
	} {
		same(key, commandLines(commands), unquoted(t, d[key]))
	}
	same("Fragment Path", resolved(t, []string{s.Fragment}), resolved(t, d["Fragment Path"]))
	same("DropIn Path", resolved(t, s.DropIns), resolved(t, d["DropIn Path"]))
	one("Type", s.Type)
	one("NotifyAccess", s.NotifyAccess)
	one("PIDFile", s.PIDFile)
	one("KillMode", s.KillMode)
	one("KillSignal", s.KillSignal)
	one("UMask", fmt.Sprintf("%04o", s.UMask))
	one("User", s.User)
	one("Group", s.Group)
	same("SupplementaryGroups", s.SupplementaryGroups, words(d["SupplementaryGroups"]))
	same("Environment", s.Environment, d["Environment"])
	same("StateDirectory", sorted(s.Directories[StateKind].Names), d["StateDirectory"])
	same("RuntimeDirectory", sorted(s.Directories[RuntimeKind].Names), d["RuntimeDirectory"])
	one("StateDirectoryMode", fmt.Sprintf("%04o", s.Directories[StateKind].Mode))
	one("AmbientCapabilities", names(s.Ambient))
	bounding := names(s.Bounding)
	if s.Bounding.Contains(knownCaps()) {
		bounding = "" // systemd says nothing of all
	}
	one("CapabilityBoundingSet", bounding)
	one("TimeoutStartSec", span(s.TimeoutStart))
	one("TimeoutStopSec", span(s.TimeoutStop))
	if limit, ok := s.Limits["NOFILE"]; ok {
		one("LimitNOFILESoft", fmt.Sprint(limit.Soft))
	}
	if s.Nice != nil {
		one("Nice", fmt.Sprint(*s.Nice))
	}
}

// resolved are the files without links to directories (/lib).
func resolved(t *testing.T, files []string) []string {
	t.Helper()
	var list []string
	for _, file := range files {
		dir, err := filepath.EvalSymlinks(filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, filepath.Join(dir, filepath.Base(file)))
	}
	return list
}

func words(lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, strings.Fields(line)...)
	}
	return all
}

func knownCaps() caps.Set {
	var set caps.Set
	for c := caps.Cap(0); c <= caps.CheckpointRestore; c++ {
		set = set.With(c)
	}
	return set
}

// span writes a time as systemd does (format_timespan).
func span(d time.Duration) string {
	if d == 0 {
		return "infinity"
	}
	var parts []string
	for _, unit := range []struct {
		name string
		span time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}} {
		if n := d / unit.span; n > 0 {
			parts = append(parts, fmt.Sprintf("%d%s", n, unit.name))
			d -= n * unit.span
		}
	}
	return strings.Join(parts, " ")
}

// nobodysHost is the host for the manager that readBySystemd starts.
func nobodysHost(t *testing.T) Host {
	t.Helper()
	id, err := account.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	return OfUser(id, func(string) string { return "" })
}

// Every service that is installed here is read as systemd reads it.
func TestInstalledUnits(t *testing.T) {
	files, err := filepath.Glob("/lib/systemd/system/*.service")
	if err != nil || len(files) < 20 {
		t.Fatalf("only %d units in /lib/systemd/system (%v): install systemd", len(files), err)
	}
	path := []string{"/lib/systemd/system"}
	var found []Files
	var names []string
	for _, file := range files {
		name, err := ParseName(filepath.Base(file))
		if err != nil {
			t.Fatal(err)
		}
		if name.IsTemplate() {
			name.Instance = `a-b\x2dc`
		}
		f, err := Find(name, path)
		var masked *MaskedError
		if errors.As(err, &masked) {
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		found, names = append(found, f), append(names, name.String())
	}
	dumps := readBySystemd(t, "", names...)
	host := nobodysHost(t)
	for i, f := range found {
		d := dumps[f.Name.String()]
		if d == nil {
			t.Errorf("systemd did not read %s (%s)", names[i], f.Name)
			continue
		}
		service, err := Read(f, host)
		if err != nil {
			// A unit that is only an action (SuccessAction=) runs nothing.
			if !slices.Contains(d["Unit Load State"], "bad-setting") && d["SuccessAction"] == nil && d["ExecStart"] != nil {
				t.Errorf("%v, systemd loads it", err)
			}
			continue
		}
		// What depends on the home directory differs.
		if service.PIDFile != "" && strings.HasSuffix(d["PIDFile"][0], strings.TrimPrefix(service.PIDFile, host.Runtime)) {
			service.PIDFile = d["PIDFile"][0]
		}
		compare(t, service, d)
	}
}
