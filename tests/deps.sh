#!/bin/sh
# deps.sh GROUP... - sees to it that the Debian packages of the groups (build, run, test, bench) are there. Silent and quick when they are.
#
# What root may install, root installs with apt-get. An ordinary user gets the packages unpacked under build/deps (apt-get download,
# dpkg-deb -x) with the missing part of their dependencies; build/deps/env then sets PATH and the rest. A kernel or a daemon is
# unpacked for root too, never installed.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
D=${SLUICE_DEPS:-$top/build/deps}

# group, how, what shows that it is there, package. how: any (install or unpack), unpack (unpack for root too), own (unpack, even where
# the machine has a file of that name), kernel (the image that this package names, alone), root (serves only when installed).
table='
build root   /usr/include/stdio.h				libc6-dev
build any    /usr/src/newlib/newlib-*.tar.xz			newlib-source
build any    /usr/bin/xz					xz-utils
build any    /usr/bin/python3					python3
run   any    /usr/bin/qemu-system-x86_64			qemu-system-x86
test  any    /usr/bin/clang-14					clang-14
test  any    /usr/lib/llvm-14/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a	libclang-rt-14-dev
test  any    /usr/lib/python3/dist-packages/scapy		python3-scapy
test  any    /usr/lib/python3/dist-packages/_pytest		python3-pytest
test  any    /bin/ip						iproute2
test  any    /bin/ping						iputils-ping
test  any    /usr/bin/tcpdump					tcpdump
test  unpack /usr/bin/iperf3					iperf3
test  unpack /usr/bin/curl					curl
test  unpack /usr/bin/nmap					nmap
test  unpack /usr/sbin/hping3					hping3
test  unpack /usr/bin/tshark					tshark
test  unpack /usr/bin/tracepath					iputils-tracepath
test  unpack /usr/bin/traceroute.db				traceroute
test  unpack /usr/bin/ndisc6					ndisc6
test  unpack /usr/sbin/radvd					radvd
test  own    /bin/busybox					busybox-static
test  kernel /boot/vmlinuz-*					linux-image-amd64
bench unpack /usr/bin/dpdk-testpmd				dpdk-dev
bench unpack /usr/lib/x86_64-linux-gnu/librte_net_ring.so.23	librte-net-ring23
bench unpack /usr/lib/x86_64-linux-gnu/librte_net_null.so.23	librte-net-null23
bench unpack /usr/lib/x86_64-linux-gnu/librte_mempool_ring.so.23	librte-mempool-ring23
test  any    /usr/bin/grub-mkrescue				grub-common
test  any    /usr/lib/grub/i386-pc/multiboot.mod		grub-pc-bin
test  any    /usr/lib/grub/x86_64-efi/multiboot2.mod		grub-efi-amd64-bin
test  any    /usr/bin/xorriso					xorriso
test  any    /usr/bin/mformat					mtools
test  any    /usr/share/OVMF/OVMF_CODE_4M.fd			ovmf
'

there() {	# how, probe (may hold a *)
	case $1 in
	own|kernel) set -- "$D"$2 ;;
	root) set -- $2 ;;
	*) set -- $2 "$D"$2 ;;
	esac
	for f; do
		[ -e "$f" ] && return 0
	done
	return 1
}

find_missing() {	# sets install, unpack, kernel, asked
	install= unpack= kernel= asked=
	while read -r group how probe package; do
		case " $groups " in *" $group "*) ;; *) continue ;; esac
		there "$how" "$probe" && continue
		case $how in
		kernel) kernel=$package ;;
		own|unpack) unpack="$unpack $package" ;;
		root) if [ "$uid" = 0 ]; then install="$install $package"; else asked="$asked $package"; fi ;;
		any) if [ "$uid" = 0 ]; then install="$install $package"; else unpack="$unpack $package"; fi ;;
		esac
	done <<-END
	$(printf '%s\n' "$table" | sed '/^$/d')
	END
}

say() { echo "deps: $*" >&2; }
die() { say "$*"; exit 1; }

# apt-get with the machine's package lists, or (apt_own) with lists of our own, for which nobody needs to be root.
apt() {
	tool=$1; shift
	if [ -n "$apt_own" ]; then
		mkdir -p "$D/apt/lists/partial" "$D/apt/cache/archives/partial"
		set -- -o Dir::State::lists="$D/apt/lists" -o Dir::Cache="$D/apt/cache" -o Debug::NoLocking=1 \
		    -o Dir::State::status=/var/lib/dpkg/status "$@"
	fi
	LC_ALL=C DEBIAN_FRONTEND=noninteractive "$tool" -o APT::Sandbox::User=root -o Acquire::Retries=3 "$@"
}

update_lists() {
	say "fetching the package lists"
	[ "$uid" = 0 ] || apt_own=1
	apt apt-get -qq update >&2 || true	# one dead source of several does not matter
}

install_packages() {	# root
	say "installing$1"
	apt apt-get -qq install -y --no-install-recommends $1 >"$D/apt.log" 2>&1
}

# What apt would install for these packages, and is not installed now. An upgrade ("Inst libc6 [old]") is not needed.
closure() {
	apt apt-get -s install --no-install-recommends "$@" | sed -n 's/^Inst \([^ ]*\) (.*/\1/p'
}

unpack_packages() {	# names
	tmp=$(mktemp -d "$D/debs.XXXXXX")
	say "unpacking under build/deps: $*"
	if (cd "$tmp" && apt apt-get -qq download "$@") >"$D/apt.log" 2>&1; then
		for f in "$tmp"/*.deb; do
			dpkg-deb -x "$f" "$D" || die "$f does not unpack"
		done
		printf '%s\n' "$@" >>"$D/unpacked"
		rm -rf "$tmp"
	else
		rm -rf "$tmp"
		return 1
	fi
}

unpack_all() {
	if [ -n "$unpack" ]; then
		all=$(closure $unpack) || return 1
		need=$unpack	# also what apt takes for installed: wanted a second time, or its file is gone
		for p in $all; do
			case " $unpack " in *" $p "*) continue ;; esac
			grep -qxF "$p" "$D/unpacked" 2>/dev/null || need="$need $p"
		done
		unpack_packages $need || return 1
	fi
	if [ -n "$kernel" ]; then
		image=$(apt apt-cache depends "$kernel" | sed -n 's/^ *Depends: *\(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
		[ -n "$image" ] || return 1
		unpack_packages "$image" || return 1
	fi
}

twice() {	# a second time with fresh lists: those of the machine may be absent or stale
	"$@" && return
	[ -z "$updated" ] || return 1
	updated=1
	update_lists
	"$@"
}

install_all() { [ -z "$install" ] || install_packages "$install"; }

write_env() {
	cat >"$D/env" <<-'END'
	# For sh: what makes the packages under $SLUICE_DEPS usable. The machine's own come first.
	lib=$SLUICE_DEPS/usr/lib/x86_64-linux-gnu
	PATH=$PATH:$SLUICE_DEPS/usr/bin:$SLUICE_DEPS/bin:$SLUICE_DEPS/usr/sbin:$SLUICE_DEPS/sbin:/usr/sbin:/sbin
	export PATH SLUICE_DEPS
	if [ -d "$lib" ]; then
		more=
		for d in "$lib"/pulseaudio "$lib"/blas "$lib"/lapack; do [ -d "$d" ] && more=$more:$d; done
		LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$lib:$SLUICE_DEPS/lib/x86_64-linux-gnu$more
		export LD_LIBRARY_PATH
	fi
	if [ -d "$SLUICE_DEPS/usr/lib/python3/dist-packages" ]; then
		PYTHONPATH=${PYTHONPATH:+$PYTHONPATH:}$SLUICE_DEPS/usr/lib/python3/dist-packages
		export PYTHONPATH
	fi
	PYTHON=/usr/bin/python3
	[ -x $PYTHON ] || PYTHON=$SLUICE_DEPS/usr/bin/python3
	export PYTHON
	QEMU=qemu-system-x86_64 QEMU_DATA=
	if [ ! -x /usr/bin/$QEMU ] && [ -x "$SLUICE_DEPS/usr/bin/$QEMU" ]; then
		QEMU_DATA="-L $SLUICE_DEPS/usr/share/qemu -L $SLUICE_DEPS/usr/share/seabios -L $SLUICE_DEPS/usr/lib/ipxe/qemu"
		QEMU_MODULE_DIR=$lib/qemu
		export QEMU_MODULE_DIR
	fi
	export QEMU QEMU_DATA
	END
}

groups=$*
[ -n "$groups" ] || die "usage: deps.sh build|run|test|bench ..."
uid=$(id -u)
find_missing
if [ -z "$install$unpack$kernel$asked" ] && [ "$D/env" -nt "$0" ]; then
	exit 0
fi

mkdir -p "$D"
exec 9>"$D/lock"
flock 9
find_missing		# another make may have brought it meanwhile
apt_own= updated=
if [ -n "$install$unpack$kernel" ]; then
	command -v apt-get >/dev/null || die "no apt-get: this is not Debian; install by hand:$install$unpack $kernel"
	if ! ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1; then
		updated=1
		update_lists
	fi
	twice install_all || { cat "$D/apt.log" >&2; die "could not install$install"; }
	twice unpack_all || { cat "$D/apt.log" >&2; die "could not fetch$unpack $kernel"; }
fi
write_env
find_missing
[ -z "$asked" ] || die "only root can install these; please run: sudo apt-get install$asked"
[ -z "$install$unpack$kernel" ] || die "still missing after all was installed:$install$unpack $kernel"
