/* pf_note.c - a translated connection has two keys, and their packets may come home to two cores. The one without the state keeps a note in its table
 * that says where it is. Notes are put and taken away by messages, each an mbuf that is handed over; a state does not end before its message could be
 * sent. */
#include <string.h>

#include "net/core/handoff.h"
#include "net/pf/pf_state.h"

COUNTER(pfs_notesent, pf, 300, CREATED, "note%s sent to other cores");
COUNTER(pfs_notetaken, pf, 310, CONSUMED, "note%s taken from other cores");
COUNTER(pfs_notelost, pf, 320, INFO, "note%s without memory or whose key was taken");

struct note { struct pf_key n_key; uint32_t n_hash; uint8_t n_dirs, n_core, n_add; };

static void take_notes(struct ifnet *, struct batch *);
HANDOFF(pf_note, take_notes);

bool
pf_note_send(const struct pf_sk *sk, unsigned core, bool add)
{
	struct note n = { sk->sk_key, sk->sk_hash, (uint8_t)sk->sk_dirs, (uint8_t)core_id(), add };
	struct batch one = { .b_n = 1 };

	if (handoff_room(handoff_ring(core_id(), core)) == 0 || (one.b_m[0] = m_get()) == NULL)
		return false;
	counter_inc(pfs_notesent);
	memcpy(one.b_m[0]->m_data, &n, sizeof(n));
	one.b_m[0]->m_len = one.b_m[0]->m_pktlen = sizeof(n);
	handoff_batch(core, &handoff_pf_note, 0, &one);
	return true;
}

static void
take_notes(struct ifnet *ifp __unused_arg, struct batch *b)
{
	for (unsigned i = 0; i < b->b_n; i++) {
		struct note n;

		memcpy(&n, b->b_m[i]->m_data, sizeof(n));
		if (!(n.n_add ? pf_note_add : pf_note_remove)(&n.n_key, n.n_hash, n.n_dirs, n.n_core))
			counter_inc(pfs_notelost);
		counter_inc(pfs_notetaken);
		m_freem(b->b_m[i]);
	}
}
