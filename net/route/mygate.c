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
mygate_address(struct config_err *ce, unsigned line, struct mygate *mg, const char *s)
{
	be32_t a;

	if (strchr(s, ':') != NULL)
		config_error(ce, line, "%s: IPv6 is not supported yet", s);
	else if (!ip4_parse(s, &a) || ip4_is_zeronet(a) || ip4_is_multicast(a) || ip4_is_experimental(a))
		config_error(ce, line, "bad address \"%s\"", s);
	else if (mg->mg_present)
		config_error(ce, line, "a second IPv4 gateway");
	else {
		mg->mg_present = true;
		mg->mg_route.sr_gateway = a;
		mg->mg_route.sr_line = line;
		mg->mg_route.sr_priority = RTP_STATIC;
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

	return mg->mg_route.sr_installed || static_route_apply(NULL, &mg->mg_route) == RT_OK;
}

static void
mygate_withdraw(struct mygate *old, struct mygate *new)
{
	if (old == NULL)
		return;
	pending_remove(&old->mg_pending);
	if (old->mg_present)
		static_route_withdraw(&old->mg_route, new != NULL && new->mg_present ? &new->mg_route : NULL);
}

/* The first turn: a default route that goes, goes before the networks of others do. */
static bool
mygate_apply(struct config_err *ce __unused_arg, const char *name, const void *oldobj, const void *newobj)
{
	struct mygate *old = (struct mygate *)oldobj, *new = (struct mygate *)newobj;

	net_enter();
	mygate_withdraw(old, new);
	if (new != NULL && new->mg_present && new == config_running(name)) {	/* going back */
		new->mg_pending.pd_retry = mygate_retry;
		pending_add(&new->mg_pending);
	}
	pending_retry();
	net_leave();
	return true;
}

static bool
mygate_install(struct config_err *ce, const struct mygate *old, struct mygate *new)
{
	enum rt_error e = static_route_apply(old != NULL && old->mg_present ? &old->mg_route : NULL, &new->mg_route);
	char a[IP4_STRLEN];

	if (e == RT_OK)
		return true;
	ip4_print(a, new->mg_route.sr_gateway);
	if (e == RT_UNREACH && hostname_absentees > 0) {
		log_printf("mygate: gateway %s: %s: an interface is missing\n", a, rt_strerror(e));
		return true;
	}
	config_error(ce, new->mg_route.sr_line, "gateway %s: %s", a, rt_strerror(e));
	return false;
}

static bool
mygate_apply_late(struct config_err *ce, const char *name, const void *oldobj, const void *newobj)
{
	struct mygate *old = (struct mygate *)oldobj, *new = (struct mygate *)newobj;
	bool ok = true;

	net_enter();
	if (new == NULL || new != config_running(name)) {
		mygate_withdraw(old, new);
		if (new != NULL && new->mg_present)
			ok = mygate_install(ce, old, new);
	} else if (old != NULL && old->mg_present) {
		static_route_revert(&old->mg_route, new->mg_present ? &new->mg_route : NULL);
	}
	net_leave();
	return ok;
}

static bool
mygate_check(struct config_err *ce, const char *name __unused_arg, const void *obj)
{
	const struct mygate *mg = obj;
	char a[IP4_STRLEN];
	bool ok;

	net_enter();
	ok = !mg->mg_present || hostname_absentees > 0 || static_route_check(&mg->mg_route) == RT_OK;
	net_leave();
	if (!ok)
		config_error(ce, mg->mg_route.sr_line, "gateway %s: %s", ip4_print(a, mg->mg_route.sr_gateway),
		    rt_strerror(RT_UNREACH));
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
	char a[IP4_STRLEN];

	if (mg->mg_present)
		out_printf(o, "%s\n", ip4_print(a, mg->mg_route.sr_gateway));
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
