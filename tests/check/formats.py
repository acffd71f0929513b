"""formats.py - nothing prints fractions: the kernel is linked with newlib's printf for integers (Makefile), which knows none."""
import re

import sources

STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
# "%es" is a plural's place, and "%em0" a zone: without a precision it stands alone.
FRACTION = re.compile(r'%[-+ #0]*(?:(?:\d+|\*)?\.(?:\d+|\*)L?[aefgAEFG]|(?:\d+|\*)?L?[aefgAEFG](?![a-z0-9]))')


def check(root):
    problems, n = [], 0
    for path in sources.files(root, 'net/*/*.c', 'kernel/*.c', 'kernel/amd64/*.c', 'drivers/*.c', 'libc/*.c'):
        text = sources.without_comments(sources.read(f'{root}/{path}'))
        for m in STRING.finditer(text):
            n += 1
            if f := FRACTION.search(m[0].replace('%%', '')):
                problems.append(f'{path}:{sources.line_of(text, m.start())}: {f[0]} is for fractions')
    return problems, f'{n} strings'


CLEAN = {'net/a/a.c': 'printf("%d%% %5.3s %llu %zx, 100%%fine address%es" /* %f */);\n'}
PLANTED = [
    ('a fraction', {'net/a/a.c': 'printf("%d %.1f\\n");\n'}, 'net/a/a.c:1: %.1f is for'),
    ('one with an exponent', {'kernel/k.c': '\nprintf("%-*g");\n'}, 'kernel/k.c:2: %-*g is for'),
]
