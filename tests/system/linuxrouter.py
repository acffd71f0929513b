"""A Linux guest in the router's place (tests/run --dut linux): shows that the tests ask only what a router can do."""
from peer import Peer


class LinuxRouter:
    is_sluice = False
    expect_panic = False

    def __init__(self, work, nics, name='dut'):
        self.peer = Peer(work, [(f'vio{i}', n.netdev, n.mac) for i, n in enumerate(nics)], name=name,
                         fds=[fd for n in nics for fd in n.fds])
        self.qemu = self.peer.qemu
        self.peer.sh('''for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$f; done
            ip link set vio0 up; ip addr add 10.0.1.1/24 dev vio0; ip link set vio1 up; ip addr add 10.0.2.1/24 dev vio1
            echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; echo 1 >/proc/sys/net/ipv4/ip_forward''').check()

    def balance(self):
        return {'difference': 0}

    def set_mtu(self, ifname, mtu):
        self.peer.sh(f'ip link set {ifname} mtu {mtu}').check()

    def serial(self):
        return ''

    def stop(self):
        self.peer.stop()
