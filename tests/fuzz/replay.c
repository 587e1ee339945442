/* tests/fuzz/replay.c: runs a fuzz target over every file of a folder: the corpus as a regression test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

int main(int argc, char **argv)
{
	struct dirent *e;
	unsigned files = 0;
	DIR *d = argc > 1 ? opendir(argv[1]) : NULL;

	if (d == NULL) {
		fprintf(stderr, "no corpus at '%s'\n", argc > 1 ? argv[1] : "");
		return 77;
	}
	while ((e = readdir(d)) != NULL) {
		char path[4096];
		long n;
		FILE *f;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", argv[1], e->d_name);
		f = fopen(path, "rb");
		if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0) {
			perror(path);
			return 1;
		}
		rewind(f);
		{
			uint8_t *p = malloc(n ? (size_t)n : 1);

			if (p == NULL || fread(p, 1, (size_t)n, f) != (size_t)n) {
				perror(path);
				return 1;
			}
			LLVMFuzzerTestOneInput(p, (size_t)n);
			free(p);
		}
		fclose(f);
		files++;
	}
	closedir(d);
	printf("%u inputs\n", files);
	return files ? 0 : 1;
}
