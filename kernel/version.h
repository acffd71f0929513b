/* version.h - the release. */
#ifndef KERNEL_VERSION_H
#define KERNEL_VERSION_H

#define SLUICE_RELEASE	"0.1"

#endif
