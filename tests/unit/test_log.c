/* test_log.c - the message buffer: order, wrap, a former boot's text, damaged memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/log.h"
#include "tests/unit/unit.h"

#define RING	8192

static char *
log_all(void)
{
	static char text[4 * RING];
	uint64_t pos = 0;
	size_t n = 0, k;

	/* In small pieces, as a reader would. */
	while ((k = log_read(&pos, text + n, 100)) > 0)
		n += k;
	text[n] = '\0';
	return text;
}

TEST(log_early_lines_survive_init)
{
	static char ring[RING];

	log_printf("first %d\n", 1);
	log_init(ring, sizeof(ring));
	log_printf("second\n");
	CHECK_STR(log_all(), "first 1\nsecond\n");
	CHECK_STR(host_output(), "first 1\nsecond\n");
}

TEST(log_wraps_and_keeps_the_newest)
{
	static char ring[RING];
	char last[64];
	const char *text;

	log_init(ring, sizeof(ring));
	for (unsigned i = 0; i < 5000; i++)
		log_printf("line number %u\n", i);
	text = log_all();
	snprintf(last, sizeof(last), "line number %u\n", 4999);
	CHECK(strlen(text) <= RING && strlen(text) > RING - 200);
	CHECK_STR(text + strlen(text) - strlen(last), last);
	CHECK_IN(text, "line number 4700\n");
	/* Backwards from the newest each line is whole, also the one that goes around the ring's end. */
	for (unsigned i = 4999; i > 4600; i--) {
		snprintf(last, sizeof(last), "\nline number %u\n", i);
		CHECK_IN(text, last);
	}
}

TEST(log_cuts_long_lines_visibly)
{
	static char ring[RING], big[4000];
	const char *text;

	log_init(ring, sizeof(ring));
	memset(big, 'x', sizeof(big) - 1);
	log_printf("%s\n", big);
	text = log_all();
	CHECK(strlen(text) > 100 && strlen(text) < 2000);
	CHECK_STR(text + strlen(text) - 5, "x...\n");
}

TEST(log_refuses_control_bytes)
{
	static char ring[RING];

	log_init(ring, sizeof(ring));
	log_printf("a%sb\n", "\033[2J\x9b");
	CHECK_STR(log_all(), "a?[2J?b\n");
}

/* A boot of its own, in another process, that ends in the middle of a line; its ring stays. */
static char *
boot_before(void)
{
	char *ring = mmap(NULL, RING, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		log_init(ring, RING);
		log_printf("from the boot before\n");
		log_printf("panic: cut off in the mid");
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	return ring;
}

TEST(log_adopts_the_former_boot)
{
	char *ring = boot_before();

	log_printf("new boot\n");
	log_init(ring, RING);
	log_printf("goes on\n");
	CHECK_STR(log_all(), "from the boot before\npanic: cut off in the mid\nnew boot\ngoes on\n");
	CHECK_STR(host_output(), "new boot\ngoes on\n");
}

TEST(log_survives_any_memory)
{
	static char ring[2][RING];
	char *saved = boot_before();

	for (unsigned i = 0; i < 2000; i++) {
		char *mem = ring[i % 2];

		memcpy(mem, saved, RING);
		/* The header and marks are the first bytes: damage some of those, and some text. */
		for (unsigned k = unit_below(4); k > 0; k--)
			mem[unit_below(64)] = (char)unit_random();
		for (unsigned k = unit_below(20); k > 0; k--)
			mem[unit_below(RING)] = (char)unit_random();
		log_init(mem, RING);
		log_printf("alive\n");
		CHECK_IN(log_all(), "alive\n");
		for (const char *p = log_all(); *p != '\0'; p++)
			CHECK(*p == '\n' || *p == '\t' || (*p >= ' ' && *p <= '~'));
	}
}

TEST(log_ratelimit)
{
	static struct lograte lr;
	const char *out;

	for (unsigned i = 0; i < 100; i++)
		log_ratelimited(&lr, "bad packet %u\n", i);
	out = host_output();
	CHECK_IN(out, "bad packet 4\n");
	CHECK(strstr(out, "bad packet 5\n") == NULL);
	host.now += 1000000000;
	log_ratelimited(&lr, "bad packet again\n");
	CHECK_STR(host_output(), "(95 more messages like the next were not shown)\nbad packet again\n");
}

TEST(log_console_that_takes_nothing)
{
	static char ring[RING];

	log_init(ring, sizeof(ring));
	host_cons_room(5);
	for (unsigned i = 0; i < 10; i++)
		log_printf("line %u\n", i);
	CHECK_STR(host_output(), "line ");
	CHECK_IN(log_all(), "line 9\n");
	host_cons_room(SIZE_MAX);
	CHECK_STR(host_output(), "0\nline 1\nline 2\nline 3\nline 4\nline 5\nline 6\nline 7\nline 8\nline 9\n");
}

/* Core 0 has the console; what another core logs appears there without waiting for the next message of core 0's own. */
TEST_CORES(log_of_another_core, 2)
{
	host_run(1);
	host_output();
	host_core(1);
	log_printf("em0: interrupts do not come, polling\n");
	host_core(0);
	host_run(1);
	CHECK_STR(host_output(), "em0: interrupts do not come, polling\n");
}
