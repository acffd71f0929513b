"""path.py KERNEL - what a packet's way may not meet: locked instructions, and the heap. Walks the kernel's code from the stages, the drivers'
polls and the loop's hooks over direct calls and jumps; what is called by pointer on that way is named here as a root of its own."""
import re
import subprocess

# Called through pointers on a packet's way: if_input, if_enqueue, ifq_startfn, ep_input, pr_input, pl_poll, lh_func.
ROOTS = ['ifiq_input', 'ether_input', 'arp_input', 'ip_input', 'ip_forward', 'ip_deliver', 'ip_output', 'ether_output', 'icmp_input',
         'ip6_input', 'ip6_forward', 'ip6_deliver', 'ip6_output', 'icmp6_input',
         'flow_pick4', 'flow_run4', 'flow_mend4', 'flow_route4', 'flow_pick6', 'flow_run6', 'flow_mend6', 'flow_route6', 'if_enqueue_ifq',
         'loop_start', 'ifq_flush', 'loop_run', 'vio_poll', 'vio_arm', 'vio_start', 'em_poll', 'em_arm', 'em_start']
# Where the way ends: a fault's last words, the log (limited in rate, off the way of good packets), tasks and timers (called from the loop, not by
# a packet).
ENDS = {'panic': 'the end', '__stack_chk_fail': 'the end', 'log_printf': 'limited messages', 'log_vprintf': 'limited messages',
        'log_ratelimited': 'limited messages',
        'tasks_run': 'tasks', 'tasks_run_forced': 'tasks', 'loop_task': 'tasks', 'timeouts_run': 'timers',
        'snprintf': 'words for a limited message; it allocates for floating point only',
        'random_bytes': 'identifications of our own datagrams, one call for eight'}
MAY_CALL = {('pool_get', 'page_alloc'), ('pool_grow', 'page_alloc')}        # pools grow by pages up to their limit
MAY_LOCK = {'pf_once_take'}     # a rule for one packet is taken once, by one of the cores: by the packet that it is for
HEAP = {'malloc', 'calloc', 'realloc', 'free', '_malloc_r', '_calloc_r', '_realloc_r', '_free_r', 'page_alloc', 'page_free',
        'stack_alloc', 'dma_alloc', 'sbrk'}
FUNCTION = re.compile(r'^[0-9a-f]+ <([^>]+)>:$')
CALL = re.compile(r'\b(?:call|jmp|j[a-z]{1,3})q?\s+[0-9a-f]+ <([^>+]+)(\+0x[0-9a-f]+)?>')
# xchg with memory locks without a prefix.
LOCKED = re.compile(r'\block (?!nop)|\bxchg[bwlq]?\s+(?:%\w+,\S*\(|\S*\(\S*\),%)')


def parse(text):
    """{function: ({called, ...}, [locked instruction, ...])} of objdump -d."""
    code, name = {}, None
    for line in text.splitlines():
        m = FUNCTION.match(line)
        if m:
            name = m[1].split('.')[0] if '.constprop' in m[1] or '.isra' in m[1] or '.part' in m[1] or '.cold' in m[1] else m[1]
            code.setdefault(name, (set(), []))
            continue
        if name is None or '\t' not in line:
            continue
        m = CALL.search(line)
        if m:
            code[name][0].add(m[1].split('.')[0])
        if LOCKED.search(line.split('\t')[-1]):
            code[name][1].append(' '.join(line.split('\t')[-1].split()))
    return code


def walk(code, roots, ends):
    problems, seen, todo = [], {}, []
    for r in roots:
        if r in code:
            seen[r] = None
            todo.append(r)
    while todo:
        f = todo.pop()
        calls, locked = code[f]
        way = [f]
        while seen[way[-1]] is not None:
            way.append(seen[way[-1]])
        way = ' <- '.join(way)
        problems += [f'locked instruction "{i}" in {way}' for i in locked if f not in MAY_LOCK]
        for g in sorted(calls):
            if (f, g) in MAY_CALL:
                continue
            if g in HEAP:
                problems.append(f'{g}() is called from {way}')
            elif g in code and g not in seen and g not in ends:
                seen[g] = f
                todo.append(g)
    return problems, len(seen)


def check(kernel):
    text = subprocess.run(['objdump', '-d', '--no-show-raw-insn', '-w', kernel], check=True, capture_output=True, text=True).stdout
    code = parse(text)
    problems, n = walk(code, ROOTS, ENDS)
    missing = [r for r in ROOTS if r not in code]
    if missing:
        problems.append(f'not found in {kernel}: {", ".join(missing)}')
    return problems, f'{n} functions'


def selftest():
    good = ('0 <ip_input>:\n   1:\tcall   20 <f>\n\n20 <f>:\n  21:\tmov    %rax,%rbx\n  22:\tret\n\n'
            '30 <g>:\n  31:\tlock xadd %eax,(%rdx)\n  32:\tcall 40 <malloc>\n')
    assert walk(parse(good), ROOTS, ENDS) == ([], 2)
    for plant, want in (('lock incl (%rdi)', 'locked instruction'), ('xchg   %al,(%rdi)', 'locked instruction'),
                        ('call   40 <malloc>', 'malloc() is called'), ('jmp    30 <g>', 'locked instruction')):
        bad = good.replace('mov    %rax,%rbx', plant)
        got = walk(parse(bad), ROOTS, ENDS)[0]
        assert any(want in g and 'f <- ip_input' in g for g in got), (plant, got)
    assert not walk(parse(good.replace('mov    %rax,%rbx', 'xchg   %ax,%ax')), ROOTS, ENDS)[0]
