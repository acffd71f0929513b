/* test_systat.c - systat: each view's figures and rates, its options, JSON, and the screen with its keys. */
#include <stdio.h>
#include <string.h>

#include "drivers/bus.h"
#include "kernel/loop.h"
#include "kernel/shell.h"
#include "kernel/systat.h"
#include "kernel/task.h"
#include "kernel/timeout.h"
#include "net/ether/arp.h"
#include "tests/unit/cmdfix.h"

/* A line of what systat printed that begins so. */
static const char *
line_of(const char *text, const char *begin)
{
	static char line[200];
	const char *p = text;

	while (strncmp(p, begin, strlen(begin)) != 0) {
		p = strchr(p, '\n');
		if (p == NULL)
			unit_fail(__FILE__, __LINE__, "no line that begins with \"%s\" in\n%s", begin, text);
		p++;
	}
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n"), p);
	return line;
}

static struct timeout burn_due;

/* A quarter of the time. */
static void
burn(void *arg __unused_arg)
{
	host.now += 25000000;
	timeout_add_msec(&burn_due, 75);
}

TEST(systat_cpu)
{
	cmd_start();
	host_run(3000);
	timeout_set(&burn_due, burn, NULL);
	timeout_add_msec(&burn_due, 0);
	cmd("systat -b -s 2 cpu");
	CHECK_EQ(cmd_status, 0);
	CHECK_IN(cmd_output(), "    0 users Load 0.00 0.00 0.00 sluice 00:00:");
	CHECK_IN(cmd_output(), "\n\nCORE     BUSY%   LOOP%   TASK%   IDLE%     PASSES     SLEEPS      INTRS\n");
	CHECK_IN(line_of(cmd_output(), "cpu0 "), "cpu0      25.0    25.0     0.0    75.0 ");
	CHECK(strstr(cmd_output(), "\nall ") == NULL);
	timeout_del(&burn_due);
	CHECK_IN(line_of(cmd("systat -b -s 2 cpu"), "cpu0 "), "cpu0       0.0     0.0     0.0   100.0 ");
	cmd_end();
}

static bool stop_busy;

static void
busy_task(void *arg __unused_arg)
{
	for (; !stop_busy; task_sleep_ms(60))
		host.now += 40000000;
}

TEST(systat_pigs)
{
	cmd_start();
	CHECK(task_create("hog", busy_task, NULL) != NULL);
	cmd("systat -b -s 10 pigs");
	CHECK_IN(cmd_output(), "\nTASK             CORE STATE    CPU%         TIME     TURNS  PREEMPTS\nhog                 0 sleep    ");
	CHECK_IN(line_of(cmd_output(), "hog "), "hog                 0 sleep    40.0      0:04.0");
	CHECK_IN(line_of(cmd_output(), "cmd "), "cmd                 0 run       0.0      0:00.00");
	CHECK_IN(line_of(cmd("systat -b -s 10 cpu"), "cpu0 "), "cpu0      40.0     0.0    40.0    60.0 ");
	stop_busy = true;
	host_run(100);
	CHECK_IN(line_of(cmd("systat -b -s 10 pigs"), "(ended)"), "(ended)             0 -         0.0      0:08.0");
	CHECK(strstr(cmd_output(), "hog") == NULL);
	cmd_end();
}

static struct timeout core_burns[2];
static unsigned burns_left;

/* On core 1 for 25 ms, on core 2 for 50 ms of every 200. */
static void
core_burn(void *arg)
{
	struct timeout *to = arg;

	host.now += to == &core_burns[0] ? 25000000 : 50000000;
	if (burns_left == 0)
		return;
	burns_left--;
	timeout_add_msec(to, 200 - host.now / 1000000 % 200);
}

/* Each core's own share, and all together. */
TEST_CORES(systat_cores, 3)
{
	cmd_start();
	burns_left = 40;
	for (unsigned i = 0; i < 2; i++) {
		host_core(i + 1);
		timeout_set(&core_burns[i], core_burn, &core_burns[i]);
		timeout_add_msec(&core_burns[i], 0);
	}
	host_core(0);
	cmd("systat -b -s 3 cpu");
	CHECK_IN(line_of(cmd_output(), "cpu0 "), "cpu0       0.0     0.0     0.0   100.0 ");
	CHECK_IN(line_of(cmd_output(), "cpu1 "), "cpu1      12.5    12.5     0.0    87.5 ");
	CHECK_IN(line_of(cmd_output(), "cpu2 "), "cpu2      25.0    25.0     0.0    75.0 ");
	CHECK_IN(line_of(cmd_output(), "all "), "all       12.5    12.5     0.0    87.5 ");
	host_run(6000);
	cmd_end();
}

/* Runs it while 100 packets a second of 52 bytes go from t0 to t1. */
static const char *
cmd_under_traffic(const char *line)
{
	struct pkt p;

	pkt_udp(&p, "10.0.0.2", "10.0.1.2", 64, 18);
	cmd_begin(line);
	host_run(0);
	do
		wire_rx(&t0, &p);
	while (!cmd_wait(10));
	return cmd_output();
}

static const char conf[] = "# /etc/hostname.t0\ninet 10.0.0.1/24\n"
    "description \"a long description\"\n# /etc/hostname.t1\ninet 10.0.1.1/24\n# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\nnet.inet.ip.dad_count=0\n";

TEST(systat_ifstat)
{
	cmd_start();
	CHECK_STR(cmd_load(conf), "");
	CHECK(arp_set(0, addr("10.0.1.2"), t1.w_host, NHF_STATIC) == NULL);
	cmd_under_traffic("systat -b -s 2 ifstat");
	CHECK_IN(cmd_output(), "IFACE    STATE DESC          IPKTS     IBYTES IFAILS    OPKTS     OBYTES OFAILS\n");
	CHECK_STR(line_of(cmd_output(), "t0 "), "t0       up:U  a long des      100       5200      0        0          0      0");
	CHECK_STR(line_of(cmd_output(), "t1 "), "t1       up:U                    0          0      0      100       5200      0");
	CHECK_IN(line_of(cmd_output(), "lo0 "), "lo0      up    ");
	CHECK_STR(line_of(cmd_output(), "Totals"),
	    "Totals                         100       5200      0      100       5200      0");
	cmd_under_traffic("systat -b -s 2 ifqs");
	CHECK_STR(line_of(cmd_output(), "t0:0"), "t0:0         0      100       5200      0        0          0      0     0   no");
	CHECK_STR(line_of(cmd_output(), "t1:0"), "t1:0         0        0          0      0      100       5200      0     0   no");
	cmd_under_traffic("systat -b -s 0.5 counters");
	CHECK_STR(line_of(cmd_output(), "ip       total"),
	    "ip       total packets received                                   50        100");
	CHECK(strstr(cmd_output(), "bad header checksums") == NULL);
	CHECK(arp_delete(0, addr("10.0.1.2")) == NULL);
	cmd_end();
}

TEST_CORES(systat_other_views, 2)
{
	struct irq ir = { .ir_name = "dev1:0", .ir_count = 50, .ir_core = 0, .ir_number = 50 }, none = { .ir_name = "none" };
	struct irq other = { .ir_name = "dev2:0", .ir_count = 7, .ir_core = 1, .ir_number = 49, .ir_link = &none };

	cmd_start();
	irq_list = &ir;
	ir.ir_link = &other;
	cmd_begin("systat -b -s 1 intr");
	host_run(500);
	ir.ir_count += 30;
	CHECK(cmd_wait(1000));
	CHECK_IN(cmd_output(), "INTERRUPT                CORE            TOTAL       RATE\nirq50/dev1:0                0               80         30\n"
	    "irq49/dev2:0                1                7          0\n\n");
	CHECK(strstr(cmd_output(), "none") == NULL);
	cmd_begin("systat -b -s 1 cpu");
	host_run(500);
	ir.ir_count += 20;
	CHECK(cmd_wait(1000));
	CHECK_STR(line_of(cmd_output(), "cpu0 ") + 61, "        20");
	irq_list = NULL;
	CHECK_IN(cmd("systat -b -s 1 pool"), "\nNAME               SIZE     INUSE     HIWAT     LIMIT  REQUESTS   FAILS   PAGES\n");
	CHECK_IN(cmd("systat -b -s 1 memory"), "\n MEMORY KB       USED       FREE\n");
	CHECK_IN(cmd("systat -b -s 1 mbufs"), "\nMBUFS       TOTAL       USED       FREE      FAILS\ncpu0  ");
	cmd("systat -b -s 1");
	CHECK_IN(cmd_output(), "\n\nCORE  ");		/* the overview */
	CHECK_IN(cmd_output(), "\n\nIFACE ");
	CHECK_IN(cmd_output(), "\n\nMBUFS ");
	CHECK_IN(cmd_output(), "\n\nTASK  ");
	CHECK_IN(cmd_output(), "\n\nINTERRUPT ");
	CHECK_IN(cmd_output(), "\n\n MEMORY KB ");
	cmd_end();
}

static unsigned
count(const char *text, const char *part)
{
	unsigned n = 0;

	for (const char *s = text; (s = strstr(s, part)) != NULL; s++)
		n++;
	return n;
}

TEST(systat_options)
{
	uint64_t begin;

	cmd_start();
	begin = host.now;
	CHECK_EQ(count(cmd("systat"), "\nCORE "), 1);	/* nobody types there: as with -B */
	CHECK_EQ((host.now - begin) / 100000000, 50);
	begin = host.now;
	cmd("systat -B -d 4 -s 1.25");
	CHECK_EQ((host.now - begin) / 10000000, 500);
	begin = host.now;
	CHECK_EQ(count(cmd("systat -B -d 4 cpu .5"), "\nCORE "), 4);
	CHECK_EQ((host.now - begin) / 100000000, 20);
	CHECK_EQ(count(cmd("systat -b -d 4 -s 0.5 cpu"), "\nCORE "), 1);
	CHECK_STR(cmd("systat -s 0"), "systat: 0: a delay is more than 0 and at most 3600 seconds\n");
	CHECK_EQ(cmd_status, 1);
	CHECK_STR(cmd("systat 3601"), "systat: 3601: a delay is more than 0 and at most 3600 seconds\n");
	CHECK_STR(cmd("systat -d 0"), "systat: 0: a count is a number from 1 to 1000000\n");
	CHECK_IN(cmd("systat nosuch"), "systat: nosuch: no such view; there are vmstat cpu ifstat ");
	CHECK_IN(cmd("systat -x"), "usage: systat [-j] [-Bbi]");
	CHECK_EQ(cmd_status, 2);
	CHECK_IN(cmd("systat -d"), "usage: ");
	cmd_begin("systat -B -s 3600");
	CHECK(!cmd_wait(1000));
	cmd_stop();
	CHECK(cmd_wait(1));
	CHECK_STR(cmd_output(), "");
	cmd_end();
}

/* Each view is on the help page. Each fits a terminal. */
TEST(systat_all_views)
{
	char line[64];

	cmd_start();
	cmd("help systat");
	SET_FOREACH(const struct systat_view, sv, systat_views) {
		if (strcmp(sv->sv_name, "rows") == 0)		/* a test's, below */
			continue;
		snprintf(line, sizeof(line), "\n         %s ", sv->sv_name);
		CHECK_IN(cmd_output(), line);
	}
	SET_FOREACH(const struct systat_view, sv, systat_views) {
		if (strcmp(sv->sv_name, "rows") == 0)
			continue;
		snprintf(line, sizeof(line), "systat -b -s 1 %s", sv->sv_name);
		for (const char *s = cmd(line), *nl; (nl = strchr(s, '\n')) != NULL; s = nl + 1)
			if (nl - s > 79)
				unit_fail(__FILE__, __LINE__, "%s is too wide:\n%.*s", sv->sv_name, (int)(nl - s), s);
	}
	cmd_end();
}

TEST_CORES(systat_json, 2)
{
	cmd_start();
	cmd("systat -s 1 -j cpu");
	CHECK_IN(cmd_output(), "{\"view\":\"cpu\",\"uptime\":");
	CHECK_IN(cmd_output(), ",\"users\":0,\"load averages\":[0.00,0.00,0.00],\"cores\":[{\"core\":\"cpu0\",\"busy\":0.0,");
	CHECK_IN(cmd_output(), "},{\"core\":\"all\",");
	CHECK_EQ(count(cmd_output(), "\n"), 1);
	CHECK_EQ(count(cmd("systat -j -B -d 3 -s 1"), "{\"view\":\"vmstat\""), 3);
	CHECK_EQ(count(cmd_output(), "\n"), 3);
	CHECK_IN(cmd_output(), ",\"tasks\":[{\"task\":\"");
	cmd_end();
}

/* ---- the screen ---- */

static const char *
type(const char *s, unsigned ms)
{
	host_type(s, strlen(s));
	host_run(ms);
	return host_output();
}

#define PROMPT	"root@sluice:~$ "

static void
screen_start(void)
{
	unit_allow(UNIT_LEAKS | UNIT_TIMEOUTS);
	shell_start();
	host_run(1);
	CHECK_STR(host_output(), PROMPT);
}

TEST(systat_screen)
{
	screen_start();
	CHECK_IN(type("systat cpu 1\r", 1), "\n\033[H    1 user Load 0.00 0.00 0.00  cpu (1-2 of 2)  sluice 00:00:00\033[K\n\033[K\nCORE ");
	CHECK_EQ(count(type("", 998), "\033[H"), 0);
	CHECK_EQ(count(type("", 10), "\033[H"), 1);		/* a second has gone */
	CHECK_EQ(count(type("", 4000), "\033[H"), 4);
	CHECK_EQ(count(type(" ", 1), "\033[H"), 1);
	CHECK_EQ(count(type("z", 1), "\033[H"), 0);
	CHECK_IN(type("n", 1), "  ifstat (");
	CHECK_IN(type("\033[C", 1), "  ifqs (");
	CHECK_IN(type("\033OD", 1), "  ifstat (");
	CHECK_IN(type("ppp", 1), "  rows (");
	CHECK_IN(type("p", 1), "  counters (");
	CHECK_IN(type("nn", 1), "  vmstat (");
	CHECK_EQ(count(type("\033", 300), "\033[H"), 0);	/* a lone one is no key */
	CHECK_STR(type("q", 1), PROMPT);
	CHECK_STR(type("echo on\r", 1), "echo on\non\n" PROMPT);
	CHECK_EQ(count(type("systat -d 3 -s 1 pool\r", 10000), "\033[H"), 3);
	CHECK_IN(type("systat\r", 1), "\033[H");
	CHECK_STR(type("\003", 1), "^C\n" PROMPT);
}

static bool rows_active;

static void
view_rows(struct systat *sy)
{
	static const struct systat_col cols[] = { { "n", "ROWS", -100 } };
	char text[200];

	SYSTAT_TABLE(sy, "rows", cols);
	if (!rows_active) {
		snprintf(text, sizeof(text), "grown by %u in %u ms", (unsigned)systat_delta(sy, SYSTAT_POOL, ~0ull, 7),
		    (unsigned)(systat_interval(sy) / 1000000));
		systat_str(sy, text);
	}
	for (unsigned i = 1; rows_active && i <= 60; i++) {
		snprintf(text, sizeof(text), "row %u", i);
		systat_str(sy, text);
	}
	systat_table_end(sy);
}
SYSTAT_VIEW(rows, 1000, false, view_rows, "a test's");

/* The text that stands in the terminal's line n, from 1; "" below the last. */
static const char *
screen_line(const char *frame, unsigned n)
{
	static char line[200];
	const char *s = strstr(frame, "\033[H"), *end;

	CHECK(s != NULL);
	for (s += 3; --n > 0 && (s = strchr(s, '\n')) != NULL; s++)
		continue;
	end = s != NULL ? strchr(s, '\n') : NULL;
	end = end != NULL ? end - strlen("\033[K") : NULL;
	snprintf(line, sizeof(line), "%.*s", end != NULL ? (int)(end - s) : 0, end != NULL ? s : "");
	for (n = (unsigned)strlen(line); n > 0 && line[n - 1] == ' '; n--)
		line[n - 1] = '\0';
	return line;
}

TEST(systat_screen_moves)
{
	char since_boot[40];
	const char *f;

	screen_start();
	rows_active = true;
	f = type("systat rows\r", 1);
	CHECK_IN(f, " rows (1-21 of 61) ");
	CHECK_STR(screen_line(f, 3), "ROWS");
	CHECK_STR(screen_line(f, 4), "row 1");
	CHECK_STR(screen_line(f, 23), "row 20");
	CHECK_EQ(count(f, "\033[K\n"), 22);
	CHECK_EQ(count(f, "\033[J\n"), 1);			/* the cursor stands in line 24 */
	CHECK_STR(screen_line(type("j", 1), 3), "row 1");
	CHECK_STR(screen_line(type("\033[B", 1), 3), "row 2");
	CHECK_STR(screen_line(type("\033[A", 1), 3), "row 1");
	CHECK_STR(screen_line(type("f", 1), 3), "row 22");
	CHECK_STR(screen_line(type("\033[6~", 1), 23), "row 60");
	CHECK_STR(screen_line(type("\033[5~", 1), 3), "row 19");
	CHECK_STR(screen_line(type("b", 1), 3), "ROWS");
	CHECK_STR(screen_line(type("k", 1), 3), "ROWS");
	type("ff", 1);
	rows_active = false;			/* it has become short */
	f = type(" ", 1);
	CHECK_IN(f, " rows (1-2 of 2) ");
	CHECK_STR(screen_line(f, 3), "ROWS");
	CHECK_STR(screen_line(f, 4), "grown by 7 in 10 ms");
	CHECK_STR(screen_line(type(" ", 100), 4), "grown by 0 in 1 ms");
	type("n", 1);
	snprintf(since_boot, sizeof(since_boot), "grown by 7 in %u ms", (unsigned)(host.now / 1000000));
	CHECK_STR(screen_line(type("p", 1), 4), since_boot);	/* a view begins with what has been since boot */
	for (const char *s = f; (s = strstr(s, "ROWS")) != NULL; s++)
		CHECK(strstr(s, "\033[") - s <= 79);		/* never a line that wraps */
	type("q", 1);
}

/* Input that is no key of ours, and keys without end. */
TEST(systat_screen_random_keys)
{
	char keys[40];

	screen_start();
	rows_active = true;
	type("systat .1 rows\r", 1);
	for (unsigned i = 0; i < 2000; i++) {
		unsigned n = unit_below(sizeof(keys) - 1);

		for (unsigned k = 0; k < n; k++)
			keys[k] = "\033[OABCD56~npkjbf zxy\r\n\t\x7f\xff"[unit_below(25)];
		keys[n] = '\0';
		type(keys, unit_below(50));
	}
	host_run(1000);
	type("", 1);
	CHECK_IN(type("q", 200), PROMPT);
	CHECK_STR(type("echo on\r", 1), "echo on\non\n" PROMPT);
}
