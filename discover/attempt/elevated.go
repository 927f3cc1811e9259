package attempt

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/trace"
)

// elevated lists the executables that would have lent the command another
// user, group or capabilities, had it not run under no_new_privs. Their root
// directory is root; nil if it is gone, and file capabilities are not known.
func elevated(images []trace.Image, root *string) []string {
	var paths []string
	for _, image := range images {
		if image.Executed && image.Exe != "" && !slices.Contains(paths, image.Exe) && isElevated(image, root) {
			paths = append(paths, image.Exe)
		}
	}
	return paths
}

// isElevated follows execve(2): set-group-ID counts only where the group may
// execute.
func isElevated(image trace.Image, root *string) bool {
	if image.Mode&unix.S_ISUID != 0 {
		return true
	}
	if image.Mode&unix.S_ISGID != 0 && image.Mode&unix.S_IXGRP != 0 {
		return true
	}
	if root == nil {
		return false
	}
	n, err := unix.Getxattr(*root+image.Exe, "security.capability", nil)
	return err == nil && n > 0
}
