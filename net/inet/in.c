/* in.c - IPv4 addresses as text, and the Internet checksum's sum (RFC 1071). */
#include <stdio.h>
#include <string.h>

#include "net/inet/ip.h"

int
ip4_masklen(be32_t mask)
{
	uint32_t m = be32_host(mask);
	int len = m == 0 ? 0 : 32 - __builtin_ctz(m);

	return mask == ip4_mask((unsigned)len) ? len : -1;
}

char *
ip4_print(char *buf, be32_t a)
{
	const uint8_t *o = (const uint8_t *)&a;

	snprintf(buf, IP4_STRLEN, "%u.%u.%u.%u", o[0], o[1], o[2], o[3]);
	return buf;
}

/* As many octets as the prefix touches. */
char *
ip4_printnet(char *buf, be32_t a, unsigned plen)
{
	const uint8_t *o = (const uint8_t *)&a;
	unsigned octets = plen == 0 ? 1 : (plen + 7) / 8;
	int n = 0;

	if (plen == 0 && a == 0)
		return strcpy(buf, "default");
	if (plen == 32)
		return ip4_print(buf, a);
	for (unsigned i = 0; i < octets; i++)
		n += snprintf(buf + n, (size_t)(IP4_NETSTRLEN - n), i == 0 ? "%u" : ".%u", o[i]);
	snprintf(buf + n, (size_t)(IP4_NETSTRLEN - n), "/%u", plen);
	return buf;
}

/* A decimal number up to max without leading zeroes (010 is eight to some and ten to others). NULL: none; else what
 * follows. */
static const char *
ip4_number(const char *s, unsigned max, unsigned *v)
{
	const char *p = s;

	for (*v = 0; *p >= '0' && *p <= '9'; p++)
		if ((*v = *v * 10 + (unsigned)(*p - '0')) > max)
			return NULL;
	return p == s || (*s == '0' && p - s > 1) ? NULL : p;
}

/* One to four octets with dots between them; missing ones are zero. NULL: none; else what follows. */
static const char *
ip4_octets(const char *s, be32_t *a, unsigned *n)
{
	uint8_t o[4] = { 0 };
	unsigned v;

	for (*n = 0; *n < 4; s++) {
		if ((s = ip4_number(s, 255, &v)) == NULL)
			return NULL;
		o[(*n)++] = (uint8_t)v;
		if (*s != '.' || *n == 4)
			break;
	}
	*a = load32(o);
	return s;
}

bool
ip4_parse(const char *s, be32_t *out)
{
	unsigned n;
	be32_t a;

	if ((s = ip4_octets(s, &a, &n)) == NULL || n != 4 || *s != '\0')
		return false;
	*out = a;
	return true;
}

bool
ip4_parsenet(const char *s, be32_t *out, uint8_t *plen)
{
	unsigned n, len = 32;
	be32_t a;

	if (strcmp(s, "default") == 0) {
		*out = 0;
		*plen = 0;
		return true;
	}
	if ((s = ip4_octets(s, &a, &n)) == NULL)
		return false;
	if (*s == '/') {
		if ((s = ip4_number(s + 1, 32, &len)) == NULL)
			return false;
	} else if (n != 4)
		return false;
	if (*s != '\0')
		return false;
	*out = a;
	*plen = (uint8_t)len;
	return true;
}

/* One's complement addition: a carry out of the top comes in at the bottom. */
static inline uint64_t
in_add(uint64_t a, uint64_t b)
{
	uint64_t s;

	return __builtin_add_overflow(a, b, &s) ? s + 1 : s;
}

/* Sums of 16-bit words may be made from words of any size (RFC 1071 2 (C)). The result is below 2^33, so that callers
 * may add some. */
uint64_t
in_sum(const void *data, size_t len, uint64_t sum)
{
	const uint8_t *p = data;

	for (; len >= 32; p += 32, len -= 32) {
		sum = in_add(sum, load64(p));
		sum = in_add(sum, load64(p + 8));
		sum = in_add(sum, load64(p + 16));
		sum = in_add(sum, load64(p + 24));
	}
	for (; len >= 8; p += 8, len -= 8)
		sum = in_add(sum, load64(p));
	sum = (sum & 0xffffffff) + (sum >> 32);
	if (len & 4) {
		sum += load32(p);
		p += 4;
	}
	if (len & 2) {
		sum += load16(p);
		p += 2;
	}
	if (len & 1)
		sum += *p;		/* memory order: the word's first byte */
	return (sum & 0xffffffff) + (sum >> 32);
}
