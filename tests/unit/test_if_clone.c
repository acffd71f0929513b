/* test_if_clone.c - interfaces that come and go: by commands, with their files, and what stands on them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"
#include "kernel/pool.h"
#include "net/core/if_clone.h"
#include "net/route/route.h"
#include "tests/unit/cmdfix.h"

static unsigned
loops_out(void)
{
	host_epochs_end();
	for (const struct pool *pr = pool_list; pr != NULL; pr = pr->pr_next)
		if (strcmp(pr->pr_name, "lo") == 0)
			return pr->pr_nout;
	CHECK(!"no pool");
	return 0;
}

/* checklist: ifconfig_create_destroy */
TEST(clone_create_and_destroy)
{
	cmd_start();
	CHECK_STR(cmd("ifconfig lo1 create"), "");
	CHECK_EQ(cmd_status, 0);
	CHECK_STR(cmd("ifconfig lo1"), "lo1: flags=8008<LOOPBACK,MULTICAST> mtu 32768\n"
	    "\tindex 4 priority 0 llprio 3\n\tgroups: lo\n");
	CHECK_STR(cmd_config(), "# /etc/hostname.lo1\n");
	CHECK_STR(cmd("ifconfig lo1 inet 10.9.9.1/32 mtu 1400"), "");
	CHECK_STR(cmd("ifconfig lo1"), "lo1: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 1400\n"
	    "\tindex 4 priority 0 llprio 3\n\tgroups: lo\n\tinet 10.9.9.1 netmask 0xffffffff\n");
	CHECK_IN(cmd("route -n get 10.9.9.1"), "interface: lo1\n");
	CHECK_IN(cmd("kstat lo1:::"), "lo1:0:rxq:0\n");
	CHECK_STR(cmd("ifconfig lo1 destroy"), "");
	CHECK_EQ(cmd_status, 0);
	CHECK_STR(cmd_config(), "");
	CHECK_STR(cmd("ifconfig lo1"), "ifconfig: lo1: no such interface\n");
	CHECK_STR(cmd("kstat lo1:::"), "kstat: no matches found\n");
	CHECK(rtable_lookup(0, addr("10.9.9.1"), 32) == NULL);
	CHECK_EQ(loops_out(), 0);
	cmd_end();
}

/* What the former one was told is forgotten with it, also when its index is given away again. */
TEST(clone_forgets)
{
	const char *why;
	struct ifnet *ifp;
	unsigned last;

	cmd_start();
	CHECK_STR(cmd("ifconfig lo1 create mtu 1400"), "");
	CHECK_STR(cmd("ifconfig lo1 mtu 1300"), "");
	CHECK_IN(cmd("ifconfig lo1"), "mtu 1300\n\tindex 4 ");
	CHECK_STR(cmd("ifconfig lo1 destroy"), "");
	do {
		CHECK((ifp = if_clone_create("lo1", &why)) != NULL);
		last = ifp->if_index;
		if_clone_destroy(ifp);
		host_epochs_end();
	} while (last != IF_MAX - 1);
	CHECK((ifp = if_clone_create("lo2", &why)) != NULL && ifp->if_index == 4);
	CHECK(if_setmtu(ifp, 1200));		/* its own, before a file */
	CHECK_STR(cmd("ifconfig lo2 description x"), "");
	CHECK_IN(cmd("ifconfig lo2"), "mtu 1200\n\tdescription: x\n\tindex 4 ");
	cmd_end();
}

TEST(clone_first_setting_creates)
{
	char *all;

	cmd_start();
	CHECK_STR(cmd("ifconfig lo2 inet 10.9.2.1/32"), "");
	CHECK_STR(cmd("ifconfig lo3 create inet 10.9.3.1/32 description x"), "");
	CHECK_STR(cmd_config(), "# /etc/hostname.lo2\ninet 10.9.2.1 255.255.255.255\n"
	    "# /etc/hostname.lo3\ndescription \"x\"\ninet 10.9.3.1 255.255.255.255\n");
	all = strdup(cmd("ifconfig lo"));
	CHECK_STR(cmd("ifconfig lo0; ifconfig lo2; ifconfig lo3"), all);
	free(all);
	CHECK(cmd("ifconfig lo4 inet 10.9.3.1/33")[0] != '\0');
	CHECK(cmd("ifconfig lo4 inet 10.9.3.1/32")[0] != '\0');		/* in use: created and taken back */
	CHECK(ifunit("lo4") == NULL && ifunit("lo3") != NULL);
	CHECK_EQ(loops_out(), 2);
	cmd_end();
}

TEST(clone_refusals)
{
	static const struct { const char *line, *says; } t[] = {
		{ "ifconfig lo1 create", "SIOCIFCREATE: File exists" },
		{ "ifconfig lo0 create", "SIOCIFCREATE: File exists" },
		{ "ifconfig t0 create", "SIOCIFCREATE: File exists" },
		{ "ifconfig t7 create", "SIOCIFCREATE: Invalid argument" },
		{ "ifconfig lo create", "SIOCIFCREATE: Invalid argument" },
		{ "ifconfig lo01 create", "SIOCIFCREATE: Invalid argument" },
		{ "ifconfig lo1x create", "SIOCIFCREATE: Invalid argument" },
		{ "ifconfig lo123456 create", "SIOCIFCREATE: Invalid argument" },
		{ "ifconfig l1 create", "SIOCIFCREATE: Invalid argument" },
		{ "ifconfig loo1 create", "SIOCIFCREATE: Invalid argument" },
		{ "ifconfig lo0 destroy", "SIOCIFDESTROY: Operation not permitted" },
		{ "ifconfig t0 destroy", "SIOCIFDESTROY: Invalid argument" },
		{ "ifconfig lo9 destroy", "lo9: no such interface" },
		{ "ifconfig t7 up", "t7: no such interface" },
	};
	char want[100];

	cmd_start();
	CHECK_STR(cmd("ifconfig lo1 create"), "");
	for (size_t i = 0; i < nitems(t); i++) {
		snprintf(want, sizeof(want), "ifconfig: %s\n", t[i].says);
		CHECK_STR(cmd(t[i].line), want);
		CHECK_EQ(cmd_status, 1);
		CHECK_STR(cmd_config(), "# /etc/hostname.lo1\n");
	}
	cmd_end();
}

/* Each kind by its name, in order. */
TEST(clone_list)
{
	const char *last = "";
	char want[200] = "";

	cmd_start();
	CHECK(SET_COUNT(if_cloners) > 0 && if_clone_nth(SET_COUNT(if_cloners)) == NULL);
	for (unsigned i = 0; i < SET_COUNT(if_cloners); i++) {
		const char *name = if_clone_nth(i)->ifc_name;

		CHECK(strcmp(name, last) > 0);
		snprintf(want + strlen(want), sizeof(want) - strlen(want), "%s%s", i > 0 ? " " : "", name);
		last = name;
	}
	CHECK(strstr(want, "lo") != NULL);
	strcat(want, "\n");
	CHECK_STR(cmd("ifconfig -C"), want);
	cmd_end();
}

/* As many as there may be; then the reason, and nothing has changed. */
TEST(clone_limit)
{
	const char *why;
	char name[16], *before;
	struct ifnet *ifp;

	cmd_start();
	for (unsigned i = 1; i <= 256; i++) {
		snprintf(name, sizeof(name), "lo%u", i);
		CHECK(if_clone_create(name, &why) != NULL);
	}
	before = strdup(cmd_config());
	CHECK_STR(cmd("ifconfig lo257 create"), "/etc/hostname.lo257: lo257 cannot be created: Cannot allocate memory\n");
	CHECK_STR(cmd_config(), before);
	free(before);
	for (unsigned i = 1; i <= 256; i++) {
		snprintf(name, sizeof(name), "lo%u", i);
		if_clone_destroy(ifunit(name));
		host_epochs_end();
	}
	/* An index comes back after all others: what still has it must not meet a new interface. */
	for (unsigned i = 0, last = 0; i < 3 * IF_MAX; i++) {
		CHECK((ifp = if_clone_create("lo1", &why)) != NULL);
		CHECK(ifp->if_index != last && if_get(ifp->if_index) == ifp);
		last = ifp->if_index;
		CHECK_EQ(ifunit("lo0")->if_index, 1);
		CHECK(ifnet_list == ifunit("lo0"));
		if_clone_destroy(ifp);
		host_epochs_end();
	}
	cmd_end();
}

/* What it stands on must not go alone; when it is tried, all is as before. */
TEST(clone_under_a_route)
{
	static const char conf[] = "# /etc/hostname.lo1\ninet 10.9.9.1/32\n"
	    "# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add 10.1/16 10.9.9.1\n";
	char *routes;

	cmd_start();
	CHECK_STR(cmd_load(conf), "");
	routes = strdup(cmd("netstat -rn"));
	CHECK_IN(routes, "10.1/16");
	CHECK_STR(cmd("ifconfig lo1 destroy"), "/etc/hostname.t0:2: route 10.1/16: Network is unreachable\n");
	CHECK_STR(cmd_config(), conf);
	CHECK_STR(cmd("netstat -rn"), routes);
	free(routes);
	/* One that leads nowhere does not need it. */
	CHECK_STR(cmd_load("# /etc/hostname.lo1\ninet 10.9.9.1/32\n# /etc/hostname.t0\ninet 10.0.0.1/24\n"
	    "!route add -reject 10.2/16 10.9.9.1\n"), "");
	CHECK_STR(cmd_load("# /etc/hostname.t0\ninet 10.0.0.1/24\n!route add -reject 10.2/16 10.9.9.1\n"), "");
	CHECK(ifunit("lo1") == NULL);
	CHECK_IN(cmd("netstat -rn"), "10.2/16");
	cmd_end();
}

/* ---- random bundles ---- */

static void
random_file(char *text, const char *head)
{
	static const char *const lines[] = {
		"inet 10.0.0.1/24\n", "inet 10.9.1.1/32\n", "inet alias 10.9.2.1/32\n", "inet alias 10.9.3.1/24\n", "inet 10.9.1.1/24\n",
		"mtu 1400\n", "up\n", "down\n", "description x\n", "!route add 10.1/16 10.9.1.1\n", "!route add 10.1/16 10.9.2.1\n",
		"!route add -reject 10.2/16 127.0.0.1\n", "!route add -blackhole 10.3/16 127.0.0.1\n", "!route add 10.4/16 10.0.0.2\n",
	};

	text += sprintf(text, "# /etc/%s\n", head);
	for (unsigned n = unit_below(4); n > 0; n--)
		text += sprintf(text, "%s", lines[unit_below(nitems(lines))]);
}

/* All that an admin sees, but for the indices. */
static char *
random_state(void)
{
	char *s = strdup(cmd("ifconfig lo0; ifconfig lo1; ifconfig lo2; ifconfig t0; netstat -rn")), *p = s;

	while ((p = strstr(p, "index ")) != NULL) {
		p += strlen("index ");
		memmove(p, p + strspn(p, "0123456789"), strlen(p + strspn(p, "0123456789")) + 1);
	}
	return s;
}

/* Load A, load B: the system is B's, as from scratch; what cannot be leaves A. */
TEST(clone_random_bundles)
{
	static const char *const head[] = { "hostname.lo1", "hostname.lo2", "hostname.t0" };
	char file[3][512] = { "", "", "" }, bundle[2000], before[2000] = "", *was, *now;
	unsigned loaded = 0, refused = 0;

	cmd_start();
	for (int n = 0; n < 1000; n++) {
		bundle[0] = '\0';
		for (int i = 0; i < 3; i++) {
			if (unit_below(3) == 0)
				file[i][0] = '\0';
			else if (unit_below(2) == 0)		/* else it stays */
				random_file(file[i], head[i]);
			strcat(bundle, file[i]);
		}
		was = random_state();
		if (cmd_load(bundle)[0] == '\0') {
			strcpy(before, bundle);
			loaded++;
			free(was);
			was = random_state();
			CHECK_STR(cmd_load(""), "");
			CHECK_EQ(loops_out(), 0);
			CHECK_STR(cmd_load(before), "");
		} else
			refused++;
		CHECK_STR(cmd_config(), before);
		now = random_state();
		CHECK_STR(now, was);
		free(was);
		free(now);
	}
	CHECK(loaded > 200 && refused > 200);
	cmd_end();
}
