/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hooks on cap_capable, one group for each backend. What they see goes to
 * four functions of the program that includes this:
 *
 *   ignored   says whether a check with this answer is not wanted.
 *   unwanted  says whether the check is not to be recorded, as soon and as cheaply
 *             as that can be known: all else is for few of the machine's checks.
 *   asked     says whether a check is to be recorded, and where it is made.
 *             sp is any address in the hook's own stack frame that is the
 *             same for every call that comes the same way.
 *   answered  records it.
 */
#ifndef CAPMON_HOOKS_H
#define CAPMON_HOOKS_H

#include "lost.h"
#include "way.h"

/* For a hook that sees question and answer at once. */
static __always_inline int on_check(void *ctx, struct question *q, int ret)
{
	struct site site = {};
	struct walk *w;

	q->own_frames = 2; /* the program, and what called it */
	if (ignored(ret) || unwanted(q))
		return 0;
	w = get_walk();
	if (!w)
		return 0;
	/* Read back from memory: the verifier forbids arithmetic on ctx. */
	*(void *volatile *)&w->sp = ctx;
	if (asked(ctx, *(volatile u64 *)&w->sp, q, &site))
		answered(q, &site, question_kind(q), ret);
	return 0;
}

SEC("tp_btf/cap_capable")
int BPF_PROG(cap_capable_tracepoint, const struct cred *cred,
	     struct user_namespace *target_ns,
	     const struct user_namespace *capable_ns, int cap, int ret)
{
	struct question q = { .cred = cred, .cap = cap };

	q.ns_level = target_ns->level;
	return on_check(ctx, &q, ret);
}

SEC("fexit/cap_capable")
int BPF_PROG(cap_capable_fexit, const struct cred *cred,
	     struct user_namespace *target_ns, int cap, unsigned int opts, int ret)
{
	struct question q = { .cred = cred, .cap = cap, .opts = opts,
			      .neighbours = true };

	q.ns_level = target_ns->level;
	return on_check(ctx, &q, ret);
}

/*
 * For kernels without fexit and before the tracepoint: one probe sees the
 * question, another the answer. They are paired by task and stack frame, so
 * that neither preemption nor a check within a check mixes them up; a
 * question whose answer was missed is lost when its frame is used again.
 */
struct frame {
	u64 task;
	u64 sp; /* at the first instruction of cap_capable */
};

struct pending {
	struct site site;
	u32 kind; /* question_kind() */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 12);
	__type(key, struct frame);
	__type(value, struct pending);
} pending SEC(".maps");

SEC("kprobe/cap_capable")
int BPF_KPROBE(cap_capable_entry, const struct cred *cred,
	       struct user_namespace *target_ns, int cap, unsigned int opts)
{
	struct frame frame = { .task = bpf_get_current_task(), .sp = PT_REGS_SP(ctx) };
	struct question q = { .cred = cred, .cap = cap, .opts = opts,
			      .neighbours = true };
	struct pending p = {};

	q.ns_level = BPF_CORE_READ(target_ns, level);
	q.own_frames = 1 + !!CALLER_IN_REGISTER(ctx);
	q.caller = CALLER_IN_REGISTER(ctx);
	if (unwanted(&q) || !asked(ctx, frame.sp, &q, &p.site))
		return 0;
	p.kind = question_kind(&q);
	if (bpf_map_lookup_elem(&pending, &frame))
		count_lost(LOST_CHECK);
	if (bpf_map_update_elem(&pending, &frame, &p, BPF_ANY))
		count_lost(LOST_CHECK);
	return 0;
}

SEC("kretprobe/cap_capable")
int BPF_KRETPROBE(cap_capable_return, int ret)
{
	struct frame frame = { .task = bpf_get_current_task() };
	struct question q = {};
	struct pending *p;

	frame.sp = PT_REGS_SP(ctx) - RETURN_ADDRESS_SIZE;
	p = bpf_map_lookup_elem(&pending, &frame);
	if (!p)
		return 0;
	if (!ignored(ret))
		answered(&q, &p->site, p->kind, ret);
	bpf_map_delete_elem(&pending, &frame);
	return 0;
}

#endif
