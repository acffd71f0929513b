/* out.c - output that gathers in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/out.h"

#define OUT_FIRST	256	/* bytes of the first buffer */

void
out_init(struct out *o, void (*sink)(struct out *, const char *, size_t), void *arg)
{
	memset(o, 0, sizeof(*o));
	o->o_sink = sink;
	o->o_arg = arg;
}

void
out_free(struct out *o)
{
	free(o->o_buf);
	o->o_buf = NULL;
	o->o_len = o->o_cap = 0;
}

/* Room for n more bytes, a NUL, and what closes the open JSON. */
static bool
out_room(struct out *o, size_t n)
{
	size_t need = o->o_len + n + o->o_depth + 3, cap = MAX(o->o_cap, (size_t)OUT_FIRST);
	char *buf;

	if (o->o_failed)
		return false;
	if (need <= o->o_cap)
		return true;
	while (cap < need)
		cap *= 2;
	buf = realloc(o->o_buf, cap);
	if (buf == NULL && cap > need)
		buf = realloc(o->o_buf, cap = need);
	if (buf == NULL) {
		o->o_failed = true;
		return false;
	}
	o->o_buf = buf;
	o->o_cap = cap;
	return true;
}

void
out_put(struct out *o, const char *s, size_t n)
{
	if (!out_room(o, n))
		return;
	memcpy(o->o_buf + o->o_len, s, n);
	o->o_len += n;
}

static bool
out_takes_text(const struct out *o)
{
#ifdef SLUICE_DEBUG
	KASSERT(o->o_depth == 0 && o->o_ghosts == 0);
#endif
	return o->o_depth == 0 && o->o_ghosts == 0 && (!o->o_stop || o->o_json);
}

void
out_write(struct out *o, const char *s, size_t n)
{
	if (out_takes_text(o))
		out_put(o, s, n);
}

void
out_vprintf(struct out *o, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int n;

	if (!out_takes_text(o) || !out_room(o, 80))
		return;
	room = o->o_cap - o->o_len - o->o_depth - 2;
	va_copy(again, ap);
	n = vsnprintf(o->o_buf + o->o_len, room, fmt, ap);
	if (n > 0 && (size_t)n >= room) {
		if (out_room(o, (size_t)n))
			vsnprintf(o->o_buf + o->o_len, (size_t)n + 1, fmt, again);
		else
			n = 0;
	}
	va_end(again);
	if (n > 0)
		o->o_len += (size_t)n;
}

void
out_printf(struct out *o, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	out_vprintf(o, fmt, ap);
	va_end(ap);
}

void
out_flush(struct out *o)
{
	static const char lost[] = "out of memory: output is incomplete\n";

	if (o->o_sink == NULL)
		return;
	if (o->o_len > 0)
		o->o_sink(o, o->o_buf, o->o_len);
	o->o_len = 0;
	if (o->o_failed && o->o_depth == 0) {
		o->o_failed = false;
		o->o_sink(o, lost, sizeof(lost) - 1);
	}
}
