/* pf_parse_act.c - set ( ... ) and scrub ( ... ): what a rule does to the packets that it matches. */
#include <string.h>

#include "net/pf/pf_parse.h"

/* ---- set ---- */

static bool
prio_value(struct pf_parse *p, int8_t *prio)
{
	int64_t n;

	if (!pf_number(p, &n))
		return false;
	if (n < 0 || n > 7)
		return pf_bad(p, "prio must be 0 - 7");
	*prio = (int8_t)n;
	return true;
}

/* N, or (N M): the second for acknowledgements and low delay. */
static bool
set_prio(struct pf_parse *p, struct pf_rule *r)
{
	if (!pf_accept(p, '(')) {
		if (!prio_value(p, &r->r_set_prio[0]))
			return false;
		r->r_set_prio[1] = r->r_set_prio[0];
		return true;
	}
	if (!prio_value(p, &r->r_set_prio[0]))
		return false;
	pf_accept(p, ',');
	return prio_value(p, &r->r_set_prio[1]) && pf_expect(p, ')');
}

static bool
queue_name(struct pf_parse *p, const char **name)
{
	if (!pf_string(p, name))
		return false;
	if (**name == '\0')
		return pf_bad(p, "a queue needs a name");
	return strlen(*name) < PF_QUEUE_NAME || pf_bad(p, "queue name too long (max %d chars)", PF_QUEUE_NAME - 1);
}

static bool
set_queue(struct pf_parse *p, struct pf_rule *r)
{
	if (r->r_queue[0][0] != '\0')
		return pf_bad(p, "queue cannot be redefined");
	if (!pf_accept(p, '('))
		return queue_name(p, &r->r_queue[0]);
	if (!queue_name(p, &r->r_queue[0]))
		return false;
	pf_accept(p, ',');
	return (pf_at(p, ')') || queue_name(p, &r->r_queue[1])) && pf_expect(p, ')');
}

static bool
set_delay(struct pf_parse *p, struct pf_rule *r)
{
	int64_t n;

	if (!pf_number(p, &n))
		return false;
	if (n < 1 || n > 65535)
		return pf_bad(p, "illegal delay value %lld (0-%u)", (long long)n, 65535u);
	r->r_set_delay = (uint16_t)n;
	return true;
}

static bool
set_one(struct pf_parse *p, void *arg)
{
	struct pf_rule *r = arg;

	if (pf_accept_kw(p, KW_PRIO))
		return set_prio(p, r);
	if (pf_accept_kw(p, KW_QUEUE))
		return set_queue(p, r);
	if (pf_accept_kw(p, KW_TOS))
		return pf_parse_tos(p, &r->r_set_tos);
	if (pf_accept_kw(p, KW_DELAY))
		return set_delay(p, r);
	return pf_syntax(p);
}

/* set X, or set ( X, Y ... ) */
bool
pf_parse_set_options(struct pf_parse *p, struct pf_def *d)
{
	d->d_said |= PF_SAID_SET;
	if (!pf_accept(p, '('))
		return set_one(p, &d->d_rule);
	return pf_parens(p, set_one, &d->d_rule);
}

/* ---- scrub ---- */

static bool
scrub_number(struct pf_parse *p, int64_t max, const char *what, int64_t *n)
{
	if (!pf_number(p, n))
		return false;
	return (*n >= 0 && *n <= max) || pf_bad(p, "illegal %s value %lld", what, (long long)*n);
}

static bool
scrub_once(struct pf_parse *p, struct pf_def *d, unsigned bit, const char *what)
{
	if (d->d_said & bit)
		return pf_bad(p, "%s cannot be respecified", what);
	d->d_said |= bit;
	return true;
}

static bool
scrub_one(struct pf_parse *p, void *arg)
{
	struct pf_def *d = arg;
	struct pf_rule *r = &d->d_rule;
	int64_t n;

	if (pf_accept_kw(p, KW_NO_DF)) {
		r->r_scrub |= PF_SCRUB_NODF;
		return scrub_once(p, d, PF_SAID_NODF, "no-df");
	}
	if (pf_accept_kw(p, KW_RANDOM_ID)) {
		r->r_scrub |= PF_SCRUB_RANDOMID;
		return scrub_once(p, d, PF_SAID_RANDOMID, "random-id");
	}
	if (pf_accept_kw(p, KW_MIN_TTL)) {
		if (!scrub_once(p, d, PF_SAID_MINTTL, "min-ttl") || !scrub_number(p, 255, "min-ttl", &n))
			return false;
		r->r_min_ttl = (uint8_t)n;
		return true;
	}
	if (pf_accept_kw(p, KW_MAX_MSS)) {
		if (!scrub_once(p, d, PF_SAID_MAXMSS, "max-mss") || !scrub_number(p, 65535, "max-mss", &n))
			return false;
		r->r_max_mss = (uint16_t)n;
		return true;
	}
	if (!pf_expect_kw(p, KW_REASSEMBLE))
		return false;
	if (!pf_string_is(p, "tcp"))
		return pf_at(p, TOK_STRING) ? pf_bad(p, "scrub reassemble supports only tcp, not '%s'", p->p_lex.lx_text) : pf_syntax(p);
	pf_next(p);
	r->r_scrub |= PF_SCRUB_TCP;
	return scrub_once(p, d, PF_SAID_REASSEMBLE, "reassemble tcp");
}

bool
pf_parse_scrub(struct pf_parse *p, struct pf_def *d)
{
	d->d_said |= PF_SAID_SCRUB;
	return pf_expect(p, '(') && pf_parens(p, scrub_one, d);
}
