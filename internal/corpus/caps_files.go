package corpus

// own makes a file that belongs to nobody, roots one that only root may use;
// remove is the cleanup of both.
const (
	own    = "touch DIR/f; chown nobody DIR/f"
	roots  = "echo secret >DIR/f; chmod 600 DIR/f"
	remove = "rm -f DIR/f"
)

// files are about reading, writing and making files.
func files() []Case {
	return []Case{
		{Name: "append to root's file", Setup: roots, Cleanup: remove, Command: "echo x >>DIR/f",
			Want: "cap_dac_override", Source: "capabilities(7); fs/namei.c: generic_permission"},
		{Name: "make a directory in root's", Cleanup: "rmdir DIR/d || true", Command: "mkdir DIR/d",
			Want: "cap_dac_override", Source: "capabilities(7); fs/namei.c: generic_permission"},
		{Name: "execute root's program", Setup: "cp /bin/true DIR/f; chmod 700 DIR/f", Cleanup: remove, Command: "DIR/f",
			Want: "cap_dac_override", Source: "capabilities(7); fs/namei.c: generic_permission"},
		{Name: "read shadow", Command: "cat /etc/shadow",
			Want: "cap_dac_read_search", Source: "capabilities(7); fs/namei.c: generic_permission"},
		{Name: "list a closed directory", Setup: "mkdir -m 700 DIR/d", Cleanup: "rmdir DIR/d", Command: "ls DIR/d",
			Want: "cap_dac_read_search", Source: "capabilities(7); fs/namei.c: generic_permission"},
		{Name: "execute out of reach", Setup: "mkdir -m 700 DIR/d; cp /bin/true DIR/d/true", Cleanup: "rm -r DIR/d", Command: "DIR/d/true",
			Want: "cap_dac_read_search", Source: "capabilities(7); fs/namei.c: generic_permission"},
		{Name: "open by handle", Setup: roots, Cleanup: remove,
			// struct file_handle: 128 bytes of room, the type, the handle. AT_FDCWD is -100.
			Command: `perl -e '$f = "DIR/f"; $h = pack("Li", 128, 0) . "\0" x 128; $m = pack("i", 0);
				syscall(SYS_name_to_handle_at, -100, $f, $h, $m, 0) == 0 or die $!;
				open D, "DIR"; syscall(SYS_open_by_handle_at, fileno(D), $h, 0) >= 0 or die $!'`,
			Want: "cap_dac_read_search", Source: "open_by_handle_at(2); fs/fhandle.c: may_decode_fh"},
		{Name: "device node", Setup: "mkdir -m 777 DIR/d", Cleanup: "rm -r DIR/d", Command: "mknod DIR/d/n c 1 3",
			Want: "cap_mknod", Source: "mknod(2); fs/namei.c: vfs_mknod"},
		{Name: "lease on root's file", Setup: "touch DIR/f", Cleanup: remove,
			// F_SETLEASE is 1024, F_RDLCK is 0.
			Command: `perl -e 'open F, "DIR/f" or die $!; fcntl(F, 1024, 0) or die $!'`,
			Want:    "cap_lease", Source: "F_SETLEASE in fcntl(2); fs/locks.c: vfs_setlease"},
		{Name: "immutable file", Setup: own, Cleanup: "chattr -i DIR/f; rm DIR/f", Command: "chattr +i DIR/f",
			Want: "cap_linux_immutable", Source: "ioctl_iflags(2); fs/ioctl.c: fileattr_set_prepare",
			On: Host, Why: "tmpfs keeps no such attribute before Linux 6.6"},
		{Name: "block numbers of a file", Setup: "echo x >DIR/f; sync DIR/f", Cleanup: remove,
			// FIBMAP is 1.
			Command: `perl -e 'open F, "DIR/f" or die $!; $block = pack("i", 0); ioctl(F, 1, $block) or die $!'`,
			Want:    "cap_sys_rawio", Source: "capabilities(7); fs/ioctl.c: ioctl_fibmap",
			On: Host, Why: "tmpfs has no blocks"},
		{Name: "trusted attribute", Setup: own, Cleanup: remove,
			Command: `perl -e '$f = "DIR/f"; $n = "trusted.capmon"; $v = "x"; syscall(SYS_setxattr, $f, $n, $v, 1, 0) == 0 or die $!'`,
			Want:    "cap_sys_admin", Source: "xattr(7); fs/xattr.c: xattr_permission"},
	}
}

// ownership is about owners, modes and what hangs on them.
func ownership() []Case {
	return []Case{
		{Name: "give a file away", Setup: own, Cleanup: remove, Command: "chown daemon DIR/f",
			Want: "cap_chown", Source: "chown(2); fs/attr.c: chown_ok"},
		{Name: "give a file to a strange group", Setup: own, Cleanup: remove, Command: "chgrp daemon DIR/f",
			Want: "cap_chown", Source: "chown(2); fs/attr.c: chgrp_ok"},
		{Name: "change the mode of root's file", Setup: roots, Cleanup: remove, Command: "chmod 600 DIR/f",
			Want: "cap_fowner", Source: "chmod(2); fs/inode.c: inode_owner_or_capable"},
		{Name: "set the times of root's file", Setup: "touch DIR/f", Cleanup: remove, Command: "touch -d 2020-01-01 DIR/f",
			Want: "cap_fowner", Source: "utimensat(2); fs/attr.c: setattr_prepare"},
		{Name: "remove from a sticky directory", Setup: "mkdir -m 1777 DIR/d; touch DIR/d/f", Cleanup: "rm -r DIR/d",
			Command: "rm -f DIR/d/f", Want: "cap_fowner", Source: "unlink(2); fs/namei.c: __check_sticky"},
		{Name: "read without a trace", Setup: "touch DIR/f", Cleanup: remove,
			// O_NOATIME is 01000000.
			Command: `perl -e '$f = "DIR/f"; syscall(SYS_openat, -100, $f, 01000000) >= 0 or die $!'`,
			Want:    "cap_fowner", Source: "open(2); fs/namei.c: may_open"},
		{Name: "set-group-ID for a strange group", Setup: "touch DIR/f; chown nobody:daemon DIR/f", Cleanup: remove,
			Command: "chmod 2755 DIR/f", Check: "test -g DIR/f",
			Want: "cap_fsetid", Source: "chmod(2): the bit is lost without an error; fs/attr.c: setattr_prepare"},
		{Name: "write to a set-user-ID file", Setup: own + "; chmod 4755 DIR/f", Cleanup: remove,
			Command: "echo x >>DIR/f", Check: "test -u DIR/f",
			Want: "cap_fsetid", Source: "write(2): the bit is lost without an error; fs/inode.c: setattr_should_drop_suidgid"},
		{Name: "file capabilities", Setup: own, Cleanup: remove, Command: "setcap cap_chown=ep DIR/f",
			Want: "cap_setfcap", Source: "capabilities(7); security/commoncap.c: cap_convert_nscap"},
	}
}
