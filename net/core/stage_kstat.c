/* stage_kstat.c - how many packets and batches passed each stage, as kstats: stage:0:ip_input:0. */
#include "kernel/kstat.h"
#include "net/core/net_init.h"
#include "net/core/stage.h"

#define STAGES_MAX	64

static struct kstat stage_kstats[STAGES_MAX];

static void
stage_kstat_read(struct kstat *ks, struct out *o)
{
	const struct stage *st = ks->ks_arg;
	struct stage_count sum = { 0 };

	for (unsigned i = 0; i < ncores; i++) {
		const struct stage_count *sc = &percore_of(*st->st_count, i);

		sum.sc_packets += sc->sc_packets;
		sum.sc_batches += sc->sc_batches;
	}
	kstat_u64(o, "packets", sum.sc_packets, "packets");
	kstat_u64(o, "batches", sum.sc_batches, NULL);
}

static void
stage_kstat_init(void)
{
	unsigned n = 0;

	KASSERT(SET_COUNT(stages) <= STAGES_MAX);
	SET_FOREACH(const struct stage, st, stages) {
		struct kstat *ks = &stage_kstats[n++];

		ks->ks_provider = "stage";
		ks->ks_name = st->st_name;
		ks->ks_read = stage_kstat_read;
		ks->ks_arg = (void *)st;
		kstat_add(ks);
	}
}
NET_INIT(stage_kstat, 20, stage_kstat_init);
