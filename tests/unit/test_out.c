/* test_out.c - output in memory; JSON that is always valid, as another program finds (python3, when it is there). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/out.h"
#include "tests/unit/unit.h"

static const char *
text_of(struct out *o)
{
	out_write(o, "", 1);
	o->o_len--;
	return o->o_buf;
}

TEST(out_printf_grows)
{
	char big[5000];
	struct out o;

	memset(big, 'b', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	out_init(&o, NULL, NULL);
	out_printf(&o, "%s%s", big, big);
	out_printf(&o, "end %d\n", 1);
	CHECK_EQ(strlen(text_of(&o)), 2 * (sizeof(big) - 1) + 6);
	CHECK_STR(text_of(&o) + 2 * (sizeof(big) - 1), "end 1\n");
	out_free(&o);
}

static size_t sunk;
static char sunk_last[64];

static void
sink(struct out *o __unused_arg, const char *s, size_t n)
{
	sunk += n;
	snprintf(sunk_last, sizeof(sunk_last), "%.*s", (int)n, s);
}

TEST(out_without_memory_says_so)
{
	struct out o;

	out_init(&o, sink, NULL);
	out_printf(&o, "some");
	host.malloc_limited = true;
	for (unsigned i = 0; i < 1000; i++)
		out_printf(&o, "text that does not fit %u\n", i);
	host.malloc_limited = false;
	CHECK(o.o_failed);
	out_flush(&o);
	CHECK_STR(sunk_last, "out of memory: output is incomplete\n");
	out_printf(&o, "again\n");
	out_flush(&o);
	CHECK_STR(sunk_last, "again\n");
	out_free(&o);
}

TEST(out_stopped_gathers_nothing)
{
	struct out o;

	out_init(&o, sink, NULL);
	o.o_stop = true;
	for (unsigned i = 0; i < 100000; i++)
		out_printf(&o, "text\n");
	CHECK_EQ(o.o_cap, 0);
	out_free(&o);
}

TEST(json_text)
{
	struct out o;

	out_init(&o, NULL, NULL);
	o.o_json = true;
	json_open(&o, NULL, '{');
	json_u64(&o, "big", UINT64_MAX);
	json_i64(&o, "small", INT64_MIN);
	json_bool(&o, "yes", true);
	json_open(&o, "list", '[');
	json_str(&o, NULL, "a\"b\\c\n\t\x01");
	json_open(&o, NULL, '{');
	json_close(&o, '}');
	json_str(&o, NULL, "caf\xc3\xa9 \xf0\x9f\x90\xa1 \xff\xc0\x80\xed\xa0\x80 \xe2\x82");
	json_close(&o, ']');
	json_bool(&o, "no", false);
	json_close(&o, '}');
	CHECK_STR(text_of(&o), "{\"big\":18446744073709551615,\"small\":-9223372036854775808,\"yes\":true,"
	    "\"list\":[\"a\\\"b\\\\c\\n\\t\\u0001\",{},"
	    "\"caf\xc3\xa9 \xf0\x9f\x90\xa1 \\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd \\ufffd\\ufffd\"],\"no\":false}\n");
	out_free(&o);
}

static void
random_bytes_string(char *s, size_t n)
{
	size_t len = unit_below((uint32_t)n);

	for (size_t i = 0; i < len; i++)
		s[i] = (char)(1 + unit_below(255));
	s[len] = '\0';
}

static void
random_json(struct out *o, const char *name, unsigned depth)
{
	char s[60];

	switch (unit_below(depth > 0 ? 6 : 4)) {
	case 0:
		json_u64(o, name, unit_random());
		break;
	case 1:
		json_bool(o, name, unit_below(2));
		break;
	case 2:
	case 3:
		random_bytes_string(s, sizeof(s));
		json_str(o, name, s);
		break;
	case 4:
		json_open(o, name, '[');
		for (unsigned i = unit_below(8); i > 0; i--)
			random_json(o, NULL, depth - 1);
		json_close(o, ']');
		break;
	case 5:
		json_open(o, name, '{');
		for (unsigned i = unit_below(8); i > 0; i--)
			random_json(o, "n", depth - 1);
		json_close(o, '}');
		break;
	}
}

/* Random values with memory running out, or the user stopping, at any point. */
TEST(json_is_valid_whatever_happens)
{
	char path[] = "/tmp/sluice-json-XXXXXX", command[200];
	int fd = mkstemp(path), found;
	FILE *f = fdopen(fd, "w");
	struct out o;

	CHECK(f != NULL);
	for (unsigned i = 0; i < 3000; i++) {
		out_init(&o, NULL, NULL);
		o.o_json = true;
		json_open(&o, NULL, '[');
		host.malloc_left = unit_below(4);
		host.malloc_limited = true;
		for (unsigned k = unit_below(30); k > 0; k--) {
			random_json(&o, NULL, 4);
			if (i % 3 == 0 && unit_below(10) == 0)
				o.o_stop = true;
		}
		host.malloc_limited = false;
		json_close(&o, ']');
		CHECK_EQ(o.o_depth, 0);
		CHECK_EQ(o.o_ghosts, 0);
		CHECK_EQ(fwrite(o.o_buf, 1, o.o_len, f), o.o_len);
		out_free(&o);
	}
	fclose(f);
	snprintf(command, sizeof(command), "/usr/bin/python3 -c 'import json, sys\n"
	    "n = sum(type(json.loads(line)) is list for line in open(\"%s\", \"rb\"))\n"
	    "sys.exit(n != 3000)' 2>&1", path);
	found = access("/usr/bin/python3", X_OK) == 0 ? system(command) : 0;
	unlink(path);
	CHECK_EQ(found, 0);
}

TEST(json_wrong_bracket_panics)
{
	struct out o;

	unit_allow(UNIT_LEAKS);
	out_init(&o, NULL, NULL);
	CHECK_PANIC(json_close(&o, '}'));
	CHECK_PANIC(json_open(&o, NULL, '('));
	json_open(&o, NULL, '{');
	CHECK_PANIC(out_printf(&o, "text in the middle"));
}
