#!/bin/sh
# Fails when code that an interrupt can reach touches vector or x87 registers, which interrupts do not save:
# vectorcheck.sh FILE OBJECT... Roots: the entry stub, and every function of the objects (the *_intr.o: handlers are
# called by pointer). Follows direct calls and jumps; stops at panic and __stack_chk_fail, which do not return, and at
# intr_preempt, which saves them.
set -eu

file=$1
shift
roots="intr_entry interrupt $(nm --defined-only "$@" | awk '$2 ~ /^[tT]$/ { printf "%s ", $3 }')"

objdump -d --no-show-raw-insn "$file" | awk -v roots="$roots" '
/^[0-9a-f]+ <.*>:$/ {
	f = substr($2, 2, length($2) - 3)
	known[f] = 1
	next
}
/[xyz]mm[0-9]|%mm[0-7]|%st|\t(f[a-z]+|fx?save|fx?rstor)( |$)/ {
	if (!(f in bad))
		bad[f] = $0
}
/\t(call|j[a-z]+) / {
	if (match($0, /<[^>+]*(\+0x[0-9a-f]+)?>/)) {
		t = substr($0, RSTART + 1, RLENGTH - 2)
		sub(/\+0x.*/, "", t)
		if (t != f)
			calls[f] = calls[f] " " t
	}
}
END {
	n = split(roots, queue, " ")
	if (n < 3) {
		print "vectorcheck: no functions of interrupt handlers found"
		exit 1
	}
	for (i = 1; i <= n; i++) {
		f = queue[i]
		if (f in seen || f == "panic" || f == "__stack_chk_fail" || f == "intr_preempt")
			continue
		seen[f] = 1
		if (f in bad) {
			print "vectorcheck: " f " can be reached from an interrupt (by " (by[f] ? by[f] : "pointer") \
			    ") and uses vector registers:" bad[f]
			failed = 1
		}
		m = split(calls[f], c, " ")
		for (j = 1; j <= m; j++) {
			queue[++n] = c[j]
			if (!(c[j] in by))
				by[c[j]] = f
		}
	}
	exit failed
}'
