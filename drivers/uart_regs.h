/* uart_regs.h - registers of the 16550 that we use. National PC16550D data sheet, section 8. */
#ifndef DRIVERS_UART_REGS_H
#define DRIVERS_UART_REGS_H

#define UART_DATA	0	/* receiver buffer, transmitter holding; divisor low with DLAB */
#define UART_IER	1	/* interrupt enable; divisor high with DLAB */
#define  IER_RX		0x01
#define  IER_TX		0x02
#define UART_IIR	2	/* read: what interrupts */
#define  IIR_NONE	0x01
#define UART_FCR	2	/* write: FIFO control */
#define  FCR_ENABLE	0x01
#define  FCR_CLEAR	0x06
#define  FCR_LEVEL8	0x80	/* interrupt from 8 bytes on, or after four characters' time */
#define UART_LCR	3
#define  LCR_8N1	0x03
#define  LCR_DLAB	0x80
#define UART_MCR	4
#define  MCR_DTR_RTS	0x03
#define  MCR_OUT2	0x08	/* lets the interrupt out on PCs */
#define UART_LSR	5
#define  LSR_RX		0x01
#define  LSR_BREAK	0x10
#define  LSR_TX_EMPTY	0x20	/* the FIFO takes 16 bytes */
#define UART_SCR	7
#define UART_FIFO	16

#endif
