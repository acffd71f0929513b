/* config_cmd.c - the commands that show and replace the configuration: show config, load, cat, tail. */
#include <string.h>

#include "kernel/command.h"
#include "kernel/config.h"
#include "kernel/config_boot.h"
#include "kernel/glob.h"
#include "kernel/log.h"
#include "kernel/text.h"

#define TAIL_LINES	10

/* ---- show config ---- */

static void
file_json(const char *name, struct out *o)
{
	struct out text;

	out_init(&text, NULL, NULL);
	config_print(&text, name);
	out_write(&text, "", 1);
	if (text.o_failed)
		o->o_failed = true;
	else
		json_str(o, name, text.o_buf);
	out_free(&text);
}

static void
file_json_each(const char *name, const void *obj __unused_arg, void *arg)
{
	file_json(name, arg);
}

static int
cmd_show(struct out *o, int argc, char **argv)
{
	const char *name = argc > 2 ? argv[2] : NULL;

	if (argc < 2 || argc > 3 || strcmp(argv[1], "config") != 0)
		return command_usage(o, argv[0]);
	if (name != NULL && strncmp(name, "/etc/", 5) == 0)
		name += 5;
	if (name != NULL && config_running(name) == NULL) {
		out_printf(o, "show: /etc/%s: not in the configuration\n", name);
		return 1;
	}
	if (!o->o_json) {
		config_print(o, name);
		return 0;
	}
	json_open(o, NULL, '{');
	if (name != NULL)
		file_json(name, o);
	else
		config_foreach(file_json_each, o);
	json_close(o, '}');
	return 0;
}
COMMAND(show, cmd_show, "show [-j] config [file]", "print the running configuration",
    "Prints the bundle that reproduces the running configuration: a line `# /etc/NAME' before\n"
    "each file. A file that no command has changed is printed as it was loaded, byte for byte.\n"
    "With a file's name prints that file's text alone. See also load, cat.\n");

/* ---- load ---- */

static int
cmd_load(struct out *o, int argc, char **argv)
{
	const char *source = "stdin", *text;
	bool file = argc == 2, ok;
	size_t len;

	if (argc == 1 && o->o_stdin != NULL) {
		text = o->o_stdin->hd_text;
		len = o->o_stdin->hd_len;
	} else if (argc == 2 && o->o_stdin == NULL && argv[1][0] != '-') {
		source = argv[1];
		if (!machine_file_find(source, &text, &len)) {
			out_printf(o, "load: %s: no such file came with the kernel\n", source);
			return 1;
		}
	} else
		return command_usage(o, argv[0]);
	ok = file ? config_load_lasting(o, source, text, len) : config_load(o, source, text, len);
	if (!ok) {
		out_printf(o, "load: the configuration was not loaded, nothing has changed\n");
		return 1;
	}
	return 0;
}
COMMAND_DOC(load, cmd_load, "load <<EOF\nload name", "replace the running configuration",
    "Reads a bundle from the console up to a line that is EOF (or any other word given), or the\n"
    "file `name' that came with the kernel, and makes the running configuration equal to it:\n"
    "what is the same in both goes on undisturbed, what the bundle does not name goes. If\n"
    "anything in it is wrong nothing changes.\n\n"
    "    load <<EOF\n"
    "    # /etc/hostname.vio0\n"
    "    inet 10.0.0.1/24\n"
    "    # /etc/sysctl.conf\n"
    "    net.inet.ip.forwarding=1\n"
    "    EOF\n\n"
    "^C or ^D before the end word gives up.\n");

/* ---- cat, tail ---- */

/* The running files that the patterns of argv name, in turn. */
struct files {
	struct out	*fs_out;
	const char	*fs_cmd;
	const char	*fs_pattern;
	bool		 fs_headers;		/* ==> NAME <== before each, as tail does for more than one */
	long		 fs_from, fs_last;	/* tail: from line fs_from on (1: all), or if 0 the last fs_last lines */
	unsigned	 fs_shown, fs_matched;
};

static const char *
etc_base(const char *pattern)
{
	return strncmp(pattern, "/etc/", 5) == 0 ? pattern + 5 : NULL;
}

static void
files_count(const char *name, const void *obj __unused_arg, void *arg)
{
	struct files *fs = arg;
	const char *pattern = etc_base(fs->fs_pattern);

	fs->fs_matched += pattern != NULL && glob_match(pattern, name);
}

/* The part of the text that tail wants. */
static void
files_tail(const struct files *fs, const char *s, size_t len)
{
	const char *end = s + len, *nl;
	long lines = 0, from = fs->fs_from;

	if (from == 0) {
		for (const char *p = s; p < end; p++)
			lines += *p == '\n' || p + 1 == end;
		from = lines > fs->fs_last ? lines - fs->fs_last + 1 : 1;
	}
	while (from-- > 1 && s < end) {
		nl = memchr(s, '\n', (size_t)(end - s));
		s = nl != NULL ? nl + 1 : end;
	}
	out_write(fs->fs_out, s, (size_t)(end - s));
}

static void
files_show(const char *name, const void *obj __unused_arg, void *arg)
{
	struct files *fs = arg;
	const char *pattern = etc_base(fs->fs_pattern);
	struct out text;

	if (pattern == NULL || !glob_match(pattern, name))
		return;
	if (fs->fs_headers)
		out_printf(fs->fs_out, "%s==> /etc/%s <==\n", fs->fs_shown > 0 ? "\n" : "", name);
	fs->fs_shown++;
	out_init(&text, NULL, NULL);
	config_print(&text, name);
	if (text.o_failed)
		fs->fs_out->o_failed = true;
	if (text.o_len > 0)
		files_tail(fs, text.o_buf, text.o_len);
	out_free(&text);
}

/* Files that nobody has written. */
static bool
learned_show(struct out *o, const char *name)
{
	SET_FOREACH(const struct learned_file, lf, learned_files)
		if (strcmp(lf->lf_name, name) == 0)
			return lf->lf_print(o);
	return false;
}

static int
files_run(struct files *fs, int argc, char **argv, bool headers)
{
	int status = 0;

	for (int i = 0; i < argc; i++) {
		fs->fs_pattern = argv[i];
		config_foreach(files_count, fs);
	}
	fs->fs_headers = headers && (fs->fs_matched > 1 || argc > 1);
	for (int i = 0; i < argc; i++) {
		unsigned before = fs->fs_shown;

		fs->fs_pattern = argv[i];
		config_foreach(files_show, fs);
		if (fs->fs_shown == before && !learned_show(fs->fs_out, argv[i])) {
			out_printf(fs->fs_out, "%s: %s: No such file or directory\n", fs->fs_cmd, argv[i]);
			status = 1;
		}
	}
	return status;
}

static int
cmd_cat(struct out *o, int argc, char **argv)
{
	struct files fs = { .fs_out = o, .fs_cmd = argv[0], .fs_from = 1 };

	if (argc < 2 || argv[1][0] == '-')
		return command_usage(o, argv[0]);
	if (strcmp(argv[1], "/var/run/dmesg.boot") == 0 && argc == 2)
		return command_run(o, "dmesg");
	return files_run(&fs, argc - 1, argv + 1, false);
}
COMMAND(cat, cmd_cat, "cat /etc/file ...", "print files of the running configuration",
    "The files are those of `show config'. A name may hold *, ? and [...]. /etc/resolv.conf has the name servers\n"
    "and search domains that were learned.\n");

/* The number behind -n, with its sign. */
static bool
tail_lines(const char *s, struct files *fs)
{
	int64_t n;
	bool plus = *s == '+';

	if (!text_int(s + (plus || *s == '-'), 0, 1000000, &n))
		return false;
	if (plus)
		fs->fs_from = n > 0 ? (long)n : 1;
	else
		fs->fs_last = (long)n;
	return true;
}

static int
cmd_tail(struct out *o, int argc, char **argv)
{
	struct files fs = { .fs_out = o, .fs_cmd = argv[0], .fs_last = TAIL_LINES };
	int i = 1;

	if (i + 1 < argc && strcmp(argv[i], "-n") == 0) {
		if (!tail_lines(argv[i + 1], &fs))
			return command_usage(o, argv[0]);
		i += 2;
	}
	if (i >= argc || argv[i][0] == '-')
		return command_usage(o, argv[0]);
	return files_run(&fs, argc - i, argv + i, true);
}
COMMAND(tail, cmd_tail, "tail [-n [+]number] /etc/file ...", "print the end of files of the running configuration",
    "Prints the last 10 lines, or `number' lines, or with + all from that line on. More than one\n"
    "file: each with its name before it.\n");
