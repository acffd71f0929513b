/* irq.c - gives devices their interrupts: MSI-X vectors to a core's APIC, INTx and ISA lines by the 8259s. Core 0. */
#include "drivers/pci.h"
#include "kernel/amd64/amd64.h"
#include "kernel/amd64/irq.h"
#include "kernel/log.h"

/* PCI 3.0, 6.8.2: the MSI-X capability and a table entry. */
#define MSIX_CTRL	0x02
#define  MSIX_CTRL_SIZE		0x07ff		/* entries - 1 */
#define  MSIX_CTRL_MASKALL	0x4000
#define  MSIX_CTRL_ENABLE	0x8000
#define MSIX_TABLE	0x04		/* offset in its BAR; low 3 bits: which BAR */
#define MSIX_ADDR	0x0
#define MSIX_DATA	0x8
#define MSIX_VECTOR	0xc		/* bit 0: masked */
#define MSIX_ENTRY	16u		/* bytes */

#define MSI_ADDR	0xfee00000u	/* Intel SDM 3A, 11.11.1: to one APIC, physical */

struct irq		*irq_table[256];
uint32_t		 irq_unclaimed[IRQ_LINES];
volatile uint32_t	 irq_stuck_lines;
struct irq		*irq_list;

static void
irq_list_add(struct irq *ir)
{
	struct irq **p = &irq_list;

	while (*p != NULL)
		p = &(*p)->ir_link;
	ir->ir_link = NULL;
	*p = ir;
}

static int
irq_poll(struct poller *pl __unused_arg, int budget __unused_arg)
{
	uint32_t stuck = irq_stuck_lines;
	int n = 0;

	irq_stuck_lines &= ~stuck;
	for (unsigned line = 0; line < IRQ_LINES; line++)
		if (stuck & 1u << line) {
			log_printf("irq%u: it does not stop, masked\n", line);
			n++;
		}
	for (struct irq *ir = irq_list; ir != NULL; ir = ir->ir_link)
		if (ir->ir_masked && ir->ir_limit != 0 && ir->ir_vector >= VECTOR_DYN) {
			log_printf("%s: its interrupt does not stop, masked\n", ir->ir_name);
			ir->ir_limit = 0;
			n++;
		}
	return n;
}

static bool
irq_arm(struct poller *pl __unused_arg)
{
	return false;
}

struct poller irq_poller = { .pl_poll = irq_poll, .pl_arm = irq_arm, .pl_name = "irq" };

/* With the first device: then the loop exists. */
static void
irq_poller_start(void)
{
	static bool started;

	if (!started)
		poller_add(&irq_poller);
	started = true;
}

unsigned
irq_msix_count(struct pci_dev *pd)
{
	return pd->pd_msix == 0 ? 0 : (pci_read16(pd, pd->pd_msix + MSIX_CTRL) & MSIX_CTRL_SIZE) + 1u;
}

/* Maps the table and masks every entry before the function as a whole is unmasked. */
static bool
msix_enable(struct pci_dev *pd)
{
	unsigned cap = pd->pd_msix, n = irq_msix_count(pd);
	uint32_t where;

	if (pd->pd_msix_table.rg_size != 0)
		return true;
	if (n == 0)
		return false;
	where = pci_read32(pd, cap + MSIX_TABLE);
	if (!pci_map_window(pd, where & 7, where & ~7u, n * MSIX_ENTRY, &pd->pd_msix_table))
		return false;
	pci_write16(pd, cap + MSIX_CTRL, MSIX_CTRL_ENABLE | MSIX_CTRL_MASKALL);
	for (unsigned i = 0; i < n; i++)
		reg_write32(&pd->pd_msix_table, i * MSIX_ENTRY + MSIX_VECTOR, 1);
	pci_intx(pd, false);
	pci_write16(pd, cap + MSIX_CTRL, MSIX_CTRL_ENABLE);
	return true;
}

static void
msix_disable(struct pci_dev *pd)
{
	if (pd->pd_msix == 0)
		return;
	pci_write16(pd, pd->pd_msix + MSIX_CTRL, 0);
	pci_intx(pd, true);
	pd->pd_msix_table = (struct reg){ 0 };
}

static unsigned
vector_find(void)
{
	for (unsigned v = VECTOR_DYN; v < VECTOR_DYN_END; v++)
		if (irq_table[v] == NULL)
			return v;
	return 0;
}

bool
irq_vector(struct irq *ir, unsigned core)
{
	unsigned v = vector_find();

	if (v == 0)
		return false;
	irq_poller_start();
	ir->ir_vector = ir->ir_number = (uint8_t)v;
	ir->ir_core = core;
	ir->ir_next = NULL;
	ir->ir_masked = false;
	irq_table[v] = ir;
	irq_list_add(ir);
	return true;
}

bool
irq_msix(struct pci_dev *pd, unsigned entry, struct irq *ir, unsigned core)
{
	const struct reg *t = &pd->pd_msix_table;
	size_t off = (size_t)entry * MSIX_ENTRY;

	if (entry >= irq_msix_count(pd) || !msix_enable(pd))
		return false;
	reg_sub(t, off + MSIX_VECTOR, 4, &ir->ir_mask);
	if (!irq_vector(ir, core))
		return false;
	reg_write32(t, off + MSIX_ADDR, MSI_ADDR | core_apic(core) << 12);
	reg_write32(t, off + MSIX_ADDR + 4, 0);
	reg_write32(t, off + MSIX_DATA, ir->ir_vector);
	reg_write32(t, off + MSIX_VECTOR, 0);
	return true;
}

static bool
irq_line_add(unsigned line, struct irq *ir)
{
	uint64_t s;

	if (line >= IRQ_LINES || line == 2)
		return false;
	ir->ir_vector = (uint8_t)(VECTOR_PIC + line);
	ir->ir_number = (uint8_t)line;
	ir->ir_core = core_id();
	ir->ir_masked = false;
	ir->ir_mask = (struct reg){ 0 };
	irq_list_add(ir);
	s = irq_save();
	ir->ir_next = irq_table[VECTOR_PIC + line];
	irq_table[VECTOR_PIC + line] = ir;
	irq_unclaimed[line] = 0;
	pic_unmask(line);
	if (line >= 8)
		pic_unmask(2);			/* the cascade */
	irq_restore(s);
	return true;
}

bool
irq_intx(struct pci_dev *pd, struct irq *ir)
{
	msix_disable(pd);
	/* PCI 3.0, 6.2.4: the firmware left the 8259's line here; 255: none. */
	if (pd->pd_intpin == 0 || pd->pd_intline == 0 || pd->pd_intline >= IRQ_LINES)
		return false;
	irq_poller_start();
	pic_level(pd->pd_intline, true);
	return irq_line_add(pd->pd_intline, ir);
}

bool
irq_isa(unsigned line, struct irq *ir)
{
	return irq_line_add(line, ir);
}

void
irq_release(struct irq *ir)
{
	struct irq **p;
	uint64_t s = irq_save();

	if (ir->ir_mask.rg_size != 0)
		reg_write32(&ir->ir_mask, 0, 1);
	for (p = &irq_table[ir->ir_vector]; *p != NULL && *p != ir; p = &(*p)->ir_next)
		continue;
	if (*p != NULL)
		*p = ir->ir_next;
	if (ir->ir_vector < VECTOR_DYN && irq_table[ir->ir_vector] == NULL)
		pic_mask(ir->ir_vector - VECTOR_PIC);
	for (p = &irq_list; *p != NULL && *p != ir; p = &(*p)->ir_link)
		continue;
	if (*p != NULL)
		*p = ir->ir_link;
	irq_restore(s);
}
