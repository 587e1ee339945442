/* cmd/site/endpoint.h: an endpoint that is registered now, as a row. */
#ifndef DIALTONE_CMD_ENDPOINT_H
#define DIALTONE_CMD_ENDPOINT_H

#include "cmd/writer.h"
#include "server/control/control.h"

extern const struct column endpoint_columns[]; /* of a struct control_endpoint */

#endif
