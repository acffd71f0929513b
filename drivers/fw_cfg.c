/* fw_cfg.c - QEMU's firmware configuration device (QEMU docs/specs/fw_cfg): directory and files under opt/, by its
 * DMA interface where it has that, else byte by byte. */
#include <stdlib.h>
#include <string.h>

#include "drivers/fw_cfg.h"
#include "kernel/endian.h"
#include "kernel/log.h"

#define PORT		0x510		/* first port; offsets: */
#define FW_SELECT	0		/* 16 bits: which item; reading starts over */
#define FW_DATA		1		/* its bytes */
#define FW_DMA		4		/* 64 bits, big-endian: address of struct fw_dma; the low half starts it */
#define PORTS		12

#define ITEM_SIGNATURE	0x00		/* "QEMU" */
#define ITEM_FEATURES	0x01		/* little-endian */
#define  FEATURE_DMA		2
#define ITEM_DIRECTORY	0x19

#define DMA_ERROR	0x01
#define DMA_READ	0x02
#define DMA_SELECT	0x08		/* the item in the high half */
#define DMA_US		1000000u

#define MAXFILES	64		/* of ours; a directory has at most MAXDIR */
#define MAXDIR		4096
#define MAXSIZE		(64u << 20)

struct fw_dma { be32_t control, length, addr_hi, addr_lo; };	/* big-endian */
struct fw_dirent { be32_t size; be16_t select, spare; char name[56]; };
struct fw_file { char name[57]; uint16_t select; uint32_t size; char *data; };

static struct reg fw_ports = { .rg_base = PORT, .rg_size = PORTS, .rg_io = true };
static bool fw_probed, fw_dma;
static struct fw_file *fw_file;
static unsigned fw_nfiles;

static void
read_bytes(uint16_t item, void *buf, size_t len)
{
	uint8_t *p = buf;

	reg_write16(&fw_ports, FW_SELECT, item);
	while (len-- > 0)
		*p++ = reg_read8(&fw_ports, FW_DATA);
}

static bool
read_dma(uint16_t item, void *buf, uint32_t len)
{
	/* Bounded wait; the device is done in the write already, with QEMU. */
	static volatile struct fw_dma d __aligned_to(16);
	uint64_t pa = dma_addr((const void *)&d), to = dma_addr(buf);

	d.length = BE32(len);
	d.addr_hi = BE32(to >> 32);
	d.addr_lo = BE32(to);
	d.control = BE32((uint32_t)item << 16 | DMA_SELECT | DMA_READ);
	dma_mb();
	reg_write32(&fw_ports, FW_DMA, BE32(pa >> 32));
	reg_write32(&fw_ports, FW_DMA + 4, BE32(pa));
	for (unsigned us = 0; (d.control & ~BE32(DMA_ERROR)) != 0; us++) {
		if (us == DMA_US)
			return false;
		delay_us(1);
	}
	dma_rmb();
	return d.control == 0;
}

/* The first len bytes of an item. False: the device failed. */
static bool
read_item(uint16_t item, void *buf, uint32_t len)
{
	if (fw_dma)
		return read_dma(item, buf, len);
	read_bytes(item, buf, len);
	return true;
}

static bool
probe(void)
{
	char sig[4];
	uint8_t features[4];

	read_bytes(ITEM_SIGNATURE, sig, sizeof(sig));
	if (memcmp(sig, "QEMU", 4) != 0)
		return false;
	read_bytes(ITEM_FEATURES, features, sizeof(features));
	fw_dma = features[0] & FEATURE_DMA;
	return true;
}

static void
add_file(const struct fw_dirent *e)
{
	struct fw_file *f = &fw_file[fw_nfiles];

	if (memcmp(e->name, "opt/", 4) != 0)
		return;
	if (fw_nfiles == MAXFILES) {
		log_printf("fw_cfg: more than %u files, %.56s left out\n", MAXFILES, e->name);
		return;
	}
	memcpy(f->name, e->name, sizeof(e->name));
	f->name[sizeof(e->name)] = '\0';
	f->select = be16_host(e->select);
	f->size = be32_host(e->size);
	fw_nfiles++;
}

static void
read_directory(void)
{
	be32_t count;
	uint32_t n;
	size_t size;
	char *dir;

	if (!read_item(ITEM_DIRECTORY, &count, sizeof(count)))
		return;
	n = be32_host(count);
	if (n == 0 || n > MAXDIR)
		return;
	size = sizeof(count) + n * sizeof(struct fw_dirent);
	dir = malloc(size);
	fw_file = calloc(MAXFILES, sizeof(*fw_file));
	if (dir == NULL || fw_file == NULL)
		log_printf("fw_cfg: out of memory\n");
	else if (!read_item(ITEM_DIRECTORY, dir, (uint32_t)size))
		log_printf("fw_cfg: the directory cannot be read\n");
	else
		for (uint32_t i = 0; i < n; i++)
			add_file((const struct fw_dirent *)(void *)(dir + sizeof(count)) + i);
	free(dir);
}

unsigned
fw_cfg_files(void)
{
	if (!fw_probed) {
		fw_probed = true;
		if (probe())
			read_directory();
	}
	return fw_nfiles;
}

bool
fw_cfg_file(unsigned n, const char **name, const char **data, size_t *len)
{
	struct fw_file *f;
	struct dma d;

	if (n >= fw_cfg_files())
		return false;
	f = &fw_file[n];
	if (f->data == NULL) {
		if (f->size > MAXSIZE || !dma_alloc(&d, (size_t)f->size + 1)) {
			log_printf("fw_cfg: %s: too large (%u bytes)\n", f->name, f->size);
			return false;
		}
		if (!read_item(f->select, d.d_va, f->size)) {
			log_printf("fw_cfg: %s: cannot be read\n", f->name);
			return false;	/* the memory is not freed: who knows whether the device still writes */
		}
		f->data = d.d_va;
	}
	*name = f->name;
	*data = f->data;
	*len = f->size;
	return true;
}

void
fw_cfg_use(const struct reg *r)
{
	fw_ports = *r;
	fw_probed = false;
	fw_nfiles = 0;
	free(fw_file);
	fw_file = NULL;
}
