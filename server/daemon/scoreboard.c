#include "server/daemon/scoreboard.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

struct scoreboard *scoreboard_map(int fd)
{
	struct scoreboard *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return b == MAP_FAILED ? NULL : b;
}

struct scoreboard *scoreboard_new(int *fd)
{
	struct scoreboard *b = NULL;

	*fd = memfd_create("scoreboard", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd >= 0 && ftruncate(*fd, sizeof *b) == 0 && fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		b = scoreboard_map(*fd);
	if (b == NULL && *fd >= 0)
		close(*fd);
	return b;
}

void scoreboard_free(struct scoreboard *b)
{
	if (b)
		munmap(b, sizeof *b);
}
