/* router.c - routers in the simulator: cards on wires, cores in a seeded order, the console. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define PAGES		4096		/* 16 MB of RAM */
#define PASSES_MAX	100000		/* at one moment: more is a loop without end */
#define SAY_LIMIT	sec(60)

static struct router *routers;
static size_t blocks_base;		/* what a router without cards has from malloc() at its end */

/* What ends it there is a failure here, unless the case asked for it. */
bool
router_call(struct router *r, void (*fn)(void *), void *arg)
{
	int end;

	if (r->r_ended != 0)
		return false;
	end = instance_call(r->r_in, fn, arg);
	if (end == HOST_PANIC) {
		r->r_ended = end;
		sim_fail(__FILE__, __LINE__, "router %s: panic: %s", r->r_name, r->r_e->se_host->panic_text);
	}
	r->r_ended = end;
	return end == 0;
}

/* ---- birth ---- */

static bool
core_stands(void)
{
	return sim_chance(sim.stand);
}

struct router *
router_new(const char *name)
{
	struct router *r = sim_alloc(sizeof(*r)), **p = &routers;
	const char *counter;
	enum sluice_kind kind;
	uint64_t v;

	snprintf(r->r_name, sizeof(r->r_name), "%s", name);
	r->r_in = instance_get();
	r->r_e = instance_entries(r->r_in);
	r->r_e->se_init(sim.cores);
	r->r_e->se_host->seed = sim_random();
	r->r_key = sim_random();
	r->r_e->se_host->pages_max = PAGES;
	if (sim.stand > 0)
		r->r_e->se_moments(core_stands);
	while (r->r_e->se_counter(r->r_ncounters, &counter, &kind, &v))
		r->r_ncounters++;
	r->r_marks = sim_alloc(r->r_ncounters * sizeof(*r->r_marks));
	r->r_counted = sim_alloc(r->r_ncounters * sizeof(*r->r_counted));
	while (*p != NULL)
		p = &(*p)->r_next;
	*p = r;
	return r;
}

struct port *
router_port(struct router *r, struct wire *w)
{
	struct router_port *rp = &r->r_port[r->r_nports];
	struct port *p = &rp->rp_port;
	unsigned nr = 0;

	SIM_CHECK(r->r_nports < ROUTER_PORTS && !r->r_started, "router %s: no room for a port", r->r_name);
	for (const struct router *o = routers; o != r; o = o->r_next)
		nr++;
	snprintf(p->p_name, sizeof(p->p_name), "%s.vio%u", r->r_name, r->r_nports);
	/* 52:54:00:NN:00:0a, :0b, ... by router and port */
	memcpy(p->p_mac, (uint8_t[]){ 0x52, 0x54, 0, (uint8_t)nr, 0, (uint8_t)(0x0a + r->r_nports) }, 6);
	card_init(rp, r);
	r->r_nports++;
	wire_attach(w, p);
	return p;
}

static void
trace_line(const char *s)
{
	printf("    %s\n", s);
}

static void
boot(void *arg)
{
	struct router *r = arg;

	r->r_e->se_boot();
	if (sim.trace)
		r->r_e->se_trace(trace_line);
	for (unsigned i = 0; i < r->r_nports; i++) {
		char name[16];

		snprintf(name, sizeof(name), "vio%u", i);
		card_attach(&r->r_port[i], name);
	}
	r->r_e->se_config();
}

void
router_start(struct router *r, const char *conf)
{
	if (conf != NULL)
		r->r_e->se_file("sluice.conf", sim_print("%s", conf), strlen(conf));
	router_call(r, boot, r);
	r->r_started = true;
	r->r_ready = (1ull << sim.cores) - 1;
	sim_run(0);
	router_mark(r);
}

/* ---- running ---- */

struct pass { struct router *p_router; unsigned p_core; bool p_more; uint64_t p_woken; };

static void
pass(void *arg)
{
	struct pass *p = arg;

	p->p_more = p->p_router->r_e->se_pass(p->p_core);
	p->p_woken = p->p_router->r_e->se_woken() & ~(1ull << p->p_core);
}

static void
take_output(struct router *r)
{
	struct host *h = r->r_e->se_host;
	size_t n = h->cons_out_len;

	if (n == 0)
		return;
	sim_hash(&sim.now, sizeof(sim.now));
	sim_hash(h->cons_out, n);
	if (r->r_console_cap < r->r_console_len + n + 1) {
		r->r_console_cap = (r->r_console_len + n + 1) * 2;
		r->r_console = realloc(r->r_console, r->r_console_cap);
		if (r->r_console == NULL)
			abort();
	}
	for (size_t i = 0; i < n; i++)
		if (h->cons_out[i] != '\r')
			r->r_console[r->r_console_len++] = h->cons_out[i];
	r->r_console[r->r_console_len] = '\0';
	h->cons_out_len = 0;
}

static void
next_event(void *arg)
{
	struct router *r = arg;

	r->r_next_event = r->r_e->se_next();
}

/* The n-th of the bits that are set. */
static unsigned
nth_bit(uint64_t bits, unsigned n)
{
	while (n-- > 0)
		bits &= bits - 1;
	return (unsigned)__builtin_ctzll(bits);
}

/* A core goes on where it is: its next pass comes later. */
static void
core_again(void *arg, void *core)
{
	struct router *r = arg;

	r->r_ready |= 1ull << (uintptr_t)core;
}

static uint64_t
core_pause(void)
{
	if (sim.stall > 0 && sim_below(4) == 0)
		return sim_random() % sim.stall;
	return us(1 + sim_below(20));
}

static void
router_run(struct router *r)
{
	unsigned n = 0;

	if (r->r_next_event != 0 && r->r_next_event <= sim.now)
		r->r_ready = (1ull << sim.cores) - 1;
	while (r->r_ready != 0 && r->r_ended == 0) {
		unsigned count = (unsigned)__builtin_popcountll(r->r_ready);
		struct pass p = { r, nth_bit(r->r_ready, count > 1 ? sim_below(count) : 0), false, 0 };

		SIM_CHECK(++n < PASSES_MAX, "router %s: core %u's loop has no end", r->r_name, p.p_core);
		if (!router_call(r, pass, &p))
			break;
		r->r_ready |= p.p_woken;
		if (!p.p_more || sim.jitter)
			r->r_ready &= ~(1ull << p.p_core);
		if (p.p_more && sim.jitter)
			sim_at(sim.now + core_pause(), core_again, r, (void *)(uintptr_t)p.p_core);
	}
	take_output(r);
	if (r->r_ended == 0)
		router_call(r, next_event, r);
	else
		r->r_ready = r->r_next_event = 0;
}

bool
routers_run(void)
{
	bool any = false;

	for (struct router *r = routers; r != NULL; r = r->r_next)
		if (r->r_started && (r->r_ready != 0 || (r->r_next_event != 0 && r->r_next_event <= sim.now))) {
			router_run(r);
			any = true;
		}
	return any;
}

uint64_t
routers_next(void)
{
	uint64_t next = 0;

	for (const struct router *r = routers; r != NULL; r = r->r_next)
		if (r->r_next_event != 0 && (next == 0 || r->r_next_event < next))
			next = r->r_next_event;
	return next;
}

/* ---- console ---- */

struct typing { struct router *t_router; const char *t_text; };

static void
type(void *arg)
{
	struct typing *t = arg;

	t->t_router->r_e->se_type(t->t_text, strlen(t->t_text));
}

void
router_type(struct router *r, const char *text)
{
	struct typing t = { r, text };

	for (const char *s = text; *s != '\0'; s++)
		r->r_lines += *s == '\r' || *s == '\n';
	r->r_ready |= 1;
	router_call(r, type, &t);
}

static bool
at_prompt(const struct router *r, size_t from)
{
	return r->r_console_len >= from + 3 && memcmp(r->r_console + r->r_console_len - 3, "~$ ", 3) == 0;
}

/* The console ends with the last line of what was typed. */
static bool
echoed(const struct router *r, const char *line)
{
	const char *last = strrchr(line, '\r');
	size_t n;

	last = last != NULL ? last + 1 : line;
	n = strlen(last);
	return r->r_console_len >= n && memcmp(r->r_console + r->r_console_len - n, last, n) == 0;
}

const char *
router_say(struct router *r, const char *line)
{
	uint64_t limit = sim.now + SAY_LIMIT;
	size_t from, len;
	char *out, *nl;

	router_type(r, line);
	sim_run(0);
	for (unsigned i = 0; sim.jitter && i < 50 && !echoed(r, line); i++)
		sim_run(ms(1));		/* passes come late then, and the shell only when there are no packets */
	from = r->r_console_len;		/* behind the echo */
	router_type(r, "\r");
	for (sim_run(0); !at_prompt(r, from); sim_run(ms(1)))
		SIM_CHECK(r->r_ended == 0 && sim.now < limit, "router %s: no prompt after \"%s\"", r->r_name, line);
	len = r->r_console_len - from;
	out = sim_alloc(len + 1);
	memcpy(out, r->r_console + from, len);
	if ((nl = strrchr(out, '\n')) != NULL)		/* the prompt */
		nl[1] = '\0';
	return out[0] == '\n' ? out + 1 : out;
}

static void
session(void *arg)
{
	struct { struct router *r; const char *text; int *status; } *a = arg;

	a->r->r_e->se_session(a->text, a->status);
}

void
router_session(struct router *r, const char *text, int *status)
{
	struct { struct router *r; const char *text; int *status; } a = { r, text, status };

	r->r_ready |= 1;
	router_call(r, session, &a);
}

static void
set_room(void *arg)
{
	struct { struct router *r; size_t n; } *a = arg;

	a->r->r_e->se_cons_room(a->n);
}

void
router_cons_room(struct router *r, size_t n)
{
	struct { struct router *r; size_t n; } a = { r, n };

	r->r_ready |= 1;
	router_call(r, set_room, &a);
}

/* ---- counters ---- */

static unsigned
counter_index(struct router *r, const char *name, uint64_t *v)
{
	const char *n;
	enum sluice_kind kind;

	for (unsigned i = 0; r->r_e->se_counter(i, &n, &kind, v); i++)
		if (strcmp(n, name) == 0)
			return i;
	sim_fail(__FILE__, __LINE__, "no counter %s", name);
}

uint64_t
router_counter(struct router *r, const char *name)
{
	uint64_t v;

	counter_index(r, name, &v);
	return v;
}

void
router_count(const char *file, int line, struct router *r, const char *name, int64_t delta)
{
	uint64_t v;
	unsigned i;

	sim_run(0);
	i = counter_index(r, name, &v);
	if ((int64_t)(v - r->r_marks[i]) != delta)
		sim_fail(file, line, "counter %s of %s moved by %" PRId64 ", not %" PRId64, name, r->r_name,
		    (int64_t)(v - r->r_marks[i]), delta);
	r->r_marks[i] = v;
}

void
router_mark(struct router *r)
{
	const char *n;
	enum sluice_kind kind;

	for (unsigned i = 0; i < r->r_ncounters; i++)
		r->r_e->se_counter(i, &n, &kind, &r->r_marks[i]);
}

/* Drops that the case has not named; and all counters go into the hash. */
static void
counters_end(struct router *r)
{
	const char *n;
	enum sluice_kind kind;
	uint64_t v;

	for (unsigned i = 0; r->r_e->se_counter(i, &n, &kind, &v); i++) {
		sim_hash(n, strlen(n));
		sim_hash(&v, sizeof(v));
		if (sim.strict && kind == SLUICE_DROP && v != r->r_marks[i])
			sim_fail(__FILE__, __LINE__, "%s dropped %" PRIu64 " packets by %s, which the case does not say",
			    r->r_name, v - r->r_marks[i], n);
	}
}

/* ---- the end ---- */

struct verdict { struct router *v_router; const char *v_why; bool v_ok; };

static void
balance(void *arg)
{
	struct verdict *v = arg;

	v->v_why = v->v_router->r_e->se_balance();
}

static void
unconfig(void *arg)
{
	struct verdict *v = arg;

	v->v_ok = v->v_router->r_e->se_unconfig();
}

static void
finish(void *arg)
{
	struct verdict *v = arg;

	v->v_why = v->v_router->r_e->se_end();
}

static void
router_end_check(struct router *r)
{
	struct verdict v = { r, NULL, false };
	size_t blocks;

	if (r->r_ended != 0)
		return;
	router_call(r, balance, &v);
	SIM_CHECK(v.v_why == NULL, "router %s: %s", r->r_name, v.v_why);
	for (unsigned i = 0; i < r->r_nports; i++)
		card_check(&r->r_port[i]);
	router_call(r, unconfig, &v);
	SIM_CHECK(v.v_ok, "router %s: the empty configuration does not load", r->r_name);
	router_call(r, finish, &v);
	SIM_CHECK(v.v_why == NULL, "router %s: %s", r->r_name, v.v_why);
	blocks = r->r_e->se_blocks() - r->r_nports;
	if (r->r_nports == 0 && r->r_lines == 0)
		blocks_base = blocks;
	/* Lines that were typed may stand in the history; the console has a buffer then. */
	SIM_CHECK(blocks_base == 0 || blocks <= blocks_base + r->r_lines + (r->r_lines > 0), "router %s: memory was lost: %zu blocks, not %zu",
	    r->r_name, blocks, blocks_base);
}

void
routers_end_check(void)
{
	for (struct router *r = routers; r != NULL; r = r->r_next) {
		if (!r->r_started)
			continue;
		router_cons_room(r, SIZE_MAX);
		sim_run(0);
		counters_end(r);
	}
	for (struct router *r = routers; r != NULL; r = r->r_next)
		if (r->r_started)
			router_end_check(r);
}

void
routers_end(void)
{
	for (struct router *r = routers; r != NULL; r = r->r_next) {
		for (unsigned i = 0; i < r->r_nports; i++)
			card_end(&r->r_port[i]);
		free(r->r_console);
		r->r_console = NULL;
		instance_put(r->r_in);
	}
	routers = NULL;
}
