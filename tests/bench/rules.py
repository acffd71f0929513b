"""Rules that no packet of the generator matches, and addresses for a table; the same each time."""
import random


def addresses(n):
    """n different IPv4 addresses outside of what the generator's other packets have, one a line of a file of prefixes."""
    r, found = random.Random(5), {}
    while len(found) < n:
        a = r.randrange(11, 200) << 24 | r.randrange(1 << 24)
        found['.'.join(str(a >> s & 255) for s in (24, 16, 8, 0))] = True
    return list(found)


def unlike(n, card):
    """The text of n rules of five kinds."""
    r, text = random.Random(6), ''
    for _ in range(n):
        host, net, port = f'192.168.{r.randrange(256)}.{r.randrange(256)}', f'172.16.{r.randrange(256)}.0/24', r.randrange(1, 65000)
        text += r.choice((f'pass in on {card}0 proto tcp from {host} to {net} port {port}\n', f'block in quick proto udp from {net} to any port {port}\n',
                          f'block from {host} to {net}\n', f'pass out on {card}1 proto tcp from any to {host} port {port}:{port + 10}\n',
                          f'pass quick inet proto icmp from {net} to {host}\n'))
    return text
