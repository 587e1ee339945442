#include "server/site/certs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "pki/cert.h"
#include "server/site/files.h"
#include "server/site/listeners.h"
#include "server/site/names.h"
#include "server/site/pair.h"

#define SOON (30LL * 86400) /* seconds: time enough for a company's CA to make a new one */

/* A name that phones ask for, inside or outside, and that is not in the certificate; NULL: they are all there. */
static const char *name_missing(const struct site *s, bool outside, const struct buf *der, struct site_name all[SITE_NAMES])
{
	unsigned n = site_names(s, outside, SITE_CERT_NEEDS, all);

	for (unsigned i = 0; i < n; i++)
		if (!pki_cert_names(der->p, der->n, all[i].name))
			return all[i].name;
	return NULL;
}

/* "With InferCertChainFromSSL true, the chain of the web server's own certificate" is what a new phone downloads: without the root
 * in it, the phone has nothing to trust. */
static bool has_root(struct sv pem)
{
	struct pki_cert_info *info = malloc(sizeof *info);
	struct buf der = {0};
	bool found = info == NULL;

	for (unsigned i = 0; !found && pki_pem_cert(pem, i, &der); i++) {
		found = pki_cert_info(der.p, der.n, info) == NULL && info->self_signed;
		buf_clear(&der);
	}
	buf_free(&der);
	free(info);
	return found;
}

bool site_cert_check(const struct site *s, bool outside, struct sv anchors, int64_t unix_s, struct sv pem, struct why *why)
{
	struct pki_key *key = pki_key_read(pem);
	struct site_name names[SITE_NAMES];
	const char *name;
	struct buf der = {0};
	bool good = false;

	if (!pki_pem_cert(pem, 0, &der))
		why_set(why, "there is no certificate in it");
	else if (key == NULL)
		why_set(why, "%s", pki_key_why(pem));
	else if (!pki_cert_is_of(der.p, der.n, key))
		why_set(why, "its first certificate is of another key");
	else if ((name = name_missing(s, outside, &der, names)) != NULL)
		why_set(why, "it is not for the name %.100s; new ones: dialtone init %.200s --renew", name, s->dir);
	else if (!site_pair_good(pem, anchors, outside, unix_s, why))
		; /* it says why */
	else if (!outside && s->InferCertChainFromSSL && !has_root(pem))
		why_set(why, "its chain ends below its root, which new phones download from here: append the root's certificate");
	else
		good = true;
	buf_free(&der);
	pki_key_free(key);
	return good;
}

static void certs_check_key(const struct site *s, bool outside, int64_t now, struct sv pem, struct site_cert *c)
{
	struct buf anchors = {0};
	char path[sizeof s->dir + 32];

	snprintf(path, sizeof path, "%s/" SITE_ROOT, s->dir);
	file_read(path, PKI_PEM_MAX, &anchors);
	site_cert_check(s, outside, buf_view(&anchors), now, pem, &c->why);
	buf_free(&anchors);
}

static void certs_check(const struct site *s, bool server, bool outside, int64_t now, struct site_cert *c)
{
	struct pki_cert_info *info = malloc(sizeof *info);
	char path[sizeof s->dir + 32];
	struct buf pem = {0}, der = {0};
	int rc;

	snprintf(path, sizeof path, "%s/%s", s->dir, c->file);
	rc = file_read(path, PKI_PEM_MAX, &pem);
	c->unreadable = rc == -EACCES;
	if (rc == -ENOENT && server)
		why_set(&c->why, "it is missing; create it with: dialtone init %.200s --renew", s->dir);
	else if (rc < 0)
		why_set(&c->why, "%s", strerror(-rc));
	else if (info == NULL || !pki_pem_cert(buf_view(&pem), 0, &der) || pki_cert_info(der.p, der.n, info) != NULL)
		why_set(&c->why, "there is no certificate in it");
	else if ((c->not_after = info->not_after) <= now && server)
		why_set(&c->why, "it has expired; new ones: dialtone init %.200s --renew", s->dir);
	else if (c->not_after <= now)
		why_set(&c->why, "it has expired");
	else if (now < info->not_before)
		why_set(&c->why, "it is not valid before its time: is the clock right?");
	else if (server)
		certs_check_key(s, outside, now, buf_view(&pem), c);
	free(info);
	buf_wipe(&pem);
	buf_free(&der);
}

unsigned site_certs(const struct site *s, int64_t unix_s, struct site_cert ret[SITE_CERTS])
{
	static const struct {
		const char *file;
		bool server, outside, legacy, dsk;
	} all[SITE_CERTS] = {{SITE_SERVER, .server = true},
			     {SITE_EXTERNAL, .server = true, .outside = true},
			     {SITE_DSK, .server = true, .dsk = true},
			     {SITE_DSK_EXTERNAL, .server = true, .outside = true, .dsk = true},
			     {SITE_LEGACY, .server = true, .legacy = true},
			     {SITE_LEGACY_EXTERNAL, .server = true, .outside = true, .legacy = true},
			     {SITE_ROOT},
			     {SITE_ISSUING},
			     {SITE_UPDATE_CERT}};
	unsigned n = 0;

	for (unsigned i = 0; i < SITE_CERTS; i++) {
		if ((all[i].outside && !site_is_outside(s)) || (all[i].legacy && s->legacy == SITE_LEGACY_OFF))
			continue;
		if (all[i].dsk && strcmp(all[i].file, site_cert_of_dsk(s->dir, all[i].outside)) != 0)
			continue;
		ret[n] = (struct site_cert){.file = all[i].file};
		certs_check(s, all[i].server, all[i].outside, unix_s, &ret[n++]);
	}
	return n;
}

bool site_cert_ends_soon(const struct site *s, const struct site_cert *cert, int64_t unix_s, struct why *why)
{
	long long left = cert->not_after - unix_s, days = left / 86400;
	const char *file = cert->file, *plural = days == 1 ? "" : "s";

	if (cert->why.text[0] || left >= SOON)
		return false;
	if (strcmp(file, SITE_ROOT) == 0 || strcmp(file, SITE_ISSUING) == 0 || strcmp(file, SITE_UPDATE_CERT) == 0)
		why_set(why, "%s expires in %lld day%s; only a new site has a new one: dialtone init DIR", file, days, plural);
	else if (site_cert_is_foreign(s->dir, file))
		why_set(why, "%s expires in %lld day%s; type, with a new one from its CA: dialtone init %.200s %s--certificate FILE --key FILE", file,
			days, plural, s->dir, strcmp(file, SITE_EXTERNAL) == 0 ? "--outside " : "");
	else
		why_set(why, "%s expires in %lld day%s; type: dialtone init %.200s --renew, then reload dialtoned", file, days, plural, s->dir);
	return true;
}

bool site_pem_holds(struct sv pem, const struct buf *der)
{
	struct buf other = {0};
	bool found = false;

	for (unsigned i = 0; !found && pki_pem_cert(pem, i, &other); i++, buf_clear(&other))
		found = sv_eq(buf_view(&other), buf_view(der));
	buf_free(&other);
	return found;
}

/* The last certificate of one PEM, which is its root, stands in the other. */
static bool one_root(struct sv pem, struct sv other)
{
	struct buf last = {0}, der = {0};
	bool one;

	for (unsigned i = 0; pki_pem_cert(pem, i, &der); i++, buf_clear(&der)) {
		buf_clear(&last);
		buf_sv(&last, buf_view(&der));
	}
	one = last.n > 0 && !last.oom && site_pem_holds(other, &last);
	buf_free(&last);
	buf_free(&der);
	return one;
}

const char *site_cert_of_dsk(const char *dir, bool outside)
{
	const char *own = outside ? SITE_DSK_EXTERNAL : SITE_DSK, *names = outside ? SITE_EXTERNAL : SITE_SERVER;
	struct buf pem = {0}, other = {0};
	char path[PATH_MAX];
	struct why why;
	bool good = site_path(path, dir, own, &why) && file_read(path, PKI_PEM_MAX, &pem) == 0 && site_path(path, dir, names, &why) &&
		    file_read(path, PKI_PEM_MAX, &other) == 0 && one_root(buf_view(&pem), buf_view(&other));

	buf_wipe(&pem);
	buf_wipe(&other);
	return good ? own : names;
}

bool site_cert_is_foreign(const char *dir, const char *name)
{
	struct buf pem = {0}, ca = {0}, der = {0}, none = {0};
	char path[PATH_MAX];
	struct why why;
	bool foreign = site_path(path, dir, SITE_ROOT, &why) && file_read(path, PKI_PEM_MAX, &ca) == 0 && pki_pem_cert(buf_view(&ca), 0, &der) &&
		       site_path(path, dir, name, &why) && file_read(path, PKI_PEM_MAX, &pem) == 0 && pki_pem_cert(buf_view(&pem), 0, &none) &&
		       !site_pem_holds(buf_view(&pem), &der);

	buf_wipe(&pem);
	buf_free(&ca);
	buf_free(&der);
	buf_free(&none);
	return foreign;
}
