package account

import (
	"strings"
	"testing"
)

// A user specification is one sentence if it is wrong, and names one user and
// group if it is right.
func FuzzLookup(f *testing.F) {
	for _, seed := range []string{"root", "0:0", "nobody:daemon", ":", "a:b:c", "4294967295", "-1", "0x0", "ro\x00ot", "root\n", "é", "٣"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		id, err := Lookup(spec)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("Lookup(%q) says more than one line: %q", spec, err)
			}
			return
		}
		if id.Name == "" || id.GroupName == "" || id.UID == noID || id.GID == noID {
			t.Fatalf("Lookup(%q) = %+v: it lacks a user or a group", spec, id)
		}
		again, err := Lookup(id.Name + ":" + id.GroupName)
		if err != nil || again.UID != id.UID || again.GID != id.GID {
			t.Fatalf("Lookup(%q) = %+v, which is read back as %+v, %v", spec, id, again, err)
		}
	})
}

// noID is (uid_t)-1, with which setreuid(2) changes nothing.
const noID = 1<<32 - 1
