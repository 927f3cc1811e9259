//go:build ignore

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Notes which process sent a signal to capmon: Go's runtime does not hand on
 * what sigaction(2) knows of it.
 */
#include "site.h"
#include "pid.h"

/* capmon's own id. */
volatile const u32 self;

struct sender {
	u32 pid;
	char comm[COMM_LEN];
};

/* The latest sender, by signal. */
HASH(senders, s32, struct sender, 64);

/* bpf2go makes a Go type of it. */
const struct sender *unused_sender __attribute__((unused));

SEC("tp_btf/signal_generate")
int BPF_PROG(on_signal, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	struct sender from = {};
	int code;

	if (process_id(task) != self)
		return 0;
	/* What the kernel itself sends has no siginfo, but a small number in its
	 * place (include/linux/sched/signal.h), or a positive si_code. */
	if (bpf_core_read(&code, sizeof(code), &info->si_code) || code > 0)
		return 0;
	from.pid = current_process_id();
	bpf_get_current_comm(from.comm, sizeof(from.comm));
	bpf_map_update_elem(&senders, &sig, &from, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
