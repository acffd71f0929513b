"""pfconf.py [-v] [PFCTL [FOLDER]] - build/host/pfctl against the inputs and expected outputs of ../shared/conformance/pfctl (its README says what is
compared). Of each pfN the expected output is an input once more, and must come out as it went in. Prints how many of how many; -v the differences.

Those of NOT cannot be met, each for the reason given; one that is met nevertheless is a failure, too: then the reason has gone."""
import difflib
import glob
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.environ.get('SLUICE_CONFORMANCE', os.path.join(os.path.dirname(TOP), 'shared', 'conformance'))
NOT = {
    'pf113': 'reads pf113.one, which is not among the data',
    'pfsetup1': 'expects "keep state", which pfctl has not printed since all others were written',
    'pfsetup1 again': 'the same',
}


def run(pfctl, folder, name, both, text, options=()):
    p = subprocess.run([pfctl, '-o', 'none', '-nv', *options, '-f', '-'], input=text, cwd=folder, timeout=60, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT if both else subprocess.PIPE)
    # A crash is no output, whatever was printed before.
    return p.stdout if p.returncode in (0, 1) else b'exit status %d\n' % p.returncode + p.stderr


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def options(folder, name):
    path = f'{folder}/{name}.opts'
    return read(path).decode().split() if os.path.exists(path) else []


def interface(name):
    return ['-I', 'lo1000010=192.168.0.1/24'] if name.startswith('pfsetup') else []


def cases(folder):
    """Name, both outputs?, input, expected, options."""
    for ok in sorted(glob.glob(f'{folder}/pf*.ok'), key=lambda p: [int(x) if x.isdigit() else x for x in re.split(r'(\d+)', os.path.basename(p))]):
        name = os.path.basename(ok)[:-3]
        if re.match(r'pfr\d', name):            # what a running table answers: not for -n
            continue
        want, opts = read(ok), options(folder, name) + interface(name)
        given = f'{folder}/{name}.in'
        if os.path.exists(given):
            yield name, name.startswith('pfail'), read(given), want, opts
        if not name.startswith('pfail'):
            yield f'{name} again', False, want, want, opts


def compare(pfctl, folder):
    """[(name, as expected?, what is different)]"""
    result = []
    for name, both, text, want, opts in cases(folder):
        got = run(pfctl, folder, name, both, text, opts)
        diff = difflib.unified_diff(want.decode(errors='replace').splitlines(), got.decode(errors='replace').splitlines(), 'expected', 'printed',
                                    lineterm='', n=0)
        result.append((name, got == want, '\n'.join(diff)))
    return result


def check(pfctl, folder=None):
    folder = f'{folder or FOLDER}/pfctl'
    if not os.path.isdir(folder):
        print(f'pf_conformance: optional: no data in {folder}')
        return [], 'optional: without data'
    result = compare(pfctl, folder)
    problems = [f'{name}: {diff}' for name, ok, diff in result if not ok and name not in NOT]
    problems += [f'{name}: is as expected, so NOT is wrong' for name, ok, _ in result if ok and name in NOT]
    good = sum(ok for _, ok, _ in result)
    return problems, f'{good} of {len(result)}' + ''.join(f'; {name}: {NOT[name]}' for name, ok, _ in result if not ok and name in NOT)


def selftest(pfctl, plant):
    """A wrong expectation is found, of each kind."""
    with plant({'pfctl/pf1.in': 'pass in\n', 'pfctl/pf1.ok': 'pass in all flags S/SA\n', 'pfctl/pfail1.in': 'pass at\n',
                'pfctl/pfail1.ok': 'stdin:1: syntax error\n'}) as root:
        problems, what = check(pfctl, root)
        assert not problems and what == '3 of 3', (problems, what)
        with open(f'{root}/pfctl/pf1.ok', 'w') as f:
            f.write('pass out all flags S/SA\n')
        with open(f'{root}/pfctl/pfail1.ok', 'w') as f:
            f.write('')
        problems, what = check(pfctl, root)
        assert [p.split(':')[0] for p in problems] == ['pf1', 'pfail1'], problems


if __name__ == '__main__':
    args = [a for a in sys.argv[1:] if a != '-v']
    pfctl_path = os.path.abspath(args[0] if args else f'{TOP}/build/host/pfctl')
    found, summary = check(pfctl_path, args[1] if len(args) > 1 else None)
    if '-v' in sys.argv:
        print('\n'.join(found))
    print(f'{len(found)} unexpected, {summary}')
    sys.exit(1 if found else 0)
