/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The path of an executable. bpf_d_path() is not allowed in these hooks, and
 * what the command was called as may be relative or a link; so the names are
 * collected from the file up to the root, across mounts.
 */
#ifndef CAPMON_EXE_H
#define CAPMON_EXE_H

#include "records.h"

#define PATH_DEPTH 32

/* On the way from a file up to the root. */
struct climb {
	u64 dentry;
	u64 root; /* of the mount */
	u64 mount;
	u64 hash; /* of the names so far */
	struct exe exe;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct climb);
} climbs SEC(".maps");

static __always_inline struct climb *get_climb(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&climbs, &zero);
}

static __always_inline bool add_name(struct climb *c, struct dentry *dentry)
{
	u32 at = c->exe.length;
	long n;

	if (at >= PATH_LEN)
		return false;
	n = bpf_probe_read_kernel_str(c->exe.names + at, NAME_LEN,
				      BPF_CORE_READ(dentry, d_name.name));
	if (n <= 0 || n > NAME_LEN)
		return false;
	c->exe.length = at + n;
	c->hash = c->hash * 31 + BPF_CORE_READ(dentry, d_name.hash_len);
	return true;
}

enum climbed { HIGHER, AT_ROOT, STUCK };

/* One step up. It is a function that the verifier looks at once, and not again
 * for each step; so it has no arguments. */
__noinline int climb_once(void)
{
	struct climb *c = get_climb();
	struct dentry *dentry, *parent;
	struct mount *mnt, *above;

	if (!c)
		return STUCK;
	dentry = (void *)c->dentry;
	mnt = (void *)c->mount;
	parent = BPF_CORE_READ(dentry, d_parent);
	if ((u64)dentry != c->root && dentry != parent) {
		c->dentry = (u64)parent;
		return add_name(c, dentry) ? HIGHER : STUCK;
	}
	above = BPF_CORE_READ(mnt, mnt_parent);
	if (above != mnt) {
		c->dentry = (u64)BPF_CORE_READ(mnt, mnt_mountpoint);
		c->root = (u64)BPF_CORE_READ(above, mnt.mnt_root);
		c->mount = (u64)above;
		return HIGHER;
	}
	/* A file of no directory, as memfd_create(2) makes. */
	if (!c->exe.length)
		add_name(c, dentry);
	return AT_ROOT;
}

static __always_inline void collect_names(struct climb *c, struct file *file)
{
	struct vfsmount *vfs = BPF_CORE_READ(file, f_path.mnt);
	int at = HIGHER;

	c->dentry = (u64)BPF_CORE_READ(file, f_path.dentry);
	c->root = (u64)BPF_CORE_READ(vfs, mnt_root);
	c->mount = (u64)vfs - bpf_core_field_offset(struct mount, mnt);
	c->hash = 0;
	c->exe.length = 0;
	for (int i = 0; i < PATH_DEPTH; i++) {
		at = climb_once();
		if (at != HIGHER)
			break;
	}
	c->exe.truncated = at != AT_ROOT;
}

static __always_inline void record_exe(struct file *file, struct exe_key *key)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct climb *c = get_climb();

	key->dentry = (u64)dentry;
	key->inode = BPF_CORE_READ(inode, i_ino);
	key->device = BPF_CORE_READ(inode, i_sb, s_dev);
	key->names = 0;
	if (!c)
		return;
	c->exe.mode = BPF_CORE_READ(inode, i_mode);
	collect_names(c, file);
	key->names = c->hash;
	if (!bpf_map_lookup_elem(&exes, key) &&
	    bpf_map_update_elem(&exes, key, &c->exe, BPF_ANY))
		count_lost(LOST_DETAIL);
}

#endif
