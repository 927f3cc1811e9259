package emit

import (
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/capmon/capmon/discover/controller"
)

// setprivLine writes a command for setpriv(1) of util-linux.
func setprivLine(r controller.Report) []byte {
	var p page
	if p.header(r) {
		p.comment("Run this as root.")
		fmt.Fprintln(&p, setpriv(r))
	}
	return p.Bytes()
}

// capshLine writes a command for capsh(1) of libcap. The order matters: after
// --user only what --keep kept can be made ambient.
func capshLine(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	p.comment("Run this as root, with capsh of libcap 2.58 or later.")
	words := []string{"capsh", "--no-new-privs"}
	if dropped := strings.Join(everyOtherName(r.Capabilities), ","); dropped != "" {
		words = append(words, "--drop="+dropped)
	}
	if r.User.UID != 0 {
		words = append(words, "--keep=1", fmt.Sprintf("--gid=%d", r.User.GID), fmt.Sprintf("--groups=%s", numbers(r.User.Groups)), fmt.Sprintf("--uid=%d", r.User.UID))
	}
	set := r.Capabilities.String()
	if set != "" {
		words = append(words, "--inh="+set)
		if r.User.UID != 0 {
			words = append(words, "--addamb="+set)
		}
	}
	words = append(words, "--", "-c", commandForShell(r))
	command := shellescape.QuoteCommand(words)
	if !plain(command) {
		p.comment("The command cannot be written on one line: COMMAND stands for it.")
		words[len(words)-1] = "COMMAND"
		command = shellescape.QuoteCommand(words)
	}
	fmt.Fprintln(&p, command)
	return p.Bytes()
}

// systemdRun writes a command for systemd-run(1), which expands % in
// properties and $ in the command.
func systemdRun(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	if r.User.Name == "nobody" {
		p.comment("systemd warns of User=nobody, which services should not share: a user of its own is better.")
	}
	words := []string{"systemd-run", "--pty", "--wait", "--collect"}
	for _, option := range serviceOptions(r) {
		words = append(words, "--property="+option.Name+"="+option.Value)
	}
	words = append(words, "--")
	command := r.Command
	if len(command) == 1 {
		command = []string{"/bin/sh", "-c", command[0]}
	}
	for _, word := range command {
		words = append(words, strings.ReplaceAll(word, "$", "$$"))
	}
	line := shellescape.QuoteCommand(words)
	if !plain(line) {
		p.comment("The command cannot be written on one line: COMMAND stands for it.")
		line = shellescape.QuoteCommand(append(words[:len(words)-len(command):len(words)-len(command)], "COMMAND"))
	}
	fmt.Fprintln(&p, line)
	return p.Bytes()
}

// pamCap writes a line of capability.conf(5). The "^" makes the capabilities
// ambient, so that the programs need none on their files (pam_cap(8)).
func pamCap(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	p.comment("Put this into /etc/security/capability.conf, where pam_cap.so is in use (Debian: libpam-cap 1:2.58 or later).")
	p.comment("It grants the capabilities to all that the user starts from a login.")
	switch {
	case r.User.UID == 0:
		p.comment("No line: for root, pam_cap grants nothing that root does not have; --emit systemd can limit root.")
	case !plainName(r.User.Name):
		p.comment("No line: %s has no name that PAM could know; --emit setpriv takes numbers.", shown(r.User.Name))
	case r.Capabilities == 0:
		p.comment("There is nothing to grant.")
	default:
		var granted []string
		for _, name := range r.Capabilities.Names() {
			granted = append(granted, "^"+strings.ToLower(name))
		}
		fmt.Fprintf(&p, "%s %s\n", strings.Join(granted, ","), r.User.Name)
	}
	return p.Bytes()
}

func numbers(ids []uint32) string {
	var list []string
	for _, id := range ids {
		list = append(list, fmt.Sprint(id))
	}
	return strings.Join(list, ",")
}

// commandForShell is the command as /bin/sh -c or bash -c takes it.
func commandForShell(r controller.Report) string {
	if len(r.Command) == 1 {
		return r.Command[0]
	}
	return "exec " + shellescape.QuoteCommand(r.Command)
}
