package corpus

func accounts() []Case {
	const locked = "/etc/passwd and its like are root's: locked, written anew, and given the old owner and mode"
	return []Case{
		{Name: "useradd", Command: "useradd capmon-guest", Sandbox: "yes",
			Want: "cap_chown,cap_dac_override,cap_fowner", Source: locked, Program: "/usr/sbin/useradd"},
		{Name: "usermod", Command: "usermod -s /bin/sh games", Sandbox: "yes",
			Want: "cap_chown,cap_dac_override,cap_fowner", Source: locked, Program: "/usr/sbin/usermod"},
		{Name: "groupadd", Command: "groupadd capmon-guest", Sandbox: "yes",
			Want: "cap_chown,cap_dac_override,cap_fowner", Source: locked, Program: "/usr/sbin/groupadd"},
		{Name: "passwd", InsistsOnRoot: true, Command: "passwd -l games", Sandbox: "yes",
			Want: "cap_chown", Source: "as root the files are its own, but for their group", Program: "/usr/bin/passwd"},
		{Name: "chpasswd", InsistsOnRoot: true, Command: "echo games:secret | chpasswd", Sandbox: "yes",
			Want: "cap_chown", Source: "as root the files are its own, but for their group", Slow: true, Program: "/usr/sbin/chpasswd"},
	}
}

func packages() []Case {
	const build = `mkdir -p DIR/p/DEBIAN DIR/p/srv;
		printf '%s\n' 'Package: capmon-guest' 'Version: 1' 'Architecture: all' 'Maintainer: nobody <n@example.org>' 'Description: none' >DIR/p/DEBIAN/control;
		touch DIR/p/srv/file; chown daemon DIR/p/srv/file; chmod 4755 DIR/p/srv/file; dpkg-deb -b DIR/p DIR/guest.deb`
	return []Case{
		{Name: "dpkg", InsistsOnRoot: true, Setup: build, Command: "dpkg -i DIR/guest.deb", Sandbox: "yes",
			Want: "cap_chown,cap_fowner", Source: "a file of daemon's, set-user-ID; dpkg looks at its user id", Slow: true, Program: "/usr/bin/dpkg"},
		{Name: "apt-get", InsistsOnRoot: true, Setup: build, Command: "apt-get install -y DIR/guest.deb", Sandbox: "net",
			Check: "test -u /srv/file",
			Want:  "cap_chown,cap_fowner,cap_setgid,cap_setuid", Source: "as dpkg, and fetching as _apt",
			Slow: true, Program: "/usr/bin/apt-get"},
		{Name: "update-alternatives", Command: "update-alternatives --set awk /usr/bin/mawk", Sandbox: "yes",
			Want: "cap_dac_override", Source: "/etc/alternatives and the log are root's", Program: "/usr/bin/update-alternatives"},
		{Name: "ldconfig", Command: "ldconfig", Sandbox: "yes",
			Want: "cap_dac_override", Source: "/etc/ld.so.cache is root's", Slow: true, Program: "/sbin/ldconfig"},
	}
}

func copies() []Case {
	const archive = `mkdir DIR/s; cd DIR/s; touch a b c; chown daemon a b; chmod 4755 b; mknod n c 1 3; setcap cap_chown=ep a;
		chgrp daemon c; chmod 2755 c; tar --xattrs --xattrs-include='*' -cpf DIR/tar .; mkdir -m 777 DIR/t`
	return []Case{
		{Name: "tar restores as root does", Setup: archive, Sandbox: "yes",
			Command: "tar --same-owner --xattrs --xattrs-include='*' -xpf DIR/tar -C DIR/t",
			Check:   "cd DIR/t && test -u b && test -g c && test -c n && test $(stat -c %U a) = daemon && getcap a | grep -q chown",
			Want:    "cap_chown,cap_fowner,cap_fsetid,cap_mknod,cap_setfcap",
			Source:  "owners; modes of what is no longer its own; set-group-ID for a strange group; the device; file capabilities",
			Program: "/bin/tar"},
		{Name: "cp keeps owners", Command: "cp -a /etc/shadow DIR/t/", Setup: "mkdir -m 777 DIR/t", Sandbox: "yes",
			Check: "test $(stat -c %G DIR/t/shadow) = shadow && test $(stat -c %a DIR/t/shadow) = 640",
			Want:  "cap_chown,cap_dac_read_search,cap_fowner", Source: "the owner; reading; the mode of what is no longer its own", Program: "/bin/cp"},
		{Name: "install", Command: "install -o daemon -m 4755 /bin/true /usr/local/bin/capmon-guest", Sandbox: "yes",
			Want: "cap_chown,cap_dac_override,cap_fowner", Source: "the owner; a directory of root's; the mode of what is no longer its own", Program: "/usr/bin/install"},
		{Name: "rm", Command: "rm -r DIR/d", Sandbox: "yes",
			Setup: "mkdir -p DIR/d/closed; chmod 700 DIR/d/closed; touch DIR/d/closed/f; mkdir -m 1777 DIR/d/sticky; touch DIR/d/sticky/f",
			Want:  "cap_dac_override,cap_fowner", Source: "directories of root's, one of them sticky", Program: "/bin/rm"},
		{Name: "setcap", Setup: roots, Command: "setcap cap_net_raw=ep DIR/f", Cleanup: remove,
			Want: "cap_setfcap", Source: "security/commoncap.c: cap_convert_nscap; that the file is root's is not looked at", Program: "/sbin/setcap"},
		{Name: "chattr", Setup: "touch DIR/f", Command: "chattr +i DIR/f", Cleanup: "chattr -i DIR/f; rm DIR/f",
			Want: "cap_fowner,cap_linux_immutable", Source: "ioctl_iflags(2): root's file", Program: "/usr/bin/chattr"},
	}
}
