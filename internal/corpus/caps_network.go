package corpus

// sockets are about what a socket may do.
func sockets() []Case {
	return []Case{
		{Name: "port 80", Command: `perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(80, INADDR_LOOPBACK)) or die $!'`,
			Want: "cap_net_bind_service", Source: "ip(7); net/ipv4/af_inet.c: __inet_bind"},
		{Name: "packet socket", Command: `perl -e 'socket(S, 17, 3, 0) or die $!'`,
			Want: "cap_net_raw", Source: "packet(7); net/packet/af_packet.c: packet_create"},
		{Name: "raw socket", Command: `perl -MSocket -e 'socket(S, PF_INET, SOCK_RAW, 1) or die $!'`,
			Want: "cap_net_raw", Source: "raw(7); net/ipv4/af_inet.c: inet_create"},
		{Name: "mark packets",
			// SO_MARK is 36.
			Command: `perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0); setsockopt(S, SOL_SOCKET, 36, 1) or die $!'`,
			Want:    "cap_net_raw", Source: "CAP_NET_RAW or CAP_NET_ADMIN, since Linux 5.17; net/core/sock.c: sk_setsockopt"},
		{Name: "transparent proxy",
			// IP_TRANSPARENT is 19.
			Command: `perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, 0, 19, 1) or die $!'`,
			Want:    "cap_net_raw", Source: "ip(7): CAP_NET_ADMIN; CAP_NET_RAW too, net/ipv4/ip_sockglue.c: do_ip_setsockopt"},
		{Name: "more buffer than the limit",
			// SO_RCVBUFFORCE is 33.
			Command: `perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0); setsockopt(S, SOL_SOCKET, 33, 9000) or die $!'`,
			Want:    "cap_net_admin", Source: "socket(7); net/core/sock.c: sk_setsockopt"},
		{Name: "netlink of all namespaces",
			// SOL_NETLINK is 270, NETLINK_LISTEN_ALL_NSID is 8.
			Command: `perl -e 'socket(S, 16, 3, 0); setsockopt(S, 270, 8, 1) or die $!'`,
			Want:    "cap_net_broadcast", Source: "capabilities(7) calls it unused; net/netlink/af_netlink.c: netlink_setsockopt"},
	}
}

// network is about the configuration of the network.
func network() []Case {
	return []Case{
		{Name: "interface up", Command: "ip link set dev lo up",
			Want: "cap_net_admin", Source: "netdevice(7), rtnetlink(7); net/core/rtnetlink.c: rtnetlink_rcv_msg"},
		{Name: "interface flags by ioctl",
			// SIOCGIFFLAGS is 0x8913, SIOCSIFFLAGS is 0x8914; they are set to what they are.
			Command: `perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0); $r = pack("a16x24", "lo");
				ioctl(S, 0x8913, $r) or die $!; ioctl(S, 0x8914, $r) or die $!'`,
			Want: "cap_net_admin", Source: "netdevice(7); net/ipv4/devinet.c: devinet_ioctl"},
		{Name: "setting of the network", Command: "echo $(cat /proc/sys/net/ipv4/ip_forward) >/proc/sys/net/ipv4/ip_forward",
			Want: "cap_net_admin", Source: "net/sysctl_net.c: net_ctl_permissions, which does not audit"},
		{Name: "netfilter",
			// NETLINK_NETFILTER is 12. NFNL_MSG_ACCT_GET (7<<8|1) of what is not there: ENOENT, or EINVAL where there is no such subsystem.
			Command: `perl -e 'socket(S, 16, 3, 12) or die $!; send(S, pack("LSSLLCCn", 20, 7 << 8 | 1, 5, 1, 0, 2, 0, 0), 0) or die $!;
				recv(S, $r, 4096, 0); $e = unpack("x16l", $r); die "refused\n" if $e == -1'`,
			Want: "cap_net_admin", Source: "net/netfilter/nfnetlink.c: nfnetlink_rcv"},
	}
}
