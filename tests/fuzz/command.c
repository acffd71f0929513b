/* command.c - target command: lines of the console on a router that runs, each in a task. Commands that end the machine are left out, by the
 * product's own parser. After each line: it ends, soon when it is stopped. At the end: what show config prints brings the same system about
 * from nothing. */
#include <stdlib.h>
#include <string.h>

#include "kernel/cmdline.h"
#include "kernel/command.h"
#include "kernel/config.h"
#include "kernel/loop.h"
#include "kernel/task.h"
#include "net/ether/arp.h"
#include "tests/fuzz/net.h"

#define LINES_MAX	12

static const char bundle[] =
    "# /etc/hostname.t0\ninet 10.0.0.1/24\n# /etc/hostname.t1\ninet 10.0.1.1/24\n!route add 10.1/16 10.0.1.2\n"
    "# /etc/mygate\n10.0.0.2\n# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\n";

static struct out out;
static char line[1024];
static bool running;

static void
sink(struct out *o __unused_arg, const char *s __unused_arg, size_t n __unused_arg)
{
}

static void
task(void *arg __unused_arg)
{
	command_run(&out, line);
	running = false;
}

/* The last one waits for real time, which stands still here. */
static bool
ends_the_machine(const char *l)
{
	static const char *const never[] = { "reboot", "halt", "crash", "selftest" };
	struct cmdline cl;
	bool ends = false;

	if (cmdline_parse(&cl, l, 0) != NULL)
		return false;
	for (unsigned i = 0; i < cl.cl_n; i++) {
		for (unsigned k = 0; k < nitems(never); k++)
			ends |= strcmp(cl.cl_cmd[i].cc_argv[0], never[k]) == 0;
	}
	cmdline_free(&cl);
	return ends;
}

static void
run_line(unsigned stop_ms)
{
	if (ends_the_machine(line))
		return;
	out_init(&out, sink, NULL);
	running = true;
	CHECK(task_create("fuzz", task, NULL) != NULL);
	for (unsigned i = 0; running && i < stop_ms; i += 10)
		host_run(10);
	out.o_stop = true;
	task_wakeup(&out);
	for (unsigned i = 0; running && i < 5000; i += 10)
		host_run(10);
	if (running)
		unit_fail(__FILE__, __LINE__, "does not stop: %s", line);
	out_free(&out);
}

static void
load(const char *text, size_t len)
{
	struct out o;

	out_init(&o, NULL, NULL);
	if (!config_load(&o, "fuzz", text, len))
		unit_fail(__FILE__, __LINE__, "not loaded: %.*s\n--- of\n%.*s", (int)o.o_len, o.o_buf, (int)len, text);
	out_free(&o);
	fnet_settle();
}

/* Entries that arp -s temp and neighbours made are learned, not configured. */
static void
check_reproduces(void)
{
	uint64_t want;
	struct out o;

	arp_flush(0);
	fnet_settle();
	want = fnet_fingerprint();
	fnet_describe("by commands");
	out_init(&o, NULL, NULL);
	CHECK(config_print(&o, NULL));
	load("", 0);
	load(o.o_len > 0 ? o.o_buf : "", o.o_len);
	fnet_describe("by what show config prints");
	if (fnet_fingerprint() != want)
		unit_fail(__FILE__, __LINE__, "show config does not bring the same about:\n%.*s", (int)o.o_len, o.o_buf);
	out_free(&o);
}

static void
command_target_run(struct fuzz_in *in)
{
	unsigned how = fuzz_u8(in);

	fnet_attach();
	load(bundle, how & 1 ? 0 : sizeof(bundle) - 1);
	for (unsigned i = 0; i < LINES_MAX && in->n > 0; i++) {
		const uint8_t *nl = memchr(in->p, '\n', in->n);
		size_t n = nl != NULL ? (size_t)(nl - in->p) : in->n;
		const uint8_t *p = fuzz_take(in, n, &n);

		fuzz_u8(in);			/* the newline */
		n = MIN(n, sizeof(line) - 1);
		memcpy(line, p, n);
		line[n] = '\0';
		run_line(how & 2 ? 3000 : 100);
	}
	check_reproduces();
	load("", 0);
	fnet_detach();
}
FUZZ_TARGET(command, 512, fnet_start, command_target_run);
