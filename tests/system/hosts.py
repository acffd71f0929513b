"""Linux hosts on either side of the router. A host is anything with:

    name, ip, mac, ifname, gateway
    run(command, timeout)   runs a shell command on it to the end: Result
    start(command)          in the background: a job with wait(timeout) -> Result, output(), stop()

Here: hosts that are network namespaces of this machine (inside `unshare -Urnm`, where we are root). peer.py has the same in a guest."""
import array
import fcntl
import os
import re
import shlex
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time


class Result:
    def __init__(self, command, code, out):
        self.command, self.code, self.out = command, code, out

    def check(self):
        assert self.code == 0, f'`{self.command}` exited {self.code}:\n{self.out}'
        return self

    def __repr__(self):
        return f'<{self.command!r} -> {self.code}:\n{self.out}>'


def sh(command):
    r = subprocess.run(command, shell=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return Result(command, r.returncode, r.stdout + r.stderr)


class Job:
    def __init__(self, command, argv):
        self.command = command
        self.file = tempfile.TemporaryFile()
        self.p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self.file, stderr=self.file, start_new_session=True)

    def output(self):
        self.file.seek(0)
        return self.file.read().decode('utf-8', 'replace')

    def wait(self, timeout=60):
        try:
            self.p.wait(timeout)
        except subprocess.TimeoutExpired:
            self.stop('KILL')
            raise TimeoutError(f'{self.command}: still running after {timeout} s: {self.output()}') from None
        return Result(self.command, self.p.returncode, self.output())

    def stop(self, sig='TERM'):
        if self.p.poll() is None:
            os.killpg(self.p.pid, getattr(signal, 'SIG' + sig))
            try:
                self.p.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.p.pid, signal.SIGKILL)
                self.p.wait()


def wait_for(job, text, timeout=60):
    """Until the job has printed the text."""
    end = time.monotonic() + timeout
    while text not in job.output():
        assert time.monotonic() < end, job.output()
        time.sleep(0.2)


# Sends random bytes over TCP, blocks of 8,192 that both sides can make, each with its number in front and each another piece of them; the
# other side compares every byte and says how many came. Both families. Cheap for a guest, where hashing would take longer than the network.
BLOCKS = """import random, socket, sys
R = random.Random(7777).randbytes(1 << 18)
def block(i): o = i * 4099 % (len(R) - 8184); return i.to_bytes(8, "big") + R[o:o + 8184]
"""
SERVE = BLOCKS + """s = socket.socket(socket.AF_INET6 if sys.argv[1] == "6" else socket.AF_INET); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 7777)); s.listen(); print("up", flush=True)
c, _ = s.accept(); n = 0; wrong = b""
while b := c.recv(8192, socket.MSG_WAITALL):
    if b != block(n // 8192): wrong = wrong or b"corrupted: within %d bytes from %d" % (len(b), n)
    n += len(b)
c.sendall(wrong or b"same"); c.close(); print(n)"""
SEND = BLOCKS + """c = socket.create_connection((sys.argv[1], 7777), 20); c.settimeout(60)
for i in range(int(sys.argv[2])): c.sendall(block(i))
c.shutdown(socket.SHUT_WR); d = b""
while b := c.recv(100): d += b
print(d.decode(), c.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))"""


def transfer(a, b, dst, v=4, kilobytes=400):
    """TCP from a to b's address dst of family v; every byte arrives as it was sent. Returns a's segment size in the end."""
    server = b.start(f"exec python3 -c '{SERVE}' {v}")
    try:
        wait_for(server, 'up')
        r = a.run(f"python3 -c '{SEND}' {dst} {kilobytes // 8}", timeout=60)
        m = re.search(r'^same (\d+)$', r.out, re.M)
        assert m, r
        assert server.wait(10).out.split()[-1] == str(kilobytes // 8 * 8192)
        return int(m[1])
    finally:
        server.stop()


SIOCETHTOOL, ETH_P_ALL = 0x8946, 3
# ethtool's set commands for receive and transmit checksums, scatter-gather, TSO, GSO, GRO
OFFLOADS = (0x15, 0x17, 0x19, 0x1f, 0x24, 0x2c)


def offloads_off(ifname):
    """No offload on this interface: frames leave it whole and with their checksums. In the caller's namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for c in OFFLOADS:
            value = array.array('B', struct.pack('II', c, 0))
            try:
                fcntl.ioctl(s, SIOCETHTOOL, struct.pack('16sP8x', ifname.encode(), value.buffer_info()[0]))
            except OSError:
                pass


def tap_usable():
    return os.access('/dev/net/tun', os.R_OK | os.W_OK)


TUNSETIFF, IFF_TAP, IFF_MULTI_QUEUE, IFF_NO_PI, IFF_VNET_HDR = 0x400454ca, 0x2, 0x100, 0x1000, 0x4000
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23


class NetnsHost:
    """A namespace `name` whose interface meets the router's NIC: a tap, or, where /dev/net/tun is not for us, a veth whose other
    end a relay joins to QEMU. The interface is new for each router: plug() makes it, unplug() ends it."""
    kind = 'netns'

    def __init__(self, name, mac, queues=1):
        self.name, self.mac, self.queues = name, mac, queues
        self.attach = 'tap' if tap_usable() else 'veth'
        assert self.attach == 'tap' or queues == 1
        self.ifname = f't-{name}' if self.attach == 'tap' else 'eth0'
        self.end = None         # what QEMU gets: the tap's file or the relay's socket
        self.more = []          # the files of a tap's other queues
        self.jobs = []
        sh(f'ip netns add {name} && ip -n {name} link set lo up').check()
        self.run('for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$f; done').check()

    def plug(self, cidr, gateway):
        """Makes the interface with this address and default route."""
        self.unplug()
        self.ip, self.gateway = cidr.split('/')[0], gateway
        self._plug_tap() if self.attach == 'tap' else self._plug_veth()
        n, i = self.name, self.ifname
        sh(f'ip -n {n} link set {i} address {self.mac} up mtu 1500 && ip -n {n} addr add {cidr} dev {i} && '
           f'ip -n {n} route replace default via {gateway}').check()

    def _plug_tap(self):
        flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (IFF_MULTI_QUEUE if self.queues > 1 else 0)
        files = [open('/dev/net/tun', 'r+b', buffering=0) for _ in range(self.queues)]
        for f in files:
            fcntl.ioctl(f, TUNSETIFF, struct.pack('16sH22x', self.ifname.encode(), flags))
        self.end, *self.more = files
        sh(f'ip link set {self.ifname} netns {self.name}').check()

    def _plug_veth(self):
        sh(f'ip link add v-{self.name} type veth peer name eth0 netns {self.name} && ip link set v-{self.name} up').check()
        here = os.path.dirname(os.path.abspath(__file__))
        offloads_off(f'v-{self.name}')
        sh(f'ip netns exec {self.name} {sys.executable} -c "import sys; sys.path.insert(0, {here!r}); import hosts; '
           f'hosts.offloads_off(\'eth0\')"').check()
        packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        packet.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        packet.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        packet.bind((f'v-{self.name}', ETH_P_ALL))
        self.end, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        far.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        # QEMU takes no packet socket: a process carries the frames over.
        self.relay = subprocess.Popen([sys.executable, f'{here}/relay.py', str(packet.fileno()), str(far.fileno())],
                                      pass_fds=(packet.fileno(), far.fileno()), stdin=subprocess.DEVNULL)
        packet.close()
        far.close()

    def fds(self):
        return tuple(f.fileno() for f in [self.end, *self.more])

    def netdev(self):
        """QEMU's -netdev, without id."""
        fd = self.end.fileno()
        if self.more:
            return f'tap,fds={":".join(map(str, self.fds()))}'
        return f'tap,fd={fd}' if self.attach == 'tap' else f'dgram,local.type=fd,local.str={fd}'

    def unplug(self):
        if self.end:
            for f in [self.end, *self.more]:
                f.close()
            self.end, self.more = None, []
            if self.attach == 'veth':
                self.relay.kill()
                self.relay.wait()
                sh(f'ip link del v-{self.name}').check()

    def run(self, command, timeout=30):
        return sh(f'ip netns exec {self.name} timeout {timeout} sh -c {shlex.quote(command)}')

    def start(self, command):
        j = Job(command, ['ip', 'netns', 'exec', self.name, 'sh', '-c', command])
        self.jobs.append(j)
        return j

    def stats(self):
        """The interface's own counters: packets sent to the router and received from it, and what it dropped."""
        r = self.run('for f in rx_packets tx_packets rx_dropped tx_dropped; do '
                     f'echo $f $(cat /sys/class/net/{self.ifname}/statistics/$f); done')
        return {k: int(v) for k, v in (line.split() for line in r.check().out.splitlines())}

    def stop(self):
        for j in self.jobs:
            j.stop()
        self.unplug()
        sh(f'ip netns del {self.name}')
