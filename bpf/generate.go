// Package bpf holds capmon's eBPF programs, compiled and embedded.
//
// The packages below trace load them; what is exported here is made by bpf2go,
// and changes with the programs.
//
//	spec, err := bpf.LoadCommand()
package bpf

//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -cc clang-14 -strip llvm-strip-14 -cflags "-O2 -g -Wall -Wextra -Wno-unused-parameter -Werror" -target amd64,arm64 -no-global-types -type image_key -type exe_key -type image -type exe -type site -type stack -type check_key -type check -type check_flags -type lost_kind -type arming -type arguments -type tallies Command command.c
//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -cc clang-14 -strip llvm-strip-14 -cflags "-O2 -g -Wall -Wextra -Wno-unused-parameter -Werror" -target amd64,arm64 -no-global-types -type site -type stack -type seen_key -type seen -type seen_record -type place -type check_flags -type lost_kind Monitor monitor.c
//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -cc clang-14 -strip llvm-strip-14 -cflags "-O2 -g -Wall -Wextra -Wno-unused-parameter -Werror" -target amd64,arm64 -no-global-types -type addresses Names names.c
//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -cc clang-14 -strip llvm-strip-14 -cflags "-O2 -g -Wall -Wextra -Wno-unused-parameter -Werror" -target amd64,arm64 -no-global-types -type device -type hindrance Sandbox sandbox.c
//go:generate go run github.com/cilium/ebpf/cmd/bpf2go -cc clang-14 -strip llvm-strip-14 -cflags "-O2 -g -Wall -Wextra -Wno-unused-parameter -Werror" -target amd64,arm64 -no-global-types -type sender Signal signal.c
