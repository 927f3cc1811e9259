package command

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type options struct {
	all     bool
	verbose int
	file    string
	wait    string
	names   []string
	jobs    int
	limit   time.Duration
}

var fields = Fields[options]{
	Switch(Option{Name: "all", Short: "a"}, func(o *options) *bool { return &o.all }),
	Count(Option{Name: "v"}, func(o *options) *int { return &o.verbose }),
	String(Option{Name: "o", Value: AnyFile}, func(o *options) *string { return &o.file }),
	Parsed(Option{Name: "wait", Value: AnyTime, Optional: true}, func(text string) (string, error) { return "waits " + text, nil },
		func(o *options) *string { return &o.wait }),
	Each(Option{Name: "name", Value: AnyUser}, 3, func(text string) (string, error) { return text, nil },
		func(o *options) *[]string { return &o.names }),
	Number(Option{Name: "jobs", Value: AnyNumber, Default: "2"}, 1, func(o *options) *int { return &o.jobs }),
	Duration(Option{Name: "for", Value: AnyTime}, func(o *options) *time.Duration { return &o.limit }),
}

func testCommand() *Command {
	return &Command{
		Name: "x", Options: fields.Options(), Words: Value{Kind: CommandLine},
		Commands: []*Command{{Name: "x sub", Aliases: []string{"-s"}}},
	}
}

func TestParse(t *testing.T) {
	for line, want := range map[string]struct {
		options options
		words   string
	}{
		"":                             {options{jobs: 2}, ""},
		"ls":                           {options{jobs: 2}, "ls"},
		"-a ls":                        {options{all: true, jobs: 2}, "ls"},
		"ls --all -o F G":              {options{all: true, file: "F", jobs: 2}, "ls G"},
		"-- ls --all":                  {options{jobs: 2}, "ls --all"},
		"-v ls -v -- -v":               {options{verbose: 2, jobs: 2}, "ls -v"},
		"-vv ls":                       {options{verbose: 2, jobs: 2}, "ls"},
		"-vao F ls":                    {options{all: true, verbose: 1, file: "F", jobs: 2}, "ls"},
		"-o=F -o G":                    {options{file: "G", jobs: 2}, ""},
		"-o -a ls":                     {options{file: "-a", jobs: 2}, "ls"},
		"--wait ls":                    {options{wait: "waits ", jobs: 2}, "ls"},
		"--wait=5s ls":                 {options{wait: "waits 5s", jobs: 2}, "ls"},
		"--name a,b --name c --jobs 3": {options{names: []string{"a", "b", "c"}, jobs: 3}, ""},
		"--for 90s -":                  {options{limit: 90 * time.Second, jobs: 2}, "-"},
		"-- --":                        {options{jobs: 2}, "--"},
		"-- sub":                       {options{jobs: 2}, "sub"},
	} {
		given, err := testCommand().Parse(strings.Fields(line))
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		o, err := fields.Fill(given)
		if diff := cmp.Diff(want.options, o, cmp.AllowUnexported(options{})); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", line, err, diff)
		}
		if got := strings.Join(given.Words, " "); got != want.words {
			t.Errorf("%q: words %q, want %q", line, got, want.words)
		}
	}
}

// Each mistake is told in a sentence that says what to do.
func TestParseMistakes(t *testing.T) {
	for line, want := range map[string]string{
		"--alll":                    "unknown option --alll: did you mean --all?",
		"--something":               "unknown option --something: see x --help",
		"ls -z":                     "unknown option -z: if it belongs to ls, put -- before ls, or quote the whole command",
		"-z ls":                     "unknown option -z: see x --help",
		"--z=1 ls":                  "unknown option --z: see x --help",
		"-az ls":                    "unknown option -az: see x --help",
		"-oa F":                     "-oa: give the option that takes a value by itself",
		"ls -o":                     "-o needs a value: see x --help",
		"--all=maybe":               `--all takes no value, but was given "maybe"`,
		"--jobs 0":                  "--jobs: 0 is too small: give at least 1",
		"--jobs x":                  `--jobs: "x" is not a whole number`,
		"--name a,b,c,d":            "--name: 4 are too many: at most 3",
		"--for 5":                   `--for: "5" lacks a unit: give a time such as 5s or 5m`,
		"--for x":                   `--for: "x" is not a time: give one such as 30s or 2m`,
		"--for -1s":                 "--for: must be more than nothing: give a time such as 30s or 2m",
		"--for 99999999999999999h1": `--for: "99999999999999999h1" is not a time: give one such as 30s or 2m`,
	} {
		given, err := testCommand().Parse(strings.Fields(line))
		if err == nil {
			_, err = fields.Fill(given)
		}
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", line, err, want)
		}
	}
}

func TestHelpIsAskedFor(t *testing.T) {
	for line, want := range map[string]bool{
		"-h": true, "--help": true, "ls --help": true, "-a -h": true, "-- ls --help": false, "-a": false, "help": false,
	} {
		if given, err := testCommand().Parse(strings.Fields(line)); err != nil || given.Help != want {
			t.Errorf("%q: %v, %v", line, given.Help, err)
		}
	}
}

func TestFind(t *testing.T) {
	for line, want := range map[string]string{
		"sub a": "x sub: a", "-s a": "x sub: a", "a sub": "x: a sub", "-- sub": "x: -- sub", "": "x: ",
	} {
		c, rest := testCommand().Find(strings.Fields(line))
		if got := c.Name + ": " + strings.Join(rest, " "); got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
}

func TestNear(t *testing.T) {
	names := []string{"discover", "monitor", "user", "v"}
	for word, want := range map[string]string{
		"dicsover": "discover", "usr": "user", "montor": "monitor", "discover": "discover",
		"u": "", "": "", "ls": "", "mkdir": "", strings.Repeat("x", 1<<20): "",
	} {
		if got := Near(word, names); got != want {
			t.Errorf("%.20q: %q, want %q", word, got, want)
		}
	}
}

func TestFormatTime(t *testing.T) {
	for text, want := range map[string]string{"60s": "1m", "30s": "30s", "90s": "1m30s", "2h": "2h0m"} {
		d, err := ParseTime(text)
		if got := FormatTime(d); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}

// Whatever is typed, reading it ends with options or with one line.
func FuzzParse(f *testing.F) {
	for _, line := range []string{"", "-vao\nF\nls", "--wait=\n--", "-=", "--\n--all", "-o", "--name\na,,b", "--for\n1h\n-h", "-\xff=\x00"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c := testCommand()
		args := strings.Split(line, "\n")
		given, err := c.Parse(args)
		if err == nil && !given.Help {
			_, err = fields.Fill(given)
		}
		if err != nil && (err.Error() == "" || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%q: %q", line, err)
		}
		if split := c.Split(args); err == nil && !given.Help && strings.Join(split.Words, "\n") != strings.Join(given.Words, "\n") {
			t.Errorf("%q: split to %q, parsed to %q", line, split.Words, given.Words)
		}
	})
}
