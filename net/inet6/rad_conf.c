/* rad_conf.c - the words of rad.conf(5). */
#include <stdlib.h>
#include <string.h>

#include "net/inet6/rad.h"

#define TOKEN_MAX	128

/* An option's words, and what it may be. max 1: yes or no. */
struct rad_word { const char *w_words; uint32_t w_default, w_min, w_max; };

static const struct rad_word rad_words[RAD_NOPTS] = {
	[RAD_DEFAULT_ROUTER]	= { "default router", 1, 0, 1 },
	[RAD_HOP_LIMIT]		= { "hop limit", 0, 0, 255 },
	[RAD_MANAGED]		= { "managed address configuration", 0, 0, 1 },
	[RAD_OTHER]		= { "other configuration", 0, 0, 1 },
	[RAD_LIFETIME]		= { "router lifetime", 1800, 0, 9000 },		/* RFC 4861 6.2.1 */
	[RAD_REACHABLE]		= { "reachable time", 0, 0, 3600000 },
	[RAD_RETRANS]		= { "retrans timer", 0, 0, UINT32_MAX },
	[RAD_MTU]		= { "mtu", 0, IP6_MINMTU, 65535 },
	[RAD_AUTO_PREFIX]	= { NULL, 1, 0, 1 },
	[RAD_DNS_LIFETIME]	= { NULL, 900, 0, UINT32_MAX },			/* RFC 8106 5.1: 1.5 times the longest interval */
};
static const struct rad_word rad_prefix_words[RAD_NPOPTS] = {
	[RAD_VALID]		= { "valid lifetime", 5400, 0, UINT32_MAX },
	[RAD_PREFERRED]		= { "preferred lifetime", 2700, 0, UINT32_MAX },
	[RAD_ONLINK]		= { "on-link", 1, 0, 1 },
	[RAD_AUTONOMOUS]	= { "autonomous address-configuration", 1, 0, 1 },
};

uint32_t
rad_opt(const struct rad_conf *rc, const struct rad_block *rb, enum rad_opt o)
{
	if (rb->rb_opt[o].rv_set)
		return rb->rb_opt[o].rv_value;
	return rc->rc_block[0].rb_opt[o].rv_set ? rc->rc_block[0].rb_opt[o].rv_value : rad_words[o].w_default;
}

uint32_t
rad_prefix_opt(const struct rad_prefix *rp, enum rad_prefix_opt o)
{
	return rp->rp_opt[o].rv_set ? rp->rp_opt[o].rv_value : rad_prefix_words[o].w_default;
}

void
rad_free(void *obj)
{
	struct rad_conf *rc = obj;

	if (rc != NULL)
		free(rc->rc_block);
	free(rc);
}

/* ---- tokens: words, "{" and "}"; newlines, commas and semicolons only part them ---- */

struct lex {
	const char	*l_p, *l_end;
	struct config_err *l_ce;
	unsigned	 l_line;
	char		 l_token[TOKEN_MAX];	/* "": the end */
	bool		 l_bad;
};

static bool
is_gap(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ';';
}

static void
lex_skip(struct lex *l)
{
	while (l->l_p < l->l_end && (is_gap(*l->l_p) || *l->l_p == '#')) {
		if (*l->l_p == '#')
			while (l->l_p < l->l_end && *l->l_p != '\n')
				l->l_p++;
		else if (*l->l_p++ == '\n')
			l->l_line++;
	}
}

static void
lex_fail(struct lex *l, const char *what)
{
	if (!l->l_bad)
		config_error(l->l_ce, l->l_line, "%s%s%s%s", what, l->l_token[0] != '\0' ? " \"" : "", l->l_token,
		    l->l_token[0] != '\0' ? "\"" : "");
	l->l_bad = true;
	l->l_token[0] = '\0';
	l->l_p = l->l_end;
}

static void
lex_next(struct lex *l)
{
	size_t n = 0;

	lex_skip(l);
	if (l->l_p < l->l_end && (*l->l_p == '{' || *l->l_p == '}'))
		l->l_token[n++] = *l->l_p++;
	else
		while (l->l_p < l->l_end && !is_gap(*l->l_p) && *l->l_p != '{' && *l->l_p != '}' && *l->l_p != '#' && n < TOKEN_MAX - 1)
			l->l_token[n++] = *l->l_p++;
	l->l_token[n] = '\0';
	if (n == TOKEN_MAX - 1)
		lex_fail(l, "word too long");
}

static bool
lex_is(const struct lex *l, const char *word)
{
	return strcmp(l->l_token, word) == 0;
}

/* Takes the word if it is there. */
static bool
lex_take(struct lex *l, const char *word)
{
	if (!lex_is(l, word))
		return false;
	lex_next(l);
	return true;
}

static void
lex_want(struct lex *l, const char *word)
{
	if (!lex_take(l, word))
		lex_fail(l, word[0] == '{' ? "\"{\" missing before" : "syntax error at");
}

/* Takes several words if the first of them is there; the others must follow. */
static bool
lex_words(struct lex *l, const char *words)
{
	char first[TOKEN_MAX];
	size_t n = strcspn(words, " ");

	memcpy(first, words, n);
	first[n] = '\0';
	if (!lex_take(l, first))
		return false;
	while (words[n] == ' ') {
		words += n + 1;
		n = strcspn(words, " ");
		memcpy(first, words, n);
		first[n] = '\0';
		lex_want(l, first);
	}
	return true;
}

static void
lex_value(struct lex *l, struct rad_value *v, const struct rad_word *w)
{
	unsigned long long x = 0;
	char *end = l->l_token;

	if (w->w_max == 1 && (lex_is(l, "yes") || lex_is(l, "no")))
		x = lex_is(l, "yes");
	else if (w->w_max == UINT32_MAX && lex_is(l, "infinity"))
		x = UINT32_MAX;
	else if (w->w_max == 1 || l->l_token[0] < '0' || l->l_token[0] > '9' || (x = strtoull(l->l_token, &end, 10), *end != '\0') ||
	    x > w->w_max || x < w->w_min) {
		lex_fail(l, w->w_max == 1 ? "neither yes nor no:" : "bad number");
		return;
	}
	v->rv_value = (uint32_t)x;
	v->rv_set = true;
	lex_next(l);
}

/* ---- the file ---- */

/* Of a prefix; the braces may be missing. */
static void
parse_prefix_opts(struct lex *l, struct rad_prefix *rp)
{
	if (!lex_take(l, "{"))
		return;
	while (!l->l_bad && !lex_take(l, "}")) {
		unsigned o = 0;

		while (o < RAD_NPOPTS && !lex_words(l, rad_prefix_words[o].w_words))
			o++;
		if (o == RAD_NPOPTS)
			lex_fail(l, "syntax error at");
		else if (!l->l_bad)
			lex_value(l, &rp->rp_opt[o], &rad_prefix_words[o]);
	}
	if (rad_prefix_opt(rp, RAD_PREFERRED) > rad_prefix_opt(rp, RAD_VALID))
		lex_fail(l, "preferred lifetime longer than valid lifetime");
}

static void
parse_prefix(struct lex *l, struct rad_block *rb)
{
	struct rad_prefix rp = { 0 };

	if (!in6_parsenet(l->l_token, &rp.rp_addr, &rp.rp_plen, NULL) || rp.rp_plen == 0 || IN6_IS_ADDR_LINKLOCAL(&rp.rp_addr) ||
	    IN6_IS_ADDR_MULTICAST(&rp.rp_addr)) {
		lex_fail(l, "bad prefix");
		return;
	}
	if (rb->rb_nprefixes == RAD_PREFIXES) {
		lex_fail(l, "too many prefixes at");
		return;
	}
	rp.rp_addr = in6_masked(&rp.rp_addr, rp.rp_plen);
	lex_next(l);
	parse_prefix_opts(l, &rp);
	rb->rb_prefix[rb->rb_nprefixes++] = rp;
}

static void
parse_server(struct lex *l, struct rad_block *rb)
{
	struct in6_addr a;

	if (!in6_parse(l->l_token, &a) || IN6_IS_ADDR_MULTICAST(&a))
		lex_fail(l, "bad address");
	else if (rb->rb_nservers == RAD_NAMESERVERS)
		lex_fail(l, "too many name servers at");
	else {
		rb->rb_server[rb->rb_nservers++] = a;
		lex_next(l);
	}
}

/* RFC 1035 2.3.4: labels of 1 to 63 bytes. */
static bool
domain_good(const char *s)
{
	size_t n;

	if (strlen(s) >= RAD_DOMAIN)
		return false;
	for (; *s != '\0'; s += n + (s[n] == '.'))
		if ((n = strcspn(s, ".")) == 0 || n > 63)
			return false;
	return true;
}

static void
parse_search(struct lex *l, struct rad_block *rb)
{
	if (l->l_token[0] == '\0' || !domain_good(l->l_token))
		lex_fail(l, "bad domain");
	else if (rb->rb_nsearch == RAD_SEARCH)
		lex_fail(l, "too many domains at");
	else {
		strcpy(rb->rb_search[rb->rb_nsearch++], l->l_token);
		lex_next(l);
	}
}

/* One, or several in braces. */
static void
parse_list(struct lex *l, struct rad_block *rb, void (*one)(struct lex *, struct rad_block *))
{
	if (!lex_take(l, "{")) {
		one(l, rb);
		return;
	}
	while (!l->l_bad && !lex_take(l, "}"))
		one(l, rb);
}

static void
parse_dns(struct lex *l, struct rad_block *rb)
{
	lex_want(l, "{");
	while (!l->l_bad && !lex_take(l, "}"))
		if (lex_take(l, "lifetime"))
			lex_value(l, &rb->rb_opt[RAD_DNS_LIFETIME], &rad_words[RAD_DNS_LIFETIME]);
		else if (lex_take(l, "nameserver"))
			parse_list(l, rb, parse_server);
		else if (lex_take(l, "search"))
			parse_list(l, rb, parse_search);
		else
			lex_fail(l, "syntax error at");
}

static void
parse_option(struct lex *l, struct rad_block *rb)
{
	unsigned o = 0;

	if (lex_take(l, "prefix")) {
		parse_prefix(l, rb);
	} else if (lex_words(l, "auto prefix")) {
		rb->rb_opt[RAD_AUTO_PREFIX] = (struct rad_value){ 1, true };
		parse_prefix_opts(l, &rb->rb_auto);
	} else if (lex_words(l, "no auto prefix")) {
		rb->rb_opt[RAD_AUTO_PREFIX] = (struct rad_value){ 0, true };
	} else if (lex_take(l, "dns")) {
		parse_dns(l, rb);
	} else {
		while (o < RAD_NOPTS && (rad_words[o].w_words == NULL || !lex_words(l, rad_words[o].w_words)))
			o++;
		if (o == RAD_NOPTS)
			lex_fail(l, "syntax error at");
		else if (!l->l_bad)
			lex_value(l, &rb->rb_opt[o], &rad_words[o]);
	}
}

static struct rad_block *
new_block(struct rad_conf *rc)
{
	struct rad_block *more = realloc(rc->rc_block, (rc->rc_nblocks + 1) * sizeof(*more));

	if (more == NULL)
		return NULL;
	rc->rc_block = more;
	memset(&more[rc->rc_nblocks], 0, sizeof(*more));
	return &more[rc->rc_nblocks++];
}

static void
parse_interface(struct lex *l, struct rad_conf *rc)
{
	struct rad_block *rb;

	for (unsigned i = 1; i < rc->rc_nblocks; i++)
		if (lex_is(l, rc->rc_block[i].rb_ifname)) {
			lex_fail(l, "a second block for interface");
			return;
		}
	if (l->l_token[0] == '\0' || lex_is(l, "{") || strlen(l->l_token) >= IFNAMSIZ || rc->rc_nblocks > RAD_IFS) {
		lex_fail(l, rc->rc_nblocks > RAD_IFS ? "too many interfaces at" : "bad interface name");
		return;
	}
	if ((rb = new_block(rc)) == NULL) {
		lex_fail(l, "no memory");
		return;
	}
	strcpy(rb->rb_ifname, l->l_token);
	lex_next(l);
	if (lex_take(l, "{"))
		while (!l->l_bad && !lex_take(l, "}")) {
			if (l->l_token[0] == '\0')
				lex_fail(l, "\"}\" missing at the end");
			else
				parse_option(l, rb);
		}
}

void *
rad_parse(struct config_err *ce, const char *name __unused_arg, const char *text, size_t len)
{
	struct rad_conf *rc = calloc(1, sizeof(*rc));
	struct lex l = { .l_p = text, .l_end = text + len, .l_ce = ce, .l_line = 1 };

	if (rc == NULL || new_block(rc) == NULL) {
		config_error(ce, 0, "no memory");
		rad_free(rc);
		return NULL;
	}
	lex_next(&l);
	while (!l.l_bad && l.l_token[0] != '\0')
		if (lex_take(&l, "interface"))
			parse_interface(&l, rc);
		else
			parse_option(&l, &rc->rc_block[0]);
	if (!l.l_bad)
		return rc;
	rad_free(rc);
	return NULL;
}

/* ---- printing ---- */

static void
print_value(struct out *o, const char *indent, const struct rad_value *v, const struct rad_word *w)
{
	if (!v->rv_set || w->w_words == NULL)
		return;
	if (w->w_max == 1)
		out_printf(o, "%s%s %s\n", indent, w->w_words, v->rv_value ? "yes" : "no");
	else if (w->w_max == UINT32_MAX && v->rv_value == UINT32_MAX)
		out_printf(o, "%s%s infinity\n", indent, w->w_words);
	else
		out_printf(o, "%s%s %u\n", indent, w->w_words, (unsigned)v->rv_value);
}

/* Behind the prefix's name: what is set, in braces, or nothing. */
static void
print_prefix_opts(struct out *o, const char *indent, const struct rad_prefix *rp)
{
	bool any = false;

	for (unsigned i = 0; i < RAD_NPOPTS; i++)
		any |= rp->rp_opt[i].rv_set;
	out_printf(o, any ? " {\n" : "\n");
	for (unsigned i = 0; i < RAD_NPOPTS; i++)
		if (rp->rp_opt[i].rv_set) {
			out_printf(o, "%s", indent);
			print_value(o, "\t", &rp->rp_opt[i], &rad_prefix_words[i]);
		}
	if (any)
		out_printf(o, "%s}\n", indent);
}

static void
print_dns(struct out *o, const char *indent, const struct rad_block *rb)
{
	char a[IN6_STRLEN];

	if (!rb->rb_opt[RAD_DNS_LIFETIME].rv_set && rb->rb_nservers == 0 && rb->rb_nsearch == 0)
		return;
	out_printf(o, "%sdns {\n", indent);
	if (rb->rb_opt[RAD_DNS_LIFETIME].rv_set && rb->rb_opt[RAD_DNS_LIFETIME].rv_value == UINT32_MAX)
		out_printf(o, "%s\tlifetime infinity\n", indent);
	else if (rb->rb_opt[RAD_DNS_LIFETIME].rv_set)
		out_printf(o, "%s\tlifetime %u\n", indent, (unsigned)rb->rb_opt[RAD_DNS_LIFETIME].rv_value);
	for (unsigned i = 0; i < rb->rb_nservers; i++)
		out_printf(o, "%s\tnameserver %s\n", indent, in6_print(a, &rb->rb_server[i]));
	for (unsigned i = 0; i < rb->rb_nsearch; i++)
		out_printf(o, "%s\tsearch %s\n", indent, rb->rb_search[i]);
	out_printf(o, "%s}\n", indent);
}

static void
print_block(struct out *o, const char *indent, const struct rad_block *rb)
{
	const struct rad_value *at = &rb->rb_opt[RAD_AUTO_PREFIX];
	char a[IN6_NETSTRLEN];

	for (unsigned i = 0; i < RAD_NOPTS; i++)
		print_value(o, indent, &rb->rb_opt[i], &rad_words[i]);
	if (at->rv_set)
		out_printf(o, at->rv_value ? "%sauto prefix" : "%sno auto prefix\n", indent);
	if (at->rv_set && at->rv_value)
		print_prefix_opts(o, indent, &rb->rb_auto);
	for (unsigned i = 0; i < rb->rb_nprefixes; i++) {
		out_printf(o, "%sprefix %s", indent, in6_printnet(a, &rb->rb_prefix[i].rp_addr, rb->rb_prefix[i].rp_plen));
		print_prefix_opts(o, indent, &rb->rb_prefix[i]);
	}
	print_dns(o, indent, rb);
}

void
rad_print(struct out *o, const char *name __unused_arg, const void *obj)
{
	const struct rad_conf *rc = obj;

	print_block(o, "", &rc->rc_block[0]);
	for (unsigned i = 1; i < rc->rc_nblocks; i++) {
		out_printf(o, "interface %s {\n", rc->rc_block[i].rb_ifname);
		print_block(o, "\t", &rc->rc_block[i]);
		out_printf(o, "}\n");
	}
}
