#!/bin/sh
# run.sh - the router in QEMU in this terminal (make run), between a LAN host, which is a second instance without a terminal, and
# QEMU's user network as the outside. There is no NAT: the user network believes that the LAN (10.0.1.0/24) is on its own wire, and
# the router publishes the LAN host's address there (proxy ARP, see run.conf).
#	B: build directory.  MEM: megabytes.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
B=${B:-build}
case $B in /*) ;; *) B=$top/$B ;; esac
SLUICE_DEPS=${SLUICE_DEPS:-$top/build/deps}
[ ! -e "$SLUICE_DEPS/env" ] || . "$SLUICE_DEPS/env"
"$top/tests/preflight" run
kernel=$B/sluice.elf32
[ -e "$kernel" ] || { echo "run.sh: no $kernel: run \`make\` first" >&2; exit 1; }

tmp=$(mktemp -d "${TMPDIR:-/tmp}/sluice-run.XXXXXX")
lan= typist= router=
terminal=$(stty -g 2>/dev/null || true)
clean() {
	trap '' INT TERM HUP
	for p in $typist $lan $router; do kill "$p" 2>/dev/null || true; done
	wait 2>/dev/null || true
	[ -z "$terminal" ] || stty "$terminal" 2>/dev/null || true
	rm -rf "$tmp"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

qemu() {	# name, LAN socket of ours, of theirs, MAC, configuration, more
	name=$1 ours=$2 theirs=$3 mac=$4 conf=$5
	shift 5
	exec ${QEMU:-qemu-system-x86_64} ${QEMU_DATA:-} -name "$name" -accel tcg -cpu max -m "${MEM:-64}" \
	    -nodefaults -no-user-config -display none -kernel "$kernel" -initrd "$conf sluice.conf" \
	    -netdev "dgram,id=lan,local.type=unix,local.path=$tmp/$ours,remote.type=unix,remote.path=$tmp/$theirs" \
	    -device "virtio-net-pci,netdev=lan,mac=$mac,romfile=" "$@"
}

# The LAN host: when its prompt has come, a ping of the outside is typed there, once a second for ever.
mkfifo "$tmp/keys"
(qemu lan b a 52:54:00:00:01:02 "$top/boot/run-lan.conf" -serial stdio <"$tmp/keys" >"$tmp/lan.log" 2>&1) &
lan=$!
(
	trap 'exit 0' TERM
	exec >"$tmp/keys"
	while ! grep -q '@.*:.*\$ ' "$tmp/lan.log" 2>/dev/null; do
		kill -0 "$lan" 2>/dev/null || exit 1
		sleep 0.2
	done
	sleep 1
	printf 'ping 10.0.2.2\r'
	while kill -0 $$ 2>/dev/null; do sleep 1; done
	kill "$lan" $(cat "$tmp/router")	# we were killed without a chance to clean up
	rm -rf "$tmp"
) &
typist=$!

cat <<'END'
                LAN host 10.0.1.2 --- 10.0.1.1 vio0 [ this router ] vio1 10.0.2.15 --- 10.0.2.2 outside
                (pings 10.0.2.2 every second)

Type at the prompt:   ifconfig               the interfaces
                      netstat -rn            the routes
                      arp -an                the neighbours
                      netstat -ss            what has been counted: look at "packets forwarded", twice
                      ping -c 3 10.0.1.2     the LAN host
                      kstat vio1:::          the outside's queues
                      help                   all commands
To leave: ctrl-a, then x (or type `halt -p`).

END
# In the background, so that a signal to this script is heard at once; the terminal is its own all the same.
exec 3<&0
(qemu sluice a b 52:54:00:00:00:0a "$top/boot/run.conf" \
    -netdev user,id=out,net=10.0.0.0/16,host=10.0.2.2,dns=10.0.2.3,dhcpstart=10.0.2.15 \
    -device virtio-net-pci,netdev=out,mac=52:54:00:00:00:0b,romfile= -serial mon:stdio <&3) &
router=$!
echo "$router" >"$tmp/router"
status=0
wait "$router" || status=$?
router=
exit "$status"
