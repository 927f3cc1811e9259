/*
 * run N COMMAND ARG... - runs the command N times. Prints for each the seconds
 * that it took, and the KiB that the largest of its processes had resident.
 * A large program that runs a command would have its own size counted as the
 * command's (setmax_mm_hiwater_rss in fs/exec.c), and this one is small.
 */
#define _GNU_SOURCE
#include "load.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

extern char **environ;

void run(char **args)
{
	posix_spawn_file_actions_t quiet;

	must(!posix_spawn_file_actions_init(&quiet) &&
		     !posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0), "prepare a command");
	for (long n = number(args[0]); n; n--) {
		long long began = now();
		struct rusage used;
		int status;
		pid_t pid;

		must(!posix_spawnp(&pid, args[1], &quiet, 0, args + 1, environ), args[1]);
		must(wait4(pid, &status, 0, &used) == pid, "wait");
		if (status) {
			fprintf(stderr, "load: %s failed (wait status %#x)\n", args[1], status);
			exit(1);
		}
		printf("%.6f %ld\n", (now() - began) / 1e9, used.ru_maxrss);
	}
}
