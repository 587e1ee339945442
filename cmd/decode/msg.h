/* cmd/decode/msg.h: start line and headers as JSON, for SIP and HTTP alike. */
#ifndef DIALTONE_CMD_DECODE_MSG_H
#define DIALTONE_CMD_DECODE_MSG_H

#include "cmd/decode/parts.h"
#include "wire/msg.h"

static inline json_t *json_head(const struct msg *m)
{
	json_t *o = json_object(), *headers = json_array();

	json_object_set_new(o, "kind", json_string(m->request ? "request" : "response"));
	if (m->request) {
		json_object_set_new(o, "method", json_text(m->method));
		json_object_set_new(o, "uri", json_text(m->target));
	} else {
		json_object_set_new(o, "status", json_integer(m->status));
		json_object_set_new(o, "reason", json_text(m->reason));
	}
	json_object_set_new(o, "version", json_text(m->version));
	for (size_t i = 0; i < m->nheader; i++)
		json_array_append_new(headers, json_pack("{s:o,s:o}", "name", json_text(m->header[i].full), "value",
							 json_text(m->header[i].value)));
	json_object_set_new(o, "headers", headers);
	return o;
}

static inline json_t *msg_refused(enum msg_result rc, const struct msg_error *e, size_t n, struct why *why)
{
	if (rc == MSG_PARTIAL)
		why_set(why, "octet %zu: it ends too early", n);
	else
		why_set(why, "octet %zu: %s (status %u)", e->at, e->why, e->status);
	return NULL;
}

#endif
