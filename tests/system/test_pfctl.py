"""pfctl on the console of the real ELF: a ruleset is typed, checked against the router's own interfaces, printed."""

# All that the language has, in few lines: what needs much stack most of all, for a task has 32 KB of it.
DEEP = ''.join(f'anchor x{i} {{\n' for i in range(24)) + 'pass in inet proto tcp from { { 10/8 vio0:network } } to port { 22 80 }\n' + '}\n' * 24


def pfctl(router, options, text):
    """(exit status, lines printed)"""
    con = router.con
    con.drain(quiet=0)
    con.send(f'pfctl {options} -f - <<"END_OF_RULES"\r')
    for line in text.splitlines():
        con.send(line + '\r')
    con.send('END_OF_RULES\r')
    out, _ = con.expect(con.PROMPT, 30)
    return router.cmd('echo $?').strip(), out.replace('\r', '').rpartition('END_OF_RULES\n')[2].splitlines()


def test_pfctl_checks_a_ruleset(wire):
    status, lines = pfctl(wire.router, '-nv', 'if = vio0\nset skip on lo0\nantispoof for $if inet\npass out on $if inet nat-to ($if)\n')
    assert status == '0', lines
    assert [x for x in lines if x.startswith(('if', 'set', 'block', 'pass'))] == [
        'if = "vio0"', 'set skip on { lo0 }', 'block drop in on ! vio0 inet from 10.0.1.0/24 to any', 'block drop in inet from 10.0.1.1 to any',
        'pass out on vio0 inet all flags S/SA nat-to (vio0) round-robin']


def test_pfctl_says_what_is_wrong(wire):
    status, lines = pfctl(wire.router, '-n', 'pass\npass at nowhere\npass from nowhere\n')
    assert status == '1'
    assert lines[:3] == ['stdin:2: syntax error', 'no IP address found for nowhere', 'stdin:3: could not parse host specification']


def test_pfctl_deep_rulesets_fit_its_stack(wire):
    status, lines = pfctl(wire.router, '-nv', DEEP)
    assert status == '0', lines
    assert sum('port = 80' in x for x in lines) == 2
    status, lines = pfctl(wire.router, '-nv', DEEP.replace('pass in', 'anchor {\npass in'))
    assert status == '1'
    assert lines[0] == 'stdin:25: too many anchors in anchors'
