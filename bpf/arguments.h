/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a refused system call was about: evidence for people. It is read when
 * the call returns, once for each check that is new, and may be lost.
 */
#ifndef CAPMON_ARGUMENTS_H
#define CAPMON_ARGUMENTS_H

#include "records.h"
#include "syscall.h"

#define EPERM 1
#define EACCES 13
#define ARGUMENTS 3
#define TEXT_LEN 128
#define ADDRESS_LEN 28 /* struct sockaddr_in6 */

struct arguments {
	u64 value[ARGUMENTS];
	/* What the first two point to: text, and bytes. */
	char text[2][TEXT_LEN];
	u8 address[ADDRESS_LEN];
	u8 pad[4];
};

const struct arguments *unused_arguments __attribute__((unused));

HASH(call_arguments, struct check_key, struct arguments, 1 << 12);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct arguments);
} arguments_scratch SEC(".maps");

/* The verifier looks at it once for each caller, and not in all their loops. */
static __noinline int keep_arguments(const struct check_key *key)
{
	u32 zero = 0;
	struct arguments *a = bpf_map_lookup_elem(&arguments_scratch, &zero);

	if (!a || !key)
		return 0;
	a->value[0] = first_argument();
	a->value[1] = ENTRY_ARGUMENT_2;
	a->value[2] = ENTRY_ARGUMENT_3;
	for (u32 i = 0; i < 2; i++)
		if (bpf_probe_read_user_str(a->text[i], TEXT_LEN, (void *)a->value[i]) < 0)
			a->text[i][0] = 0;
	if (bpf_probe_read_user(a->address, ADDRESS_LEN, (void *)a->value[1]))
		__builtin_memset(a->address, 0, ADDRESS_LEN);
	bpf_map_update_elem(&call_arguments, key, a, BPF_ANY);
	return 0;
}

/* A check whose call the refusal made fail. */
static __always_inline bool is_decisive(const struct check_key *key)
{
	return !(key->flags & CHECK_PASS) && !key->site.compat &&
	       (key->error == -EPERM || key->error == -EACCES);
}

#endif
