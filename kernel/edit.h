/* edit.h - a line editor: bytes from a terminal in, what the terminal must show out. Knows nothing of tasks. */
#ifndef KERNEL_EDIT_H
#define KERNEL_EDIT_H

#include "kernel/cdefs.h"

#define EDIT_MAX	4096		/* bytes of a line, with its NUL */
#define EDIT_HISTORY	64		/* lines remembered */

enum edit_event {
	EDIT_MORE,			/* the line goes on */
	EDIT_LINE,			/* ed_line is complete, NUL-terminated, without its newline */
	EDIT_BREAK,			/* ^C: the line was given up */
	EDIT_EOF,			/* ^D on an empty line */
	EDIT_TOO_LONG,			/* the newline of a line that was longer than EDIT_MAX - 1; ed_line is empty */
	EDIT_TAB,			/* the user asks for completion */
	EDIT_REDRAW,			/* ^L: the prompt is due again, then edit_redraw() */
};

struct edit {
	char		 ed_line[EDIT_MAX];
	size_t		 ed_len, ed_pos;
	bool		 ed_overlong;
	unsigned	 ed_esc;		/* bytes of an escape sequence so far */
	char		 ed_esc_arg;		/* its parameter's first digit */
	bool		 ed_was_cr;		/* swallow the \n of a \r\n */
	char		*ed_history[EDIT_HISTORY];	/* malloc()ed; the newest at (ed_hist_end - 1) % EDIT_HISTORY */
	unsigned	 ed_hist_end, ed_hist_at;	/* lines ever; the one shown, ed_hist_end: none */
	void		(*ed_show)(void *arg, const char *, size_t);
	void		*ed_arg;
};

void	edit_init(struct edit *, void (*show)(void *, const char *, size_t), void *arg);
enum edit_event edit_byte(struct edit *, char);
void	edit_insert(struct edit *, const char *, size_t);	/* at the cursor */
void	edit_redraw(struct edit *);	/* shows the line again, behind a prompt */
void	edit_reset(struct edit *);	/* begins an empty line */
void	edit_free(struct edit *);

#endif
