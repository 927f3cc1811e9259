package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/capmon/capmon/discover"
	"github.com/capmon/capmon/discover/emit"
)

// exposureLevel is the last line of `systemd-analyze security`.
var exposureLevel = regexp.MustCompile(`Overall exposure level for [^:]*: ([0-9.]+ [A-Z]+)`)

// exposureNotes says what systemd-analyze(1) thinks of a unit before and after
// the drop-in, where it is installed. It only reads files.
func exposureNotes(r discover.Report) []string {
	if r.Unit == nil || r.Verdict != discover.Minimal {
		return nil
	}
	var dropIn bytes.Buffer
	if emit.Write(&dropIn, "systemd", r) != nil {
		return nil
	}
	before, after := exposure(r, nil), exposure(r, dropIn.Bytes())
	if before == "" || after == "" {
		return nil
	}
	return []string{fmt.Sprintf("systemd-analyze security: exposure %s today, %s with the drop-in", before, after)}
}

// exposure is what is said of the unit with one more drop-in; "" if nothing is.
func exposure(r discover.Report, dropIn []byte) string {
	dir, err := os.MkdirTemp("", "capmon-exposure-")
	if err != nil {
		return ""
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, r.Unit.Name)
	copies := map[string]string{r.Unit.File: file}
	for _, name := range r.Unit.DropIns {
		copies[name] = filepath.Join(file+".d", filepath.Base(name))
	}
	if err := os.Mkdir(file+".d", 0o755); err != nil {
		return ""
	}
	for from, to := range copies {
		text, err := os.ReadFile(from)
		if err != nil || os.WriteFile(to, text, 0o644) != nil {
			return ""
		}
	}
	if os.WriteFile(filepath.Join(file+".d", "99-capmon.conf"), dropIn, 0o644) != nil {
		return ""
	}
	// Its status says whether the level is above a threshold.
	out, _ := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", file).CombinedOutput()
	if level := exposureLevel.FindSubmatch(out); level != nil {
		return string(level[1])
	}
	return ""
}
