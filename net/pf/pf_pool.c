/* pf_pool.c - from a redirection as it was written to the pool of one rule: the addresses of its family. Several are a table. */
#include <stdio.h>
#include <string.h>

#include "net/pf/pf_parse.h"

/* RFC 1321 3: MD5, for source-hash keys that are words. */
static uint32_t
md5_step(unsigned i, uint32_t b, uint32_t c, uint32_t d)
{
	if (i < 16)
		return (b & c) | (~b & d);
	if (i < 32)
		return (d & b) | (~d & c);
	if (i < 48)
		return b ^ c ^ d;
	return c ^ (b | ~d);
}

/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t md5_sines[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1,
	0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453,
	0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942,
	0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05,
	0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d,
	0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static void
md5_block(uint32_t h[4], const uint8_t *block)
{
	static const uint8_t shifts[16] = { 7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21 };
	static const uint8_t mult[4] = { 1, 5, 3, 7 }, add[4] = { 0, 1, 5, 0 };
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3];

	for (unsigned i = 0; i < 64; i++) {
		unsigned s = shifts[i / 16 * 4 + i % 4];
		uint32_t x = a + md5_step(i, b, c, d) + load32(block + (mult[i / 16] * i + add[i / 16]) % 16 * 4) + md5_sines[i];

		a = d;
		d = c;
		c = b;
		b += x << s | x >> (32 - s);
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
}

void
pf_hash_string(const char *s, uint32_t key[4])
{
	uint32_t h[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	size_t len = strlen(s), left = len;
	uint8_t block[64];

	for (; left >= 64; s += 64, left -= 64) {
		memcpy(block, s, 64);
		md5_block(h, block);
	}
	memset(block, 0, sizeof(block));
	memcpy(block, s, left);
	block[left] = 0x80;
	if (left >= 56) {
		md5_block(h, block);
		memset(block, 0, sizeof(block));
	}
	store64(block + 56, (uint64_t)len * 8);
	md5_block(h, block);
	for (unsigned i = 0; i < 4; i++)
		key[i] = __builtin_bswap32(h[i]);
}

/* ---- the pool's address ---- */

/* An interface may have several addresses, a group's name several interfaces. */
static bool
is_multi(const struct pf_addr *a)
{
	size_t len;

	if (a->pa_type == PF_ADDR_TABLE)
		return true;
	if (a->pa_type != PF_ADDR_DYN)
		return false;
	len = strlen(a->pa_name);
	return !(a->pa_dyn & PF_DYN_NOALIAS) || a->pa_name[len - 1] < '0' || a->pa_name[len - 1] > '9';
}

static bool
fits(const struct pn_host *h, unsigned af)
{
	return af == PF_AF_ANY || h->addr.pa_af == PF_AF_ANY || h->addr.pa_af == af;
}

/* A table of those of the family. What it cannot hold is an error. */
static bool
pool_table(struct pf_parse *p, const struct pn_host *h, unsigned af, struct pf_addr *a)
{
	struct pf_table t = { .t_anchor = p->p_anchor, .t_flags = PF_TABLE_AUTO | PF_TABLE_CONST | PF_TABLE_INIT };
	char name[PF_TABLE_NAME];

	snprintf(name, sizeof(name), PF_AUTO_TABLE "%u", p->p_conf->pc_nauto++);
	for (; h != NULL; h = h->next) {
		if (!fits(h, af))
			continue;
		if (h->addr.pa_type == PF_ADDR_TABLE)
			return pf_bad(p, "tables cannot contain tables");
		if (h->addr.pa_type == PF_ADDR_DYN)
			return pf_bad(p, "dynamic addresses are not permitted inside tables");
		if (h->addr.pa_type != PF_ADDR_NET)
			return pf_bad(p, "address ranges are not permitted inside tables");
		if (!pf_table_entry(p, &t, h))
			return false;
	}
	if ((t.t_name = pf_strdup(&p->p_conf->pc_arena, name)) == NULL || !pf_table_add(p, &t))
		return false;
	*a = (struct pf_addr){ .pa_type = PF_ADDR_TABLE, .pa_name = t.t_name };
	return true;
}

/* How many hosts are of the family; *first is one of them. When the rule has none, all must have the same. */
static unsigned
pool_count(const struct pn_host *h, unsigned *af, const struct pn_host **first, bool *mixed)
{
	unsigned n = 0;

	*mixed = false;
	for (; h != NULL; h = h->next) {
		if (*af == PF_AF_ANY && n > 0 && h->addr.pa_af != (*first)->addr.pa_af)
			*mixed = true;
		if (!fits(h, *af))
			continue;
		if (n++ == 0)
			*first = h;
	}
	if (n > 0 && !*mixed && *af == PF_AF_ANY)
		*af = (*first)->addr.pa_af;
	return n;
}

bool
pf_make_pool(struct pf_parse *p, struct pf_rule *r, struct pf_redir *rd, struct pf_pool *pp, bool route)
{
	const char *what = route ? "routing" : "translation";
	const struct pn_host *first = NULL;
	unsigned af = r->r_naf != 0 && !route ? r->r_naf : r->r_af, n;
	bool mixed;

	n = pool_count(rd->rd_hosts, &af, &first, &mixed);
	if (mixed)
		return pf_bad(p, "%s spec contains addresses with different address families", what);
	if (n == 0)
		return pf_bad(p, "af mismatch in %s spec", what);
	*pp = rd->rd_pool;
	pp->pp_set = true;
	if (r->r_naf == 0)
		r->r_af = (uint8_t)af;
	if (n == 1)
		pp->pp_addr = first->addr;
	else if (rd->rd_table[af].pa_type != PF_ADDR_TABLE && !pool_table(p, rd->rd_hosts, af, &rd->rd_table[af]))
		return false;
	else
		pp->pp_addr = rd->rd_table[af];
	if (pp->pp_type == PF_POOL_BITMASK && pp->pp_addr.pa_type == PF_ADDR_TABLE)
		return pf_bad(p, "bitmask cannot be used with more than one address or a table");
	if (!rd->rd_typed && is_multi(&pp->pp_addr))
		pp->pp_type = PF_POOL_RR;
	return true;
}

/* ---- binat-to ---- */

static unsigned
prefix_of(const struct pf_addr *a, unsigned af)
{
	if (a->pa_type == PF_ADDR_NET || (a->pa_type == PF_ADDR_DYN && a->pa_plen != PF_PLEN_NONE))
		return a->pa_plen;
	return a->pa_type == PF_ADDR_DYN ? pf_af_bits(af) : 0;
}

unsigned
pf_check_binat(struct pf_parse *p, const struct pf_rule *r)
{
	const struct pf_addr *src = &r->r_src.ra_addr, *to = &r->r_nat.pp_addr;
	unsigned errors = 0;

	if (src->pa_type == PF_ADDR_TABLE)
		return !pf_bad(p, "invalid use of table <%s> as the source address of a binat-to rule", src->pa_name);
	if (src->pa_type != PF_ADDR_NET && src->pa_type != PF_ADDR_DYN)
		errors += !pf_bad(p, "binat-to requires a specified source and redirect address");
	else if (to->pa_type != PF_ADDR_NET && to->pa_type != PF_ADDR_DYN)
		errors += !pf_bad(p, "binat-to requires a specified source and redirect address");
	if (prefix_of(src, r->r_af) != prefix_of(to, r->r_af))
		errors += !pf_bad(p, "source and redir addresess must have a matching network mask in binat-rule");
	if (to->pa_type == PF_ADDR_TABLE)
		errors += !pf_bad(p, "tables cannot be used as the redirect address of a binat-to rule");
	if (r->r_src.ra_not)
		errors += !pf_bad(p, "the source address of a binat-to rule cannot be negated");
	return errors;
}
