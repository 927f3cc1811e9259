/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* System calls that failed for the sandbox, or may have. */
#ifndef CAPMON_HINDRANCE_H
#define CAPMON_HINDRANCE_H

#include "namespace.h"
#include "syscall.h"

enum {
	EPERM = 1,
	ENOENT = 2,
	ENXIO = 6,
	EACCES = 13,
	ENODEV = 19,
	EROFS = 30,
	EOPNOTSUPP = 95,
};

struct hindrance {
	u32 sandbox;
	s32 error;
	s32 syscall;
	char comm[16];
	/* The first two arguments, where they are text. */
	char first[128];
	char second[128];
};


/* Puts the type, which no map has, among those that bpf2go reads. */
const struct hindrance *hindrance_type __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 << 10);
} hindrances SEC(".maps");

#if defined(__TARGET_ARCH_x86)
#define ARGUMENT_2(regs) BPF_CORE_READ(regs, si)
#elif defined(__TARGET_ARCH_arm64)
#define ARGUMENT_2(regs) BPF_CORE_READ((struct user_pt_regs *)regs, regs[1])
#endif

/* Whether a path begins with /dev/. */
static __always_inline bool in_dev(const char *path)
{
	return path[0] == '/' && path[1] == 'd' && path[2] == 'e' &&
	       path[3] == 'v' && path[4] == '/';
}

SEC("tp_btf/sys_exit")
int BPF_PROG(see_hindrance, struct pt_regs *regs, long ret)
{
	if (ret != -EROFS && ret != -EOPNOTSUPP && ret != -ENOENT &&
	    ret != -ENXIO && ret != -EACCES && ret != -EPERM && ret != -ENODEV)
		return 0;
	u32 sandbox = current_sandbox();
	if (!sandbox || syscall_is_compat())
		return 0;
	struct hindrance *h = bpf_ringbuf_reserve(&hindrances, sizeof(*h), 0);
	if (!h)
		return 0;
	h->sandbox = sandbox;
	h->error = -ret;
	h->syscall = syscall_number();
	bpf_get_current_comm(h->comm, sizeof(h->comm));
	if (bpf_probe_read_user_str(h->first, sizeof(h->first), (void *)first_argument()) < 0)
		h->first[0] = 0;
	if (bpf_probe_read_user_str(h->second, sizeof(h->second), (void *)ARGUMENT_2(regs)) < 0)
		h->second[0] = 0;
	if (ret == -EROFS || ret == -EOPNOTSUPP || in_dev(h->first) || in_dev(h->second))
		bpf_ringbuf_submit(h, 0);
	else
		bpf_ringbuf_discard(h, 0);
	return 0;
}

#endif
