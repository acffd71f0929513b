/* test_pfctl.c - pfctl on the console: its options, the running system's interfaces, here-documents. */
#include <stdio.h>
#include <string.h>

#include "kernel/command.h"
#include "tests/unit/cmdfix.h"

static char text[8192];

/* Runs a line with a here-document (NULL: none). */
static const char *
pfctl(const char *line, const char *doc, int status)
{
	struct here_doc hd = { doc, doc != NULL ? strlen(doc) : 0 };
	struct out o;
	int got;

	out_init(&o, NULL, NULL);
	got = command_run_doc(&o, line, doc != NULL ? &hd : NULL);
	snprintf(text, sizeof(text), "%.*s", (int)o.o_len, o.o_len > 0 ? o.o_buf : "");
	out_free(&o);
	CHECK_EQ(got, status);
	return text;
}

TEST(pfctl_command)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\ninet6 2001:db8::1/64\n"), "");
	CHECK_STR(pfctl("pfctl -nvf - <<X", "pass from t0 to t0:network\n", 0),
	    "pass inet from 10.0.0.1 to 10.0.0.0/24 flags S/SA\n"
	    "pass on t0 inet6 from fe80::5054:ff:fe00:a to 2001:db8::/64 flags S/SA\npass inet6 from 2001:db8::1 to 2001:db8::/64 flags S/SA\n");
	CHECK_STR(pfctl("pfctl -nf - <<X", "pass\n", 0), "");
	CHECK_STR(pfctl("pfctl -nqvf - <<X", "pass\n", 0), "");
	CHECK_STR(pfctl("pfctl -n -vv -D if=t0 -a x/y -o none -f - <<X", "if = t1\npass on $if\nanchor {\nblock\n}\n", 0),
	    "if = \"t1\"\n@0 pass on t0 all flags S/SA\n@1 anchor all {\n  @0 block drop all\n}\n");
	CHECK_STR(pfctl("pfctl -nvf - <<X", "queue a on t0 bandwidth 1M default\nantispoof for t1\n", 0), "queue a on t0 bandwidth 1M default\n");
	cmd_end();
}

TEST(pfctl_errors)
{
	cmd_start();
	CHECK_STR(pfctl("pfctl -nvf - <<X", "set limit states 5\npass at\n", 1), "set limit states 5\nstdin:2: syntax error\n");
	CHECK_STR(pfctl("pfctl -nf - <<X", "queue a on t0 bandwidth 1M\n", 1), "pfctl: no default queue specified on t0\n");
	CHECK_STR(pfctl("pfctl -nf - <<X", "load anchor x from \"/etc/none\"\n", 1), "pfctl: /etc/none: No such file or directory\n");
	CHECK_STR(pfctl("pfctl -nf - <<X", "pass from t9\n", 1), "no IP address found for t9\nstdin:1: could not parse host specification\n");
	CHECK_STR(pfctl("pfctl -nf -", NULL, 1), "pfctl: -: no input: pfctl ... -f - <<EOF\n");
	CHECK_STR(pfctl("pfctl -nf /etc/none", NULL, 1), "pfctl: /etc/none: No such file or directory\n");
	cmd_end();
}

TEST(pfctl_usage)
{
	static const char *const bad[] = { "pfctl", "pfctl -n", "pfctl -n -s rules", "pfctl -k", "pfctl -q", "pfctl -nx -f x", "pfctl -n -f", "pfctl -n -D x -f x", "pfctl -n -o all -f x",
		"pfctl -n -f x y", "pfctl -n -a '' -f x" };

	cmd_start();
	for (unsigned i = 0; i < nitems(bad); i++)
		CHECK_IN(pfctl(bad[i], NULL, 2), "usage: pfctl [-deqvz]");
	cmd_end();
}

/* Files are those of the configuration. */
TEST(pfctl_files)
{
	cmd_start();
	CHECK_STR(cmd_load("# /etc/mygate\n10.0.0.2\n# /etc/hostname.t0\ninet 10.0.0.1/24\n"), "");
	CHECK_STR(pfctl("pfctl -nvf - <<X", "table <gates> file \"/etc/mygate\"\n", 0), "table <gates> file \"/etc/mygate\"\n");
	CHECK_IN(pfctl("pfctl -nvf /etc/mygate", NULL, 1), "/etc/mygate:1: syntax error\n");
	cmd_end();
}
