/* mygate.c - /etc/mygate, mygate(5): the address of the default gateway, one a line for each address family. */
#include <stdlib.h>
#include <string.h>

#include "kernel/config.h"
#include "kernel/log.h"
#include "kernel/task.h"
#include "net/core/hostname.h"
#include "net/route/mygate.h"

#define WORD_MAX	64

static bool
mygate_gateway(struct static_route *sr, const char *s)
{
	be32_t a;

	if (strchr(s, ':') != NULL) {
		sr->sr_af = AF_IP6;
		return in6_parse_zone(s, &sr->sr_gateway6, sr->sr_zone) && !in6_is_any(&sr->sr_gateway6) &&
		    !IN6_IS_ADDR_MULTICAST(&sr->sr_gateway6);
	}
	if (!ip4_parse(s, &a) || ip4_is_zeronet(a) || ip4_is_multicast(a) || ip4_is_experimental(a))
		return false;
	sr->sr_gateway = a;
	return true;
}

static bool
mygate_address(struct config_err *ce, unsigned line, struct mygate *mg, const char *s)
{
	struct static_route sr = { .sr_line = line, .sr_priority = RTP_STATIC };

	if (!mygate_gateway(&sr, s))
		config_error(ce, line, "bad address \"%s\"", s);
	else if (in6_is_scoped(&sr.sr_gateway6) && sr.sr_af == AF_IP6 && sr.sr_zone[0] == '\0')
		config_error(ce, line, "%s: a link-local address needs its interface, \"%s%%em0\"", s, s);
	else if (mg->mg_present[sr.sr_af])
		config_error(ce, line, "a second IPv%c gateway", sr.sr_af == AF_IP4 ? '4' : '6');
	else {
		mg->mg_present[sr.sr_af] = true;
		mg->mg_route[sr.sr_af] = sr;
		return true;
	}
	return false;
}

static bool
mygate_line(struct config_err *ce, unsigned line, struct mygate *mg, const char *s, size_t len)
{
	char word[WORD_MAX];
	const char *hash = memchr(s, '#', len);

	if (hash != NULL)
		len = (size_t)(hash - s);
	while (len > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		len--;
	}
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t' || s[len - 1] == '\r'))
		len--;
	if (len == 0)
		return true;
	if (len >= sizeof(word) || memchr(s, '\0', len) != NULL) {
		config_error(ce, line, "bad address");
		return false;
	}
	memcpy(word, s, len);
	word[len] = '\0';
	return mygate_address(ce, line, mg, word);
}

static void *
mygate_parse(struct config_err *ce, const char *name __unused_arg, const char *text, size_t len)
{
	struct mygate *mg = calloc(1, sizeof(*mg));
	const char *nl;
	unsigned line = 0;
	bool ok = true;

	if (mg == NULL) {
		config_error(ce, 0, "no memory");
		return NULL;
	}
	for (const char *end = text + len; text < end; text = nl + 1) {
		if ((nl = memchr(text, '\n', (size_t)(end - text))) == NULL)
			nl = end;
		if (!mygate_line(ce, ++line, mg, text, (size_t)(nl - text)))
			ok = false;
	}
	if (!ok) {
		free(mg);
		return NULL;
	}
	return mg;
}

static bool
mygate_retry(struct pending *pd)
{
	struct mygate *mg = container_of(pd, struct mygate, mg_pending);
	bool all = true;

	for (unsigned af = 0; af < AF_COUNT; af++)
		if (mg->mg_present[af] && mg->mg_stood[af] && !mg->mg_route[af].sr_installed)
			all &= static_route_apply(NULL, &mg->mg_route[af]) == RT_OK;
	return all;
}

/* The route of that family in the object; NULL: none, or no object. */
static struct static_route *
mygate_route(struct mygate *mg, unsigned af)
{
	return mg != NULL && mg->mg_present[af] ? &mg->mg_route[af] : NULL;
}

static void
mygate_withdraw(struct mygate *old, struct mygate *new)
{
	if (old == NULL)
		return;
	pending_remove(&old->mg_pending);
	for (unsigned af = 0; af < AF_COUNT; af++)
		if (old->mg_present[af]) {
			old->mg_stood[af] |= old->mg_route[af].sr_installed;
			static_route_withdraw(&old->mg_route[af], mygate_route(new, af));
		}
}

/* The first turn: a default route that goes, goes before the networks of others do. */
static bool
mygate_apply(struct config_err *ce __unused_arg, const char *name, const void *oldobj, const void *newobj)
{
	struct mygate *old = (struct mygate *)oldobj, *new = (struct mygate *)newobj;

	net_enter();
	mygate_withdraw(old, new);
	if (new != NULL && new == config_running(name)) {	/* going back */
		new->mg_pending.pd_retry = mygate_retry;
		pending_add(&new->mg_pending);
	}
	pending_retry();
	net_leave();
	return true;
}

static bool
mygate_install(struct config_err *ce, const struct static_route *was, struct static_route *new)
{
	enum rt_error e = static_route_apply(was, new);
	char a[IN6_STRLEN];

	if (e == RT_OK)
		return true;
	static_route_gwtext(a, new);
	if (e == RT_UNREACH && hostname_absentees > 0) {
		log_printf("mygate: gateway %s: %s: an interface is missing\n", a, rt_strerror(e));
		static_route_revert(new, NULL);		/* what stood there before is not what is wanted now */
		return true;
	}
	config_error(ce, new->sr_line, "gateway %s: %s", a, rt_strerror(e));
	return false;
}

/* Takes the late turn back, as far as it has come. */
static void
mygate_revert(struct mygate *failed, struct mygate *former)
{
	for (unsigned af = 0; af < AF_COUNT; af++) {
		struct static_route *was = mygate_route(former, af), *now = mygate_route(failed, af);

		if (now != NULL)
			static_route_revert(now, was);
	}
}

static bool
mygate_apply_late(struct config_err *ce, const char *name, const void *oldobj, const void *newobj)
{
	struct mygate *old = (struct mygate *)oldobj, *new = (struct mygate *)newobj;
	bool ok = true;

	net_enter();
	if (new != NULL && new == config_running(name)) {
		mygate_revert(old, new);
	} else {
		mygate_withdraw(old, new);
		for (unsigned af = 0; ok && af < AF_COUNT; af++)
			if (mygate_route(new, af) != NULL)
				ok = mygate_install(ce, mygate_route(old, af), &new->mg_route[af]);
		if (!ok)
			mygate_revert(new, old);	/* the first turn's way back puts the old ones in force again */
	}
	net_leave();
	return ok;
}

static bool
mygate_check(struct config_err *ce, const char *name __unused_arg, const void *obj)
{
	struct mygate *mg = (struct mygate *)obj;
	bool ok = true;

	for (unsigned af = 0; af < AF_COUNT; af++) {
		const struct static_route *sr = mygate_route(mg, af);
		char a[IN6_STRLEN];
		bool fine;

		net_enter();
		fine = sr == NULL || hostname_absentees > 0 || static_route_check(sr) == RT_OK;
		net_leave();
		if (!fine)
			config_error(ce, sr->sr_line, "gateway %s: %s", static_route_gwtext(a, sr), rt_strerror(RT_UNREACH));
		ok &= fine;
	}
	return ok;
}

static void
mygate_free(void *obj)
{
	struct mygate *mg = obj;

	pending_remove(&mg->mg_pending);
	free(mg);
}

static void
mygate_print(struct out *o, const char *name __unused_arg, const void *obj)
{
	const struct mygate *mg = obj;
	char a[IN6_STRLEN];

	for (unsigned af = 0; af < AF_COUNT; af++)
		if (mg->mg_present[af])
			out_printf(o, "%s\n", static_route_gwtext(a, &mg->mg_route[af]));
}

static const struct config_key mygate_config = {
	.ck_name = MYGATE_NAME,
	.ck_order = 200,
	.ck_parse = mygate_parse,
	.ck_apply = mygate_apply,
	.ck_apply_late = mygate_apply_late,
	.ck_print = mygate_print,
	.ck_check = mygate_check,
	.ck_free = mygate_free,
};
CONFIG_KEY(mygate_config);
