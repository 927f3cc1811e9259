/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few kernel types that the programs read, with only the fields they
 * read. preserve_access_index makes the loader find each field where the
 * running kernel has it.
 */
#ifndef CAPMON_KERNEL_H
#define CAPMON_KERNEL_H

#include <stdbool.h>

typedef unsigned char u8;
typedef short s16;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

/* What libbpf's headers take from linux/types.h and linux/bpf.h. */
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
typedef s32 __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
};

enum {
	BPF_F_NO_PREALLOC = 1,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
};

enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_CGROUP_ARRAY = 8,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

/* Have registers under the names that the kernel gives them. */
#define __VMLINUX_H__
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct user_namespace {
	int level; /* 0 for the initial one alone */
};

/* Two 32-bit words before Linux 6.3, one of 64 bits since: read by address. */
typedef struct {
	u64 val;
} kernel_cap_t;

typedef struct {
	u32 val;
} kuid_t;

struct cred {
	kuid_t euid;
	kernel_cap_t cap_effective;
	struct user_namespace *user_ns;
};

struct qstr {
	u64 hash_len; /* of the name and the directory that it is in */
	const unsigned char *name;
};

struct super_block {
	u32 s_dev;
};

struct inode {
	u16 i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
};

struct linux_binprm {
	struct file *file;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	u32 flags;
};

struct kernel_siginfo {
	int si_code;
};

struct ns_common {
	u32 inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	u32 level;
	struct upid numbers[1]; /* one for each level */
};

struct thread_info {
	unsigned long flags;
	u32 status; /* x86 only */
};

struct cgroup {
	int level; /* 0 for the root */
	u64 ancestor_ids[]; /* by level; before 6.1 */
};

struct css_set {
	struct cgroup *dfl_cgrp; /* in the hierarchy of cgroup v2 */
};

struct bpf_local_storage;

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	u32 flags;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	const struct cred *real_cred;
	const struct cred *cred;
	char comm[16];
	struct signal_struct *signal;
	struct pid *thread_pid;
	struct css_set *cgroups;
	struct bpf_local_storage *bpf_storage;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long bx;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long ax;
	unsigned long orig_ax;
	unsigned long sp;
};

#define RETURN_ADDRESS_SIZE 8 /* the call pushes it, the return pops it */
#define CALLER_IN_REGISTER(regs) 0
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	u64 regs[31];
	u64 sp;
};

struct pt_regs {
	u64 regs[31];
	u64 orig_x0;
	s32 syscallno;
};

#define RETURN_ADDRESS_SIZE 0 /* in a register, at the first instruction */
#define CALLER_IN_REGISTER(regs) PT_REGS_RET(regs)
#endif

#pragma clang attribute pop

#endif
