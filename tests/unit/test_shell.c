/* test_shell.c - the console as a user and as an enemy sees it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/command.h"
#include "kernel/config.h"
#include "kernel/shell.h"
#include "kernel/task.h"
#include "tests/unit/runfix.h"
#include "tests/unit/unit.h"

#define PROMPT	"root@sluice:~$ "

static int
cmd_words(struct out *o, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (o->o_json)
			json_str(o, NULL, argv[i]);
		else
			out_printf(o, "[%s]", argv[i]);
	}
	if (!o->o_json || argc == 1)
		out_printf(o, "%s\n", argv[argc] == NULL ? "" : "no NULL");
	return argc - 1;
}
COMMAND(testwords, cmd_words, "testwords [-j] [-ab] [-c count] [word ...]", "print words", "Prints its words.\n");

static int
cmd_forever(struct out *o, int argc __unused_arg, char **argv __unused_arg)
{
	for (unsigned i = 0; !o->o_stop; i++) {
		out_printf(o, "turn %u\n", i);
		out_flush(o);
		task_sleep(o, 1000);
	}
	return 1;
}
COMMAND(testforever, cmd_forever, "testforever", "until ^C", "Runs until ^C.\n");

static int
cmd_flood(struct out *o, int argc __unused_arg, char **argv __unused_arg)
{
	for (unsigned i = 0; i < 200000 && !o->o_stop; i++) {
		out_printf(o, "line %u of a long output\n", i);
		if (i % 100 == 0)
			out_flush(o);
	}
	return 0;
}
COMMAND(testflood, cmd_flood, "testflood", "a long output", "Prints 200000 lines.\n");

static const char *
type(const char *s)
{
	host_type(s, strlen(s));
	host_run(10);
	return host_output();
}

static void
start(void)
{
	/* The task lives for ever, and with it its history and what it holds. */
	unit_allow(UNIT_LEAKS | UNIT_TIMEOUTS);
	shell_start();
	host_run(1);
	CHECK_STR(host_output(), PROMPT);
}

TEST(shell_runs_lines)
{
	start();
	CHECK_STR(type("echo hello\r"), "echo hello\nhello\n" PROMPT);
	CHECK_STR(type("echo hello\r\n"), "echo hello\nhello\n" PROMPT);
	CHECK_STR(type("\n"), "\n" PROMPT);
	CHECK_STR(type("   # nothing\n"), "   # nothing\n" PROMPT);
	CHECK_STR(type("nonesuch -j\n"), "nonesuch -j\nnonesuch: not found (try: help)\n" PROMPT);
	CHECK_STR(type("echo $?\n"), "echo $?\n127\n" PROMPT);
	CHECK_STR(type("hostname a b\n"), "hostname a b\nusage: hostname [-j] [name]\n" PROMPT);
	CHECK_STR(type("echo $? '$?' \"$?\"; echo $?\n"), "echo $? '$?' \"$?\"; echo $?\n2 $? 2\n0\n" PROMPT);
	CHECK_IN(type("help\n"), "\ntestwords    print words\n");
	CHECK_IN(type("help testwords\n"), "SYNOPSIS\n     testwords [-j] [-ab] [-c count] [word ...]\n\nDESCRIPTION\n     Prints its words.\n");
	CHECK_IN(type("help -j\n"), "\"testwords\":\"print words\"");
}

TEST(shell_words)
{
	static const struct { const char *line, *out; int status; } c[] = {
		{ "testwords a  b\tc", "[a][b][c]\n", 3 },
		{ "testwords 'a  b' \"c d\" e\\ f", "[a  b][c d][e f]\n", 3 },
		{ "testwords '' \"\" x''y", "[][][xy]\n", 3 },
		{ "testwords 'a\"b' \"a'b\" \"a\\\"b\\\\c\\d\" '\\'", "[a\"b][a'b][a\"b\\c\\d][\\]\n", 4 },
		{ "testwords a#b #c d", "[a#b]\n", 1 },
		{ "testwords a;testwords b ; ; testwords", "[a]\n[b]\n\n", 0 },
		{ "testwords ';' \\; \"#\"", "[;][;][#]\n", 3 },
		{ "testwords a\ntestwords b", "[a]\n[b]\n", 1 },
		{ "testwords $x a$ !b -j", "[$x][a$][!b][-j]\n", 4 },
		{ "testwords -j a", "\"a\"\n", 1 },
		{ "testwords -a -j", "\"-a\"\n", 1 },
		{ "testwords -a -jb", "\"-a\"\n\"-b\"\n", 2 },
		{ "testwords -ajb", "\"-ab\"\n", 1 },
		{ "testwords -jj", "\n", 0 },
		{ "testwords -c 3 -j", "\"-c\"\n\"3\"\n", 2 },
		{ "testwords -jac 3", "\"-ac\"\n\"3\"\n", 2 },
		{ "testwords -c -j -j", "\"-c\"\n\"-j\"\n", 2 },
		{ "testwords -cj a", "[-cj][a]\n", 2 },
		{ "testwords -c", "[-c]\n", 1 },
		{ "testwords -a -- -j", "[-a][--][-j]\n", 3 },
		{ "testwords - -j", "[-][-j]\n", 2 },
		{ "echo -j a", "-j a\n", 0 },
		{ "testwords 10.0.0.0/8 2001:db8::1 * {a,b} <<", "sh: << needs a word that ends the here-document\n", 2 },
		{ "testwords 'a", "sh: unterminated quote\n", 2 },
		{ "testwords \"a", "sh: unterminated quote\n", 2 },
		{ "testwords a\\", "sh: nothing follows the last \\\n", 2 },
		{ "testwords a | testwords b", "sh: pipes are not supported\n", 2 },
		{ "testwords a > b", "sh: redirections are not supported (but: load <<EOF)\n", 2 },
		{ "testwords a < b", "sh: redirections are not supported (but: load <<EOF)\n", 2 },
		{ "testwords a &", "sh: background commands are not supported\n", 2 },
		{ "testwords a && b", "sh: background commands are not supported\n", 2 },
		{ "testwords `b`", "sh: substitution is not supported\n", 2 },
		{ "testwords $(b)", "sh: substitution is not supported\n", 2 },
		{ "testwords \"`b`\"", "sh: substitution is not supported\n", 2 },
		{ "!testwords", "sh: ! is not supported: there is no other shell\n", 2 },
		{ "testwords <<A", "testwords: takes no here-document\n", 2 },
		{ "load <<A", "load: the here-document is missing\n", 2 },
		{ "load <<A <<B", "sh: a second here-document\n", 2 },
		{ "load", "usage: load <<EOF\n       load name\n", 2 },
		{ "", "", 2 },
	};

	for (unsigned i = 0; i < nitems(c); i++) {
		int status = run_line(c[i].line);

		CHECK_STR(run_text, c[i].out);
		if (status != c[i].status)
			unit_fail(__FILE__, __LINE__, "%s: status %d", c[i].line, status);
	}
}

/* Whatever the bytes: an answer, no crash, no leak. */
TEST(shell_words_random)
{
	static const char set[] = "abc  \t'\"\\#;$?<<>|&`!(){}\n-j";
	char line[64];

	for (unsigned i = 0; i < 20000; i++) {
		size_t n = unit_below(sizeof(line) - 1);

		for (size_t k = 0; k < n; k++)
			line[k] = set[unit_below(sizeof(set) - 1)];
		line[n] = '\0';
		run_line(line);
	}
}

TEST(shell_editing)
{
	start();
	CHECK_IN(type("echo abx\x7f" "c\n"), "\nabc\n");
	CHECK_IN(type("rubbish\x15" "echo a\n"), "\na\n");
	CHECK_IN(type("echo one two\x17three\n"), "\none three\n");
	CHECK_IN(type("cho x\001e\n"), "\nx\n");			/* ^A */
	CHECK_IN(type("echo ac\033[Db\033[C\033[Cd\n"), "\nabcd\n");	/* left, right */
	CHECK_IN(type("xecho del\033[H\033[3~\n"), "\ndel\n");	/* home, delete */
	CHECK_IN(type("\033[A\033[A\033[B\n"), "\ndel\n");
	CHECK_IN(type("\033OA\033OA\n"), "\nabcd\n");
	CHECK_IN(type("echo caf\xc3\xa9\x7f" "e\n"), "\ncafe\n");
	CHECK_IN(type("\x7f\x7f\x17\x15\033[D\033[3~\001\005echo still\n"), "\nstill\n");
	CHECK_IN(type("echo no\x03" "echo yes\n"), "^C\n" PROMPT "echo yes\nyes\n");
	CHECK_IN(type("\x04"), PROMPT);
	CHECK_IN(type("ab\x0c"), "\033[H\033[2J" PROMPT "ab");
	CHECK_IN(type("\x0b\x15\033[999999999999999999999999Zecho ok\n"), "ok\n");
}

TEST(shell_completion)
{
	start();
	CHECK_IN(type("testw\ta\n"), "\n[a]\n");
	CHECK_STR(type("testf"), "testf");
	CHECK_STR(type("\t"), "\ntestflood testforever \n" PROMPT "testf");
	CHECK_IN(type("l\t\x03"), "lood ^C\n");
	CHECK_IN(type("help testw\t\n"), "testwords - print words");
	CHECK_IN(type("echo testw\t\n"), "\ntestw\n");
	CHECK_IN(type("echo a;testw\tb\n"), "\na\n[b]\n");
	CHECK_IN(type("nonesuch\t\t\x03"), "nonesuch^C");
}

TEST(shell_line_of_a_megabyte)
{
	size_t n = 1 << 20;
	char *s = malloc(n + 1);
	const char *out;

	start();
	memset(s, 'x', n);
	s[n] = '\n';
	host_type(s, n + 1);
	host_run(100);
	out = host_output();
	CHECK(strlen(out) < 3 * 4096);
	CHECK_IN(out, "\nsh: line too long (at most 4095 bytes)\n" PROMPT);
	CHECK(strstr(strstr(out, "too long") + 8, "too long") == NULL);
	CHECK_IN(type("echo alive\n"), "\nalive\n");
	/* What is too long stays too long, whatever keys follow; ^U and ^C give it up. */
	memset(s + 5000, 0x7f, 5000);
	s[10000] = '\n';
	host_type(s, 10001);
	host_run(10);
	out = host_output();
	CHECK(strchr(out, '\b') == NULL);
	CHECK_IN(out, "\nsh: line too long");
	s[5000] = '\0';
	type(s);
	CHECK_IN(type("\x15" "echo given up\n"), "\ngiven up\n");
	free(s);
}

TEST(shell_binary_noise)
{
	char s[1000];

	start();
	for (unsigned i = 0; i < 300; i++) {
		for (unsigned k = 0; k < sizeof(s); k++)
			do
				s[k] = (char)unit_random();
			while (s[k] == '\n' || s[k] == '\r');
		host_type(s, sizeof(s));
		host_run(10);
		host_output();
	}
	type("\x03");
	CHECK_IN(type("echo alive\n"), "\nalive\n");
}

TEST(shell_stops_a_command)
{
	start();
	CHECK_IN(type("testforever\n"), "turn 0\n");
	host_run(2500);
	CHECK_STR(host_output(), "turn 1\nturn 2\n");
	CHECK_STR(type("echo typed ahead\n"), "");
	CHECK_STR(type("\x03"), "^C\n" PROMPT);
	CHECK_IN(type("echo $?\n"), "\n130\n");
	CHECK_STR(type("testforever; echo not reached\n"), "testforever; echo not reached\nturn 0\n");
	CHECK_STR(type("\x03"), "^C\n" PROMPT);
}

TEST(shell_typing_ahead)
{
	start();
	type("testforever\n");
	/* Far more than the ring holds, while a command runs: nothing is lost. */
	for (unsigned i = 0; i < 3000; i++)
		host_type("echo x\n", 7);
	host_run(10);
	host_output();
	type("");
	CHECK(host.cons_in_pos < host.cons_in_len);
}

/* However much was typed ahead, ^C behind it is heard in the end, and nothing of what was lost is run. */
TEST(shell_break_behind_type_ahead)
{
	const char *out;

	start();
	type("testforever\n");
	for (unsigned i = 0; i < 6000; i++)
		host_type("echo bad\n", 9);
	host_type("\x03", 1);
	host_run(5000);
	CHECK_EQ(host.cons_in_pos, host.cons_in_len);
	out = host_output();
	CHECK_IN(out, "^C\n");
	CHECK_IN(out, "bytes typed ahead were lost\n");
	CHECK(strstr(out, "\nbad\n") == NULL);
	CHECK_IN(type("echo alive\n"), "\nalive\n");
}

TEST(shell_output_never_read)
{
	const char *out;

	start();
	host_cons_room(100);
	type("testflood\n");
	host_run(100000);
	CHECK(host_output() != NULL);
	host_run(100000);
	CHECK_STR(host_output(), "");
	host_cons_room(1000);
	host_run(1000);
	CHECK_EQ(strlen(host_output()) > 900, true);
	host_type("\x03", 1);
	host_run(1000);
	host_cons_room(SIZE_MAX);
	host_run(1000);
	out = host_output();
	CHECK(strlen(out) < 1000);
	CHECK_IN(out, PROMPT);
	CHECK_IN(type("echo alive\n"), "\nalive\n");
}

/* Who sends much before it reads anything must not wait for the echo for ever. */
TEST(shell_echo_never_read)
{
	start();
	host_cons_room(10);
	for (unsigned i = 0; i < 2000; i++)
		host_type("# a comment\n", 12);
	host_run(10000);
	CHECK_EQ(host.cons_in_pos, host.cons_in_len);
	host_cons_room(SIZE_MAX);
	host_run(1);
	host_output();
	CHECK_IN(type("echo alive\n"), "echo alive\nalive\n" PROMPT);
}

TEST(shell_all_output_arrives)
{
	char last[64];
	size_t n = 0;
	const char *out;

	start();
	host_type("testflood\n", 10);
	for (unsigned i = 0; i < 10000; i++) {
		host_cons_room(777);
		host_run(1);
		out = host_output();
		if (*out == '\0')
			break;
		n += strlen(out);
		snprintf(last, sizeof(last), "%s", strlen(out) > 60 ? out + strlen(out) - 60 : out);
	}
	CHECK_IN(last, PROMPT);
	CHECK(n > 200000 * 24);
}

TEST(shell_load_here_document)
{
	const char *out;

	start();
	out = type("load <<EOF\n# /etc/myname\nnewname\nEOF\n");
	CHECK_STR(out, "load <<EOF\n> # /etc/myname\n> newname\n> EOF\nroot@newname:~$ ");
	CHECK_IN(type("echo $?; show config\n"), "\n0\n# /etc/myname\nnewname\nroot@newname:~$ ");
	out = type("load << 'the end'\r# /etc/myname\rot\x7fther  \x15other\rthe end\r");
	CHECK_IN(out, "root@other:~$ ");
	CHECK_IN(type("cat /etc/myname\n"), "\nother\n");
	out = type("load <<X\n# /etc/myname\nfourth\n\x03");
	CHECK_IN(out, "^C\nsh: here-document not ended: nothing was done\nroot@other:~$ ");
	out = type("load <<X\n# /etc/myname\nfourth\n\x04");
	CHECK_IN(out, "^D\nsh: here-document not ended: nothing was done\nroot@other:~$ ");
	out = type("load <<X\nrubbish\n X\nX \nX\n");
	CHECK_IN(out, "stdin:1: text before the first \"# /etc/NAME\" line\n"
	    "load: the configuration was not loaded, nothing has changed\nroot@other:~$ ");
	CHECK_IN(type("echo $?; hostname\n"), "\n1\nother\n");
	CHECK_IN(type("load <<X\nX\n"), "root@sluice:~$ ");
}

TEST(shell_here_document_too_long)
{
	size_t n = 1 << 20;
	char *s = malloc(n);

	start();
	memset(s, 'x', n);
	for (size_t i = 99; i < n; i += 100)
		s[i] = '\n';
	type("load <<EOF\n");
	for (unsigned i = 0; i < 17; i++) {
		host_type(s, n);
		host_run(1);
		host.cons_out_len = 0;
	}
	CHECK_IN(type("\nEOF\n"), "\nsh: here-document too long (at most 16 MB): nothing was done\n" PROMPT);
	CHECK_IN(type("echo alive\n"), "\nalive\n");
	free(s);
}

TEST(shell_here_document_without_memory)
{
	char line[200];

	start();
	type("load <<EOF\n# a comment\n");
	memset(line, 'x', sizeof(line) - 1);
	line[0] = '\n';
	line[sizeof(line) - 1] = '\0';
	host.malloc_limited = true;
	for (unsigned i = 0; i < 100; i++)
		type(line);
	host.malloc_limited = false;
	CHECK_IN(type("\nEOF\n"), "\nsh: no memory for the here-document: nothing was done\n" PROMPT);
	CHECK_IN(type("echo alive\n"), "\nalive\n");
}

TEST(shell_reboot_and_halt)
{
	start();
	CHECK_ENDS(HOST_REBOOT, (host_type("reboot\n", 7), host_run(1000)));
	CHECK_IN(host_output(), "\nrebooting...\n");
}
