/*
 * load OUT nobody|same WHAT ARG... - makes a load that can be counted, and
 * writes to the file OUT how long it took. As nobody, every check of
 * CAP_SYS_ADMIN is refused.
 */
#define _GNU_SOURCE
#include "load.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534

static const struct {
	const char *name;
	int args;
	void (*make)(char **args);
} loads[] = {
	{ "each", 2, each },	     { "processes", 2, processes },
	{ "threads", 2, threads },   { "programs", 2, programs },
	{ "rate", 2, rate },	     { "run", 2, run },
};

void must(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	exit(1);
}

long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

long number(const char *text)
{
	long n = atol(text);

	if (n > 0)
		return n;
	fprintf(stderr, "load: %s is not a number above 0\n", text);
	exit(2);
}

/* Asks for CAP_SYS_ADMIN, then fails with EINVAL for the length. */
void check(void)
{
	syscall(SYS_sethostname, "x", -1L);
}

int main(int argc, char **argv)
{
	if (argc < 4)
		goto usage;
	must(!!freopen(argv[1], "w", stdout), argv[1]);
	if (!strcmp(argv[2], "nobody") && !geteuid())
		must(!setgroups(0, 0) && !setgid(NOBODY) && !setuid(NOBODY), "setuid");
	for (unsigned i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		if (strcmp(argv[3], loads[i].name) || argc < 4 + loads[i].args)
			continue;
		loads[i].make(argv + 4);
		return 0;
	}
usage:
	fprintf(stderr, "usage: load OUT nobody|same WHAT ARG...\n");
	return 2;
}
