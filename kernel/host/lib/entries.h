/* entries.h - what libsluice.so shows to whoever loads it: one table. The rest of the file is hidden, so that one process can
 * hold any number of copies of it, each a router of its own.
 *
 *	struct sluice_entries *e = dlsym(dlopen(COPY, RTLD_LOCAL | RTLD_NOW), "sluice_entries");
 *	e->se_host->arena = ...;		zeroed memory for all that the router allocates in pages
 *	e->se_init(cores);			then se_host->seed, pages_max, host_file_add through se_file()
 *	e->se_boot(); nic = e->se_nic(&conf); e->se_config();
 *	e->se_pass(0) ...
 *
 * Virtual time is se_host->now; the caller moves it before it calls. A panic, reboot or halt inside goes to se_host->expect_panic. */
#ifndef KERNEL_HOST_LIB_ENTRIES_H
#define KERNEL_HOST_LIB_ENTRIES_H

#include "kernel/host/host.h"
#include "kernel/host/host_nic.h"
#include "kernel/host/lib/ring.h"

enum sluice_kind { SLUICE_INFO, SLUICE_DROP, SLUICE_CONSUMED, SLUICE_CREATED };	/* as enum counter_kind */

struct sluice_entries {
	struct host	*se_host;
	void		(*se_init)(unsigned cores);		/* host_init */
	void		(*se_file)(const char *name, const char *data, size_t len);	/* host_file_add */
	void		(*se_boot)(void);
	void		(*se_config)(void);
	struct host_nic	*(*se_nic)(const struct host_nic_conf *);
	void		(*se_link)(struct host_nic *, bool up);
	void		(*se_wake)(struct host_nic *, unsigned queue);
	void		(*se_stats)(const struct host_nic *, struct host_nic_stats *);
	/* ring.h */
	struct ring_card *(*se_ring)(const struct ring_conf *);
	void		(*se_ring_join)(struct ring_card *, struct ring_card *);
	bool		(*se_ring_put)(struct ring_card *, const void *, size_t);
	uint64_t	(*se_ring_received)(const struct ring_card *);
	void		(*se_ring_stop)(struct ring_card *);
	/* host_moments() */
	void		(*se_moments)(bool (*stand)(void));
	/* One pass of a core's loop, or a piece of one; true: it wants another one at once. */
	bool		(*se_pass)(unsigned core);
	/* The cores that something waits for, bit by bit. */
	uint64_t	(*se_woken)(void);
	/* When the first timeout of all cores is due, ns; 0: there is none. */
	uint64_t	(*se_next)(void);
	void		(*se_type)(const char *, size_t n);	/* host_type */
	void		(*se_cons_room)(size_t);		/* host_cons_room */
	void		(*se_session)(const char *text, int *status);	/* session_start */
	/* The i-th counter, its sum over the cores; false: no more. */
	bool		(*se_counter)(unsigned i, const char **name, enum sluice_kind *, uint64_t *);
	const char	*(*se_balance)(void);			/* host_check_balance */
	uint32_t	(*se_mbufs)(void);			/* mbuf_used */
	const char	*(*se_end)(void);			/* host_check_end */
	/* Loads an empty configuration; false: it failed. Core 0's loop. */
	bool		(*se_unconfig)(void);
	void		(*se_trace)(void (*line)(const char *));
	size_t		(*se_blocks)(void);			/* of malloc() that are out */
	void		(*se_free_all)(void);			/* frees them: the copy is of no use any more */
};

extern const struct sluice_entries sluice_entries __attribute__((visibility("default")));

#endif
