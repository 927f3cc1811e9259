package sandbox

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

func parseMount(t *testing.T, line string) mount {
	t.Helper()
	infos, err := mountinfo.GetMountsFromReader(strings.NewReader(line), nil)
	if err != nil || len(infos) != 1 {
		t.Fatalf("%q: %v, %v", line, infos, err)
	}
	return newMount(infos[0])
}

func TestNewMount(t *testing.T) {
	got := parseMount(t, `36 35 98:0 /sub\040dir /mnt/a\134b\011c rw,nosuid,noatime shared:7 master:1 - ext4 /dev/sda1 ro,errors=continue`+"\n")
	want := mount{
		id: 36, parent: 35, root: "/sub dir", point: "/mnt/a\\b\tc",
		flags: unix.MS_NOSUID | unix.MS_NOATIME, fstype: "ext4", super: []string{"ro", "errors=continue"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mount{})); diff != "" {
		t.Error(diff)
	}
	if got.writable() {
		t.Error("writable on a file system that is read-only")
	}
}

func TestVisible(t *testing.T) {
	for _, test := range []struct {
		name string
		// mounts are "ID PARENT POINT", in any order.
		mounts, want string
	}{
		{"a tree", "3 2 /a/b; 1 0 /; 2 1 /a", "1 2 3"},
		{"a root below another", "1 1 /; 2 1 /; 3 2 /a", "2 3"},
		{"one over the other", "1 0 /; 2 1 /a; 3 2 /a; 4 2 /a/b; 5 3 /a/c", "1 3 5"},
		{"over a directory above", "1 0 /; 2 1 /a/b; 3 2 /a/b/c; 4 1 /a", "1 4"},
		{"similar names", "1 0 /; 2 1 /a; 3 1 /ab", "1 2 3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mounts []mount
			for text := range strings.SplitSeq(test.mounts, "; ") {
				f := strings.Fields(text)
				mounts = append(mounts, parseMount(t, f[0]+" "+f[1]+" 0:1 / "+f[2]+" rw - tmpfs tmpfs rw"))
			}
			list, err := visible(mounts)
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, m := range list {
				ids = append(ids, string(rune('0'+m.id)))
			}
			if got := strings.Join(ids, " "); got != test.want {
				t.Errorf("visible: %s, want %s", got, test.want)
			}
		})
	}
	if _, err := visible([]mount{{id: 1, point: "/a"}}); err == nil {
		t.Error("no error where the root is no mount point")
	}
}

func TestKindOf(t *testing.T) {
	for _, test := range []struct {
		fstype, root string
		net          bool
		want         fsKind
	}{
		{"ext4", "/", false, overlaid},
		{"tmpfs", "/sub", false, overlaid},
		{"nfs4", "/", false, overlaid},
		{"devtmpfs", "/", false, leftOut},
		{"devpts", "/", false, leftOut},
		{"proc", "/", false, anew},
		{"proc", "/sys", false, leftOut},
		{"sysfs", "/", false, shared},
		{"sysfs", "/", true, anew},
		{"mqueue", "/", false, anew},
		{"cgroup2", "/", true, shared},
		{"nsfs", "net:[4026532000]", true, shared},
		{"autofs", "/", false, leftOut},
	} {
		if got := kindOf(mount{fstype: test.fstype, root: test.root}, Options{Net: test.net}); got != test.want {
			t.Errorf("kindOf(%s %s, net %v) = %d, want %d", test.fstype, test.root, test.net, got, test.want)
		}
	}
}
