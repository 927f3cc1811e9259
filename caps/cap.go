// Package caps names Linux capabilities (capabilities(7)), holds sets of them,
// and says which of them are more powerful than others.
//
//	set := caps.NewSet(caps.NetAdmin, caps.NetRaw)
//	if set.Has(caps.NetRaw) {
//		fmt.Println(set.Without(caps.NetAdmin)) // cap_net_raw
//	}
//	set, err := caps.ParseSet("cap_net_admin,cap_net_raw")
package caps

import (
	"fmt"
	"strings"

	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// Cap is the number of one capability, as in linux/capability.h.
type Cap uint8

// The capabilities of capabilities(7), by their numbers in linux/capability.h.
const (
	Chown             = Cap(cap.CHOWN)
	DACOverride       = Cap(cap.DAC_OVERRIDE)
	DACReadSearch     = Cap(cap.DAC_READ_SEARCH)
	Fowner            = Cap(cap.FOWNER)
	Fsetid            = Cap(cap.FSETID)
	Kill              = Cap(cap.KILL)
	SetGID            = Cap(cap.SETGID)
	SetUID            = Cap(cap.SETUID)
	SetPCap           = Cap(cap.SETPCAP)
	LinuxImmutable    = Cap(cap.LINUX_IMMUTABLE)
	NetBindService    = Cap(cap.NET_BIND_SERVICE)
	NetBroadcast      = Cap(cap.NET_BROADCAST)
	NetAdmin          = Cap(cap.NET_ADMIN)
	NetRaw            = Cap(cap.NET_RAW)
	IPCLock           = Cap(cap.IPC_LOCK)
	IPCOwner          = Cap(cap.IPC_OWNER)
	SysModule         = Cap(cap.SYS_MODULE)
	SysRawIO          = Cap(cap.SYS_RAWIO)
	SysChroot         = Cap(cap.SYS_CHROOT)
	SysPtrace         = Cap(cap.SYS_PTRACE)
	SysPacct          = Cap(cap.SYS_PACCT)
	SysAdmin          = Cap(cap.SYS_ADMIN)
	SysBoot           = Cap(cap.SYS_BOOT)
	SysNice           = Cap(cap.SYS_NICE)
	SysResource       = Cap(cap.SYS_RESOURCE)
	SysTime           = Cap(cap.SYS_TIME)
	SysTTYConfig      = Cap(cap.SYS_TTY_CONFIG)
	Mknod             = Cap(cap.MKNOD)
	Lease             = Cap(cap.LEASE)
	AuditWrite        = Cap(cap.AUDIT_WRITE)
	AuditControl      = Cap(cap.AUDIT_CONTROL)
	SetFCap           = Cap(cap.SETFCAP)
	MACOverride       = Cap(cap.MAC_OVERRIDE)
	MACAdmin          = Cap(cap.MAC_ADMIN)
	Syslog            = Cap(cap.SYSLOG)
	WakeAlarm         = Cap(cap.WAKE_ALARM)
	BlockSuspend      = Cap(cap.BLOCK_SUSPEND)
	AuditRead         = Cap(cap.AUDIT_READ)
	Perfmon           = Cap(cap.PERFMON)
	BPF               = Cap(cap.BPF)
	CheckpointRestore = Cap(cap.CHECKPOINT_RESTORE)
)

// All is the set of the capabilities above.
func All() Set { return NewSet(CheckpointRestore)<<1 - 1 }

// maxCaps is how many capabilities a Set can hold: the kernel keeps them in
// 64 bits (kernel_cap_t in linux/capability.h).
const maxCaps = 64

// String returns the name that capabilities(7) uses, such as CAP_NET_ADMIN,
// and CAP_63 for a number that has no name yet.
func (c Cap) String() string {
	name := strings.ToUpper(cap.Value(c).String())
	if !strings.HasPrefix(name, "CAP_") {
		name = fmt.Sprintf("CAP_%d", uint8(c))
	}
	return name
}

// MarshalText writes the name, so that JSON holds names and no numbers.
func (c Cap) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what MarshalText wrote, and every other form that Parse
// takes.
func (c *Cap) UnmarshalText(text []byte) error {
	v, err := Parse(string(text))
	if err != nil {
		return err
	}
	*c = v
	return nil
}

// Parse reads the name of a capability in any case, with or without CAP_.
// The error of an unknown name proposes the nearest one, if one is near.
func Parse(name string) (Cap, error) {
	full := strings.ToUpper(strings.TrimSpace(name))
	if !strings.HasPrefix(full, "CAP_") {
		full = "CAP_" + full
	}
	for c := Cap(0); c < maxCaps; c++ {
		if c.String() == full {
			return c, nil
		}
	}
	if c, near := nearest(full); near {
		return 0, fmt.Errorf("unknown capability %q: did you mean %s?", name, c)
	}
	return 0, fmt.Errorf("unknown capability %q: see capabilities(7)", name)
}

// nearest returns the known name with the fewest edits from name, which are
// to be at most a third of its letters after CAP_.
func nearest(name string) (best Cap, near bool) {
	distance := (len(name)-len("CAP_"))/3 + 1
	for c := Cap(0); c < Cap(cap.NamedCount); c++ {
		known := c.String()
		// The lengths differ by no more than the edits. This also spares
		// the search for a name of a million letters.
		if max(len(name)-len(known), len(known)-len(name)) >= distance {
			continue
		}
		if d := edits(name, known); d < distance {
			best, distance, near = c, d, true
		}
	}
	return best, near
}

// edits is the Levenshtein distance of a and b.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
