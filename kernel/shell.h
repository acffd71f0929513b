/* shell.h - the console's task: prompt, line editing, here-documents. Its input side is cons_input_ready() (cons.h). */
#ifndef KERNEL_SHELL_H
#define KERNEL_SHELL_H

#include "kernel/cdefs.h"

/* Starts it; boot, core 0. */
void	shell_start(void);
unsigned shell_users(void);		/* shells that run */

#endif
