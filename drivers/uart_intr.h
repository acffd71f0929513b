/* uart_intr.h - what uart.c and uart_intr.c share. */
#ifndef DRIVERS_UART_INTR_H
#define DRIVERS_UART_INTR_H

#include "drivers/bus.h"
#include "kernel/loop.h"

extern struct poller uart_poller;
bool	uart_intr(void *reg);		/* irq_handler; interrupt context */

#endif
