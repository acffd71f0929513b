/* in_multi_show.c - netstat -g: the groups that we listen to. */
#include <string.h>

#include "kernel/task.h"
#include "net/core/netstat.h"
#include "net/inet/in_multi.h"

#define GROUPS_PER_TURN	16

static void
row(struct out *o, const struct in_multi *im)
{
	char a[IP4_STRLEN];

	ip4_print(a, im->im_addr);
	if (!o->o_json) {
		out_printf(o, "%-7s %-15s %5u\n", im->im_ifp->if_xname, a, (unsigned)im->im_refs);
		return;
	}
	json_open(o, NULL, '{');
	json_str(o, "interface", im->im_ifp->if_xname);
	json_str(o, "group", a);
	json_u64(o, "refs", im->im_refs);
	json_close(o, '}');
}

/* Rows from place `skip` on, of the joined groups in the order of interfaces; how many. A list that changes between two turns may show one
 * twice, or leave one out. */
static unsigned
turn(struct out *o, const struct netstat_opts *no, unsigned skip)
{
	unsigned n = 0, at = 0;

	net_enter();
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next) {
		if (no->no_interface != NULL && strcmp(no->no_interface, ifp->if_xname) != 0)
			continue;
		for (const struct in_multi *im = ifp->if_groups; im != NULL && n < GROUPS_PER_TURN; im = im->im_next)
			if (im->im_refs > 0 && at++ >= skip) {
				row(o, im);
				n++;
			}
	}
	net_leave();
	return n;
}

int
netstat_groups(struct out *o, const struct netstat_opts *no)
{
	unsigned n, done = 0;

	if (o->o_json)
		json_open(o, NULL, '[');
	else
		out_printf(o, "Multicast group memberships\n%-7s %-15s %5s\n", "Netif", "Group", "Refs");
	while (!o->o_stop && (n = turn(o, no, done)) > 0) {
		done += n;
		out_flush(o);
	}
	if (o->o_json)
		json_close(o, ']');
	return 0;
}
