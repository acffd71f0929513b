"""coverage.py DIR [--goal PERCENT] [--lines FILE] [--run] - what gcov counted under DIR: lines of net/, kernel/ and drivers/ that ran, by file and by
directory. Status 1 when net/ stays below the goal. --lines prints a file's lines that never ran."""
import argparse
import collections
import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOMS = ('net/', 'kernel/', 'drivers/')


def notes(folder):
    paths = (os.path.join(d, f) for d, _, fs in os.walk(folder) for f in fs if f.endswith('.gcno'))
    return sorted(p for p in paths if '/tests/' not in p[len(folder):])


def gcov(files):
    r = subprocess.run(['gcov', '--json-format', '--stdout', *files], cwd=TOP, capture_output=True, text=True)
    for line in r.stdout.splitlines():
        if line.startswith('{'):
            yield json.loads(line)


def collect(folder):
    """{file: {line: count}}: the same source, compiled several times, counts as one."""
    lines = collections.defaultdict(lambda: collections.defaultdict(int))
    files = notes(folder)
    for i in range(0, len(files), 40):
        for unit in gcov(files[i:i + 40]):
            for f in unit['files']:
                name = os.path.relpath(os.path.join(TOP, f['file']), TOP)
                if not name.startswith(ROOMS) or name.startswith(('kernel/host/', 'kernel/amd64/')):
                    continue
                for n in f['lines']:
                    lines[name][n['line_number']] += n['count']
    return lines


def percent(ran, of):
    return 100 * ran / of if of else 100.0


def row(name, ran, of):
    return f'{name:34} {ran:6} of {of:6} lines {percent(ran, of):6.1f}%'


def test(o):
    """One line: ok net: ..., or FAIL."""
    build = os.path.dirname(os.path.abspath(o.folder))
    r = subprocess.run(['make', '--no-print-directory', f'-j{os.cpu_count() or 2}', f'B={build}', f'GOAL={o.goal}', 'coverage'], cwd=TOP,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace', stdin=subprocess.DEVNULL)
    net = [line for line in r.stdout.splitlines() if line.startswith('net/ ')]
    if r.returncode or not net:
        print('\n'.join(r.stdout.splitlines()[-30:]))
        print(f'FAIL net: {net[0] if net else "could not be found out"}', flush=True)
        return 1
    print(f'ok net: {" ".join(net[0].split()[1:])}', flush=True)
    return 0


def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('folder')
    ap.add_argument('--goal', type=float, default=0)
    ap.add_argument('--lines', metavar='FILE')
    ap.add_argument('--run', action='store_true', help='build and run everything first, and print one line, as a test does')
    o = ap.parse_args()
    if o.run:
        return test(o)
    lines = collect(os.path.abspath(o.folder))
    if o.lines:
        with open(f'{TOP}/{o.lines}', encoding='utf-8') as f:
            for n, text in enumerate(f, 1):
                if lines[o.lines].get(n, 1) == 0:
                    print(f'{o.lines}:{n}:{text.rstrip()}')
        return 0
    total = collections.defaultdict(lambda: [0, 0])
    for name in sorted(lines):
        ran, of = sum(c > 0 for c in lines[name].values()), len(lines[name])
        print(row(name, ran, of))
        for d in {os.path.dirname(name) + '/', name.split('/')[0] + '/'}:
            total[d][0] += ran
            total[d][1] += of
    print()
    for d in sorted(total):
        print(row(d, *total[d]))
    got = percent(*total['net/'])
    if not total['net/'][1] or got < o.goal:
        print(f'net/: {got:.1f}%, below the goal of {o.goal:.0f}%')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
