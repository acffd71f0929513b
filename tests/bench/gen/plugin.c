/* plugin.c - QEMU TCG plugin: counts a guest's instructions, locked instructions and cache lines into count.h's page, and holds
 * its vCPUs at a gate. The guest is not changed and does not know.
 *
 *	-plugin plugin.so,out=FILE[,gate=on][,lines=on]
 *
 * Debian ships no qemu-plugin.h: the few declarations that are needed stand here (plugin interface version 1). The decoder of locked
 * instructions knows 64-bit x86 only. Counting lines is some eight times slower, so it begins when c_lines_want says so. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "count.h"

#define LINES		(1ul << 27)	/* of 8 GB of guest memory */
#define PUBLIC		__attribute__((visibility("default")))
#define UNUSED		__attribute__((unused))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct qemu_info {
	const char	*target_name;
	struct { int min, cur; } version;
	bool		 system_emulation;
	struct { int smp_vcpus, max_vcpus; } system;
};
typedef void vcpu_cb(qemu_plugin_id_t, unsigned);
typedef void vcpu_udata_cb(unsigned, void *);
typedef void mem_cb(unsigned, uint32_t, uint64_t, void *);
enum { OP_ADD_U64 = 0, NO_REGS = 0, MEM_RW = 3 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, void (*)(qemu_plugin_id_t, struct qemu_plugin_tb *));
extern void qemu_plugin_reset(qemu_plugin_id_t, void (*)(qemu_plugin_id_t));
extern void qemu_plugin_register_vcpu_idle_cb(qemu_plugin_id_t, vcpu_cb *);
extern void qemu_plugin_register_vcpu_resume_cb(qemu_plugin_id_t, vcpu_cb *);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
extern size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, vcpu_udata_cb *, int, void *);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, vcpu_udata_cb *, int, void *);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, mem_cb *, int, int, void *);
extern unsigned qemu_plugin_mem_size_shift(uint32_t);
extern struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t, uint64_t);
extern bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *);
extern uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *);

PUBLIC int qemu_plugin_version = 1;
PUBLIC int qemu_plugin_install(qemu_plugin_id_t, const struct qemu_info *, int, char **);

static volatile struct count *count;
static bool has_gate, has_lines, several;
static bool lines_on;
static qemu_plugin_id_t self;
static uint32_t *stamps;		/* per line: the epoch in which it was touched last */

static void install(qemu_plugin_id_t);

static void
lines_check(void)
{
	if (has_lines && count->c_lines_want && !__atomic_test_and_set(&lines_on, __ATOMIC_SEQ_CST))
		qemu_plugin_reset(self, install);	/* all is translated anew */
}

static bool
gate_shut(void)
{
	return count->c_gate;
}

static void
gate_cb(unsigned cpu UNUSED, void *arg UNUSED)
{
	const struct timespec ts = { 0, 2000 };

	lines_check();
	if (!gate_shut())
		return;
	__atomic_fetch_add(&count->c_held, 1, __ATOMIC_SEQ_CST);
	while (gate_shut())
		nanosleep(&ts, NULL);
	__atomic_fetch_sub(&count->c_held, 1, __ATOMIC_SEQ_CST);
}

static void
line_touch(unsigned cpu, uint64_t line)
{
	uint32_t epoch = (uint32_t)count->c_epoch, last;

	if (line >= LINES || (last = stamps[line]) == epoch)
		return;
	count->c_cpu[cpu].lines++;
	if (last < count->c_base)
		count->c_cpu[cpu].all_lines++;
	stamps[line] = epoch;
}

static void
access_cb(unsigned cpu, uint32_t info, uint64_t va, void *arg UNUSED)
{
	struct qemu_plugin_hwaddr *h = qemu_plugin_get_hwaddr(info, va);
	uint64_t pa;

	if (h == NULL || qemu_plugin_hwaddr_is_io(h))
		return;
	pa = qemu_plugin_hwaddr_phys_addr(h);
	count->c_cpu[cpu].mems++;
	line_touch(cpu, pa >> 6);
	line_touch(cpu, (pa + (1u << qemu_plugin_mem_size_shift(info)) - 1) >> 6);
}

static void
idle_cb(qemu_plugin_id_t id UNUSED, unsigned cpu)
{
	count->c_cpu[cpu].idles++;
	count->c_cpu[cpu].halted = 1;
	lines_check();
}

static void
resume_cb(qemu_plugin_id_t id UNUSED, unsigned cpu)
{
	count->c_cpu[cpu].halted = 0;
}

static void
block_cb(unsigned cpu, void *insns)
{
	count->c_cpu[cpu].insns += (uintptr_t)insns;
}

static void
lock_cb(unsigned cpu, void *arg UNUSED)
{
	count->c_cpu[cpu].locks++;
}

/* LOCK, or XCHG with memory, which locks without; behind prefixes (4x is REX). */
static bool
is_locked(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		switch (p[i]) {
		case 0xf0:
			return true;
		case 0x66: case 0x67: case 0xf2: case 0xf3: case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65:
		case 0x40 ... 0x4f:
			continue;
		case 0x86: case 0x87:
			return i + 1 < n && p[i + 1] < 0xc0;
		default:
			return false;
		}
	return false;
}

/* An inline addition is quick, and one for all vCPUs: with several each has its own counter, by calls. */
static void
count_block(struct qemu_plugin_tb *tb, size_t n)
{
	if (several)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, block_cb, NO_REGS, (void *)n);
	else
		qemu_plugin_register_vcpu_tb_exec_inline(tb, OP_ADD_U64, (void *)&count->c_cpu[0].insns, n);
}

static void
count_lock(struct qemu_plugin_insn *in)
{
	if (several)
		qemu_plugin_register_vcpu_insn_exec_cb(in, lock_cb, NO_REGS, NULL);
	else
		qemu_plugin_register_vcpu_insn_exec_inline(in, OP_ADD_U64, (void *)&count->c_cpu[0].locks, 1);
}

static void
translated_cb(qemu_plugin_id_t id UNUSED, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	if (has_gate)
		qemu_plugin_register_vcpu_tb_exec_cb(tb, gate_cb, NO_REGS, NULL);
	count_block(tb, n);
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *in = qemu_plugin_tb_get_insn(tb, i);

		if (is_locked(qemu_plugin_insn_data(in), qemu_plugin_insn_size(in)))
			count_lock(in);
		if (lines_on)
			qemu_plugin_register_vcpu_mem_cb(in, access_cb, NO_REGS, MEM_RW, NULL);
	}
}

static void
install(qemu_plugin_id_t id)
{
	count->c_lines_on = lines_on;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated_cb);
	qemu_plugin_register_vcpu_idle_cb(id, idle_cb);
	qemu_plugin_register_vcpu_resume_cb(id, resume_cb);
}

static bool
map_pages(const char *file)
{
	int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || ftruncate(fd, COUNT_BYTES) == -1)
		return false;
	count = mmap(NULL, COUNT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	stamps = mmap(NULL, LINES * sizeof(*stamps), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	close(fd);
	return count != MAP_FAILED && (void *)stamps != MAP_FAILED;
}

PUBLIC int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	const char *file = NULL;

	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "out=", 4) == 0)
			file = argv[i] + 4;
		has_gate |= strcmp(argv[i], "gate=on") == 0;
		has_lines |= strcmp(argv[i], "lines=on") == 0;
	}
	if (file == NULL || info->system.max_vcpus > (int)COUNT_CPUS || !map_pages(file)) {
		fprintf(stderr, "bench plugin: wants out=FILE and at most %u vCPUs\n", COUNT_CPUS);
		return -1;
	}
	count->c_ncpu = (uint64_t)info->system.smp_vcpus;
	count->c_epoch = count->c_base = 1;
	several = count->c_ncpu > 1;
	self = id;
	install(id);
	return 0;
}
