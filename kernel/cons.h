/* cons.h - the console between the machine's bytes and its users, log and shell: newlines become \r\n on the way out. Core 0. */
#ifndef KERNEL_CONS_H
#define KERNEL_CONS_H

#include "kernel/cdefs.h"

/* Takes up to n bytes of text, without waiting; returns how many. */
size_t	cons_put(const char *, size_t n);
/* The same in a task, waiting for room; gives up when *stop becomes true or (ms not 0) nothing moved for ms milliseconds.
 * Returns how many bytes went out. */
size_t	cons_write(const char *, size_t n, const volatile bool *stop, uint64_t ms);
/* True when the last byte that went out ended a line. */
bool	cons_at_bol(void);
/* From the UART's poller (loop): bytes may be read; room to write again after a short write. */
void	cons_input_ready(void);
void	cons_output_ready(void);

#endif
