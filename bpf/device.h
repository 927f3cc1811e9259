/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which devices can be opened in a sandbox. */
#ifndef CAPMON_DEVICE_H
#define CAPMON_DEVICE_H

#include "namespace.h"

/* linux/bpf.h */
struct bpf_cgroup_dev_ctx {
	u32 access_type; /* access << 16 | type */
	u32 major;
	u32 minor;
};

enum {
	DEVICE_BLOCK = 1,
	DEVICE_CHAR = 2,
};

enum {
	ACCESS_MKNOD = 1,
};

/* Unix98 terminals have all minor numbers of these major ones, and which
 * instance of devpts they belong to is not for the number to say. */
enum {
	TERMINAL_MAJOR_FIRST = 136,
	TERMINAL_MAJOR_LAST = 143,
};

struct device {
	u32 type;
	u32 major;
	u32 minor;
};

/* What can be opened. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct device);
	__type(value, u8);
} devices SEC(".maps");

/* To make a device file takes a capability, and harms nobody. */
SEC("cgroup/dev")
int guard_device(struct bpf_cgroup_dev_ctx *ctx)
{
	if (ctx->access_type >> 16 == ACCESS_MKNOD || !current_sandbox())
		return 1;
	struct device device = {
		.type = ctx->access_type & 0xffff,
		.major = ctx->major,
		.minor = ctx->minor,
	};
	if (device.type == DEVICE_CHAR && device.major >= TERMINAL_MAJOR_FIRST &&
	    device.major <= TERMINAL_MAJOR_LAST)
		return 1;
	return bpf_map_lookup_elem(&devices, &device) != NULL;
}

#endif
