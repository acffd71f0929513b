/* myname.c - /etc/myname: the first line that is neither empty nor a comment is the machine's name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/config.h"
#include "kernel/myname.h"
#include "kernel/sysctl.h"
#include "kernel/text.h"

static char hostname_now[MYNAME_MAX + 1] = "sluice";

const char *
myname(void)
{
	return hostname_now;
}

/* NULL: fine. RFC 1123 2.1: labels of letters, digits and hyphens; we let _ pass. */
static const char *
myname_wrong(const char *s)
{
	if (*s == '\0' || strlen(s) > MYNAME_MAX)
		return "a name has 1 to 255 characters";
	for (const char *p = s; *p != '\0'; p++) {
		bool alnum = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '_';

		if (!alnum && *p != '-' && *p != '.')
			return "a name consists of letters, digits, hyphens and dots";
		if (!alnum && (p == s || p[-1] == '.' || p[1] == '.' || p[1] == '\0'))
			return "a label begins and ends with a letter or digit";
	}
	return NULL;
}

static void *
myname_parse(struct config_err *ce, const char *name __unused_arg, const char *text, size_t len)
{
	struct text_lines tl;
	char *found = NULL;
	const char *wrong;

	text_lines_init(&tl, text, len);
	while (found == NULL && text_line(&tl)) {
		if (tl.tl_len == 0)
			continue;
		if (tl.tl_len > MYNAME_MAX) {
			config_error(ce, tl.tl_no, "a name has 1 to 255 characters");
			return NULL;
		}
		found = text_dup(tl.tl_line, tl.tl_len);
		if (found == NULL) {
			config_error(ce, tl.tl_no, "out of memory");
			return NULL;
		}
		wrong = myname_wrong(found);
		if (wrong != NULL) {
			config_error(ce, tl.tl_no, "%s", wrong);
			free(found);
			return NULL;
		}
	}
	if (found == NULL)
		config_error(ce, 0, "there is no name in it");
	return found;
}

static bool
myname_apply(struct config_err *ce __unused_arg, const char *name __unused_arg, const void *old __unused_arg, const void *new)
{
	strcpy(hostname_now, new != NULL ? new : "sluice");
	return true;
}

static void
myname_print(struct out *o, const char *name __unused_arg, const void *obj)
{
	out_printf(o, "%s\n", (const char *)obj);
}

static const struct config_key myname_key = {
	.ck_name = "myname",
	.ck_order = 0,
	.ck_parse = myname_parse,
	.ck_apply = myname_apply,
	.ck_print = myname_print,
	.ck_free = free,
};
CONFIG_KEY(myname_key);

static void
myname_sysctl(char *buf, size_t len)
{
	snprintf(buf, len, "%s", hostname_now);
}
SYSCTL_STRING_RO(kern_hostname, "kern.hostname", myname_sysctl);

static int
cmd_hostname(struct out *o, int argc, char **argv)
{
	struct config_err ce = { .ce_out = o, .ce_file = "/etc/myname" };
	const char *wrong;
	char *copy;

	if (argc > 2)
		return command_usage(o, argv[0]);
	if (argc == 1) {
		if (o->o_json)
			json_str(o, NULL, hostname_now);
		else
			out_printf(o, "%s\n", hostname_now);
		return 0;
	}
	wrong = myname_wrong(argv[1]);
	copy = wrong == NULL ? text_dup(argv[1], strlen(argv[1])) : NULL;
	if (copy == NULL) {
		out_printf(o, "hostname: %s\n", wrong != NULL ? wrong : "out of memory");
		return 1;
	}
	return config_replace(&ce, "myname", copy) ? 0 : 1;
}
COMMAND(hostname, cmd_hostname, "hostname [-j] [name]", "show or set the name of this machine",
    "With a name, sets it (and /etc/myname); without one prints it. The prompt shows its first\n"
    "label.\n");
