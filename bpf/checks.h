/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A check waits in its task's call until the system call returns, since only
 * then is it known whether a refusal had an effect.
 */
#ifndef CAPMON_CHECKS_H
#define CAPMON_CHECKS_H

#include "arguments.h"
#include "tree.h"
#include "way.h"

#define MAX_ERRNO 4095 /* include/linux/err.h */
/* include/linux/sched.h */
#define PF_EXITING 0x4
#define PF_IO_WORKER 0x10
#define PF_USER_WORKER 0x4000

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct thread);
} new_threads SEC(".maps");

/*
 * What is done for few checks is in functions that the verifier looks at once,
 * and not again for each state in which they are called. For that they must be
 * global, and their arguments numbers: so they find the thread again, which the
 * caller has.
 */
static __always_inline struct thread *thread_again(void)
{
	u32 zero = 0;

	if (in_task_storage())
		return bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0, 0);
	/* One that ends is nowhere else, see new_thread(). */
	return current_thread() ?: bpf_map_lookup_elem(&new_threads, &zero);
}

static __always_inline bool exiting(void)
{
	return CURRENT(flags) & PF_EXITING;
}

static __always_inline bool add_to_known(const struct check_key *key, u32 count)
{
	struct check *known = bpf_map_lookup_elem(&checks, key);

	if (known)
		__sync_fetch_and_add(&known->count, count);
	return known;
}

static __always_inline void begin_call(struct thread *t)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	t->start = bpf_ktime_get_ns();
	BPF_CORE_READ_INTO(&t->comm, task, group_leader, comm);
}

static __always_inline void make_key(struct check_key *key, const struct thread *t,
				     const struct slot *slot, u32 flags, s64 ret)
{
	key->image = t->image;
	key->site.nr = t->nr;
	key->site.path = slot->path;
	key->site.cap = slot->cap;
	key->site.compat = !!(slot->flags & CHECK_COMPAT);
	key->flags = slot->flags | flags;
	key->error = ret < 0 && ret >= -MAX_ERRNO ? ret : 0;
}

__noinline int keep_new(u64 i, u32 flags, s64 ret)
{
	struct thread *t = thread_again();
	struct check_key key = {};
	struct check check = {};
	struct slot *slot;

	if (!t || i > CALL_SLOTS)
		return 0;
	slot = &t->slots[i];
	make_key(&key, t, slot, flags, ret);
	if (!t->start)
		begin_call(t);
	check.first = slot->first ?: t->start;
	check.call = t->start;
	check.count = slot->count;
	check.ret = ret;
	__builtin_memcpy(check.comm, t->comm, COMM_LEN);
	/* Another thread may have come first. */
	if (bpf_map_update_elem(&checks, &key, &check, BPF_NOEXIST) &&
	    !add_to_known(&key, slot->count))
		count_lost(LOST_CHECK);
	if (is_decisive(&key))
		keep_arguments(&key);
	return 0;
}

static __always_inline void keep(struct thread *t, u64 i, u32 flags, s64 ret)
{
	struct slot *slot = &t->slots[i];
	struct check_key key = {};
	u32 now = turn;

	make_key(&key, t, slot, flags, ret);
	if (count_repeat(&slot->last, now, &key, slot->count))
		return;
	if (add_to_known(&key, slot->count))
		begin_tally(&slot->last, now, &key);
	else
		keep_new(i, flags, ret);
}

/* The call is over: what it returned is the outcome of each of its checks. */
static __always_inline void finish_call(struct thread *t, u32 flags, s64 ret)
{
	for (u64 i = 0; i < CALL_SLOTS; i++) {
		if (i >= t->used)
			break;
		keep(t, i, flags, ret);
	}
	t->known = t->used;
	t->used = 0;
}

/* The call is over, and nobody will say what it returned. */
__noinline int abandon_call(void)
{
	struct thread *t = thread_again();

	if (t)
		finish_call(t, 0, 0);
	return 0;
}

/* Notes a check of the call that is under way. */
static __always_inline void add_check(struct thread *t, const struct slot *check)
{
	u64 at = t->used;
	struct slot *slot;

	for (u64 i = 0; i < CALL_SLOTS; i++) {
		if (i >= at)
			break;
		slot = &t->slots[i];
		if (slot->path == check->path && slot->cap == check->cap &&
		    slot->flags == check->flags) {
			slot->count++;
			return;
		}
	}
	if (at > CALL_SLOTS)
		return;
	t->slots[at] = *check;
	if (at < CALL_SLOTS)
		t->used = at + 1;
	else
		/* More kinds than slots: keep it now, as one whose call did
		 * not return, rather than not at all. */
		keep(t, CALL_SLOTS, 0, 0);
}

/* Notes a check that the call before did not make. */
__noinline int note_check(u32 path, u32 cap, u32 flags)
{
	struct slot check = { .path = path, .cap = cap, .flags = flags, .count = 1 };
	struct thread *t = thread_again();

	if (!t)
		return 0;
	check.first = bpf_ktime_get_ns();
	t->known = 0;
	if (!t->used || !t->start)
		begin_call(t);
	add_check(t, &check);
	return 0;
}

/* A call that makes the checks of the one before is not noted again. */
static __always_inline bool is_repeat(struct thread *t, u32 path, u32 cap, u32 flags)
{
	u64 i = t->used;
	struct slot *slot;

	if (i >= t->known || i >= CALL_SLOTS)
		return false;
	slot = &t->slots[i];
	if (slot->path != path || slot->cap != cap || slot->flags != flags)
		return false;
	if (!i)
		t->start = 0;
	slot->first = 0;
	slot->count = 1;
	t->used = i + 1;
	return true;
}

static __always_inline void record(struct thread *t, const struct site *site,
				   u32 kind, int ret)
{
	u32 flags = kind | (ret ? 0 : CHECK_PASS) | (site->compat ? CHECK_COMPAT : 0);

	if (t->nr != site->nr) {
		/* A call that was left without sys_exit, as by a kernel that
		 * takes over a thread (io_uring). */
		abandon_call();
		t->known = 0;
		t->nr = site->nr;
	}
	if (!is_repeat(t, site->path, site->cap, flags))
		note_check(site->path, site->cap, flags);
	/* A page fault does not end as a system call does, and what the next
	 * one returns is not its outcome. Nor does a call that exits end. */
	if (site->nr < 0 || exiting())
		abandon_call();
}

static __always_inline struct followed *current_followed(void)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	return bpf_map_lookup_elem(&followed, &tgid);
}

static __always_inline struct thread *new_thread(void)
{
	u64 id = bpf_get_current_task();
	u32 zero = 0;
	struct thread *t;

	if (in_task_storage())
		return bpf_task_storage_get(&threads, bpf_get_current_task_btf(), 0,
					    BPF_LOCAL_STORAGE_GET_F_CREATE);
	t = bpf_map_lookup_elem(&new_threads, &zero);
	if (!t)
		return 0;
	t->image.start = 0;
	t->used = 0;
	t->known = 0;
	/* Nobody would remove it. */
	if (exiting())
		return t;
	if (bpf_map_update_elem(&calls, &id, t, BPF_ANY))
		return 0;
	return bpf_map_lookup_elem(&calls, &id);
}

/* Whether the current task can be a thread of a followed process that was not
 * marked: a worker of the kernel's (io_uring) begins without a fork. */
static __always_inline bool can_be_followed(void)
{
	return !in_task_storage() || unmarked ||
	       CURRENT(flags) & (PF_IO_WORKER | PF_USER_WORKER);
}

/* Sets the current thread's image; 0 if its process is not followed. */
__noinline int find_image(void)
{
	struct followed *f = current_followed();
	struct thread *t;

	if (!f)
		return 0;
	/* In task storage, what is there is found by new_thread() too. */
	t = in_task_storage() ? 0 : current_thread();
	if (!t)
		t = new_thread();
	if (!t) {
		count_lost(LOST_CHECK);
		return 0;
	}
	t->image = f->image;
	t->recording = f->recording;
	return 1;
}

static __always_inline bool unwanted(struct question *q)
{
	q->thread = current_thread();
	return !q->thread && !can_be_followed();
}

/* The current thread, if it belongs to a followed process. */
static __always_inline struct thread *followed_thread(struct thread *t)
{
	if (t && t->image.start)
		return t;
	return find_image() ? thread_again() : 0;
}

/* Says by which way the check was reached, and keeps the stack of one that is
 * new. */
static __always_inline void find_way(void *ctx, u64 sp, const struct question *q,
				     struct site *site)
{
	struct walk *w = get_walk();
	struct way *way = w ? recognize(w, sp, q, site) : 0;

	if (way) {
		site->path = way->site.path;
		return;
	}
	if (!w || !walk_way(ctx, q, w, site) ||
	    (!bpf_map_lookup_elem(&stacks, site) &&
	     bpf_map_update_elem(&stacks, site, &w->stack, BPF_ANY))) {
		count_lost(LOST_DETAIL);
		return;
	}
	remember(w, sp, q, site);
}

static __always_inline bool ignored(int ret)
{
	return false;
}

static __always_inline bool asked(void *ctx, u64 sp, struct question *q,
				  struct site *site)
{
	struct thread *t = followed_thread(q->thread);

	if (!t)
		return false;
	site->nr = syscall_number();
	site->compat = syscall_is_compat();
	/* Asked anew, or the verifier would look at all that follows once for
	 * each number. */
	if (!t->recording && !is_exec(syscall_number(), syscall_is_compat()))
		return false;
	site->cap = q->cap;
	find_way(ctx, sp, q, site);
	q->thread = t;
	return true;
}

static __always_inline void answered(const struct question *q,
				     const struct site *site, u32 kind, int ret)
{
	struct thread *t = q->thread ?: followed_thread(current_thread());

	if (t)
		record(t, site, kind, ret);
}

static __always_inline bool concerned(void)
{
	return current_followed();
}

static __always_inline bool already_seen(u32 cap)
{
	struct thread *t = current_thread();

	if (!t)
		return false;
	for (u32 i = 0; i < CALL_SLOTS; i++) {
		if (i >= t->used)
			break;
		if (t->slots[i].cap == cap)
			return true;
	}
	return false;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret)
{
	struct thread *t = current_thread();

	if (!t)
		return 0;
	if (t->used)
		finish_call(t, CHECK_RETURNED, ret);
	if (t->executed) {
		t->executed = 0;
		t->image.start = 0;
		t->known = 0;
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct thread *t = current_thread();
	u64 id = (u64)task;

	if (t) {
		abandon_call();
		/* Others of its process may go on, or it was the last. */
		t->image.start = 0;
		if (!in_task_storage())
			bpf_map_delete_elem(&calls, &id);
	}
	end_image(task);
	return 0;
}

#endif
