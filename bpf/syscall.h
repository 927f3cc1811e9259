/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which system call the current task is in. */
#ifndef CAPMON_SYSCALL_H
#define CAPMON_SYSCALL_H

#include "kernel.h"

/* The kernel's THREAD_SIZE: 16 KB, on arm64 at least a page. */
volatile const u32 thread_size = 16 << 10;

enum bpf_func_id___known {
	BPF_FUNC_task_pt_regs___known = 175,   /* since 5.15 */
	BPF_FUNC_cgrp_storage_get___known = 210, /* since 6.2 */
};

#define HAS_FUNC(name) \
	bpf_core_enum_value_exists(enum bpf_func_id___known, BPF_FUNC_##name##___known)

/* A field of the current task. A pointer that comes with its type is followed
 * by a load, others by a helper, which takes ten times as long. */
#define CURRENT(...)                                                           \
	(HAS_FUNC(task_pt_regs) ?                                              \
		 bpf_get_current_task_btf()->__VA_ARGS__ :                     \
		 BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), __VA_ARGS__))

/* Where the registers lie with which the current task entered the kernel: at
 * the very top of the stack. */
static __always_inline void *stack_end(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, stack) + thread_size - bpf_core_type_size(struct pt_regs);
}

/* One of them. */
#define ENTRY_REGISTER(name)                                                        \
	(HAS_FUNC(task_pt_regs) ?                                                   \
		 ((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()))->name : \
		 BPF_CORE_READ((struct pt_regs *)stack_end(), name))

#if defined(__TARGET_ARCH_x86)

#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */
#define NR_execve 59
#define NR_execveat 322
#define NR_compat_execve 11
#define NR_compat_execveat 358

/* -1 outside of a system call. */
static __always_inline s32 syscall_number(void)
{
	return ENTRY_REGISTER(orig_ax);
}

static __always_inline u32 syscall_is_compat(void)
{
	return CURRENT(thread_info.status) / TS_COMPAT & 1;
}

static __always_inline u64 first_argument(void)
{
	if (syscall_is_compat())
		return ENTRY_REGISTER(bx);
	return ENTRY_REGISTER(di);
}

#define ENTRY_ARGUMENT_2 ENTRY_REGISTER(si)
#define ENTRY_ARGUMENT_3 ENTRY_REGISTER(dx)

#elif defined(__TARGET_ARCH_arm64)

#define TIF_32BIT 22 /* arch/arm64/include/asm/thread_info.h */
#define NR_execve 221
#define NR_execveat 281
#define NR_compat_execve 11
#define NR_compat_execveat 387

static __always_inline s32 syscall_number(void)
{
	return ENTRY_REGISTER(syscallno);
}

static __always_inline u32 syscall_is_compat(void)
{
	return CURRENT(thread_info.flags) >> TIF_32BIT & 1;
}

static __always_inline u64 first_argument(void)
{
	return ENTRY_REGISTER(orig_x0);
}

#define ENTRY_ARGUMENT_2 ENTRY_REGISTER(regs[1])
#define ENTRY_ARGUMENT_3 ENTRY_REGISTER(regs[2])

#endif

static __always_inline bool is_exec(s32 nr, bool compat)
{
	if (compat)
		return nr == NR_compat_execve || nr == NR_compat_execveat;
	return nr == NR_execve || nr == NR_execveat;
}

#endif
