/* in_multi_show.c - netstat -g: the groups that we listen to, of both families. */
#include <string.h>

#include "kernel/task.h"
#include "net/core/netstat.h"
#include "net/inet/in_multi.h"
#include "net/inet6/mld6.h"

#define GROUPS_PER_TURN	16

struct group_walk { struct out *w_out; unsigned w_af, w_skip, w_at, w_n; };	/* rows to leave out; looked at; printed */

static void
row(struct group_walk *w, const struct ifnet *ifp, const struct in6_addr *group, unsigned refs)
{
	char a[IN6_STRLEN];

	if (refs == 0 || w->w_n == GROUPS_PER_TURN || w->w_at++ < w->w_skip)
		return;
	w->w_n++;
	af_print(a, w->w_af, group);
	if (!w->w_out->o_json) {
		out_printf(w->w_out, "%-7s %-*s %5u\n", ifp->if_xname, w->w_af == AF_IP4 ? 15 : 39, a, refs);
		return;
	}
	json_open(w->w_out, NULL, '{');
	json_str(w->w_out, "interface", ifp->if_xname);
	json_str(w->w_out, "group", a);
	json_u64(w->w_out, "refs", refs);
	json_close(w->w_out, '}');
}

static void
rows(struct group_walk *w, const struct ifnet *ifp)
{
	if (w->w_af == AF_IP4) {
		for (const struct in_multi *im = ifp->if_groups; im != NULL; im = im->im_next) {
			struct in6_addr a = in6_of_ip4(im->im_addr);

			row(w, ifp, &a, im->im_refs);
		}
	} else if (ifp->if_nd != NULL) {
		for (const struct in6_multi *i6m = ifp->if_nd->nd_multi; i6m != NULL; i6m = i6m->i6m_next)
			row(w, ifp, &i6m->i6m_addr, i6m->i6m_refs);
	}
}

/* Rows from place `skip` on, of the joined groups in the order of interfaces; how many. A list that changes between two turns may show one
 * twice, or leave one out. */
static unsigned
turn(struct out *o, const struct netstat_opts *no, unsigned af, unsigned skip)
{
	struct group_walk w = { .w_out = o, .w_af = af, .w_skip = skip };

	net_enter();
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (no->no_interface == NULL || strcmp(no->no_interface, ifp->if_xname) == 0)
			rows(&w, ifp);
	net_leave();
	return w.w_n;
}

static void
groups_of(struct out *o, const struct netstat_opts *no, unsigned af)
{
	unsigned n, done = 0;

	if (!o->o_json && af == AF_IP4)
		out_printf(o, "Multicast group memberships\n%-7s %-15s %5s\n", "Netif", "Group", "Refs");
	else if (!o->o_json)
		out_printf(o, "%sIPv6 multicast group memberships\n%-7s %-39s %5s\n", no->no_inet ? "\n" : "", "Netif", "Group", "Refs");
	while (!o->o_stop && (n = turn(o, no, af, done)) > 0) {
		done += n;
		out_flush(o);
	}
}

int
netstat_groups(struct out *o, const struct netstat_opts *no)
{
	if (o->o_json)
		json_open(o, NULL, '[');
	if (no->no_inet)
		groups_of(o, no, AF_IP4);
	if (no->no_inet6)
		groups_of(o, no, AF_IP6);
	if (o->o_json)
		json_close(o, ']');
	return 0;
}
