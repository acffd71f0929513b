#!/bin/sh
# Makes a disc that boots by BIOS and, where GRUB's EFI modules are installed, by UEFI: iso.sh OUT.iso sluice.elf
# [CONFIGURATION] GRUB's own files are looked for in /usr/lib/grub and under build/deps.
set -eu

out=$1
elf=$2
conf=${3:-}
here=$(dirname "$0")
modules="multiboot2 normal configfile test iso9660 fat boot part_msdos part_gpt part_acorn part_amiga part_apple part_bsd
    part_dfly part_dvh part_plan part_sun part_sunpc"

SLUICE_DEPS=${SLUICE_DEPS:-$PWD/build/deps}
if [ -f "$SLUICE_DEPS/env" ]; then . "$SLUICE_DEPS/env"; fi
command -v grub-mkrescue > /dev/null || {
	echo "iso.sh: no grub-mkrescue: install grub-common, xorriso, mtools" >&2
	exit 1
}

dir=$(mktemp -d)
log=$(mktemp)		# not in $dir: that goes onto the disc
trap 'rm -rf "$dir" "$log"' EXIT INT TERM
mkdir -p "$dir/boot/grub"
strip -o "$dir/boot/sluice.elf" "$elf"
cp "$here/grub.cfg" "$dir/boot/grub/grub.cfg"
[ -z "$conf" ] || cp "$conf" "$dir/boot/sluice.conf"
# grub-mkrescue knows no other place for its files than /usr/lib/grub and /usr/share/grub: where they are only unpacked, they are laid over
# these, for this command alone.
with_modules() {
	if [ -d /usr/lib/grub ] || [ ! -d "$SLUICE_DEPS/usr/lib/grub" ]; then
		"$@"
	else
		unshare -Urm sh -ec 'for d in lib share; do mount -t overlay -o "lowerdir=$0/usr/$d:/usr/$d" overlay /usr/$d; done
		    exec "$@"' "$SLUICE_DEPS" "$@"
	fi
}
with_modules grub-mkrescue --compress=xz --install-modules="$modules" --fonts= --locales= --themes= -o "$out" "$dir" \
    > "$log" 2>&1 || { cat "$log" >&2; exit 1; }
