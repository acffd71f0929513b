"""Measures the router with the kit in ../shared/bench and prints JSON lines: instructions per forwarded packet, with the mean batch, on each
card; the same for one packet at a time, from sleep to sleep; time from QEMU's start to the first forwarded packet above that of a kernel
that only prints; size of the stripped file.
With --check it fails when a bound is exceeded."""
import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get('SLUICE_B', f'{TOP}/build'))
KIT = os.environ.get('SLUICE_BENCH_KIT', f'{os.path.dirname(TOP)}/shared/bench')
RG = os.environ.get('RG_BIN', f'{TOP}/build/rg')
ELF32 = f'{BUILD}/sluice.elf32'
QEMU = os.environ.get('QEMU', 'qemu-system-x86_64')

# As the kit gives the router, so that the firmware has the same to do.
NICS = [a for i in 'ab' for a in ('-netdev', f'user,id={i},restrict=on', '-device', f'virtio-net-pci,netdev={i}')]
BOUNDS = {'insn_per_pkt': 300, 'insn_one_pkt': 930, 'locks_per_pkt': 0, 'boot_above_empty_ms': 150, 'stripped_bytes': 700_000}


def say(**figures):
    print(json.dumps(figures), flush=True)


def rg(*options, nic='virtio', memory='64', label='sluice', runs=()):
    """Runs the kit; returns its JSON lines."""
    argv = [sys.executable, f'{KIT}/rg.py', '--bin', RG, '--nic', nic, '--mem', memory, '--label', label, '--timeout', '120', *options]
    for r in runs:
        argv += ['--run', r]
    with tempfile.NamedTemporaryFile('w', suffix='.conf') as conf, open(f'{HERE}/router.conf') as f:
        conf.write(f.read() if nic == 'virtio' else re.sub(r'\bvio(\d)', r'em\1', f.read()))
        conf.flush()
        p = subprocess.run(argv + ['--', '-kernel', ELF32, '-initrd', f'{conf.name} sluice.conf'], capture_output=True, text=True, timeout=600)
    rows = [json.loads(line) for line in p.stdout.splitlines() if line.startswith('{')]
    if not rows or any('error' in r for r in rows):
        sys.exit(f'bench: the kit failed: {rows} {p.stderr[-3000:]}')
    return rows


def batch_of(serial):
    """{stage: packets, batches} from the kstat lines on the console."""
    return {m[1]: (int(m[2]), int(m[3])) for m in
            re.finditer(r'stage:0:(\w+):0\s+packets: (\d+) packets\s+batches: (\d+)', serial.replace('\r', ''))}


def instructions(seconds):
    """With the gate at two values, which must agree; then without, as the guest sleeps when idle."""
    with tempfile.TemporaryDirectory() as d:
        worst = 0
        for gate in (40000, 20000):
            # The last run asks the console for the stages' counters.
            rows = rg('--gate', '--serial', f'{d}/serial', runs=[f'-m sat -t {seconds} -f 64 -s 64 --gate {gate}',
                                                                '-m steady --rate 100 -t 3 --say 1:kstat'])
            row = rows[0]
            with open(f'{d}/serial', errors='replace') as f:
                stages = batch_of(f.read())
            packets, batches = stages.get('ip_forward', (0, 0))
            say(what='insn', gate=gate, insn_per_pkt=row.get('insn_per_pkt'), pps=row.get('pps'), lost=row.get('lost'),
                mean_batch=round(packets / batches, 1) if batches else None)
            worst = max(worst, row['insn_per_pkt'])
        row = rg('--count', runs=[f'-m sat -t {seconds} -f 64 -s 64'])[0]
        say(what='insn', gate=None, insn_per_pkt=row.get('insn_per_pkt'), pps=row.get('pps'), lost=row.get('lost'))
        return worst


def cards(seconds):
    """Each card in bulk, and one packet at a time: sleep, interrupt, forward, sleep. Runs of two lengths show that the latter has no share of
    anything that is done once. The worst of both, and of locked instructions."""
    bulk, one, locks = 0, 0, 0
    for nic in ('virtio', 'e1000', 'e1000e'):
        row = rg('--gate', nic=nic, runs=[f'-m sat -t {seconds} -f 64 -s 64 --gate 40000'])[0]
        say(what='insn', nic=nic, gate=40000, insn_per_pkt=row['insn_per_pkt'], locks_per_pkt=row['locks_per_pkt'], lost=row['lost'])
        bulk, locks = max(bulk, row['insn_per_pkt']), max(locks, row['locks_per_pkt'])
        for row in rg('--count', nic=nic, runs=['-m boot', '-m lat -n 1000 -s 64', '-m lat -n 3000 -s 64'])[1:]:
            say(what='one', nic=nic, packets=row['recv'], insn_one_pkt=row['insn_per_pkt'], locks_per_pkt=row['locks_per_pkt'], lost=row['lost'])
            one, locks = max(one, row['insn_per_pkt']), max(locks, row['locks_per_pkt'])
    return bulk, one, locks


def time_to_print(kernel, pattern, d):
    """Seconds from QEMU's exec until its serial port has said the pattern."""
    path = f'{d}/serial.sock'
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(1)
    t0 = time.monotonic()
    p = subprocess.Popen([QEMU, '-accel', 'tcg', '-M', 'pc', '-cpu', 'max,-erms', '-m', '64', '-nodefaults', '-no-user-config',
                          '-display', 'none', '-no-reboot', '-serial', f'unix:{path}', '-kernel', kernel] + NICS, stdin=subprocess.DEVNULL)
    try:
        listener.settimeout(20)
        con, _ = listener.accept()
        con.settimeout(20)
        text = b''
        while not re.search(pattern, text):
            data = con.recv(4096)
            if not data:
                sys.exit(f'bench: {kernel} ended without a word')
            text += data
        return time.monotonic() - t0
    finally:
        p.kill()
        p.wait()
        listener.close()
        os.unlink(path)


def boot_time(rounds):
    """Medians of interleaved runs."""
    empty, ours = [], []
    with tempfile.TemporaryDirectory() as d:
        for _ in range(rounds):
            empty.append(time_to_print(f'{BUILD}/empty.elf32', rb'\n', d) * 1000)
            row = rg(runs=['-m boot'])[0]
            ours.append(row['boot_to_first_packet_s'] * 1000)
    above = statistics.median(ours) - statistics.median(empty)
    say(what='boot', first_packet_ms=round(statistics.median(ours)), empty_ms=round(statistics.median(empty)), above_ms=round(above),
        lowest_above_ms=round(min(ours) - min(empty)), rounds=rounds)
    return min(above, min(ours) - min(empty))


def stripped():
    with tempfile.TemporaryDirectory() as d:
        subprocess.run(['strip', '-o', f'{d}/elf', f'{BUILD}/sluice.elf'], check=True)
        n = os.path.getsize(f'{d}/elf')
    say(what='size', stripped_bytes=n)
    return n


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--check', action='store_true', help='short runs; fail when a bound is exceeded')
    ap.add_argument('--only', choices=['insn', 'cards', 'boot', 'size'])
    o = ap.parse_args()
    if not os.path.exists(f'{KIT}/rg.py'):
        if o.check:
            print(f'bench-check: optional: no kit in {os.path.relpath(KIT, TOP)}; only the size is checked', flush=True)
            return 1 if stripped() > BOUNDS['stripped_bytes'] else 0
        sys.exit(f'bench: no kit in {os.path.relpath(KIT, TOP)} (SLUICE_BENCH_KIT=DIR names another place)')
    os.makedirs(RG, exist_ok=True)
    subprocess.run(['make', '-s', '-C', KIT, f'RG_BIN={RG}'], check=True)
    figures = {}
    if o.only in (None, 'size'):
        figures['stripped_bytes'] = stripped()
    if o.only in (None, 'boot'):
        figures['boot_above_empty_ms'] = boot_time(5 if o.check else 7)
    if o.only in (None, 'insn'):
        figures['insn_per_pkt'] = instructions(2 if o.check else 5)
    if o.only in (None, 'cards'):
        bulk, figures['insn_one_pkt'], figures['locks_per_pkt'] = cards(2 if o.check else 5)
        figures['insn_per_pkt'] = max(bulk, figures.get('insn_per_pkt', 0))
    over = {k: v for k, v in figures.items() if v > BOUNDS[k]}
    say(what='result', figures=figures, bounds=BOUNDS, over=sorted(over))
    return 1 if over and o.check else 0


if __name__ == '__main__':
    sys.exit(main())
