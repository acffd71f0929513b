/* symtab.c - names of functions for backtraces: the table that symtab.sh makes of the first link, in .rodata, so it
 * survives strip. */
#include "kernel/amd64/cpu.h"
#include "kernel/amd64/memory.h"

/* What a byte of symtab_names means; one below all of these begins a function. */
#define CODE_LETTERS	32u
#define CODE_PAIRS	(CODE_LETTERS + sizeof(letters))
#define HEAD_LONG	16u		/* the step that follows has two bytes */

/* Weak: the first of the two links has none. */
extern const uint32_t symtab_count __attribute__((weak));
extern const uint32_t symtab_first __attribute__((weak));		/* the lowest address */
extern const uint8_t symtab_pairs[][2] __attribute__((weak));		/* two codes each, made before the pair's own */
/* For each function how many letters of the name before it its own begins with, how far it is behind that one, and the other letters;
 * behind them all a zero. */
extern const uint8_t symtab_names[] __attribute__((weak));

static const char letters[38] = "abcdefghijklmnopqrstuvwxyz0123456789_?";

/* Puts the letters of a code behind the first n of the name; returns how many these are then. A pair's codes are lower than its own, so it ends. */
static size_t
symtab_put(char name[SYMTAB_NAME], size_t n, uint8_t code)
{
	for (; code >= CODE_PAIRS; code = symtab_pairs[code - CODE_PAIRS][1])
		n = symtab_put(name, n, symtab_pairs[code - CODE_PAIRS][0]);
	if (n < SYMTAB_NAME - 1)
		name[n++] = letters[code - CODE_LETTERS];
	return n;
}

bool
symtab_find(uintptr_t addr, char name[SYMTAB_NAME], uintptr_t *offset)
{
	uint32_t n = &symtab_count != NULL ? symtab_count : 0;
	const uint8_t *p = symtab_names;
	uintptr_t at = n > 0 ? symtab_first : 0;
	char own[SYMTAB_NAME];

	if (n == 0 || addr < at || addr >= (uintptr_t)kernel_rodata)
		return false;
	if (name == NULL)
		name = own;
	for (; n > 0; n--) {
		unsigned head = *p++, step = *p++;
		size_t len = head % HEAD_LONG;

		if (head >= HEAD_LONG)
			step += (unsigned)*p++ << 8;
		if (at + step > addr)
			break;
		at += step;
		while (*p >= CODE_LETTERS)
			len = symtab_put(name, len, *p++);
		name[len] = '\0';
	}
	*offset = addr - at;
	return true;
}
