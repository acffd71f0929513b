"""Reads what the router prints. The formats are OpenBSD's; each function here insists on them, so that a test which reads a
counter also checks the format."""
import re


class FormatError(AssertionError):
    pass


def _need(m, what, text):
    if not m:
        raise FormatError(f'not as {what} prints: {text!r}')
    return m


IF_HEAD = re.compile(r'^(\w+): flags=([0-9a-f]+)<([A-Z0-9,]*)>(?: \w+ \S+)*? mtu (\d+)$')
IF_INET = re.compile(r'^\tinet (\d+\.\d+\.\d+\.\d+)(?: --> (\S+))? netmask (0x[0-9a-f]{8})(?: broadcast (\S+))?$')
IF_INET6 = re.compile(r'^\tinet6 ([0-9a-f:.]+(?:%\w+)?) prefixlen (\d+)((?: [a-z]+)*)(?: scopeid 0x[0-9a-f]+)?(?: pltime \w+ vltime \w+)?$')
IF_LINE = re.compile(r'^\t(lladdr|description:|index|groups:|media:|status:|encap:|priority:|patch:|tunnel:)\s?(.*)$')


def ifconfig(text):
    """{name: {flags: set, mtu, inet: [(addr, mask, broadcast)], inet6: [(addr, prefixlen, {flag, ..})], lladdr, media, status, ...}}"""
    ifs, cur = {}, None
    for line in text.splitlines():
        if m := IF_HEAD.match(line):
            cur = ifs[m[1]] = {'flags': set(m[3].split(',')) - {''}, 'bits': int(m[2], 16), 'mtu': int(m[4]), 'inet': [], 'inet6': []}
        elif cur is not None and (m := IF_INET.match(line)):
            cur['inet'].append((m[1], m[3], m[4]))
        elif cur is not None and (m := IF_INET6.match(line)):
            cur['inet6'].append((m[1], int(m[2]), set((m[3] or '').split())))
        elif cur is not None and (m := IF_LINE.match(line)):
            cur[m[1].rstrip(':')] = m[2]
        else:
            raise FormatError(f'not as ifconfig prints: {line!r}')
    return ifs


STAT_HEAD = re.compile(r'^(\w+):$')
STAT_LINE = re.compile(r'^(\t+)(\d+) (\S.*)$')


def netstat_s(text):
    """{(group, sentence): number}; plural endings are taken off, so that 1 packet and 2 packets are the same key."""
    out, group = {}, None
    for line in text.splitlines():
        if m := STAT_HEAD.match(line):
            group = m[1]
        else:
            m = _need(STAT_LINE.match(line), 'netstat -s', line)
            out[group, singular(m[3])] = int(m[2])
    return out


def singular(sentence):
    """The sentence without the endings that plurals change: "packets received" and "packet received" become the same."""
    return ' '.join(w.rstrip('seiy') or w for w in sentence.split())


def column_table(text, head, what):
    """Rows under the line that has these column heads, split at white space; the header's own words first."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if line.split()[:len(head)] == head:
            return [row.split() for row in lines[i + 1:] if row.strip()]
    raise FormatError(f'{what}: no line with the heads {head}: {text!r}')


RN_HEAD = 'Destination Gateway Flags Refs Use Mtu Prio Iface'.split()


def netstat_rn(text, family='Internet'):
    """[{Destination: .., Gateway: .., ..}] of the table of a family, Internet or Internet6."""
    if not re.search(r'^Routing tables$', text, re.M) or not re.search(rf'^{family}:$', text, re.M):
        raise FormatError(f'netstat -rn has no "Routing tables" or "{family}:": {text!r}')
    part = re.split(rf'^{family}:$', text, maxsplit=1, flags=re.M)[1]
    part = re.split(r'^Internet6?:$', part, maxsplit=1, flags=re.M)[0]
    rows = column_table(part, RN_HEAD, 'netstat -rn')
    for r in rows:
        if len(r) < 8:
            raise FormatError(f'netstat -rn: {r}')
    return [dict(zip(RN_HEAD, r)) for r in rows]


IN_HEAD = 'Name Mtu Network Address Ipkts Ifail Opkts Ofail Colls'.split()


def netstat_in(text):
    """[{Name, Mtu, Network, Address, Ipkts, Ifail, Opkts, Ofail, Colls}]; Address is absent where there is none."""
    out = []
    for r in column_table(text, IN_HEAD, 'netstat -in'):
        row = dict(zip(IN_HEAD[:3], r), Address=r[3] if len(r) == 9 else None)
        if len(r) not in (8, 9) or not all(x.isdigit() for x in r[-5:]):
            raise FormatError(f'netstat -in: {r}')
        row.update((k, int(v)) for k, v in zip(IN_HEAD[4:], r[-5:]))
        out.append(row)
    return out


ARP_HEAD = re.compile(r'^Host +Ethernet Address +Netif +Expire +Flags *$')
ARP_LINE = re.compile(r'^(\d+\.\d+\.\d+\.\d+) +((?:[0-9a-f]{2}:){5}[0-9a-f]{2}|\(incomplete\)) +(\w+|\?) +(\S+)(?: +(\w+))? *$')


def arp_an(text):
    """{ip: (mac or None, interface, expire, flags)}"""
    lines = text.splitlines()
    if not lines:
        return {}
    _need(ARP_HEAD.match(lines[0]), 'arp -an', lines[0])
    out = {}
    for line in lines[1:]:
        m = _need(ARP_LINE.match(line), 'arp -an', line)
        out[m[1]] = (None if m[2] == '(incomplete)' else m[2], m[3], m[4], m[5] or '')
    return out


KSTAT_NAME = re.compile(r'^([\w.-]+):(\d+):([\w.-]+):(\d+)$')
KSTAT_LINE = re.compile(r'^ *(\S[^:]*): (.*)$')


def kstat(text):
    """{'vio0:0:rxq:0': {'packets': 12, 'oactive': 'true', ..}}: numbers as int, the rest as text."""
    out, cur = {}, None
    for line in text.splitlines():
        if m := KSTAT_NAME.match(line):
            cur = out.setdefault(m[0], {})
            continue
        m = _need(KSTAT_LINE.match(line) if cur is not None else None, 'kstat', line)
        if len(m[1]) <= 16 and line.index(':') != 16:
            raise FormatError(f'kstat: name not in a column of 16: {line!r}')
        num = re.fullmatch(r'(\d+)(?: \w+)?', m[2])
        cur[m[1]] = int(num[1]) if num else m[2]
    return out
