/* pfctl_cmd.c - the console's pfctl(8). */
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "net/pf/pf_env_net.h"
#include "net/pf/pfctl_engine.h"

struct cmd { struct pfctl c_pfctl; const struct here_doc *c_doc; };

static char *
cmd_stdin(const struct pfctl *pt, size_t *len, const char **why)
{
	const struct here_doc *doc = container_of(pt, const struct cmd, c_pfctl)->c_doc;
	char *text;

	if (doc == NULL) {
		*why = "no input: pfctl ... -f - <<EOF";
		return NULL;
	}
	if ((text = malloc(doc->hd_len + 1)) == NULL) {
		*why = "Cannot allocate memory";
		return NULL;
	}
	memcpy(text, doc->hd_text, doc->hd_len);
	*len = doc->hd_len;
	return text;
}

static int
cmd_pfctl(struct out *o, int argc, char **argv)
{
	struct pf_env_net en;
	struct cmd c = { { &en.en_env, o, o, cmd_stdin, pfctl_engine }, o->o_stdin };
	int status = 1;

	if (pf_env_net_init(&en))
		status = pfctl_run(&c.c_pfctl, argc, argv);
	else
		out_printf(o, "pfctl: Cannot allocate memory\n");
	pf_env_net_free(&en);
	return status == 2 ? command_usage(o, argv[0]) : status == PFCTL_NO_MATCH ? 2 : status;
}
COMMAND_DOC(pfctl, cmd_pfctl, "pfctl [-degNPqrvz] [-a anchor] [-D macro=value] [-F modifier] [-f file]\n"
    "    [-i interface] [-K host] [-k key] [-s modifier] [-V rdomain] [-x level]\n"
    "pfctl [-nqv] -t table -T command [address ...]\npfctl [-nv] [-a anchor] -T load -f file\n" PFCTL_SYNOPSIS "\n"
    "pfctl [-v] test in|out on interface proto name from address [port n] to address [port n] [flags SA] [icmp-type n [code n]]",
    "control the packet filter",
    "Loads a ruleset (pf.conf) from a file of the configuration, or with - from the lines that\n"
    "follow; it becomes the configuration's pf.conf. What is wrong in it is said, and then nothing\n"
    "changes. States stay. With -n nothing is loaded; then -v prints the ruleset: macros, options,\n"
    "tables, queues and rules, one rule a line with its lists expanded; -vv numbers them.\n\n"
    "    -d, -e        disables, enables the packet filter, until a configuration is loaded\n"
    "    -F modifier   flushes rules (tables and options stay), Tables, states, Sources, info, Reset\n"
    "                  (options are what they are without any), osfp, all; what of it is pf.conf's\n"
    "                  goes from it\n"
    "    -i interface  only states that are bound to it (\"all\": to none); only it is shown;\n"
    "                  with -F info only its counters go\n"
    "    -k host       kills the states of connections that the host or network has opened; a second\n"
    "                  -k: only those to that one\n"
    "    -k label -k l kills the states that rules of that label have made; -k id -k ID: the one of\n"
    "                  that id (-vvs states); -k key -k 'tcp 10.0.0.1:80 <- 10.0.0.2:4711': of those\n"
    "                  ends, as -s states shows them\n"
    "    -K host       takes away what is tracked of a source, a host or network; a second -K: only what\n"
    "                  keeps that address of a pool. Its states stay\n"
    "    -s modifier   shows rules (-v with counters), states, Sources, info, labels, timeouts, memory, Tables\n"
    "                  (-v with their letters, -vv sizes), Anchors (-v all below), Interfaces (-v which are skipped,\n"
    "                  -vv packets passed and blocked; of a group, its interfaces' together), osfp, Running, all\n"
    "    -V rdomain    only states of that routing domain\n"
    "    -x level      how much is logged: emerg, alert, crit, err, warning, notice, info, debug\n"
    "    -t table      that table's addresses: -T show (-v since when, and counters); add, delete, replace\n"
    "                  [!]address[/length] ... (-v says what became of each: A added, C changed, D deleted,\n"
    "                  M matches, X given twice, Y there with the other !); expire seconds: those that are\n"
    "                  in it for longer, or longer since zero [address ...];\n"
    "                  flush; test address ...: do they match? -f file: addresses from there, too. add\n"
    "                  and replace define a table that there is not, kill undoes it. What is put in\n"
    "                  stays until a ruleset is loaded that says what is in the table\n"
    "    -T load       with -f: of what the file says only its tables; those of their names give way\n"
    "    -z            sets the counters of rules to zero, but how many states each has\n"
    "    -q            says only what is wrong\n"
    "    -a anchor     what is loaded, flushed, shown are the rules of that anchor (\"web/one\"); with\n"
    "                  a last part * also of all below it. Rules loaded so are a file of the\n"
    "                  configuration, /etc/pf.anchors/web/one; they stand in the place of what pf.conf\n"
    "                  says of it, until one is loaded that does\n"
    "    -g            shows what a packet costs: a ruleset's tree; ids of states\n"
    "    -P            ports are shown by their names\n"
    "    -N, -r, -p    names are not looked up in any case; -p /dev/pf is the only one there is\n"
    "    -D macro=val  defines a macro, whatever the file says of it\n"
    "    -f file       what to read; - is the here-document\n"
    "    -n            do not load; says what is right and would not be loaded yet, too; with -T:\n"
    "                  says what would become of the table\n"
    "    -o level      none, basic or profile: accepted, there is nothing to choose\n\n"
    "With test a packet is made up and judged by the rules in force, as if it came in or went out\n"
    "there: the rule that decides is printed. Nothing is sent or counted. With -v also every rule\n"
    "that it was compared with, its translation, its route and what it would be then.\n\n"
    "    pfctl -v test in on vio0 proto tcp from 192.0.2.7 port 4711 to 198.51.100.9 port 443\n\n"
    "    pfctl -nvf - <<EOF\n"
    "    block all\n"
    "    pass in on vio0 proto tcp to port ssh\n"
    "    EOF\n");
