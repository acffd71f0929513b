/* pfctl_kill.c - pfctl -k: states end, those of hosts, of a rule's label, one by its number or by its ends as pfctl -ss prints them. */
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_ctl.h"
#include "net/pf/pf_names.h"
#include "net/pf/pfctl_engine.h"

/* What is killed; what does not say NULL or -1 narrows it. */
struct kill {
	struct pf_tentry k_host[2];
	unsigned	 k_n;			/* hosts */
	const char	*k_label;
	uint64_t	 k_id;
	struct pf_key	 k_key;			/* ends as they are printed: the left one is k_addr[1] */
	uint8_t		 k_dir;
	const char	*k_iface;		/* -i */
	int		 k_rdomain;		/* -V */
};

bool
pfctl_prefix(const char *s, struct pf_tentry *e)
{
	be32_t v4;

	*e = (struct pf_tentry){ .te_af = PF_INET6 };
	if (strchr(s, ':') != NULL)
		return in6_parsenet(s, &e->te_addr, &e->te_plen, NULL);
	if (!ip4_parsenet(s, &v4, &e->te_plen))
		return false;
	e->te_af = PF_INET;
	e->te_addr = in6_of_ip4(v4);
	return true;
}

bool
pfctl_state_is_on(const struct pf_state *s, const char *iface)
{
	const struct ifnet *ifp = s->s_ifidx != 0 ? if_get(s->s_ifidx) : NULL;

	return iface == NULL || strcmp(s->s_ifidx == 0 ? "all" : ifp != NULL ? ifp->if_xname : "-", iface) == 0;
}

/* ---- which ---- */

static bool
is_there(const struct kill *k, const struct pf_state *s)
{
	return pfctl_state_is_on(s, k->k_iface) && (k->k_rdomain < 0 || s->s_sk[0].sk_key.k_rdomain == k->k_rdomain);
}

static bool
is_any(const struct pf_state *s, const void *arg)
{
	return is_there(arg, s);
}

/* From the first host, to the second: as the connection was opened. */
static bool
is_between(const struct pf_state *s, const void *arg)
{
	const struct kill *kill = arg;
	const struct pf_key *k = &s->s_sk[0].sk_key;

	for (unsigned i = 0; i < kill->k_n; i++) {
		const struct pf_tentry *h = &kill->k_host[i];
		unsigned side = s->s_dir == PF_IN ? i : !i;

		if (h->te_af != k->k_af || !in6_covers(&h->te_addr, h->te_plen, &k->k_addr[side]))
			return false;
	}
	return is_there(kill, s);
}

static bool
has_label(const struct pf_state *s, const void *arg)
{
	const struct kill *kill = arg;

	return kill->k_label[0] != '\0' && strcmp(s->s_rule->kr_rule->r_label, kill->k_label) == 0 && is_there(kill, s);
}

static bool
has_id(const struct pf_state *s, const void *arg)
{
	const struct kill *kill = arg;

	return pf_state_id(s) == kill->k_id && is_there(kill, s);
}

static bool
has_key(const struct pf_state *s, const void *arg)
{
	const struct kill *kill = arg;

	if (s->s_dir != kill->k_dir || !is_there(kill, s))
		return false;
	for (unsigned i = 0; i <= s->s_translated; i++) {
		struct pf_key k = s->s_sk[i].sk_key;

		k.k_rdomain = 0;
		if (memcmp(&k, &kill->k_key, sizeof(k)) == 0)
			return true;
	}
	return false;
}

/* ---- what was said ---- */

/* address:port, address[port] (IPv6), address */
static bool
parse_end(const char *s, struct pf_key *k, unsigned side)
{
	size_t n = strcspn(s, strchr(s, '[') != NULL ? "[" : strchr(s, '.') != NULL ? ":" : "");
	char text[IN6_STRLEN], *end;
	unsigned long port = 0;
	be32_t v4;

	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	if (s[n] != '\0') {
		port = strtoul(s + n + 1, &end, 10);
		if (end == s + n + 1 || port > 65535 || strcmp(end, s[n] == '[' ? "]" : "") != 0)
			return false;
	}
	k->k_port[side] = (uint16_t)port;
	if (!ip4_parse(text, &v4)) {
		k->k_af = PF_INET6;
		return in6_parse(text, &k->k_addr[side]);
	}
	k->k_af = PF_INET;
	k->k_addr[side] = in6_of_ip4(v4);
	return true;
}

/* "tcp 10.0.0.1:80 <- 10.0.0.101:32123" */
static bool
parse_key(const char *text, struct kill *kill)
{
	char copy[160], *word[4], *save = NULL, *end;
	unsigned n = 0;
	long proto;
	uint8_t af;

	if (strlen(text) >= sizeof(copy))
		return false;
	strcpy(copy, text);
	for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
		if (n == nitems(word))
			return false;
		word[n++] = w;
	}
	if (n != nitems(word) || (strcmp(word[2], "<-") != 0 && strcmp(word[2], "->") != 0))
		return false;
	proto = pf_proto_number(word[0]);
	if (proto < 0 && ((proto = strtol(word[0], &end, 10)) < 0 || proto > 255 || *end != '\0'))
		return false;
	kill->k_dir = word[2][0] == '<' ? PF_IN : PF_OUT;
	kill->k_key.k_proto = (uint8_t)proto;
	if (!parse_end(word[1], &kill->k_key, 1))
		return false;
	af = kill->k_key.k_af;
	return parse_end(word[3], &kill->k_key, 0) && kill->k_key.k_af == af;
}

/* Hexadecimal, with the creator behind a slash; all are made by this router, whose number as a creator is 0. */
static bool
parse_id(const char *text, struct kill *kill)
{
	char *end;

	kill->k_id = strtoull(text, &end, 16);
	if (end != text && *end == '/')
		return strtoul(end + 1, &end, 16) == 0 && *end == '\0';
	return end != text && *end == '\0';
}

static int
complain(const struct pfctl *pt, const char *what, const char *text)
{
	out_printf(pt->pt_err, "pfctl: %s %s\n", what, text);
	return 1;
}

static int
kill_hosts(const struct pfctl *pt, const struct pfctl_args *a, struct kill *kill)
{
	unsigned n;

	kill->k_n = a->a_kill[1] != NULL ? 2 : 1;
	for (unsigned i = 0; i < kill->k_n; i++)
		if (!pfctl_prefix(a->a_kill[i], &kill->k_host[i]))
			return complain(pt, "no IP address found for", a->a_kill[i]);
	n = pf_states_kill(is_between, kill);
	if (!a->a_quiet)
		out_printf(pt->pt_err, "killed %u states from %u sources and %u destinations\n", n, 1, kill->k_n - 1);
	return 0;
}

int
pfctl_kill(const struct pfctl *pt, const struct pfctl_args *a)
{
	struct kill kill = { .k_iface = a->a_iface, .k_rdomain = a->a_rdomain };
	const char *type = a->a_kill[0], *what = a->a_kill[1];
	bool (*match)(const struct pf_state *, const void *);
	unsigned n;

	if (strcmp(type, "label") == 0)
		match = has_label;
	else if (strcmp(type, "id") == 0)
		match = has_id;
	else if (strcmp(type, "key") == 0)
		match = has_key;
	else
		return kill_hosts(pt, a, &kill);
	if (what == NULL)
		return complain(pt, "no second -k says which", type);
	if (match == has_id && !parse_id(what, &kill))
		return complain(pt, "not the id of a state:", what);
	if (match == has_key && !parse_key(what, &kill))
		return complain(pt, "not the key of a state (\"protocol host:port <- host:port\"):", what);
	kill.k_label = what;
	n = pf_states_kill(match, &kill);
	if (!a->a_quiet)
		out_printf(pt->pt_err, "killed %u states\n", n);
	return 0;
}

unsigned
pfctl_kill_all(const struct pfctl_args *a)
{
	const struct kill kill = { .k_iface = a->a_iface, .k_rdomain = a->a_rdomain };

	return pf_states_kill(a->a_iface == NULL && a->a_rdomain < 0 ? NULL : is_any, &kill);
}
