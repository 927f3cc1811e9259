package service

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// systemctl runs systemctl(1). Its error is one sentence.
func systemctl(ctx context.Context, args ...string) error {
	var words bytes.Buffer
	c := exec.CommandContext(ctx, "systemctl", args...)
	c.Stderr = &words
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		text, _, _ := strings.Cut(strings.TrimSpace(words.String()), "\n")
		return fmt.Errorf("systemctl %s: %s (%w)", strings.Join(args, " "), text, err)
	}
	return nil
}

// show returns properties of a unit.
func show(ctx context.Context, name string, properties ...string) (map[string]string, error) {
	out, err := exec.CommandContext(ctx, "systemctl", "show", "-p", strings.Join(properties, ","), "--", name).Output()
	if err != nil {
		return nil, fmt.Errorf("ask systemd for unit %s: %w", name, err)
	}
	values := map[string]string{}
	for _, line := range strings.Split(string(out), "\n") {
		key, value, ok := strings.Cut(line, "=")
		if before, again := values[key]; again {
			value = before + "\n" + value // one line for each command
		}
		if ok {
			values[key] = value
		}
	}
	return values, nil
}

// commandOptions are the options whose commands can fail, besides ExecStart=.
var commandOptions = []string{"ExecCondition", "ExecStartPre", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost"}

// controlStatus is how a command of such an option ended, in what systemctl
// shows.
var controlStatus = regexp.MustCompile(`path=([^ ]+) ;.* ignore_errors=(yes|no) ;.* code=(exited|killed|dumped) ; status=([0-9]+)`)

// failureOf is how a unit failed.
func failureOf(ctx context.Context, name string) (*Failure, error) {
	p, err := show(ctx, name, append([]string{"Result", "ExecMainCode", "ExecMainStatus", "StatusText"}, commandOptions...)...)
	if err != nil {
		return nil, err
	}
	for _, option := range commandOptions {
		for _, command := range strings.Split(p[option], "\n") {
			m := controlStatus.FindStringSubmatch(command)
			if m == nil || m[2] == "yes" || m[4] == "0" {
				continue
			}
			outcome, exit := ended(m[3] == "exited", m[4])
			return &Failure{option + "=" + m[1] + ": " + outcome, exit}, nil
		}
	}
	if p["Result"] == "timeout" {
		return &Failure{"timed out", 124}, nil
	}
	// CLD_EXITED, CLD_KILLED and CLD_DUMPED of sigaction(2).
	if code := p["ExecMainCode"]; code == "1" || code == "2" || code == "3" {
		outcome, exit := ended(code == "1", p["ExecMainStatus"])
		return &Failure{outcome, exit}, nil
	}
	return &Failure{"failed: " + p["Result"], 1}, nil
}

// ended says how a process ended, and with which status.
func ended(exited bool, status string) (string, int) {
	n, _ := strconv.Atoi(status)
	if !exited {
		return "killed by " + unix.SignalName(unix.Signal(n)), 128 + n
	}
	if word, ok := executorStatus[n]; ok {
		return fmt.Sprintf("exit %d (%s)", n, word), n
	}
	return fmt.Sprintf("exit %d", n), n
}
