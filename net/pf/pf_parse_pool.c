/* pf_parse_pool.c - nat-to, rdr-to, route-to ...: addresses, ports, and how one of them is chosen. */
#include <stdlib.h>
#include <string.h>

#include "kernel/text.h"
#include "net/pf/pf_parse.h"

/* ---- port N, N:M, N:* ---- */

static bool
redir_ports(struct pf_parse *p, struct pf_redir *rd)
{
	char *colon;

	if (!pf_at(p, TOK_STRING) && !pf_at(p, TOK_NUMBER))
		return pf_syntax(p);
	if ((colon = strchr(p->p_lex.lx_text, ':')) != NULL)
		*colon = '\0';
	if (!pf_parse_port(p, p->p_lex.lx_text, &rd->rd_pool.pp_lo))
		return false;
	if (rd->rd_pool.pp_lo == 0)
		return pf_bad(p, "port 0 cannot be used in a redirection");
	if (colon != NULL && strcmp(colon + 1, "*") == 0)
		rd->rd_star = true;
	else if (colon != NULL && !pf_parse_port(p, colon + 1, &rd->rd_pool.pp_hi))
		return false;
	if (rd->rd_pool.pp_hi != 0 && rd->rd_pool.pp_hi < rd->rd_pool.pp_lo)
		return pf_bad(p, "invalid port range");
	pf_next(p);
	return true;
}

/* ---- pool types ---- */

/* 0x and 32 hex digits. */
static bool
hash_key(struct pf_parse *p, struct pf_pool *pp)
{
	const char *s = p->p_lex.lx_text;
	int digit;

	if (!pf_at(p, TOK_STRING))
		return true;
	pp->pp_keyed = true;
	if (strncmp(s, "0x", 2) != 0) {
		pf_hash_string(s, pp->pp_key);
		pf_next(p);
		return true;
	}
	if (strlen(s) != 34)
		return pf_bad(p, "hex key must be 128 bits (32 hex digits) long");
	for (unsigned i = 0; i < 32; i++) {
		if ((digit = text_hexdigit(s[2 + i])) < 0)
			return pf_bad(p, "invalid hex key");
		pp->pp_key[i / 8] = pp->pp_key[i / 8] << 4 | (unsigned)digit;
	}
	pf_next(p);
	return true;
}

static bool
pool_type(struct pf_parse *p, struct pf_redir *rd, enum pf_pool_type type)
{
	if (rd->rd_typed)
		return pf_bad(p, "pool type cannot be redefined");
	rd->rd_typed = true;
	rd->rd_pool.pp_type = (uint8_t)type;
	pf_next(p);
	return type != PF_POOL_SRCHASH || hash_key(p, &rd->rd_pool);
}

bool
pf_parse_pool_options(struct pf_parse *p, struct pf_redir *rd)
{
	for (;;) {
		enum pf_pool_type type;

		switch (p->p_lex.lx_kw) {
		case KW_BITMASK:
			type = PF_POOL_BITMASK;
			break;
		case KW_RANDOM:
			type = PF_POOL_RANDOM;
			break;
		case KW_SOURCE_HASH:
			type = PF_POOL_SRCHASH;
			break;
		case KW_ROUND_ROBIN:
			type = PF_POOL_RR;
			break;
		case KW_LEAST_STATES:
			type = PF_POOL_LEASTSTATES;
			break;
		case KW_STATIC_PORT:
			if (rd->rd_pool.pp_static_port)
				return pf_bad(p, "static-port cannot be redefined");
			rd->rd_pool.pp_static_port = true;
			pf_next(p);
			continue;
		case KW_STICKY_ADDRESS:
			if (rd->rd_pool.pp_sticky)
				return pf_bad(p, "sticky-address cannot be redefined");
			rd->rd_pool.pp_sticky = true;
			pf_next(p);
			continue;
		default:
			return true;
		}
		if (!pool_type(p, rd, type))
			return false;
	}
}

/* ---- the whole ---- */

static bool
redir_item(struct pf_parse *p, void *tail)
{
	struct pn_host **first = *(struct pn_host ***)tail;

	if (pf_at(p, '{'))
		return pf_list(p, redir_item, tail);
	if (!pf_parse_host(p, tail))
		return false;
	if ((*first)->not)
		return pf_bad(p, "an address of a pool cannot be negated");
	switch ((*first)->addr.pa_type) {
	case PF_ADDR_NET:
	case PF_ADDR_RANGE:
	case PF_ADDR_DYN:
	case PF_ADDR_TABLE:
		return true;
	default:
		return pf_syntax(p);
	}
}

bool
pf_parse_redir(struct pf_parse *p, struct pf_redir *rd, bool ports)
{
	struct pn_host **tail = &rd->rd_hosts;

	if (!pf_list(p, redir_item, &tail))
		return false;
	if (ports && pf_accept_kw(p, KW_PORT) && !redir_ports(p, rd))
		return false;
	return pf_parse_pool_options(p, rd);
}
