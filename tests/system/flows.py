"""Many UDP flows through the router and back, numbered, with a bound on what is under way: so nothing may be lost or change its order.

    f = Flows(h1, h2, 1000); f.run(200_000); f.close()     200,000 datagrams from h1, each of which h2 sends back (unless echo=False)

Both ends are sockets of this process, made in the hosts' namespaces."""
import ctypes
import os
import resource
import select
import socket
import time

CLONE_NEWNET = 0x40000000
PORT = 7000
IN_A_ROW = 8    # of a flow: what is never under way together cannot change its order
TAP_KEEPS = 2   # seconds (it keeps three): a tap remembers for so long from which of its queues a flow's packets came last


def socket_in(netns, port):
    """A UDP socket, bound to the port, in that namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    back = os.open('/proc/self/ns/net', os.O_RDONLY)
    there = os.open(f'/run/netns/{netns}', os.O_RDONLY)
    try:
        assert libc.setns(there, CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        s.bind(('', port))
        return s
    finally:
        libc.setns(back, CLONE_NEWNET)
        os.close(back)
        os.close(there)


class Flows:
    def __init__(self, h1, h2, n, ports=20000, echo=True):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < n + 200:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, n + 200), hard))
        self.ports, self.echo = ports, echo
        self.server = socket_in(h2.name, PORT)
        self.clients = [socket_in(h1.name, ports + i) for i in range(n)]
        self.epoll = select.epoll()
        for i, s in enumerate(self.clients):
            s.connect((h2.ip, PORT))
            self.epoll.register(s, select.EPOLLIN)
        self.by_fd = {s.fileno(): i for i, s in enumerate(self.clients)}
        self.next = [0] * n             # of each flow: the number that it sends next,
        self.seen_there = [-1] * n      # the last that h2 has seen,
        self.seen_back = [-1] * n       # and that has come back
        self.spoke = [float('-inf')] * n        # and when it sent last
        self.deaf = False               # nothing has come back, the last time that one was waited for
        self.sent = self.came_there = self.came_back = self.disorder = 0
        self.gone = 0                   # of those sent: will never come

    def _there(self):
        """What has come to h2 may go back."""
        n = 0
        try:
            while n < 64:
                data, peer = self.server.recvfrom(64)
                n += 1
                i, k = peer[1] - self.ports, int(data)
                self.disorder += k <= self.seen_there[i]
                self.seen_there[i] = k
                if self.echo:
                    self.server.sendto(data, peer)
        except BlockingIOError:
            pass
        self.came_there += n
        return n

    def _back(self):
        n = 0
        for fd, _ in self.epoll.poll(0, 128):
            i = self.by_fd[fd]
            try:
                while True:
                    k = int(self.clients[i].recv(64))
                    n += 1
                    self.disorder += k <= self.seen_back[i]
                    self.seen_back[i] = k
            except BlockingIOError:
                pass
        self.came_back += n
        self.deaf = self.deaf and n == 0
        return n

    def pending(self):
        return self.sent - (self.came_back if self.echo else self.came_there)

    def _send_one(self, i):
        self.clients[i].send(b'%010d' % self.next[i])
        self.next[i] += 1
        self.sent += 1

    def _introduce(self, i):
        """A flow that the taps do not know: its first packet goes and comes back alone. Those behind it would come by another queue as soon as
        the answer has taught them that, and overtake."""
        want, end = self.came_back + self.pending() - self.gone + 1, time.monotonic() + 0.3
        self._send_one(i)
        while self.came_back < want and time.monotonic() < end:
            if self._there() + self._back() == 0:
                time.sleep(0.0002)
        self.deaf = self.came_back < want

    def send(self, n):
        for _ in range(n):
            i, now = self.sent // IN_A_ROW % len(self.clients), time.monotonic()
            if self.echo and not self.deaf and now - self.spoke[i] > TAP_KEEPS:
                self._introduce(i)
            else:
                self._send_one(i)
            self.spoke[i] = now

    def run(self, packets, window=256, patience=5):
        """Sends so many; all of them, and what send() has sent before, come there and back, unless nothing moves for `patience` seconds.
        Returns how many more are lost now."""
        gone = self.gone
        target, end = self.sent + packets, time.monotonic() + patience
        while self.sent < target or self.pending() > gone:
            n = max(0, min(64, target - self.sent, window - (self.pending() - gone)))
            self.send(n)
            if n + self._there() + self._back() > 0:
                end = time.monotonic() + patience
            elif time.monotonic() > end:
                break
            else:
                time.sleep(0.0002)
        self.gone = self.pending()
        return self.gone - gone

    def close(self):
        for s in self.clients + [self.server]:
            s.close()
        self.epoll.close()
