"""includes.py - who may include whom (DESIGN, "What must never be"): net/ and the portable kernel/ no header of a machine or a driver, drivers
nothing that knows IP; angle brackets only for headers of the C library and the compiler."""
import re

import sources

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
MACHINE = ('kernel/amd64/', 'kernel/host/', 'drivers/', 'boot/', 'tests/')
IP = ('net/inet/', 'net/ether/', 'net/route/', 'net/socket/', 'net/pf/', 'net/ipsec/', 'net/tunnel/', 'net/service/')
STANDARD = {'assert.h', 'ctype.h', 'errno.h', 'fcntl.h', 'inttypes.h', 'limits.h', 'math.h', 'setjmp.h', 'stdarg.h', 'stdbool.h', 'stddef.h',
            'stdint.h', 'stdio.h', 'stdlib.h', 'string.h', 'sys/lock.h', 'sys/stat.h', 'time.h', 'unistd.h'}
# The table of contents of the boot names machine and stack: that is its work.
MAY = {'kernel/main.c': MACHINE + ('net/core/net_init.h',)}
ROOMS = [('net/*/*.[ch]', MACHINE, "a machine's, driver's or test's header"), ('kernel/*.[ch]', MACHINE, "a machine's, driver's or test's header"),
         ('kernel/*.[ch]', ('net/',), 'a header of net/'), ('drivers/*.[ch]', IP, 'a header that knows IP'),
         ('drivers/*.[ch]', ('tests/', 'kernel/host/', 'boot/'), "a machine's or test's header")]
HOST = re.compile(r'#\s*if.*(SLUICE_HOST|__SANITIZE).*?#\s*(?:else|endif)', re.S)


def check(root):
    problems, n = [], 0
    for pattern, never, what in ROOMS:
        for path in sources.files(root, pattern):
            text = sources.without_comments(sources.read(f'{root}/{path}'))
            # What only the host's build sees may name the sanitizers' headers.
            text = HOST.sub(lambda m: re.sub(r'include\s*<sanitizer/[^\n]*', '', m[0]), text)
            for m in INCLUDE.finditer(text):
                n += 1
                where = f'{path}:{sources.line_of(text, m.start(1))}'
                if m[1] == '<' and m[2] not in STANDARD:
                    problems.append(f'{where}: includes <{m[2]}>, which is not of the C library as the kernel has it')
                elif m[1] == '"' and m[2].startswith(never) and not m[2].startswith(MAY.get(path, ('-',))):
                    problems.append(f'{where}: includes {m[2]}, {what}')
                elif m[1] == '"' and '/' not in m[2]:
                    problems.append(f'{where}: includes {m[2]} without its path')
    return sorted(set(problems)), f'{n} includes'


CLEAN = {'net/a/a.c': '#include <string.h>\n#include "net/core/if.h"\n#include "kernel/log.h"\n', 'drivers/d.c': '#include "net/core/if.h"\n',
         'kernel/main.c': '#include "kernel/amd64/cpu.h"\n'}
PLANTED = [
    ("net/ with a driver's header", {'net/a/a.c': '/* */ #include "drivers/pci.h"\n#include "drivers/bus.h"\n'}, "drivers/bus.h, a machine's"),
    ("net/ with a machine's header", {'net/a/a.h': '#include "kernel/amd64/amd64.h"\n'}, 'kernel/amd64/amd64.h'),
    ('kernel/ with a header of net/', {'kernel/k.c': '#include "net/core/if.h"\n'}, 'a header of net/'),
    ('a driver that knows IP', {'drivers/d.c': '#include "net/inet/ip.h"\n'}, 'knows IP'),
    ("the host's header without a condition", {'net/a/a.c': '#include <sys/socket.h>\n'}, 'not of the C library'),
]
