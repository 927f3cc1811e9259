/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What crosses to user space, and the maps in which it waits. Nothing is
 * streamed: user space reads the maps when an attempt has ended, so that a
 * busy machine cannot lose a record between the two.
 */
#ifndef CAPMON_RECORDS_H
#define CAPMON_RECORDS_H

#include "lost.h"
#include "site.h"

#define PATH_LEN 1024
#define NAME_LEN 256

/* An image is one process between two execs. Pids are reused; a pid with the
 * time at which it forked or executed is not. */
struct image_key {
	u64 start; /* ns, CLOCK_MONOTONIC */
	u32 tgid;
	u32 attempt;
};

/* An executable, the same file under the same name. */
struct exe_key {
	u64 dentry;
	u64 inode;
	u32 device;
	u32 names; /* a hash of them: one file has several after rename(2), or
		    * where it is mounted twice */
};

/* The names from the file up to the root, each ended by a NUL. */
struct exe {
	u32 length;
	u32 truncated;
	u16 mode;
	u16 pad[3];
	char names[PATH_LEN + NAME_LEN];
};

struct image {
	struct image_key parent; /* who forked it, or its image before exec */
	struct exe_key exe;
	u64 end;     /* ns, 0 while it runs */
	s32 status;  /* as wait(2) gives it, once it has ended */
	u32 pid, ppid; /* as the user knows them; see pid.h */
	u8 executed; /* made by exec, not by fork */
	u8 replaced; /* ended by exec, not by exit */
	u8 pad[2];
	char comm[COMM_LEN];
};

struct check_key {
	struct image_key image;
	struct site site;
	u16 flags;
	/* Negative, or 0: what a call returns that succeeds is another number
	 * each time (mmap(2)) and makes no other check. */
	s16 error;
};

#define TALLY_KEY struct check_key
#include "tallies.h"

struct check {
	u64 first; /* ns, CLOCK_MONOTONIC */
	u64 call;  /* the first check of its system call, ns */
	u64 count;
	s64 ret; /* of its first system call */
	char comm[COMM_LEN];
};

/* bpf2go makes Go types of these. */
const struct image *unused_image __attribute__((unused));
const struct exe *unused_exe __attribute__((unused));
const struct stack *unused_stack __attribute__((unused));
const struct check_key *unused_check_key __attribute__((unused));
const struct check *unused_check __attribute__((unused));
const enum check_flags *unused_check_flags __attribute__((unused));
const enum lost_kind *unused_lost_kind __attribute__((unused));

HASH(images, struct image_key, struct image, 1 << 18);
HASH(exes, struct exe_key, struct exe, 1 << 14);
HASH(checks, struct check_key, struct check, 1 << 18);
HASH(stacks, struct site, struct stack, 1 << 14);

#endif
