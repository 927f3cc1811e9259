//go:build ignore

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Watches the capability checks of the whole machine. Unlike the programs for
 * one command it has none on sys_exit, which would cost every system call of
 * every process; so what became of the call is not known.
 */

/* As many as there can be up to the function that asked. */
#define STACK_FRAMES 16

#include "monitor_filter.h"
#include "monitor_records.h"
#include "monitor_seen.h"
#include "way.h"

volatile const bool fold = true;

/* User space adds to it when it has changed places. */
volatile u32 generation = 1;

/* Too large for the stack of kernels before 5.13 together with the rest. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct place);
} new_place SEC(".maps");

static __always_inline void keep_place(const struct walk *w, const struct site *site)
{
	u32 zero = 0;
	struct place *p = bpf_map_lookup_elem(&new_place, &zero);

	if (!p)
		return;
	p->stack = w->stack;
	/* Without it the check has no function, which is shown. */
	bpf_map_update_elem(&places, site, p, BPF_NOEXIST);
}

static __always_inline u32 current_uid(void)
{
	struct task_struct *task;

	/* Not CURRENT: before 5.15 what it reads may not be followed by a load. */
	if (HAS_FUNC(task_pt_regs))
		return bpf_get_current_task_btf()->real_cred->euid.val;
	task = (void *)bpf_get_current_task();
	return BPF_CORE_READ(task, real_cred, euid.val);
}

static __always_inline void read_comm(struct seen_key *key)
{
	struct task_struct *task;

	if (HAS_FUNC(task_pt_regs)) {
		__builtin_memcpy(key->comm, bpf_get_current_task_btf()->group_leader->comm, COMM_LEN);
		return;
	}
	task = (void *)bpf_get_current_task();
	BPF_CORE_READ_INTO(&key->comm, task, group_leader, comm);
}

/* Finds the way, and what user space has made of its place. */
static __always_inline bool find_place(void *ctx, u64 sp, struct question *q,
				       struct site *site)
{
	struct walk *w = get_walk();
	struct place *place;
	struct way *way;
	u32 now = generation;

	if (!w)
		return true;
	way = recognize(w, sp, q, site);
	if (way) {
		site->path = way->site.path;
	} else {
		walk_way(ctx, q, w, site);
		way = remember(w, sp, q, site);
	}
	q->way = way;
	if (way && way->generation == now) {
		site->path = way->path;
		return !way->hidden;
	}
	place = bpf_map_lookup_elem(&places, site);
	if (!place)
		keep_place(w, site);
	else if (place->path)
		site->path = place->path;
	if (way) {
		way->path = site->path;
		way->hidden = place && place->hidden;
		way->generation = now;
	}
	return !place || !place->hidden;
}

static __always_inline bool unwanted(const struct question *q)
{
	return !wanted_check(q);
}

static __always_inline bool asked(void *ctx, u64 sp, struct question *q,
				  struct site *site)
{
	u32 tgid = current_process_id();

	if (!wanted_process(tgid, by_uid ? current_uid() : 0))
		return false;
	site->nr = syscall_number();
	site->compat = syscall_is_compat();
	site->cap = q->cap;
	if (q->neighbours && asked_by_neighbours(q->cap))
		note_seen(site->nr, q->cap);
	return find_place(ctx, sp, q, site);
}

static __always_inline bool ignored(int ret)
{
	return only_fail && !ret;
}

static __always_inline bool find_in_window(void *window, const struct seen_key *key)
{
	struct seen *known = bpf_map_lookup_elem(window, key);

	if (known)
		__sync_fetch_and_add(&known->count, 1);
	return known;
}

/* Counts a check that is the first of its kind in the window, or hands it over. */
static __always_inline void note_new(void *window, const struct seen_key *key)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct seen_record r = { .key = *key };

	r.seen.first = bpf_ktime_get_ns();
	r.seen.count = 1;
	r.seen.cgroup = bpf_get_current_cgroup_id();
	r.seen.ppid = process_id(BPF_CORE_READ(task, real_parent));
	/* No new entry: the window is full, or another thread of the process
	 * came first. */
	if (window && (!bpf_map_update_elem(window, &r.key, &r.seen, BPF_NOEXIST) ||
		       find_in_window(window, &r.key)))
		return;
	if (bpf_ringbuf_output(&ring, &r, sizeof(r), 0))
		count_lost(LOST_CHECK);
}

static __always_inline void answered(const struct question *q,
				     const struct site *site, u32 kind, int ret)
{
	struct seen_key key = {};
	void *window = 0;
	u32 now = turn, at = now & 1;

	key.tgid = current_process_id();
	key.uid = current_uid();
	key.flags = kind | (ret ? 0 : CHECK_PASS);
	key.site = *site;
	read_comm(&key);
	if (fold) {
		if (q->way && count_repeat(&q->way->last, now, &key, 1))
			return;
		window = bpf_map_lookup_elem(&windows, &at);
	}
	if (!window || !find_in_window(window, &key))
		note_new(window, &key);
	else if (q->way)
		begin_tally(&q->way->last, now, &key);
}

#include "hooks.h"
#include "inlined.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
