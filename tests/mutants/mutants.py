"""mutants.py [--build DIR] [NAME ...] - plants one bug at a time (planted.py) in a copy of the tree, builds what changes, and runs unit tests,
simulator and the fuzz targets' corpus. One line a bug: ok NAME: found by ..., or FAIL NAME: reason.

First everything must pass without a bug: a suite that always fails finds nothing."""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time

import planted

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PARTS = ['Makefile', 'linker.ld', 'boot', 'kernel', 'drivers', 'net', 'libc', 'tests']
RUN_SECONDS = 900
TOLD = 2            # names of each part


class Broken(Exception):
    pass


def sync(tree):
    """The tree's files as they are now; those that did not change keep their times, so that little is built again."""
    for part in PARTS:
        src, dst = f'{TOP}/{part}', f'{tree}/{part}'
        if os.path.isfile(src):
            copy(src, dst)
            continue
        have = {os.path.relpath(os.path.join(d, f), dst) for d, _, fs in os.walk(dst) for f in fs}
        want = {os.path.relpath(os.path.join(d, f), src) for d, _, fs in os.walk(src) for f in fs if '__pycache__' not in d}
        for name in have - want:
            os.unlink(f'{dst}/{name}')
        for name in want:
            copy(f'{src}/{name}', f'{dst}/{name}')


def copy(src, dst):
    with open(src, 'rb') as f:
        text = f.read()
    if os.path.exists(dst):
        with open(dst, 'rb') as f:
            if f.read() == text:
                return
    os.makedirs(os.path.dirname(dst), exist_ok=True)
    with open(dst, 'wb') as f:
        f.write(text)
    shutil.copymode(src, dst)


def plant(tree, m):
    """Returns what takes it out again."""
    path = f'{tree}/{m.file}'
    with open(path, encoding='utf-8') as f:
        text = f.read()
    if text.count(m.old) != 1:
        raise Broken(f'{m.file} has the text to replace {text.count(m.old)} times, not once; planted.py needs a new one:\n{m.old}')
    if m.new == m.old:
        raise Broken('it changes nothing')
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text.replace(m.old, m.new))

    def undo():
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
    return undo


def make(tree, *targets):
    cmd = ['make', '-s', f'-j{os.cpu_count() or 2}', 'B=build', *targets]
    r = subprocess.run(cmd, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace', stdin=subprocess.DEVNULL)
    if r.returncode:
        raise Broken('does not build:\n' + '\n'.join(r.stdout.splitlines()[-15:]))


def call(tree, cmd):
    """(status, output)"""
    # Where in the source it was is not asked for, and looking it up hundreds of times takes most of the time.
    env = dict(os.environ, ASAN_OPTIONS='symbolize=0', UBSAN_OPTIONS='symbolize=0')
    r = subprocess.run(['timeout', '-k', '5', str(RUN_SECONDS), *cmd], cwd=tree, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True, errors='replace', stdin=subprocess.DEVNULL)
    return r.returncode, r.stdout


def lines(tree, cmd, prefix):
    """A program with a line a test: the names that failed."""
    status, out = call(tree, cmd)
    failed = list(dict.fromkeys(re.findall(r'^FAIL ([\w./-]+)', out, re.M)))
    if status and not failed:
        failed = [f'exit status {status}: {(out.strip().splitlines() or ["no word"])[-1][:100]}']
    return [f'{prefix}:{f}' for f in failed]


def corpus(tree):
    found = []
    for target in call(tree, ['build/fuzz/replay', '-l'])[1].split():
        files = [f'tests/fuzz/corpus/{target}/{f}' for f in sorted(os.listdir(f'{tree}/tests/fuzz/corpus/{target}'))]
        status, out = call(tree, ['build/fuzz/replay', target, *files])
        if status:
            at = re.findall(rf'^{target} (\S+)$', out, re.M)
            found.append(f'fuzz:{at[-1].removeprefix("tests/fuzz/corpus/") if at else target}')
    return found


def suite(tree, sim, all_of_it):
    """What fails; the rest is spared once something has, unless all of it is wanted."""
    parts = [lambda: lines(tree, ['build/unit/unit'], 'unit'), lambda: corpus(tree)]
    if sim:
        parts.append(lambda: lines(tree, sim, 'sim'))
    found = []
    for part in parts:
        found += part()
        if found and not all_of_it:
            break
    return found


def told(found):
    """The first names of each part."""
    parts = {}
    for f in found:
        parts.setdefault(f.split(':')[0], []).append(f)
    return '; '.join(', '.join(p[:TOLD]) + (f' and {len(p) - TOLD} more' if len(p) > TOLD else '') for p in parts.values())


def one(tree, sim, targets, m, all_of_it):
    undo = plant(tree, m)
    try:
        make(tree, *targets)
        found = suite(tree, sim, all_of_it)
    finally:
        undo()
    if not found:
        raise Broken(f'nobody found it: {m.what}')
    return found


def has_target(tree, target):
    return subprocess.run(['make', '-n', '-s', 'B=build', target], cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('--build', default=os.environ.get('SLUICE_B', f'{TOP}/build'))
    ap.add_argument('--first', action='store_true', help='go on to the next bug as soon as one part has found it')
    ap.add_argument('--without-sim', action='store_true')
    ap.add_argument('names', nargs='*')
    o = ap.parse_args()
    tree = f'{os.path.abspath(o.build)}/mutants'
    os.makedirs(tree, exist_ok=True)
    sync(tree)
    # newlib is not needed: nothing of the kernel is built.
    targets = ['build/unit/unit', 'build/fuzz/replay']
    sim = None
    if not o.without_sim and has_target(tree, 'build/host/sim'):
        targets += ['build/host/libsluice.so', 'build/host/sim']
        sim = ['build/host/sim']
    wanted = [m for m in planted.MUTANTS if not o.names or m.name in o.names]
    try:
        make(tree, *targets)
        found = suite(tree, sim, True)
        if found:
            raise Broken('fails without any bug: ' + told(found))
    except Broken as e:
        print(f'FAIL none_planted: {e}', flush=True)
        return 1
    print('ok none_planted: everything passes', flush=True)
    bad = 0
    for m in wanted:
        t0 = time.monotonic()
        try:
            found = one(tree, sim, targets, m, not o.first)
            print(f'ok {m.name}: found by {told(found)} ({time.monotonic() - t0:.0f} s)', flush=True)
        except Broken as e:
            bad += 1
            print(f'{m.what}\nFAIL {m.name}: {e}', flush=True)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
