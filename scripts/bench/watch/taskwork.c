//go:build ignore

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Schedules task work at each check of nobody's, as a program could that wants to
 * see the end of a system call of some tasks only. It does nothing else.
 */
typedef unsigned int u32;
typedef unsigned long long u64;

#define SEC(name) __attribute__((section(name), used))

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static u64 (*const bpf_get_current_uid_gid)(void) = (void *)15;
static struct task_struct *(*const bpf_get_current_task_btf)(void) = (void *)158;

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

struct bpf_map {
	u32 id;
} __attribute__((preserve_access_index));

struct bpf_task_work {
	u64 opaque;
} __attribute__((aligned(8)));

struct work {
	struct bpf_task_work work;
};

struct {
	int (*type)[2]; /* BPF_MAP_TYPE_ARRAY */
	int (*max_entries)[1];
	u32 *key;
	struct work *value;
} works SEC(".maps");

/* Since Linux 6.18, under this name. */
extern int bpf_task_work_schedule_resume_impl(struct task_struct *task, struct bpf_task_work *work, void *map,
					      int (*callback)(struct bpf_map *, void *, void *), void *aux) SEC(".ksyms");

static int returned(struct bpf_map *map, void *key, void *value)
{
	return 0;
}

SEC("tp_btf/cap_capable")
int on_check(void *ctx)
{
	u32 zero = 0;
	struct work *w = bpf_map_lookup_elem(&works, &zero);

	if (w && (u32)bpf_get_current_uid_gid() == 65534)
		bpf_task_work_schedule_resume_impl(bpf_get_current_task_btf(), &w->work, &works, returned, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
