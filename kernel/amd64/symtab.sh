#!/bin/sh
# Prints assembler source of the function names in an ELF file, for symtab.c: symtab.sh FILE
# Of each function: how many letters its name shares with the one before it (0-15, + 16: the next has two bytes), how far it is behind that one,
# and the rest of the name without the compiler's suffixes in codes from 32 on: letters, then pairs of codes, those that save the most.
set -eu

nm -n "$1" | LC_ALL=C awk '
function distance(a, b,    i, d) {	# hexadecimal numbers of the same length
	for (i = 1; i <= length(a); i++)
		d = d * 16 + index(digits, substr(b, i, 1)) - index(digits, substr(a, i, 1))
	return d
}
function shared(a, b,    i) {
	while (i < 15 && i < length(a) && i < length(b) && substr(a, i + 1, 1) == substr(b, i + 1, 1))
		i++
	return i + 0
}
function best(    key, found) {		# the most frequent pair of codes that are in none that was taken in this round; at least 4 times
	for (key in times)
		if (times[key] >= 4 && !taken[int(key / 256)] && !taken[key % 256] &&
		    (found == "" || times[key] > times[found] || times[key] == times[found] && key + 0 < found + 0))
			found = key
	return found
}
function pack(    i, k, n, key) {	# one round: some pairs get codes; false: none did
	split("", times); split("", taken); split("", code_of)
	for (i = 2; i <= ncodes; i++)
		if (codes[i - 1] >= 32 && codes[i] >= 32)
			times[codes[i - 1] * 256 + codes[i]]++
	for (k = 0; k < 6 && next_code < 256 && (key = best()) != ""; k++) {
		taken[int(key / 256)] = taken[key % 256] = 1
		pair[next_code] = key
		code_of[key] = next_code++
	}
	for (i = 1; i <= ncodes; i++) {
		key = codes[i] * 256 + codes[i + 1]
		if (i < ncodes && (key in code_of)) {
			codes[++n] = code_of[key]
			i++
		} else
			codes[++n] = codes[i]
	}
	ncodes = n
	return k > 0
}
BEGIN {
	n = nth = ncodes = 0
	next_code = 32 + 38
	digits = "0123456789abcdef"
	letters = "abcdefghijklmnopqrstuvwxyz0123456789_"
}
$2 ~ /^[tT]$/ && $3 !~ /^\./ && $1 != last {
	sub(/\..*/, "", $3)
	$3 = substr($3, 1, 47)		# SYMTAB_NAME - 1
	if (n > 0 && (step[n] = distance(last, $1)) > 65535) {
		print "symtab.sh: " name " has " step[n] " bytes" > "/dev/stderr"
		exit 1
	}
	if (n == 0)
		first = substr($1, 9)
	last = $1
	same = shared(name, $3)
	name = $3
	codes[++ncodes] = same + (step[n] > 255 ? 16 : 0)
	for (i = same + 1; i <= length(name); i++)
		codes[++ncodes] = 32 + (index(letters, substr(name, i, 1)) + 37) % 38
	n++
}
END {
	while (pack())
		;
	print "\t.section .symtab_text, \"a\", @progbits"
	print "\t.balign 4\n\t.globl symtab_count\nsymtab_count:\n\t.long " n + 0
	print "\t.globl symtab_first\nsymtab_first:\n\t.long 0x" (n > 0 ? first : "0")
	print "\t.globl symtab_pairs\nsymtab_pairs:"
	for (i = 32 + 38; i < next_code; i++)
		print "\t.byte " int(pair[i] / 256) ", " pair[i] % 256
	print "\t.globl symtab_names\nsymtab_names:"
	for (i = 1; i <= ncodes; i++) {
		print "\t.byte " codes[i]
		if (codes[i] < 32) {
			print (codes[i] < 16 ? "\t.byte " : "\t.short ") step[nth++] + 0
		}
	}
	print "\t.byte 0"
}'
