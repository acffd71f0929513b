/* bus.c - the part of drivers/bus.h that is the same on every machine: windows and bounded waits. */
#include "drivers/bus.h"

void
reg_ports(struct reg *r, uint16_t port, size_t size)
{
	*r = (struct reg){ .rg_base = port, .rg_size = size, .rg_io = true };
}

bool
reg_sub(const struct reg *r, uint64_t off, uint64_t size, struct reg *part)
{
	if (off > r->rg_size || size > r->rg_size - off)
		return false;
	*part = *r;
	part->rg_base += off;
	part->rg_size = size;
	return true;
}

bool
reg_wait32(const struct reg *r, size_t off, uint32_t mask, uint32_t want, unsigned us)
{
	for (;; us--) {
		if ((reg_read32(r, off) & mask) == want)
			return true;
		if (us == 0)
			return false;
		delay_us(1);
	}
}

bool
reg_wait8(const struct reg *r, size_t off, uint8_t mask, uint8_t want, unsigned us)
{
	for (;; us--) {
		if ((reg_read8(r, off) & mask) == want)
			return true;
		if (us == 0)
			return false;
		delay_us(1);
	}
}
