/* glob.h - file name patterns, as fnmatch(3): * ? [a-z] [!a-z] and \ before any of them. */
#ifndef KERNEL_GLOB_H
#define KERNEL_GLOB_H

#include "kernel/cdefs.h"

/* Takes time proportional to the two lengths' product at the worst. */
bool	glob_match(const char *pattern, const char *s);

#endif
