/* pending.c - the list of what waits to be put in force. */
#include "net/core/pending.h"

static struct pending *pending_list;
bool pending_more;

void
pending_remove(struct pending *pd)
{
	for (struct pending **p = &pending_list; *p != NULL; p = &(*p)->pd_next)
		if (*p == pd) {
			*p = pd->pd_next;
			return;
		}
}

void
pending_add(struct pending *pd)
{
	pending_remove(pd);
	pd->pd_next = pending_list;
	pending_list = pd;
}

/* What one puts in force another may wait for: so until nobody gets done any more. */
bool
pending_retry_some(void)
{
	struct pending **p;
	bool progress;

	pending_more = false;
	do {
		progress = false;
		for (p = &pending_list; *p != NULL; ) {
			if ((*p)->pd_retry(*p)) {
				*p = (*p)->pd_next;
				progress = true;
			} else {
				p = &(*p)->pd_next;
			}
		}
	} while (progress);
	return pending_more;
}

void
pending_retry(void)
{
	while (pending_retry_some())
		continue;
}
