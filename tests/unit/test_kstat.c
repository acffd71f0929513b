/* test_kstat.c - kstat: order, patterns, both formats; and the file name patterns behind it. */
#include <string.h>

#include "kernel/glob.h"
#include "kernel/kstat.h"
#include "tests/unit/runfix.h"
#include "tests/unit/unit.h"

static void
read_it(struct kstat *ks, struct out *o)
{
	kstat_u64(o, "packets", *(uint64_t *)ks->ks_arg, "packets");
	kstat_u64(o, "oactives", 7, NULL);
	kstat_bool(o, "oactive", true);
	kstat_str(o, "state", "up");
}

static uint64_t value = 158069114;
static struct kstat ks[] = {
	{ .ks_provider = "zz1", .ks_name = "txq", .ks_read = read_it, .ks_arg = &value },
	{ .ks_provider = "zz0", .ks_name = "txq", .ks_unit = 1, .ks_read = read_it, .ks_arg = &value },
	{ .ks_provider = "zz0", .ks_name = "rxq", .ks_read = read_it, .ks_arg = &value },
	{ .ks_provider = "zz0", .ks_name = "txq", .ks_unit = 0, .ks_read = read_it, .ks_arg = &value },
};

#define VALUES "         packets: 158069114 packets\n        oactives: 7\n         oactive: true\n           state: \"up\"\n"

TEST(kstat_command)
{
	for (unsigned i = 0; i < nitems(ks); i++)
		kstat_add(&ks[i]);
	CHECK_EQ(run_line("kstat 'zz*:::'"), 0);
	CHECK_STR(run_text, "zz0:0:rxq:0\n" VALUES "zz0:0:txq:0\n" VALUES "zz0:0:txq:1\n" VALUES "zz1:0:txq:0\n" VALUES);
	CHECK_EQ(run_line("kstat zz?:0:tx[opq]:1"), 0);
	CHECK_STR(run_text, "zz0:0:txq:1\n" VALUES);
	CHECK_EQ(run_line("kstat zz1 zz0:*:rxq"), 0);
	CHECK_STR(run_text, "zz0:0:rxq:0\n" VALUES "zz1:0:txq:0\n" VALUES);
	CHECK_EQ(run_line("kstat -j zz1"), 0);
	CHECK_STR(run_text, "[{\"provider\":\"zz1\",\"instance\":0,\"name\":\"txq\",\"unit\":0,"
	    "\"data\":{\"packets\":158069114,\"oactives\":7,\"oactive\":true,\"state\":\"up\"}}]\n");
	CHECK_EQ(run_line("kstat zz9"), 1);
	CHECK_STR(run_text, "kstat: no matches found\n");
	CHECK_EQ(run_line("kstat a:b:c:d:e"), 1);
	CHECK_EQ(run_line("kstat -x"), 2);
	kstat_remove(&ks[3]);
	CHECK_EQ(run_line("kstat zz0::txq"), 0);
	CHECK_STR(run_text, "zz0:0:txq:1\n" VALUES);
	CHECK_PANIC(kstat_remove(&ks[3]));
}

TEST(glob)
{
	static const struct { const char *p, *s; bool match; } c[] = {
		{ "", "", true }, { "", "a", false }, { "a", "", false }, { "*", "", true }, { "*", "abc", true },
		{ "a*c", "abc", true }, { "a*c", "ac", true }, { "a*c", "acb", false }, { "a*b*c", "axxbyybzc", true },
		{ "?", "a", true }, { "?", "", false }, { "[a-c]x", "bx", true }, { "[!a-c]x", "bx", false },
		{ "[]]", "]", true }, { "[", "[", true }, { "[a", "[a", true }, { "\\*", "*", true }, { "\\*", "a", false },
		{ "hostname.*", "hostname.vio0", true }, { "hostname.*", "hostnam", false }, { "***a", "bba", true },
	};

	for (unsigned i = 0; i < nitems(c); i++)
		if (glob_match(c[i].p, c[i].s) != c[i].match)
			unit_fail(__FILE__, __LINE__, "\"%s\" and \"%s\"", c[i].p, c[i].s);
	CHECK(!glob_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}
