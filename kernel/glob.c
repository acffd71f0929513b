/* glob.c - file name patterns. */
#include <string.h>

#include "kernel/glob.h"

/* One character class at *p ("[...]"), *p moves behind it. A '[' without its end stands for itself. */
static bool
glob_class(const char **p, char c)
{
	const char *s = *p + 1, *end;
	bool negate = *s == '!' || *s == '^', found = false;

	s += negate;
	end = *s != '\0' ? strchr(s + 1, ']') : NULL;
	if (end == NULL) {
		(*p)++;
		return c == '[';
	}
	for (; s < end; s++) {
		if (s + 2 < end && s[1] == '-') {
			found |= c >= s[0] && c <= s[2];
			s += 2;
		} else
			found |= *s == c;
	}
	*p = end + 1;
	return found != negate;
}

/* The pattern's next character that is not '*' against c; *p moves behind it. */
static bool
glob_one(const char **p, char c)
{
	switch (**p) {
	case '\0':
		return false;
	case '?':
		(*p)++;
		return true;
	case '[':
		return glob_class(p, c);
	case '\\':
		if ((*p)[1] != '\0')
			(*p)++;
		break;
	}
	return *(*p)++ == c;
}

bool
glob_match(const char *p, const char *s)
{
	const char *star = NULL, *retry = NULL;

	while (*s != '\0') {
		if (*p == '*') {
			star = ++p;
			retry = s;
		} else if (glob_one(&p, *s)) {
			s++;
		} else if (star != NULL) {	/* the last * takes one more: only it need be tried again */
			p = star;
			s = ++retry;
		} else
			return false;
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}
