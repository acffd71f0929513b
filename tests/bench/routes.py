"""Lists of prefixes like a BGP table's: some 60% /24 (48% /48 of IPv6), half of the long ones inside a shorter one. The same for a seed."""
import ipaddress
import os
import random

SHARE4 = {24: 600, 23: 100, 22: 115, 21: 52, 20: 45, 19: 26, 18: 14, 17: 9, 16: 14, 15: 2.1, 14: 1.3, 13: .6, 12: .3, 11: .1, 10: .04, 9: .01, 8: .016}
SHARE6 = {48: 480, 47: 28, 46: 30, 45: 15, 44: 95, 43: 7, 42: 20, 41: 6, 40: 80, 39: 5, 38: 15, 37: 5, 36: 50, 35: 8, 34: 18, 33: 20, 32: 115,
          31: 4, 30: 7, 29: 40, 28: 3, 24: .3, 20: .1}
RESERVED4 = [ipaddress.ip_network(x) for x in ('0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12',
                                               '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3')]
BLOCKS6 = [(0x2001, 16), (0x2400, 12), (0x2600, 12), (0x2800, 12), (0x2a00, 12), (0x2c00, 12)]


def _fresh(r, ip6):
    """An address and how many of its bits are given."""
    if not ip6:
        return r.getrandbits(32), 0
    block, length = r.choice(BLOCKS6)
    return block << 112 | r.getrandbits(128 - length), length


def prefixes(n, ip6=False, seed=1):
    r = random.Random(seed)
    share, width = (SHARE6, 128) if ip6 else (SHARE4, 32)
    reserved = [] if ip6 else [(int(x.network_address), x.prefixlen) for x in RESERVED4]
    longest, shorter, seen, out = max(share), [], set(), []
    lengths, weights = list(share), list(share.values())
    while len(out) < n:
        for length in r.choices(lengths, weights, k=n):
            cover = r.choice(shorter) if shorter and r.random() < .5 else None
            if cover and cover[1] < length:
                a = cover[0] | r.getrandbits(width - cover[1])
            else:
                a = _fresh(r, ip6)[0]
            a = a >> (width - length) << (width - length)
            if (a, length) in seen or any(a >> (width - min(length, k)) == b >> (width - min(length, k)) for b, k in reserved):
                continue
            seen.add((a, length))
            out.append((a, length))
            if length < longest - 1:
                shorter.append((a, length))
            if len(out) == n:
                break
    address = ipaddress.IPv6Address if ip6 else ipaddress.IPv4Address
    return [f'{address(a)}/{length}' for a, length in out]


def prefix_file(directory, n, ip6=False):
    """A file of n prefixes, one a line; made once."""
    path = f'{directory}/routes{6 if ip6 else 4}-{n}'
    if not os.path.exists(path):
        with open(path + '.new', 'w') as f:
            f.writelines(p + '\n' for p in prefixes(n, ip6))
        os.rename(path + '.new', path)
    return path
