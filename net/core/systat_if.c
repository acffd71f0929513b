/* systat_if.c - systat's views of interfaces, their queues, and mbufs. */
#include <stdio.h>

#include "kernel/systat.h"
#include "kernel/task.h"
#include "net/core/if.h"

/* ---- interfaces ---- */

static const struct systat_col if_cols[] = {
	{ "interface", "IFACE", -8 }, { "state", "STATE", -5 }, { "description", "DESC", -10 },
	{ "ipackets", "IPKTS", 8 }, { "ibytes", "IBYTES", 10 }, { "ifails", "IFAILS", 6 },
	{ "opackets", "OPKTS", 8 }, { "obytes", "OBYTES", 10 }, { "ofails", "OFAILS", 6 },
};

struct if_row {
	char	ir_name[IFNAMSIZ], ir_desc[12];
	const char *ir_state;
	struct if_totals ir_totals;
};

/* False: no interface has that index. */
static bool
if_row(uint16_t idx, struct if_row *ir)
{
	const struct ifnet *ifp;

	net_enter();
	ifp = if_get(idx);
	if (ifp != NULL) {
		snprintf(ir->ir_name, sizeof(ir->ir_name), "%s", ifp->if_xname);
		snprintf(ir->ir_desc, sizeof(ir->ir_desc), "%.10s", ifp->if_description);
		ir->ir_state = !(ifp->if_flags & IFF_UP) ? "dn" : ifp->if_link_state == LINK_STATE_UP ? "up:U" :
		    ifp->if_link_state == LINK_STATE_DOWN ? "up:D" : "up";
		if_totals(ifp, &ir->ir_totals);
	}
	net_leave();
	return ifp != NULL;
}

static void
if_rates(struct systat *sy, uint16_t idx, const struct if_totals *t, uint64_t sum[6])
{
	const uint64_t v[6] = { t->it_ipackets, t->it_ibytes, t->it_ierrors + t->it_iqdrops, t->it_opackets, t->it_obytes,
	    t->it_oerrors + t->it_oqdrops };

	for (unsigned i = 0; i < nitems(v); i++) {
		uint64_t rate = systat_rate(sy, SYSTAT_IF, (uint64_t)idx << 8 | i, v[i]);

		sum[i] += rate;
		systat_u64(sy, rate);
	}
}

static void
view_ifstat(struct systat *sy)
{
	uint64_t sum[6] = { 0 };
	struct if_row ir;

	SYSTAT_TABLE(sy, "interfaces", if_cols);
	for (uint16_t idx = 1; idx < IF_MAX && systat_goes_on(sy); idx++)
		if (if_row(idx, &ir)) {
			systat_str(sy, ir.ir_name);
			systat_str(sy, ir.ir_state);
			systat_str(sy, ir.ir_desc);
			if_rates(sy, idx, &ir.ir_totals, sum);
		}
	systat_str(sy, "Totals");
	systat_str(sy, "");
	systat_str(sy, "");
	for (unsigned i = 0; i < nitems(sum); i++)
		systat_u64(sy, sum[i]);
	systat_table_end(sy);
}
SYSTAT_VIEW(ifstat, 20, true, view_ifstat, "interfaces");

/* ---- queues ---- */

static const struct systat_col ifq_cols[] = {
	{ "queue", "QUEUE", -9 }, { "core", "CORE", 4 }, { "ipackets", "IPKTS", 8 }, { "ibytes", "IBYTES", 10 }, { "idrops", "IDROPS", 6 },
	{ "opackets", "OPKTS", 8 }, { "obytes", "OBYTES", 10 }, { "odrops", "ODROPS", 6 }, { "qlen", "QLEN", 5 },
	{ "oactive", "OACT", 4 },
};

struct ifq_row {
	char	 qr_name[IFNAMSIZ + 12];
	unsigned qr_core;
	uint64_t qr_count[6], qr_qlen;
	bool	 qr_oactive;
};

/* False: no such interface, or it has not so many queues. */
static bool
ifq_row(uint16_t idx, unsigned q, struct ifq_row *qr)
{
	const struct ifnet *ifp;
	bool exists;

	net_enter();
	ifp = if_get(idx);
	exists = ifp != NULL && q < ifp->if_nqueues;
	if (exists) {
		const struct ifiqueue *iq = &ifp->if_ifiqs[q];
		const struct ifqueue *oq = &ifp->if_ifqs[q];

		*qr = (struct ifq_row){ .qr_core = oq->ifq_core, .qr_count = { iq->ifiq_packets, iq->ifiq_bytes,
		    iq->ifiq_qdrops + iq->ifiq_errors + iq->ifiq_nombufs, oq->ifq_packets, oq->ifq_bytes,
		    oq->ifq_qdrops + oq->ifq_purged + oq->ifq_errors }, .qr_qlen = oq->ifq_len, .qr_oactive = oq->ifq_oactive };
		snprintf(qr->qr_name, sizeof(qr->qr_name), "%s:%u", ifp->if_xname, q);
	}
	net_leave();
	return exists;
}

static void
view_ifqs(struct systat *sy)
{
	struct ifq_row qr;

	SYSTAT_TABLE(sy, "queues", ifq_cols);
	for (uint16_t idx = 1; idx < IF_MAX && systat_goes_on(sy); idx++)
		for (unsigned q = 0; ifq_row(idx, q, &qr); q++) {
			systat_str(sy, qr.qr_name);
			systat_u64(sy, qr.qr_core);
			for (unsigned i = 0; i < nitems(qr.qr_count); i++)
				systat_u64(sy, systat_rate(sy, SYSTAT_IFQ, (uint64_t)idx << 16 | q << 8 | i, qr.qr_count[i]));
			systat_u64(sy, qr.qr_qlen);
			systat_str(sy, qr.qr_oactive ? "yes" : "no");
		}
	systat_table_end(sy);
}
SYSTAT_VIEW(ifqs, 25, false, view_ifqs, "queues of interfaces");

/* ---- mbufs ---- */

static const struct systat_col mbuf_cols[] = {
	{ "core", "MBUFS", -6 }, { "total", "TOTAL", 10 }, { "used", "USED", 10 }, { "free", "FREE", 10 },
	{ "fails", "FAILS", 10 },
};

static void
view_mbufs(struct systat *sy)
{
	char name[16];

	SYSTAT_TABLE(sy, "mbufs", mbuf_cols);
	for (unsigned i = 0; i < ncores; i++) {
		const struct mbuf_pool *mp = &percore_of(mbuf_pool, i);
		uint32_t nfree = *(const volatile uint32_t *)&mp->mp_nfree;

		snprintf(name, sizeof(name), "cpu%u", i);
		systat_str(sy, name);
		systat_u64(sy, mp->mp_total);
		systat_u64(sy, mp->mp_total - MIN(nfree, mp->mp_total));
		systat_u64(sy, nfree);
		systat_u64(sy, systat_rate(sy, SYSTAT_MBUF, i, mp->mp_fails));
	}
	systat_table_end(sy);
}
SYSTAT_VIEW(mbufs, 30, true, view_mbufs, "packet buffers of each core");
