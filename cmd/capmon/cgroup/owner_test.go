package cgroup

import (
	"strings"
	"testing"
)

const (
	anID  = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	other = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
)

// The paths are those that systemd, docker, podman, containerd, CRI-O and the
// kubelet with both of its cgroup drivers make.
func TestOwnerOf(t *testing.T) {
	const uid = "0a1b2c3d-1111-2222-3333-444455556666"
	sliced := strings.ReplaceAll(uid, "-", "_")
	tests := []struct {
		path string
		want Owner
	}{
		{"", Owner{}},
		{"/", Owner{}},
		{"/init.scope", Owner{Unit: "init.scope"}},
		{"/system.slice/nginx.service", Owner{Unit: "nginx.service"}},
		{"/system.slice/system-getty.slice/getty@tty1.service", Owner{Unit: "getty@tty1.service"}},
		{"/system.slice/run-u12.scope", Owner{Unit: "run-u12.scope"}},
		{"/system.slice/nginx.service/workers", Owner{Unit: "nginx.service"}},
		{"/user.slice/user-1000.slice/session-3.scope", Owner{}},
		{"/user.slice/user-1000.slice/session-c12.scope", Owner{}},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service", Owner{Unit: "user@1000.service"}},
		{"/system.slice/docker-" + anID + ".scope", Owner{Container: anID}},
		{"/docker/" + anID, Owner{Container: anID}},
		{"/machine.slice/libpod-" + anID + ".scope/container", Owner{Container: anID}},
		{"/machine.slice/libpod-conmon-" + anID + ".scope", Owner{}},
		{"/system.slice/web.service/libpod-payload-" + anID, Owner{Unit: "web.service", Container: anID}},
		{"/system.slice/web.service/runtime", Owner{Unit: "web.service"}},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + sliced + ".slice/cri-containerd-" + anID + ".scope",
			Owner{Container: anID, Pod: uid}},
		{"/kubepods.slice/kubepods-pod" + sliced + ".slice/crio-" + anID + ".scope", Owner{Container: anID, Pod: uid}},
		{"/kubepods.slice/kubepods-pod" + sliced + ".slice/crio-conmon-" + anID + ".scope", Owner{Pod: uid}},
		{"/kubepods/burstable/pod" + uid + "/" + anID, Owner{Container: anID, Pod: uid}},
		{"/kubepods/besteffort/pod" + uid, Owner{Pod: uid}},
		{"/kubepods/pod0123456789abcdef0123456789abcdef/" + anID, Owner{Container: anID, Pod: "0123456789abcdef0123456789abcdef"}},
		{"/system.slice/containerd.service/kubepods-burstable-pod" + sliced + ".slice:cri-containerd:" + anID,
			Owner{Unit: "containerd.service", Container: anID, Pod: uid}},
		// A unit of the container's own manager says nothing of the machine.
		{"/system.slice/docker-" + anID + ".scope/system.slice/nginx.service", Owner{Container: anID}},
		// A node in a container, as kind has it: the container in it counts.
		{"/docker/" + other + "/kubelet.slice/kubelet-kubepods.slice/cri-containerd-" + anID + ".scope", Owner{Container: anID}},
		{"/system.slice/podman.service", Owner{Unit: "podman.service"}},
		{"/system.slice/.service", Owner{}},
		{"/x/abc", Owner{}},
	}
	for _, tt := range tests {
		if got := OwnerOf(tt.path); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.path, got, tt.want)
		}
	}
}

func FuzzOwnerOf(f *testing.F) {
	f.Add("/system.slice/docker-" + anID + ".scope")
	f.Add("/kubepods/burstable/pod0a1b2c3d-1111-2222-3333-444455556666/" + anID)
	f.Fuzz(func(t *testing.T, path string) {
		o := OwnerOf(path)
		if o.Container != "" && len(o.Container) != 64 {
			t.Errorf("%q: a container %q", path, o.Container)
		}
		if strings.Contains(o.Unit, "/") || !strings.Contains(path, o.Unit) {
			t.Errorf("%q: a unit %q", path, o.Unit)
		}
	})
}
