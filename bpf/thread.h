/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The threads of followed processes, each with the system call that it is in. */
#ifndef CAPMON_THREAD_H
#define CAPMON_THREAD_H

#include "records.h"
#include "syscall.h"

#define CALL_SLOTS 12

struct slot {
	u64 first;
	u32 path;
	u32 flags;
	u32 count;
	u32 cap;
	struct tallied last;
};

/*
 * A thread of a followed process, and the system call in which it makes
 * checks. They stay when it has returned: most calls are like the one before,
 * so that nothing has to be noted anew.
 */
struct thread {
	struct image_key image; /* start 0: to be looked up */
	u32 recording;
	u32 executed; /* in this call: when it is over, it is another image */
	s32 nr;
	/* 64 bits, or the compiler makes another register of them than the
	 * one whose bounds the verifier knows. */
	u64 used;  /* slots of this call */
	u64 known; /* slots of the call before, of the same image */
	u64 start; /* 0: not noted yet */
	char comm[COMM_LEN];
	struct slot slots[CALL_SLOTS + 1]; /* the last for one without room */
};

/* By task and not by thread id, which exec may change within the call. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u32);
	__type(value, struct thread);
} threads SEC(".maps");

/* For kernels before 6.2, where a look-up in task storage may fail. */
HASH(calls, u64, struct thread, 1 << 16);

static __always_inline bool in_task_storage(void)
{
	return HAS_FUNC(cgrp_storage_get);
}

/* The current thread. In task storage it is from the fork on, without from its
 * first check on. */
static __always_inline struct thread *current_thread(void)
{
	struct task_struct *task;
	u64 id;

	if (in_task_storage()) {
		task = bpf_get_current_task_btf();
		return task->bpf_storage ? bpf_task_storage_get(&threads, task, 0, 0) : 0;
	}
	id = bpf_get_current_task();
	return bpf_map_lookup_elem(&calls, &id);
}

/* A thread that could not be marked as followed. From then on every task
 * without storage has its thread group looked up. */
u32 unmarked;

static __always_inline void mark_thread(struct task_struct *task)
{
	if (in_task_storage() &&
	    !bpf_task_storage_get(&threads, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE))
		unmarked = 1;
}

#endif
