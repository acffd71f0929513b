/* uart.h - the 16550 at COM1 as the console's two rings of bytes. Core 0. */
#ifndef DRIVERS_UART_H
#define DRIVERS_UART_H

#include "kernel/cdefs.h"

/* 115200 8N1, polled. False: nothing is there; then writes vanish and reads find nothing. */
bool	uart_init(void);
/* By interrupt from now on, polled by this core's loop. */
void	uart_attach(void);
/* Takes up to n bytes into the output ring, without waiting; returns how many. */
size_t	uart_write(const char *, size_t n);
size_t	uart_read(char *, size_t n);
/* Empties the ring and sends n bytes, waiting for the device with a bound. Any context. */
void	uart_emergency(const char *, size_t n);

#endif
