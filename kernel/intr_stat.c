/* intr_stat.c - gathers what the intr_sources tell. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/percore.h"
#include "kernel/task.h"
#include "kernel/vmstat.h"

struct intr_gather {
	struct intr_stat *ig_table;	/* ig_room of them */
	unsigned	 ig_n, ig_room;
};

static void
intr_add(void *arg, const struct intr_stat *in)
{
	struct intr_gather *ig = arg;

	if (ig->ig_n < ig->ig_room)
		ig->ig_table[ig->ig_n] = *in;
	ig->ig_n++;
}

static unsigned
intr_gather(struct intr_stat *table, unsigned room)
{
	struct intr_gather ig = { .ig_table = table, .ig_room = room };

	net_enter();
	SET_FOREACH(const struct intr_source, is, intr_sources)
		is->is_walk(intr_add, &ig);
	net_leave();
	return ig.ig_n;
}

static int
intr_cmp(const void *a, const void *b)
{
	const struct intr_stat *x = a, *y = b;

	if (x->in_core != y->in_core)
		return x->in_core < y->in_core ? -1 : 1;
	if (x->in_number != y->in_number)	/* a core's own come last, in the order of their names */
		return (unsigned)x->in_number < (unsigned)y->in_number ? -1 : 1;
	return strcmp(x->in_name, y->in_name);
}

struct intr_stat *
intr_table(unsigned *n)
{
	unsigned room = intr_gather(NULL, 0);
	struct intr_stat *t = calloc(MAX(room, 1u), sizeof(*t));

	if (t == NULL)
		return NULL;
	*n = MIN(intr_gather(t, room), room);
	qsort(t, *n, sizeof(*t), intr_cmp);
	return t;
}

const char *
intr_name(const struct intr_stat *in, char buf[INTR_NAMELEN])
{
	snprintf(buf, INTR_NAMELEN, "%s%u/%s", in->in_number < 0 ? "cpu" : "irq",
	    in->in_number < 0 ? in->in_core : (unsigned)in->in_number, in->in_name);
	return buf;
}
