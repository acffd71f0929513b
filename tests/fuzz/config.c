/* config.c - target config: two bundles, loaded one after the other, with the real keys. What must hold for any bytes:
 *	- a bundle that loads is what show config prints, byte for byte (line ends made \n, the last line ended);
 *	- one that does not says why, and leaves everything as it was;
 *	- what the system is after a bundle does not depend on what it was before;
 *	- an empty bundle leaves nothing.
 * The input: a byte of faults (drivers that refuse, memory that runs out in the second load), the first bundle, 0xff, the second. */
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"
#include "tests/fuzz/net.h"

#define TEXT_MAX	4096

static char *
shown(size_t *len)
{
	struct out o;
	char *text;

	out_init(&o, NULL, NULL);
	CHECK(config_print(&o, NULL));
	CHECK(!o.o_failed);
	*len = o.o_len;
	CHECK((text = malloc(o.o_len + 1)) != NULL);
	memcpy(text, o.o_len > 0 ? o.o_buf : "", o.o_len);
	text[o.o_len] = '\0';
	out_free(&o);
	return text;
}

/* True: loaded. A refusal says why. */
static bool
load(const char *text, size_t len, bool expect)
{
	struct out o;
	bool ok;

	out_init(&o, NULL, NULL);
	ok = config_load(&o, "fuzz", text, len);
	if (!host.malloc_limited)
		CHECK_EQ(ok, o.o_len == 0);
	if (expect && !ok)
		unit_fail(__FILE__, __LINE__, "refused: %.*s", (int)o.o_len, o.o_buf);
	out_free(&o);
	fnet_settle();
	return ok;
}

struct state { char *text; size_t len; uint64_t print; };

static struct state
state_now(void)
{
	struct state s;

	s.text = shown(&s.len);
	s.print = fnet_fingerprint();
	return s;
}

static void
state_check(const char *when, const struct state *want)
{
	struct state is = state_now();

	fnet_describe(when);
	if (is.len != want->len || memcmp(is.text, want->text, is.len) != 0)
		unit_fail(__FILE__, __LINE__, "%s: show config is\n%s\n--- not\n%s", when, is.text, want->text);
	if (is.print != want->print)
		unit_fail(__FILE__, __LINE__, "%s: the system is another than it was with\n%s", when, want->text);
	free(is.text);
}

/* What a bundle that loaded must be shown as. */
static void
check_verbatim(const char *text, size_t len)
{
	size_t n;
	char *is = shown(&n);

	if (n != len || memcmp(is, text, n) != 0)
		unit_fail(__FILE__, __LINE__, "show config is\n%s\n--- not\n%.*s", is, (int)len, text);
	free(is);
}

static void
config_run(struct fuzz_in *in)
{
	uint8_t faults = fuzz_u8(in);
	const uint8_t *cut = memchr(in->p, 0xff, in->n);
	size_t alen = cut != NULL ? (size_t)(cut - in->p) : in->n, blen = cut != NULL ? in->n - alen - 1 : 0;
	const char *a = (const char *)in->p, *b = cut != NULL ? (const char *)cut + 1 : a;
	struct state empty, after_a;
	bool a_ok, b_ok;

	fnet_attach();
	empty = state_now();
	if ((a_ok = load(a, alen, false)))
		check_verbatim(a, alen);
	else
		state_check("after a refused bundle", &empty);
	after_a = state_now();
	fnet_describe("after the first bundle");

	/* Not where it would be the way back that fails: nobody can do anything about that. */
	fw[0].fw_up_fails = (faults & 1) && !(fw[0].fw_if.if_flags & IFF_UP);
	fw[1].fw_mtu_fails = faults & 2;
	host.malloc_limited = faults & 4;
	host.malloc_left = faults >> 3;
	b_ok = load(b, blen, false);
	fw[0].fw_up_fails = fw[1].fw_mtu_fails = host.malloc_limited = false;
	if (!b_ok)
		state_check("after a second bundle that was refused", &after_a);
	else {
		check_verbatim(b, blen);
		if (a_ok) {		/* by another way to the same place */
			load(a, alen, true);
			state_check("after going there and back", &after_a);
		}
	}
	load("", 0, true);
	state_check("at the end", &empty);
	free(after_a.text);
	free(empty.text);
	fnet_detach();
}
FUZZ_TARGET(config, 1024, fnet_start, config_run);
