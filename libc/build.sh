#!/bin/sh
# Builds newlib for the kernel from Debian's newlib-source package: libc/build.sh DESTINATION [WHERE-PACKAGES-ARE-UNPACKED]
# Leaves DESTINATION/x86_64-elf/{include,lib} and DESTINATION/stamp. Parallel calls wait for each other; done once.
set -eu

dest=$1
deps=${2:-}
version=3.3.0

mkdir -p "$dest"
dest=$(cd "$dest" && pwd)
exec 9>"$dest/lock"
flock 9

recipe=$(cksum < "$0")
if [ -f "$dest/stamp" ] && [ "$(cat "$dest/stamp")" = "$recipe" ]; then
	touch "$dest/stamp"
	exit 0
fi

tarball=
for root in "" ${deps:+"$deps"}; do
	if [ -f "$root/usr/src/newlib/newlib-$version.tar.xz" ]; then
		tarball=$root/usr/src/newlib/newlib-$version.tar.xz
	fi
done
if [ -z "$tarball" ]; then
	echo "libc/build.sh: no newlib-$version.tar.xz: install Debian's package newlib-source (make deps)" >&2
	exit 1
fi

work=$dest/work
log=$dest/log
rm -rf "$work"
mkdir -p "$work/src" "$work/obj"
echo "newlib: building it once, about a minute (log: $log)"
tar -xJf "$tarball" -C "$work/src" --strip-components=1
cd "$work/obj"

# Tried: the "nano" printf misreads the arguments behind %lld, %zu, %hhx and %td, so the full one; no system calls, files and wide
# streams of its own; errno by __getreent(), so that each core may have one; the kernel's code model and no red zone.
if ! {
	../src/configure --prefix="$dest" --target=x86_64-elf --disable-multilib --disable-libgloss \
	    --disable-newlib-supplied-syscalls --enable-newlib-io-long-long --enable-newlib-io-c99-formats \
	    --disable-newlib-wide-orient --enable-lite-exit --disable-nls --enable-newlib-global-atexit \
	    --enable-newlib-retargetable-locking MAKEINFO=true \
	    CC_FOR_TARGET=gcc AS_FOR_TARGET=as LD_FOR_TARGET=ld AR_FOR_TARGET=ar RANLIB_FOR_TARGET=ranlib \
	    NM_FOR_TARGET=nm OBJCOPY_FOR_TARGET=objcopy OBJDUMP_FOR_TARGET=objdump STRIP_FOR_TARGET=strip \
	    READELF_FOR_TARGET=readelf CFLAGS_FOR_TARGET="-Os -fno-pic -fno-pie -mno-red-zone -mcmodel=small \
	    -fcf-protection=none -fno-stack-protector -ffunction-sections -fdata-sections \
	    -fno-asynchronous-unwind-tables -fno-omit-frame-pointer -D__DYNAMIC_REENT__" &&
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -j2 all-target-newlib MAKEINFO=true &&
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make install-target-newlib MAKEINFO=true
} > "$log" 2>&1 9>&-; then
	tail -20 "$log" >&2
	echo "libc/build.sh: newlib did not build; the whole log is in $log" >&2
	exit 1
fi

rm -rf "$work"
echo "$recipe" > "$dest/stamp"
