/* pf_expand_text.c - the macros of labels and tags: $if, $proto, $srcaddr, $srcport, $dstaddr, $dstport, $nr. */
#include <stdio.h>
#include <string.h>

#include "net/pf/pf_names.h"
#include "net/pf/pf_parse.h"

static void
text_addr(struct out *o, const struct pf_rule_addr *ra)
{
	const struct pf_addr *a = &ra->ra_addr;

	if (a->pa_type == PF_ADDR_ANY || (a->pa_type == PF_ADDR_NET && a->pa_plen == 0)) {
		out_printf(o, "any");
		return;
	}
	if (ra->ra_not)
		out_printf(o, "! ");
	pf_print_addr(o, a);
}

/* Ranges with their ends have no text. */
static void
text_port(struct out *o, const struct pf_cmp *c)
{
	static const char *const ops[] = { [PF_OP_EQ] = "", [PF_OP_NE] = "!=", [PF_OP_LT] = "<", [PF_OP_LE] = "<=", [PF_OP_GT] = ">", [PF_OP_GE] = ">=" };

	if (c->pc_op == PF_OP_IRG || c->pc_op == PF_OP_XRG)
		out_printf(o, "%u%s%u", c->pc_lo, c->pc_op == PF_OP_IRG ? "><" : "<>", c->pc_hi);
	else if (c->pc_op >= PF_OP_EQ)
		out_printf(o, "%s%u", ops[c->pc_op], c->pc_lo);
}

static void
text_proto(struct out *o, const struct pf_rule *r)
{
	const char *name = pf_proto_name(r->r_proto);

	if (name != NULL)
		out_printf(o, "%s", name);
	else
		out_printf(o, "%u", r->r_proto);
}

/* The macro that s begins with; returns its length, 0: none. */
static size_t
text_macro(struct out *o, const struct pf_rule *r, const char *s)
{
	static const char *const names[] = { "$srcaddr", "$dstaddr", "$srcport", "$dstport", "$proto", "$if", "$nr" };
	unsigned i;

	for (i = 0; i < nitems(names) && strncmp(s, names[i], strlen(names[i])) != 0; i++)
		;
	switch (i) {
	case 0:
	case 1:
		text_addr(o, i == 0 ? &r->r_src : &r->r_dst);
		break;
	case 2:
	case 3:
		text_port(o, i == 2 ? &r->r_src.ra_port : &r->r_dst.ra_port);
		break;
	case 4:
		text_proto(o, r);
		break;
	case 5:
		out_printf(o, "%s", r->r_ifname[0] != '\0' ? r->r_ifname : "any");
		break;
	case 6:
		out_printf(o, "%u", r->r_nr);
		break;
	default:
		return 0;
	}
	return strlen(names[i]);
}

/* text NULL: none. Too long after the expansion is an error. */
bool
pf_expand_text(struct pf_parse *p, const struct pf_rule *r, const char *text, size_t max, const char *what, const char **result)
{
	struct out o;
	size_t n;
	bool ok;

	if (text == NULL || strchr(text, '$') == NULL) {
		*result = text != NULL ? text : "";
		return true;
	}
	out_init(&o, NULL, NULL);
	for (; *text != '\0'; text += n)
		if (*text != '$' || (n = text_macro(&o, r, text)) == 0) {
			out_write(&o, text, 1);
			n = 1;
		}
	ok = !o.o_failed;
	if (!ok)
		p->p_conf->pc_arena.pa_failed = true;
	else if (o.o_len >= max)
		ok = pf_bad(p, "%s too long after expansion (max %u chars)", what, (unsigned)max - 1);
	else if ((*result = pf_strndup(&p->p_conf->pc_arena, o.o_len > 0 ? o.o_buf : "", o.o_len)) == NULL)
		ok = false;
	out_free(&o);
	return ok;
}
