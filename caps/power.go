package caps

import (
	"cmp"
	"slices"

	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// byPower lists the capabilities from the least powerful to the most: of two
// answers that both work, the one that comes earlier here is the better one.
//
// Sources:
//   - capabilities(7): what each permits, and its notes to kernel developers,
//     which call CAP_SYS_ADMIN the new root for the breadth of what it permits.
//   - Brad Spengler, "False Boundaries and Arbitrary Code Execution" (2011,
//     https://forums.grsecurity.net/viewtopic.php?t=2522): shows for 19
//     capabilities how one leads to all of root's power.
//   - The commits and manual pages that split CAP_BPF, CAP_PERFMON,
//     CAP_SYSLOG and CAP_CHECKPOINT_RESTORE out of CAP_SYS_ADMIN, which still
//     grants each of them: whatever they are, they are less.
//
// The four groups are what the sources say; the order within a group is a
// judgement by how much one has to find on the machine to make use of it.
var byPower = []cap.Value{
	// No known way to root, and little to be harmed.
	cap.WAKE_ALARM,
	cap.BLOCK_SUSPEND,
	cap.NET_BROADCAST, // asked for nowhere in the kernel
	cap.LEASE,
	cap.NET_BIND_SERVICE,
	cap.AUDIT_WRITE,
	cap.SYS_PACCT,
	cap.IPC_LOCK,
	cap.SYS_NICE,
	cap.SYS_RESOURCE,
	cap.SYS_TIME,

	// No known way to root, but other users' data or work within reach.
	cap.AUDIT_READ,
	cap.SYSLOG, // also shows kernel addresses
	cap.LINUX_IMMUTABLE,
	cap.CHECKPOINT_RESTORE,
	cap.KILL,
	cap.NET_RAW,
	cap.NET_ADMIN,
	cap.PERFMON, // reads kernel memory through tracing
	cap.BPF,     // runs checked programs in the kernel

	// Each leads to root (Spengler), those that need some luck first. The
	// two MAC_ ones do so by lifting what a security module forbids.
	cap.SYS_TTY_CONFIG,
	cap.AUDIT_CONTROL,
	cap.IPC_OWNER,
	cap.FSETID,
	cap.MAC_OVERRIDE,
	cap.MAC_ADMIN,
	cap.SYS_CHROOT,
	cap.DAC_READ_SEARCH,
	cap.SYS_BOOT, // kexec
	cap.SETPCAP,
	cap.SETGID,
	cap.FOWNER,
	cap.CHOWN,
	cap.DAC_OVERRIDE,
	cap.MKNOD,
	cap.SETFCAP,
	cap.SETUID,
	cap.SYS_PTRACE,
	cap.SYS_RAWIO,
	cap.SYS_MODULE,

	// The new root.
	cap.SYS_ADMIN,
}

// rank is the place of c in byPower. A capability that has no place there is
// newer than this table; until it is known better it counts as the most
// powerful of all.
func rank(c Cap) int {
	if i := slices.Index(byPower, cap.Value(c)); i >= 0 {
		return i
	}
	return len(byPower) + int(c)
}

// ComparePower is negative when a is less powerful than b, positive when it
// is more powerful, and zero only for the same capability.
func ComparePower(a, b Cap) int { return cmp.Compare(rank(a), rank(b)) }

// ByPower lists the members, the least powerful first.
func (s Set) ByPower() []Cap {
	members := s.Members()
	slices.SortFunc(members, ComparePower)
	return members
}

// ComparePower is negative when s gives less power than t. A set is as
// powerful as its most powerful member; among equals the next one counts, and
// a subset is always less than the whole.
func (s Set) ComparePower(t Set) int {
	a, b := s.ByPower(), t.ByPower()
	slices.Reverse(a)
	slices.Reverse(b)
	return slices.CompareFunc(a, b, ComparePower)
}

// Lesser returns the capabilities that the kernel may accept in the place of
// c, each of which permits only a part of what c does: a call that asks for
// one of them asks for c when it is refused (perfmon_capable, bpf_capable and
// checkpoint_restore_ns_capable in linux/capability.h, check_syslog_permissions
// in kernel/printk, generic_permission in fs/namei.c; for CAP_NET_ADMIN the
// program types for networks in kernel/bpf, by bpf_token_capable).
func (c Cap) Lesser() Set {
	switch c {
	case DACOverride:
		return NewSet(DACReadSearch)
	case SysAdmin:
		return NewSet(BPF, Perfmon, Syslog, CheckpointRestore, NetAdmin)
	}
	return 0
}
