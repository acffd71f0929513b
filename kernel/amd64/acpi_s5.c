/* acpi_s5.c - finds the package _S5_ in AML without interpreting AML. ACPI 6.4, 20.2 (encoding), 7.4.2.6 (_S5). */
#include <string.h>

#include "kernel/amd64/acpi.h"

#define AML_NAME	0x08
#define AML_PACKAGE	0x12
#define AML_ZERO	0x00
#define AML_ONE		0x01
#define AML_BYTE	0x0a

/* An integer of the package at *p: 20.2.3. */
static bool
s5_integer(const uint8_t **p, const uint8_t *end, uint8_t *v)
{
	if (*p < end && (**p == AML_ZERO || **p == AML_ONE)) {
		*v = *(*p)++;
		return true;
	}
	if (end - *p >= 2 && **p == AML_BYTE) {
		*v = (*p)[1];
		*p += 2;
		return true;
	}
	return false;
}

/* p is behind "_S5_": PackageOp, PkgLength (1 to 4 bytes by its top two bits), NumElements, integers. */
static bool
s5_package(const uint8_t *p, const uint8_t *end, uint8_t *type_a, uint8_t *type_b)
{
	if (end - p < 2 || *p++ != AML_PACKAGE)
		return false;
	p += 1 + (*p >> 6);
	if (end - p < 1 || *p++ < 2)
		return false;
	return s5_integer(&p, end, type_a) && s5_integer(&p, end, type_b) && *type_a < 8 && *type_b < 8;
}

bool
acpi_s5(const uint8_t *aml, size_t len, uint8_t *type_a, uint8_t *type_b)
{
	for (size_t i = 1; i + 6 <= len; i++) {
		bool named = aml[i - 1] == AML_NAME || (i >= 2 && aml[i - 1] == '\\' && aml[i - 2] == AML_NAME);

		if (named && memcmp(aml + i, "_S5_", 4) == 0 && s5_package(aml + i + 4, aml + len, type_a, type_b))
			return true;
	}
	return false;
}
