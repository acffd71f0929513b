/* pace.c - who runs when: the guest, QEMU's device side, and we. Counts must not depend on what else the host does, so nobody's pace is
 * guessed from the time: QEMU's threads are asked whether they sleep. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gen.h"

#define THREADS_MAX	32u
#define LOST_NS		1000000000ull	/* nothing has come for so long: what is under way is lost */
#define STUCK_NS	15000000000ull
#define MODERATION_US	300u		/* a card's interrupt that was put off has come by then */
#define STILL		3u		/* looks in a row that find all asleep */

volatile struct count *count;
static struct thread { int fd; bool vcpu; } threads[THREADS_MAX];
static unsigned nthreads;

/* ---- QEMU's threads ---- */

static void
thread_add(const char *tid)
{
	char path[300], name[32] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", opt.qemu, tid);
	if ((fd = open(path, O_RDONLY)) == -1)
		return;
	n = read(fd, name, sizeof(name) - 1);
	close(fd);
	snprintf(path, sizeof(path), "/proc/%d/task/%s/stat", opt.qemu, tid);
	fd = open(path, O_RDONLY);
	if (n <= 0 || fd == -1 || nthreads == THREADS_MAX)
		die("QEMU's threads cannot be watched");
	threads[nthreads++] = (struct thread){ fd, strncmp(name, "CPU ", 4) == 0 || strncmp(name, "ALL CPU", 7) == 0 };
}

static void
threads_find(void)
{
	char path[64];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", opt.qemu);
	if ((d = opendir(path)) == NULL)
		die("no process %d", opt.qemu);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			thread_add(e->d_name);
	closedir(d);
}

/* proc(5): the state is what follows the name's closing parenthesis. A thread that has ended is as good as asleep. */
static bool
thread_sleeps(const struct thread *t)
{
	char buf[512], *p;
	ssize_t n = pread(t->fd, buf, sizeof(buf) - 1, 0);

	if (n <= 0)
		return true;
	buf[n] = '\0';
	p = strrchr(buf, ')');
	return p != NULL && p[1] == ' ' && (p[2] == 'S' || p[2] == 'Z' || p[2] == 'X');
}

static bool
threads_sleep(bool vcpus)
{
	for (unsigned i = 0; i < nthreads; i++)
		if ((vcpus || !threads[i].vcpu) && !thread_sleeps(&threads[i]))
			return false;
	return true;
}

/* Every vCPU stands at the gate or sleeps. One that has been woken and has not run yet says that it sleeps: its thread does not. */
static bool
guest_stopped(void)
{
	uint64_t halted = 0, held;

	if (count == NULL)
		return true;
	held = count->c_gate ? count->c_held : 0;
	for (uint64_t i = 0; i < count->c_ncpu; i++)
		halted += count->c_cpu[i].halted;
	return held + halted >= count->c_ncpu && (held > 0 || threads_sleep(true));
}

bool
pace_settle(void)
{
	uint64_t until = now_ns() + STUCK_NS;

	for (unsigned still = 0; still < STILL; still++) {
		if (!guest_stopped() || !threads_sleep(false) || ports_serve() > 0)
			still = (unsigned)-1;
		if (now_ns() > until)
			return false;
		nap_us(10);
	}
	return true;
}

/* ---- packets under way ---- */

uint64_t
pace_flying(void)
{
	return tally.sent - tally.received - tally.forgotten;
}

/* Fills the window, with no more than will be waited for. */
static unsigned
window_fill(uint64_t wanted)
{
	uint64_t flying = pace_flying(), most = wanted < opt.window ? wanted : opt.window;

	return flying < most ? port_send((unsigned)(most - flying)) : 0;
}

void
pace_drain(void)
{
	uint64_t last = now_ns();

	while (now_ns() - last < LOST_NS && (pace_flying() > 0 || port_busy())) {
		if (ports_serve() > 0)
			last = now_ns();
		nap_us(50);
	}
	tally.forgotten += pace_flying();
}

void
pace_free(uint64_t received, uint64_t until)
{
	uint64_t to = tally.received + received, had = tally.received, last = now_ns();

	while (tally.received < to && now_ns() < until) {
		unsigned n = window_fill(to - tally.received);

		if (ports_serve() == 0 && n == 0)
			nap_us(40);
		if (tally.received != had) {
			had = tally.received;
			last = now_ns();
		} else if (now_ns() - last > LOST_NS) {
			tally.forgotten += pace_flying();
			last = now_ns();
		}
	}
}

/* ---- bursts ---- */

/* What each thread does, vCPUs with a C before it. */
static const char *
threads_show(void)
{
	static char text[THREADS_MAX * 4 + 1];
	char buf[512], *p;
	size_t n = 0;

	for (unsigned i = 0; i < nthreads; i++) {
		ssize_t len = pread(threads[i].fd, buf, sizeof(buf) - 1, 0);

		buf[len > 0 ? len : 0] = '\0';
		p = strrchr(buf, ')');
		n += (size_t)snprintf(text + n, sizeof(text) - n, " %s%c", threads[i].vcpu ? "C" : "", p != NULL ? p[2] : '-');
	}
	return text;
}

static void
settle(void)
{
	if (!pace_settle())
		die("QEMU does not come to rest: gate %llu, held %llu, halted %llu, threads%s, %llu packets under way", (unsigned long long)count->c_gate,
		    (unsigned long long)count->c_held, (unsigned long long)count->c_cpu[0].halted, threads_show(), (unsigned long long)pace_flying());
}

bool
pace_burst(unsigned n)
{
	uint64_t had = tally.received, until = now_ns() + LOST_NS;

	count->c_gate = 1;
	if (opt.neighbour)
		port_change();
	for (unsigned sent = 0; sent < n; ) {
		sent += port_send(n - sent);
		settle();
	}
	nap_us(MODERATION_US);
	settle();
	count->c_gate = 0;
	while (!packet_dropped && tally.received - had < n && now_ns() < until)
		if (ports_serve() == 0)
			nap_us(10);
	settle();
	tally.forgotten += pace_flying();
	return tally.received - had == (packet_dropped ? 0 : n);
}

/* ---- counters ---- */

void
pace_init(void)
{
	int fd;

	threads_find();
	if (opt.count_file == NULL)
		return;
	for (unsigned i = 0; (fd = open(opt.count_file, O_RDWR)) == -1 && i < 5000; i++)
		nap_us(1000);
	if (fd == -1)
		die("no counters in %s", opt.count_file);
	count = mmap(NULL, COUNT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (count == MAP_FAILED)
		die("%s cannot be mapped", opt.count_file);
	close(fd);
}

void
moment_take(struct moment *m)
{
	memset(m, 0, sizeof(*m));
	m->ns = now_ns();
	m->received = tally.received;
	for (uint64_t i = 0; count != NULL && i < count->c_ncpu; i++) {
		m->insns += count->c_cpu[i].insns;
		m->locks += count->c_cpu[i].locks;
		m->idles += count->c_cpu[i].idles;
		m->mems += count->c_cpu[i].mems;
		m->lines += count->c_cpu[i].lines;
		m->all_lines += count->c_cpu[i].all_lines;
	}
}

void
lines_reset(void)
{
	count->c_base = ++count->c_epoch;
	for (uint64_t i = 0; i < count->c_ncpu; i++)
		count->c_cpu[i].all_lines = 0;
}
