/*
 * monitor-load PROCESSES CHECKS - starts that many processes, some at a time,
 * each of which asks for CAP_SYS_ADMIN that often. Prints how long it took.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AT_A_TIME 200

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void ask(long checks)
{
	/* Fails with EINVAL for the length, once the capability is checked. */
	while (checks--)
		syscall(SYS_sethostname, "x", -1L);
}

int main(int argc, char **argv)
{
	long processes = argc == 3 ? atol(argv[1]) : 0, checks = argc == 3 ? atol(argv[2]) : 0;
	long running = 0;
	double began = now(), took;

	if (processes <= 0 || checks <= 0) {
		fprintf(stderr, "usage: monitor-load PROCESSES CHECKS\n");
		return 2;
	}
	for (long i = 0; i < processes; i++) {
		pid_t pid;

		if (running == AT_A_TIME && wait(NULL) > 0)
			running--;
		pid = fork();
		if (pid == 0) {
			ask(checks);
			_exit(0);
		}
		if (pid < 0) {
			perror("fork");
			return 1;
		}
		running++;
	}
	while (wait(NULL) > 0)
		;
	took = now() - began;
	printf("%ld processes made %ld checks in %.1f s: %.0f ns a check\n", processes, processes * checks, took,
	       took * 1e9 / (processes * checks));
	return 0;
}
