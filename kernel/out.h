/* out.h - where a command or a configuration printer writes: text as OpenBSD prints it, or JSON (-j).
 * Output gathers in memory (so that it may be produced inside net_enter) and goes out with out_flush(), which may sleep. */
#ifndef KERNEL_OUT_H
#define KERNEL_OUT_H

#include <stdarg.h>
#include "kernel/cdefs.h"

struct here_doc;

struct out {
	char	*o_buf;			/* malloc()ed, grows */
	size_t	 o_len, o_cap;
	bool	 o_json;		/* the user asked for JSON */
	bool	 o_failed;		/* out of memory: the rest was lost, out_flush says so */
	bool	 o_comma;		/* JSON: an element stands before the next one */
	volatile bool o_stop;		/* the reader has gone or pressed ^C: stop producing; who sleeps on the out is woken */
	unsigned o_depth;		/* JSON: brackets open; the buffer has room to close them, come what may */
	unsigned o_ghosts;		/* JSON: brackets inside that were not written (no memory, stopped) */
	/* takes n bytes, may sleep; NULL: the text stays in o_buf for the caller */
	void	(*o_sink)(struct out *, const char *, size_t);
	void	*o_arg;
	/* The next byte that the user types, waiting for up to ms milliseconds; -1: none, or o_stop. NULL: nobody types there. */
	int	(*o_key)(struct out *, uint64_t ms);
	const struct here_doc *o_stdin;	/* the command's here-document (command.h); NULL: none */
};

void	out_init(struct out *, void (*sink)(struct out *, const char *, size_t), void *arg);
void	out_free(struct out *);
/* Text. Between json_open and json_close it has no place: a bug, found in debug builds, left out in others. */
void	out_printf(struct out *, const char *fmt, ...) __printflike(2, 3);
void	out_vprintf(struct out *, const char *fmt, va_list);
void	out_write(struct out *, const char *, size_t);
/* Bytes as they are; for json.c. */
void	out_put(struct out *, const char *, size_t);
void	out_flush(struct out *);	/* task context, outside net_enter */

/* JSON, on one line, valid also when memory ran out or the reader stopped: whole elements are left out then. name NULL: an
 * element of an array, or the outermost value. Names are literals; strings are escaped, bytes that are not UTF-8 become \ufffd.
 *	if (o->o_json) { json_open(o, NULL, '{'); json_u64(o, "packets", n); json_close(o, '}'); } */
void	json_open(struct out *, const char *name, char bracket);	/* '{' or '[' */
void	json_close(struct out *, char bracket);				/* '}' or ']' */
void	json_str(struct out *, const char *name, const char *);
void	json_u64(struct out *, const char *name, uint64_t);
void	json_i64(struct out *, const char *name, int64_t);
void	json_bool(struct out *, const char *name, bool);
/* A number of which the last `decimals` (1 to 3) digits stand behind the point. */
void	json_fixed(struct out *, const char *name, uint64_t, unsigned decimals);

#endif
