/* test_acpi.c - _S5_ in AML, processors in the MADT: the forms that firmware uses, and damaged ones. */
#include "kernel/amd64/acpi_madt.c"
#include "kernel/amd64/acpi_s5.c"
#include <stdlib.h>

#include "tests/unit/unit.h"

#define S5(...)	(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

TEST(acpi_s5_forms)
{
	uint8_t a = 9, b = 9;

	/* QEMU's: Name(_S5_, Package(4){0, 0, 0, 0}) */
	CHECK(acpi_s5(S5(0x08, '_', 'S', '5', '_', 0x12, 0x06, 4, 0, 0, 0, 0), &a, &b));
	CHECK(a == 0 && b == 0);
	/* With a root prefix, bytes as integers, and something before it. */
	CHECK(acpi_s5(S5(1, 2, 3, 0x08, '\\', '_', 'S', '5', '_', 0x12, 0x0a, 4, 0x0a, 5, 0x0a, 7, 0, 0), &a, &b));
	CHECK(a == 5 && b == 7);
	/* A package length of two bytes; One. */
	CHECK(acpi_s5(S5(0x08, '_', 'S', '5', '_', 0x12, 0x46, 0x00, 2, 1, 0), &a, &b));
	CHECK(a == 1 && b == 0);
}

TEST(acpi_s5_damaged)
{
	static const uint8_t good[] = { 0x08, '_', 'S', '5', '_', 0x12, 0x0a, 4, 0x0a, 5, 0x0a, 7 };
	uint8_t a, b;

	for (size_t n = 0; n < sizeof(good); n++)
		CHECK(!acpi_s5(good, n, &a, &b));
	CHECK(acpi_s5(good, sizeof(good), &a, &b));
	CHECK(!acpi_s5(S5(0x14, '_', 'S', '5', '_', 0x12, 0x06, 4, 0, 0, 0, 0), &a, &b));	/* not a Name */
	CHECK(!acpi_s5(S5(0x08, '_', 'S', '5', '_', 0x12, 0x06, 1, 0, 0, 0, 0), &a, &b));	/* one element */
	CHECK(!acpi_s5(S5(0x08, '_', 'S', '5', '_', 0x12, 0x0a, 4, 0x0a, 8, 0, 0), &a, &b));	/* over three bits */
	CHECK(!acpi_s5(S5(0x08, '_', 'S', '5', '_', 0x12, 0xff, 4, 0, 0), &a, &b));	/* length reaches past the end */
}

/* Header of 44 bytes, then: a local APIC (0), its number 2; one that is not enabled; an I/O APIC; an x2APIC (9), number 7; an x2APIC
 * whose number is too large; all (255); a local APIC, number 5. */
static const uint8_t madt[44 + 8 + 8 + 12 + 16 + 16 + 8 + 8] = {
	[44] = 0, 8, 0, 2, 1, 0, 0, 0,
	[52] = 0, 8, 1, 3, 0, 0, 0, 0,
	[60] = 1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0,
	[72] = 9, 16, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
	[88] = 9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
	[104] = 0, 8, 9, 255, 1, 0, 0, 0,
	[112] = 0, 8, 2, 5, 1, 0, 0, 0,
};

TEST(acpi_madt_processors)
{
	uint8_t id[8];

	CHECK_EQ(acpi_madt(madt, sizeof(madt), id, 8), 3);
	CHECK(id[0] == 2 && id[1] == 7 && id[2] == 5);
	CHECK_EQ(acpi_madt(madt, sizeof(madt), id, 2), 2);
	CHECK_EQ(acpi_madt(madt, 44, id, 8), 0);
}

/* Cut off anywhere, and with every length of an entry: nothing is read behind the end. */
TEST(acpi_madt_damaged)
{
	uint8_t id[8];

	for (size_t n = 0; n <= sizeof(madt); n++) {
		uint8_t *copy = malloc(n + 1);

		memcpy(copy, madt, n);
		CHECK(acpi_madt(copy, n, id, 8) <= 3);
		for (unsigned size = 0; n > 45 && size < 256; size++) {
			copy[45] = (uint8_t)size;
			CHECK(acpi_madt(copy, n, id, 8) <= 8);
		}
		free(copy);
	}
}
