/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * By which way through the kernel a hook was reached: which return addresses
 * lie between it and the system call. To walk the stack takes 2 us, so a way
 * is walked once, and recognized from then on by its addresses at the places
 * of the stack where they were found.
 *
 * This tells ways apart as surely as the walk does. Where a function keeps the
 * address that it returns to follows from where in this function it is; so if
 * all addresses up to one are those of the way, the place of the next is the
 * way's, too, and another way has another address there. What else lies on the
 * stack, the remains of earlier calls, can have a way taken for a new one, to
 * be walked again, but not for another. How deep the stack is does not tell:
 * CONFIG_RANDOMIZE_KSTACK_OFFSET begins each system call at another depth, so
 * the frames of the entry code above that gap are left out. They follow from
 * the system call, which belongs to the way.
 */
#ifndef CAPMON_WAY_H
#define CAPMON_WAY_H

#include "site.h"
#include "syscall.h"

#define WAYS 64      /* remembered by each processor */
#define WAY_PROBES 4 /* among which places for one */
#define WAY_WORDS 64 /* a power of 2, as are the others */
#define RAW_WORDS 512 /* a deeper stack is walked each time */
#define SOME_WORDS 16 /* looked at in one go */
#define BLOOM_WORDS 8

struct way {
	struct site site;
	u32 words;
	u64 caller; /* struct question */
	u32 offset, size; /* of the part of the stack that holds the words */
	/* Of the monitor, see there. */
	u32 generation;
	u32 path;
	u32 hidden;
	struct tallied last;
	u16 at[WAY_WORDS];
	u64 word[WAY_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WAYS);
	__type(key, u32);
	__type(value, struct way);
} ways SEC(".maps");

struct walk {
	u64 sp;
	u32 next; /* way to forget */
	/* Never in a register, whose values the verifier would follow: it would
	 * look at each word once for each value. */
	volatile u32 words, left, stray;
	u64 bloom[BLOOM_WORDS];
	struct stack stack;
	u64 word[RAW_WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct walk);
} walks SEC(".maps");

static __always_inline struct walk *get_walk(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&walks, &zero);
}

#if defined(__TARGET_ARCH_x86)

#define ENTRY_FRAMES 1 /* entry_SYSCALL_64 (arch/x86/entry/entry_64.S) */

static __always_inline u64 plain(u64 word)
{
	return word;
}

#elif defined(__TARGET_ARCH_arm64)

/* el0t_64_sync to el0_svc_common (arch/arm64/kernel/entry-common.c,
 * syscall.c); one less where that is inlined, and then invoke_syscall. */
#define ENTRY_FRAMES 5

/* A return address may be signed, by the stack pointer among others:
 * Documentation/arch/arm64/pointer-authentication.rst. The signature is in the
 * bits above the 48 of an address, except for bit 55. */
static __always_inline u64 plain(u64 word)
{
	return word >> 55 & 1 ? word | 0xffffULL << 48 : word;
}

#endif

/* Bit of the filter that stands for an address. */
static __always_inline u32 bloom_bit(u64 word)
{
	return word * 0x9e3779b97f4a7c15 >> 55;
}

/* Like the loops below it has no branches that could be left out: the verifier
 * follows both sides of each. */
static __always_inline bool is_way(const struct way *way, struct walk *w, u64 sp,
				   const struct question *q, const struct site *site)
{
	u32 size = way->size;
	u64 other = 0;

	if (way->site.nr != site->nr || way->site.cap != site->cap ||
	    way->site.compat != site->compat || way->caller != q->caller ||
	    !way->words || size > sizeof(w->word) ||
	    bpf_probe_read_kernel(w->word, size, (void *)sp + way->offset))
		return false;
	for (u32 i = 0; i < WAY_WORDS; i++) {
		if (i >= way->words)
			break;
		other |= plain(w->word[way->at[i] % RAW_WORDS]) ^ way->word[i];
	}
	return !other;
}

static __always_inline u32 first_probe(const struct site *site)
{
	return ((u32)site->nr * 2654435761 >> 16 ^ (u32)site->cap << 2) % WAYS;
}

static __always_inline struct way *recognize(struct walk *w, u64 sp,
					     const struct question *q,
					     const struct site *site)
{
	u32 first = first_probe(site), at;
	struct way *way;

	for (u32 i = 0; i < WAY_PROBES; i++) {
		at = first ^ i;
		way = bpf_map_lookup_elem(&ways, &at);
		if (way && is_way(way, w, sp, q, site))
			return way;
	}
	return 0;
}

/*
 * 1 if i < n, else 0, both below 2^31. Loops that are left by a branch cost the
 * verifier a state for each turn, from which it looks at all that follows; to
 * go on and add nothing costs the kernel less than that costs each start.
 */
static __always_inline u64 below(u64 i, u64 n)
{
	u64 difference = i - n;

	/* The compiler would make a branch of it again. */
	asm volatile("" : "+r"(difference));
	return difference >> 63;
}

/* The hash with one frame more, or as it is. */
static __always_inline u64 add_frame(u64 hash, u64 ip, u64 counts)
{
	u64 more = (hash ^ ip) * 0x9e3779b97f4a7c15;

	more ^= more >> 32;
	return hash ^ ((hash ^ more) & -counts);
}

/* Walks the stack, and makes a number of it. False: there is no stack. */
static __always_inline bool walk_way(void *ctx, const struct question *q,
				     struct walk *w, struct site *site)
{
	long n = walk_stack(ctx, q, &w->stack);
	u64 hash = 0;

	if (n < 0)
		n = 0;
	w->stack.frames = n / sizeof(w->stack.ips[0]);
	for (u32 i = 0; i < STACK_FRAMES; i++)
		hash = add_frame(hash, w->stack.ips[i], below(i, w->stack.frames));
	site->path = hash;
	return n;
}

/* How many of the frames lie between the hook and the entry code. */
static __always_inline u32 inner_frames(const struct walk *w, const struct site *site)
{
	u32 frames = w->stack.frames;

	if (site->nr >= 0 && frames < STACK_FRAMES)
		frames = frames > ENTRY_FRAMES ? frames - ENTRY_FRAMES : 0;
	return frames;
}

static __always_inline void mark_addresses(struct walk *w, u32 frames)
{
	u32 bit;

	for (u32 i = 0; i < BLOOM_WORDS; i++)
		w->bloom[i] = 0;
	for (u32 i = 0; i < STACK_FRAMES; i++) {
		bit = bloom_bit(w->stack.ips[i]);
		w->bloom[bit / 64 % BLOOM_WORDS] |= below(i, frames) << bit % 64;
	}
}

/* Finds what looks like one of the addresses, wherever it is, among some words.
 * It is a function that the verifier looks at once, see note_words(). */
__noinline int find_some(u32 at, u32 from, u64 size)
{
	struct way *way = bpf_map_lookup_elem(&ways, &at);
	struct walk *w = get_walk();
	u64 word;
	u32 bit, i, n;

	if (!w || !way)
		return 0;
	for (u32 k = 0; k < SOME_WORDS; k++) {
		i = (from + k) % RAW_WORDS;
		word = plain(w->word[i]);
		bit = bloom_bit(word);
		n = w->words;
		way->at[n % WAY_WORDS] = i;
		way->word[n % WAY_WORDS] = word;
		w->words = n + (w->bloom[bit / 64 % BLOOM_WORDS] >> bit % 64 & below(i * sizeof(word), size));
	}
	return 0;
}

static __always_inline void find_words(struct walk *w, u32 at, u64 size)
{
	w->words = 0;
	for (u32 from = 0; from < RAW_WORDS; from += SOME_WORDS)
		find_some(at, from, size);
}

/* Counts off the addresses, outermost first, that are among some of the words,
 * and the words that come before any of them. */
__noinline int match_some(u32 at, u32 from, u32 frames)
{
	struct way *way = bpf_map_lookup_elem(&ways, &at);
	struct walk *w = get_walk();
	u32 i, left, n, match;

	if (!w || !way)
		return 0;
	n = w->words;
	for (u32 k = 0; k < SOME_WORDS; k++) {
		i = from + k;
		left = w->left;
		match = !(way->word[(n - 1 - i) % WAY_WORDS] ^
			  w->stack.ips[(left - 1) % STACK_FRAMES]);
		w->left = left - (below(i, n) & match);
		w->stray += !(left ^ frames) & !match & below(i, n);
	}
	return 0;
}

/* Whether all addresses are among the words, but for those of the hook itself,
 * which lie below. If not, a probe on return has put itself between, and the
 * walk knew it. */
static __always_inline bool found_all(struct walk *w, u32 at, u32 frames, u32 own_frames)
{
	w->left = frames;
	w->stray = 0;
	for (u32 from = 0; from < WAY_WORDS; from += SOME_WORDS)
		match_some(at, from, frames);
	return w->left <= own_frames;
}

/*
 * Finds the words by which the way that was walked is recognized, and puts them
 * into the place for it; 0 if that cannot be. It is a function that the
 * verifier looks at once, and not again for each state in which it is called; so
 * its arguments are numbers.
 */
__noinline int note_words(u32 at, u64 sp, u32 frames, u32 own_frames)
{
	u64 size = (u64)stack_end() - sp;
	struct way *way = bpf_map_lookup_elem(&ways, &at);
	struct walk *w = get_walk();
	u32 n, first;

	if (!w || !way || size > sizeof(w->word) ||
	    bpf_probe_read_kernel(w->word, size, (void *)sp))
		return 0;
	way->words = 0;
	mark_addresses(w, frames);
	find_words(w, at, size);
	n = w->words;
	if (!n || n >= WAY_WORDS || !found_all(w, at, frames, own_frames))
		return 0;
	/* What lies beyond the outermost address is of earlier calls. */
	n -= w->stray;
	first = way->at[0];
	for (u32 i = 0; i < WAY_WORDS; i++)
		way->at[i] -= first;
	way->offset = first * sizeof(u64);
	way->size = (way->at[(n - 1) % WAY_WORDS] + 1) * sizeof(u64);
	return n;
}

/* Remembers by which words on the stack the way that was walked is recognized. */
static __always_inline struct way *remember(struct walk *w, u64 sp,
					    const struct question *q,
					    const struct site *site)
{
	u32 at = first_probe(site), n;
	struct way *way = bpf_map_lookup_elem(&ways, &at);

	/* The place that is looked at first is the best to have. */
	if (way && way->words)
		at ^= w->next++ % WAY_PROBES;
	n = note_words(at, sp, inner_frames(w, site), q->own_frames);
	way = bpf_map_lookup_elem(&ways, &at);
	if (!way || !n)
		return 0;
	way->site = *site;
	way->caller = q->caller;
	way->generation = 0;
	way->words = n;
	return way;
}

#endif
