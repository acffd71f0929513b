/* gcov.c - coverage builds only: the unit tests' processes end with _exit(), which would lose their counts. */
#include <unistd.h>

#include "kernel/cdefs.h"

void	__gcov_dump(void);
void	__real__exit(int) __noreturn_fn;
void	__wrap__exit(int) __noreturn_fn;

void
__wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}
