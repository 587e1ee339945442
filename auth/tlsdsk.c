/* auth/tlsdsk.c: a TLS handshake whose flights travel inside SIP headers; only its keys are used. */
#include "auth/tlsdsk.h"

#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"

#define INPUT_MAX 65536 /* octets of a whole handshake; a certificate chain of the time has 5 KB */

struct dsk {
	struct tls *tls;
	bool done, failed;
	size_t taken;
	const char *why;
};

static struct dsk *dsk_new(struct tls *tls)
{
	struct dsk *d = tls ? calloc(1, sizeof *d) : NULL;

	if (d == NULL) {
		tls_free(tls);
		return NULL;
	}
	d->tls = tls;
	return d;
}

struct dsk *dsk_server(struct tls_ctx *ctx)
{
	return dsk_new(tls_accept(ctx));
}

struct dsk *dsk_client(struct tls_ctx *ctx)
{
	return dsk_new(tls_connect(ctx, NULL));
}

void dsk_free(struct dsk *d)
{
	if (d == NULL)
		return;
	tls_free(d->tls);
	free(d);
}

static enum dsk_result tlsdsk_refused(struct dsk *d, const char *why)
{
	d->failed = true;
	d->why = why;
	return DSK_FAILED;
}

/* "On failure: drain the alert (do not send it)": [sip 8.6]. */
enum dsk_result dsk_step(struct dsk *d, const void *in, size_t n, struct buf *flight)
{
	struct buf out = {0};
	enum tls_state s;

	if (d->failed || d->done)
		return tlsdsk_refused(d, "the handshake is over");
	if (n > INPUT_MAX - d->taken)
		return tlsdsk_refused(d, "the handshake is longer than 64 KB");
	d->taken += n;
	s = in ? tls_feed(d->tls, in, n) : tls_state(d->tls);
	tls_drain(d->tls, &out);
	if (s == TLS_FAILED || s == TLS_CLOSED || out.oom) {
		buf_free(&out);
		return tlsdsk_refused(d, s == TLS_FAILED ? tls_why(d->tls) : s == TLS_CLOSED ? "the peer closed" : "out of memory");
	}
	dsk_merge(&out); /* a flight that does not fit one record goes unmerged: every client but SIPE reads it */
	buf_add(flight, out.p, out.n);
	buf_free(&out);
	if (flight->oom)
		return tlsdsk_refused(d, "out of memory");
	d->done = s == TLS_UP;
	return d->done ? DSK_DONE : DSK_MORE;
}

const char *dsk_why(const struct dsk *d)
{
	return d->why ? d->why : "the handshake has not failed";
}

/* "client_key = key_block[64..95]; server_key = key_block[96..127]" */
bool dsk_keys(struct dsk *d, struct sipsig_key *client_to_server, struct sipsig_key *server_to_client)
{
	static const struct {
		const char *hash;
		enum sipsig_mac mac;
	} macs[] = {{"MD5", SIPSIG_HMAC_MD5}, {"SHA1", SIPSIG_HMAC_SHA1}, {"SHA256", SIPSIG_HMAC_SHA256},
		    {"SHA384", SIPSIG_HMAC_SHA384}};
	struct sipsig_key c = {0}, s = {0};
	uint8_t block[128];

	if (!d->done || !tls_export_eap(d->tls, block))
		return false;
	for (size_t i = 0; i < sizeof macs / sizeof macs[0]; i++)
		if (strcmp(macs[i].hash, tls_mac_hash(d->tls)) == 0) {
			c.mac = s.mac = macs[i].mac;
			memcpy(c.key, block + 64, 32);
			memcpy(s.key, block + 96, 32);
			explicit_bzero(block, sizeof block);
			*client_to_server = c;
			*server_to_client = s;
			explicit_bzero(&c, sizeof c);
			explicit_bzero(&s, sizeof s);
			return true;
		}
	explicit_bzero(block, sizeof block);
	return false;
}

unsigned dsk_peer_chain(struct dsk *d, struct buf *store, const uint8_t **der, size_t *n, unsigned cap)
{
	return tls_peer_chain(d->tls, store, der, n, cap);
}

/* ---- 8.4: records --------------------------------------------------------------------------------------------- */

#define RECORD_HEAD 5
#define RECORD_MAX 16384
enum { RECORD_CCS = 20, RECORD_HANDSHAKE = 22 };

/* "As long as no ChangeCipherSpec record has been seen, append the body of every further handshake record to the first
 * handshake record and correct its length.  Copy all other records as they are."  Record headers are not hashed. */
bool dsk_merge(struct buf *records)
{
	struct rd r = rd_of(records->p, records->n);
	struct buf joined = {0}, rest = {0};
	uint8_t head[RECORD_HEAD] = {0};
	bool good, encrypted = false;

	while (rd_left(&r) && !r.err) {
		const uint8_t *h = rd_take(&r, 3);
		struct sv body = rd_sv(&r, (size_t)rd_be(&r, 2));

		if (r.err)
			break;
		encrypted = encrypted || h[0] == RECORD_CCS;
		if (!encrypted && h[0] == RECORD_HANDSHAKE) {
			if (joined.n == 0)
				memcpy(head, h, 3);
			buf_sv(&joined, body);
		} else {
			buf_add(&rest, h, RECORD_HEAD + body.n);
		}
	}
	good = !r.err && !joined.oom && !rest.oom && joined.n <= RECORD_MAX && buf_reserve(records, 1);
	if (good) {
		/* a joined record always fits where its parts stood: it has fewer heads */
		buf_clear(records);
		if (joined.n) {
			head[3] = (uint8_t)(joined.n >> 8);
			head[4] = (uint8_t)joined.n;
			buf_add(records, head, sizeof head);
			buf_add(records, joined.p, joined.n);
		}
		buf_add(records, rest.p, rest.n);
	}
	buf_free(&joined);
	buf_free(&rest);
	return good;
}
