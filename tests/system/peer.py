"""The Linux peer guest: Debian's kernel in QEMU over this machine's own root file system (read-only, by 9p), so that every
installed tool is there at once. No root, no tap: its NICs meet the router's on datagram sockets. Booted once per run; hosts in it
are network namespaces, each with the NICs that were given to it."""
import base64
import glob
import gzip
import lzma
import os
import re
import select
import shlex
import time

from hosts import Result
from qemu import Qemu

MODULES = '''virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci 9pnet 9pnet_virtio netfs fscache 9p
    overlay failover net_failover virtio_net virtio_console veth llc stp bridge'''.split()

INIT = r'''#!/bin/busybox sh
busybox mkdir -p /proc /sys /dev /ro /rw /root
busybox mount -t devtmpfs dev /dev
for m in MODULES; do busybox insmod /m/$m.ko; done
busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 hostroot /ro || busybox poweroff -f
busybox mount -t tmpfs tmpfs /rw
busybox mkdir -p /rw/u /rw/w
busybox mount -t overlay -o lowerdir=/ro,upperdir=/rw/u,workdir=/rw/w overlay /root
cd /root
for d in proc sys dev run tmp; do busybox mkdir -p $d; done
busybox mount -t proc proc proc; busybox mount -t sysfs sys sys; busybox mount -t devtmpfs dev dev
for d in run tmp; do busybox mount -t tmpfs tmpfs $d; done
busybox mkdir -p /rootTREE && busybox mount -o bind /roTREE /rootTREE	# also where that is under /tmp
busybox mkdir -p lib/modules usr/lib/modules
busybox rm -rf lib/modules/VERSION; busybox ln -s TREE/lib/modules/VERSION lib/modules/VERSION
busybox cp /bin/busybox run/busybox
busybox cp /agent run/agent
exec busybox chroot /root /bin/sh /run/agent
'''

# Reads one line of base64 at a time from the virtio port: a script; runs it; answers its status and output.
AGENT = r'''
b=/run/busybox
export HOME=/root TERM=dumb
ENV
$b mkdir -p /run/netns /run/bin /dev/shm; $b hostname peer
$b ln -s /run/busybox /run/bin/modprobe
PATH=$PATH:/usr/sbin:/usr/bin:/sbin:/bin:/run/bin
ip link set lo up
port=/dev/vport0p1; [ -e $port ] || port=/dev/$($b ls /dev | $b grep vport | $b head -n 1)
exec 3<>$port
echo "@ready" >&3
while read -r line <&3; do
	echo "$line" | $b base64 -d >/run/script
	sh /run/script </dev/null >/run/out 2>&1
	echo "@ $?" >&3
	$b base64 </run/out >&3
	echo "@end" >&3
done
$b poweroff -f
'''


def _cpio(entries):
    """A newc archive of (name, mode, bytes)."""
    out = bytearray()
    for i, (name, mode, data) in enumerate(entries + [('TRAILER!!!', 0, b'')]):
        head = [i + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        out += b'070701' + b''.join(b'%08x' % v for v in head) + name.encode() + b'\0'
        out += b'\0' * (-len(out) % 4) + data
        out += b'\0' * (-len(out) % 4)
    return bytes(out)


def find_kernel(deps):
    """(version, image) of the unpacked kernel; named explicitly, as several may be there."""
    images = sorted(glob.glob(f'{deps}/boot/vmlinuz-*'))
    if not images:
        raise FileNotFoundError('no kernel for the peer guest: run `make deps-test`')
    return images[-1].split('vmlinuz-', 1)[1], images[-1]


def _module(tree, version, name):
    for p in glob.glob(f'{tree}/lib/modules/{version}/kernel/**/{name}.ko*', recursive=True):
        with open(p, 'rb') as f:
            data = f.read()
        return lzma.decompress(data) if p.endswith('.xz') else data
    return None         # built in


def build_initramfs(deps, path):
    version, _ = find_kernel(deps)
    found = {n: _module(deps, version, n) for n in MODULES}
    have = [n for n in MODULES if found[n] is not None]
    init = INIT.replace('MODULES', ' '.join(have)).replace('VERSION', version).replace('TREE', deps)
    env = ''.join(f'export {k}={shlex.quote(os.environ[k])}\n' for k in
                  ('PATH', 'LD_LIBRARY_PATH', 'PYTHONPATH') if k in os.environ)
    with open(f'{deps}/bin/busybox', 'rb') as f:
        busybox = f.read()
    e = [(d, 0o40755, b'') for d in ('bin', 'm', 'dev')]
    e += [('bin/busybox', 0o100755, busybox), ('init', 0o100755, init.encode()), ('agent', 0o100755, AGENT.replace('ENV', env).encode())]
    e += [(f'm/{n}.ko', 0o100644, found[n]) for n in have]
    with open(path + '.new', 'wb') as f:
        f.write(gzip.compress(_cpio(e), 1))
    os.rename(path + '.new', path)


class Peer:
    """nics: list of (name, netdev string without id, mac). Each becomes an interface of that name in the guest."""

    def __init__(self, work, nics, mem=256, name='peer', nic='virtio-net-pci', fds=()):
        deps = os.environ['SLUICE_DEPS']
        version, image = find_kernel(deps)
        initrd = f'{work}/{name}.img'
        build_initramfs(deps, initrd)
        a = ['-kernel', image, '-initrd', initrd,
             '-append', 'console=ttyS0 quiet mitigations=off panic=-1 net.ifnames=0 random.trust_cpu=on',
             '-fsdev', 'local,id=r,path=/,security_model=none,readonly=on,multidevs=remap',
             '-device', 'virtio-9p-pci,fsdev=r,mount_tag=hostroot',
             '-device', 'virtio-serial-pci', '-chardev', f'socket,id=agent,path={work}/{name}.agent,server=on,wait=off',
             '-device', 'virtserialport,chardev=agent,name=agent', '-device', 'virtio-rng-pci']
        for ifname, netdev, mac in nics:
            a += ['-netdev', netdev.replace(',', f',id={ifname},', 1), '-device', f'{nic},netdev={ifname},mac={mac},romfile=']
        self.qemu = Qemu(work, name, a, mem=mem, fds=fds)
        self.macs = {ifname: mac for ifname, _, mac in nics}
        self.sock = self.qemu.connect(f'{work}/{name}.agent')
        self.sock.setblocking(False)
        self.buf = b''
        self.hosts = {}
        self.ready = False
        self.version = version

    def wait_ready(self, timeout=90):
        """After this the interfaces bear their names, down, in the root namespace."""
        if self.ready:
            return
        self._until(b'@ready\n', timeout)
        self.ready = True
        names = self.sh('for i in /sys/class/net/*; do echo $(cat $i/address) ${i##*/}; done').check().out
        for line in names.splitlines():
            mac, ifname = line.split()
            for want, m in self.macs.items():
                if m == mac and ifname != want:
                    self.sh(f'ip link set {ifname} down; ip link set {ifname} name {want}').check()

    def _until(self, mark, timeout):
        end = time.monotonic() + timeout
        while mark not in self.buf:
            if not self.qemu.alive():
                raise RuntimeError(f'the peer guest ended: {self.qemu.log()[-2000:]} {self.qemu.stderr()}')
            if not select.select([self.sock], [], [], 0.5)[0]:
                if time.monotonic() > end:
                    raise TimeoutError(f'the peer guest does not answer; its console: {self.qemu.log()[-2000:]}')
                continue
            self.buf += self.sock.recv(65536)
        text, self.buf = self.buf.split(mark, 1)
        return text

    def sh(self, script, timeout=30):
        """Runs a shell script in the guest's root namespace."""
        self.wait_ready()
        line = base64.b64encode(script.encode()) + b'\n'
        while line:
            select.select([], [self.sock], [], 5)
            line = line[self.sock.send(line):]
        text = self._until(b'@end\n', timeout).decode()
        m = re.match(r'\s*@ (\d+)\n(.*)', text, re.S)
        return Result(script, int(m[1]), base64.b64decode(m[2]).decode('utf-8', 'replace'))

    def host(self, name, ifname, cidr, gateway):
        """A host in the guest: namespace `name` with that interface."""
        if name not in self.hosts:
            self.sh(f'ip netns add {name} && ip -n {name} link set lo up && ip link set {ifname} netns {name}').check()
            self.hosts[name] = PeerHost(self, name, ifname)
        h = self.hosts[name]
        h.configure(cidr, gateway)
        return h

    def stop(self):
        self.sock.close()
        self.qemu.stop()


class PeerJob:
    def __init__(self, peer, ident, command):
        self.peer, self.ident, self.command = peer, ident, command

    def wait(self, timeout=60):
        end = time.monotonic() + timeout
        while True:
            r = self.peer.sh(f'[ -e /run/job{self.ident}.rc ] && cat /run/job{self.ident}.rc')
            if r.code == 0 and r.out.strip():
                return Result(self.command, int(r.out), self.output())
            if time.monotonic() > end:
                self.stop()
                raise TimeoutError(f'{self.command}: still running after {timeout} s: {self.output()}')
            time.sleep(0.3)

    def output(self):
        return self.peer.sh(f'cat /run/job{self.ident}.out').out

    def stop(self, signal='TERM'):
        self.peer.sh(f'p=$(cat /run/job{self.ident}.pid); kill -{signal} -$p 2>/dev/null; kill -{signal} $p 2>/dev/null; true')


class PeerHost:
    """See hosts.Host for the contract."""
    kind = 'peer'

    def __init__(self, peer, name, ifname):
        self.peer, self.name, self.ifname = peer, name, ifname
        self.njobs = 0

    def configure(self, cidr, gateway):
        self.ip, self.gateway = cidr.split('/')[0], gateway
        self.mac = self.peer.macs[self.ifname]
        n, i = self.name, self.ifname
        self.peer.sh(f'''ip netns exec {n} sh -c 'for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$f; done'
            ip -n {n} addr flush dev {i}; ip -n {n} link set {i} up mtu 1500; ip -n {n} addr add {cidr} dev {i}
            ip -n {n} neigh flush all; ip -n {n} route replace default via {gateway}''').check()

    def run(self, command, timeout=30):
        return self.peer.sh(f'ip netns exec {self.name} timeout {timeout} sh -c {shlex.quote(command)}', timeout + 15)

    def start(self, command):
        self.njobs += 1
        ident = f'{self.name}.{self.njobs}'
        j = f'/run/job{ident}'
        self.peer.sh(f'''cat >{j}.sh <<'END_OF_JOB'
{command}
END_OF_JOB
            (setsid sh -c 'echo $$ >{j}.pid; ip netns exec {self.name} sh {j}.sh
                echo $? >{j}.rc.n; mv {j}.rc.n {j}.rc' </dev/null >{j}.out 2>&1 &)
            while [ ! -e {j}.pid ]; do sleep 0.05; done''').check()
        return PeerJob(self.peer, ident, command)
