/* fw_cfg.c - target fw_cfg: QEMU's file device that lies in its directory, its sizes, its DMA. The input: behaviour, then what the items
 * hold. The model writes what a real device could: up to the length that it was asked for. */
#include <string.h>

#include "drivers/fw_cfg.h"
#include "kernel/endian.h"
#include "tests/fuzz/fuzz.h"

#define ITEM_BYTES	1024u

static struct {
	bool		dma, fail, silent, lost;
	uint32_t	hi;
	uint16_t	selected;
	size_t		at;
	const uint8_t	*bytes;		/* of every item but signature and features */
	size_t		 n;
	unsigned	reads;
} model;

static uint8_t
model_byte(uint16_t item, size_t at)
{
	if (item == 0)
		return at < 4 ? (uint8_t)"QEMU"[at] : 0;
	if (item == 1)
		return at == 0 ? 1 | (model.dma ? 2 : 0) : 0;
	at += item == 0x19 ? 0 : item;
	return at < model.n ? model.bytes[at] : 0;
}

static void
model_dma(uint64_t pa)
{
	be32_t *d = (be32_t *)(uintptr_t)pa;	/* control, length, address */
	uint32_t control = be32_host(d[0]), len = be32_host(d[1]);
	uint8_t *to = (uint8_t *)(uintptr_t)((uint64_t)be32_host(d[2]) << 32 | be32_host(d[3]));

	CHECK_EQ(control & 0xffff, 0xa);	/* select, read */
	if (model.silent) {		/* once: each time costs the driver's whole patience */
		model.silent = false;
		return;
	}
	if (!model.lost)
		for (uint32_t i = 0; i < MIN(len, ITEM_BYTES); i++)
			to[i] = model_byte((uint16_t)(control >> 16), i);
	if (len > 0)
		to[len - 1] = 0x5a;		/* the sanitizer sees whether there is so much */
	d[0] = model.fail ? BE32(1) : 0;
}

static uint64_t
model_read(void *arg __unused_arg, size_t off, int width)
{
	CHECK(off == 1 && width == 1);
	model.reads++;
	return model_byte(model.selected, model.at++);
}

static void
model_write(void *arg __unused_arg, size_t off, int width, uint64_t v)
{
	if (off == 0 && width == 2) {
		model.selected = (uint16_t)v;
		model.at = 0;
	} else if (off == 4 && width == 4)
		model.hi = be32_host((uint32_t)v);
	else if (off == 8 && width == 4)
		model_dma((uint64_t)model.hi << 32 | be32_host((uint32_t)v));
	else
		CHECK(!"write of a port that the device does not have");
}
static const struct reg_ops model_ops = { model_read, model_write };

/* Byte by byte a file of 64 MB is a minute's work on any machine; here its upper bits are taken off. */
static void
bound_sizes(uint8_t *dir, size_t n)
{
	for (size_t at = 4; !model.dma && at + 4 <= n; at += 64)
		dir[at] = dir[at + 1] = 0;
}

static void
fw_cfg_run(struct fuzz_in *in)
{
	static const struct reg r = { .rg_size = 12, .rg_io = true, .rg_ops = &model_ops };
	static uint8_t bytes[ITEM_BYTES];
	uint8_t how = fuzz_u8(in);
	const uint8_t *p = fuzz_take(in, sizeof(bytes), &model.n);
	const char *name, *data;
	size_t len;
	unsigned n;

	memcpy(bytes, p, model.n);
	model.dma = how & 1;
	model.fail = how & 2;
	model.silent = (how & 0xdc) == 4;
	model.lost = how & 32;
	model.bytes = bytes;
	bound_sizes(bytes, model.n);
	fw_cfg_use(&r);
	n = fw_cfg_files();
	CHECK(n <= 64 && !fw_cfg_file(n, &name, &data, &len));
	for (unsigned i = 0; i < MIN(n, 4u); i++) {
		if (!fw_cfg_file(i, &name, &data, &len))
			continue;
		CHECK(strlen(name) <= 56 && strncmp(name, "opt/", 4) == 0);
		if (len > 0)
			CHECK(data[0] == data[0] && data[len - 1] == data[len - 1]);
	}
	fw_cfg_use(&r);			/* gives its memory back but the files' */
	fuzz_dma_reset();
}
FUZZ_TARGET(fw_cfg, 1 + ITEM_BYTES, NULL, fw_cfg_run);
