#include "server/daemon/take_certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "pki/cert.h"
#include "server/daemon/name_keys.h"
#include "server/site/certs.h"
#include "server/site/files.h"

static bool read_pem(const char *path, struct buf *ret, struct why *why)
{
	int rc = file_read(path, PKI_PEM_MAX, ret);

	return rc >= 0 || site_fail(why, path, strerror(-rc));
}

/* Every certificate of `pem` behind what is there; how many. */
static unsigned certs_add(struct buf *to, struct sv pem)
{
	struct buf der = {0};
	unsigned n = 0;

	for (; pki_pem_cert(pem, n, &der); n++, buf_clear(&der))
		pki_pem_add(to, "CERTIFICATE", der.p, der.n);
	buf_free(&der);
	return n;
}

/* The root, unless the chain ends with it. */
static bool root_add(struct buf *to, struct sv chain, struct sv root)
{
	struct buf der = {0};
	bool ok = pki_pem_cert(root, 0, &der);

	if (ok && !site_pem_holds(chain, &der))
		pki_pem_add(to, "CERTIFICATE", der.p, der.n);
	buf_free(&der);
	return ok;
}

/* One file out of up to three. */
static bool compose(const struct certificate_files *given, struct buf *ret, struct buf *root, struct why *why)
{
	struct buf chain = {0}, text = {0};
	struct pki_key *key = NULL;
	bool ok = read_pem(given->chain, &chain, why) && read_pem(given->key ? given->key : given->chain, &text, why) &&
		  (given->root == NULL || read_pem(given->root, root, why));

	if (ok && (key = pki_key_read(buf_view(&text))) == NULL)
		ok = site_fail(why, given->key ? given->key : given->chain, given->key ? pki_key_why(buf_view(&text)) : "there is no key in it: name its file with --key");
	if (ok) {
		pki_key_write(key, ret);
		if (certs_add(ret, buf_view(&chain)) == 0)
			ok = site_fail(why, given->chain, "there is no certificate in it");
		else if (given->root && !root_add(ret, buf_view(&chain), buf_view(root)))
			ok = site_fail(why, given->root, "there is no certificate in it");
	}
	pki_key_free(key);
	buf_free(&chain);
	buf_wipe(&text);
	return ok && (!ret->oom || why_not(why, "out of memory"));
}

/* The programs of this site take these for good as well; the private root stays the first. */
static bool anchor(const struct site *s, struct buf *ca, struct sv root, struct why *why)
{
	struct buf der = {0};
	bool ok = true, more = false;

	for (unsigned i = 0; pki_pem_cert(root, i, &der); i++, buf_clear(&der))
		if (!site_pem_holds(buf_view(ca), &der)) {
			pki_pem_add(ca, "CERTIFICATE", der.p, der.n);
			more = true;
		}
	if (more)
		ok = site_save(s->dir, SITE_ROOT, ca, 0644, why);
	buf_free(&der);
	return ok;
}

bool take_certificate(const struct site *s, const struct certificate_files *given, int64_t unix_s, bool *changed, struct why *why)
{
	const char *file = given->outside ? SITE_EXTERNAL : SITE_SERVER;
	struct buf pem = {0}, root = {0}, ca = {0}, there = {0}, anchors = {0};
	char path[PATH_MAX];
	struct why bad = {0};
	bool ok = compose(given, &pem, &root, why) && site_path(path, s->dir, SITE_ROOT, why) && read_pem(path, &ca, why);

	*changed = false;
	if (ok) {
		buf_add(&anchors, ca.p, ca.n);
		buf_add(&anchors, root.p, root.n);
		if (!site_cert_check(s, given->outside, buf_view(&anchors), unix_s, buf_view(&pem), &bad))
			ok = site_fail(why, given->chain, bad.text);
	}
	ok = ok && site_path(path, s->dir, file, why);
	if (ok) {
		*changed = file_read(path, PKI_PEM_MAX, &there) < 0 || !sv_eq(buf_view(&there), buf_view(&pem));
		ok = anchor(s, &ca, buf_view(&root), why) && (!*changed || name_key_save(s, file, &pem, why));
	}
	buf_wipe(&pem);
	buf_wipe(&there);
	buf_free(&root);
	buf_free(&ca);
	buf_free(&anchors);
	return ok;
}
