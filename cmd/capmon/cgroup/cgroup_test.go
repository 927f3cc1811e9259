package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFindContainer(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{
		"system.slice/docker-1a2b3c4d.scope/init.scope",
		"kubepods.slice/kubepods-pod77aa_11.slice/cri-containerd-77bb99.scope",
		"machine.slice/libpod-99aa00.scope/container",
		"machine.slice/libpod-conmon-99aa00.scope",
		"docker/5e6f7a8b",
		"docker/5e6fffff",
		"user.slice/user-1000.slice",
	} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ id, want, err string }{
		{id: "1a2b", want: "system.slice/docker-1a2b3c4d.scope"},
		{id: "1a2b3c4d", want: "system.slice/docker-1a2b3c4d.scope"},
		{id: "77bb", want: "kubepods.slice/kubepods-pod77aa_11.slice/cri-containerd-77bb99.scope"},
		{id: "99", want: "machine.slice/libpod-99aa00.scope"},
		{id: "5e6f7", want: "docker/5e6f7a8b"},
		{id: "5e6f", err: `2 containers have an id that begins with "5e6f" (5e6f7a8b, 5e6fffff): give more of it`},
		{id: "a2b3", err: `no container whose id begins with "a2b3"`},
		{id: "", err: `"" is not the id of a container`},
		{id: "../docker", err: "is not the id of a container"},
	}
	for _, tt := range tests {
		got, err := FindContainer(root, tt.id)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q: error %v, want %q", tt.id, err, tt.err)
			}
			continue
		}
		if err != nil || got != filepath.Join(root, tt.want) {
			t.Errorf("%q: %q, %v, want %q", tt.id, got, err, tt.want)
		}
	}
}

func TestCgroupMount(t *testing.T) {
	const v1 = "29 23 0:26 / /sys/fs/cgroup/cpu rw,nosuid shared:9 - cgroup cgroup rw,cpu\n"
	tests := []struct{ mounts, want string }{
		{v1 + "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup/unified"},
		{`41 31 0:38 / /a\040b rw shared:4 master:1 - cgroup2 none rw` + "\n", "/a b"},
		{v1, ""},
	}
	for _, tt := range tests {
		got, err := Mount(strings.NewReader(tt.mounts))
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q: %q, %v, want %q", tt.mounts, got, err, tt.want)
		}
	}
}
