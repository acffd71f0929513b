/* multiboot1.S - the multiboot 1 header (specification 3.1.1), put into the ELF32 file by the Makefile; not linked. */
#define MB1_MAGIC	0x1badb002
#define MB1_FLAGS	3			/* modules on pages, memory map wanted */
	.section .boot.mb1, "a"
	.long	MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)
