/* hostname_parse.c - the grammar of hostname.if(5) and ifconfig(8): the words of a line into a struct hostname. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/core/hostname_var.h"
#include "net/core/if_group.h"
#include "net/ether/ether.h"
#include "net/inet/ip.h"

bool
words_bad(struct words *w, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	config_error(w->w_ce, w->w_line, "%s", text);
	return false;
}

char *
words_argument(struct words *w, const char *word)
{
	if (w->w_i < w->w_argc)
		return w->w_argv[w->w_i++];
	words_bad(w, "%s: missing argument", word);
	return NULL;
}

static bool
word_alias(struct words *w)
{
	w->w_alias = true;
	return true;
}

static bool
word_delete(struct words *w)
{
	if (w->w_file)
		return words_bad(w, "%s: a file says what is to be, it deletes nothing", w->w_argv[w->w_i - 1]);
	w->w_delete = true;
	return true;
}

static bool
word_no_inet(struct words *w)
{
	if (w->w_file)
		return word_delete(w);
	w->w_h->hn_naddrs = 0;
	return true;
}

static bool
word_up(struct words *w)
{
	w->w_h->hn_updown = HN_UP;
	return true;
}

static bool
word_down(struct words *w)
{
	w->w_h->hn_updown = HN_DOWN;
	w->w_down = true;
	return true;
}

static bool
word_mtu(struct words *w)
{
	const char *s = words_argument(w, "mtu");
	char *end;
	unsigned long v;

	if (s == NULL)
		return false;
	v = strtoul(s, &end, 10);
	if (!words_is_digit(*s) || *end != '\0')
		return words_bad(w, "mtu: bad value \"%s\"", s);
	if (v < 68 || v > IP_MAXPACKET)		/* RFC 791: every link carries 68 bytes */
		return words_bad(w, "mtu: %s is out of range (68 to %u)", s, IP_MAXPACKET);
	w->w_h->hn_mtu = (uint32_t)v;
	w->w_h->hn_mtu_line = w->w_line;
	return true;
}

static bool
word_description(struct words *w)
{
	const char *s = words_argument(w, "description");

	if (s == NULL)
		return false;
	if (strlen(s) >= IFDESCRSIZE)
		return words_bad(w, "description: longer than %d bytes", IFDESCRSIZE - 1);
	if (strchr(s, '"') != NULL && strchr(s, '\'') != NULL)
		return words_bad(w, "description: both kinds of quotes in it");
	for (const char *c = s; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return words_bad(w, "description: control character in it");
	snprintf(w->w_h->hn_description, IFDESCRSIZE, "%s", s);
	return true;
}

static bool
word_no_description(struct words *w)
{
	w->w_h->hn_description[0] = '\0';
	return true;
}

/* Where the name stands among the sorted ones, or would. True: it is there. */
static bool
find_group(const struct hostname *h, const char *name, unsigned *at)
{
	int c = 1;

	for (*at = 0; *at < h->hn_ngroups && (c = strcmp(h->hn_group[*at], name)) < 0; (*at)++)
		;
	return *at < h->hn_ngroups && c == 0;
}

static bool
word_group(struct words *w)
{
	const char *s = words_argument(w, "group");
	struct hostname *h = w->w_h;
	unsigned at;

	if (s == NULL)
		return false;
	if (!if_group_name_ok(s))
		return words_bad(w, "group %s: a name of up to %d letters and digits without a digit at its end is wanted", s, IFNAMSIZ - 1);
	if (find_group(h, s, &at))
		return words_bad(w, "group %s: %s", s, w->w_file ? "duplicate" : "it is in it already");
	if (h->hn_ngroups == IF_GROUPS)
		return words_bad(w, "group %s: more than %d", s, IF_GROUPS);
	memmove(h->hn_group[at + 1], h->hn_group[at], (h->hn_ngroups++ - at) * sizeof(h->hn_group[0]));
	strncpy(h->hn_group[at], s, IFNAMSIZ);
	return true;
}

static bool
word_no_group(struct words *w)
{
	const char *s = w->w_file ? NULL : words_argument(w, "-group");
	struct hostname *h = w->w_h;
	unsigned at;

	if (s == NULL)
		return w->w_file ? word_delete(w) : false;
	if (!find_group(h, s, &at))
		return words_bad(w, "-group %s: it is not in it", s);
	memmove(h->hn_group[at], h->hn_group[at + 1], (--h->hn_ngroups - at) * sizeof(h->hn_group[0]));
	memset(h->hn_group[h->hn_ngroups], 0, sizeof(h->hn_group[0]));
	return true;
}

static bool
word_lladdr(struct words *w)
{
	const char *s = words_argument(w, "lladdr");
	uint8_t a[6];

	if (s == NULL)
		return false;
	if (!ether_parse(s, a))
		return words_bad(w, "lladdr: bad address \"%s\"", s);
	if (a[0] & 1)
		return words_bad(w, "lladdr: %s is a group address", s);
	if (memcmp(a, "\0\0\0\0\0", 6) == 0)
		return words_bad(w, "lladdr: %s is no address", s);
	memcpy(w->w_h->hn_lladdr, a, 6);
	w->w_h->hn_has_lladdr = true;
	w->w_h->hn_lladdr_line = w->w_line;
	return true;
}

static bool
word_debug(struct words *w)
{
	w->w_h->hn_debug = true;
	return true;
}

static bool
word_no_debug(struct words *w)
{
	w->w_h->hn_debug = false;
	return true;
}

static bool
word_media(struct words *w)
{
	const char *s = words_argument(w, "media");

	if (s == NULL)
		return false;
	if (strcmp(s, "autoselect") != 0)
		return words_bad(w, "media %s: not supported yet", s);
	w->w_h->hn_media = true;
	return true;
}

static bool
word_rdomain(struct words *w)
{
	const char *s = words_argument(w, "rdomain");

	return s != NULL && (strcmp(s, "0") == 0 || words_bad(w, "rdomain %s: not supported yet", s));
}

static bool
word_unsupported(struct words *w)
{
	return words_bad(w, "%s: not supported yet", w->w_argv[w->w_i - 1]);
}

/* Of the family that was said last; "inet autoconf" is DHCP. */
static bool
word_autoconf(struct words *w)
{
	return w->w_inet6 ? words_autoconf6(w, true) : word_unsupported(w);
}

static bool
word_no_autoconf(struct words *w)
{
	return w->w_inet6 ? words_autoconf6(w, false) : word_unsupported(w);
}

static bool
word_temporary(struct words *w)
{
	return words_temporary(w, true);
}

static bool
word_no_temporary(struct words *w)
{
	return words_temporary(w, false);
}

static bool
word_soii(struct words *w)
{
	return words_soii(w, true);
}

static bool
word_no_soii(struct words *w)
{
	return words_soii(w, false);
}

static const struct word {
	const char	*w_name;
	bool		(*w_func)(struct words *);
} word_table[] = {
	{ "inet",		words_inet },
	{ "alias",		word_alias },
	{ "-alias",		word_delete },
	{ "delete",		word_delete },
	{ "-inet",		word_no_inet },
	{ "netmask",		words_netmask },
	{ "prefixlen",		words_prefixlen },
	{ "broadcast",		words_broadcast },
	{ "dest",		words_dest },
	{ "dstaddr",		words_dest },
	{ "up",			word_up },
	{ "down",		word_down },
	{ "mtu",		word_mtu },
	{ "description",	word_description },
	{ "descr",		word_description },
	{ "desc",		word_description },
	{ "-description",	word_no_description },
	{ "-descr",		word_no_description },
	{ "-desc",		word_no_description },
	{ "lladdr",		word_lladdr },
	{ "debug",		word_debug },
	{ "-debug",		word_no_debug },
	{ "media",		word_media },
	{ "rdomain",		word_rdomain },
	{ "-rdomain",		word_unsupported },
	{ "inet6",		words_inet6 },
	{ "-inet6",		words_no_inet6 },
	{ "eui64",		words_eui64 },
	{ "soii",		word_soii },
	{ "-soii",		word_no_soii },
	{ "anycast",		words_anycast },
	{ "temporary",		word_temporary },
	{ "-temporary",		word_no_temporary },
	{ "dhcp",		word_unsupported },
	{ "autoconf",		word_autoconf },
	{ "-autoconf",		word_no_autoconf },
	{ "rtsol",		word_unsupported },
	{ "group",		word_group },
	{ "-group",		word_no_group },
	{ "priority",		word_unsupported },
	{ "llprio",		word_unsupported },
	{ "mediaopt",		word_unsupported },
	{ "create",		word_unsupported },
	{ "destroy",		word_unsupported },
};

static bool
one_word(struct words *w)
{
	char *s = w->w_argv[w->w_i++];

	if (strchr(s, ':') != NULL)
		return words_address6(w, s);
	if (words_is_digit(s[0]))
		return words_address4(w, s);
	for (size_t i = 0; i < nitems(word_table); i++)
		if (strcmp(s, word_table[i].w_name) == 0)
			return word_table[i].w_func(w);
	return words_bad(w, "%s: unknown word", s);
}

bool
hostname_words(struct hostname *h, struct config_err *ce, unsigned line, bool file, int argc, char **argv)
{
	struct words w = { .w_h = h, .w_ce = ce, .w_line = line, .w_file = file, .w_argc = argc, .w_argv = argv, .w_plen = -1 };

	while (w.w_i < w.w_argc)
		if (!one_word(&w))
			return false;
	return w.w_inet6 ? words_finish6(&w) : words_finish4(&w);
}
