package emit

import (
	"path/filepath"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/discover/controller"
	"github.com/capmon/capmon/trace"
)

// alsoUsed lists executables that are not in files with a capability that
// they used in the attempt that proved the set. Only checks on behalf of the
// caller count: not those in other namespaces, with overridden
// credentials, or made on the kernel's own account.
func alsoUsed(r controller.Report, files []executable) []executable {
	named := map[string]caps.Set{}
	for _, f := range files {
		named[f.path] = f.caps
	}
	var also []executable
	for _, run := range r.Runs {
		if !run.Success || run.Granted != r.Capabilities {
			continue
		}
		for _, c := range run.Checks {
			own := c.Verdict == trace.Pass && c.InitialNS && c.OwnCreds && c.Audited
			exe := c.Process.Exe
			if own && r.Capabilities.Has(c.Cap) && filepath.IsAbs(exe) && !named[exe].Has(c.Cap) {
				also = grant(also, exe, c.Process.Comm, c.Cap)
			}
		}
	}
	return also
}

// dropsUninherited says that the executable at path was seen to set its own
// capabilities in an attempt that failed, and in none that succeeded: it looks
// at what it has inherited and gives the rest up. iproute2's drop_cap() in
// lib/utils.c does so. Every capset(2) shows as a check of CAP_SETPCAP, which
// the kernel makes whatever is set (cap_inh_is_capped() in commoncap.c).
func dropsUninherited(r controller.Report, path string) bool {
	failed, succeeded := false, false
	for _, run := range r.Runs {
		for _, c := range run.Checks {
			if c.Syscall != "capset" || c.Process.Exe != path {
				continue
			}
			failed = failed || !run.Success
			succeeded = succeeded || run.Success
		}
	}
	return failed && !succeeded
}
