/* One check: many copies of this are many different programs. */
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	syscall(SYS_sethostname, "x", -1L);
	return 0;
}
