#!/bin/sh
# Prints assembler source of the function names in an ELF file, for symtab.c: symtab.sh FILE
# Of each how far it is behind the one before it; names without the compiler's suffixes, three letters in 16 bits (base 40),
# each ended by a word with less than three.
set -eu

nm -n "$1" | awk '
function distance(a, b,    i, d) {	# hexadecimal numbers of the same length
	for (i = 1; i <= length(a); i++)
		d = d * 16 + index(digits, substr(b, i, 1)) - index(digits, substr(a, i, 1))
	return d
}
function letter(name, i,    c) {
	c = substr(name, i, 1)
	return c == "" ? 0 : index(letters, c) > 0 ? index(letters, c) : 39
}
BEGIN {
	n = 0
	digits = "0123456789abcdef"
	letters = "abcdefghijklmnopqrstuvwxyz0123456789_"
}
$2 ~ /^[tT]$/ && $3 !~ /^\./ && $1 != last {
	last = $1
	addr[n] = $1
	sub(/\..*/, "", $3)
	name[n++] = $3
}
END {
	print "\t.section .symtab_text, \"a\", @progbits"
	print "\t.balign 4\n\t.globl symtab_count\nsymtab_count:\n\t.long " n + 0
	print "\t.globl symtab_first\nsymtab_first:\n\t.long 0x" (n > 0 ? substr(addr[0], 9) : "0")
	print "\t.globl symtab_steps\nsymtab_steps:\n\t.short 0"
	for (i = 1; i < n; i++) {
		if ((d = distance(addr[i - 1], addr[i])) > 65535) {
			print "symtab.sh: " name[i - 1] " has " d " bytes" > "/dev/stderr"
			exit 1
		}
		print "\t.short " d
	}
	print "\t.globl symtab_names\nsymtab_names:"
	for (i = 0; i < n; i++)
		for (j = 1; j <= length(name[i]) + 1; j += 3)
			print "\t.short " letter(name[i], j) * 1600 + letter(name[i], j + 1) * 40 + letter(name[i], j + 2)
}'
