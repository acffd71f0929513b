"""mutants.py [--build DIR] [NAME ...] - plants one bug at a time (planted.py) in a copy of the tree, builds what changes, and runs the test that is
meant to find it; when that does not, unit tests, corpus and simulator, in this order, until one finds it. One line a bug: ok NAME: found by ...,
or FAIL NAME: reason.

A finding counts when its test passes without the bug: a suite that always fails finds nothing."""
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
TIMED_OUT = 124     # timeout(1)
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


# ---- the parts of the suite, the quickest first: what each runs is built, and names what failed, as PART:TEST ----

def lines(tree, program, part, names):
    """A program with a line a test."""
    status, out = call(tree, [f'{tree}/{program}', *names])
    failed = list(dict.fromkeys(re.findall(r'^FAIL ([\w./-]+)', out, re.M)))
    if status == TIMED_OUT and not failed:
        raise Broken(f'{part} does not end within {RUN_SECONDS} s, and finds nothing until then')
    if status and not failed:
        failed = [f'exit status {status}: {(out.strip().splitlines() or ["no word"])[-1][:100]}']
    return [f'{part}:{f}' for f in failed]


def corpus(tree, program, part, names):
    """names: targets."""
    found = []
    for target in names or call(tree, [f'{tree}/{program}', '-l'])[1].split():
        files = [f'tests/fuzz/corpus/{target}/{f}' for f in sorted(os.listdir(f'{tree}/tests/fuzz/corpus/{target}'))]
        status, out = call(tree, [f'{tree}/{program}', target, *files])
        if status == TIMED_OUT:
            raise Broken(f'{part}:{target} does not end within {RUN_SECONDS} s')
        if status:
            at = re.findall(rf'^{target} (\S+)$', out, re.M)
            found.append(f'{part}:{at[-1].removeprefix("tests/fuzz/corpus/") if at else target}')
    return found


SUITE = {'unit': (['unit/unit'], lines), 'fuzz': (['fuzz/replay'], corpus), 'sim': (['host/sim', 'host/libsluice.so'], lines)}


def run_part(tree, part, names=(), build='build'):
    programs, run = SUITE[part]
    if build == 'build':
        make(tree, *(f'build/{p}' for p in programs))
    return run(tree, f'{build}/{programs[0]}', part, names)


def keep(tree, part):
    """The part's programs as they are without a bug, in clean/."""
    make(tree, *(f'build/{p}' for p in SUITE[part][0]))
    for p in SUITE[part][0]:
        os.makedirs(os.path.dirname(f'{tree}/clean/{p}'), exist_ok=True)
        shutil.copy2(f'{tree}/build/{p}', f'{tree}/clean/{p}')


def believed(tree, found):
    """Of these findings those whose test passes without the bug; at most TOLD are looked at."""
    good = []
    for f in found[:TOLD]:
        part, name = f.split(':', 1)
        if name.startswith('exit status'):
            continue            # no test's name, so none that could be tried
        if not run_part(tree, part, [name.split('/')[0] if part == 'fuzz' else name], 'clean'):
            good.append(f)
    return good


# ---- a bug ----

def told(found):
    """The first names of each part."""
    parts = {}
    for f in found:
        parts.setdefault(f.split(':')[0], []).append(f)
    return '; '.join(', '.join(p[:TOLD]) + (f' and {len(p) - TOLD} more' if len(p) > TOLD else '') for p in parts.values())


def with_bug(tree, m, part, names=()):
    undo = plant(tree, m)
    try:
        return run_part(tree, part, names)
    finally:
        undo()


def one(tree, m, others):
    """Others: the whole parts that are asked one after the other when the test that is meant to find it does not."""
    part, name = m.by.split(':')
    found = with_bug(tree, m, part, [name])
    if found:
        return told(found)
    for part in others:
        keep(tree, part)
        found = believed(tree, with_bug(tree, m, part))
        if found:
            return f'{told(found)}; not by {m.by}, which is meant to'
    raise Broken(f'nobody found it: {m.what}')


def clean(tree, wanted):
    """What is meant to find them passes without a bug."""
    for part in dict.fromkeys(m.by.split(':')[0] for m in wanted):
        keep(tree, part)
    bad = [f for part, name in dict.fromkeys(tuple(m.by.split(':')) for m in wanted) for f in run_part(tree, part, [name], 'clean')]
    if bad:
        raise Broken('fails without any bug: ' + told(bad))


def main():
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    ap.add_argument('--build', default=os.environ.get('SLUICE_B', f'{TOP}/build'))
    ap.add_argument('--others', default='unit,fuzz,sim', help='the parts to ask when the test that is meant to find a bug does not; may be empty')
    ap.add_argument('names', nargs='*')
    o = ap.parse_args()
    tree = f'{os.path.abspath(o.build)}/mutants'
    os.makedirs(tree, exist_ok=True)
    sync(tree)
    others = [p for p in o.others.split(',') if p]
    wanted = [m for m in planted.MUTANTS if not o.names or m.name in o.names]
    try:
        clean(tree, wanted)
    except Broken as e:
        print(f'FAIL none_planted: {e}', flush=True)
        return 1
    print('ok none_planted: what is meant to find them passes', flush=True)
    bad = 0
    for m in wanted:
        t0 = time.monotonic()
        try:
            print(f'ok {m.name}: found by {one(tree, m, others)} ({time.monotonic() - t0:.0f} s)', flush=True)
        except Broken as e:
            bad += 1
            print(f'{m.what}\nFAIL {m.name}: {e}', flush=True)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
