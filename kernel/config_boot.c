/* config_boot.c - which file is the configuration at boot, and loading files that came with the kernel. */
#include <string.h>

#include "kernel/config.h"
#include "kernel/config_boot.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/sysctl.h"

#define FW_CFG_PREFIX	"opt/"		/* names from QEMU's fw_cfg begin with it, a loader's do not */
#define FW_CFG_DEFAULT	"opt/sluice.conf"

/* A loader's string: the path as the loader knew it (GRUB leaves it out), then arguments: one of those may be a name of our own. */
static bool
machine_name_is(const char *machine_name, const char *name)
{
	const char *s = machine_name;
	size_t len, n = strlen(name);

	for (; n > 0 && *s != '\0'; s += len) {
		s += strspn(s, " ");
		len = strcspn(s, " ");
		if (len == n && memcmp(s, name, n) == 0)
			return true;
		if (len > n && s[len - n - 1] == '/' && memcmp(s + len - n, name, n) == 0)
			return true;
	}
	return false;
}

bool
machine_file_find(const char *name, const char **data, size_t *len)
{
	const char *have;

	for (unsigned i = 0; machine_file(i, &have, data, len); i++)
		if (machine_name_is(have, name))
			return true;
	return false;
}

/* config=NAME on the kernel's command line; false: not there. */
static bool
cmdline_config(char *name, size_t size)
{
	static const char key[] = "config=";
	const char *s = machine_cmdline();
	size_t len;

	while (*s != '\0') {
		s += strspn(s, " \t");
		len = strcspn(s, " \t");
		if (len > sizeof(key) - 1 && strncmp(s, key, sizeof(key) - 1) == 0) {
			len -= sizeof(key) - 1;
			len = MIN(len, size - 1);
			memcpy(name, s + sizeof(key) - 1, len);
			name[len] = '\0';
			return true;
		}
		s += len;
	}
	return false;
}

/* The first that a loader brought, else QEMU's. */
static bool
default_file(const char **name, const char **data, size_t *len)
{
	for (unsigned i = 0; machine_file(i, name, data, len); i++)
		if (strncmp(*name, FW_CFG_PREFIX, sizeof(FW_CFG_PREFIX) - 1) != 0)
			return true;
	*name = FW_CFG_DEFAULT;
	return machine_file_find(FW_CFG_DEFAULT, data, len);
}

static void
log_lines(const struct out *o)
{
	const char *s = o->o_buf, *end = o->o_buf + o->o_len, *nl;

	for (; s < end; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		if (nl == NULL)
			nl = end;
		log_printf("%.*s\n", (int)MIN(nl - s, 400), s);
	}
}

void
config_boot(void)
{
	char wanted[128];
	const char *name = wanted, *data;
	struct out o;
	size_t len;

	sysctl_defaults();
	if (cmdline_config(wanted, sizeof(wanted))) {
		if (!machine_file_find(wanted, &data, &len)) {
			log_printf("config=%s: no such file came with the kernel: nothing is forwarded\n", wanted);
			return;
		}
	} else if (!default_file(&name, &data, &len)) {
		log_printf("no configuration: nothing is forwarded\n");
		return;
	}
	out_init(&o, NULL, NULL);
	if (!config_load_lasting(&o, name, data, len)) {
		log_lines(&o);
		log_printf("configuration %s not loaded: nothing is forwarded\n", name);
	}
	out_free(&o);
}
