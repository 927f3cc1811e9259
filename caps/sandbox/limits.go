package sandbox

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// bytesAnInode is how much of the limit stands behind one file: a file of
// length 0 takes memory as well, which a tmpfs does not count as its contents.
const bytesAnInode = 16 << 10

// limits are the options by which the tmpfs of everything written is bounded
// (tmpfs(5)).
func (o Options) limits() string {
	memory := o.Memory
	if memory == 0 {
		memory = Memory()
	}
	return fmt.Sprintf(",size=%d,nr_inodes=%d", memory, memory/bytesAnInode+1)
}

// Memory is how many bytes all sandboxes of a discovery may take together:
// half of the machine's memory.
func Memory() uint64 {
	var info unix.Sysinfo_t
	// Cannot fail with a good pointer.
	_ = unix.Sysinfo(&info)
	return info.Totalram * uint64(info.Unit) / 2
}
