/* kstat.c - the list of counted things and the kstat command. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/glob.h"
#include "kernel/kstat.h"
#include "kernel/task.h"

struct kstat *kstat_list;
static unsigned kstat_changes;		/* of the list */

static int
kstat_cmp(const struct kstat *a, const struct kstat *b)
{
	int c = strcmp(a->ks_provider, b->ks_provider);

	if (c == 0 && a->ks_instance != b->ks_instance)
		c = a->ks_instance < b->ks_instance ? -1 : 1;
	if (c == 0)
		c = strcmp(a->ks_name, b->ks_name);
	if (c == 0 && a->ks_unit != b->ks_unit)
		c = a->ks_unit < b->ks_unit ? -1 : 1;
	return c;
}

void
kstat_add(struct kstat *ks)
{
	struct kstat **p;

	for (p = &kstat_list; *p != NULL && kstat_cmp(*p, ks) <= 0; p = &(*p)->ks_next)
		KASSERT(*p != ks);
	ks->ks_next = *p;
	*p = ks;
	kstat_changes++;
}

void
kstat_remove(struct kstat *ks)
{
	for (struct kstat **p = &kstat_list; *p != NULL; p = &(*p)->ks_next)
		if (*p == ks) {
			*p = ks->ks_next;
			ks->ks_next = NULL;
			kstat_changes++;
			return;
		}
	panic("kstat_remove: %s is not there", ks->ks_provider);
}

void
kstat_u64(struct out *o, const char *name, uint64_t v, const char *unit)
{
	if (o->o_json)
		json_u64(o, name, v);
	else
		out_printf(o, "%16s: %" PRIu64 "%s%s\n", name, v, unit != NULL ? " " : "", unit != NULL ? unit : "");
}

void
kstat_bool(struct out *o, const char *name, bool v)
{
	if (o->o_json)
		json_bool(o, name, v);
	else
		out_printf(o, "%16s: %s\n", name, v ? "true" : "false");
}

void
kstat_str(struct out *o, const char *name, const char *v)
{
	if (o->o_json)
		json_str(o, name, v);
	else
		out_printf(o, "%16s: \"%s\"\n", name, v);
}

static bool
kstat_number_match(const char *pat, unsigned n)
{
	char *end;
	unsigned long v = strtoul(pat, &end, 10);

	return strcmp(pat, "*") == 0 || (*pat >= '0' && *pat <= '9' && *end == '\0' && v == n);
}

/* pattern is "provider:instance:name:unit", from the right fields may be missing; an empty one matches all. */
static bool
kstat_match(const struct kstat *ks, const char *pattern)
{
	static char all[] = "*";
	char copy[128], *field[4] = { NULL }, *s = copy;

	if (strlen(pattern) >= sizeof(copy))
		return false;
	strcpy(copy, pattern);
	for (unsigned i = 0; s != NULL; i++) {
		if (i == nitems(field))
			return false;
		field[i] = s;
		s = strchr(s, ':');
		if (s != NULL)
			*s++ = '\0';
	}
	for (unsigned i = 0; i < nitems(field); i++)
		if (field[i] == NULL || *field[i] == '\0')
			field[i] = all;
	return glob_match(field[0], ks->ks_provider) && kstat_number_match(field[1], ks->ks_instance) &&
	    glob_match(field[2], ks->ks_name) && kstat_number_match(field[3], ks->ks_unit);
}

static void
kstat_print(struct kstat *ks, struct out *o)
{
	if (!o->o_json) {
		out_printf(o, "%s:%u:%s:%u\n", ks->ks_provider, ks->ks_instance, ks->ks_name, ks->ks_unit);
		ks->ks_read(ks, o);
		return;
	}
	json_open(o, NULL, '{');
	json_str(o, "provider", ks->ks_provider);
	json_u64(o, "instance", ks->ks_instance);
	json_str(o, "name", ks->ks_name);
	json_u64(o, "unit", ks->ks_unit);
	json_open(o, "data", '{');
	ks->ks_read(ks, o);
	json_close(o, '}');
	json_close(o, '}');
}

/* Where a listing is, so that the loop has its turn between two entries, which may come and go meanwhile. */
struct kstat_cursor {
	const struct kstat *kc_last;	/* valid while the list has not changed; NULL: at the start */
	unsigned	 kc_changes;
	struct kstat	 kc_key;
	char		 kc_provider[32], kc_name[32];
};

static struct kstat *
kstat_after(struct kstat_cursor *kc)
{
	struct kstat *ks = kstat_list;

	if (kc->kc_last != NULL && kc->kc_changes == kstat_changes)
		ks = kc->kc_last->ks_next;
	else if (kc->kc_last != NULL)
		while (ks != NULL && kstat_cmp(ks, &kc->kc_key) <= 0)
			ks = ks->ks_next;
	if (ks == NULL)
		return NULL;
	kc->kc_last = ks;
	kc->kc_changes = kstat_changes;
	snprintf(kc->kc_provider, sizeof(kc->kc_provider), "%s", ks->ks_provider);
	snprintf(kc->kc_name, sizeof(kc->kc_name), "%s", ks->ks_name);
	kc->kc_key = (struct kstat){ .ks_provider = kc->kc_provider, .ks_instance = ks->ks_instance,
	    .ks_name = kc->kc_name, .ks_unit = ks->ks_unit };
	return ks;
}

/* Prints the next one if a pattern matches, or if there is none. False: no more. */
static bool
kstat_turn(struct out *o, struct kstat_cursor *kc, int argc, char **argv, unsigned *found)
{
	struct kstat *ks;
	bool match = argc == 1;

	net_enter();
	ks = kstat_after(kc);
	for (int i = 1; ks != NULL && i < argc && !match; i++)
		match = kstat_match(ks, argv[i]);
	if (ks != NULL && match) {
		kstat_print(ks, o);
		++*found;
	}
	net_leave();
	return ks != NULL;
}

static int
cmd_kstat(struct out *o, int argc, char **argv)
{
	struct kstat_cursor kc = { .kc_last = NULL };
	unsigned found = 0;

	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-')
			return command_usage(o, argv[0]);
	if (o->o_json)
		json_open(o, NULL, '[');
	while (!o->o_stop && kstat_turn(o, &kc, argc, argv, &found))
		continue;
	if (o->o_json)
		json_close(o, ']');
	if (found == 0 && argc > 1 && !o->o_json)
		out_printf(o, "kstat: no matches found\n");
	return found == 0 && argc > 1;
}
COMMAND(kstat, cmd_kstat, "kstat [-j] [provider[:instance[:name[:unit]]] ...]", "display counters of queues and devices",
    "Shows each counted thing that matches one of the patterns, or all. The provider and name\n"
    "may use *, ? and [...]; a field that is left out or empty matches all.\n\n"
    "    kstat vio0:::          all of vio0\n"
    "    kstat *:*:rxq:0        the first receive queue of every interface\n");
