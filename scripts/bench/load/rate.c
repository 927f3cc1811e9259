/*
 * rate CHECKS_PER_SECOND SECONDS - checks by two threads, at that pace where
 * the machine can do it. Prints how many it made, and in how many seconds.
 */
#define _GNU_SOURCE
#include "load.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define THREADS 2
#define BURST 500 /* checks between two looks at the clock */

static double ns_a_burst;
static long long began, ends;

static void *ask(void *made)
{
	long bursts = 0;
	long long at;

	while ((at = now()) < ends) {
		double early = bursts * ns_a_burst - (at - began);

		if (early > 100000)
			usleep(early / 1000);
		for (int i = 0; i < BURST; i++)
			check();
		bursts++;
	}
	*(long *)made = bursts * BURST;
	return 0;
}

void rate(char **args)
{
	pthread_t ids[THREADS];
	long made[THREADS], all = 0;

	ns_a_burst = 1e9 * BURST * THREADS / number(args[0]);
	began = now();
	ends = began + number(args[1]) * 1000000000LL;
	for (int i = 0; i < THREADS; i++)
		must(!pthread_create(&ids[i], 0, ask, &made[i]), "create a thread");
	for (int i = 0; i < THREADS; i++) {
		pthread_join(ids[i], 0);
		all += made[i];
	}
	printf("%ld %.6f\n", all, (now() - began) / 1e9);
}
