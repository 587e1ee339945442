#include "cmd/doctor/bundle.h"

#include <string.h>

#include "base/clock.h"
#include "base/enc.h"
#include "base/ip.h"
#include "cmd/json_line.h"
#include "pki/cert.h"
#include "wire/capture/pcapng.h"

#define PACKETS_MAX ((size_t)8 << 20) /* octets: a sign-in has a hundred thousand; an image is cut off */
#define SECRETS_MAX ((size_t)1 << 20)
#define LIST_MAX 64

/* ---- what the phone's body shows --------------------------------------------------------------------------------- */

static void on_packet(void *arg, const uint8_t *frame, size_t n)
{
	struct bundle *b = arg;

	if (b->packets.n + n + 64 > PACKETS_MAX) {
		b->lost++;
		return;
	}
	pcapng_packet(&b->packets, clock_unix_ms() * 1000, (struct sv){(const char *)frame, n});
	b->count++;
}

static void on_secret(void *arg, const char *lines)
{
	struct bundle *b = arg;

	if (b->secrets.n + strlen(lines) < SECRETS_MAX)
		buf_add(&b->secrets, lines, strlen(lines));
}

static json_t *at(const struct dt_stream_conf *to)
{
	char ip[16];

	return json_pack("{so ss si}", "host", json_text(to->name ? to->name : ""), "address", ip_text(to->address, ip), "port", to->port);
}

static void on_opened(void *arg, const struct dt_stream_conf *to, const struct dt_stream_opened *o)
{
	struct bundle *b = arg;
	json_t *j = json_array_size(b->certificates) < LIST_MAX ? at(to) : NULL;
	struct buf pem = {0};

	for (unsigned i = 0; i < o->nchain; i++)
		pki_pem_add(&pem, "CERTIFICATE", o->chain[i], o->chain_n[i]);
	if (j && pem.n && !pem.oom) {
		json_object_set_new(j, "version", json_text(o->version ? o->version : ""));
		json_object_set_new(j, "cipher", json_text(o->cipher ? o->cipher : ""));
		json_object_set_new(j, "pem", json_string(buf_cstr(&pem)));
		json_array_append(b->certificates, j);
	}
	json_decref(j);
	buf_free(&pem);
}

static void on_head(void *arg, const struct dt_stream_conf *to, struct sv head)
{
	struct bundle *b = arg;
	json_t *j = json_array_size(b->heads) < LIST_MAX ? at(to) : NULL;
	char text[WITNESS_HEAD + 1];

	if (j && head.n < sizeof text && memchr(head.p, '\0', head.n) == NULL) {
		memcpy(text, head.p, head.n);
		text[head.n] = '\0';
		json_object_set_new(j, "head", json_text(text));
		json_array_append(b->heads, j);
	}
	json_decref(j);
}

bool bundle_begin(struct bundle *b)
{
	*b = (struct bundle){.witness = {on_packet, on_secret, on_opened, on_head, b}};
	b->certificates = json_array();
	b->heads = json_array();
	return b->certificates && b->heads;
}

void bundle_free(struct bundle *b)
{
	buf_wipe(&b->packets);
	buf_wipe(&b->secrets);
	json_decref(b->certificates);
	json_decref(b->heads);
	*b = (struct bundle){0};
}

/* ---- the document ------------------------------------------------------------------------------------------------ */

void bundle_pcapng(struct bundle *b, struct buf *ret)
{
	if (b->count == 0)
		return;
	pcapng_begin(ret, "dialtone " DIALTONE_VERSION);
	pcapng_secrets(ret, buf_view(&b->secrets));
	buf_add(ret, b->packets.p, b->packets.n);
}

bool bundle_put(struct bundle *b, json_t *document)
{
	struct buf whole = {0}, text = {0};
	bool good;

	bundle_pcapng(b, &whole);
	b64_add(&text, whole.p, whole.n);
	good = !whole.oom && !text.oom && json_object_set(document, "certificates", b->certificates) == 0 &&
	       json_object_set(document, "heads", b->heads) == 0 &&
	       json_object_set_new(document, "packets", json_pack("{si si}", "held", (int)b->count, "left_out", (int)b->lost)) == 0 &&
	       (text.n == 0 || json_object_set_new(document, "pcapng", json_string(buf_cstr(&text))) == 0);
	buf_wipe(&whole);
	buf_wipe(&text);
	return good;
}

bool bundle_capture(const json_t *document, struct buf *ret)
{
	const char *text = json_string_value(json_object_get(document, "pcapng"));

	return text && b64_read(ret, sv_of(text)) && ret->n > 0;
}
