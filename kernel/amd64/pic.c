/* pic.c - the two 8259s, which the APIC passes on in virtual-wire mode: for INTx and ISA lines. 8259A data sheet. */
#include "kernel/amd64/amd64.h"

#define ELCR		0x4d0		/* PIIX3 data sheet, edge/level control: a bit per line, two bytes */
#define ELCR_FIXED	0x2107u		/* lines 0, 1, 2, 8, 13 are always edge triggered */

void
pic_init(void)
{
	port_out8(PIC1, 0x11);			/* ICW1: edge, cascade, ICW4 follows */
	port_out8(PIC2, 0x11);
	port_out8(PIC1 + 1, VECTOR_PIC);	/* ICW2 */
	port_out8(PIC2 + 1, VECTOR_PIC + 8);
	port_out8(PIC1 + 1, 1 << 2);		/* ICW3: the second one is on line 2 */
	port_out8(PIC2 + 1, 2);
	port_out8(PIC1 + 1, 0x01);		/* ICW4: 8086 mode */
	port_out8(PIC2 + 1, 0x01);
	port_out8(PIC1 + 1, 0xff);		/* OCW1: all masked */
	port_out8(PIC2 + 1, 0xff);
}

void
pic_level(unsigned line, bool level)
{
	uint16_t port = line < 8 ? ELCR : ELCR + 1;
	uint8_t bit = (uint8_t)(1u << (line & 7)), v = port_in8(port);

	if (line < 16 && !(ELCR_FIXED >> line & 1))
		port_out8(port, level ? v | bit : v & (uint8_t)~bit);
}
