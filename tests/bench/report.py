"""One HTML page, complete in itself, of what `make bench` has measured: plots of cost against size and over the history, and all figures."""
import html
import json
import math
import os
import re

W, H, LEFT, RIGHT, TOP, BOTTOM = 640, 330, 70, 200, 34, 50
COLOURS = ('#1b6ca8', '#c0392b', '#2e8b57', '#8e44ad', '#b8860b', '#444444', '#d35400', '#16a085')
CSS = '''body { font: 15px/1.45 sans-serif; max-width: 1320px; margin: 2em auto; padding: 0 1em; color: #222 }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em } svg { background: #fff; border: 1px solid #ddd; margin: 6px }
table { border-collapse: collapse; font-size: 13px } td, th { border-bottom: 1px solid #ddd; padding: 2px 10px; text-align: left }
td.n { text-align: right; font-variant-numeric: tabular-nums } td.bad { color: #a00 } p.note { color: #555; max-width: 60em }'''
INSN = 'instructions per packet'

# What the issues ask for: the end of a figure's name, the bound, and where from.
BOUNDS = [(r'^sluice/\w+/ipv4/flow/insn_per_pkt$', 190), (r'^sluice/\w+/ipv6/flow/insn_per_pkt$', 200),
          (r'^sluice/\w+/new/flow/insn_per_pkt$', 900), (r'^sluice/\w+/ipv[46]/insn_per_pkt$', 300), (r'^sluice/\w+/one/insn_per_pkt$', 900),
          (r'^sluice/\w+/routes:\d+/insn_per_pkt$', 300), (r'^sluice/\w+/flows:(1|64|1000)/flow/insn_per_pkt$', 190),
          (r'^sluice/\w+/flows:1\d{4,6}/flow/insn_per_pkt$', 209), (r'^sluice/boot/above_empty_ms$', 150),
          (r'/pf/ipv[46]/flow/insn_per_pkt$', 230), (r'/pf/tcp6?/insn_per_pkt$', 270), (r'/pf/nat/insn_per_pkt$', 250),
          (r'/pf/(rules:1000|tables:100)/insn_per_pkt$', 230), (r'/pf/states:1000000/insn_per_pkt$', 240),
          (r'/pf/rules:1000/new/insn_per_pkt$', 2500), (r'/pf/blocked/insn_per_pkt$', 600), (r'/pf/full/insn_per_pkt$', 400),
          (r'^sluice/size/stripped_bytes$', 700000), (r'^sluice/.*/locks_per_pkt$', 0), (r'^native/ring_ratio$', 2.5)]


def bound_of(name):
    return next((b for pattern, b in BOUNDS if re.search(pattern, name)), None)


# ---- plots ----

def short(v):
    for unit, name in ((1e6, 'M'), (1e3, 'k')):
        if v >= unit and v % (unit / 10) == 0:
            return f'{v / unit:g}{name}'
    return f'{v:g}'


def ticks(low, high, log):
    if log:
        decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        steps = (1, 2, 5) if len(decades) < 4 else (1,)
        return [m * 10 ** d for d in decades for m in steps if low <= m * 10 ** d <= high]
    step = 10 ** math.floor(math.log10((high - low) / 4 or 1))
    step *= next(m for m in (1, 2, 5, 10) if (high - low) / (step * m) <= 7)
    return [round(i * step, 6) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


class Axis:
    """From values to pixels; a logarithmic one has no zero."""

    def __init__(self, values, start, end, log=False, zero=False):
        self.log, self.start, self.end = log, start, end
        self.low, self.high = min(values), max(values)
        if zero and not log:
            self.low = 0
        if self.low == self.high:
            self.low, self.high = (self.low / 2, self.high * 2) if log else (self.low - 1, self.high + 1)
        if not log and not zero:
            margin = (self.high - self.low) * .08
            self.low, self.high = self.low - margin, self.high + margin
        elif zero:
            self.high *= 1.08

    def at(self, v):
        f = math.log10 if self.log else float
        return self.start + (f(v) - f(self.low)) / (f(self.high) - f(self.low)) * (self.end - self.start)

    def ticks(self):
        return ticks(self.low, self.high, self.log)


def plot(title, xlabel, ylabel, series, bounds=(), xlog=False, ylog=False, xnames=None):
    """series: {name: [(x, y)]}; bounds: [(y, name)]; xnames: {x: text} in the place of numbers."""
    series = {k: sorted(v) for k, v in series.items() if v}
    if not series:
        return ''
    ys = [y for points in series.values() for _, y in points if not ylog or y > 0] + [b for b, _ in bounds if not ylog or b > 0]
    x = Axis([x for points in series.values() for x, _ in points], LEFT, W - RIGHT, log=xlog)
    y = Axis(ys or [1], H - BOTTOM, TOP, log=ylog, zero=not ylog)
    out = [f'<svg width="{W}" height="{H}" viewBox="0 0 {W} {H}" role="img" font-family="sans-serif" font-size="11">',
           f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">{html.escape(title)}</text>']
    for v in y.ticks():
        out.append(f'<path d="M{LEFT} {y.at(v):.1f}H{W - RIGHT}" stroke="#e4e4e4"/>'
                   f'<text x="{LEFT - 6}" y="{y.at(v) + 4:.1f}" text-anchor="end">{short(v)}</text>')
    for v in (sorted(xnames) if xnames else x.ticks()):
        out.append(f'<path d="M{x.at(v):.1f} {H - BOTTOM}v4" stroke="#888"/>'
                   f'<text x="{x.at(v):.1f}" y="{H - BOTTOM + 17}" text-anchor="middle">{html.escape(xnames[v] if xnames else short(v))}</text>')
    out.append(f'<path d="M{LEFT} {TOP}V{H - BOTTOM}H{W - RIGHT}" fill="none" stroke="#888"/>')
    out.append(f'<text x="{(LEFT + W - RIGHT) / 2}" y="{H - 12}" text-anchor="middle">{html.escape(xlabel)}</text>')
    out.append(f'<text transform="translate(16 {(TOP + H - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">{html.escape(ylabel)}</text>')
    out += lines(series, bounds, x, y)
    return '\n'.join(out + ['</svg>'])


def lines(series, bounds, x, y):
    out, row = [], TOP + 6
    for i, (name, points) in enumerate(series.items()):
        c = COLOURS[i % len(COLOURS)]
        path = ' '.join(f'{x.at(px):.1f},{y.at(py):.1f}' for px, py in points if not y.log or py > 0)
        out.append(f'<polyline points="{path}" fill="none" stroke="{c}" stroke-width="2"/>')
        out += [f'<circle cx="{x.at(px):.1f}" cy="{y.at(py):.1f}" r="3" fill="{c}"><title>{html.escape(name)}: {py:g} at {short(px)}</title></circle>'
                for px, py in points if not y.log or py > 0]
        out.append(f'<path d="M{W - RIGHT + 12} {row}h18" stroke="{c}" stroke-width="2"/><text x="{W - RIGHT + 36}" y="{row + 4}">{html.escape(name)}</text>')
        row += 17
    for b, name in bounds:
        if y.log and b <= 0:
            continue
        out.append(f'<path d="M{LEFT} {y.at(b):.1f}H{W - RIGHT}" stroke="#a00" stroke-dasharray="6 4"/>'
                   f'<text x="{W - RIGHT + 4}" y="{y.at(b) + 4:.1f}" fill="#a00">{html.escape(name)}</text>')
    return out


# ---- which plots ----

def sizes(figures, router, nic, kind, figure, flow=False):
    found = []
    for name, v in figures.items():
        m = re.fullmatch(rf'{router}/{nic}/{kind}:(\d+){"/flow" if flow else ""}/{figure}', name)
        if m and not isinstance(v, str):
            found.append((int(m[1]), v))
    return found


def against_size(figures):
    out = []
    for nic in ('virtio', 'e1000'):
        for kind, x, bounds in (('flows', 'flows', [(190, 'bound 190 (flow path)'), (209, '209 (1M flows)')]), ('routes', 'routes', [(300, 'bound 300')]),
                                ('lines', 'flows', [])):
            figure, y = ('lines_per_pkt', 'distinct 64-byte lines per packet') if kind == 'lines' else ('insn_per_pkt', INSN)
            ours = {'Sluice': sizes(figures, 'sluice', nic, kind, figure), 'Sluice, flow path': sizes(figures, 'sluice', nic, kind, figure, True)}
            both = {**ours, 'Linux': sizes(figures, 'linux', nic, kind, figure)}
            title = {'flows': 'Known flows', 'routes': 'Random destinations over so many routes', 'lines': 'Cache lines of known flows'}[kind]
            out.append(plot(f'{title}, {nic}', f'{x} (logarithmic)', y, ours, bounds, xlog=True))
            if both['Linux'] and kind != 'lines':
                out.append(plot(f'{title}, {nic}, next to Linux', f'{x} (logarithmic)', y + ' (logarithmic)', both, bounds[:1], xlog=True, ylog=True))
            elif both['Linux']:
                out.append(plot(f'{title}, {nic}, next to Linux', f'{x} (logarithmic)', y, both, xlog=True))
    return out


HISTORY_PLOTS = [
    ('Bulk, IPv4', INSN, r'sluice/(\w+)/ipv4/insn_per_pkt', [(300, 'bound 300')]),
    ('Bulk, IPv6', INSN, r'sluice/(\w+)/ipv6/insn_per_pkt', [(300, 'bound 300')]),
    ('Flow path, IPv4', INSN, r'sluice/(\w+)/ipv4/flow/insn_per_pkt', [(190, 'bound 190')]),
    ('Flow path, IPv6', INSN, r'sluice/(\w+)/ipv6/flow/insn_per_pkt', [(200, 'bound 200')]),
    ('New flows, flow path', INSN, r'sluice/(\w+)/new/flow/insn_per_pkt', [(900, 'bound 900')]),
    ('One packet, sleep to sleep', 'instructions', r'sluice/(\w+)/one/insn_per_pkt', [(900, 'bound 900')]),
    ('Routes, random destinations', INSN, r'sluice/virtio/(routes:\d+)/insn_per_pkt', [(300, 'bound 300')]),
    ('Mean batch', 'packets', r'sluice/(\w+)/ipv4/mean_batch', []),
    ('Latency, median', 'microseconds', r'sluice/(\w+)/latency/p50_us', []),
    ('Boot to first packet, above an empty kernel', 'milliseconds', r'sluice/boot/(above_empty_ms)', [(150, 'bound 150')]),
    ('Least memory', 'MB', r'(sluice|linux)/memory/least_mb', []),
    ('Image, stripped', 'bytes', r'sluice/size/(stripped_bytes)', [(700000, 'bound 700k')]),
    ('Native, cycles over testpmd macswap on net_ring', 'ratio', r'native/(ring_ratio)', [(2.5, 'bound 2.5')]),
]


def over_time(history):
    step = max(1, (len(history) + 7) // 8)
    names = {i: e['commit'][:7] for i, e in enumerate(history) if i % step == 0}
    out = []
    for title, y, pattern, bounds in HISTORY_PLOTS:
        series = {}
        for i, e in enumerate(history):
            for name, v in e['figures'].items():
                m = re.fullmatch(pattern, name)
                if m and not isinstance(v, str):
                    series.setdefault(m[1], []).append((i, v))
        out.append(plot(title, 'commit', y, series, bounds, xnames=names))
    return out


# ---- tables ----

def cell(v, bad=False):
    if isinstance(v, str):
        return f'<td class="bad">{html.escape(v[:160])}</td>'
    return f'<td class="n{" bad" if bad else ""}">{v:,.10g}</td>' if v is not None else '<td></td>'


def table(figures):
    rows = ['<tr><th>figure</th><th>Sluice</th><th>bound</th><th>Linux</th><th>Linux / Sluice</th></tr>']
    for name, v in figures.items():
        if name.startswith('linux/') and 'sluice/' + name[6:] in figures:
            continue
        other, bound = figures.get('linux/' + name[7:]) if name.startswith('sluice/') else None, bound_of(name)
        ratio = other / v if isinstance(other, (int, float)) and isinstance(v, (int, float)) and v else None
        rows.append(f'<tr><td>{html.escape(name.removeprefix("sluice/"))}</td>{cell(v, bound is not None and not isinstance(v, str) and v > bound)}'
                    f'{cell(bound)}{cell(other)}{cell(round(ratio, 2) if ratio else None)}</tr>')
    return '<table>' + '\n'.join(rows) + '</table>'


def write(history_file, extra, path):
    """extra: an entry that is not in the history; None: its last one is shown."""
    history = []
    if os.path.exists(history_file):
        with open(history_file) as f:
            history = [json.loads(line) for line in f if line.strip()]
    if extra:
        history.append(extra)
    now = history[-1]
    page = f'''<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Sluice: measurements</title><style>{CSS}</style>
<h1>Sluice: measurements of {html.escape(now['commit'])}, {html.escape(now['date'])}</h1>
<p class="note">Instructions and cache lines are counted in QEMU by a plugin, drivers included, one core, shortest frames; a figure is the median of bursts of
256 packets from sleep to sleep ("one": bursts of 1), so it depends on the code alone. Times are those of the machine at that moment: compare them only
within a run. Dashed red lines are the bounds that the project has set itself.</p>
<h2>Cost against size</h2>{''.join(against_size(now['figures']))}
<h2>Over the history</h2>{''.join(over_time(history))}
<h2>All figures of this run</h2>{table(now['figures'])}
</html>
'''
    with open(path, 'w') as f:
        f.write(page)
