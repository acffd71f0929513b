"""routeconf.py [-v] [SLUICE [FOLDER]] - the routing tables that OpenBSD's own tests expect, from ../shared/conformance/route (the steps of each are in
its README): the router as a process, a fresh one for each case, is given the steps at its console, and `route -n show -inet` is compared but
for the columns Refs and Use. Prints how many of how many; -v the differences.

They ask for routing table 5; until there are routing domains it is table 0, without the two rows of lo0. Those of NOT cannot be met, each for the
reason given; one that is met nevertheless is a failure, too."""
import difflib
import glob
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.environ.get('SLUICE_CONFORMANCE', os.path.join(os.path.dirname(TOP), 'shared', 'conformance'))
NOT = {}
SHOW = 'route -n show -inet'
THREE = ('add -priority 16 10.8.1/24 G1', 'add -priority 17 10.8.1/24 G2', 'add -priority 18 10.8.1/24 G3')
# "!" in front: must fail. G1 to G4: 192.0.2.1 to .4, of lo10001 to lo10004.
STEPS = {
    1: ('add 10/8 G1', 'add 10.0/16 G4', 'add 10.0/10 G4', 'add 10.8/16 G3', 'add 10.8.0/24 G1', 'add 10.8.1/24 G2', 'add 10.8.3/24 G3',
        'add 10.8.4/24 G4'),
    3: ('add -mpath 10.8.1/24 G3', '!add -mpath 10.8.1/24 G3'),
    5: ('add -mpath -priority 16 10.8.1/24 G2', 'add -mpath -priority 17 10.8.1/24 G2', 'add -mpath -priority 18 10.8.1/24 G2',
        '!add -mpath -priority 17 10.8.1/24 G2'),
    7: THREE + ('delete -priority 17 10.8.1/24',),
    9: THREE + ('ifconfig lo10002 down', 'delete -priority 17 10.8.1/24'),
    11: ('ifconfig lo10002 down', THREE[0], THREE[2], THREE[1]),
    15: ('add 10.0/16 G4', 'change 10.0/16 -ifa G2'),
    17: ('add -mpath 10.8.1/24 G3', 'add -mpath 10.8.1/24 G4', 'delete -mpath 10.8.1/24 G3'),
    19: ('add 10.8.1/24 G1', 'add -mpath 10.8.1/25 G3', 'add -mpath 10.8.1/25 G4', 'add 10.8.1/26 G2', 'delete -mpath 10.8.1/25 G3'),
    21: ('add -priority 4 10.8.1/24 G3', 'add -priority 3 10.8.1/24 G3', 'add -priority 5 10.8.1/24 G3'),
    31: ('add -mpath -priority 13 192.0.3/24 G3', 'add -mpath -priority 11 192.0.3/24 G1', 'add -mpath -priority 14 192.0.3/24 G4',
         'add -mpath -priority 12 192.0.3/24 G2'),
    37: ('add 10.1.0.2/24 G1', 'add 10.2.1.8/16 G2', 'add 10.3.5.7/8 G3', 'add 172.25.8.3/24 G1', 'add 172.30.2.5/16 G2', 'add 172.21.4.7/8 G3',
         'add 192.168.5.3/24 G1', 'add 192.168.9.8/16 G2', 'add 192.168.1.7/8 G3'),
}


def run(sluice, steps):
    """The table afterwards, and the steps that ended otherwise than they must."""
    lines = [f'ifconfig lo1000{i} inet 192.0.2.{i}/32' for i in range(1, 5)]
    for step in steps:
        step = re.sub(r'\bG(\d)', r'192.0.2.\1', step.lstrip('!'))
        lines.append(step if step.startswith('ifconfig') else f'route -nq {step}')
    p = subprocess.run([sluice, '-n', 'vio0=null'], input='\n'.join(lines + [SHOW, 'halt', '']), timeout=60, text=True, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT)
    said = re.split(r'^\S+@\S+:~\$ ', p.stdout.replace('\r', ''), flags=re.M)[1:]
    if p.returncode != 0 or len(said) != len(lines) + 2:
        return '', [f'exit status {p.returncode}: {p.stdout[-500:]}']
    wrong = [f'{step}: {text.strip()}' for step, text in zip(steps, said[4:]) if (len(text.splitlines()) > 1) != step.startswith('!')]
    return said[-2].split('\n', 1)[1], wrong


def columns(text):
    """Rows without Refs, Use and the rows of lo0; spaces do not count."""
    rows = [re.split(r' +', line.strip()) for line in text.splitlines()]
    rows = [row for row in rows if row[-1] != 'lo0']
    return [' '.join(row[:3] + row[5:] if len(row) == 8 else row) for row in rows]


def check(sluice, folder=None):
    folder = f'{folder or FOLDER}/route'
    if not os.path.isdir(folder):
        print(f'route_conformance: optional: no data in {folder}')
        return [], 'optional: without data'
    problems, bad, names = [], [], sorted(int(re.search(r'(\d+)\.ok$', p).group(1)) for p in glob.glob(f'{folder}/rttest*.ok'))
    for n in names:
        with open(f'{folder}/rttest{n}.ok') as f:
            want = columns(f.read())
        table, wrong = run(sluice, STEPS[n]) if n in STEPS else ('', ['its steps are not known here'])
        wrong += difflib.unified_diff(want, columns(table), 'expected', 'printed', lineterm='', n=0)
        if wrong:
            bad.append(n)
        if bool(wrong) != (n in NOT):
            problems.append(f'rttest{n}: ' + ('\n'.join(wrong) if wrong else 'is as expected, so NOT is wrong'))
    return problems, f'{len(names) - len(bad)} of {len(names)}' + ''.join(f'; rttest{n}: {NOT[n]}' for n in bad if n in NOT)


def selftest(sluice, plant):
    """A wrong row, one that is missing, and a step that should have failed are found."""
    row = '10.8.1/24          192.0.2.3          %s        0        0 32768     8 lo10003\n'
    table, wrong = run(sluice, STEPS[3])
    assert not wrong, wrong
    with plant({'route/rttest3.ok': table}) as root:
        assert check(sluice, root) == ([], '1 of 1'), check(sluice, root)
        for broken in (table.replace('UGS ', 'UGSP', 1), table + row % 'UGS', table.replace('lo10004', 'lo10003')):
            assert broken != table
            with open(f'{root}/route/rttest3.ok', 'w') as f:
                f.write(broken)
            assert check(sluice, root)[1] == '0 of 1', broken
    assert run(sluice, ('!add 10.8.1/24 G3',))[1] and run(sluice, ('add 10.8.1/24 10.77.0.1',))[1]


if __name__ == '__main__':
    args = [a for a in sys.argv[1:] if a != '-v']
    sluice_path = os.path.abspath(args[0] if args else f'{TOP}/build/host/sluice')
    found, summary = check(sluice_path, args[1] if len(args) > 1 else None)
    if '-v' in sys.argv:
        print('\n'.join(found))
    print(f'{len(found)} unexpected, {summary}')
    sys.exit(1 if found else 0)
