/* fib_own.c - the prefixes that end in a node of a trie. Core 0. */
#include <string.h>

#include "kernel/machine.h"
#include "net/route/fib_var.h"

static const uint16_t own_room[] = { 1, 3, 5, 9, 15, 23, 35, 44, 53, 79, 119, 179, 269, 511 };
static const char *const own_name[] = { "fibp1", "fibp3", "fibp5", "fibp9", "fibp15", "fibp23", "fibp35", "fibp44", "fibp53", "fibp79",
	"fibp119", "fibp179", "fibp269", "fibp511" };
static struct pool own_pool[nitems(own_room)];

void
fib_own_init(void)
{
	for (size_t i = 0; i < nitems(own_room); i++)
		fib_pool(&own_pool[i], own_name[i], sizeof(struct fib_own) + own_room[i] * sizeof(uint64_t), false);
}

unsigned
fib_own_pos(const struct fib_own *o, unsigned code)
{
	unsigned lo = 0, hi = fib_own_count(o);

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (OWN_CODE(o->o_e[mid]) < code)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uintptr_t
fib_own_find(const struct fib_own *o, unsigned code)
{
	unsigned i = fib_own_pos(o, code);

	return i < fib_own_count(o) && OWN_CODE(o->o_e[i]) == code ? OWN_ROUTE(o->o_e[i]) : 0;
}

uint64_t
fib_own_entry(unsigned code, uintptr_t v)
{
	KASSERT(v != 0 && (v & FIB_TAGS) == 0 && v >> OWN_SHIFT == 0);
	return (uint64_t)code << OWN_SHIFT | v;
}

uintptr_t
fib_own_cover(const struct fib_own *o, unsigned code)
{
	uintptr_t v = 0;

	for (unsigned bits = code & 15; v == 0 && bits-- > 0;)
		v = fib_own_find(o, CODE(code >> 4 & (0xff00u >> bits & 0xff), bits));
	return v;
}

/* A copy with room for n. NULL: no memory. */
static struct fib_own *
fib_own_copy(const struct fib_own *o, unsigned n)
{
	uint8_t class = fib_class(own_room, n);
	struct fib_own *new = pool_get(&own_pool[class]);

	if (new == NULL)
		return NULL;
	if (o != NULL)
		memcpy(new, o, sizeof(*o) + o->o_n * sizeof(o->o_e[0]));
	new->o_class = class;
	return new;
}

struct fib_own *
fib_own_with_room(struct fib_own *o)
{
	return o != NULL && o->o_n < own_room[o->o_class] ? o : fib_own_copy(o, fib_own_count(o) + 1);
}

void
fib_own_put(struct fib_own *o)
{
	pool_put(&own_pool[o->o_class], o);
}

void
fib_own_insert(struct fib_own *o, unsigned code, uintptr_t v)
{
	unsigned i = fib_own_pos(o, code);

	memmove(&o->o_e[i + 1], &o->o_e[i], (o->o_n++ - i) * sizeof(o->o_e[0]));
	o->o_e[i] = fib_own_entry(code, v);
}

struct fib_own *
fib_own_remove(struct fib_own *o, unsigned code)
{
	unsigned i = fib_own_pos(o, code);
	struct fib_own *left = NULL;

	memmove(&o->o_e[i], &o->o_e[i + 1], (--o->o_n - i) * sizeof(o->o_e[0]));
	if (o->o_n > 0 && (fib_class(own_room, o->o_n) + 2 > o->o_class || (left = fib_own_copy(o, o->o_n)) == NULL))
		return o;
	fib_own_put(o);
	return left;
}
