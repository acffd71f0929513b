/* pf_class_make.c - a list of rules becomes a tree: each node asks whether one field of the packet is above a number, a leaf has the rules that are
 * left.
 *
 * Why a tree of cuts at the rules' own ends. A rule that names addresses, ports, a protocol and an interface is a box in the space of those fields,
 * and most boxes are small: so a dozen comparisons leave a handful of rules, which are then compared as ever. It need not be exact: what it cannot
 * know (tables and interfaces' addresses, which change; negations; tags, chance, rates, once) it takes as "any", and those rules it compares. Bit
 * vectors would take n * n bits a field (10,000 rules: 25 MB) and a look at all of them; a table for each combination of prefix lengths degrades with
 * the combinations; a leaf is what both cannot give, one place with all that there is to compare, in order, and without what cannot decide: rules
 * behind a quick one that is sure to match there, and those before another that is. What it costs is that wide rules stand in many leaves: that is
 * bounded (ROOM), what does not fit stays together.
 *
 * Evaluations are not counted rule by rule: the linear evaluator looks at all rules up to the one where it ends. So where a walk through a list ended
 * is counted, at one rule, and a rule's evaluations are the ends there and behind: pf_class_expand(). */
#include <stdlib.h>
#include <string.h>

#include "kernel/log.h"
#include "net/pf/pf_class_var.h"

#define LEAF_MAX	2u		/* so few are not parted any more, when they are sure or have to be compared anyway */
#define ROOM		PF_CLASS_ROOM
#define ROOM_MIN	1024u
#define WORK		512u		/* rules that are looked at for a cut, for each rule */
#define SAMPLE		64u		/* rules whose ends are tried as cuts */
#define ANYWHERE	16u		/* packets from anywhere are so much more than those that rules name */
#define MANY		32u		/* so many that stay together are worth a message */
#define NODE_WORDS	8u		/* of two nodes */
#define NOWHERE		UINT32_MAX

struct build {
	struct pf_class	*bd_class;
	struct pf_cbox	*bd_box;		/* by place in the list */
	struct pf_crange bd_cell[PF_CDIMS];	/* what comes to the node */
	uint32_t	*bd_set;		/* the rules of the nodes on the way: a stack */
	size_t		 bd_top, bd_setcap;
	uint32_t	 bd_nodecap, bd_refcap;
	uint64_t	 bd_work;
	unsigned	 bd_short;		/* most rules that stay together only because there is no more room */
	uint32_t	 bd_change;		/* behind the last rule that may make another packet of it */
	uint64_t	 bd_cut[2 * SAMPLE];
	uint32_t	 bd_left[2 * SAMPLE + 1], bd_gone[2 * SAMPLE + 1];
};
struct cut { uint64_t c_cost, c_value; unsigned c_dim, c_left, c_right; };

/* ---- memory that grows ---- */

static bool
set_room(struct build *bd, size_t n)
{
	size_t cap = 2 * (bd->bd_top + n);
	uint32_t *more;

	if (bd->bd_top + n <= bd->bd_setcap)
		return true;
	if ((more = realloc(bd->bd_set, cap * sizeof(*more))) == NULL)
		return false;
	bd->bd_set = more;
	bd->bd_setcap = cap;
	return true;
}

static bool
node_room(struct build *bd)
{
	struct pf_class *cl = bd->bd_class;
	uint32_t cap = 2 * (cl->cl_nodes + 2);
	struct pf_cnode *more;

	if (cl->cl_nodes + 2 <= bd->bd_nodecap)
		return true;
	if ((more = realloc(cl->cl_node, cap * sizeof(*more))) == NULL)
		return false;
	cl->cl_node = more;
	bd->bd_nodecap = cap;
	return true;
}

static bool
ref_room(struct build *bd, uint32_t n)
{
	struct pf_class *cl = bd->bd_class;
	uint32_t cap = 2 * (cl->cl_refs + n);
	uint32_t *more;

	if (cl->cl_refs + n <= bd->bd_refcap)
		return true;
	if ((more = realloc(cl->cl_ref, cap * sizeof(*more))) == NULL)
		return false;
	cl->cl_ref = more;
	bd->bd_refcap = cap;
	return true;
}

/* ---- where to cut ---- */

static int
u64_cmp(const void *va, const void *vb)
{
	const uint64_t a = *(const uint64_t *)va, b = *(const uint64_t *)vb;

	return a < b ? -1 : a > b;
}

/* The ends inside the cell of some of the rules: how many. */
static unsigned
cuts_of(struct build *bd, unsigned d, const uint32_t *set, unsigned n)
{
	const struct pf_crange *cell = &bd->bd_cell[d];
	unsigned ncuts = 0, to = 0, step = (n + SAMPLE - 1) / SAMPLE;

	for (unsigned i = 0; i < n; i += step) {
		const struct pf_crange *r = &bd->bd_box[set[i]].b_dim[d];

		if (r->lo > cell->lo)
			bd->bd_cut[ncuts++] = r->lo - 1;
		if (r->hi < cell->hi)
			bd->bd_cut[ncuts++] = r->hi;
	}
	qsort(bd->bd_cut, ncuts, sizeof(bd->bd_cut[0]), u64_cmp);
	for (unsigned i = 0; i < ncuts; i++)
		if (to == 0 || bd->bd_cut[to - 1] != bd->bd_cut[i])
			bd->bd_cut[to++] = bd->bd_cut[i];
	return to;
}

/* The first cut that is not below v. */
static unsigned
first_cut(const struct build *bd, unsigned ncuts, uint64_t v)
{
	unsigned lo = 0, hi = ncuts;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (bd->bd_cut[mid] < v)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* How many rules a packet meets behind the cut that comes from anywhere: most are not what rules name. Of other things than addresses it is as likely
 * on a side as its rules are many. */
static uint64_t
met(const struct build *bd, unsigned d, uint64_t value, uint64_t left, uint64_t right)
{
	uint64_t lo = bd->bd_cell[d].lo, size = bd->bd_cell[d].hi - lo, part;
	unsigned shift = size >> 32 != 0 ? 32 - (unsigned)__builtin_clzll(size) : 0;

	if (d < PF_CD_SRC || d > PF_CD_DSTLOW)
		return (left * left + right * right) / (left + right);
	part = (((value - lo) >> shift) << 10) / ((size >> shift) + 1);
	return (left * part + right * (1024 - part)) >> 10;
}

/* How many rules are on each side of each cut; the best becomes *best. Cheapest is where both sides have few, as if packets came to them by their
 * rules; and where those that come from anywhere have soon left most behind. */
static void
try_dim(struct build *bd, unsigned d, const uint32_t *set, unsigned n, struct cut *best)
{
	unsigned ncuts = cuts_of(bd, d, set, n), left = 0, gone = 0;

	if (ncuts == 0)
		return;
	memset(bd->bd_left, 0, (ncuts + 1) * sizeof(bd->bd_left[0]));
	memset(bd->bd_gone, 0, (ncuts + 1) * sizeof(bd->bd_gone[0]));
	for (unsigned i = 0; i < n; i++) {
		const struct pf_crange *r = &bd->bd_box[set[i]].b_dim[d];

		bd->bd_left[first_cut(bd, ncuts, r->lo)]++;
		bd->bd_gone[first_cut(bd, ncuts, r->hi)]++;
	}
	for (unsigned i = 0; i < ncuts; i++) {
		uint64_t cost;

		left += bd->bd_left[i];
		gone += bd->bd_gone[i];
		cost = (uint64_t)left * left + (uint64_t)(n - gone) * (n - gone) + ANYWHERE * n * met(bd, d, bd->bd_cut[i], left, n - gone);
		if (cost < best->c_cost)
			*best = (struct cut){ cost, bd->bd_cut[i], d, left, n - gone };
	}
}

/* ---- what is left out ---- */

static bool
holds_cell(const struct build *bd, const struct pf_cbox *b)
{
	bool holds = true;

	for (unsigned d = 0; d < PF_CDIMS && holds; d++)
		holds = b->b_dim[d].lo <= bd->bd_cell[d].lo && b->b_dim[d].hi >= bd->bd_cell[d].hi;
	return holds;
}

static bool
is_sure(const struct build *bd, const struct pf_cbox *b)
{
	return b->b_exact && holds_cell(bd, b);
}

/* Of the rules of a node those that cannot decide there: how many stay. Where a packet may become another it goes on at another leaf, so nothing is
 * left out for the sake of what lies on the other side; a quick match ends it all as it stands. */
static unsigned
prune(struct build *bd, size_t set, unsigned n)
{
	uint32_t *p = bd->bd_set + set;
	bool overruled = false;
	unsigned to = 0;

	for (unsigned i = 0; i < n; i++)
		if (p[i] >= bd->bd_change && bd->bd_box[p[i]].b_quick && is_sure(bd, &bd->bd_box[p[i]]))
			n = i + 1;
	for (unsigned i = n; i-- > 0;) {
		const struct pf_cbox *b = &bd->bd_box[p[i]];

		if (b->b_apart)
			overruled = false;
		else if (b->b_plain && overruled)
			p[i] = NOWHERE;
		else if (b->b_plain)
			overruled = is_sure(bd, b);
	}
	for (unsigned i = 0; i < n; i++)
		if (p[i] != NOWHERE)
			p[to++] = p[i];
	return to;
}

/* ---- the tree ---- */

static uint32_t
ref_bits(const struct build *bd, const struct pf_cbox *b)
{
	uint32_t does = !b->b_decides ? 0 : b->b_quick ? PF_CLASS_PLAIN | PF_CLASS_QUICK : PF_CLASS_PLAIN;

	if (!b->b_hosts || !holds_cell(bd, b))
		return does;
	return does | (b->b_exact ? PF_CLASS_SURE : b->b_table ? PF_CLASS_HOSTS | PF_CLASS_TABLE : PF_CLASS_HOSTS);
}

static bool
make_leaf(struct build *bd, uint32_t at, size_t set, unsigned n)
{
	struct pf_class *cl = bd->bd_class;

	if (!ref_room(bd, n))
		return false;
	for (unsigned i = 0; i < n; i++)
		cl->cl_ref[cl->cl_refs + i] = bd->bd_set[set + i] | ref_bits(bd, &bd->bd_box[bd->bd_set[set + i]]);
	cl->cl_node[at] = (struct pf_cnode){ n, cl->cl_refs, PF_CDIMS };
	cl->cl_refs += n;
	cl->cl_most = MAX(cl->cl_most, n);
	return true;
}

static bool
is_settled(const struct build *bd, size_t set, unsigned n)
{
	bool settled = n <= LEAF_MAX;

	for (unsigned i = 0; i < n && settled; i++) {
		const struct pf_cbox *b = &bd->bd_box[bd->bd_set[set + i]];

		settled = !b->b_hosts || holds_cell(bd, b);
	}
	return settled;
}

/* Worth a node: rules that are on neither both sides are at least one in sixteen. */
static bool
find_cut(struct build *bd, size_t set, unsigned n, unsigned depth, uint32_t room, struct cut *c)
{
	bool ok;

	*c = (struct cut){ .c_cost = UINT64_MAX };
	if (is_settled(bd, set, n))
		return false;
	ok = depth < PF_CLASS_DEPTH && bd->bd_work >= n;
	bd->bd_work -= ok ? n : 0;
	for (unsigned d = 0; d < PF_CDIMS && ok; d++)
		try_dim(bd, d, bd->bd_set + set, n, c);
	if (ok && (c->c_cost == UINT64_MAX || c->c_left + c->c_right + 1 + n / 16 > 2 * n))
		return false;
	if (ok && (uint64_t)c->c_left + c->c_right + NODE_WORDS <= room)
		return true;
	bd->bd_short = MAX(bd->bd_short, n);
	return false;
}

/* Those of the set that have something in the cell as it is now: pushed. */
static unsigned
push_side(struct build *bd, size_t set, unsigned n, unsigned d)
{
	const struct pf_crange *cell = &bd->bd_cell[d];
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t place = bd->bd_set[set + i];
		const struct pf_crange *r = &bd->bd_box[place].b_dim[d];

		if (r->lo <= cell->hi && r->hi >= cell->lo)
			bd->bd_set[bd->bd_top + k++] = place;
	}
	return k;
}

/* Node `at` for n rules, with so many words for all that is below. False: no memory. */
static bool
make_node(struct build *bd, uint32_t at, size_t set, unsigned n, unsigned depth, uint32_t room)
{
	struct pf_class *cl = bd->bd_class;
	struct pf_crange cell;
	struct cut c;
	bool ok = true;

	n = prune(bd, set, n);
	if (!find_cut(bd, set, n, depth, room, &c))
		return make_leaf(bd, at, set, n);
	if (!node_room(bd) || !set_room(bd, n))
		return false;
	cl->cl_node[at] = (struct pf_cnode){ c.c_value, cl->cl_nodes, c.c_dim };
	cl->cl_nodes += 2;
	room -= NODE_WORDS;
	cell = bd->bd_cell[c.c_dim];
	for (unsigned side = 0; side < 2 && ok; side++) {
		size_t top = bd->bd_top;
		unsigned k;

		bd->bd_cell[c.c_dim] = side == 0 ? (struct pf_crange){ cell.lo, c.c_value } : (struct pf_crange){ c.c_value + 1, cell.hi };
		if (!(ok = set_room(bd, n)))
			break;
		k = push_side(bd, set, n, c.c_dim);
		bd->bd_top += k;
		ok = make_node(bd, cl->cl_node[at].cn_first + side, top, k, depth + 1, (uint32_t)((uint64_t)room * k / (c.c_left + c.c_right)));
		bd->bd_top = top;
	}
	bd->bd_cell[c.c_dim] = cell;
	return ok;
}

static bool
make_tree(struct build *bd, const struct pf_krules *ks, unsigned dir, unsigned af)
{
	struct pf_class *cl = bd->bd_class;
	unsigned n = 0;

	bd->bd_top = 0;
	if (!set_room(bd, ks->ks_n) || !node_room(bd))
		return false;
	for (unsigned i = 0; i < ks->ks_n; i++)
		if (pf_class_box(&ks->ks_rule[i], dir, af, &bd->bd_box[i]))
			bd->bd_set[n++] = i;
	bd->bd_top = n;
	bd->bd_work = (uint64_t)n * WORK;
	for (unsigned d = 0; d < PF_CDIMS; d++)
		bd->bd_cell[d] = PF_CRANGE_ALL;
	if (af == PF_INET)
		bd->bd_cell[PF_CD_SRC].hi = bd->bd_cell[PF_CD_DST].hi = UINT32_MAX;
	cl->cl_root[dir == PF_OUT][af == PF_INET6] = cl->cl_nodes;
	cl->cl_nodes += 2;			/* the root has no neighbour: two at a time is simpler */
	return make_node(bd, cl->cl_nodes - 2, 0, n, 0, ROOM_MIN + n * ROOM);
}

/* ---- all lists ---- */

/* Behind the last rule that may make another packet of it; what passes is translated when all is decided. */
static unsigned
behind_changes(const struct pf_krules *ks)
{
	unsigned n = ks->ks_n;

	while (n > 0 && !pf_class_changes(ks->ks_rule[n - 1].kr_rule))
		n--;
	return n;
}

void
pf_class_free(struct pf_class *cl)
{
	free(cl->cl_node);
	free(cl->cl_ref);
	*cl = (struct pf_class){ 0 };
}

static void
say_linear(const struct pf_krules *ks)
{
	log_printf("pf: %u rules are compared one by one: not enough memory\n", ks->ks_n);
}

void
pf_class_make(const struct pf_krules *ks)
{
	struct pf_class *cl = ks->ks_class;
	struct build *bd;
	bool ok;

	if (ks->ks_n == 0)
		return;
	if (ks->ks_n > PF_CLASS_PLACE || (bd = calloc(1, sizeof(*bd))) == NULL) {
		say_linear(ks);
		return;
	}
	bd->bd_class = cl;
	bd->bd_change = behind_changes(ks);
	ok = (bd->bd_box = malloc(ks->ks_n * sizeof(*bd->bd_box))) != NULL;
	for (unsigned i = 0; i < 4 && ok; i++)
		ok = make_tree(bd, ks, i & 1 ? PF_OUT : PF_IN, i & 2 ? PF_INET6 : PF_INET);
	if (!ok) {
		pf_class_free(cl);
		say_linear(ks);
	} else if (bd->bd_short > MANY)
		log_printf("pf: up to %u of %u rules are compared one by one: they overlap too much\n", bd->bd_short, ks->ks_n);
	free(bd->bd_box);
	free(bd->bd_set);
	free(bd);
}

void
pf_class_expand(const struct pf_krules *ks, struct pf_rcount *count)
{
	uint64_t ends = 0;

	if (ks->ks_class->cl_node == NULL)
		return;
	for (unsigned i = ks->ks_n; i-- > 0;) {
		struct pf_rcount *c = &count[ks->ks_rule[i].kr_index];

		ends += c->rc_evaluations;
		c->rc_evaluations = ends;
	}
}
