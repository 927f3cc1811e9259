/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * By which way through the kernel a hook was reached, for a tenth of the cost
 * of walking the stack. How deep the stack is does not tell: kernels with
 * CONFIG_RANDOMIZE_KSTACK_OFFSET begin each system call at another depth. So
 * the return addresses are picked out of the raw stack, from the hook to the
 * function that asked: the first that is none of cap_capable's wrappers.
 */
#ifndef CAPMON_PATH_H
#define CAPMON_PATH_H

#include "syscall.h"

#define PATH_WORDS 64
#define MAX_WRAPPERS 32

/* Besides the asker, one more address belongs to the path: should the frame
 * of a wrapper hold what looks like an address, it does not hide the asker. */
#define PATH_STRANGERS 2

struct range {
	u64 start;
	u64 size;
};

volatile const struct range kernel_text;
volatile const struct range wrappers[MAX_WRAPPERS];
volatile const u32 wrapper_count;

struct raw_stack {
	u64 word[PATH_WORDS];
	/* Here and not in registers, whose values the verifier follows: it
	 * would look at each word once for each value. */
	u64 hash;
	u64 strangers;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct raw_stack);
} raw_stacks SEC(".maps");

#if defined(__TARGET_ARCH_x86)
#define MODULES_APART true

static __always_inline u64 plain(u64 word)
{
	return word;
}

/* Modules: Documentation/arch/x86/x86_64/mm.rst */
static __always_inline bool is_module(u64 word, u64 stack)
{
	return word - 0xffffffffc0000000 < 0x3f000000;
}
#elif defined(__TARGET_ARCH_arm64)
/* Documentation/arch/arm64/memory.rst: modules are within 2 GB of the kernel,
 * and so can be its data and all that vmalloc() gives. So what looks like a
 * module belongs to the path, but does not end it. */
#define MODULES_APART false

/* A return address may be signed, with the stack pointer in the reckoning:
 * Documentation/arch/arm64/pointer-authentication.rst. The signature is in the
 * bits above the 48 of an address, except for bit 55. */
static __always_inline u64 plain(u64 word)
{
	return word >> 55 & 1 ? word | 0xffffULL << 48 : word;
}

/* The stack comes from vmalloc() too, and frame pointers lie in it. */
static __always_inline bool is_module(u64 word, u64 stack)
{
	return (s64)word < 0 && word - stack >= thread_size &&
	       word - (kernel_text.start - (2ULL << 30)) < 4ULL << 30;
}
#endif

static __always_inline bool is_wrapper(u64 word)
{
	u64 in = 0;

	/* Without a branch, of which the verifier would follow both ways. The
	 * ranges are within 4 GB of each other. */
	for (u32 i = 0; i < MAX_WRAPPERS; i++) {
		if (i >= wrapper_count)
			break;
		in |= (u64)(u32)(word - wrappers[i].start) - wrappers[i].size;
	}
	return in >> 63;
}

/* A number for the way to the hook, the same for every call that comes the
 * same way; there can be several for one way, but not one for several. sp is
 * an address in the hook's own frame. */
static __always_inline u32 path_to(struct task_struct *task, u64 sp)
{
	u64 stack = (u64)BPF_CORE_READ(task, stack);
	u64 end = stack + thread_size - bpf_core_type_size(struct pt_regs);
	u64 size = sizeof(u64) * PATH_WORDS, word;
	bool in_text;
	u32 zero = 0;
	struct raw_stack *raw = bpf_map_lookup_elem(&raw_stacks, &zero);

	if (!raw)
		return 0;
	/* Beyond it is what the user had in his registers. */
	if (end - sp < size)
		size = end - sp;
	if (bpf_probe_read_kernel(raw->word, size, (void *)sp))
		return 0;
	raw->hash = 0;
	raw->strangers = 0;
	for (u32 i = 0; i < PATH_WORDS; i++) {
		if (i * sizeof(word) >= size)
			break;
		word = plain(raw->word[i]);
		in_text = word - kernel_text.start < kernel_text.size;
		if (!in_text && !is_module(word, stack))
			continue;
		raw->hash = (raw->hash ^ word) * 0x9e3779b97f4a7c15;
		raw->hash ^= raw->hash >> 32;
		if ((MODULES_APART || in_text) && !is_wrapper(word) &&
		    ++raw->strangers == PATH_STRANGERS)
			break;
	}
	return raw->hash;
}

#endif
