"""The routers that are measured: Sluice, and Linux in a guest of the same kind. Each: port A 10.0.0.1/24, fd00:a::1/64, port B 10.0.1.1/24,
fd00:b::1/64; the generator is .2 on both, its flows come from 10.2.0.0/16 and fd00:d::/48 and go to 10.1.0.0/16, fd00:c::/48 or to what a file
of prefixes names."""
import gzip
import os
import re
import sys

import routes
from guest import Failed, Guest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('SLUICE_B', f'{TOP}/build'))
TOOLS = f'{BUILD}/bench'
DEPS = os.environ.get('SLUICE_DEPS', f'{TOP}/build/deps')

BUNDLE = '''# /etc/myname
bench
# /etc/hostname.{nic}0
inet 10.0.0.1/24
inet6 fd00:a::1/64
!route add 10.2.0.0/16 10.0.0.2
!route add -inet6 fd00:d::/48 fd00:a::2
# /etc/hostname.{nic}1
inet 10.0.1.1/24
inet6 fd00:b::1/64
!route add 10.1.0.0/16 10.0.1.2
!route add -inet6 fd00:c::/48 fd00:b::2
{routes}# /etc/sysctl.conf
net.inet.ip.forwarding=1
net.inet6.ip6.forwarding=1
'''


def routes_memory(n):
    """MB for a guest with n routes, their configuration twice in memory."""
    return 64 if n < 10000 else 2048


class Sluice:
    name = 'sluice'

    def guest(self, nic='virtio', nroutes=0, mem=64, rules='', **how):
        """rules: a pf.conf."""
        lines = ''
        if nroutes:
            with open(routes.prefix_file(TOOLS, nroutes)) as f:
                lines = ''.join(f'!route add {p.strip()} 10.0.1.2\n' for p in f)
        path = f'{TOOLS}/sluice-{nic}-{nroutes}{"-pf" * bool(rules)}.conf'
        with open(path, 'w') as f:
            f.write(BUNDLE.format(nic='vio' if nic == 'virtio' else 'em', routes=lines) + (f'# /etc/pf.conf\n{rules}' if rules else ''))
        return Guest(TOOLS, f'{BUILD}/sluice.elf32', ['-initrd', f'{path} sluice.conf'], nic=nic, mem=max(mem, routes_memory(nroutes)), **how)

    def wait_up(self, g):
        """Until it forwards, or says that it will not."""
        g.wait_console('$ ')
        if 'not loaded' in g.serial():
            raise Failed(f'this build cannot hold them: {g.last_words()}')

    def flow_path(self, g, on):
        """Turns it on or off; why not, or None. Off is what there is where there is none."""
        if 'net.flow.enable=' not in g.cmd('sysctl net.flow.enable'):
            return 'not in this build' if on else None
        g.cmd(f'sysctl net.flow.enable={int(on)}')
        return None

    def keep_flows(self, g):
        """Flows of which one packet has passed stay known, however long the measurement of them all takes."""
        for what in 'timeout', 'timeout_new':
            g.cmd(f'sysctl net.flow.{what}=3600')

    def flow_counts(self, g):
        """(packets by entries, entries brought up to date, entries made) so far."""
        text = g.cmd('netstat -s -p flow')
        return tuple(int(re.search(rf'(\d+) {what}', text)[1]) for what in
                     (r"packets? forwarded as the flow's", r'entr(?:y|ies) brought up to date', r'entr(?:y|ies) made'))

    def states(self, g):
        """How many states there are."""
        return int(re.search(r'current entries +(\d+)', g.cmd('pfctl -si'))[1])

    def batch(self, g):
        """(packets, batches) that the stack has taken from cards so far."""
        text = g.cmd('kstat stage:0:ether_input:0')
        return tuple(int(text.split(word)[1].split()[0]) for word in ('packets:', 'batches:'))


INIT = r'''#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys /dev
$b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev
for m in MODULES; do [ -e /m/$m.ko ] && $b insmod /m/$m.ko; done
for i in 1 2 3 4 5 6 7 8 9 10; do
	for n in /sys/class/net/*; do
		case $($b cat $n/address) in
		52:54:00:00:00:0a) A=${n##*/} ;;
		52:54:00:00:00:0b) B=${n##*/} ;;
		esac
	done
	[ -n "$A" ] && [ -n "$B" ] && break
	$b sleep 0.1
done
w() { echo $2 >/proc/sys/net/$1; }
w ipv6/conf/all/accept_dad 0; w ipv6/conf/default/accept_dad 0; w ipv4/conf/all/rp_filter 0
for n in lo $A $B; do $b ip link set $n up; done
$b ip addr add 10.0.0.1/24 dev $A; $b ip addr add 10.0.1.1/24 dev $B
$b ip -6 addr add fd00:a::1/64 dev $A; $b ip -6 addr add fd00:b::1/64 dev $B
$b ip route add 10.1.0.0/16 via 10.0.1.2; $b ip -6 route add fd00:c::/48 via fd00:b::2
$b ip route add 10.2.0.0/16 via 10.0.0.2; $b ip -6 route add fd00:d::/48 via fd00:a::2
echo ROUTES
[ ! -e /routes ] || /bin/load 10.0.1.2 $B </routes || echo ROUTES FAILED
w ipv4/ip_forward 1; w ipv6/conf/all/forwarding 1
echo READY
while :; do $b sleep 1000; done
'''
MODULES = '''virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover net_failover virtio_net e1000
    pps_core ptp e1000e'''.split()


class Linux:
    """Debian's kernel with busybox as its init: plain forwarding, nothing else loaded."""
    name = 'linux'

    def __init__(self):
        sys.path.insert(0, f'{TOP}/tests/system')
        import peer
        self.peer = peer
        try:
            self.version, self.kernel = peer.find_kernel(DEPS)
        except FileNotFoundError as e:
            raise Failed(str(e))

    def initramfs(self, nroutes):
        path = f'{TOOLS}/linux-{nroutes}.img'
        modules = {n: self.peer._module(DEPS, self.version, n) for n in MODULES}
        with open(f'{DEPS}/bin/busybox', 'rb') as f:
            busybox = f.read()
        entries = [(d, 0o40755, b'') for d in ('bin', 'm', 'dev', 'proc', 'sys')]
        entries += [('bin/busybox', 0o100755, busybox), ('init', 0o100755, INIT.replace('MODULES', ' '.join(MODULES)).encode())]
        entries += [(f'm/{n}.ko', 0o100644, data) for n, data in modules.items() if data]
        if nroutes:
            with open(f'{TOOLS}/load', 'rb') as program, open(routes.prefix_file(TOOLS, nroutes), 'rb') as prefixes:
                entries += [('bin/load', 0o100755, program.read()), ('routes', 0o100644, prefixes.read())]
        with open(path + '.new', 'wb') as f:
            f.write(gzip.compress(self.peer._cpio(entries), 1))
        os.rename(path + '.new', path)
        return path

    def guest(self, nic='virtio', nroutes=0, mem=256, **how):
        # no_timer_check: on a busy machine its test of the timer at boot finds no tick in time, and panics
        more = ['-initrd', self.initramfs(nroutes), '-append', 'console=ttyS0 quiet mitigations=off panic=-1 net.ifnames=0 random.trust_cpu=on no_timer_check']
        return Guest(TOOLS, self.kernel, more, nic=nic, mem=max(mem, routes_memory(nroutes)), **how)

    def wait_up(self, g):
        try:
            g.wait_console('READY')
        except Failed:
            if 'ROUTES' not in g.serial() or g.qemu.poll() is not None:
                raise
            raise Failed(f'routes not taken within {g.patience} s')
        if 'ROUTES FAILED' in g.serial():
            raise Failed(f'routes not taken: {g.last_words()}')

    def keep_flows(self, g):
        pass

    def flow_path(self, g, on):
        return 'Linux: plain forwarding only' if on else None

    def batch(self, g):
        return None
