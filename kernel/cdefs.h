/* cdefs.h - what the compiler offers, under short names; included by nearly every file. */
#ifndef KERNEL_CDEFS_H
#define KERNEL_CDEFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define nitems(a)	(sizeof(a) / sizeof((a)[0]))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define __aligned_to(n)	__attribute__((aligned(n)))
#define __unused_arg	__attribute__((unused))
#define __noreturn_fn	__attribute__((noreturn))
/* What stands in one function, compiled twice, for many packets and for one, which is then no loop and has no registers to save; what stands
 * apart so that its caller need not save any; the same for what is hardly ever called. */
#define __inline_fn	inline __attribute__((always_inline))
#define __apart_fn	__attribute__((noinline))
#define __rare_fn	__attribute__((noinline, cold))
#define __must_check	__attribute__((warn_unused_result))
#ifndef __packed		/* newlib's headers have the same two */
#define __packed	__attribute__((packed))
#endif
#ifndef __printflike
#define __printflike(f, a) __attribute__((format(printf, f, a)))
#endif
#define CACHELINE	64

#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

/* Unlike the usual macros these evaluate each argument once. One nests in the other, not in itself. */
#define MIN(a, b) ({ __auto_type min_a_ = (a); __auto_type min_b_ = (b); min_a_ < min_b_ ? min_a_ : min_b_; })
#define MAX(a, b) ({ __auto_type max_a_ = (a); __auto_type max_b_ = (b); max_a_ > max_b_ ? max_a_ : max_b_; })

#define roundup2(x, p2)	(((x) + ((p2) - 1)) & ~((__typeof__(x))(p2) - 1))

/* Never returns: message, registers, backtrace, saved log, reboot (machine's panic.c). */
void panic(const char *fmt, ...) __printflike(1, 2) __noreturn_fn;

/* A contract that a bug alone can break; stays in every build. Input is never asserted. */
#define KASSERT(x) \
	do { if (unlikely(!(x))) panic("%s:%d: assertion \"%s\"", __FILE__, __LINE__, #x); } while (0)

/* No call through the compiler's memory: orders this core's accesses as the compiler sees them. */
#define barrier()	__asm__ volatile("" ::: "memory")

#endif
