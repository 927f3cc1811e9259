package unit

import (
	"os"
	"path/filepath"
	"testing"
)

// service_spawn() of systemd: under PermissionsStartOnly= the other commands
// are not restricted.
func TestPermissionsStartOnly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.service")
	text := "[Service]\nExecStartPre=/bin/a\nExecStart=/bin/b\nExecReload=/bin/c\nPermissionsStartOnly=yes\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := FindFile(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Read(files, System())
	if err != nil {
		t.Fatal(err)
	}
	if s.StartPre[0].Privileges != Full || s.Reload[0].Privileges != Full || s.Start[0].Privileges != Restricted {
		t.Errorf("privileges: %v before the start, %v in it, %v to reload", s.StartPre[0].Privileges, s.Start[0].Privileges, s.Reload[0].Privileges)
	}
}

// What is copied under another name says of itself what the original says.
func TestCopyKeepsTheName(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web@8080.service")
	text := "[Unit]\nConditionPathExists=/nonexistent\nRequiresMountsFor=/srv\n[Service]\nExecStart=/bin/web %n %i %p \\\n  100%% %H\nUser=www\n[Install]\nWantedBy=x.target\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	files, err := FindFile(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Read(files, System())
	if err != nil {
		t.Fatal(err)
	}
	got, err := Copy(s, System())
	if err != nil {
		t.Fatal(err)
	}
	want := "[Unit]\nDescription=web@8080.service as capmon tries it\nStartLimitIntervalSec=0\nRequiresMountsFor=/srv\n\n" +
		"[Service]\nExecStart=/bin/web web@8080.service 8080 web    100%% %H\nUser=www\n"
	if got != want {
		t.Errorf("copy:\n%s\nwant:\n%s", got, want)
	}
}
