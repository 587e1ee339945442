/* cmd/site/endpoint.h: an endpoint that is registered now, for people and as JSON. */
#ifndef DIALTONE_CMD_ENDPOINT_H
#define DIALTONE_CMD_ENDPOINT_H

#include <jansson.h>
#include <stdio.h>

#include "server/control/control.h"

/* In columns, what does not fit into them below. */
void endpoint_print(FILE *to, const struct control_endpoint *e);
/* As a sentence, behind what stands in column `at` already. */
void endpoint_say(FILE *to, unsigned at, const struct control_endpoint *e);
json_t *endpoint_json(const struct control_endpoint *e);

#endif
