/* replay.c - replay TARGET FILE...: runs the files through the target, without libFuzzer: for the compilers and reports that do not know
 * it. replay -l lists the targets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static void
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(1 << 20);	/* at its exact length for the sanitizer */
	size_t n;

	if (f == NULL || data == NULL) {
		perror(path);
		exit(2);
	}
	n = fread(data, 1, 1 << 20, f);
	fclose(f);
	if ((data = realloc(data, MAX(n, (size_t)1))) == NULL)
		exit(2);
	fprintf(stderr, "%s %s\n", fuzz_now->ft_name, path);
	fuzz_one(data, n);
	free(data);
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "-l") == 0) {
		SET_FOREACH(const struct fuzz_target, ft, fuzz_targets)
			printf("%s\n", ft->ft_name);
		return 0;
	}
	if (argc < 2 || !fuzz_begin(argv[1])) {
		fprintf(stderr, "usage: replay -l | TARGET FILE...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		replay_file(argv[i]);
	printf("ok %s %d\n", argv[1], argc - 2);
	return 0;
}
