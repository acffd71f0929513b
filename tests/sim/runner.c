/* runner.c - runs the cases, each with several seeds and numbers of cores, in some processes side by side:
 *	sim [-lvtH] [-s SEED] [-n SEEDS] [-c CORES] [-j PROCESSES] [-d DIR] [PATTERN ...]
 * -s: the first seed (1). -n: how many seeds (the case's own number). -v, -t: with one run, show frames, stages. -H: print each run's
 * hash. -d: where the pcaps of failed runs go. */
#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/sim.h"

#define JOBS_MAX	64
#define RUN_SECONDS	60		/* of real time that one run may take */

struct run {
	const struct sim_case *r_case;
	unsigned	 r_cores;
	uint64_t	 r_seed;
};
struct worker {
	pid_t		 w_pid;
	FILE		*w_pipe;		/* its lines: "S run", "O run hash", "F run", then the reason up to a line "." */
	size_t		 w_now;			/* the run that it is at; SIZE_MAX: none */
	size_t		 w_first;		/* where it began */
};

static struct run *runs;
static size_t nruns;
static bool opt_hash;
static unsigned opt_jobs;
static char opt_dir[512], opt_program[512];
static struct worker workers[JOBS_MAX];

/* By case: what has become of its runs. */
struct tally { size_t t_done, t_all, t_failed; };
static struct tally *tallies;
static size_t tally_of(const struct sim_case *);

/* ---- one run ---- */

/* NULL, or why it failed. */
static const char *
run_once(const struct run *r, uint64_t *hash)
{
	static char why[4096];
	const char *s;

	sim_begin(r->r_seed, r->r_cores);
	s = sim_try(r->r_case->sc_func);
	if (s == NULL)
		s = sim_try(sim_end_check);
	*hash = sim.hash;
	if (s != NULL) {
		snprintf(why, sizeof(why), "%s", s);
		s = why;
	}
	sim_end();
	return s;
}

/* Once more, with pcaps. */
static void
record(const struct run *r)
{
	char dir[800];
	uint64_t hash;

	snprintf(dir, sizeof(dir), "%s/%s-seed%" PRIu64 "-cores%u", opt_dir, r->r_case->sc_name, r->r_seed, r->r_cores);
	mkdir(opt_dir, 0777);
	mkdir(dir, 0777);
	sim.record = dir;
	run_once(r, &hash);
	sim.record = NULL;
}

/* The memory that a router has when nothing has been configured: what others are compared with. */
static void
calibrate(void)
{
	router_start(router_new("none"), NULL);
	sim_run(sec(1));
}

/* ---- workers ---- */

static void __noreturn_fn
work(size_t first, int fd)
{
	static const struct sim_case base = { "base", __FILE__, calibrate, 1 };
	FILE *out = fdopen(fd, "w");
	const char *why;
	uint64_t hash;

	if ((why = run_once(&(struct run){ &base, 1, 1 }, &hash)) != NULL) {
		fprintf(stderr, "sim: an empty router does not end well: %s\n", why);
		_exit(2);
	}
	for (size_t i = first; i < nruns; i += opt_jobs) {
		fprintf(out, "S %zu\n", i);
		fflush(out);
		alarm(RUN_SECONDS);
		why = run_once(&runs[i], &hash);
		if (why == NULL)
			fprintf(out, "O %zu %016" PRIx64 "\n", i, hash);
		else {
			fprintf(out, "F %zu\n%s\n.\n", i, why);
			record(&runs[i]);
		}
	}
	fclose(out);
	fflush(stdout);
	_exit(0);
}

static void
start(struct worker *w, size_t first)
{
	int fds[2];

	if (pipe(fds) == -1) {
		perror("pipe");
		exit(2);
	}
	fflush(stdout);
	w->w_now = SIZE_MAX;
	w->w_first = first;
	w->w_pid = fork();
	if (w->w_pid == -1) {
		perror("fork");
		exit(2);
	}
	if (w->w_pid == 0) {
		close(fds[0]);
		work(first, fds[1]);
	}
	close(fds[1]);
	w->w_pipe = fdopen(fds[0], "r");
}

/* What its signal leaves of a run that died: the pcaps, from a process of its own. */
static void
record_dead(const struct run *r)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		alarm(RUN_SECONDS);
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		record(r);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
}

static void
failed(size_t i, const char *why)
{
	const struct run *r = &runs[i];
	struct tally *t = &tallies[tally_of(r->r_case)];

	t->t_done++;
	if (t->t_failed++ >= 5)
		return;				/* enough to look at */
	printf("FAIL %s seed %" PRIu64 ": cores %u: %s\n    alone: %s -s %" PRIu64 " -n 1 -c %u -v %s\n    pcaps: %s/%s-seed%" PRIu64
	    "-cores%u/\n", r->r_case->sc_name, r->r_seed, r->r_cores, why, opt_program, r->r_seed, r->r_cores,
	    r->r_case->sc_name, opt_dir, r->r_case->sc_name, r->r_seed, r->r_cores);
	fflush(stdout);
}

static void
passed(size_t i, uint64_t hash)
{
	const struct run *r = &runs[i];

	tallies[tally_of(r->r_case)].t_done++;
	if (opt_hash)
		printf("hash %s seed %" PRIu64 " cores %u %016" PRIx64 "\n", r->r_case->sc_name, r->r_seed, r->r_cores, hash);
}

static void
line(struct worker *w, char *s)
{
	char why[4096] = "", more[1024];
	uint64_t hash;
	size_t i;

	if (sscanf(s, "S %zu", &i) == 1)
		w->w_now = i;
	else if (sscanf(s, "O %zu %" SCNx64, &i, &hash) == 2) {
		w->w_now = SIZE_MAX;
		passed(i, hash);
	} else if (sscanf(s, "F %zu", &i) == 1) {
		while (fgets(more, sizeof(more), w->w_pipe) != NULL && strcmp(more, ".\n") != 0)
			snprintf(why + strlen(why), sizeof(why) - strlen(why), "%s", more);
		if (why[0] != '\0')
			why[strlen(why) - 1] = '\0';
		w->w_now = SIZE_MAX;
		failed(i, why);
	}
}

/* The worker has closed its pipe. True: another one goes on in its place. */
static bool
ended(struct worker *w)
{
	char why[100];
	int status;

	fclose(w->w_pipe);
	w->w_pipe = NULL;
	while (waitpid(w->w_pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return false;
	if (w->w_now == SIZE_MAX) {
		fprintf(stderr, "sim: a worker died between two runs (status 0x%x)\n", status);
		exit(2);
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(why, sizeof(why), "%s:0: did not end within %u s", runs[w->w_now].r_case->sc_file, RUN_SECONDS);
	else if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "%s:0: %s", runs[w->w_now].r_case->sc_file, strsignal(WTERMSIG(status)));
	else
		snprintf(why, sizeof(why), "%s:0: exit status %d", runs[w->w_now].r_case->sc_file, WEXITSTATUS(status));
	record_dead(&runs[w->w_now]);
	failed(w->w_now, why);
	if (w->w_now + opt_jobs >= nruns)
		return false;
	start(w, w->w_now + opt_jobs);
	return true;
}

static void
run_all(void)
{
	struct pollfd pfd[JOBS_MAX];
	unsigned alive = opt_jobs;
	char buf[1024];

	for (unsigned i = 0; i < opt_jobs; i++) {
		start(&workers[i], i);
		setvbuf(workers[i].w_pipe, NULL, _IONBF, 0);	/* poll() must know what there is */
	}
	while (alive > 0) {
		for (unsigned i = 0; i < opt_jobs; i++)
			pfd[i] = (struct pollfd){ .fd = workers[i].w_pipe != NULL ? fileno(workers[i].w_pipe) : -1, .events = POLLIN };
		if (poll(pfd, opt_jobs, -1) == -1)
			continue;
		for (unsigned i = 0; i < opt_jobs; i++) {
			if (pfd[i].revents == 0)
				continue;
			if (fgets(buf, sizeof(buf), workers[i].w_pipe) != NULL)
				line(&workers[i], buf);
			else if (!ended(&workers[i]))
				alive--;
			else
				setvbuf(workers[i].w_pipe, NULL, _IONBF, 0);
		}
	}
}

/* ---- which ---- */

static size_t
tally_of(const struct sim_case *c)
{
	for (size_t i = 0; i < SET_COUNT(sim_cases); i++)
		if (SET_AT(sim_cases, i) == c)
			return i;
	abort();
}

static bool
wanted(const struct sim_case *c, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (fnmatch(argv[i], c->sc_name, 0) == 0)
			return true;
	return argc == 0;
}

/* seeds 0: the case's own number; with three cores two at least, for both kinds of cards (sim_begin). */
static void
add_runs(const struct sim_case *c, uint64_t seed, uint64_t seeds, unsigned cores)
{
	uint64_t most = seeds != 0 ? seeds : MAX(c->sc_seeds, 2u);

	for (uint64_t s = seed; s < seed + most; s++)
		for (unsigned n = 1; n <= 3; n += 2) {
			if ((cores != 0 && n != cores) || (seeds == 0 && n == 1 && s >= seed + c->sc_seeds))
				continue;
			runs = realloc(runs, (nruns + 1) * sizeof(*runs));
			if (runs == NULL)
				abort();
			runs[nruns++] = (struct run){ c, n, s };
			tallies[tally_of(c)].t_all++;
		}
}

static int
report(double seconds)
{
	unsigned ok = 0, bad = 0;

	for (size_t i = 0; i < SET_COUNT(sim_cases); i++) {
		const struct tally *t = &tallies[i];

		if (t->t_all == 0)
			continue;
		if (t->t_failed == 0 && t->t_done == t->t_all) {
			printf("ok %s\n", SET_AT(sim_cases, i)->sc_name);
			ok++;
		} else {
			printf("     %s: %zu of %zu runs failed\n", SET_AT(sim_cases, i)->sc_name, t->t_failed, t->t_all);
			bad++;
		}
	}
	printf("%zu runs in %.1f s: %.0f a second\n", nruns, seconds, (double)nruns / seconds);
	printf("%u passed, %u failed\n", ok, bad);
	return bad > 0 || ok == 0;
}

static double
real_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
find_files(const char *program)
{
	static char lib[600];
	const char *slash = strrchr(program, '/');
	int dir = slash != NULL ? (int)(slash - program) : 1;

	if (slash == NULL)
		program = ".";
	snprintf(lib, sizeof(lib), "%.*s/libsluice.so", dir, program);
	snprintf(opt_dir, sizeof(opt_dir), "%.*s/sim-fail", dir, program);
	instance_file = lib;
}

/* Here and now, not in a worker: for people and debuggers. */
static void
run_here(void)
{
	uint64_t hash;
	const char *why = run_once(&runs[0], &hash);

	if (why != NULL) {
		record(&runs[0]);
		failed(0, why);
	} else
		passed(0, hash);
}

const char *__asan_default_options(void) __attribute__((visibility("default")));
const char *
__asan_default_options(void)
{
	return "detect_odr_violation=0:detect_stack_use_after_return=0:detect_leaks=0";
}

int
main(int argc, char **argv)
{
	uint64_t seed = 1, seeds = 0;
	unsigned cores = 0;
	bool list = false;
	double t0;
	int ch;

	opt_jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	snprintf(opt_program, sizeof(opt_program), "%s", argv[0]);
	find_files(argv[0]);
	while ((ch = getopt(argc, argv, "lvtHs:n:c:j:d:")) != -1)
		switch (ch) {
		case 'l': list = true; break;
		case 'v': sim.verbose = true; break;
		case 't': sim.trace = sim.verbose = true; break;
		case 'H': opt_hash = true; break;
		case 's': seed = strtoull(optarg, NULL, 10); break;
		case 'n': seeds = strtoull(optarg, NULL, 10); break;
		case 'c': cores = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'j': opt_jobs = (unsigned)strtoul(optarg, NULL, 10); break;
		case 'd': snprintf(opt_dir, sizeof(opt_dir), "%s", optarg); break;
		default:
			fprintf(stderr, "usage: sim [-lvtH] [-s seed] [-n seeds] [-c cores] [-j processes] [-d dir] [pattern ...]\n");
			return 2;
		}
	opt_jobs = MIN(MAX(opt_jobs, 1u), (unsigned)JOBS_MAX);
	tallies = calloc(SET_COUNT(sim_cases), sizeof(*tallies));
	if (tallies == NULL)
		abort();
	SET_FOREACH(const struct sim_case, c, sim_cases)
		if (wanted(c, argc - optind, argv + optind) && (c->sc_seeds > 0 || argc > optind)) {
			add_runs(c, seed, seeds != 0 ? seeds : c->sc_seeds == 0 ? 1 : 0, cores);
			if (list)
				printf("%s\n", c->sc_name);
		}
	if (list)
		return 0;
	t0 = real_time();
	if (nruns == 1)
		run_here();
	else
		run_all();
	return report(real_time() - t0);
}
