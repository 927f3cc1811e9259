/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What found no room is counted, so that it can be reported. */
#ifndef CAPMON_LOST_H
#define CAPMON_LOST_H

#include "kernel.h"

enum lost_kind {
	LOST_PROCESS, /* a process could not be followed */
	LOST_CHECK,   /* a check could not be kept */
	LOST_DETAIL,  /* a stack or the name of an executable */
	LOST_KINDS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOST_KINDS);
	__type(key, u32);
	__type(value, u64);
} lost SEC(".maps");

static __always_inline void count_lost(u32 kind)
{
	u64 *n = bpf_map_lookup_elem(&lost, &kind);

	if (n)
		(*n)++;
}

#endif
