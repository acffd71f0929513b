/* shell.c - the task behind the console. The loop puts what was typed into a ring and looks for ^C there; the task takes
 * lines from it and runs them. While nobody takes from the ring, the machine's own queue and the line's flow control hold
 * the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/cons.h"
#include "kernel/edit.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/myname.h"
#include "kernel/shell.h"
#include "kernel/task.h"
#include "kernel/timeout.h"

#define CTRL(c)		((c) & 0x1f)
#define INPUT_RING	8192
#define DOC_MAX		(16u << 20)	/* bytes of a here-document */
#define DOC_WORD	256		/* bytes of its end word */
#define ECHO_PATIENCE	2000		/* ms that echo waits for a terminal that takes nothing */
#define AHEAD_PATIENCE	2000		/* ms that a full ring may hide a ^C from a command that runs */

static struct {
	char		 ring[INPUT_RING];
	unsigned	 head, tail;	/* free-running; head is written by cons_input_ready */
	struct out	*running;	/* of the command that runs: ^C stops it */
	bool		 mute;		/* the terminal took nothing for a long time: no echo until it does */
	struct timeout	 full;		/* pending: the ring is full and a command runs */
	size_t		 lost;		/* bytes typed ahead that were thrown away */
	struct edit	 edit;
	struct out	 out;
	bool		 started;
} sh;

/* ---- input ---- */

static void
shell_interrupt(void)
{
	sh.tail = sh.head;		/* what was typed ahead goes, as with a tty */
	sh.running->o_stop = true;
	task_wakeup(sh.running);
	task_wakeup(&sh);		/* shell_key() */
}

/* A sender is held back while the ring is full, and a ^C behind what it sends with it. After a while nothing is waited for any more: what was
 * typed ahead goes, all of it, as half of it might be anything, and what comes is searched for ^C. */
static void
shell_ring_stuck(void *arg __unused_arg)
{
	char buf[256];
	size_t n;

	if (sh.running == NULL || sh.head - sh.tail < INPUT_RING)
		return;
	while (sh.running != NULL && (n = machine_cons_read(buf, sizeof(buf))) > 0) {
		sh.lost += n;
		if (memchr(buf, CTRL('C'), n) != NULL) {
			sh.lost += INPUT_RING;
			shell_interrupt();
			return;
		}
	}
	timeout_add_msec(&sh.full, AHEAD_PATIENCE / 20);
}

void
cons_input_ready(void)
{
	char buf[256];
	size_t n, room;

	for (;;) {
		room = INPUT_RING - (sh.head - sh.tail);
		n = machine_cons_read(buf, MIN(room, sizeof(buf)));
		if (n == 0)
			break;
		for (size_t i = 0; i < n; i++) {
			if (buf[i] == CTRL('C') && sh.running != NULL)
				shell_interrupt();
			else
				sh.ring[sh.head++ % INPUT_RING] = buf[i];
		}
	}
	if (sh.head - sh.tail == INPUT_RING && sh.running != NULL && !timeout_pending(&sh.full))
		timeout_add_msec(&sh.full, AHEAD_PATIENCE);
	if (sh.head != sh.tail)
		task_wakeup(&sh);
}

static char
shell_getc(void)
{
	char c;

	net_enter();		/* the loop changes head, and ^C tail; task_sleep() lets it */
	while (sh.head == sh.tail) {
		cons_input_ready();
		if (sh.head == sh.tail)
			task_sleep(&sh, 0);
	}
	c = sh.ring[sh.tail++ % INPUT_RING];
	net_leave();
	return c;
}

/* out.h, o_key: for the command that runs. */
static int
shell_key(struct out *o, uint64_t ms)
{
	uint64_t end = uptime_ns() + ms * 1000000, now;
	int c = -1;

	net_enter();
	for (cons_input_ready(); sh.head == sh.tail && !o->o_stop && (now = uptime_ns()) < end; cons_input_ready())
		task_sleep(&sh, (end - now + 999999) / 1000000);
	if (sh.head != sh.tail && !o->o_stop)
		c = (unsigned char)sh.ring[sh.tail++ % INPUT_RING];
	net_leave();
	return c;
}

/* ---- output ---- */

static void
shell_sink(struct out *o, const char *s, size_t n)
{
	cons_write(s, n, &o->o_stop, 0);
}

/* Echo and prompt: must not wait for ever, or a sender that does not read until it has sent all would never end. */
static void
shell_show(void *arg __unused_arg, const char *s, size_t n)
{
	size_t k = cons_put(s, n);

	if (k < n && !sh.mute)
		k += cons_write(s + k, n - k, NULL, ECHO_PATIENCE);
	sh.mute = k < n;
}

static void
shell_say(const char *s)
{
	shell_show(NULL, s, strlen(s));
}

static void
shell_prompt(void)
{
	const char *name = myname();

	shell_say("root@");
	shell_show(NULL, name, strcspn(name, "."));
	shell_say(":~$ ");
}

/* ---- completion of command names ---- */

/* The word that ends at the cursor, when a command's name may stand there; else NULL. */
static const char *
complete_word(const struct edit *ed)
{
	const char *line = ed->ed_line, *p = line + ed->ed_pos, *word, *before;

	while (p > line && p[-1] != ' ' && p[-1] != ';')
		p--;
	word = before = p;
	while (before > line && before[-1] == ' ')
		before--;
	if (before == line || before[-1] == ';')
		return word;
	if (before - line >= 4 && memcmp(before - 4, "help", 4) == 0 && (before - line == 4 || before[-5] == ' '))
		return word;
	return NULL;
}

/* How many commands begin with the len bytes at word; *common: how many bytes those agree in; *first: one of them. */
static unsigned
complete_count(const char *word, size_t len, size_t *common, const struct command **first)
{
	unsigned n = 0;

	for (const struct command *c = command_next(NULL); c != NULL; c = command_next(c->c_name)) {
		size_t k = 0;

		if (strncmp(c->c_name, word, len) != 0)
			continue;
		if (n++ == 0) {
			*first = c;
			*common = strlen(c->c_name);
			continue;
		}
		while (k < *common && c->c_name[k] == (*first)->c_name[k])
			k++;
		*common = k;
	}
	return n;
}

static void
complete(struct edit *ed)
{
	const char *word = complete_word(ed);
	const struct command *first = NULL;
	size_t len, common = 0;
	unsigned n;

	if (word == NULL)
		return;
	len = (size_t)(ed->ed_line + ed->ed_pos - word);
	n = complete_count(word, len, &common, &first);
	if (n == 0)
		return;
	if (n == 1 || common > len) {
		edit_insert(ed, first->c_name + len, common - len);
		if (n == 1)
			edit_insert(ed, " ", 1);
		return;
	}
	shell_say("\n");
	for (const struct command *c = command_next(NULL); c != NULL; c = command_next(c->c_name))
		if (strncmp(c->c_name, word, len) == 0) {
			shell_say(c->c_name);
			shell_say(" ");
		}
	shell_say("\n");
	shell_prompt();
	edit_redraw(ed);
}

/* ---- here-documents ---- */

struct doc {
	char	*text;
	size_t	 len, cap;
	size_t	 line;		/* where the line that is being typed begins */
	bool	 too_big, no_memory;
};

static void
doc_add(struct doc *d, char c)
{
	char *text;
	size_t cap;

	if (d->len == d->cap) {
		cap = d->cap != 0 ? d->cap * 2 : 4096;
		d->too_big |= d->len >= DOC_MAX;
		text = d->too_big || d->no_memory ? NULL : realloc(d->text, cap);
		if (text == NULL && !d->too_big)
			d->no_memory = true;
		if (text == NULL) {
			/* Only the last line is of interest now: it may be the end word. */
			memmove(d->text, d->text + d->line, d->len - d->line);
			d->len -= d->line;
			d->line = 0;
			if (d->cap == 0)
				return;
			if (d->len == d->cap)
				d->len = DOC_WORD;	/* longer than any end word, so it is none */
		} else {
			d->text = text;
			d->cap = cap;
		}
	}
	d->text[d->len++] = c;
}

/* Keys that correct the line, and echo. True: the byte belongs to the text. */
static bool
doc_key(struct doc *d, char c)
{
	if (c == 0x7f || c == CTRL('H')) {
		if (d->len > d->line) {
			d->len--;
			shell_say("\b \b");
		}
		return false;
	}
	if (c == CTRL('U')) {
		d->len = d->line;
		shell_say("^U\n> ");
		return false;
	}
	if (cons_put(&c, 1) == 0)	/* a document may be large: its echo is not worth waiting */
		sh.mute = true;
	return true;
}

/* Reads until a line is the end word: true. False: given up by ^C or ^D. */
static bool
doc_read(struct doc *d, const char *word)
{
	size_t wlen = strlen(word);
	bool was_cr = false;
	char c;

	shell_say("> ");
	for (;;) {
		c = shell_getc();
		if (c == CTRL('C') || c == CTRL('D')) {
			shell_say(c == CTRL('C') ? "^C\n" : "^D\n");
			return false;
		}
		if (c == '\n' && was_cr) {
			was_cr = false;
			continue;
		}
		was_cr = c == '\r';
		if (was_cr)
			c = '\n';
		if (!doc_key(d, c))
			continue;
		if (c == '\n' && d->len - d->line == wlen && memcmp(d->text + d->line, word, wlen) == 0) {
			d->len = d->line;
			return true;
		}
		doc_add(d, c);
		if (c == '\n') {
			d->line = d->len;
			cons_put("> ", 2);
		}
	}
}

static int
shell_run_doc(const char *line, const char *word)
{
	struct doc d = { 0 };
	struct here_doc hd;
	int status = 1;

	if (!doc_read(&d, word))
		shell_say("sh: here-document not ended: nothing was done\n");
	else if (d.too_big)
		shell_say("sh: here-document too long (at most 16 MB): nothing was done\n");
	else if (d.no_memory)
		shell_say("sh: no memory for the here-document: nothing was done\n");
	else {
		hd = (struct here_doc){ .hd_text = d.text != NULL ? d.text : "", .hd_len = d.len };
		sh.running = &sh.out;
		status = command_run_doc(&sh.out, line, &hd);
	}
	free(d.text);
	return status;
}

/* ---- the task ---- */

/* A command begins. ^C that was typed behind its line already stops it, as one that comes later. */
static void
shell_begin(void)
{
	net_enter();
	sh.running = &sh.out;
	for (unsigned i = sh.tail; i != sh.head && !sh.out.o_stop; i++)
		if (sh.ring[i % INPUT_RING] == CTRL('C')) {
			sh.tail = i + 1;
			sh.out.o_stop = true;
		}
	net_leave();
}

static void
shell_say_lost(void)
{
	char buf[64];

	timeout_del(&sh.full);
	if (sh.lost == 0)
		return;
	snprintf(buf, sizeof(buf), "sh: %zu bytes typed ahead were lost\n", sh.lost);
	sh.lost = 0;
	sh.tail = sh.head;
	shell_say(buf);
}

static void
shell_line(const char *line)
{
	char word[DOC_WORD];

	sh.out.o_stop = false;
	if (command_doc_word(line, word, sizeof(word)))
		shell_run_doc(line, word);
	else {
		shell_begin();
		command_run(&sh.out, line);
	}
	sh.running = NULL;
	if (sh.out.o_stop)
		shell_say("^C\n");
	shell_say_lost();
	/* One huge output must not keep its memory for ever. */
	out_free(&sh.out);
}

static void
shell_task(void *arg __unused_arg)
{
	struct edit *ed = &sh.edit;

	timeout_set(&sh.full, shell_ring_stuck, NULL);
	out_init(&sh.out, shell_sink, NULL);
	sh.out.o_key = shell_key;
	edit_init(ed, shell_show, NULL);
	shell_prompt();
	for (;;) {
		switch (edit_byte(ed, shell_getc())) {
		case EDIT_MORE:
			continue;
		case EDIT_TAB:
			complete(ed);
			continue;
		case EDIT_REDRAW:
			shell_say("\033[H\033[2J");
			shell_prompt();
			edit_redraw(ed);
			continue;
		case EDIT_TOO_LONG:
			shell_say("sh: line too long (at most 4095 bytes)\n");
			break;
		case EDIT_EOF:
			shell_say("\n");
			break;
		case EDIT_LINE:
			shell_line(ed->ed_line);
			break;
		case EDIT_BREAK:
			break;
		}
		edit_reset(ed);
		if (!cons_at_bol())	/* a file without a newline at its end was shown */
			shell_say("\n");
		shell_prompt();
	}
}

unsigned
shell_users(void)
{
	return sh.started;
}

void
shell_start(void)
{
	sh.started = task_create("shell", shell_task, NULL) != NULL;
	if (!sh.started)
		log_printf("shell: no memory\n");
}
