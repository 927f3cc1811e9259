package completion

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"kernel.org/pub/linux/libs/security/libcap/cap"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/cmd/capmon/command"
)

// valueAnswer offers values of which text is the beginning, behind prefix.
func valueAnswer(v command.Value, prefix, text string) answer {
	a := answer{directive: "words"}
	switch v.Kind {
	case command.Choice:
		a.offer(text, named(v.Choices)...)
	case command.List:
		a.offerItem(text, v.Choices)
	case command.Capabilities:
		a.offerItem(text, capabilityNames(text))
	case command.File:
		a.directive = "files " + prefix
	case command.Directory:
		a.directive = "directories " + prefix
	case command.CgroupPath:
		if text != "" {
			a.directive = "directories " + prefix
			break
		}
		a.directive = "nospace"
		a.offer("", candidate{"/sys/fs/cgroup/", ""})
	case command.User:
		a.offer(text, named(database("passwd"))...)
	case command.UserAndGroup:
		if user, _, ok := strings.Cut(text, ":"); ok {
			for _, group := range database("group") {
				a.offer(text, candidate{user + ":" + group, ""})
			}
			break
		}
		a.offer(text, named(database("passwd"))...)
	case command.ProcessID:
		a.offer(text, processes()...)
	case command.ProcessName:
		a.offer(text, processNames()...)
	case command.ShellCommand:
		a.offer(text, named(executables(text))...)
	}
	for i := range a.candidates {
		a.candidates[i].word = prefix + a.candidates[i].word
	}
	return a
}

// offerItem offers what can be the last item of a list with commas.
func (a *answer) offerItem(text string, items []string) {
	a.directive = "nospace"
	given := text[:strings.LastIndex(text, ",")+1]
	for _, item := range items {
		a.offer(text, candidate{given + item, ""})
	}
}

func named(words []string) []candidate {
	var candidates []candidate
	for _, w := range words {
		candidates = append(candidates, candidate{word: w})
	}
	return candidates
}

// capabilityNames are written as the last item of text was begun: in its case,
// and without CAP_ if no name begins so with it. Small letters are what
// setcap(8) uses.
func capabilityNames(text string) []string {
	begun := text[strings.LastIndex(text, ",")+1:]
	var whole, short []string
	for c := range caps.Cap(cap.NamedCount) {
		name := c.String()
		if strings.ToUpper(begun) != begun || begun == "" {
			name = strings.ToLower(name)
		}
		if strings.HasPrefix(name, begun) {
			whole = append(whole, name)
		}
		short = append(short, name[len("cap_"):])
	}
	if whole != nil {
		return whole
	}
	return short
}

// database are the names in a database of the name service, as getent(1) has
// them, or else those in the file.
func database(name string) []string {
	text, err := exec.Command("getent", name).Output()
	if err != nil {
		text, _ = os.ReadFile("/etc/" + name)
	}
	var names []string
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if first, _, ok := strings.Cut(lines.Text(), ":"); ok {
			names = append(names, first)
		}
	}
	return names
}

// processes are the ids of processes, with their names.
func processes() []candidate {
	var all []candidate
	files, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, file := range files {
		comm, err := os.ReadFile(file)
		if err != nil {
			continue // it ended
		}
		pid := filepath.Base(filepath.Dir(file))
		name := strings.TrimSpace(string(comm))
		if !plainName.MatchString(name) {
			name = ""
		}
		all = append(all, candidate{pid, name})
	}
	return all
}

// plainName matches what can stand unquoted in a regular expression.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// processNames are the names of processes, each once.
func processNames() []candidate {
	var all []candidate
	seen := map[string]bool{"": true}
	for _, p := range processes() {
		if name := p.description; !seen[name] {
			seen[name] = true
			all = append(all, candidate{word: name})
		}
	}
	return all
}

// executables are the programs in PATH whose names begin with text, of which
// there has to be some.
func executables(text string) []string {
	if text == "" || strings.ContainsAny(text, "/ \t") {
		return nil
	}
	var names []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), text) && !e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	return names
}
