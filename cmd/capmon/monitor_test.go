package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/internal/schematest"
	"github.com/capmon/capmon/internal/testenv"
)

// monitoring is a capmon monitor in a process of its own, whose output goes
// through a pipe.
type monitoring struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *bufio.Reader
	pipe io.Closer
	errs *bufio.Reader
}

// startMonitor returns when the monitor watches.
func startMonitor(t *testing.T, args ...string) *monitoring {
	t.Helper()
	testenv.NeedRoot(t, "tracing")
	cmd, _, _ := capmonCommand(t, args...)
	cmd.Stdout, cmd.Stderr = nil, nil
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	m := &monitoring{t, cmd, bufio.NewReader(out), out, bufio.NewReader(errs)}
	if line := m.line(m.errs); !strings.HasPrefix(line, "capmon monitor: watching by ") {
		t.Fatalf("monitor says %q", line)
	}
	return m
}

func (m *monitoring) line(from *bufio.Reader) string {
	m.t.Helper()
	var line string
	bounded(m.t, "no line comes", func() (err error) {
		line, err = from.ReadString('\n')
		return err
	})
	return line
}

// end sends the signal and returns what was printed since.
func (m *monitoring) end(s syscall.Signal) (out, errs string) {
	m.t.Helper()
	if err := m.cmd.Process.Signal(s); err != nil {
		m.t.Fatal(err)
	}
	return m.ended()
}

func (m *monitoring) ended() (out, errs string) {
	m.t.Helper()
	var o, e []byte
	bounded(m.t, "monitor does not end", func() (err error) {
		if o, err = io.ReadAll(m.out); err != nil {
			return err
		}
		e, err = io.ReadAll(m.errs)
		return err
	})
	if err := m.cmd.Wait(); err != nil {
		m.t.Errorf("monitor: %v", err)
	}
	return string(o), string(e)
}

// ask has a process of that name ask for CAP_SYS_ADMIN n times.
func ask(t *testing.T, name string, uid uint32, n int) (pid int) {
	t.Helper()
	script := fmt.Sprintf(`$0 = shift; my $name = "x"; syscall(%d, $name, -1) for 1..%d`, unix.SYS_SETHOSTNAME, n)
	cmd := exec.Command("/usr/bin/perl", "-e", script, name)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

const nobodyUID = 65534

func TestMonitorLinesComeAtOnce(t *testing.T) {
	m := startMonitor(t, "monitor", "-c", "sys_admin", "^capmon.te.t$")
	pid := ask(t, "capmon te\\t", nobodyUID, 3)
	var count int
	for count < 3 { // the three may be in two windows
		fields := strings.Fields(m.line(m.out))
		if len(fields) != 10 {
			t.Fatalf("%d columns: %q", len(fields), fields)
		}
		want := []string{`capmon\040te\134t`, strconv.Itoa(pid), strconv.Itoa(os.Getpid()), "nobody", "CAP_SYS_ADMIN", "FAIL", "sethostname"}
		if got := fields[1:8]; strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("columns %q, want %q", got, want)
		}
		if !regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3}$`).MatchString(fields[0]) {
			t.Errorf("time %q", fields[0])
		}
		if !strings.HasSuffix(fields[8], "_sys_sethostname") {
			t.Errorf("function %q", fields[8])
		}
		n, err := strconv.Atoi(fields[9])
		if err != nil {
			t.Fatal(err)
		}
		count += n
	}
	out, errs := m.end(unix.SIGINT)
	if want := "\n[capmon te\\t]\n- [FAIL] CAP_SYS_ADMIN\n"; out != want {
		t.Errorf("summary %q, want %q", out, want)
	}
	if want := "capmon monitor: 0 records lost\n"; errs != want {
		t.Errorf("said %q, want %q", errs, want)
	}
}

// However it is asked to end, it says what it saw up to then.
func TestMonitorEnds(t *testing.T) {
	for _, signal := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP} {
		t.Run(unix.SignalName(signal), func(t *testing.T) {
			m := startMonitor(t, "monitor", "-s", "pid", "^asking$")
			first, second := ask(t, "asking", 0, 1), ask(t, "asking", nobodyUID, 1)
			out, _ := m.end(signal)
			want := fmt.Sprintf("[asking %d]\n- [PASS] CAP_SYS_ADMIN\n[asking %d]\n- [FAIL] CAP_SYS_ADMIN\n", first, second)
			if !strings.HasSuffix(out, want) {
				t.Errorf("printed\n%swant at the end\n%s", out, want)
			}
		})
	}
}

// A PASS of one process does not hide the FAIL of another of the same name.
func TestMonitorSummaryByName(t *testing.T) {
	m := startMonitor(t, "monitor", "^asking$")
	ask(t, "asking", nobodyUID, 1)
	ask(t, "asking", 0, 1)
	out, _ := m.end(unix.SIGTERM)
	if want := "\n[asking]\n- [FAIL] CAP_SYS_ADMIN\n"; !strings.HasSuffix(out, want) {
		t.Errorf("printed\n%swant at the end\n%s", out, want)
	}
}

func TestMonitorSpellings(t *testing.T) {
	for _, spelling := range []string{"monitor", "-m", "--monitor"} {
		m := startMonitor(t, spelling, "^nothing-is-called-so", "--for", "10ms", "-a")
		if out, errs := m.ended(); out != "" || errs != "capmon monitor: 0 records lost\n" {
			t.Errorf("%s: printed %q, said %q", spelling, out, errs)
		}
	}
}

func TestMonitorOptionsAgree(t *testing.T) {
	tests := []struct{ name, args, want string }{
		{"patterns are alternatives", "^(one|two)$ ^three$", "one two three"},
		{"user", "-u nobody ^(one|two)$", "two"},
		{"users", "-u nobody,root ^(one|two)$", "one two"},
		{"fail", "--fail ^(one|two)$", "two"},
		{"capability", "-c CAP_NET_RAW -c sys_Admin ^one$", "one"},
		{"other capability", "-c net_raw ^one$", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := startMonitor(t, append([]string{"monitor", "--no-fold"}, strings.Fields(tt.args)...)...)
			ask(t, "one", 0, 1)
			ask(t, "two", nobodyUID, 1)
			ask(t, "three", nobodyUID, 1)
			out, _ := m.end(unix.SIGINT)
			var names []string
			for line := range strings.Lines(out) {
				if f := strings.Fields(line); len(f) == 10 && f[7] == "sethostname" {
					names = append(names, f[1])
				}
			}
			if got := strings.Join(names, " "); got != tt.want {
				t.Errorf("saw %q, want %q", got, tt.want)
			}
		})
	}
}

// Whether it writes or waits: without a reader it ends, and says nothing.
func TestMonitorReaderLeaves(t *testing.T) {
	for _, name := range []string{"asking", "nothing"} {
		m := startMonitor(t, "monitor", "^"+name+"$")
		m.pipe.Close()
		ask(t, "asking", 0, 1)
		var said []byte
		bounded(t, "monitor does not end", func() (err error) {
			said, err = io.ReadAll(m.errs)
			return err
		})
		if err := m.cmd.Wait(); err != nil || len(said) > 0 {
			t.Errorf("%s: %v, said %q", name, err, said)
		}
	}
}

func TestMonitorJSONIsAsDescribed(t *testing.T) {
	schema := schematest.Compile(t, "monitor")
	for _, by := range []string{"pid", "name"} {
		m := startMonitor(t, "monitor", "--json", "-a", "-s", by)
		ask(t, "asking \"me\"", nobodyUID, 2)
		out, _ := m.end(unix.SIGINT)
		types := map[string]int{}
		for line := range strings.Lines(out) {
			doc, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
			if err == nil {
				err = schema.Validate(doc)
			}
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			var head struct {
				Type  string
				Check struct{ Process struct{ Comm string } }
			}
			if err := json.Unmarshal([]byte(line), &head); err != nil {
				t.Fatal(err)
			}
			types[head.Type]++
			if head.Check.Process.Comm == "asking \"me\"" {
				types["asked"]++
			}
		}
		if types["summary"] != 1 || types["asked"] == 0 || !strings.Contains(out[strings.LastIndex(out[:len(out)-1], "\n")+1:], `"summary"`) {
			t.Errorf("lines %v, and the last is not the summary", types)
		}
	}
}

func TestMonitorOnTerminal(t *testing.T) {
	testenv.NeedRoot(t, "tracing")
	tm := onTerminal(t, "monitor", "--no-fold", "^asking.me$")
	tm.await("watching")
	ask(t, "asking me", nobodyUID, 1)
	tm.await("COUNT")
	tm.await("asking me ")
	tm.await("\x1b[31mFAIL")
	tm.send("\x03")
	tm.await("[asking me]")
	tm.await("0 records lost")
	tm.ended(0)
}
