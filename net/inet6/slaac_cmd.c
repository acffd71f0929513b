/* slaac_cmd.c - slaacctl(8): what was learned from routers. */
#include <string.h>

#include "kernel/command.h"
#include "kernel/machine.h"
#include "kernel/task.h"
#include "net/inet6/slaac.h"

static const char *
pref_text(int pref)
{
	return pref > 0 ? "High" : pref < 0 ? "Low" : "Medium";
}

/* Seconds that are left; what never ends: 4294967295, as on the wire. */
static unsigned long long
left(uint64_t until, uint64_t now)
{
	return until == UINT64_MAX ? UINT32_MAX : until > now ? (until - now) / SLAAC_SECOND : 0;
}

static void
show_routers(struct out *o, const struct slaac *sl, uint64_t now)
{
	char a[IN6_STRLEN];

	for (unsigned i = 0; i < sl->sl_nrouters; i++) {
		const struct ra_router *rr = &sl->sl_router[i];

		out_printf(o, "\tRouter Advertisement from %s%s\n", in6_print(a, &rr->rr_addr),
		    sl->sl_routed && in6_equal(&rr->rr_addr, &sl->sl_gateway) ? " (default)" : "");
		out_printf(o, "\t\treceived: %llus ago\n", (unsigned long long)((now - rr->rr_heard) / SLAAC_SECOND));
		out_printf(o, "\t\tCur Hop Limit: %3u, M: %d, O: %d, Router Lifetime: %5llus\n", rr->rr_hlim, !!(rr->rr_flags & RA_MANAGED),
		    !!(rr->rr_flags & RA_OTHER), left(rr->rr_expire, now));
		out_printf(o, "\t\tDefault Router Preference: %s\n", pref_text(rr->rr_pref));
		if (rr->rr_mtu != 0)
			out_printf(o, "\t\tmtu: %u\n", (unsigned)rr->rr_mtu);
	}
}

static void
show_prefixes(struct out *o, const struct slaac *sl, uint64_t now)
{
	char a[IN6_NETSTRLEN];

	for (unsigned i = 0; i < sl->sl_nprefixes; i++) {
		const struct ra_prefix *rp = &sl->sl_prefix[i];

		out_printf(o, "\tprefix: %s\n", in6_printnet(a, &rp->rp_addr, rp->rp_plen));
		out_printf(o, "\t\tOn-link: %d, Autonomous address-configuration: %d\n", rp->rp_onlink, rp->rp_auto);
		out_printf(o, "\t\tvltime: %10llu, pltime: %10llu\n", left(rp->rp_valid, now), left(rp->rp_preferred, now));
	}
	for (unsigned i = 0; i < sl->sl_ndns; i++)
		out_printf(o, "\trdns: %s, lifetime: %llu\n", in6_print(a, &sl->sl_dns[i].rd_addr), left(sl->sl_dns[i].rd_expire, now));
	for (unsigned i = 0; i < sl->sl_nsearch; i++)
		out_printf(o, "\tsearch: %s, lifetime: %llu\n", sl->sl_search[i].rs_name, left(sl->sl_search[i].rs_expire, now));
}

static void
show_json(struct out *o, const struct slaac *sl, uint64_t now)
{
	char a[IN6_NETSTRLEN];

	json_open(o, NULL, '{');
	json_str(o, "interface", sl->sl_ifp->if_xname);
	json_open(o, "routers", '[');
	for (unsigned i = 0; i < sl->sl_nrouters; i++) {
		json_open(o, NULL, '{');
		json_str(o, "router", in6_print(a, &sl->sl_router[i].rr_addr));
		json_u64(o, "lifetime", left(sl->sl_router[i].rr_expire, now));
		json_str(o, "preference", pref_text(sl->sl_router[i].rr_pref));
		json_close(o, '}');
	}
	json_close(o, ']');
	json_open(o, "prefixes", '[');
	for (unsigned i = 0; i < sl->sl_nprefixes; i++) {
		json_open(o, NULL, '{');
		json_str(o, "prefix", in6_printnet(a, &sl->sl_prefix[i].rp_addr, sl->sl_prefix[i].rp_plen));
		json_u64(o, "vltime", left(sl->sl_prefix[i].rp_valid, now));
		json_u64(o, "pltime", left(sl->sl_prefix[i].rp_preferred, now));
		json_close(o, '}');
	}
	json_close(o, ']');
	json_open(o, "rdns", '[');
	for (unsigned i = 0; i < sl->sl_ndns; i++) {
		json_open(o, NULL, '{');
		json_str(o, "address", in6_print(a, &sl->sl_dns[i].rd_addr));
		json_u64(o, "lifetime", left(sl->sl_dns[i].rd_expire, now));
		json_close(o, '}');
	}
	json_close(o, ']');
	json_open(o, "search", '[');
	for (unsigned i = 0; i < sl->sl_nsearch; i++) {
		json_open(o, NULL, '{');
		json_str(o, "domain", sl->sl_search[i].rs_name);
		json_u64(o, "lifetime", left(sl->sl_search[i].rs_expire, now));
		json_close(o, '}');
	}
	json_close(o, ']');
	json_close(o, '}');
}

static void
show_one(struct out *o, const struct slaac *sl)
{
	const struct ifnet *ifp = sl->sl_ifp;
	uint64_t now = uptime_ns();
	char mac[ETHER_STRLEN];

	if (o->o_json) {
		show_json(o, sl, now);
		return;
	}
	out_printf(o, "%s:\n\t index: %3u running: %s temporary: %s\n\tlladdr: %s\n", ifp->if_xname, ifp->if_index,
	    nexthop_if_usable(ifp) ? "yes" : "no", ifp->if_xflags & IFXF_AUTOCONF6TEMP ? "yes" : "no", ether_print(mac, ifp->if_lladdr));
	show_routers(o, sl, now);
	show_prefixes(o, sl, now);
}

static int
cmd_slaacctl(struct out *o, int argc, char **argv)
{
	if (argc < 3 || argc > 4 || strcmp(argv[1], "show") != 0 || strcmp(argv[2], "interface") != 0)
		return command_usage(o, argv[0]);
	if (o->o_json)
		json_open(o, NULL, '[');
	net_enter();
	for (const struct ifnet *ifp = ifnet_list; ifp != NULL; ifp = ifp->if_next)
		if (slaac_of(ifp) != NULL && (argc == 3 || strcmp(ifp->if_xname, argv[3]) == 0))
			show_one(o, slaac_of(ifp));
	net_leave();
	if (o->o_json)
		json_close(o, ']');
	return 0;
}
COMMAND(slaacctl, cmd_slaacctl,
    "slaacctl [-j] show interface [interface]",
    "what interfaces with \"inet6 autoconf\" have learned from routers",
    "Routers with their lifetime and preference (the one in use is marked), prefixes, name servers, search domains; the last two are\n"
    "also what \"cat /etc/resolv.conf\" prints.\n");
