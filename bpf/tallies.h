/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counts of what repeats on one processor, so that the table of all processors
 * need not be searched for it each time. User space adds them to what the table
 * has. Before this is included TALLY_KEY is the type of a key, of a multiple of
 * eight bytes; no key is all 0.
 */
#ifndef CAPMON_TALLIES_H
#define CAPMON_TALLIES_H

#include "kernel.h"

#define TALLIES 128

struct tally {
	TALLY_KEY key;
	u64 count;
};

struct tallies {
	u32 turn;
	u32 used;
	struct tally kinds[TALLIES];
};

/* Where something is counted that may come again. */
struct tallied {
	u32 turn;
	u32 at; /* in kinds */
};

const struct tallies *unused_tallies __attribute__((unused));

/* User space adds to it before it reads what was counted until then; the lowest
 * bit says which list is in use. */
volatile u32 turn = 1;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct tallies);
} repeats SEC(".maps");

struct fence {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
};

/* Nobody looks it up. It is a map of maps, so that the kernel lets user space put
 * one there only when no program uses what it read before. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct fence);
} fences SEC(".maps");

static __always_inline struct tallies *get_tallies(u32 now)
{
	u32 at = now & 1;

	return bpf_map_lookup_elem(&repeats, &at);
}

/* Compares eight bytes at a time. */
static __always_inline bool same_key(const TALLY_KEY *a, const TALLY_KEY *b)
{
	const u64 *x = (void *)a, *y = (void *)b;
	u64 other = 0;

	for (u32 i = 0; i < sizeof(*a) / sizeof(*x); i++)
		other |= x[i] ^ y[i];
	return !other;
}

/* Counts what is like the last one there. */
static __always_inline bool count_repeat(const struct tallied *last, u32 now,
					 const TALLY_KEY *key, u32 count)
{
	struct tallies *t;
	struct tally *kind;

	if (last->turn != now)
		return false;
	t = get_tallies(now);
	/* It may be another processor's: what lies beyond used there was read
	 * long ago. */
	if (!t || t->turn != now || last->at >= t->used)
		return false;
	kind = &t->kinds[last->at % TALLIES];
	if (!same_key(&kind->key, key))
		return false;
	kind->count += count;
	return true;
}

/* Has the next one there counted as a repeat, if it is one. */
static __always_inline void begin_tally(struct tallied *last, u32 now, const TALLY_KEY *key)
{
	struct tallies *t = get_tallies(now);
	u32 at;

	if (!t)
		return;
	if (t->turn != now) {
		t->used = 0;
		t->turn = now;
	}
	at = t->used;
	if (at >= TALLIES)
		return;
	t->kinds[at].key = *key;
	t->kinds[at].count = 0;
	t->used = at + 1;
	last->at = at;
	last->turn = now;
}

#endif
