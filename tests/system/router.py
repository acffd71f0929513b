"""The router under test: the real ELF in QEMU, its console, and what its commands say."""
import os
import re

import parse
from console import ESCAPES, Console, Timeout
from qemu import Qemu, QemuError

BUILD = os.environ.get('SLUICE_B', 'build')
ELF32, ELF64 = f'{BUILD}/sluice.elf32', f'{BUILD}/sluice.elf'
MACS = ('52:54:00:00:00:0a', '52:54:00:00:00:0b')

# Two Ethernets; .1 is the router, .2 the host.
CONF = '''# /etc/myname
dut.example
# /etc/hostname.vio0
inet 10.0.1.1 255.255.255.0
up
# /etc/hostname.vio1
inet 10.0.2.1/24
# /etc/sysctl.conf
net.inet.ip.forwarding=1
'''


class Nic:
    """netdev: QEMU's -netdev without id. fds: descriptors that it names."""

    def __init__(self, netdev, mac, model='virtio-net-pci', fds=()):
        self.netdev, self.mac, self.model, self.fds = netdev, mac, model, fds

    def args(self, ident):
        kind, _, rest = self.netdev.partition(',')
        return ['-netdev', f'{kind},id={ident}' + (f',{rest}' if rest else ''),
                '-device', f'{self.model},id=dev{ident},netdev={ident},mac={self.mac}']


class Router:
    """nics: [Nic]. conf: the bundle's text, or None for none. how: the way it boots and gets its configuration:
    module (multiboot, ELF32), fwcfg (ELF32 and fw_cfg), pvh (ELF64, configuration as the initrd), pvh-fwcfg, or bare (`extra` brings
    the boot medium)."""

    is_sluice = True
    is_ready = False
    expect_panic = False        # set by a test that has made it panic

    def __init__(self, work, nics, conf=CONF, how='module', mem=64, machine='pc', extra=(), append='',
                 name='dut', reboots=False, cpu='max,-erms'):
        self.work, self.name, self.conf = work, name, conf
        a = []
        for i, n in enumerate(nics):
            a += n.args(f'n{i}')
        if how != 'bare':
            a = [x + ',romfile=' if x.startswith(('virtio-net', 'e1000')) else x for x in a]
        path = f'{work}/{name}.conf'
        if conf is not None:
            with open(path, 'wb') as f:
                f.write(conf if isinstance(conf, bytes) else conf.encode())
        if how in ('module', 'fwcfg', 'none'):
            a += ['-kernel', ELF32]
        elif how in ('pvh', 'pvh-fwcfg'):
            a += ['-kernel', ELF64]
        if conf is not None and how in ('module', 'pvh'):
            a += ['-initrd', f'{path} sluice.conf' if how == 'module' else path]
        if conf is not None and how in ('fwcfg', 'pvh-fwcfg'):
            a += ['-fw_cfg', f'name=opt/sluice.conf,file={path}']
        if append:
            a += ['-append', append]
        fds = [fd for n in nics for fd in n.fds]
        self.qemu = Qemu(work, name, a + list(extra), mem=mem, machine=machine, cpu=cpu, fds=fds, reboots=reboots, waits=True)
        try:
            self.con = Console(self.qemu.connect(self.qemu.console_path()))
        except QemuError:
            self.qemu.stop()
            raise

    def wait_ready(self, timeout=30):
        """The shell's prompt stands; configuration has loaded before it appears, or has been refused."""
        try:
            self.con.wait_prompt(timeout)
        except Timeout as e:
            raise Timeout(f'{e}\nserial log: {self.serial()[-3000:]}\nQEMU: {self.qemu.stderr()}') from None
        self.con.drain(quiet=0.05)
        self.is_ready = True
        return self

    def cmd(self, line, timeout=15):
        return self.con.cmd(line, timeout)

    def load(self, bundle):
        """Types `load <<EOF`; returns (exit status, what was printed)."""
        self.con.drain(quiet=0)
        self.con.send('load <<"END_OF_BUNDLE"\r')
        for line in bundle.splitlines():
            self.con.send(line + '\r')
        self.con.send('END_OF_BUNDLE\r')
        text, _ = self.con.expect(self.con.PROMPT, 20)
        return self.cmd('echo $?').strip(), text

    def serial(self):
        """All that the serial port has said since the start, without colours and carriage returns. (QEMU's own log of it is no
        witness: it doubles characters when the socket is full.)"""
        if self.con.sock.fileno() >= 0:
            while self.con.fill(0):
                pass
        return ESCAPES.sub('', self.con.seen).replace('\r', '')

    def stop(self):
        self.con.sock.close()
        self.qemu.stop()

    def set_mtu(self, ifname, mtu):
        assert self.cmd(f'ifconfig {ifname} mtu {mtu}') == ''

    # ---- commands, parsed

    def ifconfig(self, name=''):
        return parse.ifconfig(self.cmd(f'ifconfig {name}'.rstrip()))

    def netstat_s(self):
        return parse.netstat_s(self.cmd('netstat -s'))

    def netstat_rn(self):
        return parse.netstat_rn(self.cmd('netstat -rn'))

    def netstat_in(self):
        return parse.netstat_in(self.cmd('netstat -in'))

    def arp(self):
        return parse.arp_an(self.cmd('arp -an'))

    def kstat(self, pattern=''):
        return parse.kstat(self.cmd(f'kstat {pattern}'.rstrip()))

    def counters(self):
        """Every number that an end check or a test of a drop may need: {(group, sentence): n}, queues as ('vio0:0:rxq:0', key)."""
        c = dict(self.netstat_s())
        for name, values in self.kstat().items():
            for k, v in values.items():
                if isinstance(v, int):
                    c[name, k] = v
        return c

    def balance(self):
        """{received, created, sent, dropped, consumed, queued, difference}: packets, since the start."""
        text = self.cmd('netstat -s -s -v')
        rows = dict((m[2], int(m[1])) for m in re.finditer(r'^\t(-?\d+)(?: packets?)? (\w+)$', text.split('balance:\n')[1], re.M))
        assert {'received', 'sent', 'dropped', 'difference'} <= rows.keys(), text
        return rows

    def totals(self, ifname):
        """Packets in and out of an interface, and what its queues have dropped: (in, out, dropped in, dropped out)."""
        k = self.kstat(f'{ifname}:::')
        rx = [v for n, v in k.items() if ':rxq:' in n]
        tx = [v for n, v in k.items() if ':txq:' in n]
        total = lambda rows, key: sum(r.get(key, 0) for r in rows)  # noqa: E731
        return (total(rx, 'packets'), total(tx, 'packets'), total(rx, 'qdrops') + total(rx, 'nombufs') + total(rx, 'errors'),
                total(tx, 'qdrops') + total(tx, 'errors'))


class Delta:
    """with Delta(router) as d: ...; then d.grew(...)."""

    def __init__(self, router):
        self.router = router

    def __enter__(self):
        self.before = self.router.counters()
        return self

    def look(self):
        self.after = self.router.counters()
        return self

    def __exit__(self, *exc):
        self.after = self.before
        if exc[0] is None:
            self.look()
        return False

    def growth(self, group, name):
        key = (group, name) if ':' in group else (group, parse.singular(name))
        if key not in self.after:
            raise KeyError(f'{key}: the router has no such counter; it has {sorted(map(str, self.after))}')
        return self.after[key] - self.before.get(key, 0)

    def grew(self, group, name, by, most=None):
        """Asserts that the counter has grown by `by`, or by `by` to `most`. group: netstat -s's paragraph with the sentence as name
        (plural or not), or a kstat's name with the value's."""
        n = self.growth(group, name)
        most = by if most is None else most
        assert by <= n <= most, f'{group}: {name}: grew by {n}, not {by}; all that grew: {self.grown(".")}'

    def grown(self, pattern):
        """{key: growth} of all counters whose "group: sentence" matches, with the sentence as parse.singular() leaves it."""
        return {k: v - self.before.get(k, 0) for k, v in self.after.items()
                if v != self.before.get(k, 0) and re.search(pattern, f'{k[0]}: {k[1]}')}

    def spoken(self):
        """How many packets the router sent of its own accord: they may be among those that an overloaded queue lost."""
        return sum(self.grown(r'^arp: .*(announcement|prob|request)').values())
