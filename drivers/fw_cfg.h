/* fw_cfg.h - QEMU's firmware configuration device: files that the user gives with -fw_cfg name=opt/NAME,file=F. */
#ifndef DRIVERS_FW_CFG_H
#define DRIVERS_FW_CFG_H

#include "drivers/bus.h"

/* How many files under "opt/" there are; 0 without the device. The directory is read at the first call. Core 0. */
unsigned fw_cfg_files(void);
/* The n-th of them, its name with the "opt/". Bytes are read at the first call and stay for ever; not NUL-terminated.
 * False: no such, or it could not be read (logged). */
bool	fw_cfg_file(unsigned n, const char **name, const char **data, size_t *len);
/* Tests: looks for the device behind these ports instead, anew. */
void	fw_cfg_use(const struct reg *);

#endif
