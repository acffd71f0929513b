/* endian.h - byte order is in the type: be16_t and be32_t hold network order, plain integers the host's. Loads and stores for
 * addresses of any alignment. */
#ifndef KERNEL_ENDIAN_H
#define KERNEL_ENDIAN_H

#include <stdint.h>

typedef uint16_t be16_t;
typedef uint32_t be32_t;

#define BE16(x)	((be16_t)__builtin_bswap16((uint16_t)(x)))	/* host to network and back; x86 only */
#define BE32(x)	((be32_t)__builtin_bswap32((uint32_t)(x)))

static inline be16_t host_be16(uint16_t v) { return __builtin_bswap16(v); }
static inline be32_t host_be32(uint32_t v) { return __builtin_bswap32(v); }
static inline uint16_t be16_host(be16_t v) { return __builtin_bswap16(v); }
static inline uint32_t be32_host(be32_t v) { return __builtin_bswap32(v); }

struct unaligned16 { uint16_t v; } __attribute__((packed, may_alias));
struct unaligned32 { uint32_t v; } __attribute__((packed, may_alias));
struct unaligned64 { uint64_t v; } __attribute__((packed, may_alias));
static inline uint16_t load16(const void *p) { return ((const struct unaligned16 *)p)->v; }
static inline uint32_t load32(const void *p) { return ((const struct unaligned32 *)p)->v; }
static inline uint64_t load64(const void *p) { return ((const struct unaligned64 *)p)->v; }
/* A be16_t as wide as a register: swapped there, and not widened again. x86 only, as the others. */
static inline uint64_t
load_be16(const void *p)
{
	uint64_t v = load16(p);

	__asm__("rolw $8, %w0" : "+r" (v) : : "cc");
	return v;
}
static inline void store16(void *p, uint16_t v) { ((struct unaligned16 *)p)->v = v; }
static inline void store32(void *p, uint32_t v) { ((struct unaligned32 *)p)->v = v; }
static inline void store64(void *p, uint64_t v) { ((struct unaligned64 *)p)->v = v; }

#endif
