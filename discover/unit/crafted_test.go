package unit

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// crafted are units that ask for what is easily read wrongly. Systemd says what
// is right.
const crafted = `
-- quotes.service --
[Service]
ExecStart=/bin/echo 'a b' "c\td" e\x41f "it's" 'say "x"' a"b c"d \
  # a comment between
  ; another
  continued   "in \
  quotes"
ExecStartPre=/bin/true ; /bin/echo \; x;y ; -/bin/false
ExecStartPre=@/bin/sh shell -c 'echo $HOME $$ ${X} %%'
ExecStopPost=/bin/echo "" '' \u00e9 \101 \q
-- prefixes.service --
[Service]
Type=oneshot
ExecStart=-/bin/false
ExecStart=+/bin/true
ExecStart=!!-/bin/true x
ExecStart=:-/bin/echo $A
ExecStart=
ExecStart=!/bin/echo again
RemainAfterExit=yes
-- environment.service --
[Service]
Environment=A=1 "B=two words" 'C=x y' D=%n
Environment=A=2
ExecStart=/bin/true
UMask=077
Nice=-5
LimitNOFILE=1K:2K
TimeoutStartSec=1min 30s
TimeoutStopSec=5
WatchdogSec=1h
-- reset.service --
[Service]
Environment=A=1
Environment=
Environment=B=2
SupplementaryGroups=daemon bin
SupplementaryGroups=
SupplementaryGroups=sys
ExecStart=/bin/true
-- sets.service --
[Service]
ExecStart=/bin/true
CapabilityBoundingSet=CAP_CHOWN CAP_KILL
CapabilityBoundingSet=CAP_NET_ADMIN
CapabilityBoundingSet=~CAP_KILL
AmbientCapabilities=CAP_CHOWN cap_net_raw NET_ADMIN
-- inverted.service --
[Service]
ExecStart=/bin/true
CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_SYS_MODULE
CapabilityBoundingSet=~CAP_CHOWN
-- emptied.service --
[Service]
ExecStart=/bin/true
CapabilityBoundingSet=CAP_CHOWN
CapabilityBoundingSet=
CapabilityBoundingSet=CAP_KILL
ProtectClock=yes
PrivateDevices=yes
-- unprefixed.service --
[Service]
ExecStart=/bin/true
CapabilityBoundingSet=NET_ADMIN
-- none.service --
[Service]
ExecStart=/bin/true
CapabilityBoundingSet=
-- directories.service --
[Service]
ExecStart=/bin/true
StateDirectory=b a/c
RuntimeDirectory=%N
StateDirectoryMode=0700
-- forks.service --
[Service]
Type=forking
PIDFile=/run/forks.pid
KillMode=mixed
KillSignal=QUIT
NotifyAccess=all
ExecStart=/bin/true
-- bus.service --
[Service]
BusName=org.example.Bus
ExecStart=/bin/true
-- nothing-at-all.service --
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStop=/bin/true
-- first-second-third.service --
[Service]
ExecStart=/bin/true
-- first-.service.d/10.conf --
[Service]
Environment=FROM=first
-- first-second-.service.d/20.conf --
[Service]
Environment=AND=second
-- service.d/10.conf --
[Service]
Environment=NOT=read
-- service.d/30.conf --
[Service]
Nice=3
-- template@.service --
[Unit]
Description=of %i
[Service]
Environment=i=%i I=%I p=%p n=%n N=%N j=%j f=%f
ExecStart=/bin/echo %i %I %f
-- template@.service.d/x.conf --
[Service]
UMask=0
-- template@a-b\x2dc.service.d/x.conf --
[Service]
UMask=7
`

// unpack writes the files of an archive below a directory that all may read.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	openToAll(t, dir)
	for _, file := range txtar.Parse([]byte(archive)).Files {
		path := filepath.Join(dir, file.Name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, file.Data, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func find(t *testing.T, name, dir string) Files {
	t.Helper()
	n, err := ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	files, err := Find(n, []string{dir})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestCraftedUnits(t *testing.T) {
	dir := unpack(t, crafted)
	if err := os.Symlink("quotes.service", filepath.Join(dir, "alias.service")); err != nil {
		t.Fatal(err)
	}
	names := []string{`template@a-b\x2dc.service`, "alias.service"}
	for _, file := range txtar.Parse([]byte(crafted)).Files {
		if strings.HasSuffix(file.Name, suffix) && !strings.Contains(file.Name, "@.") {
			names = append(names, file.Name)
		}
	}
	dumps := readBySystemd(t, dir, names...)
	for _, name := range names {
		service, err := Read(find(t, name, dir), nobodysHost(t))
		if err != nil {
			t.Error(err)
			continue
		}
		d := dumps[service.Name.String()]
		if d == nil {
			t.Errorf("systemd did not read %s", service.Name)
			continue
		}
		compare(t, service, d)
	}
}

// What systemd does not show is tested against its manual pages.
func TestUnitDetails(t *testing.T) {
	dir := unpack(t, crafted)
	read := func(name string) Service {
		t.Helper()
		s, err := Read(find(t, name, dir), System())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := read("prefixes"); len(s.Start) != 1 || s.Start[0].Privileges != Elevated {
		t.Errorf("! is read as %+v", s.Start)
	}
	if s := read("quotes"); !s.StartPre[2].MayFail || s.StartPre[0].MayFail {
		t.Errorf("- is read as %+v", s.StartPre)
	}
	if s := read("unprefixed"); len(s.Ignored) != 1 || s.Bounding != 0 {
		t.Errorf("a capability without CAP_ is %q, the set %v", s.Ignored, s.Bounding)
	}
	if s := read("bus"); s.Type != "dbus" {
		t.Errorf("with a BusName= the type is %s", s.Type)
	}
	if s := read("template@one"); s.Start[0].Args[3] != "/one" {
		t.Errorf("%%f is %q", s.Start[0].Args)
	}
}

func TestExpand(t *testing.T) {
	environ := []string{"ONE=1", "TWO=a b", "TWO='c d' e", "EMPTY="}
	for line, want := range map[string][]string{
		`/x $ONE`:              {"/x", "1"},
		`/x $TWO`:              {"/x", "c d", "e"},
		`/x ${TWO}`:            {"/x", "'c d' e"},
		`/x a${ONE}b$ONE`:      {"/x", "a1b$ONE"},
		`/x $EMPTY ${EMPTY}`:   {"/x", ""},
		`/x $MISSING ${OTHER}`: {"/x", ""},
		`/x $$ONE $$`:          {"/x", "$ONE", "$"},
		`:/x $ONE`:             {"/x", "$ONE"},
	} {
		commands, err := parseCommands(line, specifiers{})
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := commands[0].Expand(environ); !slices.Equal(got, want) {
			t.Errorf("%s becomes %q, want %q", line, got, want)
		}
	}
}

// The cases are those of systemd.exec(5), "EnvironmentFile=".
func TestEnvironmentFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "env")
	text := "# comment\n; comment\\\ncontinued=1\n\nA=1\n B = two words \nC=\"x\\\"y\" # kept\nD='a\nb'\nE=a\\\nb\n9=no\nF\nG=\\$x\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := EnvironmentFile{Pattern: file}.Read()
	want := []string{"A=1", "B=two words", `C=x"y # kept`, "D=a\nb", "E=ab", "G=$x"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("read %q, %v, want %q", got, err, want)
	}
	if _, err := (EnvironmentFile{Pattern: file + ".missing"}).Read(); err == nil {
		t.Error("a missing file is read")
	}
	if got, err := (EnvironmentFile{Pattern: file + ".missing", Optional: true}).Read(); err != nil || got != nil {
		t.Errorf("a missing file is read as %q, %v", got, err)
	}
}

// A unit that cannot be used is one sentence that says what to do.
func TestUnitMistakes(t *testing.T) {
	dir := unpack(t, `
-- empty.service --
-- nothing.service --
[Service]
User=nobody
-- two.service --
[Service]
ExecStart=/bin/true
ExecStart=/bin/true
-- quote.service --
[Service]
ExecStart=/bin/echo "a
-- specifier.service --
[Service]
ExecStart=/bin/echo %Z
-- at.service --
[Service]
ExecStart=@/bin/echo
-- bool.service --
[Service]
ExecStart=/bin/true
RemainAfterExit=maybe
-- garbage.service --
[Service
-- template@.service --
[Service]
ExecStart=/bin/true
-- file.service --
[Service]
ExecStart=/bin/true
EnvironmentFile=relative
`)
	for name, target := range map[string]string{"masked.service": os.DevNull, "loop.service": "pool.service", "pool.service": "loop.service"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"missing":      "there is no unit missing.service: systemctl list-unit-files lists them",
		"masked":       "unit masked.service is masked by ",
		"empty":        "unit empty.service is masked by ",
		"nothing":      "unit nothing.service has no ExecStart=, so there is nothing to run",
		"two":          "unit two.service has 2 ExecStart=, which only Type=oneshot may have",
		"quote":        `ExecStart=: a quote (") is not closed`,
		"specifier":    "ExecStart=: %Z is not a specifier",
		"at":           "ExecStart=: after @ it needs a name",
		"bool":         `RemainAfterExit=: "maybe" is neither yes nor no`,
		"garbage":      "garbage.service: unable to find end of section",
		"template@":    "template@.service is a template: name an instance, such as template@NAME.service",
		"file":         `EnvironmentFile=: "relative" is not an absolute path`,
		"foo.socket":   "foo.socket is not a service: name a .service unit",
		"a/b":          `"a/b" is not the name of a unit`,
		"":             `"" is not the name of a unit`,
		"loop.service": "too many levels of symbolic links",
	} {
		name, err := ParseName(name)
		var files Files
		if err == nil {
			files, err = Find(name, []string{dir})
		}
		if err == nil {
			_, err = Read(files, System())
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want an error with %q", name, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, file := range txtar.Parse([]byte(crafted)).Files {
		f.Add(string(file.Data))
	}
	host := Host{Runtime: "/run"}
	files := Files{Name: Name{Prefix: "fuzz"}, Fragment: "/fuzz.service"}
	f.Fuzz(func(t *testing.T, text string) {
		assignments, err := parse("fuzz.service", text)
		if err != nil {
			return
		}
		r := newReader(files, host)
		for _, a := range assignments {
			if err := r.assign(a); err != nil {
				return
			}
		}
		s, err := r.finish()
		if err != nil {
			return
		}
		for _, command := range s.Start {
			if args, _ := command.Expand(s.Environment); command.Path == "" || len(command.Args) == 0 && len(args) == 0 {
				t.Fatalf("%q gives the command %+v", text, command)
			}
		}
	})
}
