/* cons.c - the console of kernel/machine.h is the UART. */
#include "drivers/uart.h"
#include "kernel/machine.h"

size_t
machine_cons_write(const char *s, size_t n)
{
	return uart_write(s, n);
}

size_t
machine_cons_read(char *s, size_t n)
{
	return uart_read(s, n);
}

void
machine_cons_emergency(const char *s, size_t n)
{
	uart_emergency(s, n);
}
