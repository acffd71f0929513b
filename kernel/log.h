/* log.h - the message buffer (dmesg): a ring of bytes that survives a warm reboot where the machine can keep it.
 * Any core, any context but an interrupt. */
#ifndef KERNEL_LOG_H
#define KERNEL_LOG_H

#include <stdarg.h>
#include "kernel/cdefs.h"

/* To the message buffer and the console. A whole line per call, with its \n. Never blocks: when the console does not
 * take it, the buffer has it still. */
void	log_printf(const char *fmt, ...) __printflike(1, 2);
void	log_vprintf(const char *fmt, va_list);

/* For messages that bad input can cause over and over: at most LOG_BURST a second, then one line with how many were not
 * shown. `struct lograte` is static, zeroed. */
#define LOG_BURST	5
struct lograte { uint64_t lr_second; unsigned lr_n, lr_missed; };
void	log_ratelimited(struct lograte *, const char *fmt, ...) __printflike(2, 3);

/* Copies up to n bytes of the log from position *pos on (0: the oldest that is left), advances *pos past them. */
size_t	log_read(uint64_t *pos, char *, size_t n);

/* The ring itself; log_init() adopts the machine's memory (len a power of two) and the text that a former boot left. */
void	log_init(void *mem, size_t len);

/* Sends to the console what it has not taken yet; for cons.c, when there is room again. */
void	log_console(void);

#endif
