package unit

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/capmon/capmon/caps/account"
)

// System is this machine, as its system manager sees it. What cannot be read
// is empty, as systemd has it before the machine is set up.
func System() Host {
	host := machine()
	host.User, host.Group, host.Home, host.Shell = "root", "root", "/root", "/bin/sh"
	if root, err := account.Lookup("0"); err == nil {
		host.User, host.Group = root.Name, root.GroupName
		host.Home, host.Shell = fallback(root.Home, host.Home), fallback(root.Shell, host.Shell)
	}
	host.Runtime, host.State, host.Cache, host.Logs, host.Configuration = "/run", "/var/lib", "/var/cache", "/var/log", "/etc"
	return host
}

// OfUser is this machine, as the manager of a user sees it, with the
// environment of that manager.
func OfUser(id account.Identity, getenv func(string) string) Host {
	host := machine()
	host.User, host.Group, host.UID, host.GID, host.Home, host.Shell = id.Name, id.GroupName, id.UID, id.GID, id.Home, id.Shell
	host.Runtime = getenv("XDG_RUNTIME_DIR")
	host.Configuration = fallback(getenv("XDG_CONFIG_HOME"), id.Home+"/.config")
	host.Cache = fallback(getenv("XDG_CACHE_HOME"), id.Home+"/.cache")
	host.State = fallback(getenv("XDG_STATE_HOME"), id.Home+"/.local/state")
	host.Logs = host.State + "/log"
	return host
}

func machine() Host {
	var uname unix.Utsname
	// Cannot fail with a good pointer.
	_ = unix.Uname(&uname)
	return Host{
		HostName:      unix.ByteSliceToString(uname.Nodename[:]),
		KernelRelease: unix.ByteSliceToString(uname.Release[:]),
		Architecture:  architecture(),
		MachineID:     firstLine("/etc/machine-id"),
		BootID:        strings.ReplaceAll(firstLine("/proc/sys/kernel/random/boot_id"), "-", ""),
		OS:            osRelease(),
		Temporary:     "/tmp", LargeTemporary: "/var/tmp",
	}
}

// architecture is systemd's name for it.
func architecture() string {
	names := map[string]string{"amd64": "x86-64", "386": "x86", "ppc64le": "ppc64-le", "arm64": "arm64", "riscv64": "riscv64"}
	return fallback(names[runtime.GOARCH], runtime.GOARCH)
}

func firstLine(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(line)
}

// osRelease reads os-release(5), which has the form of an environment file.
func osRelease() map[string]string {
	fields := map[string]string{}
	for _, file := range []string{"/etc/os-release", "/usr/lib/os-release"} {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for _, variable := range parseEnvironmentFile(string(text)) {
			name, value, _ := strings.Cut(variable, "=")
			fields[name] = value
		}
		break
	}
	return fields
}
