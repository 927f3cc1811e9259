package main

import "runtime/debug"

// leaveGarbage puts off the collecting of garbage until the function it returns
// is called. While programs are loaded, all of it is a few MiB, which take longer
// to collect than to have.
func leaveGarbage() (collect func()) {
	before := debug.SetGCPercent(-1)
	return func() { debug.SetGCPercent(before) }
}
