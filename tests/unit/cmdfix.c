/* cmdfix.c - runs commands and loads configurations for tests. */
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/config.h"
#include "kernel/task.h"
#include "net/ether/arp.h"
#include "net/ether/ether.h"
#include "net/route/route.h"
#include "tests/unit/cmdfix.h"

int cmd_status;
bool cmd_up_fails, cmd_mtu_fails;

static struct out out;
static char *text;			/* all that out's sink got */
static size_t textlen;
static char line[1024];
static bool running;

static void
sink(struct out *o __unused_arg, const char *s, size_t n)
{
	text = realloc(text, textlen + n + 1);
	CHECK(text != NULL);
	memcpy(text + textlen, s, n);
	textlen += n;
	text[textlen] = '\0';
}

static void
fresh_text(void)
{
	free(text);
	text = NULL;
	textlen = 0;
	sink(NULL, "", 0);
}

static void
cmd_task(void *arg __unused_arg)
{
	cmd_status = command_run(&out, line);
	running = false;
}

void
cmd_begin(const char *l)
{
	CHECK(!running && strlen(l) < sizeof(line));
	strcpy(line, l);
	fresh_text();
	out_free(&out);
	out_init(&out, sink, NULL);
	running = true;
	CHECK(task_create("cmd", cmd_task, NULL) != NULL);
}

bool
cmd_wait(unsigned ms)
{
	for (unsigned i = 0; i < ms && running; i++)
		host_run(1);
	return !running;
}

void
cmd_stop(void)
{
	out.o_stop = true;
	task_wakeup(&out);
}

const char *
cmd_output(void)
{
	return text;
}

const char *
cmd(const char *l)
{
	cmd_begin(l);
	CHECK(cmd_wait(60000));
	out_free(&out);
	return text;
}

const char *
cmd_load(const char *bundle)
{
	bool ok;

	fresh_text();
	out_free(&out);
	out_init(&out, sink, NULL);
	ok = config_load(&out, "test", bundle, strlen(bundle));
	out_flush(&out);
	out_free(&out);
	CHECK_EQ(ok, textlen == 0);
	return text;
}

const char *
cmd_config(void)
{
	fresh_text();
	out_free(&out);
	out_init(&out, sink, NULL);
	CHECK(config_print(&out, NULL));
	out_flush(&out);
	out_free(&out);
	return text;
}

static bool
up(struct ifnet *ifp __unused_arg)
{
	return !cmd_up_fails;
}

static bool
setmtu(struct ifnet *ifp __unused_arg, uint32_t mtu __unused_arg)
{
	return !cmd_mtu_fails;
}

static bool
setlladdr(struct ifnet *ifp __unused_arg, const uint8_t *a __unused_arg)
{
	return true;
}

static const struct if_ops ops = { .ifo_up = up, .ifo_setmtu = setmtu, .ifo_setlladdr = setlladdr };

void
cmd_start(void)
{
	struct rt_request rq = { .rq_dest = addr("10.1.0.0"), .rq_plen = 16 };

	net_start();
	CHECK_EQ(rt_delete(&rq), RT_OK);
	CHECK(arp_delete(0, addr("10.0.0.2")) == NULL);
	CHECK(arp_delete(0, addr("10.0.1.2")) == NULL);
	CHECK(if_deladdr(&t0.w_if, addr("10.0.0.1")) == NULL);
	CHECK(if_deladdr(&t1.w_if, addr("10.0.1.1")) == NULL);
	if_setup(&t0.w_if, false);
	if_setup(&t1.w_if, false);
	t0.w_if.if_ops = t1.w_if.if_ops = &ops;
	counter_mark();
}

void
cmd_end(void)
{
	CHECK_STR(cmd_load(""), "");
	free(text);
	text = NULL;
	net_end();
}
