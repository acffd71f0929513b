#!/bin/sh
# Prints assembler source of the function names in an ELF file, for symtab.c: symtab.sh FILE
set -eu

nm -n "$1" | awk 'BEGIN { n = 0 }
$2 ~ /^[tT]$/ && $3 !~ /^\./ && $1 != last {
	last = $1
	addr[n] = $1
	name[n++] = $3
}
END {
	print "\t.section .symtab_text, \"a\", @progbits"
	print "\t.balign 4\n\t.globl symtab_count\nsymtab_count:\n\t.long " n + 0
	print "\t.globl symtab_addrs\nsymtab_addrs:"
	for (i = 0; i < n; i++)
		print "\t.long 0x" substr(addr[i], 9)
	print "\t.globl symtab_names\nsymtab_names:"
	for (i = 0; i < n; i++)
		print "\t.asciz \"" name[i] "\""
}'
