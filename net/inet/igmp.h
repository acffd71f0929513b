/* igmp.h - IGMP on the wire: RFC 1112, RFC 2236, RFC 3376. */
#ifndef NET_INET_IGMP_H
#define NET_INET_IGMP_H

#include "net/inet/in.h"

#define IGMP_QUERY	0x11
#define IGMP_V1_REPORT	0x12
#define IGMP_V2_REPORT	0x16
#define IGMP_LEAVE	0x17
#define IGMP_V3_REPORT	0x22

struct igmp {				/* all of versions 1 and 2; the start of a version 3 question */
	uint8_t		igmp_type, igmp_code;
	uint16_t	igmp_cksum;
	be32_t		igmp_group;
} __attribute__((packed, may_alias));
_Static_assert(sizeof(struct igmp) == 8, "RFC 2236 2");

struct igmpv3_query {			/* RFC 3376 4.1; sources follow */
	struct igmp	iq_igmp;
	uint8_t		iq_misc;	/* suppress, robustness */
	uint8_t		iq_qqi;
	be16_t		iq_nsources;
} __attribute__((packed, may_alias));
_Static_assert(sizeof(struct igmpv3_query) == 12, "RFC 3376 4.1");

struct igmpv3_report {			/* 4.2; records follow */
	uint8_t		ir_type, ir_zero;
	uint16_t	ir_cksum;
	be16_t		ir_zero2, ir_nrecords;
} __attribute__((packed, may_alias));
struct igmpv3_record {			/* 4.2.4; sources follow */
	uint8_t		ig_type, ig_auxlen;
	be16_t		ig_nsources;
	be32_t		ig_group;
} __attribute__((packed, may_alias));
_Static_assert(sizeof(struct igmpv3_report) == 8 && sizeof(struct igmpv3_record) == 8, "RFC 3376 4.2");

#define IGMP_IS_INCLUDE	1
#define IGMP_IS_EXCLUDE	2
#define IGMP_TO_INCLUDE	3
#define IGMP_TO_EXCLUDE	4

#endif
