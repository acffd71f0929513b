/* text.h - lines and words of configuration files: comments, blanks, numbers. */
#ifndef KERNEL_TEXT_H
#define KERNEL_TEXT_H

#include "kernel/cdefs.h"

/* Walks the lines of a text: without comments (# to the end of the line), without blanks at either end.
 *	text_lines_init(&tl, text, len);
 *	while (text_line(&tl)) ... tl.tl_line, tl.tl_len (0: nothing is left of it), tl.tl_no */
struct text_lines {
	const char	*tl_next, *tl_end;
	const char	*tl_line;		/* not NUL-terminated */
	size_t		 tl_len;
	unsigned	 tl_no;			/* from 1 */
};
void	text_lines_init(struct text_lines *, const char *text, size_t len);
bool	text_line(struct text_lines *);

char	*text_dup(const char *, size_t);	/* malloc()ed, NUL-terminated; NULL: no memory */
/* A whole decimal (or 0x) number between min and max; false: it is not. */
bool	text_int(const char *, int64_t min, int64_t max, int64_t *);
/* Seconds above 0 and up to 3600.999, with decimals of which three count, to milliseconds; false: they are not. */
bool	text_seconds(const char *, uint64_t *ms);

/* A digit of base 16; -1: it is none. */
int	text_hexdigit(char);

/* "Sun Sep  6 01:03:52 1973" of seconds since 1970, UTC, as date(1) has it. Returns buf. */
#define TEXT_DATE	32
char	*text_date(char buf[TEXT_DATE], int64_t);

/* As arp(8) says how long: "1d2h3m4s", without what is zero in front. Returns buf. */
char	*text_duration(char *buf, size_t len, uint64_t seconds);

#endif
