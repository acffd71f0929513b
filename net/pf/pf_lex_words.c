/* pf_lex_words.c - the words that pf.conf(5) reserves. */
#include <string.h>

#include "net/pf/pf_lex.h"

const char *const pf_keywords[KW_COUNT] = {
	"",
	"af-to", "all", "allow-opts", "anchor", "antispoof", "any", "bandwidth", "binat-to", "bitmask", "block", "block-policy", "burst",
	"code", "const", "counters", "debug", "default", "delay", "divert-packet", "divert-reply", "divert-to", "drop", "dup-to", "file",
	"fingerprints", "flags", "floating", "flows", "flush", "for", "fragment", "from", "global", "group", "hostid", "icmp-type",
	"icmp6-type", "if-bound", "in", "include", "inet", "inet6", "keep", "label", "least-states", "limit", "load", "log",
	"loginterface", "match", "matches", "max", "max-mss", "max-pkt-rate", "max-src-conn", "max-src-conn-rate", "max-src-nodes",
	"max-src-states", "min", "min-ttl", "modulate", "nat-to", "no", "no-df", "no-route", "no-sync", "on", "once", "optimization", "os",
	"out", "overload", "parent", "pass", "persist", "pflow", "port", "prio", "probability", "proto", "qlimit", "quantum", "queue",
	"quick", "random", "random-id", "rdomain", "rdr-to", "reassemble", "received-on", "reply-to", "return", "return-icmp",
	"return-icmp6", "return-rst", "round-robin", "route", "route-to", "rtable", "rule", "ruleset-optimization", "scrub", "set", "skip",
	"sloppy", "source-hash", "source-track", "state", "state-defaults", "state-policy", "static-port", "sticky-address", "syncookies",
	"synproxy", "table", "tag", "tagged", "timeout", "to", "tos", "ttl", "urpf-failed", "user", "weight",
};

enum pf_keyword
pf_keyword(const char *word)
{
	unsigned lo = 1, hi = KW_COUNT;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		int c = strcmp(word, pf_keywords[mid]);

		if (c == 0)
			return (enum pf_keyword)mid;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return KW_NONE;
}
