package discoveroutput

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/terminal"
	"github.com/capmon/capmon/discover"
)

// Answer is what was found in one line that stands on its own, as in a commit
// message: "ping needs CAP_NET_RAW (proven: 2 attempts, Linux 6.18, as nobody)".
func Answer(r discover.Report) string {
	return fmt.Sprintf("%s %s (%s: %s, Linux %s, as %s)", name(r), finding(r), State(r), attempts(len(r.Runs)), release(r.Kernel), who(r))
}

// name is what was discovered, short enough for a line.
func name(r discover.Report) string {
	const most = 60
	var text string
	switch {
	case r.Unit != nil:
		text = r.Unit.Name
	case r.Container != nil && r.Container.Image != "":
		text = "image " + r.Container.Image
	case r.Container != nil:
		text = "container " + filepath.Base(r.Container.Bundle)
	case len(r.Command) == 1:
		text = strings.Join(strings.Fields(r.Command[0]), " ")
	default:
		text = shellescape.QuoteCommand(r.Command)
	}
	text = terminal.Printable(text)
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most-3]) + "..."
	}
	return text
}

func finding(r discover.Report) string {
	const most = 12
	var parts []string
	if r.NeedsRoot {
		parts = append(parts, "uid 0")
	}
	if r.Verdict == discover.NotFound {
		return "succeeds with no set of capabilities that was tried"
	}
	parts = append(parts, cmp.Or(r.Capabilities.Summary(most), "no capability"))
	verb := "needs "
	if r.Verdict == discover.Sufficient {
		verb = "succeeds with "
	}
	text := verb + strings.Join(parts, " and ")
	if without := exclusions(r); len(without) > 0 {
		text += ", and must not have " + strings.Join(without, ", ")
	}
	return text
}

func exclusions(r discover.Report) []string {
	var set caps.Set
	for _, e := range r.MustNot {
		set = set.With(e.Cap)
	}
	return set.Names()
}

// State is what the answer is worth: "proven", "not proven" or "not found".
func State(r discover.Report) string {
	switch r.Verdict {
	case discover.NotFound:
		return "not found"
	case discover.Sufficient:
		return "not proven"
	}
	return "proven"
}

func attempts(n int) string {
	if n == 1 {
		return "1 attempt"
	}
	return fmt.Sprintf("%d attempts", n)
}

// who is as whom it was run. Only in a service or a container is uid 0 what
// root is; a command is stripped of that.
func who(r discover.Report) string {
	switch {
	case r.User.UID == 0 && r.Unit == nil && r.Container == nil:
		return "uid 0"
	case r.User.Name == "" || r.Container != nil:
		return fmt.Sprintf("uid %d", r.User.UID)
	}
	return terminal.Printable(r.User.Name)
}

var majorMinor = regexp.MustCompile(`^\d+\.\d+`)

// release is the kernel's version without what distributions add.
func release(kernel string) string {
	if version := majorMinor.FindString(kernel); version != "" {
		return version
	}
	return terminal.Printable(kernel)
}
