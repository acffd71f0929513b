/* pf_tag.c - the numbers that packets carry for the names of tags. Rulesets hold them; a name that none holds gives its number back. */
#include <stdlib.h>
#include <string.h>

#include "net/pf/pf_engine.h"

static struct tag { char *t_name; unsigned t_refs; } *tags;	/* by number - 1 */
static unsigned ntags;

uint16_t
pf_tag_get(const char *name)
{
	unsigned i, at = ntags;
	char *copy;

	for (i = 0; i < ntags; i++) {
		if (tags[i].t_name == NULL)
			at = i;
		else if (strcmp(tags[i].t_name, name) == 0) {
			tags[i].t_refs++;
			return (uint16_t)(i + 1);
		}
	}
	if (at == PF_TAGS_MAX || (copy = malloc(strlen(name) + 1)) == NULL)
		return 0;
	strcpy(copy, name);
	if (at == ntags) {
		struct tag *more = realloc(tags, (ntags + 1) * sizeof(*tags));

		if (more == NULL) {
			free(copy);
			return 0;
		}
		tags = more;
		ntags++;
	}
	tags[at] = (struct tag){ copy, 1 };
	return (uint16_t)(at + 1);
}

void
pf_tag_hold(uint16_t n)
{
	tags[n - 1].t_refs++;
}

void
pf_tag_put(uint16_t n)
{
	struct tag *t;

	if (n == 0)
		return;
	t = &tags[n - 1];
	if (--t->t_refs > 0)
		return;
	free(t->t_name);
	t->t_name = NULL;
	while (ntags > 0 && tags[ntags - 1].t_name == NULL)
		ntags--;
	if (ntags == 0) {
		free(tags);
		tags = NULL;
	}
}
