/* acpi.c - finds the firmware's tables; power off and reset. ACPI 6.4, chapters 4 and 5. */
#include <string.h>

#include "kernel/amd64/acpi.h"
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/bootinfo.h"
#include "kernel/amd64/cpu.h"
#include "kernel/endian.h"

#define TABLE_HEADER	36u
#define TABLE_MAX	(1u << 20)
#define BIOS_START	0xe0000u		/* 5.2.5.1: where a PC's BIOS keeps the RSDP */
#define BIOS_SIZE	0x20000u

/* FADT, 5.2.9: offsets */
#define FADT_DSDT	40
#define FADT_SMI_CMD	48
#define FADT_ACPI_ON	52
#define FADT_PM1A_CNT	64
#define FADT_PM1B_CNT	68
#define FADT_FLAGS	112
#define  FADT_RESET_SUP	(1u << 10)
#define FADT_RESET_REG	116			/* generic address: space, width, offset, access, 64-bit address */
#define FADT_RESET_VAL	128
#define FADT_X_DSDT	140

/* PM1 control, 4.8.3.2.1 */
#define PM1_SCI_EN	0x0001u
#define PM1_SLP_TYP(t)	((t) << 10)
#define PM1_SLP_EN	0x2000u
#define ACPI_ON_TRIES	100000u

static bool
acpi_sum(const uint8_t *p, size_t len)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + p[i]);
	return sum == 0;
}

/* A whole table, checked; NULL: not there or damaged. */
static const uint8_t *
acpi_map(uint64_t pa, const char *sig)
{
	const uint8_t *t = pa != 0 ? table_map(pa, TABLE_HEADER) : NULL;
	uint32_t len;

	if (t == NULL || memcmp(t, sig, 4) != 0)
		return NULL;
	len = load32(t + 4);
	if (len < TABLE_HEADER || len > TABLE_MAX || table_map(pa, len) == NULL || !acpi_sum(t, len))
		return NULL;
	return t;
}

static const uint8_t *
acpi_rsdp(void)
{
	const uint8_t *p;

	if (bootinfo.bi_rsdp_len >= 20)
		return bootinfo.bi_rsdp_copy;
	if (bootinfo.bi_rsdp != 0)
		return table_map(bootinfo.bi_rsdp, 36);
	p = table_map(BIOS_START, BIOS_SIZE);
	for (size_t off = 0; p != NULL && off + 36 <= BIOS_SIZE; off += 16)
		if (memcmp(p + off, "RSD PTR ", 8) == 0 && acpi_sum(p + off, 20))
			return p + off;
	return NULL;
}

/* The table named `sig` of the RSDT, or of the XSDT where there is one. */
const uint8_t *
acpi_table(const char *sig)
{
	const uint8_t *rsdp = acpi_rsdp(), *root, *t;
	unsigned width = 8;

	if (rsdp == NULL || memcmp(rsdp, "RSD PTR ", 8) != 0 || !acpi_sum(rsdp, 20))
		return NULL;
	root = rsdp[15] >= 2 ? acpi_map(load64(rsdp + 24), "XSDT") : NULL;
	if (root == NULL) {
		root = acpi_map(load32(rsdp + 16), "RSDT");
		width = 4;
	}
	for (uint32_t off = TABLE_HEADER; root != NULL && off + width <= load32(root + 4); off += width)
		if ((t = acpi_map(width == 8 ? load64(root + off) : load32(root + off), sig)) != NULL)
			return t;
	return NULL;
}

static const uint8_t *
acpi_dsdt(const uint8_t *fadt)
{
	const uint8_t *t = NULL;

	if (load32(fadt + 4) >= FADT_X_DSDT + 8)
		t = acpi_map(load64(fadt + FADT_X_DSDT), "DSDT");
	return t != NULL ? t : acpi_map(load32(fadt + FADT_DSDT), "DSDT");
}

/* 4.8.2: hands the power registers from SMM to us. */
static void
acpi_enable(const uint8_t *fadt, uint16_t pm1a)
{
	uint32_t smi = load32(fadt + FADT_SMI_CMD);

	if ((port_in16(pm1a) & PM1_SCI_EN) || smi == 0 || fadt[FADT_ACPI_ON] == 0)
		return;
	port_out8((uint16_t)smi, fadt[FADT_ACPI_ON]);
	for (unsigned n = 0; n < ACPI_ON_TRIES && !(port_in16(pm1a) & PM1_SCI_EN); n++)
		cpu_pause();
}

bool
acpi_poweroff(void)
{
	const uint8_t *fadt = acpi_table("FACP"), *dsdt = fadt != NULL ? acpi_dsdt(fadt) : NULL;
	uint16_t pm1a, pm1b;
	uint8_t a, b;

	if (dsdt == NULL || load32(fadt + 4) < FADT_RESET_REG || load32(fadt + FADT_PM1A_CNT) == 0 ||
	    !acpi_s5(dsdt + TABLE_HEADER, load32(dsdt + 4) - TABLE_HEADER, &a, &b))
		return false;
	pm1a = (uint16_t)load32(fadt + FADT_PM1A_CNT);
	pm1b = (uint16_t)load32(fadt + FADT_PM1B_CNT);
	acpi_enable(fadt, pm1a);
	port_out16(pm1a, (uint16_t)((port_in16(pm1a) & PM1_SCI_EN) | PM1_SLP_TYP(a) | PM1_SLP_EN));
	if (pm1b != 0)
		port_out16(pm1b, (uint16_t)(PM1_SLP_TYP(b) | PM1_SLP_EN));
	return true;
}

bool
acpi_reset(void)
{
	const uint8_t *fadt = acpi_table("FACP");

	if (fadt == NULL || load32(fadt + 4) <= FADT_RESET_VAL || !(load32(fadt + FADT_FLAGS) & FADT_RESET_SUP) ||
	    fadt[FADT_RESET_REG] != 1 || load64(fadt + FADT_RESET_REG + 4) > 0xffff)
		return false;			/* 1: system I/O space, the usual one */
	port_out8((uint16_t)load64(fadt + FADT_RESET_REG + 4), fadt[FADT_RESET_VAL]);
	return true;
}
