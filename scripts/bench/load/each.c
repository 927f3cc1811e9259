/* each OP N [PATH] - does one thing N times; prints the ns that one takes. */
#define _GNU_SOURCE
#include "load.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *path;

static void get_ppid(void)
{
	syscall(SYS_getppid);
}

/* Of a file that only root may read: two checks. */
static void open_refused(void)
{
	if (open(path, O_RDONLY) >= 0) {
		fprintf(stderr, "load: %s can be read\n", path);
		exit(1);
	}
}

static void spawn(void)
{
	char *argv[] = { "true", 0 }, *envp[] = { 0 };
	pid_t pid;

	must(!posix_spawn(&pid, "/bin/true", 0, 0, argv, envp), "spawn /bin/true");
	waitpid(pid, 0, 0);
}

/* Computes, and asks nothing. */
static void spin(void)
{
	for (volatile int i = 0; i < 1000000; i++)
		;
}

static const struct {
	const char *name;
	void (*once)(void);
} ops[] = {
	{ "check", check }, { "getppid", get_ppid }, { "open", open_refused },
	{ "spawn", spawn }, { "spin", spin },
};

void each(char **args)
{
	long n = number(args[1]);

	path = args[2];
	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		long long began;

		if (strcmp(args[0], ops[i].name))
			continue;
		began = now();
		for (long k = 0; k < n; k++)
			ops[i].once();
		printf("%.1f\n", (double)(now() - began) / n);
		return;
	}
	fprintf(stderr, "load: no such operation: %s\n", args[0]);
	exit(2);
}
