/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which processes belong to an attempt. They are followed by thread group: a
 * thread shares it, and exec from a thread that is not the leader keeps it
 * while that thread's own id changes.
 */
#ifndef CAPMON_TREE_H
#define CAPMON_TREE_H

#include "exe.h"
#include "pid.h"
#include "records.h"
#include "thread.h"

/*
 * For each pointer of the kernel's types that is followed by a load, the kernel
 * goes through all of them, a millisecond at each load of the program. So what
 * runs rarely follows them by a helper (BPF_CORE_READ).
 */
#define SIGNAL_GROUP_EXIT 4 /* include/linux/sched/signal.h */

struct followed {
	struct image_key image;
	u32 recording; /* not before the command's own exec */
	u32 skip;      /* execs that are not the command's own yet */
};

struct arming {
	u32 attempt;
	u32 skip;
};

HASH(armed, u32, struct arming, 64);    /* launching thread_id() -> attempt */
HASH(awaited, u32, u32, 64);            /* process_id() that will exec -> attempt */
HASH(awaited_cgroups, u64, u32, 64);    /* cgroup id -> attempt */
HASH(followed, u32, struct followed, 1 << 16); /* thread group -> image */

static __always_inline void add_image(const struct image_key *key,
				      const struct image *image)
{
	if (bpf_map_update_elem(&images, key, image, BPF_ANY))
		count_lost(LOST_PROCESS);
}

static __always_inline void follow(u32 tgid, const struct followed *f)
{
	if (bpf_map_update_elem(&followed, &tgid, f, BPF_ANY))
		count_lost(LOST_PROCESS);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	u32 tgid = parent->tgid, child_tgid = child->tgid, tid;
	struct followed f = {};
	struct image image = {};
	struct followed *pf;
	struct image *pi;
	struct arming *arming;

	if (tgid == child_tgid) {
		if (current_thread())
			mark_thread(child);
		return 0;
	}
	pf = bpf_map_lookup_elem(&followed, &tgid);
	if (pf) {
		f = *pf;
		image.parent = pf->image;
		pi = bpf_map_lookup_elem(&images, &pf->image);
		if (pi)
			image.exe = pi->exe;
	} else {
		tid = thread_id(parent);
		arming = bpf_map_lookup_elem(&armed, &tid);
		if (!arming)
			return 0;
		f.image.attempt = arming->attempt;
		f.skip = arming->skip;
	}
	f.image.tgid = child_tgid;
	f.image.start = bpf_ktime_get_ns();
	image.pid = process_id(child);
	image.ppid = process_id(BPF_CORE_READ(child, real_parent));
	__builtin_memcpy(image.comm, child->comm, COMM_LEN);
	add_image(&f.image, &image);
	follow(child_tgid, &f);
	mark_thread(child);
	return 0;
}

#define CGROUP_DEPTH 8

/* systemd since 255 sets a service up in a program of this name, which
 * executes the service's own (systemd's src/core/executor.c). */
static __always_inline bool is_executor(struct linux_binprm *bprm)
{
	static const char executor[] = "systemd-executor";
	char name[sizeof(executor)];
	struct dentry *dentry = BPF_CORE_READ(bprm, file, f_path.dentry);

	if (bpf_probe_read_kernel_str(name, sizeof(name),
				      BPF_CORE_READ(dentry, d_name.name)) != sizeof(name))
		return false;
	for (u32 i = 0; i < sizeof(name); i++)
		if (name[i] != executor[i])
			return false;
	return true;
}

/* The id of the current process's cgroup at that level, 0 if it is not so deep. */
static __always_inline u64 cgroup_at(struct task_struct *task, int level)
{
	struct cgroup *cgroup;
	u64 id = 0;

	/* For programs on tracepoints since 5.15. */
	if (HAS_FUNC(task_pt_regs))
		return bpf_get_current_ancestor_cgroup_id(level);
	cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp);
	if (level <= BPF_CORE_READ(cgroup, level))
		bpf_probe_read_kernel(&id, sizeof(id), cgroup->ancestor_ids + level);
	return id;
}

/* The attempt that waits for this process, or one of its cgroup, to execute
 * something. */
static __always_inline u32 *awaiting_attempt(struct task_struct *task)
{
	u32 pid = process_id(task), *attempt;
	u64 cgroup;

	attempt = bpf_map_lookup_elem(&awaited, &pid);
	for (int level = 1; !attempt && level <= CGROUP_DEPTH; level++) {
		cgroup = cgroup_at(task, level);
		if (!cgroup)
			break;
		attempt = bpf_map_lookup_elem(&awaited_cgroups, &cgroup);
	}
	return attempt;
}

/* Follows the current process from this exec on, if an attempt waits for it. */
static __always_inline void follow_awaited(struct task_struct *task,
					   struct linux_binprm *bprm)
{
	struct followed f = {};
	struct image image = {};
	u32 *attempt = awaiting_attempt(task);

	if (!attempt || is_executor(bprm))
		return;
	f.image.attempt = *attempt;
	f.image.tgid = task->tgid;
	f.image.start = bpf_ktime_get_ns();
	f.recording = 1;
	image.executed = 1;
	image.pid = process_id(task);
	image.ppid = process_id(BPF_CORE_READ(task, real_parent));
	__builtin_memcpy(image.comm, task->comm, COMM_LEN);
	record_exe(BPF_CORE_READ(bprm, file), &image.exe);
	add_image(&f.image, &image);
	follow(f.image.tgid, &f);
	mark_thread(task);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid,
	     struct linux_binprm *bprm)
{
	u32 tgid = task->tgid;
	struct followed *f = bpf_map_lookup_elem(&followed, &tgid);
	struct thread *t = current_thread();
	struct image image = {};
	struct image *old;

	if (t)
		t->executed = 1;
	if (!f) {
		follow_awaited(task, bprm);
		return 0;
	}
	if (f->skip) {
		f->skip--;
		return 0;
	}
	old = bpf_map_lookup_elem(&images, &f->image);
	image.parent = f->image;
	image.executed = 1;
	image.pid = process_id(task);
	image.ppid = process_id(BPF_CORE_READ(task, real_parent));
	__builtin_memcpy(image.comm, task->comm, COMM_LEN);
	record_exe(BPF_CORE_READ(bprm, file), &image.exe);
	f->image.start = bpf_ktime_get_ns();
	f->recording = 1;
	if (old) {
		old->replaced = 1;
		old->end = f->image.start;
	}
	add_image(&f->image, &image);
	return 0;
}

/* The last thread is gone when signal->live is; a thread that executes as
 * another's leader is still alive when that leader ends. */
static __always_inline void end_image(struct task_struct *task)
{
	u32 tgid = task->tgid;
	struct followed *f;
	struct image *image;

	if (BPF_CORE_READ(task, signal, live.counter) > 0)
		return;
	f = bpf_map_lookup_elem(&followed, &tgid);
	if (!f)
		return;
	image = bpf_map_lookup_elem(&images, &f->image);
	if (image) {
		image->end = bpf_ktime_get_ns();
		/* As wait(2) has it: kernel/exit.c, wait_task_zombie(). */
		image->status = BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT ?
					BPF_CORE_READ(task, signal, group_exit_code) :
					BPF_CORE_READ(task, group_leader, exit_code);
		BPF_CORE_READ_INTO(&image->comm, task, group_leader, comm);
	}
	bpf_map_delete_elem(&followed, &tgid);
}

#endif
