/* timeline.h - cases that read as a timeline. The test itself is the far end of the router's wires:
 *
 *	CASE(ttl_is_decremented)
 *	{
 *		lab_two_nets();					r: vio0 10.0.0.1/24 at port a, vio1 10.0.1.1/24 at port b
 *		RX(a, UDP("10.0.0.2", "10.0.1.2", .ttl = 64));	r receives
 *		TX(b, UDP("10.0.0.2", "10.0.1.2", .ttl = 63));	r sends, now
 *		COUNT(ips_forward, 1);				moved by so much since the last COUNT of it
 *		AT(sec(2));					at two seconds
 *		TX(b, ...)					exactly then
 *	}
 *
 * What r sends must be expected, in order, at its time; each drop must be counted by name. */
#ifndef TESTS_SIM_TIMELINE_H
#define TESTS_SIM_TIMELINE_H

#include "tests/sim/frame.h"

/* A wire's end in the case's hands: what arrives waits to be expected. */
struct raw {
	struct port	 rw_port;
	struct port	*rw_peer;		/* the router's end */
	struct arrived { struct arrived *next; uint64_t time; struct frame *frame; } *rw_head, **rw_tail;
	struct raw	*rw_next;
};
struct raw *raw_new(struct wire *, struct router *peer, const char *mac);
void	raw_rx(struct raw *, const struct pkt *);
void	raw_tx(const char *file, int line, struct raw *, const struct pkt *);
void	raw_none(const char *file, int line, struct raw *);
unsigned raw_forget(struct raw *);		/* whatever has come; how many */
const struct frame *raw_frame(struct raw *);	/* the next one, whatever it is; NULL: none has come */
/* The next frame as an IPv4 packet of UDP or TCP, whatever is in it. False: none has come. */
struct raw_seen { char rs_src[16], rs_dst[16]; unsigned rs_sport, rs_dport; };
bool	raw_see(struct raw *, struct raw_seen *);

#define RX(port, packet)	raw_rx(port, packet)
#define TX(port, packet)	raw_tx(__FILE__, __LINE__, port, packet)
#define NONE(port)		raw_none(__FILE__, __LINE__, port)
#define COUNT(name, delta)	router_count(__FILE__, __LINE__, r, #name, delta)
#define AT(t)			timeline_at(__FILE__, __LINE__, t)
#define AFTER(t)		sim_run(t)
/* Types a command; each of the texts must stand in its output. */
#define SAY(line, ...)		timeline_say(__FILE__, __LINE__, r, line, (const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })
void	timeline_at(const char *file, int line, uint64_t t);
void	timeline_say(const char *file, int line, struct router *, const char *command, const char *const *parts);

/* ---- labs (lab.c): the time is 0 when they return ---- */

extern struct router *r;
extern struct raw *a, *b;
#define MAC_A	"02:00:00:00:00:0a"
#define MAC_B	"02:00:00:00:00:0b"

/* vio0 10.0.0.1/24 (a is 10.0.0.2), vio1 10.0.1.1/24 (b is 10.0.1.2, also the way to 10.1/16); forwarding; both neighbours known for ever. */
void	lab_two_nets(void);
/* The same without neighbours: r must ask. */
void	lab_two_nets_unknown(void);
/* vio0 and vio1 with files of the case's own; `more`: the rest of the bundle. */
void	lab_custom(const char *vio0, const char *vio1, const char *more);

#endif
