"""A wire whose other end is the test itself: frames by unix datagram sockets into and out of the router's NIC."""
import os
import select
import socket
import time

from scapy.layers.inet import ICMP, IP, TCP, UDP  # noqa: F401  (tests take them from here)
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw  # noqa: F401

BROADCAST = 'ff:ff:ff:ff:ff:ff'


class Port:
    """The far end of one NIC: a host of one address that answers ARP and, if asked to, nothing else."""

    def __init__(self, work, name, mac, ip, gateway):
        self.mac, self.ip, self.gateway = mac, ip, gateway
        self.ours, self.theirs = f'{work}/{name}.test', f'{work}/{name}.qemu'
        self.answers = {ip}             # ARP requests for these are answered with our MAC
        self.gateway_mac = None
        self.arp_seen = []              # (sender, target) of requests that came
        for p in (self.ours, self.theirs):
            if os.path.exists(p):
                os.unlink(p)
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self.sock.bind(self.ours)
        self.sock.setblocking(False)

    def netdev(self):
        return (f'dgram,local.type=unix,local.path={self.theirs},'
                f'remote.type=unix,remote.path={self.ours}')

    def close(self):
        self.sock.close()
        os.unlink(self.ours)

    # ---- frames

    def send(self, frame, timeout=5):
        """One frame (scapy packet or bytes). Waits while QEMU takes none."""
        data = bytes(frame)
        end = time.monotonic() + timeout
        while True:
            try:
                return self.sock.sendto(data, self.theirs)
            except BlockingIOError:
                if time.monotonic() > end:
                    raise
                select.select([], [self.sock], [], 0.05)
                time.sleep(0.0005)

    def recv(self, timeout=2):
        """The next frame as scapy's Ether, ARP requests for our addresses answered on the way; None: nothing within the time."""
        end = time.monotonic() + timeout
        while True:
            if not select.select([self.sock], [], [], max(0, end - time.monotonic()))[0]:
                return None
            try:
                data = self.sock.recv(65600)
            except BlockingIOError:
                continue
            if data[12:14] == b'\x08\x06' and self._arp(Ether(data)):
                continue
            return Ether(data)

    def _arp(self, f):
        a = f[ARP]
        if a.op != 1:
            return False
        self.arp_seen.append((a.psrc, a.pdst))
        if a.pdst not in self.answers:
            return False
        self.send(Ether(dst=a.hwsrc, src=self.mac) / ARP(op=2, hwsrc=self.mac, psrc=a.pdst, hwdst=a.hwsrc, pdst=a.psrc))
        return True

    def recv_raw(self):
        """A frame's bytes if one is there, else None; answers nothing."""
        try:
            return self.sock.recv(65600)
        except BlockingIOError:
            return None

    def expect(self, match, timeout=3):
        """The first frame for which match(frame) is true, others skipped; None: none came."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            f = self.recv(left)
            if f is not None and match(f):
                return f
        return None

    def collect(self, seconds):
        """All frames of the next seconds."""
        end = time.monotonic() + seconds
        got = []
        while (left := end - time.monotonic()) > 0:
            f = self.recv(left)
            if f is not None:
                got.append(f)
        return got

    # ---- as a host

    def learn_gateway(self):
        """Asks who has the router's address, so that the router knows us too. Returns its MAC."""
        for _ in range(10):
            self.send(Ether(dst=BROADCAST, src=self.mac) / ARP(op=1, hwsrc=self.mac, psrc=self.ip, pdst=self.gateway))
            f = self.expect(lambda f: ARP in f and f[ARP].op == 2 and f[ARP].psrc == self.gateway, 1)
            if f:
                self.gateway_mac = f[ARP].hwsrc
                return self.gateway_mac
        raise AssertionError(f'{self.gateway} does not answer ARP')

    def ether(self):
        """The link header of a frame from this host to the router."""
        return Ether(dst=self.gateway_mac or self.learn_gateway(), src=self.mac)

    def send_ip(self, packet, **kw):
        self.send(self.ether() / packet, **kw)
