/* em_reg.h - registers and descriptors of Intel's 8254x and 82574 that em(4) uses.
 * [S] PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual (8254x), chapter 13 unless it says
 * otherwise; [D] 82574 GbE Controller Family datasheet, chapter 10 likewise. Both go by the registers' names.
 * Offsets in BAR 0, all 32 bits wide. */
#ifndef DRIVERS_EM_REG_H
#define DRIVERS_EM_REG_H

#include <stdint.h>

#define EM_REGS		0x20000u	/* bytes of BAR 0 */

/*	name		offset		meaning */
#define EM_CTRL		0x00000		/* device control */
#define  CTRL_GIO_MASTER_DISABLE	0x00000004u	/* [D]: ends its PCIe requests */
#define  CTRL_LRST			0x00000008u	/* [S]: link reset, only for fibre */
#define  CTRL_ASDE			0x00000020u	/* speed as the PHY has found it */
#define  CTRL_SLU			0x00000040u	/* set link up */
#define  CTRL_ILOS			0x00000080u	/* invert loss of signal */
#define  CTRL_FRCSPD			0x00000800u	/* force speed, duplex */
#define  CTRL_FRCDPLX			0x00001000u
#define  CTRL_RST			0x04000000u	/* device reset, clears itself */
#define  CTRL_RFCE			0x08000000u	/* flow control: obey, send pause frames */
#define  CTRL_TFCE			0x10000000u
#define  CTRL_VME			0x40000000u	/* strips VLAN tags */
#define EM_STATUS	0x00008		/* device status; reserved bits are 0, so all ones is no device */
#define  STATUS_FD			0x00000001u
#define  STATUS_LU			0x00000002u	/* link up */
#define  STATUS_SPEED(s)		((s) >> 6 & 3)	/* 10, 100, 1000, 1000 Mbit/s */
#define  STATUS_GIO_MASTER		0x00080000u	/* [D]: PCIe requests are under way */
#define EM_EECD		0x00010		/* EEPROM control */
#define  EECD_AUTO_RD			0x00000200u	/* [D]: what the EEPROM presets is loaded */
#define EM_EERD		0x00014		/* EEPROM read; [S] and [D] differ: */
#define  EERD_START			0x00000001u
#define  EERD_DONE_8254X		0x00000010u
#define  EERD_SHIFT_8254X		8		/* of the word's number */
#define  EERD_DONE_82574		0x00000002u
#define  EERD_SHIFT_82574		2
#define  EERD_DATA(v)			((uint16_t)((v) >> 16))
#define EM_CTRL_EXT	0x00018		/* extended control */
#define  CTRL_EXT_DRV_LOAD		0x10000000u	/* [D]: tells management firmware that a driver is here */
#define  CTRL_EXT_PBA_CLR		0x80000000u	/* [D]: MSI-X pending bits clear with the cause */
#define EM_MDIC		0x00020		/* a PHY register */
#define  MDIC_REG(r)			((uint32_t)(r) << 16)
#define  MDIC_PHY1			(1u << 21)
#define  MDIC_WRITE			(1u << 26)
#define  MDIC_READ			(2u << 26)
#define  MDIC_READY			(1u << 28)
#define  MDIC_ERROR			(1u << 30)
#define EM_ICR		0x000c0		/* interrupt causes: a read clears them, so does writing ones */
#define  ICR_TXDW			0x00000001u	/* a descriptor with RS was written back */
#define  ICR_LSC			0x00000004u	/* link status changed */
#define  ICR_RXDMT0			0x00000010u	/* few receive descriptors left */
#define  ICR_RXO			0x00000040u	/* none were left */
#define  ICR_RXT0			0x00000080u	/* received */
#define  ICR_RXQ0			0x00100000u	/* [D], with MSI-X: shifted by the queue */
#define  ICR_TXQ0			0x00400000u
#define  ICR_OTHER			0x01000000u
#define EM_ITR		0x000c4		/* least time between two interrupts, in 256 ns; 0: none */
#define EM_IMS		0x000d0		/* ones here let the causes interrupt */
#define EM_IMC		0x000d8		/* ones here do not */
#define EM_EIAC		0x000dc		/* [D]: causes that an MSI-X message clears by itself */
#define EM_IVAR		0x000e4		/* [D]: MSI-X vectors of the causes, four bits each */
#define  IVAR_RXQ(q, v)			((8u | (v)) << 4 * (q))
#define  IVAR_TXQ(q, v)			((8u | (v)) << (8 + 4 * (q)))
#define  IVAR_OTHER(v)			((8u | (v)) << 16)
#define EM_EITR(v)	(0x000e8 + 4 * (v))	/* [D]: as ITR for MSI-X vector v */
#define EM_RCTL		0x00100		/* receive control */
#define  RCTL_EN			0x00000002u
#define  RCTL_UPE			0x00000008u	/* promiscuous: stations, groups */
#define  RCTL_MPE			0x00000010u
#define  RCTL_LPE			0x00000020u	/* frames over 1522 bytes */
#define  RCTL_BAM			0x00008000u	/* broadcasts */
#define  RCTL_BSIZE_2048		0x00000000u	/* bytes of a receive buffer */
#define  RCTL_BSIZE_1024		0x00010000u
#define  RCTL_SECRC			0x04000000u	/* strips the FCS */
#define EM_TCTL		0x00400		/* transmit control */
#define  TCTL_EN			0x00000002u
#define  TCTL_PSP			0x00000008u	/* pads short frames */
#define  TCTL_CT(n)			((uint32_t)(n) << 4)	/* collisions until it gives up */
#define  TCTL_COLD(n)			((uint32_t)(n) << 12)	/* collision distance, in bytes */
#define  TCTL_PRESET			0x70000000u	/* [D]: how it fetches; stays as the reset left it */
#define EM_TIPG		0x00410		/* gaps between frames; [S]'s values for copper */
#define  TIPG_8254X			(10u | 8u << 10 | 6u << 20)
#define EM_RDBAL(q)	(0x02800 + 0x100 * (q))	/* receive ring: address, bytes, first and end of what is the card's */
#define EM_RDBAH(q)	(0x02804 + 0x100 * (q))
#define EM_RDLEN(q)	(0x02808 + 0x100 * (q))
#define EM_RDH(q)	(0x02810 + 0x100 * (q))
#define EM_RDT(q)	(0x02818 + 0x100 * (q))
#define EM_RDTR		0x02820		/* receive interrupts delayed: 0, not */
#define EM_RADV		0x0282c
#define EM_TDBAL(q)	(0x03800 + 0x100 * (q))	/* transmit ring */
#define EM_TDBAH(q)	(0x03804 + 0x100 * (q))
#define EM_TDLEN(q)	(0x03808 + 0x100 * (q))
#define EM_TDH(q)	(0x03810 + 0x100 * (q))
#define EM_TDT(q)	(0x03818 + 0x100 * (q))
#define EM_TXDCTL(q)	(0x03828 + 0x100 * (q))
#define  TXDCTL_82574			0x01400000u	/* [D]: thresholds in descriptors; bit 22 must be set */
#define EM_TARC(q)	(0x03840 + 0x100 * (q))	/* [D]: how the transmit rings share the wire */
#define  TARC_ENABLE			0x00000400u
#define EM_RXCSUM	0x05000		/* checksums that it verifies */
#define  RXCSUM_IPOFLD			0x00000100u	/* of IPv4 headers */
#define  RXCSUM_TUOFLD			0x00000200u	/* of TCP and UDP */
#define  RXCSUM_PCSD			0x00002000u	/* [D]: descriptors have RSS's hash, not a sum over the frame */
#define EM_RFCTL	0x05008		/* [D]: receive filter control */
#define  RFCTL_EXSTEN			0x00008000u	/* extended descriptors */
#define  RFCTL_IPV6_EX_DIS		0x00010000u	/* IPv6 with extension headers counts as plain IPv6 */
#define EM_MTA(n)	(0x05200 + 4 * (n))	/* 4096 bits: groups by 12 bits of their address */
#define EM_MTA_WORDS	128u
#define EM_RAL(n)	(0x05400 + 8 * (n))	/* 16 station addresses */
#define EM_RAH(n)	(0x05404 + 8 * (n))
#define  RAH_AV				0x80000000u	/* valid */
#define EM_NRA		16u
#define EM_MRQC		0x05818		/* [D]: several receive rings */
#define  MRQC_RSS			0x00000001u
#define  MRQC_TCPIPV4			0x00010000u	/* what is hashed: addresses and ports, */
#define  MRQC_IPV4			0x00020000u	/* addresses */
#define  MRQC_TCPIPV6			0x00040000u
#define  MRQC_IPV6			0x00100000u
#define EM_RETA(n)	(0x05c00 + 4 * (n))	/* [D]: four of 128 entries, by the hash's low bits; bit 7 of each: the ring */
#define EM_RETA_WORDS	32u
#define EM_RSSRK(n)	(0x05c80 + 4 * (n))	/* [D]: the hash's key, its first byte the lowest */
#define EM_RSSRK_WORDS	10u

/* Statistics; a read clears. */
#define EM_CRCERRS	0x04000
#define EM_ALGNERRC	0x04004
#define EM_RXERRC	0x0400c
#define EM_MPC		0x04010		/* missed: no room in the card */
#define EM_COLC		0x04028
#define EM_RNBC		0x040a0		/* came when no descriptor was left (most still found room) */
#define EM_RUC		0x040a4		/* too short */
#define EM_RFC		0x040a8		/* too short and damaged */
#define EM_ROC		0x040ac		/* too long */
#define EM_RJC		0x040b0		/* too long and damaged */

#define EM_EEPROM_WORDS	64u		/* whose sum is: */
#define EM_EEPROM_SUM	0xbabau

/* PHY, IEEE 802.3 22.2.4.1 */
#define PHY_CONTROL	0
#define  PHY_RESTART			0x0200
#define  PHY_ISOLATE			0x0400
#define  PHY_POWER_DOWN			0x0800
#define  PHY_AUTONEG			0x1000

/* Descriptors ([S] chapter 3, [D] chapter 7): an address and a word of fields, both little-endian. */
struct em_desc {
	uint64_t	addr;
	uint64_t	word;
};
/* receive, legacy: length 0-15, checksum 16-31, status 32-39, errors 40-47, VLAN tag 48-63;
 * extended [D 7.1.5]: status 0-19, errors 20-31, length 32-47, VLAN tag 48-63, and over the address the card writes the hash. */
#define RXD_STATUS(ext)	((ext) ? 0 : 32)	/* where; */
#define RXD_ERRORS(ext)	((ext) ? 24 : 8)	/* from there on */
#define RXD_LENGTH(ext)	((ext) ? 32 : 0)
#define RXS_DD		0x01u
#define RXS_EOP		0x02u
#define RXS_IXSM	0x04u			/* legacy: checksums are not verified */
#define RXS_L4CS	0x20u			/* TCP's or UDP's has been verified */
#define RXE_L4		0x20u			/* it is wrong */
#define RXE_IP		0x40u
#define RXE_FRAME	0x97u			/* CRC, symbol, sequence, carrier extension, data */
/* transmit: length 0-15, command 24-31, status 32-35 */
#define TXD_EOP		(1ull << 24)
#define TXD_IFCS	(1ull << 25)		/* the card appends the FCS */
#define TXD_RS		(1ull << 27)		/* report with DD */
#define TXD_DD		(1ull << 32)

#endif
