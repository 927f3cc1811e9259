// A module of its own, as that of any other program that uses capmon.
module example.com/example

go 1.26.0

require github.com/capmon/capmon v0.0.0

require (
	al.essio.dev/pkg/shellescape v1.6.1 // indirect
	github.com/cilium/ebpf v0.22.0 // indirect
	github.com/coreos/go-systemd/v22 v22.7.0 // indirect
	github.com/elastic/go-seccomp-bpf v1.6.0 // indirect
	github.com/moby/sys/mountinfo v0.7.3 // indirect
	go.yaml.in/yaml/v3 v3.0.6 // indirect
	golang.org/x/sys v0.50.0 // indirect
	kernel.org/pub/linux/libs/security/libcap/cap v1.2.78 // indirect
	kernel.org/pub/linux/libs/security/libcap/psx v1.2.78 // indirect
)

replace github.com/capmon/capmon => ../..
