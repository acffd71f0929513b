/* bus.h - the only way a driver reaches its device: reg_*, dma_*, irq_*. On the metal these are loads, stores and port
 * instructions (kernel/amd64/bus.c); on the host a device model answers (tests). */
#ifndef DRIVERS_BUS_H
#define DRIVERS_BUS_H

#include "kernel/cdefs.h"

/* ---- registers ---- */
struct reg {			/* a window of registers: a BAR, or a part of one */
	uintptr_t	rg_base;	/* MMIO address, port number, or the host's handle */
	size_t		rg_size;	/* bytes */
	bool		rg_io;		/* ports, not memory */
	const struct reg_ops *rg_ops;	/* host only: the device model */
	void		*rg_arg;
};
struct reg_ops {
	uint64_t (*ro_read)(void *arg, size_t off, int width);		/* width in bytes: 1, 2, 4, 8 */
	void	 (*ro_write)(void *arg, size_t off, int width, uint64_t v);
};
/* Little-endian registers at `off` bytes, naturally aligned, off + width <= rg_size (asserted in the out-of-line
 * part). */
#ifdef SLUICE_HOST
uint64_t reg_read(const struct reg *, size_t off, int width);
void	 reg_write(const struct reg *, size_t off, int width, uint64_t v);
#else
#include "kernel/amd64/reg.h"
#endif
static inline uint8_t  reg_read8(const struct reg *r, size_t off)  { return reg_read(r, off, 1); }
static inline uint16_t reg_read16(const struct reg *r, size_t off) { return reg_read(r, off, 2); }
static inline uint32_t reg_read32(const struct reg *r, size_t off) { return reg_read(r, off, 4); }
static inline void reg_write8(const struct reg *r, size_t off, uint8_t v)   { reg_write(r, off, 1, v); }
static inline void reg_write16(const struct reg *r, size_t off, uint16_t v) { reg_write(r, off, 2, v); }
static inline void reg_write32(const struct reg *r, size_t off, uint32_t v) { reg_write(r, off, 4, v); }
/* Two 32-bit writes, low half first: not every device takes 64 bits at once. */
static inline void
reg_write64(const struct reg *r, size_t off, uint64_t v)
{
	reg_write32(r, off, (uint32_t)v);
	reg_write32(r, off + 4, (uint32_t)(v >> 32));
}
/* `size` bytes of device memory at bus address pa, uncached. False: cannot be mapped. */
bool	reg_map(struct reg *, uint64_t pa, size_t size);
/* `size` ports from `port` on. */
void	reg_ports(struct reg *, uint16_t port, size_t size);
/* The part [off, off + size) of a window. False: the window is smaller. */
bool	reg_sub(const struct reg *, uint64_t off, uint64_t size, struct reg *part);
/* Waits until (reg & mask) == want; at most `us` microseconds. False: it never did. */
bool	reg_wait32(const struct reg *, size_t off, uint32_t mask, uint32_t want, unsigned us);
bool	reg_wait8(const struct reg *, size_t off, uint8_t mask, uint8_t want, unsigned us);
void	delay_us(unsigned us);			/* attach time only */

/* ---- memory that a device reads and writes ---- */
struct dma { void *d_va; uint64_t d_pa; size_t d_size; };
/* Zeroed, physically contiguous, aligned to a page. False: no memory. */
bool	dma_alloc(struct dma *, size_t size);
void	dma_free(struct dma *);
/* The device's address of memory from page_alloc() or an mbuf's buffer. */
static inline uint64_t dma_addr(const void *va) { return (uintptr_t)va; }
/* Order of our accesses as the device sees them. On x86 stores keep their order and loads theirs: only a store before
 * a load needs a fence instruction. */
#define dma_wmb()	__asm__ volatile("" ::: "memory")	/* stores before it, before stores after it */
#define dma_rmb()	__asm__ volatile("" ::: "memory")	/* loads likewise */
#define dma_mb()	__asm__ volatile("mfence" ::: "memory")	/* all */

/* ---- interrupts ---- */
/* The handler only marks something ready (poller_wake) and, for INTx, silences the device. It runs with interrupts
 * off and general registers only: it stands in a file named *_intr.c, or is static inline there (see the Makefile).
 * False from an INTx handler: not mine. */
typedef bool irq_handler(void *arg);
struct pci_dev;
struct irq {
	const char	*ir_name;	/* "vio0:0" for vmstat -i */
	irq_handler	*ir_func;
	void		*ir_arg;
	uint64_t	 ir_count;
	unsigned	 ir_core;
	uint8_t		 ir_vector;
	uint8_t		 ir_number;	/* for people: the line, or the vector */
	bool		 ir_masked;	/* by irq_dispatch: it never stopped */
	struct irq	*ir_next;	/* same line (INTx) */
	struct irq	*ir_link;	/* irq_list */
	/* A driver that calls irq_quiet() each time that its loop has caught up sets a limit (0: none): so many
	 * interrupts without the loop coming round are a device gone mad, and its interrupt is masked, logged and
	 * counted. */
	uint32_t	 ir_limit, ir_burst;
	struct reg	 ir_mask;	/* MSI-X: the entry's vector control word */
};
static inline void irq_quiet(struct irq *ir) { ir->ir_burst = 0; }
/* MSI-X entry `entry` of the device to that core. False: no MSI-X, no such entry, no vector. Core 0. */
bool	irq_msix(struct pci_dev *, unsigned entry, struct irq *, unsigned core);
unsigned irq_msix_count(struct pci_dev *);	/* entries that the device has; 0: no MSI-X */
/* The device's INTx line by the 8259; may be shared. False: no line. */
bool	irq_intx(struct pci_dev *, struct irq *);
/* An ISA line (4: COM1) by the 8259. */
bool	irq_isa(unsigned line, struct irq *);
void	irq_release(struct irq *);
extern struct irq *irq_list;			/* all by ir_link, for vmstat -i */

#endif
