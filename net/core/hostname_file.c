/* hostname_file.c - the lines of a hostname.if(5) file: words and quotes, "!route add", "!arp -s", "!ndp -s". */
#include <stdio.h>
#include <string.h>

#include "net/core/hostname.h"

#define LINE_MAX_BYTES	1024
#define WORDS_MAX	64


/* In a word, and nothing but itself. */
static inline bool
plain(char c)
{
	return c > ' ' && c != '"' && c != '\'';
}

/* Splits a line into words in place; quotes hold spaces, # begins a comment where a word could begin. -1 after an error. */
static int
split(struct config_err *ce, unsigned line, char *s, char **argv)
{
	int argc = 0;

	for (;;) {
		char *d, quote = 0;

		while (*s == ' ' || *s == '\t')
			s++;
		if (*s == '\0' || *s == '#')
			return argc;
		if (argc == WORDS_MAX) {
			config_error(ce, line, "more than %d words", WORDS_MAX);
			return -1;
		}
		argv[argc++] = s;
		while (plain(*s))
			s++;
		for (d = s; *s != '\0' && (quote || (*s != ' ' && *s != '\t')); s++) {
			if (quote ? *s == quote : (*s == '"' || *s == '\''))
				quote = quote ? 0 : *s;
			else
				*d++ = *s;
		}
		if (quote) {
			config_error(ce, line, "unterminated quote");
			return -1;
		}
		if (*s != '\0')
			s++;
		*d = '\0';
	}
}

static bool
bang_route(struct hostname *h, struct config_err *ce, unsigned line, int argc, char **argv)
{
	struct route_args ra;
	char err[160];
	int i = 1;

	while (i < argc && (strcmp(argv[i], "-n") == 0 || strcmp(argv[i], "-q") == 0 || strcmp(argv[i], "-qn") == 0 ||
	    strcmp(argv[i], "-nq") == 0))
		i++;
	if (i == argc || strcmp(argv[i], "add") != 0) {
		config_error(ce, line, "!route %s: only \"!route add\" stands in a file", i < argc ? argv[i] : "");
		return false;
	}
	i++;
	if (!route_args_parse_static(&ra, argc - i, argv + i, err, sizeof(err))) {
		config_error(ce, line, "route: %s", err);
		return false;
	}
	if (!ra.ra_has_dest || !ra.ra_has_gateway) {
		config_error(ce, line, "route: missing %s", ra.ra_has_dest ? "gateway" : "destination");
		return false;
	}
	ra.ra_route.sr_line = line;
	if (!hn_routes_append(&h->hn_routes, &ra.ra_route)) {
		config_error(ce, line, "no memory");
		return false;
	}
	return true;
}

/* Appended in the order of the file, sorted once: there may be a million. */
static bool
routes_end(struct hostname *h, struct config_err *ce)
{
	char net[IN6_NETSTRLEN];
	bool ok = true;

	hn_routes_sort(&h->hn_routes);
	for (unsigned i = 1; i < h->hn_routes.rs_n; i++) {
		struct static_route sr;

		if (!hn_routes_twice(&h->hn_routes, i))
			continue;
		sr = hn_routes_get(&h->hn_routes, i);
		config_error(ce, sr.sr_line, "route %s: duplicate", af_printnet(net, sr.sr_af, &sr.sr_dest6, sr.sr_plen));
		ok = false;
	}
	return ok;
}

/* cmd: "arp" or "ndp". */
static bool
bang_nbr(struct hostname *h, struct config_err *ce, unsigned line, const char *cmd, int argc, char **argv)
{
	struct hn_nbr n;
	bool temp;
	char err[160], zone[IFNAMSIZ];

	if (argc < 2 || strcmp(argv[1], "-s") != 0) {
		config_error(ce, line, "!%s: only \"!%s -s\" stands in a file", cmd, cmd);
		return false;
	}
	if (!nbr_args_parse(&n, strcmp(cmd, "arp") == 0 ? AF_IP4 : AF_IP6, zone, &temp, argc - 2, argv + 2, err, sizeof(err))) {
		config_error(ce, line, "%s: %s", cmd, err);
		return false;
	}
	if (temp) {
		config_error(ce, line, "%s: a \"temp\" entry is not configuration", cmd);
		return false;
	}
	if (zone[0] != '\0' && strcmp(zone, h->hn_ifname) != 0) {
		config_error(ce, line, "%s %s: not on %s, whose file this is", cmd, argv[2], h->hn_ifname);
		return false;
	}
	n.hp_line = line;
	if (hostname_find_nbr(h, &n) != NULL) {
		config_error(ce, line, "%s %s: duplicate", cmd, argv[2]);
		return false;
	}
	if (!hostname_add_nbr(h, &n)) {
		config_error(ce, line, "no memory");
		return false;
	}
	return true;
}

/* hostname.if(5): "!command". There is no shell here: commands that say what is to be are taken for that. */
static bool
bang(struct hostname *h, struct config_err *ce, unsigned line, int argc, char **argv)
{
	const char *cmd = argv[0] + 1, *slash;

	if (*cmd == '\0' && argc > 1) {		/* "! route add" */
		argc--;
		argv++;
		cmd = argv[0];
	}
	if ((slash = strrchr(cmd, '/')) != NULL)
		cmd = slash + 1;
	if (strcmp(cmd, "route") == 0)
		return bang_route(h, ce, line, argc, argv);
	if (strcmp(cmd, "arp") == 0 || strcmp(cmd, "ndp") == 0)
		return bang_nbr(h, ce, line, cmd, argc, argv);
	config_error(ce, line, "!%s: only \"!route add\", \"!arp -s\" and \"!ndp -s\" are supported", cmd);
	return false;
}

static bool
parse_line(struct hostname *h, struct config_err *ce, unsigned line, const char *text, size_t len)
{
	char buf[LINE_MAX_BYTES], *argv[WORDS_MAX];
	int argc;

	if (len > 0 && text[len - 1] == '\r')
		len--;
	if (len >= sizeof(buf)) {
		config_error(ce, line, "line too long");
		return false;
	}
	if (memchr(text, '\0', len) != NULL) {
		config_error(ce, line, "NUL byte in the line");
		return false;
	}
	memcpy(buf, text, len);
	buf[len] = '\0';
	if ((argc = split(ce, line, buf, argv)) <= 0)
		return argc == 0;
	if (argv[0][0] == '!')
		return bang(h, ce, line, argc, argv);
	return hostname_words(h, ce, line, true, argc, argv);
}

/* Room for all routes at once. Other commands are few. */
static bool
reserve(struct hostname *h, const char *text, size_t len)
{
	const char *end = text + len, *nl;
	unsigned n = 0;

	for (; text < end; text = nl + 1) {
		n += *text == '!';
		if ((nl = memchr(text, '\n', (size_t)(end - text))) == NULL)
			break;
	}
	return hn_routes_reserve(&h->hn_routes, n);
}

/* Letters, then a number. */
static bool
ifname_ok(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"), d = strspn(s + n, "0123456789");

	return n > 0 && d > 0 && d < 6 && s[n + d] == '\0' && n + d < IFNAMSIZ;
}

void *
hostname_parse(struct config_err *ce, const char *name, const char *text, size_t len)
{
	const char *ifname = name + strlen(HOSTNAME_PREFIX), *nl;
	struct hostname *h;
	unsigned line = 0;
	bool ok = true;

	if (!ifname_ok(ifname)) {
		config_error(ce, 0, "\"%s\" is not the name of an interface", ifname);
		return NULL;
	}
	if ((h = hostname_new(ifname)) == NULL || !reserve(h, text, len)) {
		hostname_free(h);
		config_error(ce, 0, "no memory");
		return NULL;
	}
	for (const char *end = text + len; text < end; text = nl + 1) {
		if ((nl = memchr(text, '\n', (size_t)(end - text))) == NULL)
			nl = end;
		if (!parse_line(h, ce, ++line, text, (size_t)(nl - text)))
			ok = false;
	}
	if (!routes_end(h, ce) || !ok) {
		hostname_free(h);
		return NULL;
	}
	return h;
}
