package doctor

import (
	"bytes"
	"io/fs"
	"os"
)

// ContainerHelp says how to start a container in which capmon works; "" outside
// of containers. Each option is needed: the engines' seccomp filters allow
// bpf(2) and perf_event_open(2) only with CAP_BPF and CAP_PERFMON, and capmon
// cannot grant what it does not hold.
func ContainerHelp() string { return ThisMachine().containerHelp() }

func (m Machine) containerHelp() string {
	if !m.inContainer() {
		return ""
	}
	return "to trace, start the container with --cap-add=BPF --cap-add=PERFMON; to discover, with --privileged " +
		"(docker run --privileged IMAGE capmon discover '<cmd>'; podman takes the same)"
}

// inContainer: Docker and Podman leave a file, others a variable of the first
// process (systemd.io/CONTAINER_INTERFACE).
func (m Machine) inContainer() bool {
	if m.exists(".dockerenv") || m.exists("run/.containerenv") {
		return true
	}
	environ, err := fs.ReadFile(m.files, "proc/1/environ")
	return err == nil && (bytes.HasPrefix(environ, []byte("container=")) || bytes.Contains(environ, []byte("\x00container="))) ||
		os.Getenv("KUBERNETES_SERVICE_HOST") != ""
}
