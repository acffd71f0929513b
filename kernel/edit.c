/* edit.c - the line editor: emacs keys and arrows, history. A cursor column is a character, not a byte, of UTF-8. */
#include <stdlib.h>
#include <string.h>

#include "kernel/edit.h"

#define CTRL(c)		((c) & 0x1f)
#define ESC		0x1b
#define ESC_MAX		16	/* bytes; a longer sequence is noise */

static void
show(struct edit *ed, const char *s, size_t n)
{
	if (n > 0)
		ed->ed_show(ed->ed_arg, s, n);
}

static void
show_times(struct edit *ed, char c, size_t n)
{
	char buf[64];
	size_t k;

	memset(buf, c, sizeof(buf));
	for (; n > 0; n -= k) {
		k = MIN(n, sizeof(buf));
		show(ed, buf, k);
	}
}

static bool
continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t
columns(const char *s, size_t n)
{
	size_t c = 0;

	while (n-- > 0)
		c += !continuation(*s++);
	return c;
}

void
edit_init(struct edit *ed, void (*fn)(void *, const char *, size_t), void *arg)
{
	memset(ed, 0, sizeof(*ed));
	ed->ed_show = fn;
	ed->ed_arg = arg;
}

void
edit_free(struct edit *ed)
{
	for (unsigned i = 0; i < EDIT_HISTORY; i++)
		free(ed->ed_history[i]);
	memset(ed->ed_history, 0, sizeof(ed->ed_history));
}

void
edit_reset(struct edit *ed)
{
	ed->ed_len = ed->ed_pos = 0;
	ed->ed_line[0] = '\0';
	ed->ed_overlong = false;
	ed->ed_esc = 0;
	ed->ed_hist_at = ed->ed_hist_end;
}

/* Shows what is right of the cursor, blanks over `gone` columns behind it, and puts the cursor back. */
static void
show_tail(struct edit *ed, size_t gone)
{
	const char *tail = ed->ed_line + ed->ed_pos;
	size_t n = ed->ed_len - ed->ed_pos;

	show(ed, tail, n);
	show_times(ed, ' ', gone);
	show_times(ed, '\b', columns(tail, n) + gone);
}

void
edit_redraw(struct edit *ed)
{
	show(ed, ed->ed_line, ed->ed_pos);
	show_tail(ed, 0);
}

void
edit_insert(struct edit *ed, const char *s, size_t n)
{
	if (n > EDIT_MAX - 1 - ed->ed_len) {
		ed->ed_overlong = true;
		return;
	}
	memmove(ed->ed_line + ed->ed_pos + n, ed->ed_line + ed->ed_pos, ed->ed_len - ed->ed_pos);
	memcpy(ed->ed_line + ed->ed_pos, s, n);
	ed->ed_len += n;
	ed->ed_pos += n;
	ed->ed_line[ed->ed_len] = '\0';
	show(ed, s, n);
	if (ed->ed_pos < ed->ed_len)
		show_tail(ed, 0);
}

/* Moves the cursor to byte `to`. */
static void
move_to(struct edit *ed, size_t to)
{
	if (to < ed->ed_pos)
		show_times(ed, '\b', columns(ed->ed_line + to, ed->ed_pos - to));
	else
		show(ed, ed->ed_line + ed->ed_pos, to - ed->ed_pos);
	ed->ed_pos = to;
}

/* Deletes the bytes from `from` to the cursor. */
static void
erase_back(struct edit *ed, size_t from)
{
	size_t n = ed->ed_pos - from, gone = columns(ed->ed_line + from, n);

	move_to(ed, from);
	memmove(ed->ed_line + from, ed->ed_line + from + n, ed->ed_len - from - n);
	ed->ed_len -= n;
	ed->ed_line[ed->ed_len] = '\0';
	show_tail(ed, gone);
}

static size_t
left_of(const struct edit *ed)
{
	size_t p = ed->ed_pos;

	while (p > 0 && continuation(ed->ed_line[--p]))
		continue;
	return p;
}

static size_t
right_of(const struct edit *ed)
{
	size_t p = ed->ed_pos;

	if (p < ed->ed_len)
		p++;
	while (p < ed->ed_len && continuation(ed->ed_line[p]))
		p++;
	return p;
}

static size_t
word_left_of(const struct edit *ed)
{
	size_t p = ed->ed_pos;

	while (p > 0 && ed->ed_line[p - 1] == ' ')
		p--;
	while (p > 0 && ed->ed_line[p - 1] != ' ')
		p--;
	return p;
}

static void
erase_right(struct edit *ed)
{
	if (ed->ed_pos == ed->ed_len)
		return;
	move_to(ed, right_of(ed));
	erase_back(ed, left_of(ed));
}

static void
erase_tail(struct edit *ed)
{
	size_t pos = ed->ed_pos;

	move_to(ed, ed->ed_len);
	erase_back(ed, pos);
}

/* ---- history ---- */

static void
history_add(struct edit *ed)
{
	char **last = &ed->ed_history[(ed->ed_hist_end - 1) % EDIT_HISTORY], *copy;

	if (ed->ed_len == 0 || (ed->ed_hist_end > 0 && *last != NULL && strcmp(*last, ed->ed_line) == 0))
		return;
	copy = malloc(ed->ed_len + 1);
	if (copy == NULL)	/* then there is one line less to go back to */
		return;
	memcpy(copy, ed->ed_line, ed->ed_len + 1);
	free(ed->ed_history[ed->ed_hist_end % EDIT_HISTORY]);
	ed->ed_history[ed->ed_hist_end++ % EDIT_HISTORY] = copy;
}

static void
history_show(struct edit *ed, unsigned at)
{
	const char *line = at == ed->ed_hist_end ? "" : ed->ed_history[at % EDIT_HISTORY];

	move_to(ed, ed->ed_len);
	erase_back(ed, 0);
	edit_insert(ed, line, strlen(line));
	ed->ed_hist_at = at;
}

static void
history_up(struct edit *ed)
{
	if (ed->ed_hist_at > 0 && ed->ed_hist_end - ed->ed_hist_at < EDIT_HISTORY)
		history_show(ed, ed->ed_hist_at - 1);
}

static void
history_down(struct edit *ed)
{
	if (ed->ed_hist_at < ed->ed_hist_end)
		history_show(ed, ed->ed_hist_at + 1);
}

/* ---- keys ---- */

/* The last byte of ESC [ ... or ESC O ... */
static void
escape_key(struct edit *ed, char c)
{
	switch (c) {
	case 'A':
		history_up(ed);
		break;
	case 'B':
		history_down(ed);
		break;
	case 'C':
		move_to(ed, right_of(ed));
		break;
	case 'D':
		move_to(ed, left_of(ed));
		break;
	case 'H':
		move_to(ed, 0);
		break;
	case 'F':
		move_to(ed, ed->ed_len);
		break;
	case '~':
		if (ed->ed_esc_arg == '3')
			erase_right(ed);
		else if (ed->ed_esc_arg == '1' || ed->ed_esc_arg == '7')
			move_to(ed, 0);
		else if (ed->ed_esc_arg == '4' || ed->ed_esc_arg == '8')
			move_to(ed, ed->ed_len);
		break;
	}
}

/* ECMA-48 5.4: after ESC [ come bytes 0x20 to 0x3f and one final byte 0x40 to 0x7e. */
static void
escape_byte(struct edit *ed, char c)
{
	if (ed->ed_esc == 1) {
		ed->ed_esc = c == '[' || c == 'O' ? 2 : 0;
		ed->ed_esc_arg = '\0';
		return;
	}
	if (ed->ed_esc++ == 2)
		ed->ed_esc_arg = c;
	if (c >= 0x20 && c <= 0x3f && ed->ed_esc < ESC_MAX)
		return;
	ed->ed_esc = 0;
	escape_key(ed, c);
}

static enum edit_event
end_of_line(struct edit *ed)
{
	bool overlong = ed->ed_overlong;

	move_to(ed, ed->ed_len);
	show(ed, "\n", 1);
	if (overlong) {
		edit_reset(ed);
		return EDIT_TOO_LONG;
	}
	history_add(ed);
	return EDIT_LINE;
}

static enum edit_event
control_key(struct edit *ed, char c)
{
	switch (c) {
	case CTRL('C'):
		move_to(ed, ed->ed_len);
		show(ed, "^C\n", 3);
		edit_reset(ed);
		return EDIT_BREAK;
	case CTRL('D'):
		if (ed->ed_len == 0)
			return EDIT_EOF;
		erase_right(ed);
		break;
	case CTRL('L'):
		return EDIT_REDRAW;
	case '\t':
		return EDIT_TAB;
	case 0x7f:
	case CTRL('H'):
		erase_back(ed, left_of(ed));
		break;
	case CTRL('U'):
		erase_back(ed, 0);
		break;
	case CTRL('W'):
		erase_back(ed, word_left_of(ed));
		break;
	case CTRL('K'):
		erase_tail(ed);
		break;
	case CTRL('A'):
		move_to(ed, 0);
		break;
	case CTRL('E'):
		move_to(ed, ed->ed_len);
		break;
	case CTRL('B'):
		move_to(ed, left_of(ed));
		break;
	case CTRL('F'):
		move_to(ed, right_of(ed));
		break;
	case CTRL('P'):
		history_up(ed);
		break;
	case CTRL('N'):
		history_down(ed);
		break;
	case ESC:
		ed->ed_esc = 1;
		break;
	}
	return EDIT_MORE;	/* all others mean nothing */
}

enum edit_event
edit_byte(struct edit *ed, char c)
{
	bool was_cr = ed->ed_was_cr;

	ed->ed_was_cr = c == '\r';
	if (c == '\n' && was_cr)
		return EDIT_MORE;
	if (c == '\n' || c == '\r')
		return end_of_line(ed);
	if (ed->ed_overlong && c != CTRL('C') && c != CTRL('U'))
		return EDIT_MORE;	/* until its end, without echo */
	if (c == CTRL('U'))
		ed->ed_overlong = false;
	if (ed->ed_esc != 0 && c != CTRL('C')) {
		escape_byte(ed, c);
		return EDIT_MORE;
	}
	if ((unsigned char)c < 0x20 || c == 0x7f)
		return control_key(ed, c);
	edit_insert(ed, &c, 1);
	return EDIT_MORE;
}
