/* tests/unit/cmd/typed.c: this catches what a command line prints in a file without a name. */
#include "tests/unit/cmd/typed.h"

#include <unistd.h>

int typed(const struct verb *program, const char *line, char *printed, size_t most)
{
	static char words[600];
	char path[] = "/tmp/dialtone-typed.XXXXXX", *argv[40];
	int fd = mkstemp(path), was[] = {dup(1), dup(2)}, argc = 0, rc;
	ssize_t n;

	assert_true(fd >= 0 && was[0] >= 0 && was[1] >= 0);
	unlink(path);
	fflush(NULL);
	assert_true(snprintf(words, sizeof words, "%s", line) < (int)sizeof words);
	for (char *rest = words; rest && argc < 39;)
		argv[argc++] = strsep(&rest, " ");
	argv[argc] = NULL;
	dup2(fd, 1);
	dup2(fd, 2);
	rc = options_main(program, argc, argv);
	fflush(NULL);
	dup2(was[0], 1);
	dup2(was[1], 2);
	n = pread(fd, printed, most - 1, 0);
	printed[n > 0 ? n : 0] = '\0';
	close(fd);
	close(was[0]);
	close(was[1]);
	return rc;
}
