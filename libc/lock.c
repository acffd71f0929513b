/* lock.c - newlib's locks (retargetable locking): malloc, environment, random numbers. Who holds one is not preempted, so
 * tasks of a core never wait for each other; cores spin. Not from interrupts. */
#include <sys/lock.h>

#include "kernel/cdefs.h"
#include "kernel/percore.h"
#include "kernel/task.h"

#define LOCK_SPINS	1000000000u	/* then its owner is dead */

struct __lock { volatile unsigned lk_owner; unsigned lk_depth; };	/* owner: core + 1; 0: free */

/* newlib's list of what it wants. */
struct __lock __lock___sinit_recursive_mutex, __lock___sfp_recursive_mutex, __lock___atexit_recursive_mutex;
struct __lock __lock___at_quick_exit_mutex, __lock___malloc_recursive_mutex, __lock___env_recursive_mutex;
struct __lock __lock___tz_mutex, __lock___dd_hash_mutex, __lock___arc4random_mutex;

static bool
lock_try(struct __lock *lk, unsigned me)
{
	unsigned none = 0;

	if (ncores > 1)
		return __atomic_compare_exchange_n(&lk->lk_owner, &none, me, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
	lk->lk_owner = me;
	return true;
}

/* All of them may nest: harmless for those that never do. */
void
__retarget_lock_acquire_recursive(_LOCK_T lk)
{
	unsigned me, n = 0;

	net_enter();
	me = core_id() + 1;
	if (lk->lk_owner != me)
		while (!lock_try(lk, me))
			if (++n == LOCK_SPINS)
				panic("a lock of libc is never released");
	lk->lk_depth++;
}

void
__retarget_lock_release_recursive(_LOCK_T lk)
{
	KASSERT(lk->lk_owner == core_id() + 1 && lk->lk_depth > 0);
	if (--lk->lk_depth == 0)
		__atomic_store_n(&lk->lk_owner, 0, __ATOMIC_RELEASE);
	net_leave();
}

/* Only the list above exists: newlib's streams, which would make more, have no files here. */
void __retarget_lock_init(_LOCK_T *lk) { *lk = &__lock___sfp_recursive_mutex; }
void __retarget_lock_init_recursive(_LOCK_T *lk) { *lk = &__lock___sfp_recursive_mutex; }
void __retarget_lock_close(_LOCK_T lk __unused_arg) { }
void __retarget_lock_close_recursive(_LOCK_T lk __unused_arg) { }
void __retarget_lock_acquire(_LOCK_T lk) { __retarget_lock_acquire_recursive(lk); }
void __retarget_lock_release(_LOCK_T lk) { __retarget_lock_release_recursive(lk); }
