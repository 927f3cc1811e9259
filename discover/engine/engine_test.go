package engine

import (
	"archive/tar"
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capmon/capmon/caps"
	"github.com/capmon/capmon/trace"
)

func TestLastWords(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"Error: unknown flag: --x\nSee 'podman create --help'\n":                             "unknown flag: --x",
		"unknown flag: --x\nSee 'docker create --help'.\n":                                   "unknown flag: --x",
		"WARNING: no swap\nError response from daemon: No such container: x\n":               "No such container: x",
		"Error: No such image: x\n":                                                          "No such image: x",
		"docker: invalid reference format.\nRun 'docker create --help' for more information": "docker: invalid reference format",
	} {
		if got := lastWords(text); got != want {
			t.Errorf("lastWords(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestUnknownCapability(t *testing.T) {
	for text, want := range map[string]caps.Set{
		`invalid CapAdd: unknown capability: "CAP_PERFMON"`:           caps.NewSet(caps.Perfmon),
		`failed to add: "CAP_BPF": unknown capability`:                caps.NewSet(caps.BPF),
		`invalid reference format: repository name must be lowercase`: 0,
		`unknown flag: --cap-ad`:                                      0,
	} {
		if got := caps.Known(unknownCapability.FindStringSubmatch(text)); got != want {
			t.Errorf("in %q %q is unknown, want %q", text, got.Names(), want.Names())
		}
	}
}

func TestCheckOptions(t *testing.T) {
	for _, options := range [][]string{nil, {"--network=none"}, {"-v", "/a:/b"}, {"--volume", "/a:/b", "--user=0"}} {
		if err := CheckOptions(options); err != nil {
			t.Errorf("CheckOptions(%q): %v", options, err)
		}
	}
	for _, options := range [][]string{{"--cap-add=NET_RAW"}, {"--cap-drop", "ALL"}, {"--privileged"}, {"--rm"}, {"-d"}, {"--name=x"}, {"image"}, {"-t", "--"}} {
		if err := CheckOptions(options); err == nil {
			t.Errorf("CheckOptions(%q) passes them on", options)
		}
	}
}

func TestUserOfImage(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nweb:x:1000:1001::/:/bin/sh\n7:x:70:71::/:/bin/sh\n"
	for name, want := range map[string][2]uint32{"root": {0, 0}, "web": {1000, 1001}, "1000": {1000, 1001}, "5": {5, 0}, "7": {70, 71}} {
		uid, gid, err := inPasswd(passwd, name)
		if err != nil || uid != want[0] || gid != want[1] {
			t.Errorf("inPasswd(%q) = %d, %d, %v, want %v", name, uid, gid, err, want)
		}
	}
	if _, _, err := inPasswd(passwd, "nobody"); err == nil {
		t.Error("a user was found that the image lacks")
	}
	const group = "root:x:0:\nweb:x:1001:a,b\n"
	for name, want := range map[string]uint32{"root": 0, "web": 1001, "9": 9} {
		if gid, err := inGroup(group, name); err != nil || gid != want {
			t.Errorf("inGroup(%q) = %d, %v, want %d", name, gid, err, want)
		}
	}
	if _, err := inGroup(group, "nogroup"); err == nil {
		t.Error("a group was found that the image lacks")
	}
}

func TestCgroupOf(t *testing.T) {
	for _, c := range []struct {
		parent  string
		systemd bool
		want    string
	}{
		{"", true, "/sys/fs/cgroup/system.slice/docker-ID.scope"},
		{"a-b.slice", true, "/sys/fs/cgroup/a.slice/a-b.slice/docker-ID.scope"},
		{"", false, "/sys/fs/cgroup/docker/ID"},
		{"/mine", false, "/sys/fs/cgroup/mine/ID"},
	} {
		if got := cgroupOf("ID", c.parent, c.systemd); got != c.want {
			t.Errorf("cgroupOf(%q, systemd %v) = %s, want %s", c.parent, c.systemd, got, c.want)
		}
	}
}

// The layout is that of struct vfs_cap_data in linux/capability.h, as setcap(8)
// writes it: little-endian words.
func TestFileCapabilities(t *testing.T) {
	got := fileCapabilities(caps.NewSet(caps.NetBindService, caps.BPF))
	want := []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0}
	if !bytes.Equal(got, want) {
		t.Errorf("got % x, want % x", got, want)
	}
	// What a tar archive cannot carry would be lost on the way.
	w := tar.NewWriter(new(bytes.Buffer))
	header := &tar.Header{Name: "x", Format: tar.FormatPAX, PAXRecords: map[string]string{"SCHILY.xattr.security.capability": string(got)}}
	if err := w.WriteHeader(header); err != nil {
		t.Error(err)
	}
}

// Of what is seen in a cgroup counts what the first process is and starts: not
// runc, which has a copy of itself in memory there, and not what was executed
// from outside.
func TestOnly(t *testing.T) {
	image := func(pid, parent int, exe string) trace.Image {
		return trace.Image{Process: trace.Process{PID: pid, Exe: exe}, Parent: parent}
	}
	const runc = "/memfd:runc_cloned:/proc/self/exe (deleted)"
	seen := trace.Trace{Lost: 1, Images: []trace.Image{
		image(10, -1, runc), image(11, 0, runc), image(12, 1, runc), image(12, 2, "/bin/web"), image(13, 3, "/bin/web"),
		image(20, -1, runc), image(21, 5, runc), image(21, 6, "/bin/sh"), image(22, 7, "/bin/test"),
	}}
	for i := range seen.Images {
		seen.Checks = append(seen.Checks, trace.Check{Image: i, Count: uint64(i)})
	}
	want := trace.Trace{Lost: 1, Images: []trace.Image{image(12, -1, "/bin/web"), image(13, 0, "/bin/web")},
		Checks: []trace.Check{{Image: 0, Count: 3}, {Image: 1, Count: 4}}}
	if diff := cmp.Diff(want, (&Run{cgroup: "x", pid: 12}).Only(seen)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(seen, (&Run{pid: 12}).Only(seen)); diff != "" {
		t.Errorf("without a cgroup nothing else is seen: %s", diff)
	}
}
