/* tests/unit/location/place_world.h runs a real location process between sockets: the test is its worker, and types at its control socket. */
#ifndef DIALTONE_TESTS_UNIT_PLACE_WORLD_H
#define DIALTONE_TESTS_UNIT_PLACE_WORLD_H

#include <sys/types.h>

#include "net/loop.h"
#include "server/location/process.h"
#include "tests/support/location_calls.h"

extern struct place {
	char dir[40];
	pid_t pid;
	int ask[2], push[2], control; /* [0]: the worker's ends */
	struct location_client *client;
	struct loop *loop;
	struct location_link link;
} place;

#define PLACE_ALONE (struct location_process){.dhcp_fd = -1, .far_fd = -1, .inventory_fd = -1, .metrics_fd = -1, .ready_fd = -1}

void place_up(const struct location_process *with); /* with the descriptors in it; NULL: alone with its one worker */
void place_down(void);
/* The next order as the worker sees it; its number. ret NULL: what it says makes no difference. */
uint64_t place_ordered(struct location_notice *ret);
int place_asked(const char *line); /* at the control socket; the descriptor */

#endif
