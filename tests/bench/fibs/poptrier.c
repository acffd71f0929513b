/* poptrier.c - Poptrie that finds routes, as ours does: their numbers in the list, from 1. */
#include "tests/bench/fibs/fibs.h"

#define VALUE		uint32_t
#define VALUE_OF(p)	((p)->p_nh != 0 ? (uint32_t)((p) - prefixes) + 1 : 0)
#define NAME(x)		poptrier_##x
#include "tests/bench/fibs/poptrie.c"
