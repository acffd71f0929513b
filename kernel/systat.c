/* systat.c - systat(1): options, updates, and printing them once or a few times. systat_screen.c has the live screen. */
#include <stdio.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/load.h"
#include "kernel/machine.h"
#include "kernel/myname.h"
#include "kernel/shell.h"
#include "kernel/systat_table.h"
#include "kernel/task.h"
#include "kernel/text.h"

#define VIEW_FIRST	"vmstat"
#define UPDATES_MAX	1000000

/* ---- views ---- */

const struct systat_view *
systat_view_next(const struct systat_view *after)
{
	const struct systat_view *best = NULL;

	SET_FOREACH(const struct systat_view, sv, systat_views)
		if ((after == NULL || sv->sv_order > after->sv_order) && (best == NULL || sv->sv_order < best->sv_order))
			best = sv;
	return best;
}

static const struct systat_view *
view_find(const char *name)
{
	SET_FOREACH(const struct systat_view, sv, systat_views)
		if (strcmp(sv->sv_name, name) == 0)
			return sv;
	return NULL;
}

static void
view_vmstat(struct systat *sy)
{
	for (const struct systat_view *sv = systat_view_next(NULL); sv != NULL; sv = systat_view_next(sv))
		if (sv->sv_overview && systat_goes_on(sy))
			sv->sv_func(sy);
}
SYSTAT_VIEW(vmstat, 0, false, view_vmstat, "cores, interfaces, tasks, interrupts, memory");

/* ---- updates ---- */

bool
systat_goes_on(const struct systat *sy)
{
	return !sy->sy_user->o_stop;
}

uint64_t
systat_interval(const struct systat *sy)
{
	return sy->sy_ns;
}

void
systat_begin(struct systat *sy, struct out *user)
{
	memset(sy, 0, sizeof(*sy));
	out_init(&sy->sy_page, NULL, NULL);
	sy->sy_page.o_json = user->o_json;
	sy->sy_user = user;
}

void
systat_forget(struct systat *sy)
{
	sy->sy_nold = sy->sy_nnew = 0;
	sy->sy_at = 0;
}

void
systat_end(struct systat *sy)
{
	systat_values_free(sy);
	out_free(&sy->sy_page);
}

void
systat_update(struct systat *sy, const struct systat_view *sv)
{
	uint64_t now = uptime_ns();

	sy->sy_ns = now - sy->sy_at;
	sy->sy_at = now;
	sy->sy_page.o_len = 0;
	sy->sy_page.o_failed = false;
	systat_values_turn(sy);
	if (!sy->sy_page.o_json) {
		sv->sv_func(sy);
		return;
	}
	json_open(&sy->sy_page, NULL, '{');
	json_str(&sy->sy_page, "view", sv->sv_name);
	json_u64(&sy->sy_page, "uptime", now / 1000000000);
	json_u64(&sy->sy_page, "users", shell_users());
	load_json(&sy->sy_page);
	sv->sv_func(sy);
	json_close(&sy->sy_page, '}');
}

void
systat_head(struct out *o, const char *between)
{
	uint64_t s = wall_s();
	unsigned users = shell_users();

	out_printf(o, "%5u user%s Load ", users, users == 1 ? "" : "s");
	load_print(o, " ");
	out_printf(o, "%s %s %02u:%02u:%02u", between, myname(), (unsigned)(s / 3600 % 24), (unsigned)(s / 60 % 60),
	    (unsigned)(s % 60));
}

/* Until then, or ^C. */
static void
wait_until(struct out *o, uint64_t until)
{
	uint64_t now;

	net_enter();
	while (!o->o_stop && (now = uptime_ns()) < until)
		task_sleep(o, (until - now + 999999) / 1000000);
	net_leave();
}

static void
print_update(struct systat *sy)
{
	struct out *o = sy->sy_user;

	if (!o->o_json) {
		systat_head(o, "");
		out_printf(o, "\n\n");
	}
	out_write(o, sy->sy_page.o_buf, sy->sy_page.o_len);
	if (sy->sy_page.o_failed)
		out_printf(o, "%s", o->o_json ? "" : "systat: out of memory: this is incomplete\n");
	out_flush(o);
}

/* Prints `count` updates, or the last of so many, one each `ms` milliseconds; the first tells of the time before it. */
static void
run_batch(struct systat *sy, const struct systat_opts *so)
{
	struct out *o = sy->sy_user;
	uint64_t next = uptime_ns();

	systat_update(sy, so->so_view);
	for (uint64_t i = 1; i <= so->so_count && !o->o_stop; i++) {
		next += so->so_ms * 1000000;
		wait_until(o, next);
		systat_update(sy, so->so_view);
		if (!so->so_last || i == so->so_count)
			print_update(sy);
	}
}

/* ---- options ---- */

static bool
set_delay(struct out *o, struct systat_opts *so, const char *s)
{
	if (text_seconds(s, &so->so_ms))
		return true;
	out_printf(o, "systat: %s: a delay is more than 0 and at most 3600 seconds\n", s);
	return false;
}

static bool
set_count(struct out *o, struct systat_opts *so, const char *s)
{
	int64_t n;

	if (!text_int(s, 1, UPDATES_MAX, &n)) {
		out_printf(o, "systat: %s: a count is a number from 1 to %d\n", s, UPDATES_MAX);
		return false;
	}
	so->so_count = (uint64_t)n;
	return true;
}

/* A word that is no option: the view, or the delay. */
static bool
set_word(struct out *o, struct systat_opts *so, const char *s)
{
	const struct systat_view *sv = view_find(s);

	if (sv != NULL)
		so->so_view = sv;
	else if (*s == '.' || (*s >= '0' && *s <= '9'))
		return set_delay(o, so, s);
	else {
		out_printf(o, "systat: %s: no such view; there are", s);
		for (sv = systat_view_next(NULL); sv != NULL; sv = systat_view_next(sv))
			out_printf(o, " %s", sv->sv_name);
		out_printf(o, "\n");
	}
	return sv != NULL;
}

/* 0, or the command's status. */
static int
set_option(struct out *o, struct systat_opts *so, const char *word, const char *arg)
{
	if (strcmp(word, "-d") == 0 && arg != NULL)
		return set_count(o, so, arg) ? 0 : 1;
	if (strcmp(word, "-s") == 0 && arg != NULL)
		return set_delay(o, so, arg) ? 0 : 1;
	if (strcmp(word, "-b") != 0 && strcmp(word, "-B") != 0 && strcmp(word, "-i") != 0)
		return command_usage(o, "systat");
	so->so_live = word[1] == 'i';
	so->so_last = word[1] == 'b';
	return 0;
}

static int
parse_options(struct out *o, struct systat_opts *so, int argc, char **argv)
{
	int status;

	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-') {
			if (!set_word(o, so, argv[i]))
				return 1;
			continue;
		}
		if ((status = set_option(o, so, argv[i], argv[i + 1])) != 0)
			return status;
		if (argv[i][1] == 'd' || argv[i][1] == 's')
			i++;
	}
	return 0;
}

static int
cmd_systat(struct out *o, int argc, char **argv)
{
	struct systat_opts so = { .so_view = view_find(VIEW_FIRST), .so_ms = 5000, .so_live = true };
	struct systat sy;
	int status = parse_options(o, &so, argc, argv);

	if (status != 0)
		return status;
	systat_begin(&sy, o);
	if (so.so_live && o->o_key != NULL && !o->o_json)
		systat_screen(&sy, &so);
	else {
		so.so_count = MAX(so.so_count, (uint64_t)1);
		run_batch(&sy, &so);
	}
	systat_end(&sy);
	return 0;
}
COMMAND(systat, cmd_systat, "systat [-j] [-Bbi] [-d count] [-s delay] [view] [delay]", "display the system's statistics, live",
    "Shows a view of the system and updates it every 5 seconds, or `delay' seconds. All but totals\n"
    "is for a second, since the last update; the first tells of the time since boot.\n\n"
    "-B   prints one update after the delay, without a screen; -b: the last of `count' only\n"
    "-d   ends after so many updates\n"
    "-i   the screen, as without -B and -b\n\n"
    "    vmstat    cores, interfaces, mbufs, tasks, interrupts and memory: all at a glance\n"
    "    cpu       each core: its share of time with packets, tasks, and asleep; turns of the loop\n"
    "    ifstat    interfaces\n"
    "    ifqs      the queues of interfaces\n"
    "    mbufs     each core's packet buffers\n"
    "    pigs      tasks, the busiest first; `(ended)' sums up those that are gone\n"
    "    intr      interrupts\n"
    "    memory    pages\n"
    "    pool      pools of objects\n"
    "    counters  counters of netstat -s that have moved\n\n"
    "Keys: left and right (or p and n) change the view, up and down (k and j) and page up and down\n"
    "(b and f) move in it, space updates at once, q or ^C ends.\n");
