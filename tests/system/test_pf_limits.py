"""The packet filter with all that it may have: states, ports, sources, tables' addresses, fragments. Each refuses with a counter, and what is known goes on.
And rulesets that replace each other a thousand times."""
import re

import pytest
from router import CONF
from wire import IP, UDP, Raw

pytestmark = pytest.mark.sluice

FULL = '''set limit { states 40, src-nodes 3, table-entries 2, frags 16 }
table <t> persist { 203.0.113.1 }
block
pass out
pass in on vio0 proto udp to port { 7, 8 }
match out on vio1 inet proto udp to port 8 nat-to 10.0.2.1 port 6000:6001
pass in on vio0 proto udp to port 9 keep state (source-track rule, max-src-states 100)
'''


def counted(x, name):
    """pfctl -si's or netstat -s's."""
    m = re.search(rf'^ *{name} +(\d+)', x.router.cmd('pfctl -si'), re.M) or re.search(rf'(\d+) {name}', x.router.cmd('netstat -s'))
    return int(m[1]) if m else 0


def send(x, packets):
    """From a; what of it comes to b."""
    for p in packets:
        x.a.send(x.a.ether() / p)
    return [f for f in iter(lambda: x.b.recv(0.5), None) if UDP in f and f[UDP].dport in (7, 8, 9) or IP in f and f[IP].frag]


def udp(x, dport, sport, src=None):
    return IP(src=src or x.a.ip, dst=x.b.ip) / UDP(sport=sport, dport=dport) / Raw(b'x' * 30)


def test_all_limits(boot):
    x = boot(conf=CONF + '# /etc/pf.conf\n' + FULL)
    assert len(send(x, [udp(x, 7, 1000)])) == 1
    assert len(send(x, [udp(x, 8, 2000 + i) for i in range(6)])) == 2 and counted(x, 'translate') == 4
    x.router.cmd('pfctl -k 0.0.0.0/0 -k 10.0.2.2; pfctl -F states')
    assert len(send(x, [udp(x, 7, 1000)])) == 1
    sources = send(x, [udp(x, 9, 3000, f'10.0.1.{20 + i}') for i in range(6)])
    assert len(sources) == 3 and counted(x, 'src-limit') + counted(x, 'memory') >= 3
    some = send(x, [udp(x, 7, 4000 + i) for i in range(60)])
    assert len(some) < 20 and counted(x, 'state-limit') == 60 - len(some)
    pieces = [IP(src=x.a.ip, dst=x.b.ip, id=i, flags='MF', proto=17) / Raw(b'y' * 64) for i in range(40)]
    assert send(x, pieces) == [] and counted(x, 'fragments dropped to make room for others') >= 24
    assert '1/1 addresses added' in x.router.cmd('pfctl -t t -T add 203.0.113.2')
    assert 'more addresses in tables than set limit table-entries allows' in x.router.cmd('pfctl -t t -T add 203.0.113.3')
    assert len(send(x, [udp(x, 7, 1000)] * 20)) == 20, 'what is known goes on'
    x.router.cmd('pfctl -F states; pfctl -F Sources')
    assert len(send(x, [udp(x, 7, 5000 + i) for i in range(10)])) == 10, 'and so does what is new, when there is room'


MARKS = 'block\npass in on vio0 tag {0}\npass out on vio1 tagged {0}\n'



@pytest.mark.long
@pytest.mark.limit(1500)
def test_ruleset_replaced_a_thousand_times(boot):
    """Two rulesets with marks of their own: what is judged by a part of each does not come out. A flow that was there before goes on, new ones begin."""
    x = boot(conf=CONF + '# /etc/pf.conf\n' + MARKS.format('A'))
    assert len(send(x, [udp(x, 7, 1000)])) == 1
    con = x.router.con
    for i in range(1000):
        con.send('pfctl -f - <<E\r' + MARKS.format('AB'[i % 2]).replace('\n', '\r') + 'E\r')
        for p in (udp(x, 7, 1000), udp(x, 7, 2000 + i), udp(x, 7, 2000 + i)):
            x.a.send(x.a.ether() / p)
        came = [x.b.expect(lambda f: UDP in f and f[UDP].dport == 7, 10) for _ in range(3)]
        assert all(came), (i, came, x.router.cmd('pfctl -si'))
        con.expect(con.PROMPT, 60)
    assert 'tag B\n' in x.router.cmd('pfctl -sr')
    assert counted(x, 'match') == 2 * 1001
