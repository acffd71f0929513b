#!/bin/sh
# resource.sh CLANG DIR - prints the option that lets CLANG find libFuzzer and the sanitizers' runtimes: nothing where they are in their place,
# else -resource-dir=DIR, made of links to clang's headers and to the runtimes unpacked under $SLUICE_DEPS.
set -eu
own=$($1 -print-resource-dir)
rt=lib/linux/libclang_rt.fuzzer-x86_64.a
[ -e "$own/$rt" ] && exit 0
for d in "${SLUICE_DEPS:-build/deps}"/usr/lib/llvm-14/lib/clang/*; do
	if [ -e "$d/$rt" ]; then
		mkdir -p "$2"
		ln -sfn "$own/include" "$2/include"
		ln -sfn "$(cd "$d/lib" && pwd)" "$2/lib"
		echo "-resource-dir=$2"
		exit 0
	fi
done
echo "no libFuzzer for $1: run make deps" >&2
exit 1
