/* acpi.h - the little of ACPI that is used: how many processors there are, power off, reset. ACPI 6.4. */
#ifndef KERNEL_AMD64_ACPI_H
#define KERNEL_AMD64_ACPI_H

#include "kernel/cdefs.h"

/* The sleep types of _S5_ (power off) in a DSDT's AML. False: not found in a form that is understood. */
bool	acpi_s5(const uint8_t *aml, size_t len, uint8_t *type_a, uint8_t *type_b);

/* acpi.c: a whole table, its sum checked, its length at byte 4; NULL: there is none. */
const uint8_t *acpi_table(const char *sig);
/* The APIC numbers of usable processors in a MADT of len bytes; at most max, all below 255. Returns how many. */
unsigned acpi_madt(const uint8_t *madt, size_t len, uint8_t *id, unsigned max);

#endif
