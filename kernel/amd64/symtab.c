/* symtab.c - names of functions for backtraces: the table that symtab.sh makes of the first link, in .rodata, so it
 * survives strip. */
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/memory.h"

/* Weak: the first of the two links has none. */
extern const uint32_t symtab_count __attribute__((weak));
extern const uint32_t symtab_first __attribute__((weak));		/* the lowest address */
extern const uint16_t symtab_steps[] __attribute__((weak));		/* from the one before to each, bytes */
extern const uint16_t symtab_names[] __attribute__((weak));

static const char letters[40] = "\0abcdefghijklmnopqrstuvwxyz0123456789_ ?";

/* Three letters a word; the one with less ends it. Returns the word behind it; `name` may be NULL. */
static const uint16_t *
symtab_name(const uint16_t *w, char name[SYMTAB_NAME])
{
	size_t n = 0;
	bool more;

	do {
		char c[3] = { letters[*w / 1600 % 40], letters[*w / 40 % 40], letters[*w % 40] };

		for (unsigned i = 0; name != NULL && i < 3 && n < SYMTAB_NAME - 1; i++)
			name[n++] = c[i];
		more = *w++ % 40 != 0;
	} while (more);
	if (name != NULL)
		name[n] = '\0';
	return w;
}

bool
symtab_find(uintptr_t addr, char name[SYMTAB_NAME], uintptr_t *offset)
{
	uint32_t n = &symtab_count != NULL ? symtab_count : 0, i = 0;
	const uint16_t *w = symtab_names;
	uintptr_t at = n > 0 ? symtab_first : 0;

	if (n == 0 || addr < at || addr >= (uintptr_t)kernel_rodata)
		return false;
	for (; i + 1 < n && at + symtab_steps[i + 1] <= addr; i++) {
		at += symtab_steps[i + 1];
		w = symtab_name(w, NULL);
	}
	symtab_name(w, name);
	*offset = addr - at;
	return true;
}
