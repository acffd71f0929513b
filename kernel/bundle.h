/* bundle.h - a bundle's text taken apart at its "# /etc/NAME" lines. All pointers go into the text. */
#ifndef KERNEL_BUNDLE_H
#define KERNEL_BUNDLE_H

#include "kernel/config.h"

struct bundle_file {
	const char	*bf_name;		/* behind "/etc/"; bf_namelen bytes */
	size_t		 bf_namelen;
	const char	*bf_head;		/* the header line as it stands there; bf_headlen bytes with its newline */
	size_t		 bf_headlen;
	const char	*bf_text;		/* bf_len bytes */
	size_t		 bf_len;
	unsigned	 bf_line;		/* of the header in the bundle, from 1 */
};
struct bundle {
	size_t		 bu_preamble;		/* bytes before the first header: comments and empty lines */
	unsigned	 bu_n;
	struct bundle_file *bu_file;		/* malloc()ed */
};

/* False after errors (named "source:LINE: reason" by ce->ce_file). bundle_free() is due in any case. */
bool	bundle_split(struct config_err *, struct bundle *, const char *text, size_t len);
void	bundle_free(struct bundle *);

#endif
