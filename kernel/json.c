/* json.c - JSON (RFC 8259) into an out. An element is written whole or not at all; a bracket that was opened is always closed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel/out.h"

static bool
json_suppressed(const struct out *o)
{
	return o->o_ghosts > 0 || o->o_failed || o->o_stop;
}

/* Comma and name. Returns where the element begins, for json_end(). */
static size_t
json_begin(struct out *o, const char *name)
{
	size_t start = o->o_len;

	if (o->o_comma)
		out_put(o, ",", 1);
	if (name != NULL) {
		out_put(o, "\"", 1);
		out_put(o, name, strlen(name));
		out_put(o, "\":", 2);
	}
	return start;
}

/* False: memory ran out; what json_begin() and others wrote is gone again. */
static bool
json_end(struct out *o, size_t start)
{
	if (o->o_failed) {
		o->o_len = start;
		return false;
	}
	o->o_comma = true;
	return true;
}

/* The room for brackets and newline has been kept by out_room(). */
static void
json_close_byte(struct out *o, char c)
{
	KASSERT(o->o_len < o->o_cap);
	o->o_buf[o->o_len++] = c;
}

void
json_open(struct out *o, const char *name, char bracket)
{
	size_t start;

	KASSERT(bracket == '{' || bracket == '[');
	if (!json_suppressed(o)) {
		start = json_begin(o, name);
		out_put(o, &bracket, 1);
		if (json_end(o, start)) {
			o->o_depth++;
			o->o_comma = false;
			return;
		}
	}
	o->o_ghosts++;
}

void
json_close(struct out *o, char bracket)
{
	KASSERT(bracket == '}' || bracket == ']');
	if (o->o_ghosts > 0) {
		o->o_ghosts--;
		return;
	}
	KASSERT(o->o_depth > 0);
	json_close_byte(o, bracket);
	o->o_comma = true;
	if (--o->o_depth == 0) {
		json_close_byte(o, '\n');
		o->o_comma = false;
	}
}

/* Length of the UTF-8 character at s (RFC 3629), 0: it is none. */
static size_t
utf8_len(const unsigned char *s)
{
	static const unsigned char lowest[] = { 0, 0, 0x80, 0xa0, 0x90 };	/* no overlong forms: second byte */
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if (((s[0] == 0xe0 || s[0] == 0xf0) && s[1] < lowest[n]) || (s[0] == 0xed && s[1] >= 0xa0) ||
	    (s[0] == 0xf4 && s[1] >= 0x90))
		return 0;
	return n;
}

static void
json_string(struct out *o, const char *str)
{
	const unsigned char *s = (const unsigned char *)str;
	char esc[8];
	size_t n;

	out_put(o, "\"", 1);
	for (; *s != '\0'; s += MAX(n, (size_t)1)) {
		n = utf8_len(s);
		if (n == 0)
			out_put(o, "\\ufffd", 6);
		else if (*s == '"' || *s == '\\')
			out_put(o, (char[]){ '\\', (char)*s }, 2);
		else if (*s == '\n')
			out_put(o, "\\n", 2);
		else if (*s == '\t')
			out_put(o, "\\t", 2);
		else if (*s < 0x20 || *s == 0x7f)
			out_put(o, esc, (size_t)snprintf(esc, sizeof(esc), "\\u%04x", *s));
		else
			out_put(o, (const char *)s, n);
	}
	out_put(o, "\"", 1);
}

/* The outermost value may stand alone. */
static void
json_finish(struct out *o, size_t start)
{
	if (json_end(o, start) && o->o_depth == 0) {
		json_close_byte(o, '\n');
		o->o_comma = false;
	}
}

void
json_str(struct out *o, const char *name, const char *v)
{
	size_t start;

	if (json_suppressed(o))
		return;
	start = json_begin(o, name);
	json_string(o, v);
	json_finish(o, start);
}

static void
json_bare(struct out *o, const char *name, const char *v)
{
	size_t start;

	if (json_suppressed(o))
		return;
	start = json_begin(o, name);
	out_put(o, v, strlen(v));
	json_finish(o, start);
}

void
json_u64(struct out *o, const char *name, uint64_t v)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%" PRIu64, v);
	json_bare(o, name, buf);
}

void
json_i64(struct out *o, const char *name, int64_t v)
{
	char buf[24];

	snprintf(buf, sizeof(buf), "%" PRId64, v);
	json_bare(o, name, buf);
}

void
json_fixed(struct out *o, const char *name, uint64_t v, unsigned decimals)
{
	unsigned one = decimals == 1 ? 10 : decimals == 2 ? 100 : 1000;
	char buf[32];

	snprintf(buf, sizeof(buf), "%" PRIu64 ".%0*u", v / one, (int)decimals, (unsigned)(v % one));
	json_bare(o, name, buf);
}

void
json_bool(struct out *o, const char *name, bool v)
{
	json_bare(o, name, v ? "true" : "false");
}
