/* multiboot.S - what boot loaders look for: the multiboot 2 header, the PVH note, and a hole that Makefile fills with
 * a multiboot 1 header (multiboot1.S) in the ELF32 file only: QEMU would prefer that to the PVH note, and refuse it
 * in an ELF64. */

	.section .boot.mb1, "a"
	.globl	multiboot1_hole
multiboot1_hole:
	.fill	12, 1, 0

/* Multiboot 2 specification 3.1.1; a header is 8-byte aligned in the first 32 KB of the file. */
#define MB2_MAGIC	0xe85250d6
#define MB2_ARCH_I386	0
	.section .boot.mb2, "a"
	.balign	8
mb2_header:
	.long	MB2_MAGIC, MB2_ARCH_I386, mb2_end - mb2_header
	.long	-(MB2_MAGIC + MB2_ARCH_I386 + (mb2_end - mb2_header))
	.word	6, 0				/* module alignment: pages */
	.long	8
	.word	0, 0				/* end */
	.long	8
mb2_end:

/* Xen's PVH ABI: XEN_ELFNOTE_PHYS32_ENTRY, the 32-bit entry point. */
	.section .note.pvh, "a", @note
	.balign	4
	.long	4, 8, 18
	.asciz	"Xen"
	.quad	pvh_start
