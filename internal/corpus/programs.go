package corpus

import "slices"

// Programs are whole programs of Debian's packages, as they are configured
// there. What they need is not written down anywhere: Want is what search in
// oracle_test.go finds, which tries sets and looks at no check; Source says
// what for.
//
// Their answers belong to Debian 12: another version may do something else.
func Programs() []Case {
	return slices.Concat(
		webServers(), nameAndTime(), logins(), jobs(),
		accounts(), packages(), copies(),
		mounts(), devices(), looks(), networkTools(),
	)
}
