/* symtab.c - names of functions for backtraces: the table that symtab.sh makes of the first link, in .rodata, so it
 * survives strip. */
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/memory.h"

/* Weak: the first of the two links has none. Addresses (32 bits) in ascending order; the names in the same order,
 * each ended by NUL. */
extern const uint32_t symtab_addrs[] __attribute__((weak));
extern const uint32_t symtab_count __attribute__((weak));
extern const char symtab_names[] __attribute__((weak));

const char *
symtab_find(uintptr_t addr, uintptr_t *offset)
{
	uint32_t n = &symtab_count != NULL ? symtab_count : 0, i = 0;
	const char *s = symtab_names;

	if (n == 0 || addr < symtab_addrs[0] || addr >= (uintptr_t)kernel_rodata)
		return NULL;
	while (i + 1 < n && symtab_addrs[i + 1] <= addr) {
		while (*s++ != '\0')
			;
		i++;
	}
	*offset = addr - symtab_addrs[i];
	return s;
}
