/* uart.c - 16550 at COM1: the console. Output goes through a ring that the device empties as it can: a peer that does
 * not read blocks nobody. Input is read by the loop into a ring; when that is full the FIFO, and behind it the line,
 * waits or loses. */
#include "drivers/bus.h"
#include "drivers/uart.h"
#include "drivers/uart_intr.h"
#include "drivers/uart_regs.h"
#include "kernel/cons.h"
#include "kernel/log.h"
#include "kernel/loop.h"

#define COM1		0x3f8
#define COM1_IRQ	4
#define UART_DIVISOR	1		/* 115200 bit/s of 1.8432 MHz / 16 */
#define RING_SIZE	8192u		/* a power of two */
#define SEND_STEP	256u		/* bytes to the transmitter at once: packets wait meanwhile */
#define EMERGENCY_SPINS	200000u		/* readings of LSR without progress: about 0.2 s */

struct ring { unsigned head, tail; char buf[RING_SIZE]; };	/* head: written so far; tail: taken */

static struct ring uart_tx, uart_rx;
static struct reg uart_reg = { .rg_base = COM1, .rg_size = 8, .rg_io = true };
static bool uart_present, uart_short;	/* short: a write found no room, cons_output_ready() is due */

static unsigned ring_used(const struct ring *r) { return r->head - r->tail; }
static unsigned ring_room(const struct ring *r) { return RING_SIZE - ring_used(r); }

static size_t
ring_put(struct ring *r, const char *s, size_t n)
{
	n = MIN(n, (size_t)ring_room(r));
	for (size_t i = 0; i < n; i++)
		r->buf[r->head++ % RING_SIZE] = s[i];
	return n;
}

/* Moves what fits into the transmitter's FIFO, about `budget` bytes at most; returns how many. */
static unsigned
uart_send(unsigned budget)
{
	unsigned n = 0;

	while (n < budget && ring_used(&uart_tx) > 0 && (reg_read8(&uart_reg, UART_LSR) & LSR_TX_EMPTY))
		for (unsigned i = 0; i < UART_FIFO && ring_used(&uart_tx) > 0; i++, n++)
			reg_write8(&uart_reg, UART_DATA, (uint8_t)uart_tx.buf[uart_tx.tail++ % RING_SIZE]);
	return n;
}

/* Up to `budget` bytes from the receiver; a break arrives as a NUL, which the shell ignores. */
static unsigned
uart_receive(unsigned budget)
{
	unsigned n = 0;

	while (n < budget && ring_room(&uart_rx) > 0 && (reg_read8(&uart_reg, UART_LSR) & LSR_RX)) {
		char c = (char)reg_read8(&uart_reg, UART_DATA);

		ring_put(&uart_rx, &c, 1);
		n++;
	}
	return n;
}

size_t
uart_write(const char *s, size_t n)
{
	size_t done;

	if (!uart_present)
		return n;
	done = ring_put(&uart_tx, s, n);
	if (uart_send(SEND_STEP) > 0 && done < n)
		done += ring_put(&uart_tx, s + done, n - done);
	if (done < n)
		uart_short = true;
	if (ring_used(&uart_tx) > 0 && uart_poller.pl_poll != NULL)
		poller_wake(&uart_poller);	/* so that it is armed for output */
	return done;
}

size_t
uart_read(char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && ring_used(&uart_rx) > 0; i++)
		s[i] = uart_rx.buf[uart_rx.tail++ % RING_SIZE];
	if (i > 0)
		poller_wake(&uart_poller);	/* there is room again */
	return i;
}

/* Once nothing has moved for the whole bound, further calls only try once. */
static bool
uart_force(uint8_t c)
{
	static unsigned spins = EMERGENCY_SPINS;

	for (unsigned n = 0; n < spins; n++)
		if (reg_read8(&uart_reg, UART_LSR) & LSR_TX_EMPTY) {
			reg_write8(&uart_reg, UART_DATA, c);
			spins = EMERGENCY_SPINS;
			return true;
		}
	spins = 1;
	return false;
}

void
uart_emergency(const char *s, size_t n)
{
	if (!uart_present)
		return;
	for (; ring_used(&uart_tx) > 0; uart_tx.tail++)
		if (!uart_force((uint8_t)uart_tx.buf[uart_tx.tail % RING_SIZE]))
			return;
	for (size_t i = 0; i < n; i++)
		if (!uart_force((uint8_t)s[i]))
			return;
}

static int
uart_poll(struct poller *pl __unused_arg, int budget)
{
	unsigned in = uart_receive((unsigned)budget), out = uart_send(SEND_STEP);

	if (in > 0)
		cons_input_ready();
	if (uart_short && ring_room(&uart_tx) >= RING_SIZE / 2) {
		uart_short = false;
		cons_output_ready();
		out++;
	}
	return (int)(in + out);
}

/* The line to the 8259 is edge triggered: writing IER while something is pending raises it anew. */
static bool
uart_arm(struct poller *pl __unused_arg)
{
	bool rx = ring_room(&uart_rx) > 0;

	if (rx && (reg_read8(&uart_reg, UART_LSR) & LSR_RX))
		return true;
	reg_write8(&uart_reg, UART_IER, (uint8_t)((rx ? IER_RX : 0) | (ring_used(&uart_tx) > 0 ? IER_TX : 0)));
	return false;
}

bool
uart_init(void)
{
	reg_write8(&uart_reg, UART_SCR, 0x5a);		/* an absent device reads as all ones */
	if (reg_read8(&uart_reg, UART_SCR) != 0x5a || reg_read8(&uart_reg, UART_LSR) == 0xff)
		return false;
	reg_write8(&uart_reg, UART_IER, 0);
	reg_write8(&uart_reg, UART_LCR, LCR_DLAB);
	reg_write8(&uart_reg, UART_DATA, UART_DIVISOR & 0xff);
	reg_write8(&uart_reg, UART_IER, UART_DIVISOR >> 8);
	reg_write8(&uart_reg, UART_LCR, LCR_8N1);
	reg_write8(&uart_reg, UART_FCR, FCR_ENABLE | FCR_CLEAR | FCR_LEVEL8);
	reg_write8(&uart_reg, UART_MCR, MCR_DTR_RTS | MCR_OUT2);
	uart_present = true;
	return true;
}

void
uart_attach(void)
{
	static struct irq irq = { .ir_name = "com0", .ir_func = uart_intr, .ir_arg = &uart_reg };

	if (!uart_present)
		return;
	uart_poller = (struct poller){ .pl_name = "com0", .pl_poll = uart_poll, .pl_arm = uart_arm };
	poller_add(&uart_poller);
	if (!irq_isa(COM1_IRQ, &irq))
		log_printf("com0: no interrupt, input is not seen\n");
}
