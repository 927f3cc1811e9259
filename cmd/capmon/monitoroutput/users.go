package monitoroutput

import (
	"os/user"
	"strconv"
)

// maxUserNames bounds what is remembered: containers may use any number.
const maxUserNames = 4096

// userNames remembers the names of users by number.
type userNames map[uint32]string

// of is the name of the user, or its number if it has none.
func (n userNames) of(uid uint32) string {
	if name, ok := n[uid]; ok {
		return name
	}
	name := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	if len(n) >= maxUserNames {
		clear(n)
	}
	n[uid] = name
	return name
}
