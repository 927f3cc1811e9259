package emit

import (
	"fmt"
	"path/filepath"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
)

// setcap writes a shell script of setcap(8) commands, one for each executable
// that was refused. Everything that is not such a command is a comment.
func setcap(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	if r.Capabilities == 0 {
		p.comment("There is nothing to set.")
		return p.Bytes()
	}
	files, unnamed := refused(r)
	p.comment("Whoever may execute a file gets the capabilities that are set on it. Updates of the file drop them.")
	if r.User.UID == 0 {
		p.comment("It ran as uid 0 without the privilege of being uid 0: file capabilities are for other users, root has them all.")
	}
	enough := unnamed == 0
	for _, f := range files {
		enough = p.file(r, f) && enough
	}
	for _, f := range alsoUsed(r, files) {
		p.other(f)
	}
	if unnamed != 0 {
		p.comment("%s found by searching: no refusal names the executable, so file capabilities may not be enough.", unnamed)
	}
	if !enough {
		p.comment("Instead of file capabilities: a systemd unit (--emit systemd), or as root:")
		p.comment("  %s", setpriv(r))
	}
	return p.Bytes()
}

// file adds what there is to do about one executable that was refused. It
// returns false when file capabilities are not what to use.
func (p *page) file(r controller.Report, f executable) bool {
	if kind := interpreter(f.path); kind != "" {
		p.comment("No line for %s (needs %s): it is %s, with which any user could use them for anything.",
			shown(f.path), f.caps, kind)
		return false
	}
	if !plain(f.path) {
		p.comment("No line for %s (needs %s): its path cannot be written on one line.", shown(f.path), f.caps)
		return false
	}
	drops := dropsUninherited(r, f.path)
	if drops {
		p.comment("NOTE: %s gives up its capabilities (capset) unless they are inherited, as iproute2 does.", f.path)
		p.comment("File capabilities are not inherited: for most callers the next command changes nothing.")
	}
	if f.otherName != "" {
		p.comment("%s ran as %s: under each of its names it gets the capabilities.", f.path, shown(f.otherName))
	}
	fmt.Fprintln(p, f.command())
	return !drops
}

// other adds a comment on an executable that used a capability where the
// command succeeded, but is not known to need it.
func (p *page) other(f executable) {
	if kind := interpreter(f.path); kind != "" {
		p.comment("%s used %s too; it is %s, so there is no line for it.", shown(f.path), f.caps, kind)
		return
	}
	p.comment("%s used %s too, and was not seen to fail without; if it does:", shown(f.path), f.caps)
	if plain(f.path) {
		p.comment("  %s", f.command())
	}
}

// setpriv is a command line that runs the command of r under its identity and
// with its set, inherited as under capmon: setpriv(1).
func setpriv(r controller.Report) string {
	command := commandLine(r)
	if !plain(command) {
		command = "COMMAND"
	}
	list := "-all"
	for _, c := range r.Capabilities.Members() {
		list += ",+" + strings.ToLower(strings.TrimPrefix(c.String(), "CAP_"))
	}
	line := "setpriv --no-new-privs --bounding-set=" + list
	// Root gets its capabilities from the bounding set.
	if r.User.UID != 0 {
		groups := "--init-groups"
		if !plainName(r.User.Name) {
			// A user without a name is in no group.
			groups = "--clear-groups"
		}
		line += fmt.Sprintf(" --inh-caps=%s --ambient-caps=%s --reuid=%s --regid=%s %s", list, list,
			account(r.User.Name, r.User.UID), account(r.User.GroupName, r.User.GID), groups)
	}
	return line + " -- " + command
}

// executable is a file and the capabilities to set on it.
type executable struct {
	path string
	caps caps.Set
	// otherName is the name under which it ran where that is not the name
	// of the file.
	otherName string
}

// command is the setcap command. File capabilities reach a process that
// executes the file through permitted; e makes them effective, for programs
// that do not know of capabilities (setcap(8), cap_text_formats(7)).
func (f executable) command() string {
	return fmt.Sprintf("setcap %s=ep %s", f.caps, shellescape.Quote(f.path))
}

// refused lists the executables that were refused, and the capabilities that
// no refusal names.
func refused(r controller.Report) (files []executable, unnamed caps.Set) {
	unnamed = r.Capabilities
	for _, e := range r.Evidence {
		if !unnamed.Has(e.Cap) || e.Check == nil || !filepath.IsAbs(e.Check.Process.Exe) {
			continue
		}
		unnamed = unnamed.Without(e.Cap)
		files = grant(files, e.Check.Process.Exe, e.Check.Process.Comm, e.Cap)
	}
	return files, unnamed
}

// maxComm is TASK_COMM_LEN of linux/sched.h less the final zero.
const maxComm = 15

// grant adds c to the executable at path.
func grant(files []executable, path, comm string, c caps.Cap) []executable {
	i := 0
	for i < len(files) && files[i].path != path {
		i++
	}
	if i == len(files) {
		files = append(files, executable{path: path})
	}
	files[i].caps = files[i].caps.With(c)
	name := filepath.Base(path)
	if comm != "" && comm != name[:min(len(name), maxComm)] {
		files[i].otherName = comm
	}
	return files
}
