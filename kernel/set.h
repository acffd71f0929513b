/* set.h - linker sets: a feature registers itself, no central list is edited.
 *
 *	SET_ADD(commands, cmd_route);			in the feature's file
 *	SET_FOREACH(struct command, c, commands) ...	in the consumer
 *
 * A set is an array of pointers in a section whose name is a C identifier, so the linker itself provides
 * its two ends, in the kernel and in the host's shared object. The order of a set is the linker's: who needs an order
 * carries one in the item and sorts. An empty set links too (the ends are weak). */
#ifndef KERNEL_SET_H
#define KERNEL_SET_H

#define SET_ADD(set, item)							\
	static __typeof__(item) *const set_##set##_##item			\
	    __attribute__((section("set_" #set), used)) = &item

#define SET_DECLARE(type, set)							\
	extern type *const __start_set_##set[] __attribute__((weak, visibility("hidden")));	\
	extern type *const __stop_set_##set[] __attribute__((weak, visibility("hidden")))

#define SET_COUNT(set)	((unsigned)(__stop_set_##set - __start_set_##set))
#define SET_AT(set, i)	(__start_set_##set[i])

/* Needs SET_DECLARE(type, set) in scope. `it` is a pointer to the item. */
#define SET_FOREACH(type, it, set)						\
	for (type *const *it##_p = __start_set_##set, *it = NULL;		\
	    it##_p < __stop_set_##set && (it = *it##_p, 1); it##_p++)

#endif
