/* pf_parse_queue.c - queue NAME ...: definitions, and what must hold between all of them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_parse.h"

#define QUEUE_DEPTH	32
#define QUEUES_MAX	1024

/* "100M", "1Kb", "5000": bits a second. */
static bool
parse_rate(struct pf_parse *p, uint64_t *rate)
{
	static const struct { const char *suffix; uint64_t factor; } t[] = {
		{ "", 1 }, { "b", 1 }, { "K", 1000 }, { "Kb", 1000 }, { "M", 1000000 }, { "Mb", 1000000 }, { "G", 1000000000 }, { "Gb", 1000000000 },
	};
	unsigned long long n;
	char *end;

	if (!pf_at(p, TOK_NUMBER) && !pf_at(p, TOK_STRING))
		return pf_syntax(p);
	n = strtoull(p->p_lex.lx_text, &end, 10);
	for (unsigned i = 0; i < nitems(t); i++)
		if (end != p->p_lex.lx_text && strlen(p->p_lex.lx_text) < 16 && n > 0 && strcmp(end, t[i].suffix) == 0) {
			*rate = n * t[i].factor;
			pf_next(p);
			return true;
		}
	return pf_bad(p, "invalid bandwidth %s", p->p_lex.lx_text);
}

/* The rate, [burst rate for Nms] */
static bool
parse_bandwidth(struct pf_parse *p, struct pf_bandwidth *bw, const char *what)
{
	unsigned long ms;
	char *end;

	if (bw->bw_set)
		return pf_bad(p, "%s cannot be respecified", what);
	bw->bw_set = true;
	if (!parse_rate(p, &bw->bw_rate))
		return false;
	if (!pf_accept_kw(p, KW_BURST))
		return true;
	if (!parse_rate(p, &bw->bw_burst) || !pf_expect_kw(p, KW_FOR))
		return false;
	if (!pf_at(p, TOK_STRING))
		return pf_syntax(p);
	ms = strtoul(p->p_lex.lx_text, &end, 10);
	if (end == p->p_lex.lx_text || strcmp(end, "ms") != 0 || ms == 0 || ms > UINT32_MAX)
		return pf_bad(p, "invalid burst time %s", p->p_lex.lx_text);
	bw->bw_burst_ms = (uint32_t)ms;
	pf_next(p);
	return true;
}

static bool
parse_count(struct pf_parse *p, uint32_t *n, int64_t max, const char *what)
{
	int64_t v;

	if (*n != 0)
		return pf_bad(p, "%s cannot be respecified", what);
	if (!pf_number(p, &v))
		return false;
	if (v < 1 || v > max)
		return pf_bad(p, "%s out of range: max %lld", what, (long long)max);
	*n = (uint32_t)v;
	return true;
}

static bool
parse_parent(struct pf_parse *p, struct pf_queue *q)
{
	if (q->q_parent[0] != '\0')
		return pf_bad(p, "parent cannot be respecified");
	if (!pf_string(p, &q->q_parent))
		return false;
	if (q->q_parent[0] == '\0')
		return pf_bad(p, "a queue needs a name");
	return strlen(q->q_parent) < PF_QUEUE_NAME || pf_bad(p, "parent queue name too long (max %d chars)", PF_QUEUE_NAME - 1);
}

/* One option. *none: what is looked at is none. */
static bool
queue_option(struct pf_parse *p, struct pf_queue *q, bool *none)
{
	if (pf_accept_kw(p, KW_BANDWIDTH))
		return parse_bandwidth(p, &q->q_link, "bandwidth");
	if (pf_accept_kw(p, KW_MIN))
		return parse_bandwidth(p, &q->q_min, "min");
	if (pf_accept_kw(p, KW_MAX))
		return parse_bandwidth(p, &q->q_max, "max");
	if (pf_accept_kw(p, KW_QLIMIT))
		return parse_count(p, &q->q_qlimit, 65535, "qlimit");
	if (pf_accept_kw(p, KW_FLOWS))
		return parse_count(p, &q->q_flows, 32767, "number of flows");
	if (pf_accept_kw(p, KW_QUANTUM))
		return parse_count(p, &q->q_quantum, 65535, "quantum");
	if (pf_accept_kw(p, KW_PARENT))
		return parse_parent(p, q);
	if (pf_accept_kw(p, KW_DEFAULT)) {
		if (q->q_default)
			return pf_bad(p, "default cannot be respecified");
		return q->q_default = true;
	}
	*none = true;
	return true;
}

static bool
queue_options(struct pf_parse *p, struct pf_queue *q)
{
	bool none = false;

	if (!queue_option(p, q, &none))
		return false;
	if (none)
		return pf_syntax(p);
	while (!none)
		if (!queue_option(p, q, &none))
			return false;
	if (q->q_flows != 0 && q->q_min.bw_set)
		return pf_bad(p, "flows cannot be used with a minimum bandwidth");
	return true;
}

static bool
queue_add(struct pf_parse *p, const struct pf_queue *q, const char *ifname)
{
	struct pf_queue *new;
	unsigned n = 0;

	for (const struct pf_queue *o = p->p_conf->pc_queues; o != NULL; o = o->q_next)
		if (strcmp(o->q_name, q->q_name) == 0 && strcmp(o->q_ifname, ifname) == 0)
			return pf_bad(p, "queue %s redefined", q->q_name);
		else if (++n == QUEUES_MAX)
			return pf_bad(p, "too many queues");
	if ((new = pf_new(p, sizeof(*new))) == NULL)
		return false;
	*new = *q;
	new->q_ifname = ifname;
	*p->p_conf->pc_queues_tail = new;
	p->p_conf->pc_queues_tail = &new->q_next;
	return true;
}

bool
pf_parse_queue(struct pf_parse *p)
{
	struct pf_queue q = { .q_parent = "", .q_ifname = "" };
	struct pn_if *ifs = NULL;

	pf_next(p);
	if (!pf_string(p, &q.q_name))
		return false;
	if (q.q_name[0] == '\0')
		return pf_bad(p, "a queue needs a name");
	if (strlen(q.q_name) >= PF_QUEUE_NAME)
		return pf_bad(p, "queue name '%s' too long (max %d chars)", q.q_name, PF_QUEUE_NAME - 1);
	if ((pf_accept_kw(p, KW_ON) && !pf_parse_ifspec(p, &ifs)) || !queue_options(p, &q))
		return false;
	q.q_file = pf_lex_filename(&p->p_lex);
	q.q_line = p->p_lex.lx_line;
	if (q.q_parent[0] == '\0' && ifs == NULL)
		return pf_bad(p, "root queue without interface");
	if (ifs == NULL)
		return queue_add(p, &q, "");
	for (; ifs != NULL; ifs = ifs->next)
		if (ifs->not)
			return pf_bad(p, "a queue's interface cannot be negated");
		else if (!queue_add(p, &q, ifs->name))
			return false;
	return true;
}

/* ---- all of them ---- */

/* Without a line, as pfctl has it: the fault lies between lines. */
static void __printflike(2, 3)
queue_bad(struct pf_parse *p, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->p_lex.lx_errors++;
	p->p_env->pe_error(p->p_env, "", 0, text);
}

static struct pf_queue *
queue_find(struct pf_conf *pc, const char *name)
{
	struct pf_queue *q;

	for (q = pc->pc_queues; q != NULL; q = q->q_next)
		if (strcmp(q->q_name, name) == 0)
			break;
	return q;
}

/* The root of the tree in which it stands; NULL: a loop. */
static const struct pf_queue *
queue_root(struct pf_conf *pc, const struct pf_queue *q)
{
	for (unsigned steps = 0; q != NULL && q->q_parent[0] != '\0'; q = queue_find(pc, q->q_parent))
		if (++steps > QUEUE_DEPTH)
			return NULL;
	return q;
}

/* pf.conf(5), QUEUEING: exactly one default queue per interface; a root of flows only is its own. */
static void
check_root(struct pf_parse *p, const struct pf_queue *root)
{
	unsigned n = 0;

	if (!root->q_link.bw_set)
		return;
	for (const struct pf_queue *q = p->p_conf->pc_queues; q != NULL; q = q->q_next)
		n += q->q_default && queue_root(p->p_conf, q) == root;
	if (n == 0)
		queue_bad(p, "no default queue specified on %s", root->q_ifname);
	else if (n > 1)
		queue_bad(p, "more than one default queue on %s", root->q_ifname);
}

static void
check_queue(struct pf_parse *p, const struct pf_queue *q)
{
	if (q->q_parent[0] != '\0' && queue_find(p->p_conf, q->q_parent) == NULL)
		queue_bad(p, "queue %s: parent %s not found", q->q_name, q->q_parent);
	else if (queue_root(p->p_conf, q) == NULL)
		queue_bad(p, "queue %s: its parents are too deep or a circle", q->q_name);
	else if (!q->q_link.bw_set && (q->q_flows == 0 || q->q_parent[0] != '\0'))
		queue_bad(p, "queue %s: no bandwidth was specified", q->q_name);
	else if (q->q_default && !q->q_leaf)
		queue_bad(p, "default queue %s is not a leaf queue", q->q_name);
}

void
pf_check_queues(struct pf_parse *p)
{
	struct pf_queue *parent;

	for (struct pf_queue *q = p->p_conf->pc_queues; q != NULL; q = q->q_next)
		q->q_leaf = true;
	for (struct pf_queue *q = p->p_conf->pc_queues; q != NULL; q = q->q_next)
		if (q->q_parent[0] != '\0' && (parent = queue_find(p->p_conf, q->q_parent)) != NULL)
			parent->q_leaf = false;
	for (struct pf_queue *q = p->p_conf->pc_queues; q != NULL; q = q->q_next)
		check_queue(p, q);
	for (struct pf_queue *q = p->p_conf->pc_queues; q != NULL && p->p_lex.lx_errors == 0; q = q->q_next)
		if (q->q_parent[0] == '\0')
			check_root(p, q);
}
