/* cmd/json_line.h: JSON, one object a line. */
#ifndef DIALTONE_CMD_JSON_LINE_H
#define DIALTONE_CMD_JSON_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Text from the network as a JSON string: octets that are not UTF-8 become U+FFFD. */
json_t *json_text(const char *s);
/* One line on `to`, flushed; takes the reference. false: it could not be written. */
bool json_line(FILE *to, json_t *j);

#endif
