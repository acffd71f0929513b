/* test_fw_cfg.c - QEMU's configuration files, from a device by DMA and by bytes, honest and lying. */
#include <stdlib.h>
#include <string.h>

#include "drivers/fw_cfg.h"
#include "kernel/endian.h"
#include "tests/unit/unit.h"

#define ITEMS	4

struct item { const void *data; size_t len; };
static struct {
	bool		dma, fail, silent;
	uint32_t	hi;
	uint16_t	selected;
	size_t		at;
	unsigned	bytes, transfers;
	struct item	items[0x40];
} fw;

static struct { be32_t n; struct { be32_t size; be16_t select, spare; char name[56]; } e[ITEMS]; } dir;

static void
dma(uint64_t pa)
{
	be32_t *d = (be32_t *)(uintptr_t)pa;	/* control, length, address */
	uint32_t control = be32_host(d[0]), len = be32_host(d[1]);
	uint8_t *to = (uint8_t *)(uintptr_t)((uint64_t)be32_host(d[2]) << 32 | be32_host(d[3]));
	const struct item *it = &fw.items[control >> 16 & 0x3f];

	fw.transfers++;
	CHECK_EQ(control & 0xffff, 0xa);	/* select, read */
	if (fw.silent)
		return;
	for (uint32_t i = 0; i < len; i++)
		to[i] = i < it->len ? ((const uint8_t *)it->data)[i] : 0;
	d[0] = fw.fail ? BE32(1) : 0;
}

static uint64_t
port_read(void *arg __unused_arg, size_t off, int width)
{
	const struct item *it = &fw.items[fw.selected & 0x3f];

	CHECK(off == 1 && width == 1);
	fw.bytes++;
	return fw.at < it->len ? ((const uint8_t *)it->data)[fw.at++] : 0;
}

static void
port_write(void *arg __unused_arg, size_t off, int width, uint64_t v)
{
	if (off == 0 && width == 2) {
		fw.selected = (uint16_t)v;
		fw.at = 0;
	} else if (off == 4 && width == 4)
		fw.hi = be32_host((uint32_t)v);
	else if (off == 8 && width == 4)
		dma((uint64_t)fw.hi << 32 | be32_host((uint32_t)v));
	else
		CHECK(!"write of a port that the device does not have");
}
static const struct reg_ops ops = { port_read, port_write };

static void
add(unsigned n, const char *name, unsigned select, const char *text, uint32_t len)
{
	dir.e[n].size = BE32(len);
	dir.e[n].select = BE16(select);
	memset(dir.e[n].name, 0, sizeof(dir.e[n].name));
	memcpy(dir.e[n].name, name, MIN(strlen(name), sizeof(dir.e[n].name)));
	fw.items[select] = (struct item){ text, len };
}

static void
start(bool has_dma)
{
	static const struct reg r = { .rg_size = 12, .rg_io = true, .rg_ops = &ops };
	static uint8_t features[4];

	features[0] = has_dma ? 3 : 1;
	fw.items[0] = (struct item){ "QEMU", 4 };
	fw.items[1] = (struct item){ features, 4 };
	fw.items[0x19] = (struct item){ &dir, sizeof(dir) };
	dir.n = BE32(ITEMS);
	add(0, "etc/e820", 0x20, "no", 2);
	add(1, "opt/sluice.conf", 0x21, "# /etc/myname\nx\n", 16);
	add(2, "opt/empty", 0x22, "", 0);
	add(3, "opt/a-name-of-fifty-six-bytes-without-a-final-NUL-at-end", 0x23, "z", 1);
	fw_cfg_use(&r);
}

static void
check_files(void)
{
	const char *name, *data;
	size_t len;

	CHECK_EQ(fw_cfg_files(), 3);
	CHECK(fw_cfg_file(0, &name, &data, &len));
	CHECK_STR(name, "opt/sluice.conf");
	CHECK_EQ(len, 16);
	CHECK_MEM(data, "# /etc/myname\nx\n", 16);
	CHECK(fw_cfg_file(1, &name, &data, &len));
	CHECK_EQ(len, 0);
	CHECK(fw_cfg_file(2, &name, &data, &len));
	CHECK_EQ(strlen(name), 56);
	CHECK(!fw_cfg_file(3, &name, &data, &len));
}

TEST(fw_cfg_by_dma)
{
	start(true);
	check_files();
	CHECK_EQ(fw.bytes, 8);		/* signature and features only */
	CHECK_EQ(fw.transfers, 5);
	check_files();
	CHECK_EQ(fw.transfers, 5);	/* each file once */
}

TEST(fw_cfg_by_bytes)
{
	start(false);
	check_files();
	CHECK_EQ(fw.transfers, 0);
}

TEST(fw_cfg_absent)
{
	static const struct reg none = { .rg_size = 12, .rg_io = true };

	fw_cfg_use(&none);
	CHECK_EQ(fw_cfg_files(), 0);
}

TEST(fw_cfg_lies)
{
	const char *name, *data;
	size_t len;

	start(true);
	dir.n = BE32(0xffffffff);
	CHECK_EQ(fw_cfg_files(), 0);
	start(true);
	dir.n = BE32(5000);
	CHECK_EQ(fw_cfg_files(), 0);
	start(true);
	dir.e[1].size = BE32((64u << 20) + 1);
	CHECK_EQ(fw_cfg_files(), 3);
	CHECK(!fw_cfg_file(0, &name, &data, &len));
	start(true);
	dir.e[1].size = BE32(0xffffffff);
	CHECK_EQ(fw_cfg_files(), 3);
	CHECK(!fw_cfg_file(0, &name, &data, &len));
	fw.fail = true;
	CHECK(!fw_cfg_file(2, &name, &data, &len));
	fw.fail = false;
	fw.silent = true;
	CHECK(!fw_cfg_file(2, &name, &data, &len));
	fw.silent = false;
	CHECK(fw_cfg_file(2, &name, &data, &len));
}
