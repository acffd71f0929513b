/* fields.h - the headers of packets as rows of fields, for tests that change one at a time; and what a field may become.
 *
 *	static const struct sample s = { .sp_name = "echo", .sp_headers = { { &fields_ether, 0 }, { &fields_ip4, 14 }, { &fields_icmp, 34 } } };
 *	FIELDS_FOREACH(&s, fc)			every field of it, every value of each
 *		field_put(frame, &fc);
 */
#ifndef TESTS_UNIT_FIELDS_H
#define TESTS_UNIT_FIELDS_H

#include "kernel/cdefs.h"

struct field {
	const char	*f_name;
	uint16_t	 f_bits;		/* 1 to 128; fields follow each other without gaps, from the header's first bit on */
};
struct fields {
	const char	*fs_name;
	struct field	 fs_field[24];		/* up to the first without a name */
};
extern const struct fields fields_ether, fields_arp, fields_ip4, fields_option4, fields_udp, fields_tcp, fields_icmp, fields_icmp_redirect,
    fields_tstamp, fields_igmp, fields_igmp3_query, fields_igmp3_report, fields_ip6, fields_options6, fields_routing6, fields_fragment6, fields_icmp6,
    fields_neighbor, fields_lladdr, fields_rs, fields_ra, fields_prefix, fields_mtu, fields_rdnss, fields_redirect6, fields_redirected,
    fields_mld, fields_mld2_query, fields_mld2_report;

struct header { const struct fields *h_fields; unsigned h_off; };	/* bytes from the frame's beginning */
#define SAMPLE_HEADERS	10

/* One field with one value. */
struct field_cursor {
	const struct header *fc_header;		/* NULL: there are no more */
	unsigned	 fc_field, fc_value;
	unsigned	 fc_bit;		/* where it begins, from the frame's beginning */
};
/* The first; the next. Up to the first header without fields. */
struct field_cursor field_first(const struct header *);
void	field_next(struct field_cursor *);
static inline const struct field *field_of(const struct field_cursor *fc) { return &fc->fc_header->h_fields->fs_field[fc->fc_field]; }
/* Puts the value into a frame of len bytes; what it is follows from what stands there: 0, 1, all ones, one more, one less, twice and half as much, 8
 * more, 8 less, each single bit turned, and, where it is an address, those that mean something: ours is `ours`, of the field's length. False:
 * that is what stands there already, or the field is beyond the frame. */
bool	field_put(uint8_t *frame, unsigned len, const struct field_cursor *, const uint8_t *const *ours);
bool	field_is_sum(const struct field_cursor *);	/* a checksum: who makes them right again leaves this one */
#define FIELDS_FOREACH(headers, fc)						\
	for (struct field_cursor fc = field_first(headers); fc.fc_header != NULL; field_next(&fc))

#endif
