/* test_acpi.c - _S5_ in AML: the forms that firmware uses, and damaged ones. */
#include "kernel/amd64/acpi_s5.c"
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
