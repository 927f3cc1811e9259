/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which sandbox the current task is in. */
#ifndef CAPMON_NAMESPACE_H
#define CAPMON_NAMESPACE_H

#include "pid.h"

/* The sandboxes, by the inode number of their pid namespace. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u8);
} sandboxes SEC(".maps");

/* The inode number of the sandbox's pid namespace, 0 outside of sandboxes. */
static __always_inline u32 current_sandbox(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	if (!pid)
		return 0;
	u32 level = BPF_CORE_READ(pid, level);
	void *number = (void *)pid + bpf_core_field_offset(struct pid, numbers);
	/* Nothing in the first namespace is in a sandbox. */
	for (u32 i = 1; i <= MAX_PID_NS_LEVEL && i <= level; i++) {
		number += bpf_core_type_size(struct upid);
		u32 inum = BPF_CORE_READ((struct upid *)number, ns, ns.inum);
		if (bpf_map_lookup_elem(&sandboxes, &inum))
			return inum;
	}
	return 0;
}

#endif
