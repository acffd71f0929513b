/* config_boot.h - files that came with the kernel, by name. */
#ifndef KERNEL_CONFIG_BOOT_H
#define KERNEL_CONFIG_BOOT_H

#include "kernel/cdefs.h"

/* name: all of the loader's path, or its last part; "sluice.conf" finds fw_cfg's opt/sluice.conf too. False: no such. */
bool	machine_file_find(const char *name, const char **data, size_t *len);

#endif
