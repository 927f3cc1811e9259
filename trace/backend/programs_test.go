package backend

import (
	"slices"
	"testing"

	"github.com/capmon/capmon/bpf"
)

// The question must be seen before the probe for the answer changes the
// caller's address, and probes run in the reverse of the order here.
func TestEntryIsAttachedLast(t *testing.T) {
	kprobe, err := Find("kprobe")
	if err != nil {
		t.Fatal(err)
	}
	spec, err := bpf.LoadCommand()
	if err != nil {
		t.Fatal(err)
	}
	kprobe.prune(spec)
	order := attachOrder(spec)
	entry, exit := slices.Index(order, "cap_capable_entry"), slices.Index(order, "cap_capable_return")
	if exit < 0 || entry < exit {
		t.Errorf("attached in the order %v", order)
	}
}
