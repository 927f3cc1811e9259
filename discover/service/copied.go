package service

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/unit"
)

// runtimeUnits is where units are that last until the machine stops
// (systemd.unit(5)).
const runtimeUnits = "/run/systemd/system"

// Booted says whether systemd is the manager of this machine (sd_booted(3)).
func Booted() bool {
	info, err := os.Lstat(runtimeUnits)
	return err == nil && info.IsDir()
}

// copied is a unit's copy under another name, which systemd runs.
type copied struct {
	service *Service
	name    string
	// dir holds what the service prints.
	dir string
	// exact is the drop-in to use whatever the grant; "" for none.
	exact string
	// restart: the unit itself was active, and is to be again.
	restart bool
}

// CopyForSystemd has the service run by systemd, as a copy of its unit. Prepare
// makes the copy.
func (s *Service) CopyForSystemd() error {
	id := make([]byte, 4)
	if _, err := rand.Read(id); err != nil {
		return fmt.Errorf("name copy of unit: %w", err)
	}
	prefix := "capmon-" + hex.EncodeToString(id)
	s.copied = &copied{service: s, name: prefix + "-" + s.unit.Name.String(), dir: "/run/" + prefix}
	return nil
}

// Manager is who runs the service: ByCapmon or BySystemd.
func (s *Service) Manager() string {
	if s.copied != nil {
		return BySystemd
	}
	return ByCapmon
}

// UseExactly has systemd run the service with this drop-in, and no other.
func (s *Service) UseExactly(dropIn string) { s.copied.exact = dropIn }

// IsActive says whether systemd has the unit itself running.
func (s *Service) IsActive(ctx context.Context) bool {
	active, err := show(ctx, s.unit.Name.String(), "ActiveState")
	return err == nil && active["ActiveState"] != "inactive" && active["ActiveState"] != "failed"
}

// ActivePID is the main process of the unit itself, 0 if there is none.
func (s *Service) ActivePID(ctx context.Context) int {
	active, err := show(ctx, s.unit.Name.String(), "MainPID")
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(active["MainPID"])
	return pid
}

// Undo is a command for the shell that undoes all that Prepare does: for when
// capmon dies. active: the unit is active now.
func (s *Service) Undo(active bool) string {
	c := s.copied
	c.restart = active
	quoted := shellescape.QuoteCommand
	commands := []string{
		quoted([]string{"systemctl", "stop", "--", c.name}),
		quoted([]string{"systemctl", "reset-failed", "--", c.name}),
		quoted([]string{"rm", "-rf", "--", c.file(), c.file() + ".d", c.dir}),
		"systemctl daemon-reload",
	}
	if active {
		commands = append(commands, quoted([]string{"systemctl", "start", "--", s.unit.Name.String()}))
	}
	return strings.Join(commands, " 2>/dev/null; ")
}

func (c *copied) file() string { return filepath.Join(runtimeUnits, c.name) }

// Prepare stops the unit itself, if it is active, and makes the copy.
func (s *Service) Prepare(ctx context.Context) error {
	c := s.copied
	if c.restart {
		if err := systemctl(ctx, "stop", s.unit.Name.String()); err != nil {
			return err
		}
	}
	text, err := unit.Copy(s.unit, s.host)
	if err != nil {
		return err
	}
	if err := os.Mkdir(c.dir, 0o755); err != nil {
		return fmt.Errorf("make directory for the service's output: %w", err)
	}
	text += "\n# What follows is capmon's.\nRestart=no\nWatchdogSec=0\n"
	text += "StandardOutput=append:" + c.output() + "\nStandardError=append:" + c.output() + "\n"
	for _, name := range s.socketUnits {
		text += "Sockets=" + name + "\n"
	}
	if err := os.WriteFile(c.file(), []byte(text), 0o644); err != nil {
		return fmt.Errorf("write copy of unit: %w", err)
	}
	return nil
}

func (c *copied) output() string { return c.dir + "/output" }

// Finish undoes what Prepare did.
func (s *Service) Finish(ctx context.Context) error {
	c := s.copied
	// It may not exist, or not run.
	_ = systemctl(ctx, "stop", c.name)
	_ = systemctl(ctx, "reset-failed", c.name)
	err := errors.Join(removeIfThere(c.file()), os.RemoveAll(c.file()+".d"), os.RemoveAll(c.dir), systemctl(ctx, "daemon-reload"))
	if c.restart {
		err = errors.Join(err, systemctl(ctx, "start", s.unit.Name.String()))
	}
	return err
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// dropIn puts a grant in force, as the drop-in that capmon writes in the end.
func (s *Service) dropIn(grant caps.Set) string {
	var b strings.Builder
	b.WriteString("[Service]\n")
	if s.given {
		fmt.Fprintf(&b, "User=%d\nGroup=%d\n", s.user.UID, s.user.GID)
	}
	assign := func(option string, set caps.Set) {
		fmt.Fprintf(&b, "%s=\n", option)
		if set != 0 {
			fmt.Fprintf(&b, "%s=%s\n", option, strings.Join(set.Names(), " "))
		}
	}
	assign("CapabilityBoundingSet", grant)
	assign("AmbientCapabilities", s.ambient(grant, s.User().UID))
	return b.String()
}

// writeDropIn has systemd read a drop-in, and what is to be said of time.
func (c *copied) writeDropIn(ctx context.Context, text string, start, stop time.Duration) error {
	dir := c.file() + ".d"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make directory for drop-in: %w", err)
	}
	times := fmt.Sprintf("[Service]\nTimeoutStopSec=%dms\n", stop.Milliseconds())
	if c.service.Runs() {
		times += fmt.Sprintf("TimeoutStartSec=%dms\n", start.Milliseconds())
	}
	for name, text := range map[string]string{"50-capmon.conf": text, "60-times.conf": times} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write drop-in: %w", err)
		}
	}
	return systemctl(ctx, "daemon-reload")
}
