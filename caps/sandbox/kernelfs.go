package sandbox

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// fsKind is how a mount gets into the view.
type fsKind int

const (
	overlaid fsKind = iota // copied when written
	anew                   // another instance of the file system
	shared                 // the machine's own, read-only
	leftOut
)

// kindOf says how m gets into the view.
func kindOf(m mount, o Options) fsKind {
	whole := m.root == "/"
	switch m.fstype {
	case "proc":
		if whole {
			return anew
		}
		// A part that a container shows read-only, of the /proc that
		// is made anew.
		return leftOut
	case "sysfs":
		if whole && o.Net {
			return anew // /sys/class/net is that of the network namespace
		}
		return shared
	case "mqueue", "hugetlbfs":
		if whole {
			return anew
		}
		return shared
	case "autofs":
		// An automount cannot work here, and a process that looks at it would
		// wait forever.
		return leftOut
	case "devtmpfs", "devpts":
		// Devices and terminals of the machine. The sandbox has its own.
		return leftOut
	case "cgroup", "cgroup2", "nsfs", "bpf", "debugfs", "tracefs", "securityfs", "pstore", "efivarfs",
		"configfs", "fusectl", "binfmt_misc", "selinuxfs", "smackfs", "rpc_pipefs", "nfsd", "resctrl":
		// They show kernel objects. Namespaces can be used all the same.
		return shared
	}
	return overlaid
}

// mountAnew mounts another instance of m's file system.
func (v *view) mountAnew(m mount) error {
	// Options of the file system that decide who sees what (proc(5),
	// hugetlbpage.rst). For other file systems they have other names.
	var options []string
	for _, option := range m.super {
		name, _, _ := strings.Cut(option, "=")
		if slices.Contains([]string{"hidepid", "gid", "subset", "pagesize", "mode", "uid"}, name) {
			options = append(options, option)
		}
	}
	target := newRoot + m.point
	if err := unix.Mount(m.fstype, target, m.fstype, m.flags|unix.MS_NODEV, strings.Join(options, ",")); err != nil {
		return err
	}
	switch m.fstype {
	case "proc":
		return v.protectProc(target)
	case "sysfs":
		return unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY|unix.MS_NODEV|m.flags, "")
	}
	return nil
}

// What in /proc changes the whole machine when it is written: proc(5).
var wholeMachine = []string{"acpi", "bus", "driver", "dynamic_debug", "fs", "irq", "mtrr", "scsi", "sys", "sysrq-trigger"}

// What of /proc/sys belongs to namespaces that the sandbox has: uts_kern_table
// in kernel/utsname_sysctl.c, ipc_sysctls in ipc/ipc_sysctl.c, and
// ipc/mq_sysctl.c.
var ownSettings = []string{
	"sys/kernel/hostname", "sys/kernel/domainname",
	"sys/kernel/msgmax", "sys/kernel/msgmnb", "sys/kernel/msgmni", "sys/kernel/msg_next_id", "sys/kernel/auto_msgmni",
	"sys/kernel/sem", "sys/kernel/sem_next_id", "sys/kernel/shm_next_id",
	"sys/kernel/shmall", "sys/kernel/shmmax", "sys/kernel/shmmni", "sys/kernel/shm_rmid_forced",
	"sys/fs/mqueue",
}

// protectProc makes read-only in a new /proc what is not of the sandbox alone.
func (v *view) protectProc(proc string) error {
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	for _, name := range wholeMachine {
		if err := bind(proc+"/"+name, proc+"/"+name, flags|unix.MS_RDONLY); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	own := ownSettings
	if v.options.Net {
		own = append(own[:len(own):len(own)], "sys/net")
	}
	for _, name := range own {
		if err := bind(proc+"/"+name, proc+"/"+name, flags); err != nil && !errors.Is(err, unix.ENOENT) {
			return err
		}
	}
	return nil
}
