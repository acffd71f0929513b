/* test_sysctl.c - sysctl and /etc/sysctl.conf: declarative, ranges, prefixes. */
#include <stdio.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/config.h"
#include "kernel/sysctl.h"
#include "tests/unit/runfix.h"
#include "tests/unit/unit.h"

static int value_a = 5, value_b = 64;
static unsigned changes;
static void changed(void) { changes++; }
SYSCTL_INT(test_a, "test.one.a", &value_a, 5, 0, 10);
static const struct sysctl sysctl_b = { .sc_name = "test.one.b", .sc_int = &value_b, .sc_default = 64, .sc_min = -1,
    .sc_max = 255, .sc_changed = changed };
SET_ADD(sysctls, sysctl_b);
static void words(char *buf, size_t len) { snprintf(buf, len, "some words"); }
SYSCTL_STRING_RO(test_words, "test.oneself", words);

static bool
loads(const char *bundle)
{
	struct out o;
	bool ok;

	out_init(&o, NULL, NULL);
	ok = config_load(&o, "test", bundle, strlen(bundle));
	snprintf(run_text, sizeof(run_text), "%.*s", (int)o.o_len, o.o_len > 0 ? o.o_buf : "");
	out_free(&o);
	return ok;
}

TEST(sysctl_shows)
{
	run_line("sysctl test.one.a");
	CHECK_STR(run_text, "test.one.a=5\n");
	run_line("sysctl -n test.one.a");
	CHECK_STR(run_text, "5\n");
	run_line("sysctl test.one");
	CHECK_STR(run_text, "test.one.a=5\ntest.one.b=64\n");
	run_line("sysctl test");
	CHECK_STR(run_text, "test.one.a=5\ntest.one.b=64\ntest.oneself=some words\n");
	run_line("sysctl -j test");
	CHECK_STR(run_text, "{\"test.one.a\":5,\"test.one.b\":64,\"test.oneself\":\"some words\"}\n");
	run_line("sysctl");
	CHECK_IN(run_text, "kern.ostype=Sluice\n");
	CHECK_IN(run_text, "test.one.a=5\n");
	CHECK_EQ(run_status, 0);
}

TEST(sysctl_unknown_names)
{
	run_line("sysctl nix.da");
	CHECK_STR(run_text, "sysctl: top level name nix in nix.da is invalid\n");
	CHECK_EQ(run_status, 1);
	run_line("sysctl test.nix");
	CHECK_STR(run_text, "sysctl: second level name nix in test.nix is invalid\n");
	run_line("sysctl test.one.c=5");
	CHECK_STR(run_text, "sysctl: third level name c in test.one.c is invalid\n");
	run_line("sysctl -x");
	CHECK_EQ(run_status, 2);
	run_line("sysctl -j test.one.a nix test.one.b=999");
	CHECK_STR(run_text, "{\"test.one.a\":5,\"error\":\"top level name nix in nix is invalid\","
	    "\"error\":\"test.one.b is a number from -1 to 255\"}\n");
	run_line("sysctl =");
	CHECK_EQ(run_status, 1);
}

TEST(sysctl_set_becomes_configuration)
{
	run_line("sysctl test.one.b=-1");
	CHECK_STR(run_text, "test.one.b: 64 -> -1\n");
	CHECK_EQ(value_b, -1);
	CHECK_EQ(changes, 1);
	run_line("sysctl test.one.a=0x7 test.one.b=3");
	CHECK_STR(run_text, "test.one.a: 5 -> 7\ntest.one.b: -1 -> 3\n");
	run_line("show config");
	CHECK_STR(run_text, "# /etc/sysctl.conf\ntest.one.b=3\ntest.one.a=7\n");
	run_line("sysctl test.one.a=11");
	CHECK_STR(run_text, "sysctl: test.one.a is a number from 0 to 10\n");
	CHECK_EQ(run_status, 1);
	run_line("sysctl test.one.a=");
	CHECK_EQ(run_status, 1);
	run_line("sysctl test.one.a=5x");
	CHECK_EQ(run_status, 1);
	run_line("sysctl test.oneself=9");
	CHECK_STR(run_text, "sysctl: test.oneself is read only\n");
	CHECK_EQ(value_a, 7);
	CHECK(loads(""));
	CHECK_EQ(value_a, 5);
	CHECK_EQ(value_b, 64);
}

TEST(sysctl_conf_is_declarative)
{
	CHECK(loads("# /etc/sysctl.conf\n# comment\n\ntest.one.a = 9  # why\ntest.one.b=1\n"));
	CHECK_EQ(value_a, 9);
	CHECK_EQ(value_b, 1);
	CHECK(loads("# /etc/sysctl.conf\ntest.one.a=2\n"));
	CHECK_EQ(value_a, 2);
	CHECK_EQ(value_b, 64);
	CHECK(!loads("# /etc/sysctl.conf\ntest.one.a=3\nnix=1\ntest.one.b=256\nrubbish\nkern.ostype=1\n"
	    "test.one.a=1111111111111111111111111111111111111111111111111\n"));
	CHECK_STR(run_text, "/etc/sysctl.conf:2: unknown variable nix\n"
	    "/etc/sysctl.conf:3: test.one.b is a number from -1 to 255\n"
	    "/etc/sysctl.conf:4: expected name=value\n"
	    "/etc/sysctl.conf:5: kern.ostype is read only\n"
	    "/etc/sysctl.conf:6: test.one.a is a number from 0 to 10\n");
	CHECK_EQ(value_a, 2);
	CHECK(loads(""));
	CHECK_EQ(value_a, 5);
}

TEST(sysctl_myname)
{
	CHECK(loads("# /etc/myname\n# the name\ngw-1.example.org\nsecond line\n"));
	run_line("sysctl -n kern.hostname");
	CHECK_STR(run_text, "gw-1.example.org\n");
	CHECK(!loads("# /etc/myname\n\n-bad-\n"));
	CHECK_STR(run_text, "/etc/myname:2: a label begins and ends with a letter or digit\n");
	CHECK(!loads("# /etc/myname\n"));
	CHECK_STR(run_text, "/etc/myname: there is no name in it\n");
	CHECK(!loads("# /etc/myname\nro$ot\n"));
	run_line("hostname new.name");
	CHECK_EQ(run_status, 0);
	run_line("hostname");
	CHECK_STR(run_text, "new.name\n");
	run_line("show config");
	CHECK_STR(run_text, "# /etc/myname\nnew.name\n");
	run_line("hostname 'a b'");
	CHECK_EQ(run_status, 1);
	run_line("sysctl kern.hostname=5");
	CHECK_EQ(run_status, 1);
	CHECK(loads(""));
	run_line("hostname");
	CHECK_STR(run_text, "sluice\n");
}
