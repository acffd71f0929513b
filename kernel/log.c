/* log.c - the message buffer. Its memory may be what a former boot left, or anything else: nothing in it is trusted. */
#include <stdio.h>
#include <string.h>

#include "kernel/cons.h"
#include "kernel/cores.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/percore.h"
#include "kernel/task.h"

#define LOG_MAGIC	0x31676f4c65636953ULL
#define LOG_LINE	512		/* longest line; more is cut, visibly */
#define LOG_EARLY	4096		/* before log_init() */
#define LOG_END_MAX	(1ULL << 48)	/* more was never written: the mark is damaged */
#define LOG_SPINS	1000000		/* a core that died with the lock must not take the others along */

struct log_mark { uint64_t lm_end, lm_check; };
struct log_ring {
	uint64_t	lr_magic, lr_size;	/* bytes of lr_text */
	struct log_mark	lr_mark[2];		/* written in turn: one is whole whenever we are cut off */
	char		lr_text[];
};

/* Nobody looks for it after a reboot, so its head stays empty. */
static union {
	struct log_ring	r;
	char		space[LOG_EARLY];
} log_early;

static struct {
	struct log_ring	*ring;
	uint64_t	 size;		/* of ring's text: our own copy, the ring's memory could be damaged */
	uint64_t	 end;		/* bytes ever written; the newest stands at (end - 1) % size */
	uint64_t	 cons;		/* the console has had the bytes before */
	unsigned	 mark;
	bool		 lock;
} msgbuf = { .ring = &log_early.r, .size = LOG_EARLY - sizeof(struct log_ring) };

static uint64_t
log_check(uint64_t end)
{
	return (end ^ LOG_MAGIC) * 0x9e3779b97f4a7c15ULL + 1;
}

static uint64_t
log_oldest(void)
{
	return msgbuf.end > msgbuf.size ? msgbuf.end - msgbuf.size : 0;
}

static void
log_lock(void)
{
	unsigned n = 0;

	while (__atomic_exchange_n(&msgbuf.lock, true, __ATOMIC_ACQUIRE) && ++n < LOG_SPINS)
		continue;
}

static void
log_unlock(void)
{
	__atomic_store_n(&msgbuf.lock, false, __ATOMIC_RELEASE);
}

static void
log_append(const char *s, size_t n)
{
	uint64_t at = msgbuf.end % msgbuf.size;
	size_t first = MIN((uint64_t)n, msgbuf.size - at);
	struct log_mark *lm;

	memcpy(msgbuf.ring->lr_text + at, s, first);
	memcpy(msgbuf.ring->lr_text, s + first, n - first);
	msgbuf.end += n;
	barrier();
	msgbuf.mark ^= 1;
	lm = &msgbuf.ring->lr_mark[msgbuf.mark];
	lm->lm_end = msgbuf.end;
	lm->lm_check = log_check(msgbuf.end);
}

size_t
log_read(uint64_t *pos, char *buf, size_t n)
{
	uint64_t at;
	size_t first;

	net_enter();
	if (*pos < log_oldest())
		*pos = log_oldest();
	if (*pos > msgbuf.end)
		*pos = msgbuf.end;
	n = MIN((uint64_t)n, msgbuf.end - *pos);
	at = *pos % msgbuf.size;
	first = MIN((uint64_t)n, msgbuf.size - at);
	memcpy(buf, msgbuf.ring->lr_text + at, first);
	memcpy(buf + first, msgbuf.ring->lr_text, n - first);
	*pos += n;
	net_leave();
	return n;
}

void
log_console(void)
{
	char buf[128];
	uint64_t pos;
	size_t n, k;

	for (;;) {
		pos = msgbuf.cons;
		n = log_read(&pos, buf, sizeof(buf));
		if (n == 0)
			return;
		k = cons_put(buf, n);
		msgbuf.cons = pos - n + k;
		if (k < n)
			return;
	}
}

/* Another core has logged; core 0 has the console. */
static bool
log_poll(unsigned from __unused_arg)
{
	log_console();
	return false;
}
CORE_INBOX(log, log_poll);

static void
log_tell_core0(void)
{
	core_mail(&core_inbox_log, 0);
	core_fence();
	core_wake(0);
}

/* What came from outside (names in messages) must not steer the terminal. */
static bool
log_printable(char c)
{
	return c == '\n' || c == '\t' || (c >= ' ' && c <= '~');
}

void
log_vprintf(const char *fmt, va_list ap)
{
	static const char cut[] = "...\n";
	char buf[LOG_LINE];
	int n;

	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	if (n <= 0)
		return;
	if ((size_t)n >= sizeof(buf)) {
		memcpy(buf + sizeof(buf) - sizeof(cut), cut, sizeof(cut));
		n = sizeof(buf) - 1;
	}
	for (int i = 0; i < n; i++)
		if (!log_printable(buf[i]))
			buf[i] = '?';
	net_enter();
	log_lock();
	log_append(buf, (size_t)n);
	if (core_id() == 0)
		log_console();
	log_unlock();
	if (core_id() != 0)
		log_tell_core0();
	net_leave();
}

void
log_printf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vprintf(fmt, ap);
	va_end(ap);
}

void
log_ratelimited(struct lograte *lr, const char *fmt, ...)
{
	uint64_t now = uptime_ns() / 1000000000 + 1;	/* 0 is "never" */
	va_list ap;

	if (now != lr->lr_second) {
		if (lr->lr_missed > 0)
			log_printf("(%u more messages like the next were not shown)\n", lr->lr_missed);
		lr->lr_second = now;
		lr->lr_n = lr->lr_missed = 0;
	}
	if (lr->lr_n >= LOG_BURST) {
		lr->lr_missed++;
		return;
	}
	lr->lr_n++;
	va_start(ap, fmt);
	log_vprintf(fmt, ap);
	va_end(ap);
}

/* The end mark that a former boot left; false: this memory holds no log. */
static bool
log_adopt(const struct log_ring *lr, uint64_t size, uint64_t *end)
{
	bool found = false;

	if (lr->lr_magic != LOG_MAGIC || lr->lr_size != size)
		return false;
	for (unsigned i = 0; i < nitems(lr->lr_mark); i++) {
		const struct log_mark *lm = &lr->lr_mark[i];

		if (lm->lm_check != log_check(lm->lm_end) || lm->lm_end > LOG_END_MAX)
			continue;
		if (!found || lm->lm_end > *end)
			*end = lm->lm_end;
		found = true;
	}
	return found;
}

static void
log_sanitize(void)
{
	for (uint64_t pos = log_oldest(); pos < msgbuf.end; pos++) {
		char *c = &msgbuf.ring->lr_text[pos % msgbuf.size];

		if (!log_printable(*c))
			*c = '?';
	}
}

void
log_init(void *mem, size_t len)
{
	struct log_ring *lr = mem, *early = msgbuf.ring;	/* log_early, or what an earlier call gave */
	uint64_t size = len - sizeof(*lr), end = 0, early_end = msgbuf.end;
	uint64_t early_size = msgbuf.size, unseen = msgbuf.end - msgbuf.cons, pos;

	KASSERT(len >= LOG_EARLY && (len & (len - 1)) == 0 && lr != early);
	log_lock();
	if (!log_adopt(lr, size, &end)) {
		memset(lr, 0, sizeof(*lr));
		lr->lr_magic = LOG_MAGIC;
		lr->lr_size = size;
	}
	msgbuf.ring = lr;
	msgbuf.size = size;
	msgbuf.end = end;
	log_sanitize();
	if (end > 0 && lr->lr_text[(end - 1) % size] != '\n')
		log_append("\n", 1);
	pos = early_end > early_size ? early_end - early_size : 0;
	for (; pos < early_end; pos++)
		log_append(&early->lr_text[pos % early_size], 1);
	msgbuf.cons = msgbuf.end - MIN(unseen, msgbuf.end);
	log_unlock();
}
