/* libfuzzer.c - the entries that libFuzzer calls. The target is the first argument, or $SLUICE_FUZZ (for the processes that libFuzzer
 * starts of itself). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

int	LLVMFuzzerInitialize(int *, char ***);
int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("SLUICE_FUZZ");

	if (name == NULL && *argc > 1) {
		name = (*argv)[1];
		setenv("SLUICE_FUZZ", name, 1);
		memmove(&(*argv)[1], &(*argv)[2], sizeof(char *) * (size_t)(*argc - 1));
		--*argc;
	}
	if (name == NULL || !fuzz_begin(name)) {
		fprintf(stderr, "usage: fuzz TARGET [libFuzzer's arguments]; targets:");
		SET_FOREACH(const struct fuzz_target, ft, fuzz_targets)
			fprintf(stderr, " %s", ft->ft_name);
		fprintf(stderr, "\n");
		exit(2);
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_one(data, size);
	return 0;
}
