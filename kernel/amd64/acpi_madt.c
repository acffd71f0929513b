/* acpi_madt.c - the processors of the MADT. ACPI 6.4, 5.2.12. */
#include "kernel/amd64/acpi.h"
#include "kernel/endian.h"

#define MADT_ENTRIES	44u
#define MADT_APIC	0		/* 5.2.12.2: type, length, ACPI number, APIC number, flags */
#define MADT_X2APIC	9		/* 5.2.12.12: the number at 4, flags at 8 */
#define MADT_ENABLED	1u
#define APIC_ALL	0xffu		/* a destination, no processor */

unsigned
acpi_madt(const uint8_t *t, size_t len, uint8_t *id, unsigned max)
{
	unsigned n = 0;
	size_t size;

	for (size_t off = MADT_ENTRIES; off + 2 <= len && n < max; off += size) {
		const uint8_t *e = t + off;
		uint32_t apic = APIC_ALL, flags = 0;

		size = e[1];
		if (size < 2 || size > len - off)
			break;
		if (e[0] == MADT_APIC && size >= 8) {
			apic = e[3];
			flags = load32(e + 4);
		} else if (e[0] == MADT_X2APIC && size >= 16) {
			apic = load32(e + 4);
			flags = load32(e + 8);
		}
		if ((flags & MADT_ENABLED) && apic < APIC_ALL)
			id[n++] = (uint8_t)apic;
	}
	return n;
}
