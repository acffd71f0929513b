/* fields.c - the rows of fields.h, and the values that a field is given. */
#include <string.h>

#include "tests/unit/fields.h"

#define FIELDS(name, ...) const struct fields fields_##name = { #name, { __VA_ARGS__ } }

FIELDS(ether, { "destination", 48 }, { "source", 48 }, { "type", 16 });
FIELDS(arp, { "hardware type", 16 }, { "protocol type", 16 }, { "hardware length", 8 }, { "protocol length", 8 }, { "operation", 16 },
    { "sender hardware", 48 }, { "sender", 32 }, { "target hardware", 48 }, { "target", 32 });

FIELDS(ip4, { "version", 4 }, { "header length", 4 }, { "tos", 8 }, { "total length", 16 }, { "id", 16 }, { "reserved", 1 }, { "df", 1 }, { "mf", 1 },
    { "offset", 13 }, { "ttl", 8 }, { "protocol", 8 }, { "checksum", 16 }, { "source", 32 }, { "destination", 32 });
FIELDS(option4, { "option", 8 }, { "option length", 8 }, { "pointer", 8 }, { "flags", 8 });
FIELDS(udp, { "source port", 16 }, { "destination port", 16 }, { "length", 16 }, { "udp checksum", 16 });
FIELDS(tcp, { "source port", 16 }, { "destination port", 16 }, { "sequence", 32 }, { "acknowledgment", 32 }, { "data offset", 4 },
    { "reserved", 4 }, { "flags", 8 }, { "window", 16 }, { "tcp checksum", 16 }, { "urgent", 16 });
FIELDS(icmp, { "type", 8 }, { "code", 8 }, { "checksum", 16 }, { "first half", 16 }, { "second half", 16 });
FIELDS(icmp_redirect, { "type", 8 }, { "code", 8 }, { "checksum", 16 }, { "gateway", 32 });
FIELDS(tstamp, { "originate", 32 }, { "receive", 32 }, { "transmit", 32 });
FIELDS(igmp, { "type", 8 }, { "code", 8 }, { "checksum", 16 }, { "group", 32 });
FIELDS(igmp3_query, { "reserved", 4 }, { "suppress", 1 }, { "robustness", 3 }, { "interval", 8 }, { "sources", 16 });
FIELDS(igmp3_report, { "type", 8 }, { "reserved", 8 }, { "checksum", 16 }, { "reserved2", 16 }, { "records", 16 }, { "record type", 8 },
    { "aux length", 8 }, { "sources", 16 }, { "group", 32 });

FIELDS(ip6, { "version", 4 }, { "traffic class", 8 }, { "flow label", 20 }, { "payload length", 16 }, { "next header", 8 }, { "hop limit", 8 },
    { "source", 128 }, { "destination", 128 });
FIELDS(options6, { "next header", 8 }, { "length", 8 }, { "option", 8 }, { "option length", 8 }, { "data", 32 });
FIELDS(routing6, { "next header", 8 }, { "length", 8 }, { "routing type", 8 }, { "segments left", 8 }, { "data", 32 });
FIELDS(fragment6, { "next header", 8 }, { "reserved", 8 }, { "offset", 13 }, { "reserved2", 2 }, { "more", 1 }, { "identification", 32 });
FIELDS(icmp6, { "type", 8 }, { "code", 8 }, { "checksum", 16 }, { "parameter", 32 });
FIELDS(neighbor, { "type", 8 }, { "code", 8 }, { "checksum", 16 }, { "router", 1 }, { "solicited", 1 }, { "override", 1 }, { "reserved", 29 },
    { "target", 128 });
FIELDS(lladdr, { "option", 8 }, { "option length", 8 }, { "link address", 48 });
FIELDS(rs, { "type", 8 }, { "code", 8 }, { "checksum", 16 }, { "reserved", 32 });
FIELDS(ra, { "type", 8 }, { "code", 8 }, { "checksum", 16 }, { "hop limit", 8 }, { "managed", 1 }, { "other", 1 }, { "home agent", 1 },
    { "preference", 2 }, { "reserved", 3 }, { "lifetime", 16 }, { "reachable", 32 }, { "retrans", 32 });
FIELDS(prefix, { "option", 8 }, { "option length", 8 }, { "prefix length", 8 }, { "on-link", 1 }, { "autonomous", 1 }, { "reserved", 6 },
    { "valid", 32 }, { "preferred", 32 }, { "reserved2", 32 }, { "prefix", 128 });
FIELDS(mtu, { "option", 8 }, { "option length", 8 }, { "reserved", 16 }, { "mtu", 32 });
FIELDS(rdnss, { "option", 8 }, { "option length", 8 }, { "reserved", 16 }, { "lifetime", 32 }, { "server", 128 });
FIELDS(redirect6, { "type", 8 }, { "code", 8 }, { "checksum", 16 }, { "reserved", 32 }, { "target", 128 }, { "destination", 128 });
FIELDS(redirected, { "option", 8 }, { "option length", 8 }, { "reserved", 48 });
FIELDS(mld, { "type", 8 }, { "code", 8 }, { "checksum", 16 }, { "response", 16 }, { "reserved", 16 }, { "group", 128 });
FIELDS(mld2_query, { "reserved", 4 }, { "suppress", 1 }, { "robustness", 3 }, { "interval", 8 }, { "sources", 16 }, { "source", 128 });
FIELDS(mld2_report, { "type", 8 }, { "code", 8 }, { "checksum", 16 }, { "reserved", 16 }, { "records", 16 }, { "record type", 8 }, { "aux length", 8 },
    { "sources", 16 }, { "group", 128 });

/* ---- values ---- */

typedef unsigned __int128 value_t;

static value_t
bits_get(const uint8_t *frame, unsigned at, unsigned n)
{
	value_t v = 0;

	for (unsigned i = at; i < at + n; i++)
		v = v << 1 | (frame[i / 8] >> (7 - i % 8) & 1);
	return v;
}

static void
bits_put(uint8_t *frame, unsigned at, unsigned n, value_t v)
{
	for (unsigned i = at + n; i-- > at; v >>= 1)
		frame[i / 8] = (uint8_t)((frame[i / 8] & ~(1u << (7 - i % 8))) | (unsigned)(v & 1) << (7 - i % 8));
}

/* Addresses that mean something, by their length; the first of each row is ours. */
#define SPECIALS	12
static const uint8_t special48[SPECIALS][6] = { { 0 }, { 1, 0, 0x5e, 0, 0, 1 }, { 0x33, 0x33, 0, 0, 0, 1 } };
static const uint8_t special32[SPECIALS][4] = { { 0 }, { 224, 0, 0, 1 }, { 127, 0, 0, 1 }, { 240, 0, 0, 1 }, { 10, 0, 0, 255 }, { 10, 0, 1, 255 },
    { 10, 0, 0, 0 }, { 10, 0, 0, 2 }, { 10, 0, 1, 2 }, { 192, 0, 2, 1 }, { 169, 254, 0, 1 }, { 239, 1, 2, 3 } };
static const uint8_t special128[SPECIALS][16] = { { 0 }, { [15] = 1 }, { 0xff, 2, [15] = 1 }, { 0xff, 2, [15] = 2 }, { 0xff, 1, [15] = 1 },
    { 0xff, 0x0e, [15] = 5 }, { [10] = 0xff, 0xff, 10, 0, 0, 2 }, { 0xfe, 0x80, [15] = 1 }, { 0xfe, 0x80, [3] = 2, [15] = 2 },
    { 0xfd, [3] = 0x0a, [15] = 2 }, { 0xff, 2, [11] = 1, 0xff, 0, 0, 1 }, { 0x20, 1, 0x0d, 0xb8, [15] = 1 } };

#define PLAIN	9
static unsigned
values_of(const struct field *f)
{
	return PLAIN + f->f_bits + (f->f_bits == 48 ? 3u : f->f_bits == 32 || f->f_bits == 128 ? SPECIALS : 0);
}

static value_t
special(unsigned n, unsigned bits, const uint8_t *const *ours)
{
	unsigned kind = bits == 32 ? 0 : bits == 48 ? 1 : 2;
	const uint8_t *row = kind == 0 ? special32[n] : kind == 1 ? special48[n] : special128[n];

	return bits_get(n == 0 ? ours[kind] : row, 0, bits);
}

static value_t
changed(value_t v, unsigned n, unsigned bits, const uint8_t *const *ours)
{
	value_t max = bits == 128 ? ~(value_t)0 : ((value_t)1 << bits) - 1;

	switch (n) {
	case 0: return 0;
	case 1: return 1;
	case 2: return max;
	case 3: return (v + 1) & max;
	case 4: return (v - 1) & max;
	case 5: return (v * 2) & max;
	case 6: return v / 2;
	case 7: return (v + 8) & max;
	case 8: return (v - 8) & max;
	default:
		return n < PLAIN + bits ? v ^ (value_t)1 << (n - PLAIN) : special(n - PLAIN - bits, bits, ours);
	}
}

bool
field_put(uint8_t *frame, unsigned len, const struct field_cursor *fc, const uint8_t *const *ours)
{
	unsigned bits = field_of(fc)->f_bits;
	value_t was, is;

	if (fc->fc_bit + bits > len * 8)
		return false;
	was = bits_get(frame, fc->fc_bit, bits);
	is = changed(was, fc->fc_value, bits, ours);
	bits_put(frame, fc->fc_bit, bits, is);
	return is != was;
}

bool
field_is_sum(const struct field_cursor *fc)
{
	return strcmp(field_of(fc)->f_name, "checksum") == 0;
}

/* ---- one after the other ---- */

struct field_cursor
field_first(const struct header *h)
{
	return (struct field_cursor){ .fc_header = h, .fc_bit = h->h_off * 8 };
}

void
field_next(struct field_cursor *fc)
{
	const struct field *f = field_of(fc);

	if (++fc->fc_value < values_of(f))
		return;
	fc->fc_value = 0;
	fc->fc_bit += f->f_bits;
	fc->fc_field++;
	if (f[1].f_name != NULL)
		return;
	fc->fc_field = 0;
	fc->fc_header++;
	fc->fc_bit = fc->fc_header->h_off * 8;
	if (fc->fc_header->h_fields == NULL)
		fc->fc_header = NULL;
}
