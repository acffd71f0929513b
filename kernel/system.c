/* system.c - the machine as a user sees it: uptime, dmesg, reboot, halt, and the sysctls kern.* and hw.* */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/farewell.h"
#include "kernel/load.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/percore.h"
#include "kernel/shell.h"
#include "kernel/sysctl.h"
#include "kernel/task.h"
#include "kernel/text.h"
#include "kernel/version.h"

#define SAY_GOODBYE_MS	100	/* for the console and the cards to send what is left */

/* ---- uptime ---- */

static void
print_uptime(struct out *o, uint64_t s)
{
	uint64_t days = s / 86400, hours = s / 3600 % 24, mins = s / 60 % 60;

	out_printf(o, "up ");
	if (days > 0)
		out_printf(o, "%" PRIu64 " day%s, ", days, days == 1 ? "" : "s");
	if (hours > 0)
		out_printf(o, "%2" PRIu64 ":%02" PRIu64, hours, mins);
	else if (mins > 0 || days > 0)
		out_printf(o, "%" PRIu64 " min%s", mins, mins == 1 ? "" : "s");
	else
		out_printf(o, "%" PRIu64 " sec%s", s, s == 1 ? "" : "s");
}

static int
cmd_uptime(struct out *o, int argc, char **argv)
{
	uint64_t wall = wall_s(), up = uptime_ns() / 1000000000;
	unsigned hour = (unsigned)(wall / 3600 % 24), users = shell_users();

	if (argc > 1)
		return command_usage(o, argv[0]);
	if (o->o_json) {
		json_open(o, NULL, '{');
		json_u64(o, "time", wall);
		json_u64(o, "uptime", up);
		json_u64(o, "users", users);
		load_json(o);
		json_close(o, '}');
		return 0;
	}
	out_printf(o, "%2u:%02u%cM  ", (hour + 11) % 12 + 1, (unsigned)(wall / 60 % 60), hour < 12 ? 'A' : 'P');
	print_uptime(o, up);
	out_printf(o, ", %u user%s, load averages: ", users, users == 1 ? "" : "s");
	load_print(o, ", ");
	out_printf(o, "\n");
	return 0;
}
COMMAND(uptime, cmd_uptime, "uptime [-j]", "show how long the system has been running",
    "Prints the time of day (UTC), the time since boot, how many shells run, and the load averages:\n"
    "how many cores were busy, with packets or tasks, over the last 1, 5 and 15 minutes.\n");

/* ---- dmesg ---- */

static int
cmd_dmesg(struct out *o, int argc, char **argv)
{
	struct out text;
	char buf[512];
	uint64_t pos = 0;
	size_t n;

	if (argc > 1)
		return command_usage(o, argv[0]);
	if (!o->o_json) {
		while (!o->o_stop && (n = log_read(&pos, buf, sizeof(buf))) > 0) {
			out_write(o, buf, n);
			out_flush(o);
		}
		return 0;
	}
	out_init(&text, NULL, NULL);
	while ((n = log_read(&pos, buf, sizeof(buf))) > 0)
		out_write(&text, buf, n);
	out_write(&text, "", 1);
	if (!text.o_failed)
		json_str(o, NULL, text.o_buf);
	out_free(&text);
	return 0;
}
COMMAND(dmesg, cmd_dmesg, "dmesg [-j]", "display the system message buffer",
    "Prints what the system has said since boot, and before that what is left of the boots before,\n"
    "where the machine's memory kept it.\n");

/* ---- the end ---- */

static void
say_goodbye(const char *text)
{
	log_printf("%s\n", text);
	net_enter();
	SET_FOREACH(const struct farewell, fw, farewells)
		fw->fw_say();
	net_leave();
	task_sleep_ms(SAY_GOODBYE_MS);
}

static int
cmd_reboot(struct out *o, int argc, char **argv)
{
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "-q") != 0))
		return command_usage(o, argv[0]);
	say_goodbye("rebooting...");
	machine_reboot();
}
COMMAND(reboot, cmd_reboot, "reboot", "restart the system", "Starts the machine anew, at once.\n");

static int
cmd_halt(struct out *o, int argc, char **argv)
{
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "-p") != 0 && strcmp(argv[1], "-q") != 0))
		return command_usage(o, argv[0]);
	say_goodbye("The operating system has halted.");
	machine_halt();
}
COMMAND(halt, cmd_halt, "halt [-p]", "stop the system", "Stops the machine and powers it off where that is possible.\n");

/* ---- sysctls ---- */

static void
kern_ostype(char *buf, size_t len)
{
	snprintf(buf, len, "Sluice");
}
SYSCTL_STRING_RO(kern_ostype, "kern.ostype", kern_ostype);

static void
kern_osrelease(char *buf, size_t len)
{
	snprintf(buf, len, SLUICE_RELEASE);
}
SYSCTL_STRING_RO(kern_osrelease, "kern.osrelease", kern_osrelease);

static void
kern_version(char *buf, size_t len)
{
	snprintf(buf, len, "Sluice " SLUICE_RELEASE);
}
SYSCTL_STRING_RO(kern_version, "kern.version", kern_version);

static void
kern_boottime(char *buf, size_t len)
{
	char date[TEXT_DATE];

	snprintf(buf, len, "%s", text_date(date, (int64_t)(wall_s() - uptime_ns() / 1000000000)));
}
SYSCTL_STRING_RO(kern_boottime, "kern.boottime", kern_boottime);

static void
hw_machine(char *buf, size_t len)
{
	snprintf(buf, len, "amd64");
}
SYSCTL_STRING_RO(hw_machine, "hw.machine", hw_machine);

static void
hw_ncpu(char *buf, size_t len)
{
	snprintf(buf, len, "%u", ncores);
}
SYSCTL_STRING_RO(hw_ncpu, "hw.ncpu", hw_ncpu);
SYSCTL_STRING_RO(hw_ncpuonline, "hw.ncpuonline", hw_ncpu);

static void
hw_pagesize(char *buf, size_t len)
{
	snprintf(buf, len, "%u", PAGE_SIZE);
}
SYSCTL_STRING_RO(hw_pagesize, "hw.pagesize", hw_pagesize);

static void
hw_physmem(char *buf, size_t len)
{
	snprintf(buf, len, "%" PRIu64, (uint64_t)page_total() * PAGE_SIZE);
}
SYSCTL_STRING_RO(hw_physmem, "hw.physmem", hw_physmem);
