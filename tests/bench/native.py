"""The router's code on a real core (native/native.c) beside Debian's dpdk-testpmd, in interleaved runs on the same core. testpmd's macswap swaps two
addresses; the router forwards: checks, looks up, decrements, rewrites. Both by the processor time of the thread that works."""
import glob
import json
import os
import re
import select
import statistics
import subprocess
import time

from guest import Failed
from routers import BUILD, DEPS, TOOLS, TOP

LIBRARY = f'{BUILD}/host-opt/libsluice.so'
ROUNDS, SECONDS = 5, 0.5
PMDS = ('mempool_ring', 'net_ring', 'net_null')


def core():
    """The one to run on."""
    return max(os.sched_getaffinity(0))


def sluice(kind):
    p = subprocess.run([f'{TOOLS}/native', LIBRARY, kind, str(SECONDS), str(core())], capture_output=True, text=True, timeout=120)
    rows = [json.loads(line) for line in p.stdout.splitlines() if line.startswith('{')]
    if not rows or 'error' in rows[-1]:
        raise Failed(f'native {kind}: {rows[-1:] or p.stderr}')
    return rows[-1]         # the first one has warmed up


def find_testpmd():
    """Its path and the drivers, which must be preloaded: testpmd does not load from a directory below one that all may write to."""
    subprocess.run([f'{TOP}/tests/deps.sh', 'bench'], env={**os.environ, 'SLUICE_DEPS': DEPS}, stdout=subprocess.DEVNULL)
    for root in ('', DEPS):
        programs = glob.glob(f'{root}/usr/bin/dpdk-testpmd')
        drivers = [glob.glob(f'{root}/usr/lib/x86_64-linux-gnu/librte_{d}.so.*') for d in PMDS]
        if programs and all(drivers):
            return programs[0], [sorted(d)[0] for d in drivers]
    raise Failed('no dpdk-testpmd: its package could not be had (tests/deps.sh bench)')


def worker_ns(pid):
    """Processor time of the thread that forwards."""
    for path in glob.glob(f'/proc/{pid}/task/*/comm'):
        with open(path) as f:
            if re.match(r'(rte|lcore)-worker', f.read()):
                with open(path.replace('comm', 'schedstat')) as g:
                    return int(g.read().split()[0])
    raise Failed('testpmd has no worker')


class Testpmd:
    """vdev: net_ring0 or net_null0."""

    def __init__(self, vdev):
        program, drivers = find_testpmd()
        libraries = [os.path.dirname(drivers[0]), f'{DEPS}/lib/x86_64-linux-gnu', *filter(None, [os.environ.get('LD_LIBRARY_PATH')])]
        c = core()
        self.out, theirs = os.openpty()         # into a pipe it would print at its end only
        self.p = subprocess.Popen([program, f'--lcores=0@{c},1@{c}', '--no-huge', '--no-pci', '--no-telemetry', '--no-shconf', '-m', '64', f'--vdev={vdev}',
                                   '--', '-i', '--forward-mode=macswap', '--nb-cores=1', '--total-num-mbufs=4096', '--burst=64'], text=True,
                                  env={**os.environ, 'LD_PRELOAD': ' '.join(drivers), 'LD_LIBRARY_PATH': ':'.join(libraries)}, stdin=subprocess.PIPE, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.text = ''

    def say(self, line, until):
        self.p.stdin.write(line + '\n')
        self.p.stdin.flush()
        self.text = ''
        end = time.monotonic() + 30
        while not re.search(until, self.text):
            if not select.select([self.out], [], [], 1)[0]:
                if time.monotonic() > end:
                    raise Failed(f'testpmd, {line}: {self.text[-300:]}')
                continue
            try:
                self.text += os.read(self.out, 65536).decode(errors='replace')
            except OSError:
                raise Failed(f'testpmd ended: {self.text[-300:]}')
        return self.text

    def run(self, start):
        """Processor time and packets from its start to its end."""
        before = worker_ns(self.p.pid)
        self.say(start, r'macswap packet forwarding')
        time.sleep(SECONDS)
        text = self.say('stop', r'RX-packets: \d+ (?s:.*)RX-packets: \d+ ')
        return worker_ns(self.p.pid) - before, int(re.search(r'RX-packets: (\d+)', text)[1])

    def close(self):
        self.p.kill()
        self.p.wait()
        self.p.stdin.close()
        os.close(self.out)


def testpmd(kind):
    """Nanoseconds of the worker per packet."""
    t = Testpmd(f'net_{kind}0')
    try:
        t.say('show port summary all', 'Number of available ports')
        ns, packets = t.run('start tx_first 4' if kind == 'ring' else 'start')
        if packets < 1000:
            raise Failed(f'testpmd net_{kind}: {packets} packets')
        return ns / packets
    finally:
        t.close()


def measure(fig):
    for kind in 'ring', 'null':
        ours, theirs, why = [], [], None
        for _ in range(ROUNDS):
            ours.append(sluice(kind))
            try:
                if not why:
                    theirs.append(testpmd(kind))
            except Failed as e:
                why = str(e)
        ns = statistics.median(r['cpu_ns_per_pkt'] for r in ours)
        mhz = statistics.median(r['tsc_mhz'] for r in ours)
        fig.put(f'native/{kind}_cycles_sluice', statistics.median(r['cycles_per_pkt'] for r in ours))
        fig.put(f'native/{kind}_cpu_ns_sluice', ns)
        if why:
            fig.put(f'native/{kind}_ratio', f'no testpmd: {why}')
            continue
        fig.put(f'native/{kind}_cpu_ns_testpmd', statistics.median(theirs))
        fig.put(f'native/{kind}_cycles_testpmd', statistics.median(theirs) * mhz / 1000)
        fig.put(f'native/{kind}_ratio', statistics.median(o['cpu_ns_per_pkt'] / t for o, t in zip(ours, theirs)))
