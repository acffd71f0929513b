/* lab.c - the routers that most timelines begin with. */
#include <string.h>

#include "tests/sim/timeline.h"

struct router *r;
struct raw *a, *b;

void
lab_custom(const char *vio0, const char *vio1, const char *more)
{
	struct wire *wa = wire_new("a"), *wb = wire_new("b");

	r = router_new("r");
	router_port(r, wa);
	a = raw_new(wa, r, MAC_A);
	router_port(r, wb);
	b = raw_new(wb, r, MAC_B);
	router_start(r, sim_print("# /etc/hostname.vio0\n%s# /etc/hostname.vio1\n%s%s", vio0, vio1, more));
	raw_forget(a);			/* announcements */
	raw_forget(b);
	router_mark(r);
	sim.strict = true;
	sim.start = sim.now;
}

void
lab_two_nets(void)
{
	lab_custom("inet 10.0.0.1/24\n!arp -s 10.0.0.2 " MAC_A "\n",
	    "inet 10.0.1.1/24\n!arp -s 10.0.1.2 " MAC_B "\n!route add 10.1/16 10.0.1.2\n",
	    "# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\nnet.inet.ip.dad_count=0\n");
}

void
lab_two_nets_unknown(void)
{
	lab_custom("inet 10.0.0.1/24\n", "inet 10.0.1.1/24\n!route add 10.1/16 10.0.1.2\n",
	    "# /etc/sysctl.conf\nnet.inet.ip.forwarding=1\nnet.inet.ip.dad_count=0\n");
}
