/* instance.c - copies of libsluice.so: loaded once each, wiped after each case by restoring their writable memory. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sim/sim.h"
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#define PAGE		4096u
#define ARENA_PAGES	(8 * 1024)	/* 32 MB of addresses; what is not touched costs nothing */

struct instance {
	struct instance	*in_next;
	void		*in_handle;
	const struct sluice_entries *in_e;
	char		*in_data, *in_saved;	/* its writable memory, and that as it was loaded */
	size_t		 in_size;
	char		*in_arena;
	void		(*in_gcov_dump)(void);	/* NULL but in coverage builds */
};

const char *instance_file;
static struct instance *idle;

static void __noreturn_fn
die(const char *what, const char *why)
{
	fprintf(stderr, "sim: %s: %s\n", what, why);
	exit(2);
}

/* A file of its own, as the loader knows files by their inode. */
static int
copy_file(void)
{
	int from = open(instance_file, O_RDONLY | O_CLOEXEC), to = memfd_create("libsluice", MFD_CLOEXEC);
	char buf[65536];
	ssize_t n;

	if (from == -1 || to == -1)
		die(instance_file, "cannot be copied");
	while ((n = read(from, buf, sizeof(buf))) > 0)
		if (write(to, buf, (size_t)n) != n)
			die(instance_file, "cannot be copied");
	close(from);
	return to;
}

/* dl_iterate_phdr's: the writable segment, without the part that is read-only after relocation. */
static int
find_data(struct dl_phdr_info *info, size_t size __unused_arg, void *arg)
{
	struct instance *in = arg;
	const struct link_map *lm;
	uintptr_t from = 0, to = 0, relro = 0;

	if (dlinfo(in->in_handle, RTLD_DI_LINKMAP, &lm) != 0 || info->dlpi_addr != lm->l_addr)
		return 0;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];

		if (ph->p_type == PT_LOAD && (ph->p_flags & PF_W)) {
			from = lm->l_addr + ph->p_vaddr;
			to = from + ph->p_memsz;
		} else if (ph->p_type == PT_GNU_RELRO)
			relro = (lm->l_addr + ph->p_vaddr + ph->p_memsz) & ~(uintptr_t)(PAGE - 1);
	}
	in->in_data = (char *)(relro > from ? relro : from);
	in->in_size = to - (uintptr_t)in->in_data;
	return 1;
}

/* Not memcpy(): the sanitizer would find the gaps between variables. */
static void
copy_bytes(char *to, const char *from, size_t n)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

static struct instance *
instance_load(void)
{
	struct instance *in = calloc(1, sizeof(*in));
	char path[64];
	int fd = copy_file();

	/* The loader takes a file that it knows by name for loaded: so the descriptor stays open, and its number ours. By
	 * process, not by "self": debuggers look there, too. */
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
	in->in_handle = dlopen(path, RTLD_LOCAL | RTLD_NOW);
	if (in->in_handle == NULL)
		die(instance_file, dlerror());
	in->in_e = dlsym(in->in_handle, "sluice_entries");
	if (in->in_e == NULL)
		die(instance_file, dlerror());
	in->in_gcov_dump = (void (*)(void))dlsym(in->in_handle, "__gcov_dump");
	if (dl_iterate_phdr(find_data, in) == 0)
		die(instance_file, "no writable segment");
	in->in_saved = malloc(in->in_size);
	in->in_arena = mmap(NULL, (size_t)ARENA_PAGES * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (in->in_saved == NULL || in->in_arena == MAP_FAILED)
		die("instance", "no memory");
	copy_bytes(in->in_saved, in->in_data, in->in_size);
	return in;
}

struct instance *
instance_get(void)
{
	struct instance *in = idle;

	if (in != NULL)
		idle = in->in_next;
	else
		in = instance_load();
	in->in_e->se_host->arena = in->in_arena;
	in->in_e->se_host->arena_pages = ARENA_PAGES;
	return in;
}

void
instance_put(struct instance *in)
{
	size_t used = in->in_e->se_host->arena_used * PAGE;

	if (in->in_gcov_dump != NULL)
		in->in_gcov_dump();		/* its counts go with the rest */
	in->in_e->se_free_all();
#ifdef __SANITIZE_ADDRESS__
	__asan_unpoison_memory_region(in->in_arena, used);
#endif
	mprotect(in->in_arena, used, PROT_READ | PROT_WRITE);	/* stacks have guard pages */
	madvise(in->in_arena, used, MADV_DONTNEED);		/* reads as zero again */
	copy_bytes(in->in_data, in->in_saved, in->in_size);
	in->in_next = idle;
	idle = in;
}

const struct sluice_entries *
instance_entries(struct instance *in)
{
	return in->in_e;
}

int
instance_call(struct instance *in, void (*fn)(void *), void *arg)
{
	struct host *h = in->in_e->se_host;
	jmp_buf jb;
	int end;

	h->now = sim.now;
	end = setjmp(jb);
	if (end != 0)
		return end;
	h->expect_panic = &jb;
	fn(arg);
	h->expect_panic = NULL;
	return 0;
}
