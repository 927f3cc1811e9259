//go:build ignore

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names the functions of the kernel by their addresses. The kernel does it
 * itself, so that /proc/kallsyms need not be read, which hides the addresses
 * from a process without CAP_SYSLOG, and from all with kptr_restrict=2.
 */
#include "kernel.h"

#define MAX_NAMES 32
#define SYMBOL_LEN 128

/* Where user space puts addresses, and finds their names. */
struct addresses {
	u64 count;
	u64 address[MAX_NAMES];
	/* "function", "function [module]", or "0x..." for what is none. */
	char name[MAX_NAMES][SYMBOL_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct addresses);
} table SEC(".maps");

/* bpf2go makes a Go type of it. */
const struct addresses *unused_addresses __attribute__((unused));

SEC("syscall")
int name_symbols(void *ctx)
{
	static const char format[] = "%ps";
	u32 zero = 0;
	struct addresses *s = bpf_map_lookup_elem(&table, &zero);

	if (!s)
		return 0;
	for (u32 i = 0; i < MAX_NAMES; i++) {
		if (i >= s->count)
			break;
		bpf_snprintf(s->name[i], SYMBOL_LEN, format, &s->address[i],
			     sizeof(s->address[i]));
	}
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
