// Package meaning says in words what each capability allows, how near it is to
// being root, and what asks for it.
//
//	fmt.Println(meaning.Of(caps.NetAdmin).Allows)
package meaning

import "github.com/capmon/capmon/caps"

// Meaning is what is known of one capability. The texts are sentences without
// the capability's name.
type Meaning struct {
	// Allows is what capabilities(7) says that it permits, in short.
	Allows string
	// Root says how it leads to all of root's powers; "" where no way is known.
	Root string
	// Instead is what to try before granting it; "" if nothing is known.
	Instead string
	// Calls are system calls that ask for it, and Functions the kernel's own
	// functions in which that happens, as a trace names them.
	Calls, Functions []string
}

// Sources are where Root comes from.
const Sources = "capabilities(7); Brad Spengler, False Boundaries and Arbitrary Code Execution (2011), https://forums.grsecurity.net/viewtopic.php?t=2522"

// Of returns what is known of c; the zero Meaning for one without a name.
func Of(c caps.Cap) Meaning { return meanings[c] }
