/* host_moment.c - cores that stand still in the middle of a pass while others run: each core's passes have a stack of their own then. Who gives
 * the cores their turns (the simulator) decides at which moments (kernel/moment.h). */
#include "kernel/host/host.h"
#include "kernel/loop.h"
#include "kernel/machine.h"
#include "kernel/moment.h"

#define MOMENT_STACK	(64 * 1024)

void (*moment_hook)(void);

static PERCORE struct {
	struct context	 mo_here;	/* where the pass stands */
	struct context	 mo_caller;	/* who has called host_moment_pass() */
	void		*mo_stack;
	bool		 mo_inside;	/* in the middle of a pass */
	bool		 mo_more;	/* what the last one returned */
} moment;

static void
moment_loop(void *arg __unused_arg)
{
	for (;;) {
		percore(moment.mo_more) = loop_pass();
		percore(moment.mo_inside) = false;
		context_switch(percore_ptr(moment.mo_here), percore_ptr(moment.mo_caller));
	}
}

/* No other core runs while a task is outside its section: its objects are hidden then (host_watch.c), and it looks at nothing of theirs. */
static void
moment_come(void)
{
	if (percore(moment.mo_inside) && host.stand())
		context_switch(percore_ptr(moment.mo_here), percore_ptr(moment.mo_caller));
}

void
host_moments(bool (*stand)(void))
{
	host.stand = stand;
	moment_hook = stand != NULL ? moment_come : NULL;
}

bool
host_standing(unsigned core)
{
	return percore_of(moment.mo_inside, core);
}

bool
host_moment_pass(void)
{
	if (moment_hook == NULL)
		return loop_pass();
	if (percore(moment.mo_stack) == NULL) {
		percore(moment.mo_stack) = stack_alloc(MOMENT_STACK);
		if (percore(moment.mo_stack) == NULL)
			panic("no memory for a core's stack");
		context_init(percore_ptr(moment.mo_here), percore(moment.mo_stack), MOMENT_STACK, moment_loop, NULL);
	}
	percore(moment.mo_inside) = true;
	context_switch(percore_ptr(moment.mo_caller), percore_ptr(moment.mo_here));
	return percore(moment.mo_inside) || percore(moment.mo_more);
}

static bool
host_never(void)
{
	return false;
}

void
host_finish(unsigned core)
{
	bool (*stand)(void) = host.stand;

	if (!host_standing(core))
		return;
	host.stand = host_never;
	host_pass(core);
	host.stand = stand;
}
