/* mem.c - memcpy, memmove and memset in place of newlib's: those store past the cache from 256 bytes on, wrong for
 * packets, and use rep stos, slow in emulation. 16 bytes at a time, the last block overlapping the one before. */
#include <string.h>

#include <stddef.h>
#include <stdint.h>

typedef long long vec __attribute__((vector_size(16)));
typedef struct { vec v; } __attribute__((packed, may_alias)) uvec;
typedef struct { uint64_t v; } __attribute__((packed, may_alias)) u64;
typedef struct { uint32_t v; } __attribute__((packed, may_alias)) u32;
typedef struct { uint16_t v; } __attribute__((packed, may_alias)) u16;

/* n < 16: two loads that overlap cover it; both are done before a store, so it serves memmove too. */
static inline void
copy_small(char *d, const char *s, size_t n)
{
	if (n >= 8) {
		uint64_t a = ((const u64 *)s)->v, b = ((const u64 *)(s + n - 8))->v;
		((u64 *)d)->v = a;
		((u64 *)(d + n - 8))->v = b;
	} else if (n >= 4) {
		uint32_t a = ((const u32 *)s)->v, b = ((const u32 *)(s + n - 4))->v;
		((u32 *)d)->v = a;
		((u32 *)(d + n - 4))->v = b;
	} else if (n >= 2) {
		uint16_t a = ((const u16 *)s)->v, b = ((const u16 *)(s + n - 2))->v;
		((u16 *)d)->v = a;
		((u16 *)(d + n - 2))->v = b;
	} else if (n == 1)
		*d = *s;
}

void *
memcpy(void *restrict dst, const void *restrict src, size_t n)
{
	char *d = dst;
	const char *s = src;
	vec last;

	if (n < 16) {
		copy_small(d, s, n);
		return dst;
	}
	last = ((const uvec *)(s + n - 16))->v;
	for (size_t i = 0; i < n - 16; i += 16)
		((uvec *)(d + i))->v = ((const uvec *)(s + i))->v;
	((uvec *)(d + n - 16))->v = last;
	return dst;
}

void *
memmove(void *dst, const void *src, size_t n)
{
	char *d = dst;
	const char *s = src;
	vec end;

	if (n < 16) {
		copy_small(d, s, n);
		return dst;
	}
	if ((uintptr_t)d - (uintptr_t)s >= n)
		return memcpy(dst, src, n);	/* forwards; safe as well where dst lies below src */
	end = ((const uvec *)s)->v;		/* dst inside src: backwards, the first block last */
	for (size_t i = n; i > 16; i -= 16)
		((uvec *)(d + i - 16))->v = ((const uvec *)(s + i - 16))->v;
	((uvec *)d)->v = end;
	return dst;
}

void *
memset(void *dst, int c, size_t n)
{
	char *d = dst;
	uint64_t w = (uint8_t)c * 0x0101010101010101ull;
	vec v = { (long long)w, (long long)w };

	if (n >= 16) {
		for (size_t i = 0; i < n - 16; i += 16)
			((uvec *)(d + i))->v = v;
		((uvec *)(d + n - 16))->v = v;
	} else if (n >= 8) {
		((u64 *)d)->v = w;
		((u64 *)(d + n - 8))->v = w;
	} else if (n >= 4) {
		((u32 *)d)->v = (uint32_t)w;
		((u32 *)(d + n - 4))->v = (uint32_t)w;
	} else {
		for (size_t i = 0; i < n; i++)
			d[i] = (char)c;
	}
	return dst;
}
