/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Checks that hooks on cap_capable do not see: it is inlined into those of its
 * neighbours in security/commoncap.c that call it themselves (on Debian's 6.1
 * and 6.12 into all of them; the tracepoint is inlined along with it). What
 * these ask for follows from what they were asked and answered. Left out is
 * cap_vm_enough_memory, whose answer decides nothing unless memory runs out.
 *
 * Besides what hooks.h asks of it, the program that includes this has:
 *
 *   concerned     says whether a check of the current task may be wanted.
 *   already_seen  says whether a hook on cap_capable saw the check, as on a
 *                 kernel where it is not inlined: that hook was first.
 */
#ifndef CAPMON_INLINED_H
#define CAPMON_INLINED_H

#include "hooks.h"

#define EPERM 1
#define PR_SET_SECUREBITS 28

static __always_inline bool raised(const struct cred *cred, int cap)
{
	u64 effective = 0;

	bpf_probe_read_kernel(&effective, sizeof(effective), &cred->cap_effective);
	return effective >> cap & 1;
}

static __always_inline int on_inlined(void *ctx, struct question *q, int ret)
{
	q->cred = CURRENT(cred);
	return already_seen(q->cap) ? 0 : on_check(ctx, q, ret);
}

/* SETPCAP in the task's own user namespace. */
static __always_inline int on_setpcap(void *ctx)
{
	const struct cred *cred = CURRENT(cred);
	struct question q = { .cap = CAP_SETPCAP };

	if (!concerned())
		return 0;
	q.ns_level = BPF_CORE_READ(cred, user_ns, level);
	return on_inlined(ctx, &q, raised(cred, CAP_SETPCAP) ? 0 : -EPERM);
}

/* Of what prctl(2) does, only this asks by cap_capable itself. */
static __always_inline int on_prctl(void *ctx)
{
	return concerned() && first_argument() == PR_SET_SECUREBITS ?
		       on_setpcap(ctx) : 0;
}

/* Nothing else makes it refuse an address. When the address is low and the
 * capability is there, the check goes unseen. */
static __always_inline int on_mmap_addr(void *ctx, int ret)
{
	struct question q = { .cap = CAP_SYS_RAWIO }; /* no namespace: the initial one */

	return ret && concerned() ? on_inlined(ctx, &q, ret) : 0;
}

/* Whether the inheritable set may be raised, it asks in any case. */
SEC("fexit/cap_capset")
int BPF_PROG(cap_capset_fexit)
{
	return on_setpcap(ctx);
}

SEC("fexit/cap_task_prctl")
int BPF_PROG(cap_task_prctl_fexit)
{
	return on_prctl(ctx);
}

SEC("fexit/cap_mmap_addr")
int BPF_PROG(cap_mmap_addr_fexit, unsigned long addr, int ret)
{
	return on_mmap_addr(ctx, ret);
}

SEC("kretprobe/cap_capset")
int BPF_KRETPROBE(cap_capset_return)
{
	return on_setpcap(ctx);
}

SEC("kretprobe/cap_task_prctl")
int BPF_KRETPROBE(cap_task_prctl_return)
{
	return on_prctl(ctx);
}

SEC("kretprobe/cap_mmap_addr")
int BPF_KRETPROBE(cap_mmap_addr_return, int ret)
{
	return on_mmap_addr(ctx, ret);
}

#endif
