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

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct exe);
} exe_scratch SEC(".maps");

static __always_inline bool add_name(struct exe *exe, struct exe_key *key,
				     struct dentry *dentry)
{
	u32 at = exe->length;
	long n;

	if (at >= PATH_LEN)
		return false;
	n = bpf_probe_read_kernel_str(exe->names + at, NAME_LEN,
				      BPF_CORE_READ(dentry, d_name.name));
	if (n <= 0 || n > NAME_LEN)
		return false;
	exe->length = at + n;
	key->names = key->names * 31 + BPF_CORE_READ(dentry, d_name.hash_len);
	return true;
}

static __always_inline void collect_names(struct exe *exe, struct exe_key *key,
					  struct file *file)
{
	struct vfsmount *vfs = BPF_CORE_READ(file, f_path.mnt);
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct mount *mnt = (void *)vfs - bpf_core_field_offset(struct mount, mnt);
	struct dentry *root = BPF_CORE_READ(vfs, mnt_root);
	struct dentry *parent;
	struct mount *above;

	for (int i = 0; i < PATH_DEPTH; i++) {
		parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry == root || dentry == parent) {
			above = BPF_CORE_READ(mnt, mnt_parent);
			if (above == mnt) {
				/* A file of no directory, as memfd_create(2)
				 * makes. */
				if (i == 0)
					add_name(exe, key, dentry);
				return;
			}
			dentry = BPF_CORE_READ(mnt, mnt_mountpoint);
			mnt = above;
			root = BPF_CORE_READ(mnt, mnt.mnt_root);
			continue;
		}
		if (!add_name(exe, key, dentry))
			break;
		dentry = parent;
	}
	exe->truncated = 1;
}

static __always_inline void record_exe(struct file *file, struct exe_key *key)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);
	struct exe *exe;
	u32 zero = 0;

	key->dentry = (u64)dentry;
	key->inode = BPF_CORE_READ(inode, i_ino);
	key->device = BPF_CORE_READ(inode, i_sb, s_dev);
	key->names = 0;
	exe = bpf_map_lookup_elem(&exe_scratch, &zero);
	if (!exe)
		return;
	exe->length = 0;
	exe->truncated = 0;
	exe->mode = BPF_CORE_READ(inode, i_mode);
	collect_names(exe, key, file);
	if (!bpf_map_lookup_elem(&exes, key) &&
	    bpf_map_update_elem(&exes, key, exe, BPF_ANY))
		count_lost(LOST_DETAIL);
}

#endif
