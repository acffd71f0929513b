/* uart_intr.c - the UART's interrupt: silences it and leaves the rest to the loop. */
#include "drivers/uart_intr.h"
#include "drivers/uart_regs.h"

struct poller uart_poller;

bool
uart_intr(void *arg)
{
	const struct reg *r = arg;

	if (reg_read8(r, UART_IIR) & IIR_NONE)
		return false;
	reg_write8(r, UART_IER, 0);
	poller_wake(&uart_poller);
	return true;
}
