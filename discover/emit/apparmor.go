package emit

import (
	"fmt"
	"strings"

	"github.com/capmon/capmon/discover/controller"
)

// apparmor writes a profile that allows everything but capabilities, and of
// these only the set: apparmor.d(5).
func apparmor(r controller.Report) []byte {
	var p page
	if !p.header(r) {
		return p.Bytes()
	}
	p.comment("AppArmor only takes away: the capabilities have to be granted as well (--emit systemd).")
	p.comment("Load it with apparmor_parser -r FILE and run: aa-exec -p capmon-profile -- COMMAND")
	fmt.Fprintln(&p, "abi <abi/3.0>,")
	fmt.Fprintln(&p, "include <tunables/global>")
	fmt.Fprintln(&p, "profile capmon-profile flags=(attach_disconnected,mediate_deleted) {")
	for _, name := range shortNames(r.Capabilities) {
		fmt.Fprintf(&p, "  capability %s,\n", strings.ToLower(name))
	}
	for _, rule := range []string{"file", "network", "mount", "remount", "umount", "pivot_root", "ptrace", "signal", "unix", "dbus"} {
		fmt.Fprintf(&p, "  %s,\n", rule)
	}
	fmt.Fprintln(&p, "}")
	return p.Bytes()
}
