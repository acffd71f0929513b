/* config_edit.c - a console command changes one file of the configuration and words the error itself. */
#include <stdio.h>

#include "kernel/config.h"
#include "net/core/config_edit.h"

/* "/etc/hostname.vio0: route 10.1/16: File exists\n" has the reason "File exists". */
static void
last_part(const struct out *o, char *why, size_t len)
{
	const char *s = o->o_buf != NULL ? o->o_buf : "", *p;
	size_t n = 0;

	while (n < o->o_len && s[n] != '\n')
		n++;
	for (p = s + n; p > s + 1 && !(p[-2] == ':' && p[-1] == ' '); p--)
		;
	if (p == s + 1)
		p = s;
	snprintf(why, len, "%.*s", (int)(s + n - p), p);
}

bool
config_edit(const char *key, void *obj, char *why, size_t len)
{
	struct out text;
	struct config_err ce = { .ce_out = &text, .ce_file = key };
	bool ok;

	out_init(&text, NULL, NULL);
	ok = config_replace(&ce, key, obj);
	if (!ok)
		last_part(&text, why, len);
	out_free(&text);
	return ok;
}
