/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which system call the current task is in. */
#ifndef CAPMON_SYSCALL_H
#define CAPMON_SYSCALL_H

#include "kernel.h"

/* The kernel's THREAD_SIZE: 16 KB, on arm64 at least a page. */
volatile const u32 thread_size = 16 << 10;

enum bpf_func_id___known {
	BPF_FUNC_task_pt_regs___known = 175,
};

/* The registers with which the task entered the kernel. Before 5.15 there is
 * no helper, and they lie at the very top of the stack. */
static __always_inline struct pt_regs *entry_regs(struct task_struct *task)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id___known,
				       BPF_FUNC_task_pt_regs___known))
		return (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return BPF_CORE_READ(task, stack) + thread_size -
	       bpf_core_type_size(struct pt_regs);
}

#if defined(__TARGET_ARCH_x86)

#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */
#define NR_execve 59
#define NR_execveat 322
#define NR_compat_execve 11
#define NR_compat_execveat 358

/* -1 outside of a system call. */
static __always_inline s32 syscall_number(struct task_struct *task)
{
	return BPF_CORE_READ(entry_regs(task), orig_ax);
}

static __always_inline bool syscall_is_compat(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread_info.status) & TS_COMPAT;
}

static __always_inline u64 first_argument(struct task_struct *task)
{
	if (syscall_is_compat(task))
		return BPF_CORE_READ(entry_regs(task), bx);
	return BPF_CORE_READ(entry_regs(task), di);
}

#elif defined(__TARGET_ARCH_arm64)

#define TIF_32BIT 22 /* arch/arm64/include/asm/thread_info.h */
#define NR_execve 221
#define NR_execveat 281
#define NR_compat_execve 11
#define NR_compat_execveat 387

static __always_inline s32 syscall_number(struct task_struct *task)
{
	return BPF_CORE_READ(entry_regs(task), syscallno);
}

static __always_inline bool syscall_is_compat(struct task_struct *task)
{
	return BPF_CORE_READ(task, thread_info.flags) & (1UL << TIF_32BIT);
}

static __always_inline u64 first_argument(struct task_struct *task)
{
	return BPF_CORE_READ(entry_regs(task), orig_x0);
}

#endif

static __always_inline bool is_exec(s32 nr, bool compat)
{
	if (compat)
		return nr == NR_compat_execve || nr == NR_compat_execveat;
	return nr == NR_execve || nr == NR_execveat;
}

#endif
