/* pflab.c - what the cases of pf share (pflab.h). */
#include "tests/sim/pflab.h"

void
lab_pf(const char *rules)
{
	lab_custom(VIO0, VIO1, sim_print(SYSCTL "# /etc/pf.conf\n%s", rules));
}

void
through(struct raw *from, struct raw *to, const struct pkt *p)
{
	struct pkt out = *p;

	out.ttl--;
	RX(from, p);
	TX(to, &out);
}

void
a_to_b(const struct pkt *p)
{
	through(a, b, p);
}

void
b_to_a(const struct pkt *p)
{
	through(b, a, p);
}

void
blocked(struct raw *from, const struct pkt *p)
{
	RX(from, p);
	NONE(a);
	NONE(b);
	COUNT(pfs_blocked, 1);
}

void
misfits(struct raw *from, const struct pkt *p)
{
	RX(from, p);
	NONE(a);
	NONE(b);
	COUNT(pfs_badstate, 1);
}
