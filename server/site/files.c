#include "server/site/files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/store.h"

bool site_fail(struct why *why, const char *what, const char *reason)
{
	return why_not(why, "%s: %s", what, reason);
}

bool site_path(char out[PATH_MAX], const char *dir, const char *name, struct why *why)
{
	if ((size_t)snprintf(out, PATH_MAX, "%s/%s", dir, name) < PATH_MAX)
		return true;
	return site_fail(why, dir, "the path is too long");
}

bool site_has(const char *dir, const char *name)
{
	char path[PATH_MAX];
	struct stat st;

	return site_path(path, dir, name, NULL) && stat(path, &st) == 0;
}

bool site_save(const char *dir, const char *name, const struct buf *b, mode_t mode, struct why *why)
{
	char path[PATH_MAX];
	int rc;

	if (!site_path(path, dir, name, why))
		return false;
	rc = b->oom ? -ENOMEM : file_write(NULL, path, b->p, b->n, mode);
	return rc == 0 || site_fail(why, path, strerror(-rc));
}

bool site_pair_load(const char *dir, const char *name, struct pki_key **key, struct buf *der, struct why *why)
{
	const char *bad = NULL;
	struct buf pem = {0};
	char path[PATH_MAX];
	int rc;

	*key = NULL;
	if (!site_path(path, dir, name, why))
		return false;
	rc = file_read(path, PKI_PEM_MAX, &pem);
	if (rc < 0)
		bad = strerror(-rc);
	else if ((*key = pki_key_read(buf_view(&pem))) == NULL)
		bad = "there is no private key in it";
	else if (!pki_pem_cert(buf_view(&pem), 0, der))
		bad = "there is no certificate in it";
	else if (!pki_cert_is_of(der->p, der->n, *key))
		bad = "its certificate is of another key";
	buf_wipe(&pem);
	return bad == NULL || site_fail(why, path, bad);
}

bool site_pair_make(const struct pki_issue *what, unsigned bits, const struct pki_key *by, const struct buf *by_der,
		    struct buf *key_pem, struct buf *cert_pem, struct why *why)
{
	struct pki_key *key = pki_key_make(bits);
	struct buf der = {0};
	bool ok = key && pki_issue(what, key, by ? by : key, by ? by_der->p : NULL, by ? by_der->n : 0, &der);

	if (ok) {
		pki_key_write(key, key_pem);
		pki_pem_add(cert_pem, "CERTIFICATE", der.p, der.n);
	} else {
		site_fail(why, what->cn, pki_error());
	}
	pki_key_free(key);
	buf_free(&der);
	return ok;
}

bool site_store(const struct site *s, char out[PATH_MAX], struct why *why)
{
	if (s->store[0] == '\0')
		return site_path(out, s->dir, STORE_FILE, why);
	snprintf(out, PATH_MAX, "%s", s->store);
	return true;
}
