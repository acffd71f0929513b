/* test_pf_grammar.c - rulesets by chance from pf.conf(5)'s grammar: what is printed of one that is accepted is accepted and prints so again. Each reserved
 * word must have been in one; PF_GRAMMAR_LINES=n tries n lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_lex.h"
#include "tests/unit/pffix.h"

/* `name` stands for one of its ways; ways are parted by "|". */
static const struct production { const char *name, *ways; } grammar[] = {
	{ "line", "`rule`|`rule`|`rule`|`rule`|`rule`|`rule`|`anchor`|`antispoof`|`table`|`queue`|`macro`|include \"rules\"|load anchor \"l\" from \"rules\"" },
	{ "set", "set `option`" },
	{ "option", "timeout `timeout`|timeout { `timeout`, `timeout` }|ruleset-optimization basic|ruleset-optimization none|ruleset-optimization profile|"
	    "optimization normal|optimization aggressive|optimization high-latency|limit `limit`|limit { `limit` `limit` }|loginterface none|loginterface em0|block-policy drop|"
	    "block-policy return|state-policy if-bound|state-policy floating|state-defaults `stateopt`, no-sync|fingerprints \"/etc/pf.os\"|skip on lo0|skip on { em0 ! lo0 }|"
	    "debug err|debug debug|reassemble yes|reassemble no no-df|hostid 7|syncookies always|syncookies adaptive (start 30%, end 9%)" },
	{ "timeout", "tcp.first `n`|tcp.established `n`|udp.single `n`|icmp.error `n`|other.multiple `n`|interval `n`|frag `n`|src.track `n`|adaptive.start `n`" },
	{ "limit", "states `n`|frags `n`|src-nodes `n`|tables `n`|table-entries `n`|anchors `n`" },
	{ "n", "1|7|60|300|86400" },
	{ "macro", "m`d` = `host`|m`d` = \"{ `net`, `net` }\"\npass from $m`d`" },
	{ "d", "0|1|2|3|4|5|6|7|8|9" },
	{ "table", "table <t`d`> `tableopts` `contents`|table <t`d`> persist|table <t`d`>" },
	{ "tableopts", "persist|const|counters|persist const counters|" },
	{ "contents", "{ `entries` }|file \"addrs\"|{ `entries` } file \"addrs\"|{ }" },
	{ "entries", "`entry`|`entry` `entries`|`entry`, `entries`" },
	{ "entry", "`net`|! `net`|em0|em0:network|`net4` weight 7" },
	{ "queue", "queue root on em0 bandwidth 100M max 100M\nqueue q1 parent root bandwidth `bw` min 1M burst 10M for 100ms qlimit 100\nqueue q2 parent root bandwidth 1M default|"
	    "queue root on em1 flows 1024 bandwidth 10M max 12M qlimit 64 default|queue root on em0 bandwidth 10M\nqueue q3 parent root flows 16 quantum 300 bandwidth `bw` default" },
	{ "bw", "500K|5M|2M max 20M|3M" },
	{ "antispoof", "antispoof `log` `quick` for `ifs` `af` `label`" },
	{ "log", "|||log|log (all)|log (all, user)|log (matches)|log (to pflog1)|log (all, matches, to pflog3)" },
	{ "quick", "||quick" },
	{ "af", "|inet|inet6" },
	{ "label", "|label \"l`d`\"|label \"$if:$srcaddr:$dstport\"" },
	{ "anchor", "anchor \"a`d`\" `dir` `on` `hosts`|anchor \"a`d`\" `dir` `quick` `on` {\n`rule`\n`rule`\n}|anchor `dir` {\n`rule`\nanchor \"in`d`\" {\n`rule`\n}\n}|"
	    "anchor \"w/*\" `dir` `on` `proto`" },
	{ "rule", "`action` `dir` `log` `quick` `on` `af` `hosts` `opts`|`action` `dir` `log` `quick` `on` `proto4`|`action` `dir` `on` `proto6`|"
	    "`action` `dir` on rdomain `d` inet from `net4` `opts`|`action` `dir` on ! rdomain `d` inet to `net4`|`action` `dir` `log` `quick` `on` `tcp`|pass `dir` `on` `af` `tcp` `state`|match `dir` `on` `af` `hosts` scrub (`scrubs`)|`translate`|`route`" },
	{ "action", "pass|pass|block|match|block `return`" },
	{ "return", "drop|return|return-rst|return-rst(ttl 7)|return-icmp|return-icmp(host-unk)|return-icmp(3, admin-unr)|return-icmp6|return-icmp6(noroute-unr)" },
	{ "dir", "|in|out" },
	{ "on", "||on em0|on ! em0|on { em0 em1 }|on wan|on any" },
	{ "ifs", "lo0|em0|(em0)|{ em0 lo0 }" },
	{ "hosts", "all|from `addr` to `addr`|from `addr`|to `addr`|to `addr`||from any to any|from urpf-failed|from no-route to `addr`|from route \"r\"|"
	    "from { `list` } to `addr`|to { `list` }" },
	{ "list", "`host` `host`|`host`, `host`|`host`, { `host` `net` }|! `host` `net`|<t`d`> `host`" },
	{ "addr", "any|`host`|! `host`|<t`d`>|! <t`d`>|(em0)|! (em0:network)|(wan:0)|em0:broadcast|em0:network|pppoe0:peer|self|`net` - `net`|10.0.0.1 - 10.0.0.9" },
	{ "host", "`net`|em0|em0:0|(em0)/24|(em1:peer)|localhost" },
	{ "net", "`net4`|`net4`|2001:db8::`d`|2001:db8:`d`::/48|::/0|fe80::`d`%em0" },
	{ "net4", "10.`d`.0.`d`|10.`d`/16|192.0.2.0/24|172.16/12|0/0" },
	{ "ports", "|port `port`|port { `port`, `port` }|port { `port` `port` }" },
	{ "port", "`d``d`|= 25|!= 80|< 1024|<= 9|> 1023|>= 5|10:20|10 >< 20|10 <> 20|www|smtp" },
	{ "tcp", "proto tcp from `addr` `ports` to `addr` `ports` `flags` `opts`|proto { tcp udp } from `addr` to `addr` `ports` `opts`|proto udp to `addr` `ports`|"
	    "proto tcp from any os \"OpenBSD\" to any port 22|proto tcp from any os { \"Linux\" \"OpenBSD\" }|proto tcp `owner`|proto udp from any port = 53 `owner`" },
	{ "owner", "user root|user { bin, 100 }|user != 0|user 5 >< 9|user unknown|group wheel|group > 5|user root group { 0 27 }" },
	{ "flags", "|flags S/SA|flags any|flags /SFRA|flags SA/SAFRUPEW" },
	{ "proto", "|proto tcp|proto { tcp udp 103 }|proto esp|proto 200" },
	{ "proto4", "inet proto icmp `hosts4`|inet proto icmp `hosts4` icmp-type `type4`|inet proto icmp icmp-type { `type4`, `type4` }" },
	{ "hosts4", "all|from `net4`|from `net4` to `net4`|to (em0)" },
	{ "type4", "echoreq|echoreq code 0|unreach code needfrag|8|3 code 4|timex code transit|redir|paramprob" },
	{ "proto6", "inet6 proto icmp6 icmp6-type `type6`|inet6 proto ipv6-icmp icmp6-type { `type6` `type6` }|inet6 proto icmp6 from 2001:db8::/32" },
	{ "type6", "echoreq|neighbrsol|routeradv|toobig|unreach code admin-unr|128|135|4 code 1" },
	{ "opts", "||`opt`|`opt` `opt`|`opt` `opt` `opt`" },
	{ "opt", "`state`|tos lowdelay|tos 0x28|tos ef|tag T`d`|tagged T`d`|! tagged T`d`|`label`|allow-opts|fragment|once|probability 50%|probability 0.25|prio `d`|set prio `d`|"
	    "set prio (1, 2)|set tos cs`d`|set (tos reliability, prio 3)|set queue q1|set queue (q1, q2)|set delay 100|rtable `d`|received-on em0|! received-on any|"
	    "max-pkt-rate 100/10|divert-packet port 700|flags any" },
	{ "state", "keep state|no state|modulate state|synproxy state|keep state (`stateopts`)|modulate state (`stateopts`)|synproxy state (max 9)" },
	{ "stateopts", "`stateopt`|`stateopt`, `stateopt`|`stateopt` `stateopt`, `stateopt`|max-src-conn 3, max-src-conn-rate 5/9, overload <bad> flush global|"
	    "source-track rule, max-src-nodes 5, max-src-states 3|max-src-conn-rate 5/9, overload <bad> flush|source-track global, max-src-states 7" },
	{ "stateopt", "max `n`|no-sync|sloppy|pflow|if-bound|floating|`timeout`|source-track|adaptive.start 5, adaptive.end 9" },
	{ "scrubs", "`scrub`|`scrub` `scrub`|`scrub`, `scrub`" },
	{ "scrub", "no-df|min-ttl `d`|max-mss 1400|random-id|reassemble tcp" },
	{ "translate", "`nat` out `on` inet from `net4` to any nat-to `pool4`|`nat` in `on` inet proto tcp to (em0) port 80 rdr-to `pool4p`|`nat` on em0 inet from 10.0.0.`d` to any binat-to 192.0.2.`d`|"
	    "pass in inet6 from any to 64:ff9b::/96 af-to inet from 192.0.2.`d`|pass in inet af-to inet6 from 2001:db8::`d` to 2001:db8::/96|pass in inet proto tcp divert-to 127.0.0.1 port 80|"
	    "pass out inet6 proto tcp divert-reply|`nat` out inet6 from 2001:db8::/32 nat-to (em0:0) static-port" },
	{ "nat", "pass|match" },
	{ "pool4", "192.0.2.`d`|(em0)|(em0:0)|192.0.2.0/28 `how`|{ 192.0.2.1 192.0.2.2 } `how2`|<t`d`> `how2`|192.0.2.5 port 5000:6000|192.0.2.5 static-port|192.0.2.1 - 192.0.2.9 round-robin" },
	{ "pool4p", "10.0.0.`d`|10.0.0.`d` port 8080|10.0.0.1 port 8000:*|{ 10.0.0.1, 10.0.0.2 } port 81 `how2`|10.0.1.0/24 `how` sticky-address|<t`d`> port 80 `how2`|10.0.0.1 weight 5 least-states" },
	{ "how", "bitmask|random|source-hash|source-hash 0x000102030405060708090a0b0c0d0e0f|round-robin" },
	{ "how2", "round-robin|random|least-states|round-robin sticky-address|source-hash|least-states sticky-address" },
	{ "route", "`pb` `dir` on em0 inet from `net4` `to` 10.1.0.`d`|pass in on em0 inet6 `to` 2001:db8::`d`|pass in on em0 inet `to` { 10.1.0.1 10.1.0.2 } `how2`|"
	    "pass out on em0 inet `to` (pppoe0:peer)|pass in inet `to` <gw> round-robin|pass in on em0 inet proto tcp `to` 10.1.0.0/28 `how` `state`" },
	{ "pb", "pass|block" },
	{ "to", "route-to|reply-to|dup-to" },
};

#define WAYS_MAX	1024
static uint32_t seed;
static bool used[nitems(grammar)][40];		/* in a ruleset that was accepted */

static unsigned
rnd(unsigned n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static unsigned
find(const char *name, size_t n)
{
	for (unsigned i = 0; i < nitems(grammar); i++)
		if (strlen(grammar[i].name) == n && memcmp(grammar[i].name, name, n) == 0)
			return i;
	printf("%.*s\n", (int)n, name);
	CHECK(!"no such production");
	return 0;
}

static unsigned
count_ways(unsigned of)
{
	unsigned n = 1;

	for (const char *p = grammar[of].ways; *p != '\0'; p++)
		n += *p == '|';
	return n;
}

struct taken { unsigned char tk_what, tk_way; };
struct line { char text[2048]; unsigned len, ntaken; struct taken taken[WAYS_MAX]; };

static void
expand(struct line *l, unsigned of, unsigned deep)
{
	unsigned way = rnd(count_ways(of));
	const char *p = grammar[of].ways;

	CHECK(deep < 60 && l->ntaken < WAYS_MAX);
	l->taken[l->ntaken++] = (struct taken){ (unsigned char)of, (unsigned char)way };
	for (unsigned i = 0; i < way; i++)
		p = strchr(p, '|') + 1;
	for (; *p != '\0' && *p != '|' && l->len < sizeof(l->text) - 2; p++) {
		const char *end;

		if (*p != '`') {
			l->text[l->len++] = *p;
			continue;
		}
		end = strchr(p + 1, '`');
		expand(l, find(p + 1, (size_t)(end - p - 1)), deep + 1);
		p = end;
	}
}

/* False: it is refused. */
static bool
same_again(const char *text)
{
	static char first[65536];

	strcpy(first, pf_errors(text));
	if (first[0] != '\0')
		return false;
	strcpy(first, pf_text(text));
	if (strcmp(first, pf_text(first)) != 0) {
		printf("of\n%sis printed\n%sand of that\n%s", text, first, pf_text(first));
		CHECK(!"it prints otherwise");
	}
	return true;
}

static void
cover(const struct line *l, bool *words)
{
	for (unsigned i = 0; i < l->ntaken; i++)
		used[l->taken[i].tk_what][l->taken[i].tk_way] = true;
	for (const char *p = l->text; *p != '\0'; ) {
		size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789-");
		char word[64];

		if (n > 0 && n < sizeof(word)) {
			memcpy(word, p, n);
			word[n] = '\0';
			words[pf_keyword(word)] = true;
		}
		p += n + (n == 0);
	}
}

static unsigned
uncovered(const bool *words)
{
	unsigned n = 0;

	for (unsigned i = 1; i < KW_COUNT; i++)
		if (!words[i])
			n += (unsigned)printf("in none that is accepted: %s\n", pf_keywords[i]) > 0;
	for (unsigned i = 0; i < nitems(grammar); i++)
		for (unsigned way = 0; way < count_ways(i); way++)
			if (!used[i][way])
				n += (unsigned)printf("in none that is accepted: way %u of %s\n", way, grammar[i].name) > 0;
	return n;
}

TEST(pf_grammar)
{
	const char *lines = getenv("PF_GRAMMAR_LINES");
	unsigned n = lines != NULL ? (unsigned)atoi(lines) : 12000, good = 0, rulesets = 0;
	static char ruleset[16384];
	static bool words[KW_COUNT];
	static struct line l;

	seed = 1;
	memset(words, 0, sizeof(words));
	memset(used, 0, sizeof(used));
	ruleset[0] = '\0';
	for (unsigned i = 0; i < n; i++) {
		l.len = l.ntaken = 0;
		expand(&l, find(i % 8 == 0 ? "set" : "line", i % 8 == 0 ? 3 : 4), 0);
		memcpy(l.text + l.len, "\n", 2);
		if (strstr(l.text, "load ") != NULL ? pf_errors(l.text)[0] != '\0' : !same_again(l.text))
			continue;
		cover(&l, words);
		good++;
		if (strncmp(l.text, "set", 3) == 0 || strstr(l.text, "queue") != NULL || strstr(l.text, "load ") != NULL || strstr(l.text, "$m") != NULL)
			continue;		/* once in a ruleset, or not where they stand */
		strcat(ruleset, l.text);
		if (strlen(ruleset) > 2000) {
			rulesets += same_again(ruleset);
			ruleset[0] = '\0';
		}
	}
	printf("    %u of %u lines are accepted, %u rulesets of them\n", good, n, rulesets);
	CHECK_EQ(uncovered(words), 0);
	CHECK(good > n / 3 && rulesets > 5);
}
