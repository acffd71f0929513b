"""planted.py - the bugs that the suite must find: each a text that stands exactly once in a file, and what it becomes."""
from collections import namedtuple

Mutant = namedtuple('Mutant', 'name what file old new')

MUTANTS = [
    Mutant('wrong_bound', "an option's length is compared with the whole header, not with what is left of it",
           'net/inet/ip_options.c',
           'if (i + 1 >= hlen || p[i + 1] < 2 || p[i + 1] > hlen - i) {',
           'if (i + 1 >= hlen || p[i + 1] < 2 || p[i + 1] > hlen) {'),
    Mutant('missing_length_check', 'an IP length beyond the frame is believed',
           'net/inet/ip_input.c',
           'if (len > m->m_pktlen) {',
           'if (len > IP_MAXPACKET) {'),
    Mutant('use_after_free', "a neighbour's memory is given back while it is still on the list of all",
           'net/route/nexthop.c',
           '	if ((*nh->nh_prevp = nh->nh_next) != NULL)\n		nh->nh_next->nh_prevp = nh->nh_prevp;\n',
           ''),
    Mutant('leaked_mbuf', 'an ARP packet that has been understood is not freed',
           'net/ether/arp_input.c',
           '		counter_inc(arps_inother);\n	m_freem(m);\n',
           '		counter_inc(arps_inother);\n'),
    Mutant('double_count', 'a frame for another station is counted twice',
           'net/ether/ether_input.c',
           'M_DROP(m, eths_notours);',
           '{ counter_inc(eths_notours); M_DROP(m, eths_notours); }'),
    Mutant('swapped_byte_order', "the next hop's MTU goes out in the machine's byte order",
           'net/inet/icmp_error.c',
           'icp->icmp_nextmtu = host_be16(mtu);',
           'icp->icmp_nextmtu = mtu;'),
    Mutant('ring_off_by_one', 'one descriptor more than the transmit ring has is filled',
           'drivers/virtio_net_tx.c',
           'room = vq->vq_size - virtq_busy(vq);',
           'room = vq->vq_size - virtq_busy(vq) + 1u;'),
    Mutant('missed_wrap', "the message buffer's text is not carried on at its beginning",
           'kernel/log.c',
           '	memcpy(msgbuf.ring->lr_text, s + first, n - first);\n	msgbuf.end += n;\n',
           '	msgbuf.end += n;\n'),
    Mutant('stale_pointer_after_reload', 'what both configurations have is freed with the old one',
           'kernel/config.c',
           '			store_find(&running, new->cs_file[i].cf_name)->cf_kept = true;\n',
           ''),
    Mutant('lost_wakeup', 'an interrupt that comes while the poller looks is forgotten',
           'kernel/loop.c',
           '	pl->pl_ready = false;\n	barrier();\n	for (unsigned i = 0; i < LOOP_ROUNDS && n == LOOP_BUDGET; i++)\n'
           '		n = pl->pl_poll(pl, LOOP_BUDGET);\n',
           '	for (unsigned i = 0; i < LOOP_ROUNDS && n == LOOP_BUDGET; i++)\n		n = pl->pl_poll(pl, LOOP_BUDGET);\n'
           '	pl->pl_ready = false;\n	barrier();\n'),
]
