package trace

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestErrnoAndDecisive(t *testing.T) {
	netlink := []string{"cap_capable", "rtnetlink_rcv_msg", "netlink_rcv_skb"}
	for _, c := range []struct {
		check    Check
		errno    unix.Errno
		decisive bool
	}{
		{Check{Verdict: Fail, Returned: true, Return: -1}, unix.EPERM, true},
		{Check{Verdict: Fail, Returned: true, Return: -13}, unix.EACCES, true},
		{Check{Verdict: Fail, Returned: true, Return: -2}, unix.ENOENT, false},
		{Check{Verdict: Fail, Returned: true}, 0, false},
		{Check{Verdict: Fail, Returned: true, Return: 1 << 46}, 0, false},
		{Check{Verdict: Fail, Returned: true, Return: -5000}, 0, false},
		{Check{Verdict: Fail, Return: -1}, 0, false},
		{Check{Verdict: Pass, Returned: true, Return: -1}, unix.EPERM, false},
		{Check{Verdict: Fail, Returned: true, Stack: netlink}, 0, true},
		{Check{Verdict: Pass, Returned: true, Stack: netlink}, 0, false},
	} {
		if c.check.Errno() != c.errno || c.check.Decisive() != c.decisive {
			t.Errorf("%+v: errno %v, decisive %v", c.check, c.check.Errno(), c.check.Decisive())
		}
	}
}
