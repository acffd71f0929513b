/* reg.h - a device's registers on amd64: loads and stores, or port instructions. Included by drivers/bus.h only.
 * Bounds are checked once, where a window is made (reg_map, reg_sub); offsets are the driver's constants. */
#ifndef KERNEL_AMD64_REG_H
#define KERNEL_AMD64_REG_H

#include "kernel/amd64/amd64.h"

static inline uint64_t
reg_read(const struct reg *r, size_t off, int width)
{
	uintptr_t a = r->rg_base + off;

	if (unlikely(r->rg_io))
		return width == 1 ? port_in8((uint16_t)a) : width == 2 ? port_in16((uint16_t)a) : port_in32((uint16_t)a);
	switch (width) {
	case 1:
		return *(const volatile uint8_t *)a;
	case 2:
		return *(const volatile uint16_t *)a;
	case 4:
		return *(const volatile uint32_t *)a;
	default:
		return *(const volatile uint64_t *)a;
	}
}

static inline void
reg_write(const struct reg *r, size_t off, int width, uint64_t v)
{
	uintptr_t a = r->rg_base + off;

	switch (width) {
	case 1:
		if (unlikely(r->rg_io))
			port_out8((uint16_t)a, (uint8_t)v);
		else
			*(volatile uint8_t *)a = (uint8_t)v;
		break;
	case 2:
		if (unlikely(r->rg_io))
			port_out16((uint16_t)a, (uint16_t)v);
		else
			*(volatile uint16_t *)a = (uint16_t)v;
		break;
	case 4:
		if (unlikely(r->rg_io))
			port_out32((uint16_t)a, (uint32_t)v);
		else
			*(volatile uint32_t *)a = (uint32_t)v;
		break;
	default:
		*(volatile uint64_t *)a = v;
		break;
	}
}

#endif
