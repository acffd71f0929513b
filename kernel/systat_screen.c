/* systat_screen.c - systat on a terminal: a VT100 of 24 lines and 80 columns, as a serial line cannot tell of another. */
#include <stdio.h>
#include <string.h>

#include "kernel/machine.h"
#include "kernel/systat_table.h"

#define LINES		24
#define COLUMNS		80
#define BODY		(LINES - 3)	/* below head and an empty line; the cursor rests in the last */
#define ESC_MS		100		/* the rest of a key's sequence comes within */

enum key { KEY_NONE, KEY_OTHER, KEY_QUIT, KEY_UPDATE, KEY_NEXT, KEY_PREVIOUS, KEY_UP, KEY_DOWN, KEY_PAGE_UP, KEY_PAGE_DOWN };

struct screen {
	struct systat	*sc_sy;
	const struct systat_view *sc_view;
	unsigned	 sc_top;		/* first line of the page that is shown */
};

static unsigned
page_lines(const struct out *page)
{
	unsigned n = 0;

	for (size_t i = 0; i < page->o_len; i++)
		n += page->o_buf[i] == '\n';
	return n > 0 ? n - 1 : 0;		/* a table ends with an empty line */
}

/* The last one erases what stands below. */
static void
put_line(struct out *o, const char *s, size_t len, bool last)
{
	out_write(o, s, MIN(len, (size_t)COLUMNS - 1));
	out_printf(o, "\033[%c\n", last ? 'J' : 'K');
}

static void
put_head(struct screen *sc, unsigned lines)
{
	struct out head;
	char where[64];

	out_init(&head, NULL, NULL);
	snprintf(where, sizeof(where), "  %s (%u-%u of %u) ", sc->sc_view->sv_name, MIN(sc->sc_top + 1, lines),
	    MIN(sc->sc_top + BODY, lines), lines);
	systat_head(&head, where);
	put_line(sc->sc_sy->sy_user, head.o_buf, head.o_len, false);
	put_line(sc->sc_sy->sy_user, "", 0, lines == 0);
	out_free(&head);
}

static void
draw(struct screen *sc)
{
	struct out *o = sc->sc_sy->sy_user;
	const struct out *page = &sc->sc_sy->sy_page;
	unsigned lines = page_lines(page), last;
	const char *s = page->o_buf, *end = s + page->o_len, *nl;

	sc->sc_top = lines > BODY ? MIN(sc->sc_top, lines - BODY) : 0;
	last = MIN(sc->sc_top + BODY, lines);
	out_printf(o, "\033[H");
	put_head(sc, lines);
	for (unsigned i = 0; i < last; i++, s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		if (i >= sc->sc_top)
			put_line(o, s, (size_t)(nl - s), i + 1 == last);
	}
	out_flush(o);
}

static enum key
key_letter(int c)
{
	static const struct { char c; enum key key; } keys[] = {
		{ 'q', KEY_QUIT }, { ' ', KEY_UPDATE }, { '\f', KEY_UPDATE }, { 'n', KEY_NEXT }, { 'p', KEY_PREVIOUS },
		{ 'k', KEY_UP }, { 'j', KEY_DOWN }, { 'b', KEY_PAGE_UP }, { 'f', KEY_PAGE_DOWN },
	};

	for (unsigned i = 0; i < nitems(keys); i++)
		if (keys[i].c == c)
			return keys[i].key;
	return KEY_OTHER;
}

/* ESC [ A and its like; ESC [ 5 ~ */
static enum key
key_escape(struct out *o)
{
	int c = o->o_key(o, ESC_MS);

	if (c != '[' && c != 'O')
		return KEY_OTHER;
	c = o->o_key(o, ESC_MS);
	switch (c) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return KEY_NEXT;
	case 'D':
		return KEY_PREVIOUS;
	case '5':
	case '6':
		return o->o_key(o, ESC_MS) != '~' ? KEY_OTHER : c == '5' ? KEY_PAGE_UP : KEY_PAGE_DOWN;
	}
	return KEY_OTHER;
}

static enum key
key_wait(struct out *o, uint64_t until)
{
	uint64_t now = uptime_ns();
	int c = o->o_key(o, now < until ? (until - now + 999999) / 1000000 : 0);

	return c < 0 ? KEY_NONE : c == '\033' ? key_escape(o) : key_letter(c);
}

static const struct systat_view *
view_previous(const struct systat_view *of)
{
	const struct systat_view *sv = NULL, *next;

	while ((next = systat_view_next(sv)) != NULL && next != of)
		sv = next;
	if (sv == NULL)			/* before the first: the last */
		while ((next = systat_view_next(sv)) != NULL)
			sv = next;
	return sv;
}

static void
change_view(struct screen *sc, const struct systat_view *sv)
{
	sc->sc_view = sv != NULL ? sv : systat_view_next(NULL);
	sc->sc_top = 0;
	systat_forget(sc->sc_sy);
}

static void
move(struct screen *sc, int by)
{
	sc->sc_top = by < 0 && sc->sc_top < (unsigned)-by ? 0 : sc->sc_top + (unsigned)by;
	draw(sc);
}

/* What a key does. True: an update is due. */
static bool
key_act(struct screen *sc, enum key key)
{
	switch (key) {
	case KEY_NEXT:
		change_view(sc, systat_view_next(sc->sc_view));
		return true;
	case KEY_PREVIOUS:
		change_view(sc, view_previous(sc->sc_view));
		return true;
	case KEY_UP:
		move(sc, -1);
		return false;
	case KEY_DOWN:
		move(sc, 1);
		return false;
	case KEY_PAGE_UP:
		move(sc, -BODY);
		return false;
	case KEY_PAGE_DOWN:
		move(sc, BODY);
		return false;
	default:
		return key == KEY_UPDATE;
	}
}

void
systat_screen(struct systat *sy, const struct systat_opts *so)
{
	struct screen sc = { .sc_sy = sy, .sc_view = so->so_view };
	struct out *o = sy->sy_user;
	enum key key = KEY_NONE;
	uint64_t next;

	for (uint64_t n = 0; key != KEY_QUIT && !o->o_stop && (so->so_count == 0 || n < so->so_count); n++) {
		systat_update(sy, sc.sc_view);
		draw(&sc);
		next = uptime_ns() + so->so_ms * 1000000;
		if (n + 1 == so->so_count)
			break;
		do {
			key = key_wait(o, next);
		} while (!o->o_stop && key != KEY_QUIT && !key_act(&sc, key) && uptime_ns() < next);
	}
}
