/* moment.h - moments of a pass at which, in the simulator, this core stands still and others go on: where what one core does and what the others
 * see of it meet. Nothing on the metal, where every instruction is such a moment. */
#ifndef KERNEL_MOMENT_H
#define KERNEL_MOMENT_H

#ifdef SLUICE_HOST
extern void (*moment_hook)(void);	/* kernel/host/host_moment.c; NULL: passes are whole */
#define MOMENT()	do { if (__builtin_expect(moment_hook != NULL, 0)) moment_hook(); } while (0)
#else
#define MOMENT()	((void)0)
#endif

#endif
