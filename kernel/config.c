/* config.c - the store of the running configuration, and how it changes: by steps that can be taken back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/bundle.h"
#include "kernel/config.h"
#include "kernel/log.h"
#include "kernel/text.h"

#define CONFIG_NAME	128		/* bytes of "/etc/NAME", with the NUL */

struct config_file {
	char		 cf_name[CONFIG_NAME];	/* "/etc/mygate" */
	const struct config_key *cf_key;
	const char	*cf_raw;		/* header line and text as loaded; NULL: a command changed it, print by ck_print */
	char		*cf_copy;		/* cf_raw's memory; NULL: its text stays for ever */
	size_t		 cf_headlen, cf_rawlen;	/* of its header line; of it all */
	void		*cf_obj;
	bool		 cf_kept;		/* in a new store: cf_obj is the running one's */
};

struct config_store {
	char		*cs_preamble;
	size_t		 cs_preamblelen;
	unsigned	 cs_n;
	struct config_file *cs_file;
};

/* A step from one configuration to the other: cs_old or cs_new is NULL where the file is absent. */
struct config_step { const struct config_file *st_old, *st_new; bool st_late; };

static struct config_store running;
static const struct config_store *coming;	/* a bundle is being applied; NULL: none */
static const struct config_file *coming_file;	/* a command's file is; NULL: none */
bool config_loaded;

void
config_error(struct config_err *ce, unsigned line, const char *fmt, ...)
{
	va_list ap;

	ce->ce_errors++;
	if (line != 0)
		out_printf(ce->ce_out, "%s:%u: ", ce->ce_file, line);
	else
		out_printf(ce->ce_out, "%s: ", ce->ce_file);
	va_start(ap, fmt);
	out_vprintf(ce->ce_out, fmt, ap);
	va_end(ap);
	out_write(ce->ce_out, "\n", 1);
}

/* ---- look-up ---- */

static const char *
cf_base(const struct config_file *cf)
{
	return cf->cf_name + sizeof("/etc/") - 1;
}

/* The key whose name fits best: the exact one, else the longest pattern. */
static const struct config_key *
config_key_find(const char *name)
{
	const struct config_key *best = NULL;
	size_t best_len = 0;

	SET_FOREACH(const struct config_key, ck, config_keys) {
		size_t len = strlen(ck->ck_name);

		if (strcmp(ck->ck_name, name) == 0)
			return ck;
		if (ck->ck_name[len - 1] == '*' && strncmp(ck->ck_name, name, len - 1) == 0 &&
		    strlen(name) >= len && len > best_len) {
			best = ck;
			best_len = len;
		}
	}
	return best;
}

static struct config_file *
store_find(const struct config_store *cs, const char *name)
{
	if (strncmp(name, "/etc/", 5) == 0)
		name += 5;
	for (unsigned i = 0; i < cs->cs_n; i++)
		if (strcmp(cf_base(&cs->cs_file[i]), name) == 0)
			return &cs->cs_file[i];
	return NULL;
}

const void *
config_running(const char *name)
{
	const struct config_file *cf = store_find(&running, name);

	return cf != NULL ? cf->cf_obj : NULL;
}

void
config_foreach(void (*fn)(const char *name, const void *obj, void *arg), void *arg)
{
	for (unsigned i = 0; i < running.cs_n; i++)
		fn(cf_base(&running.cs_file[i]), running.cs_file[i].cf_obj, arg);
}

/* ---- from text to a new store ---- */

static void
store_free(struct config_store *cs)
{
	for (unsigned i = 0; i < cs->cs_n; i++) {
		struct config_file *cf = &cs->cs_file[i];

		if (cf->cf_obj != NULL && !cf->cf_kept)
			cf->cf_key->ck_free(cf->cf_obj);
		free(cf->cf_copy);
	}
	free(cs->cs_file);
	free(cs->cs_preamble);
	memset(cs, 0, sizeof(*cs));
}

/* Lines that end with \n alone: the text itself, or *copy, the caller's. NULL: no memory. */
static const char *
without_cr(const char *s, size_t len, size_t *outlen, char **copy)
{
	char *d;

	*outlen = len;
	*copy = NULL;
	if (memchr(s, '\r', len) == NULL)
		return s;
	d = *copy = malloc(len + 1);
	if (d == NULL)
		return NULL;
	for (size_t i = 0; i < len; i++)
		if (s[i] != '\r' || i + 1 == len || s[i + 1] != '\n')
			*d++ = s[i];
	*outlen = (size_t)(d - *copy);
	return *copy;
}

static void
file_parse(struct config_err *ce, struct config_file *cf)
{
	size_t len;
	char *copy;
	const char *text = without_cr(cf->cf_raw + cf->cf_headlen, cf->cf_rawlen - cf->cf_headlen, &len, &copy);
	unsigned before = ce->ce_errors;

	if (text == NULL) {
		config_error(ce, 0, "out of memory");
		return;
	}
	cf->cf_obj = cf->cf_key->ck_parse(ce, cf_base(cf), text, len);
	if (cf->cf_obj == NULL && ce->ce_errors == before)
		config_error(ce, 0, "refused without a reason");
	/* Errors count even if there is an object. */
	if (cf->cf_obj != NULL && ce->ce_errors != before) {
		cf->cf_key->ck_free(cf->cf_obj);
		cf->cf_obj = NULL;
	}
	free(copy);
}

/* What produced the running object was the same text: the object serves on. */
static bool
file_keep(struct config_file *cf)
{
	const struct config_file *old = store_find(&running, cf->cf_name);
	size_t len = cf->cf_rawlen - cf->cf_headlen;

	if (old == NULL || old->cf_raw == NULL || old->cf_rawlen - old->cf_headlen != len ||
	    memcmp(old->cf_raw + old->cf_headlen, cf->cf_raw + cf->cf_headlen, len) != 0)
		return false;
	cf->cf_obj = old->cf_obj;
	cf->cf_kept = true;
	return true;
}

/* stays: the text does, so it is not copied. */
static void
file_build(struct config_err *ce, struct config_file *cf, const struct bundle_file *bf, bool stays)
{
	snprintf(cf->cf_name, sizeof(cf->cf_name), "/etc/%.*s", (int)MIN(bf->bf_namelen, sizeof(cf->cf_name)), bf->bf_name);
	ce->ce_file = cf->cf_name;
	if (bf->bf_namelen + sizeof("/etc/") > sizeof(cf->cf_name)) {
		config_error(ce, 0, "the name is too long");
		return;
	}
	cf->cf_key = config_key_find(cf_base(cf));
	if (cf->cf_key == NULL) {
		config_error(ce, 0, "no such file is known");
		return;
	}
	cf->cf_headlen = bf->bf_headlen;
	cf->cf_rawlen = bf->bf_headlen + bf->bf_len;
	cf->cf_raw = stays ? bf->bf_head : (cf->cf_copy = text_dup(bf->bf_head, cf->cf_rawlen));
	if (cf->cf_raw == NULL)
		config_error(ce, 0, "out of memory");
	else if (!file_keep(cf))
		file_parse(ce, cf);
}

/* False after errors; store_free() is due in any case. */
static bool
store_build(struct config_err *ce, struct config_store *cs, const char *text, const struct bundle *bu, bool stays)
{
	const char *source = ce->ce_file;

	memset(cs, 0, sizeof(*cs));
	cs->cs_preamble = text_dup(text, bu->bu_preamble);
	cs->cs_preamblelen = bu->bu_preamble;
	cs->cs_file = calloc(MAX(bu->bu_n, 1u), sizeof(*cs->cs_file));
	if (cs->cs_preamble == NULL || cs->cs_file == NULL) {
		config_error(ce, 0, "out of memory");
		return false;
	}
	for (; cs->cs_n < bu->bu_n; cs->cs_n++)
		file_build(ce, &cs->cs_file[cs->cs_n], &bu->bu_file[cs->cs_n], stays);
	ce->ce_file = source;
	return ce->ce_errors == 0;
}

/* ---- steps ---- */

static bool
step_call(struct config_err *ce, const struct config_step *st, bool undo)
{
	const struct config_file *cf = st->st_new != NULL ? st->st_new : st->st_old;
	const void *old = st->st_old != NULL ? st->st_old->cf_obj : NULL;
	const void *new = st->st_new != NULL ? st->st_new->cf_obj : NULL;
	bool (*apply)(struct config_err *, const char *, const void *, const void *) =
	    st->st_late ? cf->cf_key->ck_apply_late : cf->cf_key->ck_apply;

	if (apply == NULL)
		return true;
	ce->ce_file = cf->cf_name;
	return undo ? apply(ce, cf_base(cf), new, old) : apply(ce, cf_base(cf), old, new);
}

/* ck_check of each file of cs as it is to be: instead is in place of the file of its name (NULL: none is), but (NULL: none) is absent. */
static bool
store_check(struct config_err *ce, const struct config_store *cs, const struct config_file *but, const struct config_file *instead)
{
	bool ok = true;

	for (unsigned i = 0; i <= cs->cs_n; i++) {
		const struct config_file *cf = i < cs->cs_n ? &cs->cs_file[i] : instead;

		if (cf == NULL || cf == but || cf->cf_key->ck_check == NULL)
			continue;
		ce->ce_file = cf->cf_name;
		ok = cf->cf_key->ck_check(ce, cf_base(cf), cf->cf_obj) && ok;
	}
	return ok;
}

/* All steps and then the check of `cs` (see store_check), or nothing. */
static bool
steps_run(struct config_err *ce, const struct config_step *st, unsigned n, const struct config_store *cs,
    const struct config_file *but, const struct config_file *instead)
{
	unsigned i, before = ce->ce_errors;

	for (i = 0; i < n; i++)
		if (!step_call(ce, &st[i], false))
			break;
	if (i == n && store_check(ce, cs, but, instead))
		return true;
	if (ce->ce_errors == before)
		config_error(ce, 0, "could not be applied");
	while (i-- > 0)
		if (!step_call(ce, &st[i], true))
			log_printf("%s: could not go back to the former configuration\n", ce->ce_file);
	return false;
}

static int
step_order(const struct config_step *st)
{
	return (st->st_old != NULL ? st->st_old : st->st_new)->cf_key->ck_order;
}

/* Sorts by ck_order, stable. */
static void
steps_sort(struct config_step *st, unsigned n, bool descending)
{
	for (unsigned i = 1; i < n; i++)
		for (unsigned k = i; k > 0; k--) {
			int diff = step_order(&st[k - 1]) - step_order(&st[k]);
			struct config_step t = st[k];

			if (descending ? diff >= 0 : diff <= 0)
				break;
			st[k] = st[k - 1];
			st[k - 1] = t;
		}
}

/* A second time, as the late turn. */
static unsigned
steps_repeat(struct config_step *st, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		st[n + i] = st[i];
		st[n + i].st_late = true;
	}
	return 2 * n;
}

static void
steps_swap_halves(struct config_step *st, unsigned n)
{
	for (unsigned i = 0; i < n / 2; i++) {
		struct config_step t = st[i];

		st[i] = st[n / 2 + i];
		st[n / 2 + i] = t;
	}
}

/* The way from the running store to `new`: what goes, its late part first; then what changes or comes. st has room for two steps
 * per file of either. */
static unsigned
steps_plan(const struct config_store *new, struct config_step *st)
{
	unsigned gone = 0, n = 0;

	for (unsigned i = running.cs_n; i-- > 0;)
		if (store_find(new, running.cs_file[i].cf_name) == NULL)
			st[gone++] = (struct config_step){ .st_old = &running.cs_file[i] };
	steps_sort(st, gone, true);
	gone = steps_repeat(st, gone);
	steps_swap_halves(st, gone);
	st += gone;
	for (unsigned i = 0; i < new->cs_n; i++) {
		const struct config_file *cf = &new->cs_file[i];

		if (!cf->cf_kept)
			st[n++] = (struct config_step){ store_find(&running, cf->cf_name), cf, false };
	}
	steps_sort(st, n, false);
	return gone + steps_repeat(st, n);
}

static void
store_commit(struct config_store *new)
{
	/* Objects that live on change their owner. */
	for (unsigned i = 0; i < new->cs_n; i++)
		if (new->cs_file[i].cf_kept) {
			store_find(&running, new->cs_file[i].cf_name)->cf_kept = true;
			new->cs_file[i].cf_kept = false;
		}
	store_free(&running);
	running = *new;
}

static bool
store_names(const struct config_store *cs, const struct config_key *ck)
{
	for (unsigned i = 0; i < cs->cs_n; i++)
		if (cs->cs_file[i].cf_key == ck)
			return true;
	return false;
}

static bool
keys_begin(struct config_err *ce, const struct config_store *cs)
{
	bool ok = true;

	SET_FOREACH(const struct config_key, ck, config_keys) {
		if (ck->ck_begin == NULL)
			continue;
		ce->ce_file = ck->ck_name;
		ok = ck->ck_begin(ce, store_names(cs, ck)) && ok;
	}
	return ok;
}

static void
keys_end(const struct config_store *cs, bool in_force)
{
	SET_FOREACH(const struct config_key, ck, config_keys)
		if (ck->ck_end != NULL)
			ck->ck_end(store_names(cs, ck), in_force);
}

static bool
load(struct out *o, const char *source, const char *text, size_t len, bool stays)
{
	struct config_err ce = { .ce_out = o, .ce_file = source };
	struct config_store new = { 0 };
	struct config_step *st = NULL;
	struct bundle bu;
	bool ok;

	ok = bundle_split(&ce, &bu, text, len);
	/* Parsed even so: all errors in one go. */
	ok = store_build(&ce, &new, text, &bu, stays) && ok;
	ok = keys_begin(&ce, &new) && ok;
	if (ok) {
		st = calloc(2 * (size_t)(running.cs_n + new.cs_n) + 1, sizeof(*st));
		if (st == NULL)
			config_error(&ce, 0, "out of memory");
		coming = &new;
		ok = st != NULL && steps_run(&ce, st, steps_plan(&new, st), &new, NULL, NULL);
		coming = NULL;
	}
	if (ok) {
		store_commit(&new);
		config_loaded = true;
		keys_end(&running, true);
	} else {
		keys_end(&new, false);
		store_free(&new);
	}
	free(st);
	bundle_free(&bu);
	return ok;
}

bool
config_load(struct out *o, const char *source, const char *text, size_t len)
{
	return load(o, source, text, len, false);
}

bool
config_load_lasting(struct out *o, const char *source, const char *text, size_t len)
{
	return load(o, source, text, len, true);
}

/* ---- one file, from a command ---- */

static bool
store_grow(struct config_store *cs)
{
	struct config_file *grown = realloc(cs->cs_file, (cs->cs_n + 1) * sizeof(*grown));

	if (grown == NULL)
		return false;
	cs->cs_file = grown;
	return true;
}

static void
store_remove(struct config_store *cs, struct config_file *cf)
{
	cf->cf_key->ck_free(cf->cf_obj);
	free(cf->cf_copy);
	cs->cs_n--;
	memmove(cf, cf + 1, (size_t)(cs->cs_file + cs->cs_n - cf) * sizeof(*cf));
}

bool
config_replace(struct config_err *ce, const char *name, void *obj)
{
	struct config_file new = { .cf_key = config_key_find(name), .cf_obj = obj }, *old;
	struct config_step st[2];
	unsigned n;
	bool ok;

	KASSERT(new.cf_key != NULL && strlen(name) + sizeof("/etc/") <= sizeof(new.cf_name));
	snprintf(new.cf_name, sizeof(new.cf_name), "/etc/%s", name);
	ce->ce_file = new.cf_name;
	old = store_find(&running, name);
	if (old == NULL && obj == NULL)
		return true;
	if (old == NULL && !store_grow(&running)) {
		config_error(ce, 0, "out of memory");
		new.cf_key->ck_free(obj);
		return false;
	}
	st[0] = (struct config_step){ old, obj != NULL ? &new : NULL, false };
	n = steps_repeat(st, 1);
	if (obj == NULL)
		steps_swap_halves(st, n);
	coming_file = obj != NULL ? &new : NULL;
	ok = steps_run(ce, st, n, &running, old, coming_file);
	coming_file = NULL;
	if (!ok) {
		if (obj != NULL)
			new.cf_key->ck_free(obj);
		return false;
	}
	if (obj == NULL)
		store_remove(&running, old);
	else if (old == NULL)
		running.cs_file[running.cs_n++] = new;
	else {
		old->cf_key->ck_free(old->cf_obj);
		free(old->cf_copy);
		*old = new;
	}
	return true;
}

/* ---- printing ---- */

static void
file_print(struct out *o, const struct config_file *cf)
{
	if (cf->cf_raw != NULL)
		out_write(o, cf->cf_raw + cf->cf_headlen, cf->cf_rawlen - cf->cf_headlen);
	else
		cf->cf_key->ck_print(o, cf_base(cf), cf->cf_obj);
}

bool
config_print_coming(struct out *o, const char *name)
{
	const struct config_file *cf = store_find(coming != NULL ? coming : &running, name);

	if (coming_file != NULL && strcmp(coming_file->cf_name + (name[0] == '/' ? 0 : sizeof("/etc/") - 1), name) == 0)
		cf = coming_file;
	if (cf != NULL)
		file_print(o, cf);
	return cf != NULL;
}

bool
config_print(struct out *o, const char *name)
{
	const struct config_file *cf;
	bool open = false;		/* the last line has no newline yet */

	if (name != NULL) {
		cf = store_find(&running, name);
		if (cf != NULL)
			file_print(o, cf);
		return cf != NULL;
	}
	if (running.cs_preamblelen > 0) {
		out_write(o, running.cs_preamble, running.cs_preamblelen);
		open = running.cs_preamble[running.cs_preamblelen - 1] != '\n';
	}
	for (unsigned i = 0; i < running.cs_n; i++) {
		cf = &running.cs_file[i];
		if (open)
			out_write(o, "\n", 1);
		if (cf->cf_raw != NULL)
			out_write(o, cf->cf_raw, cf->cf_headlen);
		else
			out_printf(o, "# %s\n", cf->cf_name);
		file_print(o, cf);
		open = cf->cf_raw != NULL && cf->cf_raw[cf->cf_rawlen - 1] != '\n';
	}
	return true;
}
