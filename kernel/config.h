/* config.h - the configuration: a bundle of OpenBSD's own files ("# /etc/NAME" starts each), declarative.
 *
 * A feature registers a key per file it owns. load parses all files, then applies the difference between the running objects and
 * the new ones, key by key in the order of ck_order (what goes, goes first, in reverse order); when an apply fails, what was
 * applied is taken back the same way and the old configuration stands. A file that nobody has registered is an error.
 * A console command changes the running configuration through config_replace(), so through the same apply.
 * "show config" prints a file that no command has changed as its author wrote it, byte for byte, and else what ck_print prints.
 * Core 0, task context or boot. */
#ifndef KERNEL_CONFIG_H
#define KERNEL_CONFIG_H

#include "kernel/cdefs.h"
#include "kernel/out.h"
#include "kernel/set.h"

/* Collects errors; each becomes "FILE:LINE: reason" (LINE left out when 0). */
struct config_err {
	struct out	*ce_out;
	const char	*ce_file;		/* "/etc/hostname.vio0" */
	unsigned	 ce_errors;
};
void	config_error(struct config_err *, unsigned line, const char *fmt, ...) __printflike(3, 4);

struct config_key {
	const char	*ck_name;	/* under /etc: "mygate", or "hostname.*": a trailing * matches one or more characters */
	int		 ck_order;	/* apply: lower first */
	/* Text (not NUL-terminated; any bytes) to a malloc()ed object, complete and self-contained, touching nothing else.
	 * NULL after at least one config_error(). All errors of the file are reported, not the first only. */
	void		*(*ck_parse)(struct config_err *, const char *name, const char *text, size_t len);
	/* (In the text that ck_parse gets, lines end with \n alone, also where the bundle has \r\n; there is no NUL in it.) */
	/* Makes the running system go from old to new; NULL: the file is absent. Calls net_enter() itself where needed. Leaves
	 * unchanged what is equal in both. False after config_error(): then nothing has changed. */
	bool		(*ck_apply)(struct config_err *, const char *name, const void *old, const void *new);
	/* A second turn, after ck_apply of all keys (for what needs the others' objects: routes need interfaces); its part of the
	 * object only. May be NULL. */
	bool		(*ck_apply_late)(struct config_err *, const char *name, const void *old, const void *new);
	/* Last, for every file of the new configuration, changed or not: what it says is in force, also after what others have changed.
	 * Changes nothing. False after config_error(): all goes back. May be NULL. */
	bool		(*ck_check)(struct config_err *, const char *name, const void *obj);
	/* The file's canonical text: parsing it gives an equal object. */
	void		(*ck_print)(struct out *, const char *name, const void *obj);
	void		(*ck_free)(void *obj);
	/* A bundle is going to be loaded, which has such a file, or not; nothing of it is in force yet, and it may have errors. False after
	 * config_error(): it is not loaded. ck_end is called in any case when that is over: it is in force, or all is as it was before. May be NULL. */
	bool		(*ck_begin)(struct config_err *, bool named);
	void		(*ck_end)(bool named, bool in_force);
};
SET_DECLARE(const struct config_key, config_keys);
#define CONFIG_KEY(id) SET_ADD(config_keys, id)

/* A file that is no configuration: what the system has learned, for cat(1) alone. False: there is nothing, and so no such file. */
struct learned_file {
	const char	*lf_name;	/* "/etc/resolv.conf" */
	bool		(*lf_print)(struct out *);
};
SET_DECLARE(const struct learned_file, learned_files);
#define LEARNED_FILE(id) SET_ADD(learned_files, id)

/* Replaces the whole configuration by the bundle. False: errors are in `o`, nothing has changed. source: for messages. */
bool	config_load(struct out *o, const char *source, const char *text, size_t len);
/* The same for a text that stays where it is for ever (machine_file): it is not copied. */
bool	config_load_lasting(struct out *o, const char *source, const char *text, size_t len);
/* The running object of a file, NULL when absent. Owned by the store; valid until the file changes. */
const void *config_running(const char *name);
/* Replaces one file's object (NULL: removes the file) as a console command does; takes ownership of obj in any case. False: error
 * text in ce, nothing changed. ce_file is set here. Inside ck_apply config_running() still gives the old objects. */
bool	config_replace(struct config_err *, const char *name, void *obj);
/* Calls fn for each running file, in the order of the bundle. */
void	config_foreach(void (*fn)(const char *name, const void *obj, void *arg), void *arg);
/* Prints one file's text ("mygate" or "/etc/mygate") or the whole bundle with its headers (NULL). False: no such file. */
bool	config_print(struct out *, const char *name);
/* One file's text as it is going to be: while a configuration is applied, of the new one; else of the running one. For files that name files. */
bool	config_print_coming(struct out *, const char *name);
#define CONFIG_MAX	(64u << 20)	/* bytes of a bundle: a million routes are 36 MB */
#define CONFIG_FILES	4096		/* files in it */
/* False until the configuration named at boot has loaded: nothing is forwarded (fail closed). */
extern bool config_loaded;
/* At boot: finds the named file among the machine's and loads it; logs what went wrong. */
void	config_boot(void);

#endif
