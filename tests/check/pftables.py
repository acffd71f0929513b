"""pftables.py [-v] [SLUICE [FOLDER]] - what OpenBSD's pfctl -T answers, from pfrN.ok of ../shared/conformance/pfctl: each has the commands ("# pass add -n
1.1.1.1") and what they print. The router as a process, a fresh one for each case, is given them at its console; of each the lines, sorted, and whether it
succeeds are compared. Prints how many commands of how many; -v the differences.

Those of NOT differ, for the reason given; a case of NOT in which all is met is a failure, too."""
import glob
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.environ.get('SLUICE_CONFORMANCE', os.path.join(os.path.dirname(TOP), 'shared', 'conformance'))
NOT = {
    'pfr11': 'rules of an anchor take the place of its whole file, with the tables that it defines',
    'pfr13': 'no weight is kept of an address',
    'pfr15': 'no weight is kept of an address',
}
ON = 'pfctl -a regress -t regress'
TRAILER = ('Cleared:', 'ktable:', 'pfrke_')


def lines(text):
    return sorted(x.rstrip() for x in text.splitlines() if x.strip() and not x.strip().startswith(TRAILER))


def steps(text):
    """[(must it succeed, command, arguments, lines that are printed)] of a .ok"""
    found = []
    for part in re.split(r'^# ', text, flags=re.M)[1:]:
        head, _, printed = part.partition('\n')
        m = re.match(r'(pass|fail) (\w+) ?(.*)', head)
        found.append((not m or m[1] == 'pass', m[2] if m else head.strip(), m[3].strip() if m else '', lines(printed)))
    return found


def typed(command, args, before):
    """What is typed for a step; `before`: the addresses of the step before, which come from standard input when there are no others."""
    if command in ('create', 'kill'):
        return f'{ON} -qT add 192.0.2.255; {ON} -qT flush' if command == 'create' else f'{ON} -T kill; pfctl -a regress -F rules'
    if command == 'list':
        return f'pfctl -a regress {args} -s Tables'.replace('  ', ' ')
    if command in ('load', 'rule'):
        return f'pfctl -a regress {"-T load " if command == "load" else ""}-f - <<"E_O_F"\n{args}\nE_O_F'
    if args == '-nf-':
        return f'{ON} -T {command} -n -f - <<"E_O_F"\n{before}\nE_O_F'
    m = re.match(r'(-\S+ )?(.*)', args)
    return f'{ON} {m[1] or ""}-T {command} {m[2]}'.strip()


def run(sluice, folder, todo):
    """[(succeeded, lines)] of the steps; None: it ended otherwise."""
    text, before = [], ''
    for _, command, args, _ in todo:
        text.append(typed(command, args, before) + '\necho =$?=')
        before = re.sub(r'^-\S+ ', '', args) if args != '-nf-' else before
    bundle = '# /etc/pf.conf\nanchor regress\n' + ''.join(
        f'# /etc/pf.tables/{os.path.basename(p)}\n{open(p, encoding="utf-8").read()}' for p in sorted(glob.glob(f'{folder}/pfr.addrs*')))
    typed_in = 'load <<"E_O_F"\n' + bundle + 'E_O_F\n' + '\n'.join(text).replace('DIR/', '/etc/pf.tables/') + '\nhalt\n'
    p = subprocess.run([sluice, '-n', 'vio0=null'], input=typed_in, timeout=60, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = re.sub(r'^> .*\n', '', re.sub(r'^\S+@\S+:~\$ .*\n', '', p.stdout.replace('\r', ''), flags=re.M), flags=re.M)
    parts = re.split(r'^=(\d+)=\n', said[said.index('\n') + 1:], flags=re.M)
    if p.returncode != 0 or len(parts) != 2 * len(todo) + 1:
        return None
    return [(parts[2 * i + 1] == '0', lines(parts[2 * i])) for i in range(len(todo))]


def compare(sluice, folder):
    """{case: [(step, as expected?, what is different)]}"""
    result = {}
    for path in sorted(glob.glob(f'{folder}/pfr*.ok'), key=lambda p: [int(x) if x.isdigit() else x for x in re.split(r'(\d+)', p)]):
        with open(path, encoding='utf-8') as f:
            todo = steps(f.read())
        got = run(sluice, folder, todo) or [(None, ['(the router ended)'])] * len(todo)
        result[os.path.basename(path)[:-3]] = [
            (f'{command} {args}'.strip(), command == 'create' or (succeeded, printed) == (must, want), f'{want} expected, {printed}' if printed != want else
             f'{"succeeds" if succeeded else "fails"}, and must not') for (must, command, args, want), (succeeded, printed) in zip(todo, got)]
    return result


def check(sluice, folder=None):
    folder = f'{folder or FOLDER}/pfctl'
    if not os.path.isdir(folder):
        print(f'pf_tables: optional: no data in {folder}')
        return [], 'optional: without data'
    result = compare(sluice, folder)
    problems = [f'{case}: {step}: {diff}' for case, todo in result.items() if case not in NOT for step, ok, diff in todo if not ok]
    problems += [f'{case}: all is as expected, so NOT is wrong' for case in NOT if all(ok for _, ok, _ in result.get(case, ()))]
    good, n = sum(ok for todo in result.values() for _, ok, _ in todo), sum(map(len, result.values()))
    return problems, f'{good} commands of {n}' + ''.join(f'; {case}: {why}' for case, why in NOT.items())


def selftest(sluice, plant):
    """A wrong expectation is found."""
    with plant({'pfctl/pfr1.ok': '# create\n# pass add 1.1.1.1\n1/1 addresses added.\n# fail test 1.1.1.2\n0/1 addresses match.\n'}) as root:
        global NOT
        was, NOT = NOT, {}
        problems, what = check(sluice, root)
        assert not problems and what == '3 commands of 3', (problems, what)
        with open(f'{root}/pfctl/pfr1.ok', 'a', encoding='utf-8') as f:
            f.write('# pass show\n   1.1.1.2\n# fail test 1.1.1.1\n1/1 addresses match.\n')
        problems, what = check(sluice, root)
        NOT = was
        assert len(problems) == 2 and what == '3 commands of 5', (problems, what)


if __name__ == '__main__':
    args = [a for a in sys.argv[1:] if a != '-v']
    found, summary = check(os.path.abspath(args[0] if args else f'{TOP}/build/host/sluice'), args[1] if len(args) > 1 else None)
    if '-v' in sys.argv:
        print('\n'.join(found))
    print(f'{len(found)} unexpected, {summary}')
    sys.exit(1 if found else 0)
