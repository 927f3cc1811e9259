/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keeps the monitor from counting a check twice: where cap_capable is not
 * inlined into a neighbour (inlined.h), the hooks on both see it. There is no
 * list of the checks of a system call, as there is for a command. So the hook
 * on cap_capable notes those that a neighbour can make, and no others.
 */
#ifndef CAPMON_MONITOR_SEEN_H
#define CAPMON_MONITOR_SEEN_H

#include "site.h"

/* Which check it was. The argument tells it from the same check by other code
 * in an earlier call: an address that mmap(2) may not use is refused before
 * any driver asks. */
struct noted {
	u64 argument;
	s32 nr;
	u32 cap;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 10);
	__type(key, u64); /* task */
	__type(value, struct noted);
} noted SEC(".maps");

static __always_inline bool asked_by_neighbours(u32 cap)
{
	return cap == CAP_SETPCAP || cap == CAP_SYS_RAWIO;
}

static __always_inline void note_seen(s32 nr, u32 cap)
{
	u64 task = bpf_get_current_task();
	struct noted n = { .argument = first_argument(), .nr = nr, .cap = cap };

	bpf_map_update_elem(&noted, &task, &n, BPF_ANY);
}

/* The filters are asked later. */
static __always_inline bool concerned(void)
{
	return true;
}

static __always_inline bool already_seen(u32 cap)
{
	u64 task = bpf_get_current_task();
	struct noted *n = bpf_map_lookup_elem(&noted, &task);
	bool seen;

	if (!n)
		return false;
	seen = n->cap == cap && n->nr == syscall_number() &&
	       n->argument == first_argument();
	bpf_map_delete_elem(&noted, &task);
	return seen;
}

#endif
