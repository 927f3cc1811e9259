package controller

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/capmon/capmon/caps"
)

// commonNeeds counts the commands of docs/corpus.md that need a capability;
// for those that are missing it is one or none.
var commonNeeds = map[caps.Cap]int{
	caps.SysAdmin: 20, caps.DACOverride: 19, caps.Fowner: 17, caps.SetGID: 16, caps.Chown: 16, caps.SetUID: 15,
	caps.NetAdmin: 13, caps.DACReadSearch: 12, caps.SysChroot: 9, caps.NetRaw: 9, caps.NetBindService: 8,
	caps.SysPtrace: 7, caps.BPF: 5, caps.SysNice: 4, caps.Perfmon: 4, caps.Fsetid: 4, caps.SysTime: 3,
	caps.SysResource: 3, caps.Syslog: 3, caps.SetFCap: 3, caps.SysRawIO: 2, caps.SysModule: 2, caps.SetPCap: 2,
	caps.Mknod: 2, caps.LinuxImmutable: 2,
}

// subjects are words in system calls, kernel functions and messages where the
// capability is likely to be needed.
var subjects = map[caps.Cap][]string{
	caps.NetAdmin: {"netns", "netlink", "network"},
	caps.NetRaw:   {"packet", "raw socket"},
	caps.SysTime:  {"clock", "settime", "adjtime"},
	// The others are refused, as a rule, and so need no guess.
	caps.SysPtrace: {"ptrace", "process_vm"},
	caps.SysModule: {"module"},
	caps.SysNice:   {"sched_", "priority"},
	caps.IPCLock:   {"mlock"},
	caps.Syslog:    {"syslog"},
}

// subjectWeight is what a subject counts beside the commands of the corpus:
// more than all of them.
const subjectWeight = 500

// byLikelihood orders capabilities of which no refusal speaks by how likely
// the command needs them.
func (f *finder) byLikelihood(s caps.Set) []candidate {
	var text strings.Builder
	for _, a := range f.runs {
		text.WriteString(strings.ToLower(a.Output))
		for _, c := range a.Checks {
			if !noise(c) {
				text.WriteString(" " + c.Syscall + " " + c.Function)
			}
		}
	}
	list := evenly(s)
	for i, c := range list {
		list[i].weight += commonNeeds[c.cap]
		if slices.ContainsFunc(subjects[c.cap], func(word string) bool { return strings.Contains(text.String(), word) }) {
			list[i].weight += subjectWeight
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return cmp.Compare(b.weight, a.weight) })
	return list
}

var capName = regexp.MustCompile(`(?i)\bcap_[a-z]+(_[a-z]+)*\b`)

// named returns the capabilities that a command speaks of.
func named(output string) caps.Set {
	var s caps.Set
	for _, name := range capName.FindAllString(output, -1) {
		if c, err := caps.Parse(name); err == nil {
			s = s.With(c)
		}
	}
	return s
}

var permission = regexp.MustCompile(`(?i)not permitted|permission|privilege|super-?user|\broot\b|\buid 0\b|\bcap_[a-z]|not allowed|denied`)

// speaksOfPermission says whether a command blames a missing permission for
// its failure.
func speaksOfPermission(output string) bool { return permission.MatchString(output) }
