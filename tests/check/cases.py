"""cases.py - the names of test cases in the checklists (../shared/checklists), as "group:name": arp:dad_basic, pf/nat:exhaust.

A checklist has a heading for each directory or file and a line "- name, name - phrase" for each case; {a,b} stands for both, {algo} and * for
anything. FreeBSD's has one line for each file, "- file: name, name - phrase"."""
import fnmatch
import glob
import itertools
import re

import sources

NAME = re.compile(r'[A-Za-z0-9_*]+')
BRACES = re.compile(r'\{([^{}]*)\}')


def expand(text):
    """a_{b,c} -> a_b, a_c; a_{algo} -> a_*"""
    parts = BRACES.split(text)
    choices = [[p] if i % 2 == 0 else p.split(',') if ',' in p else ['*'] for i, p in enumerate(parts)]
    return [''.join(c) for c in itertools.product(*choices)]


def split(text):
    """At commas, semicolons, slashes and "and" that stand outside braces."""
    braces = [m.span() for m in BRACES.finditer(text)]
    cuts = [m.span() for m in re.finditer(r'[,;/]|\sand\s', text) if not any(a < m.start() < b for a, b in braces)]
    return [text[a:b].strip() for a, b in zip([0] + [c[1] for c in cuts], [c[0] for c in cuts] + [len(text)])]


def suffixed(before, item):
    """lagg_lacp_ipv4 and _ipv6: lagg_lacp_ipv6; lagg_x_l2tp_ipv4 and _l2tp_ipv6: lagg_x_l2tp_ipv6."""
    return before.rpartition('_')[0].removesuffix(item.rpartition('_')[0] or '-') + item


def entry(text):
    """The names of one "- ..." line, without its file's."""
    named, *phrases = re.sub(r'\([^)]*\)', '', text).split(' - ')
    items = split(re.sub(r'\sx\s.*', '', named)) + [i.strip() for p in phrases for i in p.split(';')[1:]]     # name - phrase; name - phrase
    found = []
    for item in items:
        if item.startswith('_') and found:
            item = suffixed(found[-1], item)
        found += [n for n in expand(item) if NAME.fullmatch(n) and not n.startswith(('_', '*'))]
    return found


def lines(text):
    """Of a section: its "- " lines, each with what continues it."""
    return [' '.join(m.split()) for m in re.findall(r'^- (.*(?:\n {2,}\S.*)*)', text, re.M)]


def parse(text):
    """{"group:name"} of a checklist's text. A heading of several directories is known by the first."""
    freebsd = text.startswith('# FreeBSD')
    found = set()
    for section in re.split(r'^## ', text, flags=re.M)[1:]:
        title, _, body = section.partition('\n')
        if freebsd and 'cases' not in title.lower():
            continue
        group = re.split(r'[/, ]', title)[0]
        for line in lines(body):
            file, colon, rest = re.sub(r'\([^)]*\)', '', line).partition(': ')
            if freebsd:
                found |= {f'pf/{file.strip()}:{n}' for n in entry(rest)} if colon else set()
            elif '(names not read)' not in line:
                found |= {f'{group}:{n}' for n in entry(rest if colon and re.fullmatch(r't_\w+\.\w+', file) else line)}
    return found


def read(folder):
    """Of all checklists in the folder; None: there are none."""
    paths = glob.glob(f'{folder}/*.md')
    return set().union(*(parse(sources.read(p)) for p in paths)) if paths else None


def find(known, claim):
    """Those that a claim means: "group:name" one of them, "name" each of that name."""
    if claim in known:
        return [claim]
    pairs = [(k, *k.split(':', 1)) for k in known]
    group, colon, name = claim.rpartition(':')
    return sorted(k for k, g, n in pairs if (not colon or g == group) and (n == name or ('*' in n and fnmatch.fnmatchcase(name, n))))


def selftest():
    got = parse('# NetBSD\n## arp/t_arp.sh (x)\n- arp_garp - a phrase, with words\n- arp_a / arp_b; arp_c - b; arp_d\n'
                '## if, if_loop\n- t_ifconfig.sh: ic_{a,b}_{c,d} - x\n- up_v4, _v6, _x_v4, _x_v6,\n  up2 (older: y) - z\n- a_{algo}_k, n_*\n'
                '- bad keys refused\n- t_x.c, if_x/t_y.sh (names not read)\n')
    want = {'arp:arp_garp', 'arp:arp_a', 'arp:arp_b', 'arp:arp_c', 'arp:arp_d'} | {f'if:{n}' for n in (
        'ic_a_c', 'ic_a_d', 'ic_b_c', 'ic_b_d', 'up_v4', 'up_v6', 'up_x_v4', 'up_x_v6', 'up2', 'a_*_k', 'n_*')}
    assert got == want, got ^ want
    got = parse('# FreeBSD\n## All test programs\nShell: a b\n## Cases read\n- nat: exhaust, pass_in (x), 4G - ports\n- set_skip: group\n')
    assert got == {'pf/nat:exhaust', 'pf/nat:pass_in', 'pf/nat:4G', 'pf/set_skip:group'}, got
    known = {'arp:dad', 'ndp:dad', 'ipsec:esp_*_x', 'pf/nat:v4'}
    assert find(known, 'arp:dad') == ['arp:dad'] and find(known, 'dad') == ['arp:dad', 'ndp:dad'] and find(known, 'v4') == ['pf/nat:v4']
    assert find(known, 'esp_aes_x') == ['ipsec:esp_*_x'] and find(known, 'pf/rdr:v4') == [] and find(known, 'esp') == []
