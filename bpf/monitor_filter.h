/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which checks the monitor wants. Several values of one kind are
 * alternatives, the kinds must all agree. The constants are set before the
 * load, so that a filter which is not used costs nothing.
 */
#ifndef CAPMON_MONITOR_FILTER_H
#define CAPMON_MONITOR_FILTER_H

#include "lost.h"
#include "pid.h"
#include "site.h"

#define MAX_CGROUPS 16

volatile const u64 cap_mask = -1; /* bit N stands for capability N */
volatile const u32 own_tgid;      /* as process_id(); never to be seen */
volatile const u32 cgroup_count;
volatile const bool by_pid, by_tree, by_uid;
volatile const bool only_fail;
volatile const bool unaudited;       /* also what is not audited */
volatile const bool any_namespace;   /* also against other user namespaces */

HASH(pids, u32, u8, 1 << 10);
HASH(uids, u32, u8, 1 << 10);
HASH(tree, u32, u8, 1 << 16); /* thread groups */

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, MAX_CGROUPS);
	__type(key, u32);
	__type(value, u32);
} cgroups SEC(".maps");

static __always_inline bool wanted_cgroup(void)
{
	for (u32 i = 0; i < MAX_CGROUPS; i++) {
		if (i >= cgroup_count)
			break;
		if (bpf_current_task_under_cgroup(&cgroups, i) == 1)
			return true;
	}
	return false;
}

static __always_inline bool wanted_process(u32 tgid, u32 uid)
{
	return tgid != own_tgid && (tgid || !pid_namespace) &&
	       (!by_pid || bpf_map_lookup_elem(&pids, &tgid)) &&
	       (!by_tree || bpf_map_lookup_elem(&tree, &tgid)) &&
	       (!by_uid || bpf_map_lookup_elem(&uids, &uid)) &&
	       (!cgroup_count || wanted_cgroup());
}

static __always_inline bool wanted_check(const struct question *q)
{
	return (cap_mask >> (q->cap & 63)) & 1 &&
	       (unaudited || !(q->opts & CAP_OPT_NOAUDIT)) &&
	       (any_namespace || !q->ns_level);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(tree_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 tgid = process_id(parent), child_tgid = process_id(child);
	u8 one = 1;

	if (tgid == child_tgid || !bpf_map_lookup_elem(&tree, &tgid))
		return 0;
	if (bpf_map_update_elem(&tree, &child_tgid, &one, BPF_ANY))
		count_lost(LOST_PROCESS);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(tree_exit, struct task_struct *task)
{
	u32 tgid = process_id(task);

	if (BPF_CORE_READ(task, signal, live.counter) == 0)
		bpf_map_delete_elem(&tree, &tgid);
	return 0;
}

#endif
