package main

import "runtime/debug"

// enough is the memory, in bytes, up to which garbage may grow as it likes: Go
// would let it grow to the size of all that is in use, and of a command of many
// processes that is much.
const enough = 32 << 20

// leaveGarbage puts off the collecting of garbage until the function it returns
// is called. While programs are loaded, all of it is a few MiB, which take longer
// to collect than to have. From then on it may grow to enough.
func leaveGarbage() (collect func()) {
	debug.SetMemoryLimit(enough)
	before := debug.SetGCPercent(-1)
	return func() { debug.SetGCPercent(before) }
}
