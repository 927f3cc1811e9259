/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the monitor hands to user space. Checks of one kind are counted in a
 * window, one of two hash tables, which change places every second: user space
 * reads that which is not in use.
 * A ring buffer takes what finds no room there, or every check by itself.
 */
#ifndef CAPMON_MONITOR_RECORDS_H
#define CAPMON_MONITOR_RECORDS_H

#include "lost.h"
#include "site.h"

/* Checks that are alike. All that tells a process is here and not looked up
 * later, since by then it may have ended. */
struct seen_key {
	u32 tgid;
	u32 uid;   /* effective, in the initial user namespace */
	u32 flags; /* enum check_flags */
	struct site site;
	char comm[COMM_LEN]; /* of the thread group's leader */
};

struct seen {
	u64 first; /* ns, CLOCK_MONOTONIC */
	u64 count;
	u64 cgroup; /* id in the v2 tree, of the first check */
	u32 ppid;
	u32 pad;
};

#define TALLY_KEY struct seen_key
#include "tallies.h"

struct seen_record {
	struct seen_key key;
	struct seen seen;
};

struct place {
	u32 hidden; /* user space has found it to be noise */
	u32 path;   /* of the place that user space has found it to be, or 0 */
	struct stack stack;
};

/* bpf2go makes Go types of these. */
const struct site *unused_site __attribute__((unused));
const struct stack *unused_stack __attribute__((unused));
const struct seen_key *unused_seen_key __attribute__((unused));
const struct seen *unused_seen __attribute__((unused));
const struct seen_record *unused_seen_record __attribute__((unused));
const struct place *unused_place __attribute__((unused));
const enum check_flags *unused_check_flags __attribute__((unused));
const enum lost_kind *unused_lost_kind __attribute__((unused));

HASH(places, struct site, struct place, 1 << 13);

struct window {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 16);
	__type(key, struct seen_key);
	__type(value, struct seen);
};

/* The lowest bit of turn says which is in use. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, u32);
	__array(values, struct window);
} windows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} ring SEC(".maps");

#endif
