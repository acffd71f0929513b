/* pf_print_addr.c - addresses, comparisons, pools, state options as pfctl prints them. */
#include <string.h>

#include "net/pf/pf_conf.h"
#include "net/pf/pf_lex.h"
#include "net/pf/pf_names.h"

void
pf_print_quoted(struct out *o, const char *s)
{
	out_write(o, "\"", 1);
	for (; *s != '\0'; s++) {
		if (*s == '"')
			out_write(o, "\\", 1);
		out_write(o, s, 1);
	}
	out_write(o, "\"", 1);
}

void
pf_print_word(struct out *o, const char *s)
{
	if (pf_lex_is_string(s))
		out_printf(o, "%s", s);
	else
		pf_print_quoted(o, s);
}

/* Digits are a name here, too. */
static void
print_table_name(struct out *o, const char *name)
{
	bool digits = *name != '\0' && strspn(name, "0123456789") == strlen(name);

	out_printf(o, "<");
	if (digits)
		out_printf(o, "%s", name);
	else
		pf_print_word(o, strncmp(name, PF_AUTO_TABLE, strlen(PF_AUTO_TABLE)) == 0 ? PF_AUTO_TABLE : name);
	out_printf(o, ">");
}

static void
print_dyn(struct out *o, const struct pf_addr *a)
{
	out_printf(o, "(%s", a->pa_name);
	if (a->pa_dyn & PF_DYN_NETWORK)
		out_printf(o, ":network");
	if (a->pa_dyn & PF_DYN_BROADCAST)
		out_printf(o, ":broadcast");
	if (a->pa_dyn & PF_DYN_PEER)
		out_printf(o, ":peer");
	if (a->pa_dyn & PF_DYN_NOALIAS)
		out_printf(o, ":0");
	out_printf(o, ")");
	if (a->pa_plen != PF_PLEN_NONE)
		out_printf(o, "/%u", a->pa_plen);
}

void
pf_print_addr(struct out *o, const struct pf_addr *a)
{
	char buf[IN6_STRLEN];

	switch (a->pa_type) {
	case PF_ADDR_ANY:
		out_printf(o, "any");
		break;
	case PF_ADDR_NET:
		out_printf(o, "%s", af_print(buf, pf_af(a->pa_af), &a->pa_addr));
		if (a->pa_plen < pf_af_bits(a->pa_af))
			out_printf(o, "/%u", a->pa_plen);
		break;
	case PF_ADDR_RANGE:
		out_printf(o, "%s - ", af_print(buf, pf_af(a->pa_af), &a->pa_addr));
		out_printf(o, "%s", af_print(buf, pf_af(a->pa_af), &a->pa_end));
		break;
	case PF_ADDR_DYN:
		print_dyn(o, a);
		break;
	case PF_ADDR_TABLE:		/* an automatic table's number is of no use to a reader */
		print_table_name(o, a->pa_name);
		break;
	case PF_ADDR_NOROUTE:
		out_printf(o, "no-route");
		break;
	case PF_ADDR_URPF:
		out_printf(o, "urpf-failed");
		break;
	case PF_ADDR_RTLABEL:
		out_printf(o, "route ");
		pf_print_quoted(o, a->pa_name);
		break;
	}
}

static void
print_number(struct out *o, uint32_t n, bool names)
{
	const char *name = names ? pf_service_name(n) : NULL;

	if (name != NULL)
		out_printf(o, "%s", name);
	else
		out_printf(o, "%u", n);
}

void
pf_print_cmp(struct out *o, const struct pf_cmp *c, bool names)
{
	static const char *const ops[] = {
		[PF_OP_RRG] = ":", [PF_OP_IRG] = " >< ", [PF_OP_XRG] = " <> ", [PF_OP_EQ] = "=", [PF_OP_NE] = "!=", [PF_OP_LT] = "<", [PF_OP_LE] = "<=",
		[PF_OP_GT] = ">", [PF_OP_GE] = ">=",
	};

	if (c->pc_op < PF_OP_EQ) {
		out_printf(o, " ");
		print_number(o, c->pc_lo, names);
		out_printf(o, "%s", ops[c->pc_op]);
		print_number(o, c->pc_hi, names);
	} else if (c->pc_lo == PF_UID_UNKNOWN)
		out_printf(o, " %s unknown", ops[c->pc_op]);
	else {
		out_printf(o, " %s ", ops[c->pc_op]);
		print_number(o, c->pc_lo, names);
	}
}

/* ---- state options ---- */

/* Prints sep before each but the first. */
struct items { struct out *it_out; const char *it_sep; bool it_any; };

static struct out *
item(struct items *it)
{
	if (it->it_any)
		out_printf(it->it_out, "%s", it->it_sep);
	it->it_any = true;
	return it->it_out;
}

static void
print_limits(struct items *it, const struct pf_state_opts *so)
{
	if (so->so_max_src_states != 0)
		out_printf(item(it), "max-src-states %u", so->so_max_src_states);
	if (so->so_max_src_conn != 0)
		out_printf(item(it), "max-src-conn %u", so->so_max_src_conn);
	if (so->so_rate != 0)
		out_printf(item(it), "max-src-conn-rate %u/%u", so->so_rate, so->so_rate_seconds);
	if (so->so_max_src_nodes != 0)
		out_printf(item(it), "max-src-nodes %u", so->so_max_src_nodes);
	if (so->so_overload != NULL) {
		out_printf(item(it), "overload ");
		print_table_name(it->it_out, so->so_overload);
		out_printf(it->it_out, "%s%s", so->so_flush & PF_FLUSH ? " flush" : "", so->so_flush & PF_FLUSH_GLOBAL ? " global" : "");
	}
}

void
pf_print_state_opts(struct out *o, const struct pf_state_opts *so, const char *sep)
{
	struct items it = { o, sep, false };

	if (so->so_max != 0)
		out_printf(item(&it), "max %u", so->so_max);
	if (so->so_nosync)
		out_printf(item(&it), "no-sync");
	if (so->so_srctrack != PF_SRCTRACK_NO)
		out_printf(item(&it), "source-track %s", so->so_srctrack == PF_SRCTRACK_RULE ? "rule" : "global");
	print_limits(&it, so);
	if (so->so_bound == PF_BOUND_IF)
		out_printf(item(&it), "if-bound");
	if (so->so_floats)
		out_printf(item(&it), "floating");
	if (so->so_sloppy)
		out_printf(item(&it), "sloppy");
	if (so->so_pflow)
		out_printf(item(&it), "pflow");
	for (unsigned i = 0; i < PF_TM_COUNT; i++)
		if (so->so_timeout_set & 1u << i)
			out_printf(item(&it), "%s %u", pf_timeout_name(i), so->so_timeout[i]);
}
