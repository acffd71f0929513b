/* config_edit.h - a console command changes one file of the configuration and words the error itself. */
#ifndef NET_CORE_CONFIG_EDIT_H
#define NET_CORE_CONFIG_EDIT_H

#include "kernel/cdefs.h"

/* config_replace(); false: the last part of the first error's text, without file and newline, is in why. Takes obj in
 * any case. */
bool	config_edit(const char *key, void *obj, char *why, size_t len);

#endif
