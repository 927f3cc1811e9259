/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where in the kernel a check is made, and of what kind it is. */
#ifndef CAPMON_SITE_H
#define CAPMON_SITE_H

#include "kernel.h"
#include "syscall.h"

#define COMM_LEN 16
#ifndef STACK_FRAMES
#define STACK_FRAMES 32
#endif

#define CAP_OPT_NOAUDIT 2 /* include/linux/security.h */
#define CAP_SETPCAP 8
#define CAP_SYS_RAWIO 17

enum check_flags {
	CHECK_PASS = 1,
	CHECK_NOAUDIT = 2,    /* opts said so; only fexit and kprobe see them */
	CHECK_OTHER_NS = 4,   /* not against the initial user namespace */
	CHECK_OTHER_CRED = 8, /* not with the task's own credentials */
	CHECK_COMPAT = 16,    /* the system call number is of the 32-bit table */
	CHECK_RETURNED = 32,  /* the system call came back */
};

/* Where a check was made. A stack is walked for the first of its kind only. */
struct site {
	s32 nr;
	u32 path; /* by which way: a hash of the stack */
	u8 cap;
	u8 compat;
	u8 pad[2];
};

struct stack {
	u64 frames;
	u64 ips[STACK_FRAMES]; /* innermost first */
};

struct thread;
struct way;

/* What is asked of cap_capable. */
struct question {
	const struct cred *cred;
	int cap;
	u32 opts;
	/* Who called cap_capable, where the stack does not hold it yet. */
	u64 caller;
	u32 own_frames; /* of the stack: the hook's */
	int ns_level;   /* of the user namespace, 0 for the initial one */
	/* The same backend hooks what cap_capable is inlined into, which may
	 * see the same check again. */
	bool neighbours;
	/* For whom asked() found it, where answered() follows at once. */
	struct thread *thread;
	/* By which it came, likewise. */
	struct way *way;
};

/* The size of what was stored, or an error. */
static __always_inline long walk_stack(void *ctx, const struct question *q,
				       struct stack *stack)
{
	u64 *ips = stack->ips;
	long n;

	if (!q->caller)
		return bpf_get_stack(ctx, ips, sizeof(stack->ips), 0);
	n = bpf_get_stack(ctx, ips + 1, sizeof(stack->ips) - sizeof(*ips), 0);
	if (n <= 0)
		return n;
	ips[0] = ips[1];
	ips[1] = q->caller;
	return n + sizeof(*ips);
}

/* A check with other credentials than the task's own: while an override is
 * in force (access(2), overlayfs), or when what decides differs. */
static __always_inline bool other_cred(const struct cred *cred)
{
	const struct cred *own = CURRENT(real_cred);
	u64 a = 0, b = 0;

	if (CURRENT(cred) != own)
		return true;
	if (cred == own)
		return false;
	bpf_probe_read_kernel(&a, sizeof(a), &own->cap_effective);
	bpf_probe_read_kernel(&b, sizeof(b), &cred->cap_effective);
	return a != b || BPF_CORE_READ(own, user_ns) != BPF_CORE_READ(cred, user_ns);
}

/* What is known of a check before its answer. */
static __always_inline u32 question_kind(const struct question *q)
{
	return (q->opts & CAP_OPT_NOAUDIT ? CHECK_NOAUDIT : 0) |
	       (q->ns_level ? CHECK_OTHER_NS : 0) |
	       (other_cred(q->cred) ? CHECK_OTHER_CRED : 0);
}

#define HASH(name, key_type, value_type, entries)               \
	struct {                                                \
		__uint(type, BPF_MAP_TYPE_HASH);                \
		__uint(map_flags, BPF_F_NO_PREALLOC);           \
		__uint(max_entries, entries);                   \
		__type(key, key_type);                          \
		__type(value, value_type);                      \
	} name SEC(".maps")

#endif
