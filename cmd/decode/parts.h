/* cmd/decode/parts.h: octets, texts and addresses as JSON, the same way in every decoder. */
#ifndef DIALTONE_CMD_DECODE_PARTS_H
#define DIALTONE_CMD_DECODE_PARTS_H

#include <stdlib.h>

#include <jansson.h>

#include "base/cursor.h"
#include "base/enc.h"
#include "base/ip.h"
#include "base/why.h"

static inline json_t *json_hex(struct sv v)
{
	char *text = malloc(2 * v.n + 1);
	json_t *j;

	if (text == NULL)
		return NULL;
	hex_write(text, v.p, v.n, false);
	j = json_string(text);
	free(text);
	return j;
}

/* A text; {"hex": ...} when the octets are not UTF-8 or hold a NUL. */
static inline json_t *json_text(struct sv v)
{
	json_t *j = sv_find(v, '\0') < 0 ? json_stringn(v.n ? v.p : "", v.n) : NULL;

	return j ? j : json_pack("{s:o}", "hex", json_hex(v));
}

static inline json_t *json_mac(const void *p)
{
	char text[MAC_TEXT_MAX];

	return json_string(mac_text(text, p));
}

static inline json_t *json_ip(uint32_t a)
{
	char text[IP_TEXT_MAX];

	return json_string(ip_text(a, text));
}

/* Why a reader refused, and where. */
static inline json_t *refused(const struct rd *r, struct why *why)
{
	why_set(why, "octet %zu: %s", rd_at(r), r->err ? r->err : "it cannot be read");
	return NULL;
}

#endif
