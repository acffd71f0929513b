/* acpi.h - the little of ACPI that ends the machine's day. ACPI 6.4. */
#ifndef KERNEL_AMD64_ACPI_H
#define KERNEL_AMD64_ACPI_H

#include "kernel/cdefs.h"

/* The sleep types of _S5_ (power off) in a DSDT's AML. False: not found in a form that is understood. */
bool	acpi_s5(const uint8_t *aml, size_t len, uint8_t *type_a, uint8_t *type_b);

#endif
