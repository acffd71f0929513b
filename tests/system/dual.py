"""Linux on both sides of the router, with both families at once, and a third host behind the second, which is a router:

    h1 -- vio0 (ours) vio1 -- h2 -- h3

A family is 4 or 6: h1.at[6] is the IPv6 address of h1. What a test has changed on the router and the hosts is as before for the next one."""
import re
import shlex
import time

from hosts import Job, wait_for
from peer import PeerHost
from scapy.layers.l2 import Ether

CONF = '''# /etc/myname
dut.example
# /etc/hostname.vio0
inet 10.0.1.1/24
inet6 fd00:a::1 64
# /etc/hostname.vio1
inet 10.0.2.1/24
inet6 fd00:b::1 64
!route add 10.9.0.0/24 10.0.2.2
!route add -inet6 fd00:9::/64 fd00:b::2
# /etc/sysctl.conf
net.inet.ip.forwarding=1
net.inet6.ip6.forwarding=1
'''
OURS = ({4: '10.0.1.1', 6: 'fd00:a::1'}, {4: '10.0.2.1', 6: 'fd00:b::1'})
FAR = {'h1': {4: '10.0.1.2', 6: 'fd00:a::2'}, 'h2': {4: '10.0.2.2', 6: 'fd00:b::2'}, 'h3': {4: '10.9.0.2', 6: 'fd00:9::2'}}
INNER = {4: '10.9.0.1', 6: 'fd00:9::1'}         # h2's on the wire to h3


def until(test, seconds=30, pause=0.2):
    """Asks again and again until it is so; what it said last."""
    end = time.monotonic() + seconds
    while not (got := test()) and time.monotonic() < end:
        time.sleep(pause)
    return got


def load(router, bundle):
    status, text = router.load(bundle)
    assert status == '0', text


class Behind:
    """A further namespace of the lab: run() as hosts.Host's, start() too."""

    def __init__(self, lab, name, ifname):
        self.lab, self.name, self.ifname, self.jobs = lab, name, ifname, []
        lab.sh(f'ip netns add {name} && ip -n {name} link set lo up').check()
        self.in_peer = PeerHost(lab.peer, name, ifname) if lab.kind == 'peer' else None

    def run(self, command, timeout=30):
        if self.in_peer:
            return self.in_peer.run(command, timeout)
        return self.lab.sh(f'ip netns exec {self.name} timeout {timeout} sh -c {shlex.quote(command)}')

    def start(self, command):
        if self.in_peer:
            return self.in_peer.start(command)
        self.jobs.append(Job(command, ['ip', 'netns', 'exec', self.name, 'sh', '-c', command]))
        return self.jobs[-1]

    def stop(self):
        for j in self.jobs:
            j.stop()
        self.lab.sh(f'ip netns del {self.name}')


class Dual:
    """change() and set_mtu() are undone by loading CONF again; what was done to hosts beyond addresses and routes goes by later()."""

    def __init__(self, lab):
        self.lab, self.kind = lab, lab.kind
        self.h3, self.undo, self.changed = None, [], False

    router = property(lambda self: self.lab.router)

    def begin(self):
        self.lab.begin()
        self.h1, self.h2 = self.lab.h1, self.lab.h2
        if self.h3 is None:
            self.h3 = Behind(self.lab, 'h3', 'eth0')
            self.lab.sh('ip -n h2 link add inner type veth peer name eth0 netns h3').check()
        for h in (self.h1, self.h2, self.h3):
            h.at = FAR[h.name]
        self.lab.sh(BEHIND + self._edge(self.h1, OURS[0]) + self._edge(self.h2, OURS[1])).check()
        assert until(lambda: self.lab.sh(SETTLED).code == 0), self.lab.sh(SETTLED)

    def end(self, node):
        while self.undo:
            self.undo.pop()()
        if self.changed and self.router and self.router.qemu.alive():
            self.router.cmd('route -q flush')       # what was learned, too
            load(self.router, self.lab.conf)
        self.changed = False
        self.lab.end(node)

    def stop(self):
        if self.h3 is not None:
            self.h3.stop()
        self.lab.stop()

    @staticmethod
    def _edge(h, gw):
        """A script: addresses and routes of h1 or h2 as they shall be, whatever was there; nothing that was learned remains."""
        i = h.ifname
        return f"""ip netns exec {h.name} sh -c 'cd /proc/sys/net/ipv6/conf/{i}; echo 0 >disable_ipv6; echo 0 >dad_transmits; echo 0 >accept_ra'
            ip -4 -n {h.name} -batch - <<END || exit 1
link set {i} mtu 1500 up
addr flush dev {i} scope global
route flush proto boot
route flush cache
neigh flush all
addr add {h.at[4]}/24 dev {i}
route replace default via {gw[4]}
END
            ip -6 -n {h.name} -batch - <<END || exit 1
addr flush dev {i} scope global
route flush proto boot
route flush proto ra
route flush cache
neigh flush all
addr add {h.at[6]}/64 dev {i} nodad
route replace default via {gw[6]} dev {i}
END
            """

    # ---- for tests

    def later(self, what):
        """A function, or a command line (host, text), for the end of the test."""
        self.undo.append(what if callable(what) else lambda: what[0].run(what[1]))

    def change(self, line, says=''):
        """A command that changes the router's configuration."""
        self.changed = True
        assert self.router.cmd(line) == says, line

    def load(self, bundle):
        self.changed = True
        load(self.router, bundle)

    def set_mtu(self, ifname, mtu):
        self.changed = True
        self.router.set_mtu(ifname, mtu)

    def bridge(self, options):
        """h1's end of the wire becomes a bridge, br0, which has h1's addresses."""
        n, i = self.h1.name, self.h1.ifname
        self.lab.sh(f"""ip netns exec {n} sh -c '
            ip link add br0 type bridge {options} && echo 0 >/proc/sys/net/ipv6/conf/br0/disable_ipv6
            echo 0 >/proc/sys/net/ipv6/conf/br0/dad_transmits; echo 0 >/proc/sys/net/ipv6/conf/br0/accept_ra
            ip addr flush dev {i} scope global; ip -6 addr flush dev {i}; ip link set br0 address {self.h1.mac} up; ip link set {i} master br0
            ip addr add {self.h1.at[4]}/24 dev br0; ip -6 addr add {self.h1.at[6]}/64 dev br0 nodad
            ip route replace default via {OURS[0][4]}; ip -6 route replace default via {OURS[0][6]} dev br0'""").check()
        self.later(lambda: self.lab.sh(f"""ip netns exec {n} ip link set {i} nomaster; ip netns exec {n} ip link del br0
            ip -n {n} link set {i} down; ip -n {n} link set {i} up"""))

    def link_local(self, i=0):
        """Ours, by which a router speaks of itself (RFC 4861 4.2, 4.5)."""
        return next(a.split('%')[0] for a, _, _ in self.router.ifconfig(f'vio{i}')[f'vio{i}']['inet6'] if a.startswith('fe80'))

    def sysctl(self, h, **values):
        """Linux's, undone in the end; the names with __ for dots (an interface's own may have some)."""
        for name, value in values.items():
            path = '/proc/sys/net/' + name.replace('__', '/').replace('IF', h.ifname)
            old = h.run(f'cat {path} && echo {value} >{path}').check().out.split()[0]
            self.later((h, f'echo {old} >{path}'))


# h2 is the router of h3's wire; it sends errors as they come up.
BEHIND = """ip netns exec h2 sh -c 'cd /proc/sys/net; echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding; echo 0 >ipv6/conf/inner/disable_ipv6
                echo 0 >ipv4/icmp_ratelimit; echo 0 >ipv6/icmp/ratelimit; echo 0 >ipv6/conf/inner/dad_transmits'
            ip netns exec h3 sh -c 'cd /proc/sys/net/ipv6/conf/eth0; echo 0 >disable_ipv6; echo 0 >dad_transmits; echo 0 >accept_ra'
            ip -n h2 -batch - <<END || exit 1
link set inner up
addr flush dev inner scope global
addr add 10.9.0.1/24 dev inner
addr add fd00:9::1/64 dev inner nodad
END
            ip -n h3 -batch - <<END || exit 1
link set eth0 up
addr replace 10.9.0.2/24 dev eth0
addr replace fd00:9::2/64 dev eth0 nodad
route replace default via 10.9.0.1
route replace default via fd00:9::1
neigh flush all
END
            ip -n h3 route flush cache; ip -n h3 -6 route flush cache
            """
# Link-local addresses are there, and the kernel has done with all (addresses without DAD are tentative for a moment, too).
SETTLED = """for h in h1 h2 h3; do
                ip -n $h -6 addr show scope link | grep -q "inet6 fe80" && ! ip -n $h -6 addr show | grep -q " tentative" || exit 1
            done"""


# ---- what hosts say

def ping(h, v, dst, options='-c 3 -i 0.2 -W 3', timeout=30):
    return h.run(f'ping -{v} -n {options} {dst}', timeout)


def lost(result):
    """Of a ping that came to its end: per cent."""
    m = re.search(r'([\d.]+)% packet loss', result.out)
    assert m, result
    return float(m[1])


def route_mtu(h, v, dst):
    """The path MTU that Linux has learned; None: none."""
    m = re.search(r' mtu (\d+)', h.run(f'ip -{v} route get {dst}').check().out)
    return m and int(m[1])


CAPTURE = """import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind((sys.argv[1], 3)); print("up", flush=True)
while True:
    d, a = s.recvfrom(65536)
    if a[2] != 4: print(d.hex(), flush=True)"""


class Capture:
    """with Capture(host) as c: what comes in there from now on; c.frames() is all so far, as scapy's Ether."""

    def __init__(self, h, ifname=None):
        self.h, self.ifname = h, ifname or h.ifname

    def __enter__(self):
        self.job = self.h.start(f"exec python3 -c '{CAPTURE}' {self.ifname}")
        wait_for(self.job, 'up')
        return self

    def __exit__(self, *exc):
        self.job.stop()
        return False

    def raw(self):
        return [bytes.fromhex(line) for line in self.job.output().split('\n')[1:-1]]

    def frames(self):
        return [Ether(f) for f in self.raw()]
