package corpus

import "slices"

// Capabilities are small commands, one or a few for each capability of
// linux/capability.h, most of them around one system call. None of them
// changes the machine: where a call would, it is made with arguments that the
// kernel refuses with another error once the capability is there.
func Capabilities() []Case {
	return slices.Concat(
		files(), ownership(), processes(), identities(), namespaces(),
		sockets(), network(), sharedMemory(), machine(), observation(), audit(), several(),
	)
}

// Undecided says of a capability that no call on the kernels at hand asks for
// it, and why.
type Undecided struct {
	Cap, Why string
}

// NeverDecided are the capabilities without a case.
func NeverDecided() []Undecided {
	return []Undecided{{
		Cap: "cap_mac_override",
		Why: "only Smack asks for it (security/smack/smack_access.c: smack_privileged), which is in neither of these kernels: " +
			"CONFIG_SECURITY_SMACK is not set. Elsewhere it is only a member of CAP_FS_SET (include/linux/capability.h), " +
			"which setfsuid(2) takes away and gives back.",
	}}
}
