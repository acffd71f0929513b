/* test_config.c - bundles: any A, any B, show config is B; failing applies leave A. The keys here apply to a model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/config.h"
#include "kernel/sysctl.h"
#include "kernel/text.h"
#include "tests/unit/runfix.h"
#include "tests/unit/unit.h"

/* ---- the model: what the running system holds for each name, in its two parts ---- */

#define MODEL_MAX	64
static struct { char name[32]; char *early, *late; } model[MODEL_MAX];
static char trace[4096];
static unsigned fail_in;	/* the n-th apply from now on fails; 0: none */

static char **
model_part(const char *name, bool late)
{
	unsigned i;

	for (i = 0; i < MODEL_MAX && model[i].name[0] != '\0' && strcmp(model[i].name, name) != 0; i++)
		continue;
	CHECK(i < MODEL_MAX);
	snprintf(model[i].name, sizeof(model[i].name), "%s", name);
	return late ? &model[i].late : &model[i].early;
}

static bool
model_apply(struct config_err *ce, const char *name, const char *old, const char *new, bool late)
{
	char **part = model_part(name, late), step[80];
	bool limited = host.malloc_limited;

	snprintf(step, sizeof(step), "%c%s%s ", old == NULL ? '+' : new == NULL ? '-' : '*', name, late ? "'" : "");
	strncat(trace, step, sizeof(trace) - strlen(trace) - 1);
	/* What we are told is the old one must be what is there. */
	CHECK((old == NULL) == (*part == NULL));
	if (old != NULL)
		CHECK_STR(*part, old);
	if (fail_in > 0 && --fail_in == 0) {
		config_error(ce, 7, "refused by the model");
		return false;
	}
	host.malloc_limited = false;	/* the model always has memory */
	free(*part);
	*part = new != NULL ? text_dup(new, strlen(new)) : NULL;
	host.malloc_limited = limited;
	return true;
}

static bool
early(struct config_err *ce, const char *name, const void *old, const void *new)
{
	return model_apply(ce, name, old, new, false);
}

static bool
late(struct config_err *ce, const char *name, const void *old, const void *new)
{
	return model_apply(ce, name, old, new, true);
}

/* The object is the text; lines with "bad" are errors. */
static void *
parse(struct config_err *ce, const char *name __unused_arg, const char *text, size_t len)
{
	struct text_lines tl;
	unsigned before = ce->ce_errors;

	text_lines_init(&tl, text, len);
	while (text_line(&tl))
		if (tl.tl_len == 3 && memcmp(tl.tl_line, "bad", 3) == 0)
			config_error(ce, tl.tl_no, "it says bad");
	return ce->ce_errors == before ? text_dup(text, len) : NULL;
}

static void
print(struct out *o, const char *name __unused_arg, const void *obj)
{
	out_printf(o, "%s", (const char *)obj);
}

#define MODEL_KEY(id, nm, ord, lt)						\
	static const struct config_key id = { .ck_name = nm, .ck_order = ord, .ck_parse = parse,	\
	    .ck_apply = early, .ck_apply_late = lt, .ck_print = print, .ck_free = free };		\
	CONFIG_KEY(id)
MODEL_KEY(model_first, "model.first", 1, NULL);
MODEL_KEY(model_many, "model-*", 20, late);
MODEL_KEY(model_last, "model.last", 30, late);

static void
model_check(const char *name, const char *text)
{
	char **e = model_part(name, false), **l = model_part(name, true);

	CHECK((*e == NULL) == (text == NULL));
	if (text != NULL)
		CHECK_STR(*e, text);
	if (strcmp(name, "model.first") == 0)
		return;
	CHECK((*l == NULL) == (text == NULL));
	if (text != NULL)
		CHECK_STR(*l, text);
}

/* ---- helpers ---- */

static char messages[8192];

static bool
load(const char *text, size_t len)
{
	struct out o;
	bool ok;

	out_init(&o, NULL, NULL);
	ok = config_load(&o, "test", text, len);
	snprintf(messages, sizeof(messages), "%.*s", (int)o.o_len, o.o_len > 0 ? o.o_buf : "");
	out_free(&o);
	return ok;
}

static bool
loads(const char *text)
{
	return load(text, strlen(text));
}

static const char *
shown(const char *name)
{
	static char buf[1 << 16];
	struct out o;

	out_init(&o, NULL, NULL);
	CHECK(config_print(&o, name));
	CHECK(o.o_len < sizeof(buf));
	memcpy(buf, o.o_len > 0 ? o.o_buf : "", o.o_len);
	buf[o.o_len] = '\0';
	out_free(&o);
	return buf;
}

static void
end(void)
{
	CHECK(loads(""));
	for (unsigned i = 0; i < MODEL_MAX; i++)
		CHECK(model[i].early == NULL && model[i].late == NULL);
}

/* ---- the tests ---- */

TEST(config_shows_what_was_loaded)
{
	static const char *const bundle[] = {
		"",
		"\n# only a comment\n\n",
		"# /etc/model.first\nline\n",
		"# a comment\n# /etc/model.first\nline\n# /etc/model-a\n\n# a comment\nx  y\n",
		"# /etc/model.first\r\nline\r\n# /etc/model-a\r\nno newline at the end",
		"# /etc/model.first\n# /etc/model-a\n# /etc/model.last",
		"# /etc/model-a\n# /etc/model-a is not a header\n #/etc/model-b\n",
	};

	for (unsigned i = 0; i < nitems(bundle); i++)
		for (unsigned k = 0; k < nitems(bundle); k++) {
			CHECK(loads(bundle[i]));
			CHECK(loads(bundle[k]));
			CHECK_STR(shown(NULL), bundle[k]);
		}
	end();
}

TEST(config_text_for_parsers_has_no_cr)
{
	CHECK(loads("# /etc/model-a\r\none\r\ntwo\r\n"));
	model_check("model-a", "one\ntwo\n");
	CHECK_STR(shown("/etc/model-a"), "one\r\ntwo\r\n");
	end();
}

TEST(config_what_is_a_header)
{
	CHECK(loads("# /etc/model-a\n# /etc/model-b is a comment\n#  /etc/model-d\n# /etc/\n"));
	model_check("model-a", "# /etc/model-b is a comment\n#  /etc/model-d\n# /etc/\n");
	/* blanks that nobody sees */
	CHECK(loads("# /etc/model-a\na\n# /etc/model-b \t\nb\n# /etc/model-c  \r\nc\n# /etc/ \n"));
	model_check("model-a", "a\n");
	model_check("model-b", "b\n");
	model_check("model-c", "c\n# /etc/ \n");
	CHECK_STR(shown(NULL), "# /etc/model-a\na\n# /etc/model-b \t\nb\n# /etc/model-c  \r\nc\n# /etc/ \n");
	CHECK(!loads("# /etc/../model-a\n"));
	CHECK_STR(messages, "/etc/../model-a: no such file is known\n");
	end();
}

TEST(config_errors_are_named)
{
	CHECK(loads("# /etc/model-a\nstays\n"));
	CHECK(!loads("\n# x\ntext\n# /etc/model-a\n"));
	CHECK_STR(messages, "test:3: text before the first \"# /etc/NAME\" line\n");
	CHECK(!loads("# /etc/model-a\nbad\nok\nbad\n# /etc/nonesuch\nx\n# /etc/model.first\nbad\n# /etc/model-\n"));
	CHECK_STR(messages, "/etc/model-a:1: it says bad\n/etc/model-a:3: it says bad\n"
	    "/etc/nonesuch: no such file is known\n/etc/model.first:1: it says bad\n/etc/model-: no such file is known\n");
	CHECK(!loads("# /etc/model-a\nx\n# /etc/model-b\n# /etc/model-a\n"));
	CHECK_STR(messages, "test:4: /etc/model-a is there already, in line 1\n");
	CHECK(!load("# /etc/model-a\nx\0y\n", 19));
	CHECK_STR(messages, "test:2: a NUL byte\n");
	model_check("model-a", "stays\n");
	CHECK_STR(shown(NULL), "# /etc/model-a\nstays\n");
	end();
}

/* One error for each file that is there already, not one for each pair of them: four thousand would be eight million lines. */
TEST(config_same_file_many_times)
{
	static char text[600 * 15 + 1];
	struct out o;
	unsigned lines = 0;

	for (unsigned i = 0; i < 600; i++)
		snprintf(text + 15 * i, 16, "# /etc/model-a\n");
	out_init(&o, NULL, NULL);
	CHECK(!config_load(&o, "test", text, strlen(text)));
	for (size_t i = 0; i < o.o_len; i++)
		lines += o.o_buf[i] == '\n';
	CHECK_EQ(lines, 599);
	out_free(&o);
	end();
}

TEST(config_too_large)
{
	char *big = malloc(CONFIG_MAX + 1);

	memset(big, '\n', CONFIG_MAX + 1);
	CHECK(!load(big, CONFIG_MAX + 1));
	CHECK_STR(messages, "test: larger than 64 MB\n");
	CHECK(load(big, CONFIG_MAX));
	free(big);
	end();
}

TEST(config_order_of_steps)
{
	CHECK(loads("# /etc/model.last\nl\n# /etc/model-a\na\n# /etc/model-b\nb\n# /etc/model.first\nf\n"));
	CHECK_STR(trace, "+model.first +model-a +model-b +model.last +model-a' +model-b' +model.last' ");
	trace[0] = '\0';
	CHECK(loads("# /etc/model-a\na\n# /etc/model-b\nb2\n# /etc/model-c\nc\n"));
	/* What goes, goes first, late part before early, in reverse; what is the same is left alone. */
	CHECK_STR(trace, "-model.last' -model.last -model.first *model-b +model-c *model-b' +model-c' ");
	trace[0] = '\0';
	CHECK(loads("# /etc/model-c\nc\n# /etc/model-b\nb2\n# /etc/model-a\na\n"));
	CHECK_STR(trace, "");
	end();
}

TEST(config_failed_apply_goes_back)
{
	CHECK(loads("# /etc/model.last\nl\n# /etc/model-a\na\n"));
	for (unsigned n = 1; n <= 7; n++) {
		fail_in = n;
		CHECK(!loads("# /etc/model-a\na2\n# /etc/model-b\nb\n# /etc/model.first\nf\n"));
		CHECK_EQ(fail_in, 0);
		CHECK_IN(messages, ":7: refused by the model\n");
		model_check("model.last", "l\n");
		model_check("model-a", "a\n");
		model_check("model-b", NULL);
		model_check("model.first", NULL);
		CHECK_STR(shown(NULL), "# /etc/model.last\nl\n# /etc/model-a\na\n");
	}
	CHECK(loads("# /etc/model-a\na2\n# /etc/model-b\nb\n# /etc/model.first\nf\n"));
	model_check("model-b", "b\n");
	end();
}

/* A random bundle; expect[] gets each file's text. */
#define NAMES	8
static const char *const name_of[NAMES] = { "model.first", "model-0", "model-1", "model-2", "model-3", "model-4",
    "model.last", "model-x" };
struct expect { char text[NAMES][200]; bool has[NAMES]; };

static size_t
random_bundle(char *buf, struct expect *ex)
{
	static const char *const line[] = { "one\n", "two words\n", "# comment\n", "\n", "  blanks  \n" };
	unsigned order[NAMES];
	size_t n = 0;

	memset(ex, 0, sizeof(*ex));
	for (unsigned i = 0; i < NAMES; i++)
		order[i] = i;
	for (unsigned i = NAMES; i > 1; i--) {
		unsigned k = unit_below(i), t = order[k];

		order[k] = order[i - 1];
		order[i - 1] = t;
	}
	if (unit_below(3) == 0)
		n += (size_t)sprintf(buf + n, "# preamble %u\n\n", unit_below(3));
	for (unsigned i = 0; i < NAMES; i++) {
		char *text = ex->text[order[i]];

		if (unit_below(2) == 0)
			continue;
		ex->has[order[i]] = true;
		for (unsigned k = unit_below(4); k > 0; k--)
			strcat(text, line[unit_below(nitems(line))]);
		n += (size_t)sprintf(buf + n, "# /etc/%s\n%s", name_of[order[i]], text);
	}
	return n;
}

static void
check_model(const struct expect *ex)
{
	for (unsigned i = 0; i < NAMES; i++)
		model_check(name_of[i], ex->has[i] ? ex->text[i] : NULL);
}

TEST(config_random_loads)
{
	static char now[4096], next[4096];
	struct expect now_ex, next_ex;
	size_t n;

	now[random_bundle(now, &now_ex)] = '\0';
	CHECK(loads(now));
	for (unsigned i = 0; i < 3000; i++) {
		n = random_bundle(next, &next_ex);
		next[n] = '\0';
		fail_in = unit_below(12);
		if (load(next, n)) {
			strcpy(now, next);
			now_ex = next_ex;
		}
		fail_in = 0;
		CHECK_STR(shown(NULL), now);
		check_model(&now_ex);
		trace[0] = '\0';
	}
	end();
}

/* Every allocation fails once: an error, no leak, nothing changed. */
TEST(config_without_memory)
{
	static const char a[] = "# /etc/model-0\na\n# /etc/model.last\nl\n";
	static const char b[] = "# c\n# /etc/model-0\nb\n# /etc/model-1\nl\n# /etc/model.first\nx\n";
	unsigned long n = 0;
	struct out o;
	bool ok;

	CHECK(loads(a));
	do {
		out_init(&o, NULL, NULL);
		host.malloc_limited = true;
		host.malloc_left = n++;
		ok = config_load(&o, "test", b, sizeof(b) - 1);
		host.malloc_limited = false;
		out_free(&o);
		if (!ok)
			CHECK_STR(shown(NULL), a);
		CHECK(n < 1000);
	} while (!ok);
	CHECK(n > 8);
	CHECK_STR(shown(NULL), b);
	end();
}

static bool
replace(const char *name, const char *text)
{
	struct out o;
	struct config_err ce = { .ce_out = &o };
	bool ok;

	out_init(&o, NULL, NULL);
	ok = config_replace(&ce, name, text != NULL ? text_dup(text, strlen(text)) : NULL);
	snprintf(messages, sizeof(messages), "%.*s", (int)o.o_len, o.o_len > 0 ? o.o_buf : "");
	out_free(&o);
	return ok;
}

TEST(config_replace_by_commands)
{
	CHECK(loads("# top\n# /etc/model-a\n# kept by nobody\na\n# /etc/model-b\nlast line without newline"));
	CHECK(replace("model-a", "changed\n"));
	CHECK_STR(shown(NULL), "# top\n# /etc/model-a\nchanged\n# /etc/model-b\nlast line without newline");
	CHECK(replace("model.first", "new\n"));
	CHECK_STR(shown(NULL), "# top\n# /etc/model-a\nchanged\n# /etc/model-b\nlast line without newline\n"
	    "# /etc/model.first\nnew\n");
	CHECK(replace("model-b", NULL));
	CHECK(replace("model-b", NULL));
	CHECK_STR(shown(NULL), "# top\n# /etc/model-a\nchanged\n# /etc/model.first\nnew\n");
	model_check("model-a", "changed\n");
	model_check("model-b", NULL);
	fail_in = 2;			/* the late part */
	CHECK(!replace("model-a", "never\n"));
	CHECK_STR(messages, "/etc/model-a:7: refused by the model\n");
	model_check("model-a", "changed\n");
	fail_in = 2;
	CHECK(!replace("model-a", NULL));
	model_check("model-a", "changed\n");
	fail_in = 1;
	CHECK(!replace("model-n", "never\n"));
	CHECK(config_running("model-n") == NULL);
	CHECK_STR(config_running("model-a"), "changed\n");
	end();
}

TEST(config_boot_finds_its_file)
{
	static const char a[] = "# /etc/model-a\na\n", b[] = "# /etc/model-b\nb\n", c[] = "# /etc/model-c\nbad\n";
	static const char *const line[] = { "sluice config=b.conf", "config=/boot/b.conf quiet", "  x  config=opt/b", "config=beta" };

	config_boot();
	CHECK_STR(host_output(), "no configuration: nothing is forwarded\n");
	CHECK(!config_loaded);
	host_file_add("opt/other", c, sizeof(c) - 1);
	config_boot();
	CHECK(!config_loaded);
	host_file_add("opt/sluice.conf", c, sizeof(c) - 1);
	host_output();
	config_boot();
	CHECK_STR(host_output(), "/etc/model-c:1: it says bad\n"
	    "configuration opt/sluice.conf not loaded: nothing is forwarded\n");
	CHECK(!config_loaded);
	host_file_add("/boot/a.conf some args", a, sizeof(a) - 1);
	config_boot();
	CHECK(config_loaded);
	CHECK_STR(shown(NULL), a);
	host_file_add("/boot/b.conf  args beta", b, sizeof(b) - 1);
	host_file_add("opt/b", b, sizeof(b) - 1);
	for (unsigned i = 0; i < nitems(line); i++) {
		CHECK(loads(""));
		host.cmdline = line[i];
		config_boot();
		CHECK_STR(shown(NULL), b);
	}
	CHECK(loads(""));
	host.cmdline = "config=oot/b.conf";	/* the end of a name is not its last part */
	config_boot();
	CHECK_STR(shown(NULL), "");
	host.cmdline = "config=nonesuch";
	host_output();
	config_boot();
	CHECK_STR(host_output(), "config=nonesuch: no such file came with the kernel: nothing is forwarded\n");
	end();
}

TEST(config_cat_tail_show)
{
	CHECK(loads("# /etc/model-a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n# /etc/model-b\nb\n# /etc/model.first\nf"));
	run_line("cat /etc/model-b");
	CHECK_STR(run_text, "b\n");
	run_line("cat /etc/nix");
	CHECK_STR(run_text, "cat: /etc/nix: No such file or directory\n");
	CHECK_EQ(run_status, 1);
	run_line("tail /etc/model-a");
	CHECK_STR(run_text, "3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n");
	run_line("tail -n 2 /etc/model-a");
	CHECK_STR(run_text, "11\n12\n");
	run_line("tail -n +12 /etc/model-a");
	CHECK_STR(run_text, "12\n");
	run_line("tail -n +1 /etc/model-b");
	CHECK_STR(run_text, "b\n");
	run_line("tail -n +11 /etc/model-*");
	CHECK_STR(run_text, "==> /etc/model-a <==\n11\n12\n\n==> /etc/model-b <==\n");
	run_line("tail -n x /etc/model-a");
	CHECK_EQ(run_status, 2);
	run_line("show config model-b");
	CHECK_STR(run_text, "b\n");
	run_line("show config /etc/nix");
	CHECK_EQ(run_status, 1);
	run_line("show -j config model-b");
	CHECK_STR(run_text, "{\"model-b\":\"b\\n\"}\n");
	run_line("show nonsense");
	CHECK_STR(run_text, "usage: show [-j] config [file]\n");
	end();
}

/* Dates as date(1) has them: with a leap day, before 1970, and one that no calendar has. */
TEST(text_dates)
{
	static const struct { int64_t seconds; const char *text; } dates[] = {
		{ 0, "Thu Jan  1 00:00:00 1970" }, { 951825661, "Tue Feb 29 12:01:01 2000" }, { 4102444799, "Thu Dec 31 23:59:59 2099" },
		{ -1, "Wed Dec 31 23:59:59 1969" }, { INT64_MAX, "9223372036854775807" },
	};
	char buf[TEXT_DATE];

	for (unsigned i = 0; i < nitems(dates); i++)
		CHECK_STR(text_date(buf, dates[i].seconds), dates[i].text);
	CHECK_EQ(text_hexdigit('9'), 9);
	CHECK_EQ(text_hexdigit('F'), 15);
	CHECK_EQ(text_hexdigit('g'), -1);
	CHECK_EQ(text_hexdigit('\0'), -1);
}
