package attempt_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/capmon/capmon/caps/account"
	"github.com/capmon/capmon/caps/launch"
	"github.com/capmon/capmon/caps/sandbox"
	"github.com/capmon/capmon/discover/attempt"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/internal/testenv"
)

// programs makes a directory of programs, each of which is EVIL.
const programs = "mkdir /usr/b && cp /usr/bin/perl /usr/b && cp EVIL /usr/b/dash && cp EVIL /usr/b/sh && "

// In these, EVIL is a script of the machine's that succeeds whatever it is
// given, as an attacker's would. DIR is a directory, WORK the working
// directory, and tool a script in it that fails.
var rewritten = []struct{ name, command, check string }{
	{"the shell", "mv EVIL /bin/dash", "false"},
	{"the shell, by a mount", "mount --bind EVIL /bin/dash", "false"},
	{"a program", "cp EVIL /usr/bin/test", "env test 1 = 2"},
	{"all programs", programs + "mount --bind /usr/b /usr/bin", "false"},
	{"the directory of programs", programs + "perl -e 'rename(\"/usr/bin\", \"/usr/old\") && rename(\"/usr/b\", \"/usr/bin\") or die'", "false"},
	{"a program in front of others in PATH", "cp EVIL DIR/bin/test", "env test 1 = 2"},
	{"a link to a program", "ln -sf EVIL /etc/alternatives/awk", "awk 'BEGIN { exit 1 }'"},
	{"a link through the first process", "cp EVIL /run/evil; ln -sf /proc/1/root/run/evil /etc/alternatives/awk", "awk 'BEGIN { exit 1 }'"},
	{"the hook's own program", "cp EVIL tool", "./tool"},
	{"the hook's own program, by its path", "cp EVIL WORK/tool", "if WORK/tool; then true; else exit 1; fi"},
	{"the hook's own program, replaced", "mv EVIL tool", "./tool"},
	{"the hook's own program, given to the shell", "cp EVIL tool", "sh tool"},
	{"a program that the command made", "cp EVIL made", "./made"},
	{"what executes hooks", "mkdir -p DIR/proc/self && cp EVIL DIR/proc/self/exe && mount --bind DIR/proc /proc", "false"},
	{"the interpreter's start", "for d in /etc/python3.*; do echo 'import os; os._exit(0)' >$d/sitecustomize.py; done", "/usr/bin/python3 -c 'exit(1)'"},
	{"the dynamic linker's list", "echo /proc/1/root/run/evil.so >/etc/ld.so.preload", "test -e /etc/ld.so.preload"},
}

// A hook in a sandbox executes nothing that the command has written: each of
// these checks fails, and would succeed if it executed EVIL.
func TestHooksExecuteNothingOfTheCommand(t *testing.T) {
	requireRoot(t)
	for _, test := range rewritten {
		t.Run(test.name, func(t *testing.T) {
			if a := witnessed(t, test.command, test.check); a.Success {
				t.Errorf("the hook executed it: %s\n%s", a.Outcome, a.Output)
			} else if !strings.Contains(a.Outcome, "check failed") {
				t.Errorf("%s\n%s", a.Outcome, a.Output)
			}
		})
	}
}

// A hook in a sandbox sees what the command did.
func TestHooksSeeWhatTheCommandDid(t *testing.T) {
	requireRoot(t)
	for _, test := range []struct{ name, command, check string }{
		{"a file", "echo x >DIR/new", "grep -q x DIR/new"},
		{"a file in the working directory", "echo x >out", "grep -q x out && echo y >>out && grep -q y WORK/out"},
		{"a file in /etc", "echo x >/etc/capmon-test", "grep -q x /etc/capmon-test"},
		{"a file in /", "echo x >/capmon-test", "grep -q x /capmon-test"},
		{"a directory in /", "mkdir /capmon-test", "test -d /capmon-test && touch /capmon-test/f"},
		{"a file that is gone", "rm /etc/hostname", "! test -e /etc/hostname"},
		{"a link", "ln -s target DIR/link", "test $(readlink DIR/link) = target"},
		{"a mount", "mount -t tmpfs capmon-test /mnt && echo x >/mnt/f", "mountpoint -q /mnt && grep -q x /mnt/f"},
		{"a mount over a file", "echo x >DIR/f; touch DIR/g; mount --bind DIR/f DIR/g", "grep -q x DIR/g"},
		{"a process", "setsid sleep 1002 >/dev/null 2>&1 & echo $! >DIR/pid", "kill -0 $(cat DIR/pid) && pgrep -f 'sleep 100[2]'"},
		{"a program", "cp /bin/true /usr/bin/capmon-test", "! test -e /usr/bin/capmon-test && test -x $CAPMON_ROOT/usr/bin/capmon-test"},
		{"nothing of a program manager in the home directory", "rm -rf HOME/.manager/*", "viaversion"},
		{"shared memory", "echo x >/dev/shm/capmon-test", "grep -q x /dev/shm/capmon-test"},
		{"the working directory removed", "rm -rf WORK", "! test -e out && ! test -e WORK"},
		{"/etc removed", "rm -rf /etc/* && mount -t tmpfs none /etc", "! test -e /etc/passwd"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if a := witnessed(t, test.command, test.check); !a.Success {
				t.Errorf("%s\n%s", a.Outcome, a.Output)
			}
		})
	}
}

// lurker waits for a process with other mounts, and as soon as there is one tries
// to make a file in the directory as that process sees it.
const lurker = `use Fcntl;
$own = readlink "/proc/self/ns/mnt";
while (1) {
	for (1..400) {
		next if !($mounts = readlink "/proc/$_/ns/mnt") || $mounts eq $own;
		sysopen(F, "/proc/$_/root$ARGV[0]/made", O_CREAT | O_WRONLY);
		open(F, ">", "$ARGV[0]/tried");
		exit;
	}
}`

// What executes hooks shows the machine's files to what a command in a sandbox
// left running, in /proc/PID/root, and lets it change none of them.
func TestHelperCannotChangeTheMachine(t *testing.T) {
	requireRoot(t)
	dir, script := testenv.OpenDir(t), filepath.Join(testenv.OpenDir(t), "lurker")
	testenv.Must(t, os.WriteFile(script, []byte(lurker), 0o644))
	command := "setsid perl " + script + " " + dir + " >/dev/null 2>&1 &"
	if a := witnessed(t, command, "while ! test -e "+dir+"/tried; do sleep .01; done"); !a.Success {
		t.Fatalf("%s\n%s", a.Outcome, a.Output)
	}
	left, err := os.ReadDir(dir)
	testenv.Must(t, err)
	if len(left) > 0 {
		t.Errorf("the command has made %v on the machine", left)
	}
}

// witnessed makes an attempt as uid 0 with everything in a sandbox.
func witnessed(t *testing.T, command, check string) controller.Attempt {
	t.Helper()
	dir, work := testenv.OpenDir(t), testenv.OpenDir(t)
	evil := filepath.Join(dir, "evil")
	testenv.Must(t, os.Mkdir(filepath.Join(dir, "bin"), 0o755))
	testenv.Must(t, os.WriteFile(evil, []byte("#!/usr/bin/perl\nexit 0\n"), 0o755))
	testenv.Must(t, os.WriteFile(filepath.Join(work, "tool"), []byte("#!/bin/sh\nexit 1\n"), 0o755))
	t.Chdir(work)
	home := managedHome(t)
	t.Setenv("HOME", home)
	t.Setenv("PATH", filepath.Join(dir, "bin")+":"+filepath.Join(home, ".manager", "shims")+":"+os.Getenv("PATH"))
	replace := strings.NewReplacer("EVIL", evil, "DIR", dir, "WORK", work, "HOME", home)
	root, err := account.Lookup("0")
	testenv.Must(t, err)
	a, err := inSandbox(t, nil, sandbox.Options{})(attempt.Config{
		Command: []string{replace.Replace(command)}, Check: replace.Replace(check), Identity: root, Env: os.Environ(),
		Timeout: time.Minute, Warn: func(err error) { t.Errorf("warned: %v", err) },
	}).Attempt(context.Background(), controller.Request{Grant: launch.Grantable()})
	testenv.Must(t, err)
	return a
}

// managedHome has a program manager's directory, in which one program leads to
// another.
func managedHome(t *testing.T) string {
	t.Helper()
	home := testenv.OpenDir(t)
	shims, versions := filepath.Join(home, ".manager", "shims"), filepath.Join(home, ".manager", "versions")
	testenv.Must(t, os.MkdirAll(shims, 0o755))
	testenv.Must(t, os.Mkdir(versions, 0o755))
	testenv.Must(t, os.WriteFile(filepath.Join(shims, "viaversion"), []byte("#!/bin/sh\nexec "+versions+"/program\n"), 0o755))
	testenv.Must(t, os.WriteFile(filepath.Join(versions, "program"), []byte("#!/bin/sh\nexit 0\n"), 0o755))
	return home
}
