/* farewell.h - what others are told before the machine stops or starts anew on an admin's word. */
#ifndef KERNEL_FAREWELL_H
#define KERNEL_FAREWELL_H

#include "kernel/set.h"

/* fw_say: core 0, inside net_enter; what it sends has a moment to leave. Nothing comes after it: what it takes down stays so. */
struct farewell { void (*fw_say)(void); };
SET_DECLARE(const struct farewell, farewells);
#define FAREWELL(name, fn)							\
	static const struct farewell farewell_##name = { fn };			\
	SET_ADD(farewells, farewell_##name)

#endif
