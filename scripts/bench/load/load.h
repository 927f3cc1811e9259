#ifndef LOAD_H
#define LOAD_H

/* What is measured: once, and what it asks of the kernel. */
void check(void);

long long now(void); /* ns, CLOCK_MONOTONIC */
void must(int ok, const char *what);
long number(const char *text);

/* Each takes the arguments after its name and prints numbers on one line. */
void each(char **args);	     /* OP N [PATH] */
void processes(char **args); /* N CHECKS */
void threads(char **args);   /* N CHECKS */
void programs(char **args);  /* DIR N */
void rate(char **args);	     /* CHECKS_PER_SECOND SECONDS */
void run(char **args);	     /* N COMMAND ARG... */

#endif
