//go:build ignore

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What guards the machine's devices from what runs in a sandbox, and sees what
 * a sandbox is in the way of. A process is in a sandbox when it is in the pid
 * namespace of one, or in one below that.
 */
#include "kernel.h"
#include "namespace.h"
#include "device.h"
#include "hindrance.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
