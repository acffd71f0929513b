#!/bin/sh
# resource.sh CLANG DIR - prints the options that let CLANG link with libFuzzer and the sanitizers' runtimes: nothing where everything is in its
# place; else directories of links, made under DIR, to what is unpacked under $SLUICE_DEPS.
set -eu
deps=$(cd "${SLUICE_DEPS:-build/deps}" && pwd)
mkdir -p "$2"
dir=$(cd "$2" && pwd)
own=$($1 -print-resource-dir)
rt=lib/linux/libclang_rt.fuzzer-x86_64.a
if [ ! -e "$own/$rt" ]; then
	for d in "$deps"/usr/lib/llvm-14/lib/clang/*; do
		[ -e "$d/$rt" ] || continue
		ln -sfn "$own/include" "$dir/include"
		ln -sfn "$d/lib" "$dir/lib"
		echo "-resource-dir=$dir"
	done
	[ -e "$dir/$rt" ] || { echo "no libFuzzer for $1: run make deps" >&2; exit 1; }
fi
# The C++ library that libFuzzer wants: where only its package for programs is installed, that one serves.
case $($1 -print-file-name=libstdc++.so) in
libstdc++.so)
	for f in /usr/lib/x86_64-linux-gnu/libstdc++.so.6 "$deps"/usr/lib/x86_64-linux-gnu/libstdc++.so.6; do
		[ -e "$f" ] && ln -sfn "$f" "$dir/libstdc++.so" && echo "-L$dir" && break
	done ;;
esac
