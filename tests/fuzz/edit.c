/* edit.c - target edit: bytes of a terminal through the line editor. Every terminal byte is legal, so only the editor's own state is
 * checked: it stays within its line, and a finished line goes through the parser of command lines. */
#include <stdlib.h>
#include <string.h>

#include "kernel/cmdline.h"
#include "kernel/edit.h"
#include "tests/fuzz/fuzz.h"

static void
edit_parse(const char *line)
{
	struct cmdline cl;

	if (cmdline_parse(&cl, line, 42) != NULL)
		return;
	for (unsigned i = 0; i < cl.cl_n; i++) {
		CHECK(cl.cl_cmd[i].cc_argc >= 1);
		for (int k = 0; k < cl.cl_cmd[i].cc_argc; k++)
			CHECK(strlen(cl.cl_cmd[i].cc_argv[k]) < EDIT_MAX);
		CHECK(cl.cl_cmd[i].cc_argv[cl.cl_cmd[i].cc_argc] == NULL);
	}
	cmdline_free(&cl);
}

static size_t shown;

static void
edit_show(void *arg __unused_arg, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)		/* reads it all, for the sanitizer */
		shown += (unsigned char)s[i] != 0;
}

static void
edit_event(struct edit *ed, enum edit_event ev, struct fuzz_in *in)
{
	switch (ev) {
	case EDIT_LINE:
		CHECK(strlen(ed->ed_line) < EDIT_MAX);
		edit_parse(ed->ed_line);
		edit_reset(ed);
		break;
	case EDIT_TAB: {
		size_t n;
		const uint8_t *p = fuzz_take(in, fuzz_u8(in) % 16, &n);

		edit_insert(ed, (const char *)p, n);
		break;
	}
	case EDIT_REDRAW:
		edit_redraw(ed);
		break;
	case EDIT_BREAK:
	case EDIT_TOO_LONG:
		edit_reset(ed);
		break;
	case EDIT_MORE:
	case EDIT_EOF:
		break;
	}
}

/* The first byte may fill most of the line beforehand, so that short inputs reach its end. */
static void
edit_run(struct fuzz_in *in)
{
	static struct edit ed;
	unsigned how = fuzz_u8(in), fill = how >= 0xc0 ? how * 16 : 0;	/* up to 4080 of 4095 bytes */

	edit_init(&ed, edit_show, NULL);
	for (unsigned i = 0; i < fill; i++)
		edit_event(&ed, edit_byte(&ed, (char)('a' + i % 26)), in);
	while (in->n > 0) {
		edit_event(&ed, edit_byte(&ed, (char)fuzz_u8(in)), in);
		CHECK(ed.ed_pos <= ed.ed_len && ed.ed_len < EDIT_MAX);
	}
	edit_free(&ed);
}
FUZZ_TARGET(edit, 512, NULL, edit_run);
