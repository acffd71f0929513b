/* test_nexthop_tag.c - a next hop's number outlives it, and never becomes another's. */
#include <string.h>

#include "net/route/nexthop.h"
#include "net/route/route.h"
#include "tests/unit/netfix.h"

/* Another core has looked a next hop up, and names it only after core 0 has taken it away: its place, given anew, is not meant. */
TEST(nexthop_tag_of_one_that_is_gone)
{
	struct nexthop *gone, *next;
	uint64_t before, after;

	net_start();
	CHECK((gone = nexthop_get(&t0.w_if, addr("10.0.0.77"))) != NULL);
	before = nexthop_tag(gone);
	CHECK(nexthop_tagged(before) == gone);
	nexthop_put(gone);
	after = nexthop_tag(gone);			/* until the pass ends it may still be looked at */
	CHECK(nexthop_tagged(before) == NULL);
	CHECK(nexthop_tagged(after) == NULL);
	CHECK((next = nexthop_get(&t1.w_if, addr("10.0.1.78"))) != NULL);
	CHECK_EQ(next->nh_slot, gone->nh_slot);
	CHECK(nexthop_tagged(nexthop_tag(next)) == next);
	CHECK(nexthop_tagged(before) == NULL);
	CHECK(nexthop_tagged(after) == NULL);
	nexthop_put(next);
	net_end();
}
