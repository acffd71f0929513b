"""`make bench`: measures the router, next to Linux in the same kind of guest, and appends the figures to history.jsonl; report.py makes a page
of them. `make bench-check` (--check): the counted ones only, against baseline.json.

A figure's name is ROUTER/NIC/CASE/FIGURE. Counts (insn_*, locks, lines) depend on the code alone: packets come in bursts of 256, which the guest
finds in its ring when it is let go, and a figure is the median of 200 bursts from sleep to sleep; so neither the host's load nor timers
are in them. Seconds, packets a second and microseconds are this machine's at this moment."""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import native
import report
import routes
import rules
from guest import Failed, Guest
from routers import BUILD, Linux, Sluice, TOOLS, TOP

HERE = os.path.dirname(os.path.abspath(__file__))
HISTORY, BASELINE = f'{HERE}/history.jsonl', f'{HERE}/baseline.json'
CARDS = ('virtio', 'e1000', 'e1000e')
FLOWS = (1, 64, 1000, 10000, 100000, 1000000)
ROUTES = (1000, 10000, 100000, 1000000)
FLOWS_MEMORY = 2304     # MB: a million flows find room in the part of it that flows have
SLACK = 1.03            # a counted figure may be so much above the baseline
SIZE6 = 74              # the shortest IPv6 frame that holds what the generator writes

# What --check insists on, whatever the baseline says, by the end of a figure's name.
CARD = '/(virtio|e1000|e1000e)'
BOUNDS = [(CARD + r'/ipv[46]/insn_per_pkt$', 300), (CARD + r'/ipv4/flow/insn_per_pkt$', 190), (CARD + r'/ipv6/flow/insn_per_pkt$', 200),
          (CARD + r'/new/flow/insn_per_pkt$', 900), (r'/pf/ipv[46]/flow/insn_per_pkt$', 230), (r'/pf/rules:1000/insn_per_pkt$', 230),
          (r'/pf/tcp/insn_per_pkt$', 270), (r'/pf/nat/insn_per_pkt$', 250),
          (r'/pf/rules:1000/new/insn_per_pkt$', 2500), (r'/pf/blocked/insn_per_pkt$', 600), (r'/pf/full/insn_per_pkt$', 400),
          (r'/(virtio|e1000)/one/insn_per_pkt$', 900), (r'/locks_per_pkt$', 0),
          (r'^sluice/boot/above_empty_cpu_ms$', 150), (r'^sluice/size/stripped_bytes$', 700000)]


class Figures:
    """What has been measured so far: numbers, or a text that says why there is none."""

    def __init__(self):
        self.all = {}

    def put(self, name, value):
        if isinstance(value, float):
            value = round(value, 3)
        self.all[name] = value
        print(json.dumps({name: value}), flush=True)

    def burst(self, name, row):
        self.put(f'{name}/insn_per_pkt', row['insn_per_pkt'])
        self.put(f'{name}/locks_per_pkt', row['locks_per_pkt'])
        if 'lines_per_pkt' in row:
            self.put(f'{name}/lines_per_pkt', row['lines_per_pkt'])


def again(run):
    """A second time, when the first failed: on a host under load a vCPU may get no turn for seconds. Says so. run gets the attempt's number, from
    1 on: connections of the second are others than those of the first."""
    try:
        return run(1)
    except Failed as e:
        print(f'bench: once more: {e}', flush=True)
        return run(2)


def quiet(g, seed, *options):
    """A burst measurement; when something else had a turn in half of the bursts (a timer, a second's first packets), another, of three at most: on a
    host under load a burst takes long. The one with the least median."""
    rows = []
    step = 2 if '-T' in options else 0          # whoever comes again with another sequence number is not believed; other flows are taken as known
    while len(rows) < 3 and not (rows and rows[-1]['insn_per_pkt'] <= rows[-1]['insn_p10'] * SLACK):
        rows.append(g.gen('burst', '-r', seed + step * len(rows) if step else 1, *options))
    return min(rows, key=lambda r: r['insn_per_pkt'])


def measure(g, fig, prefix, cases):
    """Each case (name, what the generator is given) as the guest is."""
    for case, options in cases:
        try:
            fig.burst(f'{prefix}/{case}', again(lambda seed: quiet(g, seed, *options)))
        except Failed as e:
            fig.put(f'{prefix}/{case}/insn_per_pkt', f'failed: {e}')


def flow_cases(router, g, fig, prefix, cases):
    """Each case (name, what the generator is given) without the flow path and with it."""
    g.gen('boot')
    for on in (False, True):
        why = router.flow_path(g, on)
        for case, options in cases:
            name = f'{prefix}/{case}' + ('/flow' if on else '')
            if why:
                if router.name == 'sluice':
                    fig.put(f'{name}/insn_per_pkt', why)
                continue
            before = router.batch(g)
            try:
                fig.burst(name, again(lambda seed: g.gen('burst', *options)))
            except Failed as e:
                fig.put(f'{name}/insn_per_pkt', f'failed: {e}')
                continue
            if before:
                packets, batches = (b - a for a, b in zip(before, router.batch(g)))
                fig.put(f'{name}/mean_batch', packets / max(batches, 1))


def plain(router, nic, fig, bursts=200):
    """What each card costs. QEMU's 82574, once it has put an interrupt off, sends a second one after each, for ever: 86 instructions of its one packet
    at a time are that one's."""
    n = ('-n', bursts)
    with router.guest(nic, gate=True) as g:
        flow_cases(router, g, fig, f'{router.name}/{nic}', [
            ('ipv4', ('-f', 64, *n)), ('ipv6', ('-6', '-s', SIZE6, '-f', 64, *n)), ('new', ('-N', *n)), ('one', ('-w', 1, *n))])


def filtered(nic, fig, bursts=200):
    """The same with states: both families, of known flows, and one packet at a time."""
    router, n = Sluice(), ('-n', bursts)
    with router.guest(nic, gate=True, rules='pass\n') as g:
        flow_cases(router, g, fig, f'sluice/{nic}/pf', [
            ('ipv4', ('-f', 64, *n)), ('ipv6', ('-6', '-s', SIZE6, '-f', 64, *n)), ('one', ('-w', 1, *n))])


def storm(router, g, fig, name, n):
    """Routes change, twenty times, and so every flow is stale. The next packet of each costs a look-up, whatever has changed how often, and the one
    after that none."""
    g.gen('burst', '-f', n, '-n', 20)           # they are known
    for i in range(20):
        g.cmd(f'route -q add 10.77.{i}.0/24 10.0.1.2')
    for case in 'stale', 'renewed':
        before = router.flow_counts(g)
        row = g.gen('burst', '-K', '-f', n)
        hits, renewed, made = (b - a for a, b in zip(before, router.flow_counts(g)))
        fig.burst(f'{name}/{case}/flow', row)
        fig.put(f'{name}/{case}/flow/lookups_per_pkt', renewed / max(hits, 1))
        if hits < n / 20 or renewed > hits or made > hits / 1000 or (case == 'renewed' and renewed > hits / 1000):
            raise Failed(f'{name}/{case}: {renewed} look-ups and {made} new entries for {hits} packets')


def refused(nic, fig, bursts=200):
    """1,000 rules before the one that matches: known flows, first packets, and packets from a table of 100,000 addresses, which are blocked. And
    first packets when there can be no more states."""
    card, n = 'vio' if nic == 'virtio' else 'em', ('-n', bursts)
    bad = rules.addresses(100000)
    srcs = f'{TOOLS}/bad.pfx'
    with open(srcs, 'w') as f:
        f.write('\n'.join(bad) + '\n')
    many = rules.unlike(1000, card)
    steps = [
        (f'{many}pass\n', [('rules:1000', ('-f', 64, *n))]),
        (f'set limit states 400000\n{many}pass\n', [('rules:1000/new', ('-N', *n))]),
        (f'set limit table-entries 200000\ntable <bad> {{ {" ".join(bad)} }}\n{many}block in quick on {card}0 from <bad>\npass\n',
         [('blocked', ('-x', '-S', srcs, *n))]),
        ('set limit states 128\nset timeout { adaptive.start 0 adaptive.end 0 }\npass\n', [('full', ('-f', 64, '-x', *n))])]
    for text, cases in steps:
        with Sluice().guest(nic, gate=True, mem=512, rules=text, patience=180) as g:
            Sluice().wait_up(g)
            g.gen('boot')
            measure(g, fig, f'sluice/{nic}/pf', cases)


NAT = 'match out on {card}1 inet proto udp from 10.2.0.0/16 nat-to 10.0.1.1\nmatch out on {card}1 inet6 proto udp from fd00:d::/48 nat-to fd00:b::1\npass\n'


def tracked(nic, fig, bursts=200):
    """What states do for known flows on the flow path: connections, whose windows move both ways, and datagrams whose source is translated, and
    the answers' destination back."""
    card, n = 'vio' if nic == 'virtio' else 'em', ('-n', bursts)
    with Sluice().guest(nic, gate=True, mem=128, rules=NAT.format(card=card)) as g:
        g.gen('boot', '-X')
        measure(g, fig, f'sluice/{nic}/pf', [
            ('tcp', ('-T', '-f', 64, *n)), ('tcp6', ('-6', '-T', '-f', 64, *n)), ('nat', ('-X', '-f', 64, *n)), ('nat/both', ('-X', '-B', '-f', 64, *n))])


def wide_tables(nic, fig, n=100, entries=10000):
    """Rules before the one that matches ask that many tables: known flows, and first packets, which look all of them up."""
    card, bad = 'vio' if nic == 'virtio' else 'em', rules.addresses(n * entries)
    text = f'set limit {{ tables {n + 1}, table-entries {n * entries + 1000}, states 400000 }}\n'
    text += ''.join(f'table <t{i}> {{ {" ".join(bad[i::n])} }}\n' for i in range(n))
    text += ''.join(f'block in quick on {card}0 from <t{i}>\n' for i in range(n)) + 'pass\n'
    with Sluice().guest(nic, gate=True, mem=1024, rules=text, patience=300) as g:
        Sluice().wait_up(g)
        g.gen('boot')
        measure(g, fig, f'sluice/{nic}/pf', [(f'tables:{n}', ('-f', 64)), (f'tables:{n}/new', ('-N',))])


MANY_STATES = """set limit states 1400000
set timeout { udp.first 3600, udp.single 3600, udp.multiple 3600, adaptive.start 0, adaptive.end 0 }
pass
"""


def many_states(nic, fig, n=1000000):
    """Known flows and first packets beside so many other states, two of each flow; and what it costs each second that the old ones are looked for. That
    has a turn each millisecond, so bursts are short."""
    router = Sluice()
    with router.guest(nic, gate=True, mem=FLOWS_MEMORY, rules=MANY_STATES, patience=300) as g:
        router.wait_up(g)
        router.keep_flows(g)
        g.gen('bulk', '-r', 9, '-f', n // 2, '-n', 1000)
        have = router.states(g)
        if have < n * 0.99:
            raise Failed(f'{have} states have been made, not {n}')
        w = ('-w', 128)
        measure(g, fig, f'sluice/{nic}/pf', [(f'states:{n}', ('-f', 64, *w)), (f'states:{n}/tcp', ('-T', '-f', 64, *w)), (f'states:{n}/new', ('-N', *w))])
        fig.put(f'sluice/{nic}/pf/states:{n}/idle_insn_per_s', g.idle_insns(5))


def by_flows(router, nic, fig, sizes):
    """Known flows; in IPv6, too; and with a neighbour that has another link address every 256 packets (at 300,000 packets a second: 1,200 times)."""
    six = [(f'flows6:{n}', ('-6', '-s', SIZE6, '-f', n)) for n in (1000, sizes[-1])]
    cases = six[:1] + [(f'flows:{n}', ('-f', n)) for n in sizes] + six[1:]      # the table keeps them all: few before many
    if router.name == 'sluice':
        cases += [(f'neighbours:{n}', ('-A', '-f', n)) for n in (64, sizes[-1])]
    with router.guest(nic, gate=True, mem=FLOWS_MEMORY, patience=180) as g:
        router.wait_up(g)
        router.keep_flows(g)
        flow_cases(router, g, fig, f'{router.name}/{nic}', cases)
        if router.name == 'sluice':
            storm(router, g, fig, f'{router.name}/{nic}/storm:{sizes[-1]}', sizes[-1])


def by_routes(router, nic, fig, sizes):
    """Random destinations over so many routes, a new one in each packet."""
    for n in sizes:
        name = f'{router.name}/{nic}/routes:{n}'
        try:
            with router.guest(nic, nroutes=n, gate=True, patience=60 if n < 10000 else 120 if n < 1000000 else 600) as g:
                router.wait_up(g)
                flow_cases(router, g, fig, f'{router.name}/{nic}', [(f'routes:{n}', ('-N', '-d', routes.prefix_file(TOOLS, n)))])
        except Failed as e:
            fig.put(f'{name}/insn_per_pkt', f'failed: {e}')


def by_lines(router, nic, fig, sizes):
    for n in sizes:
        with router.guest(nic, gate=True, lines=True, mem=FLOWS_MEMORY, patience=180) as g:
            router.wait_up(g)
            router.keep_flows(g)
            flow_cases(router, g, fig, f'{router.name}/{nic}', [(f'lines:{n}', ('-l', '-f', n))])


def by_clock(router, nic, fig):
    with router.guest(nic) as g:
        row = g.gen('lat', '-n', 3000)
        for k in 'p50_us', 'p99_us':
            fig.put(f'{router.name}/{nic}/latency/{k}', row[k])
        fig.put(f'{router.name}/{nic}/bulk/pps', g.gen('bulk', '-f', 64, '-n', 300000)['pps'])


# ---- boot, memory, size ----

def boot_empty():
    """Until a kernel that only prints has printed: milliseconds, and those of the processor."""
    with Guest(TOOLS, f'{BUILD}/empty.elf32') as g:
        while 'empty' not in g.serial():
            if time.monotonic() - g.t0 > 60:
                raise Failed('the empty kernel does not print')
            time.sleep(0.001)
        return (time.monotonic() - g.t0) * 1000, g.cpu_ms()


def boot_sluice():
    """Until the first packet has been forwarded."""
    with Sluice().guest() as g:
        return g.gen('boot')['first_packet_s'] * 1000, g.cpu_ms()


def boot(fig, rounds):
    """The first forwarded packet, above what a kernel takes that only prints. Interleaved; the host's load only adds, so the least of each is
    compared. The processor's time is the one that hardly knows of other load."""
    runs = [(*boot_empty(), *boot_sluice()) for _ in range(rounds)]
    empty, empty_cpu, ours, ours_cpu = ([r[i] for r in runs] for i in range(4))
    fig.put('sluice/boot/first_packet_ms', round(statistics.median(ours)))
    fig.put('sluice/boot/above_empty_ms', round(min(ours) - min(empty)))
    fig.put('sluice/boot/above_empty_cpu_ms', round(min(ours_cpu) - min(empty_cpu)))


def linux_boot(linux, fig):
    with linux.guest() as g:
        fig.put('linux/boot/first_packet_ms', round(g.gen('boot')['first_packet_s'] * 1000))


def memory(router, fig, sizes):
    """The least of these sizes, in MB, in which it forwards."""
    low, high = 0, len(sizes)
    while low < high:
        middle = (low + high) // 2
        try:
            with router.guest(mem=sizes[middle], patience=10) as g:
                g.gen('boot')
            high = middle
        except Failed:
            low = middle + 1
    fig.put(f'{router.name}/memory/least_mb', sizes[low] if low < len(sizes) else f'more than {sizes[-1]}')


def size(fig):
    with tempfile.TemporaryDirectory() as d:
        subprocess.run(['strip', '-o', f'{d}/elf', f'{BUILD}/sluice.elf'], check=True)
        fig.put('sluice/size/stripped_bytes', os.path.getsize(f'{d}/elf'))


# ---- the whole ----

def counted(fig):
    """What --check compares."""
    size(fig)
    for nic in CARDS:
        plain(Sluice(), nic, fig, 100)
    for nic in CARDS[:2]:
        filtered(nic, fig, 100)
        refused(nic, fig, 100)
        tracked(nic, fig, 100)


def check(fig):
    """Names of figures that are not as they must be, with the reason."""
    with open(BASELINE) as f:
        base = json.load(f)
    bad = []
    for name, v in fig.all.items():
        for pattern, bound in BOUNDS:
            if re.search(pattern, name) and (isinstance(v, str) or v > bound):
                bad.append(f'{name} is {v}, above the bound {bound}')
        if not name.endswith('/insn_per_pkt'):
            continue
        was = base.get(name, 'absent')
        if isinstance(v, str):
            if v != was:
                bad.append(f'{name}: {v}; it was {was}')
        elif isinstance(was, str):
            print(f'bench-check: {name} is {v} and has no baseline yet: `make bench-baseline`', flush=True)
        elif v > was * SLACK:
            bad.append(f'{name} is {v}, {(v / was - 1) * 100:.1f}% above the baseline {was}')
        elif v < was / SLACK:
            print(f'bench-check: {name} is {v}, {(1 - v / was) * 100:.1f}% below the baseline {was}: `make bench-baseline`', flush=True)
    return bad + [f'{name} is in the baseline and was not measured' for name in base if name not in fig.all]


def full(fig, only, cards):
    some = [nic for nic in CARDS[:2] if nic in cards]
    routers = [Sluice()]
    try:
        routers.append(Linux())
    except Failed as e:
        fig.put('linux/absent', str(e))
    steps = {
        'size': lambda r: size(fig) if r.name == 'sluice' else None,
        'boot': lambda r: boot(fig, 7) if r.name == 'sluice' else linux_boot(r, fig),
        'memory': lambda r: memory(r, fig, (4, 6, 8, 12, 16, 24, 32, 48, 64) if r.name == 'sluice' else (48, 64, 96, 128, 192, 256)),
        'plain': lambda r: [plain(r, nic, fig) for nic in cards],
        'pf': lambda r: [step(nic, fig) for nic in some for step in (filtered, refused)] if r.name == 'sluice' else None,
        'states': lambda r: [tracked(nic, fig) for nic in some] if r.name == 'sluice' else None,
        'many': lambda r: [step(nic, fig) for nic in some for step in (wide_tables, many_states)] if r.name == 'sluice' else None,
        'flows': lambda r: [by_flows(r, nic, fig, FLOWS) for nic in some],
        'lines': lambda r: [by_lines(r, nic, fig, (64, 1000, 1000000)) for nic in some],
        'clock': lambda r: [by_clock(r, nic, fig) for nic in cards],
        'routes': lambda r: by_routes(r, 'virtio', fig, ROUTES),
    }
    if not only or 'native' in only:
        native.measure(fig)
    for step, run in steps.items():
        for r in routers if not only or step in only else ():
            try:
                run(r)
            except Failed as e:
                fig.put(f'{r.name}/{step}', f'failed: {e}')


def lost(fig):
    """Figures of ours in whose place is a text, other than that there is no such thing. What Linux or testpmd cannot do is only shown."""
    return [name for name, v in fig.all.items() if isinstance(v, str) and not name.startswith('linux/') and v != 'not in this build' and
            not v.startswith('no testpmd')]


def commit():
    """The commit that is measured, with a + when files differ from it."""
    def git(*argv):
        return subprocess.run(['git', '-C', TOP, *argv], capture_output=True, text=True).stdout.strip()
    return git('rev-parse', '--short=10', 'HEAD') + ('+' if git('status', '--porcelain', '-uno', '--', 'kernel', 'net', 'drivers', 'libc', 'boot') else '')


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--check', action='store_true', help='the counted figures; fails when one is above bound or baseline')
    ap.add_argument('--baseline', action='store_true', help='the counted figures become the baseline')
    ap.add_argument('--only', action='append', help='a step of the whole: size, boot, memory, plain, pf, states, many, flows, lines, clock, routes, native')
    ap.add_argument('--card', action='append', choices=CARDS, help='of the steps with several, this one')
    ap.add_argument('--no-history', action='store_true', help='the figures are printed, and shown in the report, but not kept')
    o = ap.parse_args()
    fig = Figures()
    if o.check or o.baseline:
        counted(fig)
    if o.baseline:
        keep = {k: v for k, v in fig.all.items() if k.endswith('/insn_per_pkt')}
        with open(BASELINE, 'w') as f:
            json.dump(keep, f, indent=1)
            f.write('\n')
        return 0
    if o.check:
        boot(fig, 5)
        bad = check(fig)
        for line in bad:
            print(f'bench-check: {line}', flush=True)
        print(f'bench-check: {len(fig.all)} figures, {len(bad)} not as they must be', flush=True)
        return 1 if bad else 0
    full(fig, o.only, o.card or CARDS)
    entry = {'commit': commit(), 'date': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()), 'figures': fig.all}
    if not o.no_history:
        with open(HISTORY, 'a') as f:
            f.write(json.dumps(entry) + '\n')
    report.write(HISTORY, entry if o.no_history else None, f'{TOOLS}/report.html')
    print(f'report: {os.path.relpath(TOOLS)}/report.html', flush=True)
    for name in lost(fig):
        print(f'bench: no figure: {name}: {fig.all[name]}', flush=True)
    return 1 if lost(fig) else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except Failed as e:
        sys.exit(f'bench: {e}')
