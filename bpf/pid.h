/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ids by which the user knows processes: those of the pid namespace that
 * capmon is in. The kernel's own are those of the initial one.
 */
#ifndef CAPMON_PID_H
#define CAPMON_PID_H

#include "kernel.h"

#define MAX_PID_NS_LEVEL 32 /* include/linux/pid_namespace.h */

/* The inode number of capmon's pid namespace, or 0 for the initial one. */
volatile const u32 pid_namespace;

/* A thread's id; 0 where it is in no namespace below capmon's. */
static __always_inline u32 thread_id(struct task_struct *task)
{
	struct pid *pid;
	struct upid *number;
	u32 level;

	if (!pid_namespace)
		return BPF_CORE_READ(task, pid);
	pid = BPF_CORE_READ(task, thread_pid);
	level = BPF_CORE_READ(pid, level);
	number = (void *)pid + bpf_core_field_offset(struct pid, numbers);
	for (u32 i = 0; i < MAX_PID_NS_LEVEL + 1; i++) {
		if (i > level)
			break;
		if (BPF_CORE_READ(number, ns, ns.inum) == pid_namespace)
			return BPF_CORE_READ(number, nr);
		number = (void *)number + bpf_core_type_size(struct upid);
	}
	return 0;
}

/* The id of a thread's process. */
static __always_inline u32 process_id(struct task_struct *task)
{
	if (!pid_namespace)
		return BPF_CORE_READ(task, tgid);
	return thread_id(BPF_CORE_READ(task, group_leader));
}

static __always_inline u32 current_process_id(void)
{
	if (!pid_namespace)
		return bpf_get_current_pid_tgid() >> 32;
	return process_id((void *)bpf_get_current_task());
}

#endif
