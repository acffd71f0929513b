/* cmdline.h - a line that was typed, taken apart into commands and their words. */
#ifndef KERNEL_CMDLINE_H
#define KERNEL_CMDLINE_H

#include "kernel/cdefs.h"

struct cmdline_cmd {
	int		 cc_argc;		/* at least 1 */
	char		**cc_argv;
	char		*cc_doc;		/* end word of its here-document, or NULL */
};
struct cmdline {
	unsigned	 cl_n;
	struct cmdline_cmd *cl_cmd;
	char		**cl_words;
	char		*cl_text;
};

/* Words are separated by blanks, commands by ; or newline. '..' is literal, in ".." a \ escapes " \ ` and $, outside it
 * escapes anything. $? is `status`. What a real shell would do otherwise (pipes, redirections, substitution, &, !) is refused.
 * Returns NULL, or the reason; after NULL cmdline_free() is due. */
const char *cmdline_parse(struct cmdline *, const char *line, int status);
void	cmdline_free(struct cmdline *);

#endif
