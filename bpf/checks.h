/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A check waits in its task's call until the system call returns, since only
 * then is it known whether a refusal had an effect.
 */
#ifndef CAPMON_CHECKS_H
#define CAPMON_CHECKS_H

#include "syscall.h"
#include "tree.h"

#define CALL_SLOTS 12
#define MAX_ERRNO 4095 /* include/linux/err.h */

struct slot {
	u64 first;
	u32 path;
	u32 flags;
	u32 count;
	u32 cap;
};

/* One system call that made checks and has not yet returned. */
struct call {
	struct image_key image;
	u64 start;
	s32 nr;
	u32 used;
	char comm[COMM_LEN];
	struct slot slots[CALL_SLOTS];
};

/* By task and not by thread id, which exec may change within the call. */
HASH(calls, u64, struct call, 1 << 16);

/* Too large for the 512 bytes of a program's stack. */
struct scratch {
	struct call call;
	struct stack stack;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

static __always_inline struct scratch *get_scratch(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&scratch, &zero);
}

static __always_inline bool add_to_known(const struct check_key *key, u32 count)
{
	struct check *known = bpf_map_lookup_elem(&checks, key);

	if (known)
		__sync_fetch_and_add(&known->count, count);
	return known;
}

static __always_inline void keep(const struct call *call, const struct slot *slot,
				 u32 flags, s64 ret)
{
	struct check_key key = {};
	struct check check = {};

	key.image = call->image;
	key.site.nr = call->nr;
	key.site.path = slot->path;
	key.site.cap = slot->cap;
	key.site.compat = !!(slot->flags & CHECK_COMPAT);
	key.flags = slot->flags | flags;
	key.error = ret < 0 && ret >= -MAX_ERRNO ? ret : 0;
	if (add_to_known(&key, slot->count))
		return;
	check.first = slot->first;
	check.call = call->start;
	check.count = slot->count;
	check.ret = ret;
	__builtin_memcpy(check.comm, call->comm, COMM_LEN);
	/* Another thread may have come first. */
	if (bpf_map_update_elem(&checks, &key, &check, BPF_NOEXIST) &&
	    !add_to_known(&key, slot->count))
		count_lost(LOST_CHECK);
}

/* The call is over: what it returned is the outcome of each of its checks. */
static __always_inline void finish_call(struct task_struct *task, u32 flags,
					s64 ret)
{
	u64 id = (u64)task;
	struct call *call = bpf_map_lookup_elem(&calls, &id);

	if (!call)
		return;
	for (u32 i = 0; i < CALL_SLOTS; i++) {
		if (i >= call->used)
			break;
		keep(call, &call->slots[i], flags, ret);
	}
	bpf_map_delete_elem(&calls, &id);
}

static __always_inline struct call *current_call(struct task_struct *task,
						 const struct followed *f, s32 nr)
{
	u64 id = (u64)task;
	struct call *call = bpf_map_lookup_elem(&calls, &id);
	struct scratch *s = get_scratch();

	/* A call that was left without sys_exit, as by a kernel that takes
	 * over a thread (io_uring): nobody will say how it ended. */
	if (call && call->nr != nr) {
		finish_call(task, 0, 0);
		call = 0;
	}
	if (call)
		return call;
	if (!s)
		return 0;
	s->call.image = f->image;
	s->call.start = bpf_ktime_get_ns();
	s->call.nr = nr;
	s->call.used = 0;
	BPF_CORE_READ_INTO(&s->call.comm, task, group_leader, comm);
	if (bpf_map_update_elem(&calls, &id, &s->call, BPF_ANY))
		return 0;
	return bpf_map_lookup_elem(&calls, &id);
}

/* Walks the stack, says by which way the check was reached, and keeps the
 * stack of a way that is new. This takes 2 us, which only a followed process
 * pays: evidence must not be that of another way. */
static __always_inline void find_path(void *ctx, const struct question *q,
				      struct site *site)
{
	struct scratch *s = get_scratch();
	u64 hash = 0;
	long n;

	if (!s)
		return;
	n = walk_stack(ctx, q, &s->stack);
	if (n < 0)
		n = 0;
	s->stack.frames = n / sizeof(s->stack.ips[0]);
	for (u32 i = 0; i < STACK_FRAMES; i++) {
		if (i >= s->stack.frames)
			break;
		hash = (hash ^ s->stack.ips[i]) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 32;
	}
	site->path = hash;
	if (!bpf_map_lookup_elem(&stacks, site) &&
	    (!n || bpf_map_update_elem(&stacks, site, &s->stack, BPF_ANY)))
		count_lost(LOST_DETAIL);
}

static __always_inline void add_check(struct call *call, struct slot *check)
{
	struct slot *slot;

	for (u32 i = 0; i < CALL_SLOTS; i++) {
		slot = &call->slots[i];
		if (i >= call->used) {
			*slot = *check;
			call->used = i + 1;
			return;
		}
		if (slot->path == check->path && slot->cap == check->cap &&
		    slot->flags == check->flags) {
			slot->count++;
			return;
		}
	}
	/* More kinds than slots: keep it now, as one whose call did not
	 * return, rather than not at all. */
	keep(call, check, 0, 0);
}

/* Says where a check is made. False: the check is not to be recorded. */
static __always_inline bool find_site(void *ctx, struct task_struct *task,
				      const struct followed *f,
				      const struct question *q, struct site *site)
{
	site->nr = syscall_number(task);
	site->compat = syscall_is_compat(task);
	if (!f->recording && !is_exec(site->nr, site->compat))
		return false;
	site->cap = q->cap;
	find_path(ctx, q, site);
	return true;
}

static __always_inline void record(struct task_struct *task,
				   const struct followed *f,
				   const struct question *q,
				   const struct site *site, int ret)
{
	struct slot check = {};
	struct call *call;

	check.first = bpf_ktime_get_ns();
	check.path = site->path;
	check.cap = q->cap;
	check.count = 1;
	check.flags = check_kind(task, q, ret) |
		      (site->compat ? CHECK_COMPAT : 0);
	call = current_call(task, f, site->nr);
	if (call)
		add_check(call, &check);
	else
		count_lost(LOST_CHECK);
	/* A page fault does not end as a system call does, and what the next
	 * one returns is not its outcome. */
	if (site->nr < 0)
		finish_call(task, 0, 0);
}

static __always_inline struct followed *current_followed(void)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	return bpf_map_lookup_elem(&followed, &tgid);
}

static __always_inline bool ignored(int ret)
{
	return false;
}

static __always_inline bool asked(void *ctx, u64 sp, const struct question *q,
				  struct site *site)
{
	struct followed *f = current_followed();

	return f && find_site(ctx, (void *)bpf_get_current_task(), f, q, site);
}

static __always_inline void answered(const struct question *q,
				     const struct site *site, int ret)
{
	struct followed *f = current_followed();

	if (f)
		record((void *)bpf_get_current_task(), f, q, site, ret);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret)
{
	finish_call((void *)bpf_get_current_task(), CHECK_RETURNED, ret);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	finish_call(task, 0, 0);
	end_image(task);
	return 0;
}

#endif
