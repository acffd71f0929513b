/* sim.h - the simulator: routers (each a private copy of libsluice.so), simple hosts and wires in one process, on one virtual clock. All that
 * happens follows from the case, its seed and the number of cores.
 *
 * Time is in ns. What fails ends the case: sim_fail(), SIM_CHECK(). */
#ifndef TESTS_SIM_H
#define TESTS_SIM_H

#include <inttypes.h>

#include "kernel/endian.h"
#include "kernel/host/lib/entries.h"
#include "kernel/set.h"

static inline uint64_t us(uint64_t n)	{ return n * 1000; }
static inline uint64_t ms(uint64_t n)	{ return n * 1000000; }
static inline uint64_t sec(uint64_t n)	{ return n * 1000000000; }

/* ---- cases ---- */

struct sim_case {
	const char	*sc_name, *sc_file;
	void		(*sc_func)(void);
	unsigned	 sc_seeds;		/* seeds that it is run with by default, each with one and with three cores; 0: only by name */
};
SET_DECLARE(const struct sim_case, sim_cases);
#define CASE_SEEDS(name, seeds)							\
	static void sim_##name(void);						\
	static const struct sim_case sim_case_##name = { #name, __FILE__, sim_##name, seeds };	\
	SET_ADD(sim_cases, sim_case_##name);					\
	static void sim_##name(void)
#define CASE(name) CASE_SEEDS(name, 1)

/* ---- the world (world.c) ---- */

enum sim_cards { CARDS_ONE_QUEUE, CARDS_QUEUES, CARDS_MIXED };	/* with one queue, with one for each core, some so and some so */

struct sim {
	uint64_t	 now, start;		/* start: the timeline's 0 */
	unsigned	 cores;			/* of each router */
	uint64_t	 seed, hash;		/* of all that has happened */
	bool		 strict;		/* a drop that no COUNT() names is an error */
	bool		 exact;			/* no packet can be damaged twice */
	bool		 jitter;		/* cores take a seeded time for each pass */
	uint64_t	 stall;			/* ns; then sometimes up to so much. 0: no more than usual */
	unsigned	 stand;			/* chance in thousandths, at each moment (kernel/moment.h), that others get ahead of a core; of the seed */
	enum sim_cards	 cards;			/* what the routers' cards are; of the seed */
	bool		 verbose, trace;
	const char	*record;		/* directory for a pcap of each wire; NULL: none */
};
extern struct sim sim;

void	sim_fail(const char *file, int line, const char *fmt, ...) __printflike(3, 4) __noreturn_fn;
#define SIM_CHECK(x, ...) do { if (!(x)) sim_fail(__FILE__, __LINE__, __VA_ARGS__); } while (0)
void	sim_say(const char *fmt, ...) __printflike(1, 2);	/* with -v */

/* Repeatable random numbers of this case. */
uint64_t sim_random(void);
uint32_t sim_below(uint32_t n);			/* 0 to n - 1 */
bool	sim_chance(unsigned permille);
void	sim_hash(const void *, size_t);
/* Memory that is freed when the case has ended; zeroed. */
void	*sim_alloc(size_t);
char	*sim_print(const char *fmt, ...) __printflike(1, 2);

/* fn(arg, arg2) at time t. */
void	sim_at(uint64_t t, void (*fn)(void *, void *), void *arg, void *arg2);
void	sim_run(uint64_t ns);			/* time passes */
void	sim_run_to(uint64_t t);

/* What the runner calls around a case: begin; what must hold at its end; the end, whatever has happened. */
void	sim_begin(uint64_t seed, unsigned cores);
void	sim_end_check(void);
void	sim_end(void);
void	raws_end_check(void);			/* timeline.c */
void	raws_end(void);
void	hosts_end_check(void);			/* host.c */
void	hosts_end(void);
/* Calls the case's function; NULL, or why it failed. */
const char *sim_try(void (*fn)(void));

/* ---- frames (frame.c) ---- */

#define FRAME_MAX	HOST_NIC_FRAME
struct frame {
	unsigned	 f_len;
	uint8_t		 f_b[];
};
struct frame *frame_new(const void *, unsigned len);	/* free() it */
void	frame_text(const void *, unsigned len, char *buf, size_t size);	/* one line, for people */

/* ---- wires (wire.c) ---- */

/* One station's end of a wire. The callbacks are its owner's; NULL where it does not care. */
struct port {
	char		 p_name[24];		/* "r.vio0" */
	struct wire	*p_wire;
	struct port	*p_next;
	uint8_t		 p_mac[6];
	void		*p_owner;
	void		(*p_rx)(struct port *, const struct frame *);
	void		(*p_link)(struct port *, bool up);
	void		(*p_room)(struct port *);	/* it may send again */
	uint64_t	 p_busy;		/* its transmitter is, until then */
	unsigned	 p_queued;		/* frames in its transmit ring */
	bool		 p_full;		/* somebody waits for p_room */
	uint64_t	 p_sent, p_received;	/* frames */
};

struct wire {
	char		 w_name[24];
	struct port	*w_ports;
	struct wire	*w_next;
	bool		 w_up;
	unsigned	 w_epoch;		/* grows with each loss of link: what was under way is lost */
	/* May be changed at any time. Chances in thousandths, per frame and receiver. */
	uint64_t	 w_delay, w_jitter;	/* least delay; at most so much more (frames overtake each other) */
	unsigned	 w_loss, w_dup, w_corrupt;	/* corrupt: one bit is turned */
	bool		 w_keep_arp;		/* no fault hits ARP frames: they have no checksum */
	unsigned	 w_mtu;			/* longer frames (payload bytes) are lost; 0: none */
	uint64_t	 w_rate;		/* bits a second; 0: no limit */
	unsigned	 w_ring;		/* frames that a station's transmitter holds */
	uint64_t	 w_frames, w_lost, w_duped, w_corrupted, w_giants;
	int		 w_pcap;
};

struct wire *wire_new(const char *name);
void	wire_attach(struct wire *, struct port *);	/* p_name, p_mac, callbacks are set */
void	wire_up(struct wire *, bool up);
/* False: the transmit ring is full; p_room will be called. A frame that the wire loses was sent all the same. */
bool	port_send(struct port *, const void *, unsigned len);
void	wires_calm(void);			/* no more faults anywhere, all wires up */
uint64_t wires_damaged(void);			/* frames that were damaged on their way */
void	wires_end(void);

/* ---- routers (router.c, card.c, instance.c) ---- */

#define ROUTER_PORTS	8
#define ROUTER_RXRING	256
#define ROUTER_QUEUES	4		/* as many as a run has cores, at most */

struct router_ring {
	struct frame	*rr_frame[ROUTER_RXRING];
	unsigned	 rr_head, rr_tail;
};
struct router_port {
	struct port	 rp_port;
	struct router	*rp_router;
	struct host_nic	*rp_nic;
	unsigned	 rp_nqueues;
	struct router_ring rp_ring[ROUTER_QUEUES];
	uint64_t	 rp_overruns;		/* frames that found a ring full */
	uint64_t	 rp_taken;		/* frames that the router has taken from the rings */
};
struct router {
	char		 r_name[16];
	struct instance	*r_in;
	const struct sluice_entries *r_e;
	struct router	*r_next;
	struct router_port r_port[ROUTER_PORTS];
	unsigned	 r_nports;
	uint64_t	 r_key;			/* of the hash by which its cards spread frames over their queues */
	bool		 r_started;
	int		 r_ended;		/* enum host_end; 0: it runs */
	uint64_t	 r_ready;		/* bits: cores that want a pass */
	uint64_t	 r_next_event;		/* ns; 0: none */
	char		*r_console;		/* all that it printed, without \r */
	size_t		 r_console_len, r_console_cap;
	unsigned	 r_lines;		/* typed */
	uint64_t	*r_marks;		/* counters, as COUNT() last saw them */
	bool		*r_counted;		/* a COUNT() has named it */
	unsigned	 r_ncounters;
};

/* card.c, for router.c: a port's card, as the wire and the router see it. */
void	card_init(struct router_port *, struct router *);
void	card_attach(struct router_port *, const char *name);	/* inside the router */
void	card_check(const struct router_port *);
void	card_end(struct router_port *);
/* Runs fn(arg) of the router's copy. False: it has ended. */
bool	router_call(struct router *, void (*fn)(void *), void *arg);

struct router *router_new(const char *name);
/* A card: vio0, vio1, ... in the order of the calls; before router_start. */
struct port *router_port(struct router *, struct wire *);
/* Boots it; conf NULL: without a configuration. */
void	router_start(struct router *, const char *conf);
/* Types a line and waits for the next prompt; its output, valid until the next one. */
const char *router_say(struct router *, const char *line);
void	router_type(struct router *, const char *text);	/* as it is, no waiting */
/* Another user than the console's runs a command, or loads a bundle: *status is 0 until that is done, then 1, or -1 when it has failed. */
void	router_session(struct router *, const char *text, int *status);
void	router_cons_room(struct router *, size_t n);	/* the terminal takes so many bytes more; SIZE_MAX: any number */
uint64_t router_counter(struct router *, const char *name);
/* As counter.h: the delta since the last call for this counter must be as said. */
void	router_count(const char *file, int line, struct router *, const char *name, int64_t delta);
void	router_mark(struct router *);		/* all counters: deltas from here on */
/* For world.c: runs what is ready now; false: nothing was. When the next timeout of any is due; 0: none. */
bool	routers_run(void);
uint64_t routers_next(void);
void	routers_end_check(void);
void	routers_end(void);

/* A loaded copy of libsluice.so, as after power-on; back: wiped, for the next case. */
struct instance *instance_get(void);
void	instance_put(struct instance *);
const struct sluice_entries *instance_entries(struct instance *);
/* Runs fn(arg) of the copy; how it ended: 0, or enum host_end. */
int	instance_call(struct instance *, void (*fn)(void *), void *arg);
extern const char *instance_file;		/* path of libsluice.so */

#endif
