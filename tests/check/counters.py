"""counters.py - every counter is bumped in exactly one place, in the file that defines it: from its sentence one greps to the line."""
import re

import sources

DEFINED = re.compile(r'^COUNTER\((\w+),\s*(\w+),\s*\d+,\s*(\w+),', re.M)
BUMPED = re.compile(r'\b(?:counter_inc|counter_add|percore)\s*\(\s*(\w+)|\bM_DROP\s*\((?:[^(),]|\((?:[^()]|\([^()]*\))*\))*,\s*(\w+)\s*\)')


def check(root):
    defined, bumps, problems = {}, {}, []
    for path in sources.files(root, 'net/*/*.c', 'kernel/*.c', 'drivers/*.c'):
        text = sources.without_comments(sources.read(f'{root}/{path}'))
        for m in DEFINED.finditer(text):
            if m[1] in defined:
                problems.append(f'{path}:{sources.line_of(text, m.start())}: counter {m[1]} is defined in {defined[m[1]][0]} too')
            defined[m[1]] = (path, sources.line_of(text, m.start()))
        for m in BUMPED.finditer(text):
            bumps.setdefault(m[1] or m[2], []).append((path, sources.line_of(text, m.start())))
    for name, (path, line) in sorted(defined.items(), key=lambda d: d[1]):
        here = bumps.get(name, [])
        places = ', '.join(f'{p}:{n}' for p, n in here)
        if not here:
            problems.append(f'{path}:{line}: counter {name} is bumped nowhere')
        elif len(here) > 1:
            problems.append(f'{path}:{line}: counter {name} is bumped in {len(here)} places: {places}')
        elif here[0][0] != path:
            problems.append(f'{path}:{line}: counter {name} is bumped in another file: {places}')
    return problems, f'{len(defined)} counters'


GOOD = '''COUNTER(a_in, a, 10, INFO, "packet%s in");
COUNTER(a_bad, a, 20, DROP, "bad one%s");
void f(struct mbuf *m) { counter_inc(a_in); M_DROP(take(m, 1), a_bad); } /* counter_inc(a_in) */
'''
PLANTED = [
    ('a counter that nobody bumps', {'net/a/a.c': GOOD.replace('counter_inc(a_in); ', '')}, 'a_in is bumped nowhere'),
    ('a counter bumped twice', {'net/a/a.c': GOOD + 'void g(void) { counter_add(a_in, 2); }\n'}, 'a_in is bumped in 2 places'),
    ('a drop counted in another file', {'net/a/a.c': GOOD.replace('M_DROP(take(m, 1), a_bad);', ''),
                                        'net/a/b.c': 'void g(void) { M_DROP(m, a_bad); }\n'}, 'a_bad is bumped in another file'),
    ('two counters of one name', {'net/a/a.c': GOOD, 'net/b/b.c': 'COUNTER(a_in, b, 1, INFO, "x");\n'}, 'a_in is defined in'),
]
CLEAN = {'net/a/a.c': GOOD}
