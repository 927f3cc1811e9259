/* Many at once. Each prints the seconds that all of it took. */
#define _GNU_SOURCE
#include "load.h"

#include <limits.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define AT_A_TIME 200
#define STACK (64 << 10)

static long checks;
static pthread_barrier_t all_here;

static void ask(void)
{
	for (long i = 0; i < checks; i++)
		check();
}

static void print_since(long long began)
{
	printf("%.6f\n", (now() - began) / 1e9);
}

/* processes N CHECKS - N processes, some at a time, each with that many. */
void processes(char **args)
{
	long n = number(args[0]), running = 0;
	long long began = now();

	checks = number(args[1]);
	for (long i = 0; i < n; i++) {
		pid_t pid;

		if (running == AT_A_TIME && wait(0) > 0)
			running--;
		pid = fork();
		must(pid >= 0, "fork");
		if (!pid) {
			ask();
			_exit(0);
		}
		running++;
	}
	while (wait(0) > 0)
		;
	print_since(began);
}

static void *thread(void *unused)
{
	pthread_barrier_wait(&all_here);
	ask();
	return unused;
}

/* threads N CHECKS - N threads of one process, all of them at once. */
void threads(char **args)
{
	long n = number(args[0]);
	pthread_t *ids = calloc(n, sizeof(*ids));
	long long began = now();
	pthread_attr_t attr;

	checks = number(args[1]);
	must(ids && !pthread_attr_init(&attr) && !pthread_attr_setstacksize(&attr, STACK) &&
		     !pthread_barrier_init(&all_here, 0, n), "prepare threads");
	for (long i = 0; i < n; i++)
		must(!pthread_create(&ids[i], &attr, thread, 0), "create a thread");
	for (long i = 0; i < n; i++)
		pthread_join(ids[i], 0);
	print_since(began);
}

/* programs DIR N - DIR/0 to DIR/N-1, one after the other. */
void programs(char **args)
{
	long n = number(args[1]);
	long long began = now();

	for (long i = 0; i < n; i++) {
		char path[PATH_MAX], *argv[] = { path, 0 }, *envp[] = { 0 };
		pid_t pid;

		snprintf(path, sizeof(path), "%s/%ld", args[0], i);
		must(!posix_spawn(&pid, path, 0, 0, argv, envp), path);
		waitpid(pid, 0, 0);
	}
	print_since(began);
}
