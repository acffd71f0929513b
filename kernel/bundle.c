/* bundle.c - finds the files in a bundle. */
#include <stdlib.h>
#include <string.h>

#include "kernel/bundle.h"

#define HEADER		"# /etc/"
#define HEADER_LEN	(sizeof(HEADER) - 1)

/* The line at s, without its newline, is a header. A word behind the name makes it an ordinary comment; blanks there, which
 * nobody sees, must not give the file's text to the file before. */
static bool
header_line(const char *s, size_t len, size_t *namelen)
{
	while (len > 0 && (s[len - 1] == '\r' || s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	if (len <= HEADER_LEN || memcmp(s, HEADER, HEADER_LEN) != 0)
		return false;
	for (size_t i = HEADER_LEN; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~')
			return false;
	*namelen = len - HEADER_LEN;
	return true;
}

static bool
comment_or_empty(const char *s, size_t len)
{
	for (; len > 0; s++, len--) {
		if (*s == '#')
			return true;
		if (*s != ' ' && *s != '\t' && *s != '\r')
			return false;
	}
	return true;
}

static bool
bundle_add(struct config_err *ce, struct bundle *bu, const struct bundle_file *bf)
{
	struct bundle_file *grown;

	for (unsigned i = 0; i < bu->bu_n; i++) {
		const struct bundle_file *other = &bu->bu_file[i];

		if (other->bf_namelen != bf->bf_namelen || memcmp(other->bf_name, bf->bf_name, bf->bf_namelen) != 0)
			continue;
		config_error(ce, bf->bf_line, "/etc/%.*s is there already, in line %u", (int)MIN(bf->bf_namelen, (size_t)200), bf->bf_name,
		    other->bf_line);
		break;
	}
	if (bu->bu_n == CONFIG_FILES) {
		config_error(ce, bf->bf_line, "more than %u files", CONFIG_FILES);
		return false;
	}
	if ((bu->bu_n & (bu->bu_n - 1)) == 0) {		/* full at each power of two */
		grown = realloc(bu->bu_file, MAX(2 * bu->bu_n, 1u) * sizeof(*grown));
		if (grown == NULL) {
			config_error(ce, bf->bf_line, "out of memory");
			return false;
		}
		bu->bu_file = grown;
	}
	bu->bu_file[bu->bu_n++] = *bf;
	return true;
}

/* One line, `whole` bytes with its newline. False: no use to go on. */
static bool
bundle_line(struct config_err *ce, struct bundle *bu, const char *s, size_t len, size_t whole, unsigned no)
{
	struct bundle_file bf = { .bf_head = s, .bf_headlen = whole, .bf_line = no };

	if (memchr(s, '\0', len) != NULL)
		config_error(ce, no, "a NUL byte");
	if (header_line(s, len, &bf.bf_namelen)) {
		bf.bf_name = s + HEADER_LEN;
		bf.bf_text = s + whole;
		return bundle_add(ce, bu, &bf);
	}
	if (bu->bu_n > 0)
		bu->bu_file[bu->bu_n - 1].bf_len += whole;
	else if (comment_or_empty(s, len))
		bu->bu_preamble += whole;
	else {
		config_error(ce, no, "text before the first \"" HEADER "NAME\" line");
		return false;
	}
	return true;
}

bool
bundle_split(struct config_err *ce, struct bundle *bu, const char *text, size_t len)
{
	const char *end = text + len, *nl;
	unsigned no = 0, errors = ce->ce_errors;

	memset(bu, 0, sizeof(*bu));
	if (len > CONFIG_MAX) {
		config_error(ce, 0, "larger than %u MB", CONFIG_MAX >> 20);
		return false;
	}
	for (const char *s = text; s < end; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		if (nl == NULL)
			nl = end;
		if (!bundle_line(ce, bu, s, (size_t)(nl - s), (size_t)(MIN(nl + 1, end) - s), ++no))
			break;
		if (nl == end)
			break;
	}
	return ce->ce_errors == errors;
}

void
bundle_free(struct bundle *bu)
{
	free(bu->bu_file);
	memset(bu, 0, sizeof(*bu));
}
