//go:build ignore

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Watches the capability checks made for the processes of one command. One
 * backend's programs on cap_capable are loaded, whichever the kernel takes.
 */
#include "checks.h"
#include "hooks.h"
#include "inlined.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
