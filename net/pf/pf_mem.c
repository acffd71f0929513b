/* pf_mem.c - arenas: chunks that grow with what they hold. */
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_mem.h"

#define CHUNK_FIRST	4096u
#define CHUNK_MAX	(256u * 1024)
#define ALIGN		16u

struct pf_chunk {
	struct pf_chunk	*ch_next;
	size_t		 ch_used, ch_size;	/* of ch_data */
	_Alignas(ALIGN) unsigned char ch_data[];
};

void
pf_arena_init(struct pf_arena *a, size_t max)
{
	*a = (struct pf_arena){ .pa_max = max };
}

void
pf_arena_free(struct pf_arena *a)
{
	struct pf_chunk *ch;

	while ((ch = a->pa_chunk) != NULL) {
		a->pa_chunk = ch->ch_next;
		free(ch);
	}
	a->pa_size = 0;
}

/* A chunk with room for n bytes, as big as all before it within bounds. */
static struct pf_chunk *
chunk_new(struct pf_arena *a, size_t n)
{
	size_t left = a->pa_max - a->pa_size, size = a->pa_size;
	struct pf_chunk *ch;

	size = size < CHUNK_FIRST ? CHUNK_FIRST : size > CHUNK_MAX ? CHUNK_MAX : size;
	if (size < n || size > left)
		size = n;
	if (size > left || (ch = malloc(sizeof(*ch) + size)) == NULL) {
		a->pa_failed = true;
		return NULL;
	}
	ch->ch_next = a->pa_chunk;
	ch->ch_used = 0;
	ch->ch_size = size;
	a->pa_chunk = ch;
	a->pa_size += size;
	return ch;
}

void *
pf_alloc(struct pf_arena *a, size_t n)
{
	struct pf_chunk *ch = a->pa_chunk;
	void *p;

	if (n > SIZE_MAX / 2) {
		a->pa_failed = true;
		return NULL;
	}
	n = roundup2(MAX(n, (size_t)1), (size_t)ALIGN);
	if ((ch == NULL || ch->ch_size - ch->ch_used < n) && (ch = chunk_new(a, n)) == NULL)
		return NULL;
	p = ch->ch_data + ch->ch_used;
	ch->ch_used += n;
	return memset(p, 0, n);
}

char *
pf_strndup(struct pf_arena *a, const char *s, size_t n)
{
	char *p = pf_alloc(a, n + 1);

	return p == NULL ? NULL : memcpy(p, s, n);
}

char *
pf_strdup(struct pf_arena *a, const char *s)
{
	return pf_strndup(a, s, strlen(s));
}

void
pf_unalloc(struct pf_arena *a, void *last)
{
	struct pf_chunk *ch = a->pa_chunk;

	if ((uintptr_t)last >= (uintptr_t)ch->ch_data && (uintptr_t)last < (uintptr_t)ch->ch_data + ch->ch_used)
		ch->ch_used = (size_t)((unsigned char *)last - ch->ch_data);
}

/* Of what was asked for last, where it is; or with its chunk, when it is alone there. NULL: it must move. */
static void *
grow_here(struct pf_arena *a, void *old, size_t size, size_t more)
{
	struct pf_chunk **chp = &a->pa_chunk, *ch, *new;

	if (*chp != NULL && (*chp)->ch_used == 0)		/* of what was not needed */
		chp = &(*chp)->ch_next;
	ch = *chp;
	size = roundup2(size, (size_t)ALIGN);
	more = roundup2(more, (size_t)ALIGN);
	if (ch == NULL || (unsigned char *)old + size != ch->ch_data + ch->ch_used)
		return NULL;
	if (ch->ch_size - ch->ch_used < more - size) {
		if (old != ch->ch_data || more - ch->ch_size > a->pa_max - a->pa_size || (new = realloc(ch, sizeof(*ch) + more)) == NULL)
			return NULL;
		a->pa_size += more - new->ch_size;
		new->ch_size = more;
		*chp = ch = new;
		old = ch->ch_data;
	}
	memset((unsigned char *)old + size, 0, more - size);
	ch->ch_used += more - size;
	return old;
}

void *
pf_grow(struct pf_arena *a, void *old, unsigned n, unsigned *cap, size_t size)
{
	unsigned more = *cap == 0 ? 4 : *cap * 2;
	void *p;

	if (n < *cap)
		return old;
	if (more > *cap && *cap > 0 && (p = grow_here(a, old, *cap * size, more * size)) != NULL) {
		*cap = more;
		return p;
	}
	if (more <= *cap || (p = pf_alloc(a, more * size)) == NULL) {
		a->pa_failed = true;
		return NULL;
	}
	if (n > 0)
		memcpy(p, old, n * size);
	*cap = more;
	return p;
}
