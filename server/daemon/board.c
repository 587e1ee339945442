#include "server/daemon/board.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

struct board *board_map(int fd)
{
	struct board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return b == MAP_FAILED ? NULL : b;
}

struct board *board_new(int *fd)
{
	struct board *b = NULL;

	*fd = memfd_create("board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd >= 0 && ftruncate(*fd, sizeof *b) == 0 && fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		b = board_map(*fd);
	if (b == NULL && *fd >= 0)
		close(*fd);
	return b;
}

void board_free(struct board *b)
{
	if (b)
		munmap(b, sizeof *b);
}
