package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// host is what a daemon says of where it runs containers. podman has no daemon.
type host struct {
	// systemd: it lets systemd make the cgroups.
	systemd bool
	// ownNamespace: every container has a user namespace of its own.
	ownNamespace bool
}

// askHost asks the daemon. Its containers are followed only on this machine.
func (i *Image) askHost(ctx context.Context) (host, error) {
	if i.ByPodman() {
		return host{}, nil
	}
	text, failed := i.client.output(ctx, "info", "--format", "{{json .}}")
	var info struct {
		ServerErrors    []string
		CgroupDriver    string
		CgroupVersion   string
		KernelVersion   string
		Name            string
		SecurityOptions []string
	}
	if err := json.Unmarshal([]byte(text), &info); err != nil {
		if failed == nil {
			failed = err
		}
		return host{}, &DaemonError{i.Engine, failed.Error()}
	}
	switch {
	case len(info.ServerErrors) > 0:
		return host{}, &DaemonError{i.Engine, lastWords(strings.Join(info.ServerErrors, "\n"))}
	case failed != nil:
		return host{}, &DaemonError{i.Engine, failed.Error()}
	}
	if err := here(info.KernelVersion, info.Name); err != nil {
		return host{}, &DaemonError{i.Engine, err.Error()}
	}
	if info.CgroupVersion != "2" {
		return host{}, &DaemonError{i.Engine, "it uses cgroup v1, by which its containers cannot be followed"}
	}
	has := func(option string) bool {
		return slices.ContainsFunc(info.SecurityOptions, func(o string) bool { return o == option || strings.HasPrefix(o, option+",") })
	}
	if has("name=rootless") {
		return host{}, &DaemonError{i.Engine, "its daemon is a user's own, whose containers have other process ids and cannot be followed; a user's podman can (--podman and --user)"}
	}
	return host{systemd: info.CgroupDriver == "systemd", ownNamespace: has("name=userns")}, nil
}

// here says whether a daemon is one of this machine's kernel.
func here(kernel, name string) error {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return fmt.Errorf("read name of the kernel: %w", err)
	}
	if kernel != unix.ByteSliceToString(u.Release[:]) {
		return fmt.Errorf("its daemon is on another machine (%s, Linux %s), whose kernel capmon does not see", name, kernel)
	}
	return nil
}

// errNoCgroup2: the containers of a daemon are followed by their cgroup.
var errNoCgroup2 = errors.New("no cgroup v2 tree is mounted at /sys/fs/cgroup, by which the container could be followed")
