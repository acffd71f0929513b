/* heap.h - libsluice.so's own account of what it has from malloc(), so that a copy can be wiped whole. */
#ifndef KERNEL_HOST_LIB_HEAP_H
#define KERNEL_HOST_LIB_HEAP_H

#include <stddef.h>

size_t	heap_blocks(void);
void	heap_free_all(void);

#endif
