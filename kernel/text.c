/* text.c - lines and words of configuration files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/text.h"

static bool
text_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

void
text_lines_init(struct text_lines *tl, const char *text, size_t len)
{
	*tl = (struct text_lines){ .tl_next = text, .tl_end = text + len };
}

bool
text_line(struct text_lines *tl)
{
	const char *s = tl->tl_next, *e, *hash;

	if (s == tl->tl_end)
		return false;
	e = memchr(s, '\n', (size_t)(tl->tl_end - s));
	tl->tl_next = e != NULL ? e + 1 : tl->tl_end;
	e = e != NULL ? e : tl->tl_end;
	hash = memchr(s, '#', (size_t)(e - s));
	e = hash != NULL ? hash : e;
	while (s < e && text_blank(*s))
		s++;
	while (e > s && text_blank(e[-1]))
		e--;
	tl->tl_line = s;
	tl->tl_len = (size_t)(e - s);
	tl->tl_no++;
	return true;
}

char *
text_dup(const char *s, size_t n)
{
	char *d = malloc(n + 1);

	if (d == NULL)
		return NULL;
	memcpy(d, s, n);
	d[n] = '\0';
	return d;
}

bool
text_int(const char *s, int64_t min, int64_t max, int64_t *v)
{
	const char *digits = *s == '-' ? s + 1 : s;
	char *end;
	long long n;

	if (*digits < '0' || *digits > '9')
		return false;
	errno = 0;
	n = strtoll(s, &end, digits[0] == '0' && digits[1] == 'x' ? 16 : 10);
	if (*end != '\0' || errno != 0 || n < min || n > max)
		return false;
	*v = n;
	return true;
}

bool
text_seconds(const char *s, uint64_t *ms)
{
	char *end;
	uint64_t whole = strtoull(s, &end, 10), unit = 100;

	*ms = whole * 1000;
	if (((*s < '0' || *s > '9') && *s != '.') || whole > 3600)
		return false;
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10)
			*ms += (uint64_t)(*end - '0') * unit;
	return *end == '\0' && *ms > 0;
}

char *
text_duration(char *buf, size_t len, uint64_t seconds)
{
	unsigned s = (unsigned)MIN(seconds, UINT32_MAX), n = 0;

	if (s >= 86400)
		n += (unsigned)snprintf(buf + n, len - n, "%ud", s / 86400);
	if (s >= 3600)
		n += (unsigned)snprintf(buf + n, len - n, "%uh", s % 86400 / 3600);
	if (s >= 60)
		n += (unsigned)snprintf(buf + n, len - n, "%um", s % 3600 / 60);
	snprintf(buf + n, len - n, "%us", s % 60);
	return buf;
}

int
text_hexdigit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *
text_date(char buf[TEXT_DATE], int64_t seconds)
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL)
		snprintf(buf, TEXT_DATE, "%lld", (long long)seconds);
	else
		snprintf(buf, TEXT_DATE, "%s %s %2d %02d:%02d:%02d %d", days[tm.tm_wday], months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		    tm.tm_year + 1900);
	return buf;
}
