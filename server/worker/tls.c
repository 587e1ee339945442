/* server/worker/tls.c: the worker's TLS identities: its names, inside, outside, old, and inside SIP. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/ntlm.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "server/site/certs.h"
#include "server/site/files.h"
#include "server/worker/internal.h"

#define CHAIN_MAX 10

static bool tls_why_set(struct why *why, const char *path, const char *what)
{
	return why_not(why, "%s: %s", path, what);
}

/* The certificates of a PEM, root included: a phone from the box holds no root, and looks at what is sent. */
static void tls_certificates(struct sv pem, struct buf *to)
{
	for (unsigned i = 0; i < CHAIN_MAX; i++) {
		struct buf der = {0};

		if (!pki_pem_cert(pem, i, &der)) {
			buf_free(&der);
			return;
		}
		pki_pem_add(to, "CERTIFICATE", der.p, der.n);
		buf_free(&der);
	}
}

static bool identity(const char *dir, const char *name, struct pki_key **key, struct buf *chain, struct why *why)
{
	char path[PATH_MAX];
	struct buf pem = {0};
	bool good = false;
	int rc;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	rc = file_read(path, PKI_PEM_MAX, &pem);
	if (rc == -ENOENT) {
		why_set(why, "%s: it is missing; create it with: dialtone init %s --renew", path, dir);
	} else if (rc < 0) {
		tls_why_set(why, path, strerror(-rc));
	} else {
		*key = pki_key_read(buf_view(&pem));
		tls_certificates(buf_view(&pem), chain);
		good = *key != NULL && chain->n > 0 && !chain->oom;
		if (!good)
			tls_why_set(why, path, *key ? "there is no certificate in it" : "there is no private key in it");
	}
	buf_wipe(&pem);
	return good;
}

static void tls_keylog(void *arg, const char *line)
{
	const struct worker_tls *t = arg;
	struct buf out = {0};

	buf_printf(&out, "%s\n", line);
	if (!out.oom && write(t->keylog_fd, out.p, out.n) < 0)
		log_line(LOG_WARN, "tls", "cannot write the key log: %s", strerror(errno));
	buf_wipe(&out);
}

static struct tls_ctx *tls_context(struct worker_tls *t, const struct tls_server_conf *c)
{
	struct tls_ctx *ctx = tls_ctx_server(c);

	if (ctx && t->keylog_fd >= 0)
		tls_ctx_keylog(ctx, tls_keylog, t);
	return ctx;
}

static void bind_to(uint8_t binding[16], struct sv pem)
{
	struct buf leaf = {0};

	if (pem.n && pki_pem_cert(pem, 0, &leaf))
		ntlm_channel_binding(leaf.p, leaf.n, binding);
	buf_free(&leaf);
}

/* A ClientHello inside SIP needs no credentials: outside, too, the answer to it shows public names only. */
static struct tls_ctx *dsk_context(struct worker_tls *t, const struct worker_conf *c, bool outside, struct sv issuing, struct why *why)
{
	const char *legacy = outside ? SITE_LEGACY_EXTERNAL : SITE_LEGACY;
	struct pki_key **key = &t->dsk_key[outside];
	struct buf chain = {0};
	struct tls_ctx *ctx = NULL;

	if (identity(c->site->dir, c->legacy ? legacy : site_cert_of_dsk(c->site->dir, outside), key, &chain, why))
		ctx = tls_context(t, &(struct tls_server_conf){TLS_DSK, buf_view(&chain), *key, .client_ca_pem = issuing});
	buf_free(&chain);
	return ctx;
}

static bool contexts(struct worker_tls *t, const struct worker_conf *c, struct sv outside_pem, struct why *why)
{
	struct sv inside_pem = buf_view(&t->chain_pem);
	enum tls_profile profile = c->legacy ? TLS_LEGACY : TLS_MODERN;
	const struct ticket_keys *ticket_keys = c->legacy ? NULL : &c->ticket_keys; /* TLS 1.0 phones have no tickets */
	char path[PATH_MAX];
	struct buf issuing = {0};
	int rc;

	snprintf(path, sizeof path, "%s/" SITE_ISSUING, c->site->dir);
	rc = file_read(path, PKI_PEM_MAX, &issuing);
	if (rc < 0) {
		buf_free(&issuing);
		return tls_why_set(why, path, strerror(-rc));
	}
	bind_to(t->binding[0], inside_pem);
	bind_to(t->binding[1], outside_pem);
	t->inside = tls_context(t, &(struct tls_server_conf){profile, inside_pem, t->inside_key, .ticket_keys = ticket_keys, .mono_ms = clock_mono_ms});
	t->dsk = dsk_context(t, c, false, buf_view(&issuing), why);
	if (outside_pem.n) {
		t->outside = tls_context(t, &(struct tls_server_conf){profile, outside_pem, t->outside_key,
								  .ticket_keys = ticket_keys, .mono_ms = clock_mono_ms});
		t->dsk_outside = dsk_context(t, c, true, buf_view(&issuing), why);
	}
	/* With the downloaded root chain, users' certificates can be followed, too, to their end. */
	buf_sv(&t->chain_pem, buf_view(&issuing));
	buf_free(&issuing);
	if (t->chain_pem.oom)
		return tls_why_set(why, path, "out of memory");
	if (t->inside && t->dsk && ((t->outside && t->dsk_outside) || outside_pem.n == 0))
		return true;
	return tls_why_set(why, c->site->dir, "its keys and certificates do not fit together for TLS");
}

bool worker_tls_init(struct worker_tls *t, const struct worker_conf *c, struct why *why)
{
	struct buf outside = {0};
	bool is_outside = false, good;

	*t = (struct worker_tls){.keylog_fd = c->keylog_fd};
	for (unsigned i = 0; i < c->nlistener; i++)
		is_outside |= c->listener[i].outside;
	good = identity(c->site->dir, c->legacy ? SITE_LEGACY : SITE_SERVER, &t->inside_key, &t->chain_pem, why) &&
	       (!is_outside || identity(c->site->dir, c->legacy ? SITE_LEGACY_EXTERNAL : SITE_EXTERNAL, &t->outside_key, &outside, why)) &&
	       contexts(t, c, buf_view(&outside), why);
	buf_free(&outside);
	if (!good)
		worker_tls_clear(t);
	return good;
}

void worker_tls_clear(struct worker_tls *t)
{
	tls_ctx_free(t->inside);
	tls_ctx_free(t->outside);
	tls_ctx_free(t->dsk);
	tls_ctx_free(t->dsk_outside);
	pki_key_free(t->inside_key);
	pki_key_free(t->outside_key);
	pki_key_free(t->dsk_key[0]);
	pki_key_free(t->dsk_key[1]);
	buf_free(&t->chain_pem);
	*t = (struct worker_tls){.keylog_fd = -1};
}

struct tls_ctx *worker_tls_of(const struct worker_tls *t, const struct worker_listener *l)
{
	if (l->kind == SITE_HTTP || l->kind == SITE_SIP_TCP)
		return l->outside ? t->outside : NULL; /* nothing is spoken outside without TLS */
	return l->outside ? t->outside : t->inside;
}
