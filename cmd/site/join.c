#include "cmd/site/join.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/pool/invites.h"
#include "base/clock.h"
#include "base/file.h"
#include "cmd/secret.h"
#include "server/site/conf.h"
#include "server/site/files.h"

const char *join_besides(const struct command *c)
{
	static const char *const own[] = {"--join", "--code-file", "--fqdn", "--address", "--external-address", "--workers", "--user",
					  "--worker-user", "--legacy-user"};

	for (unsigned i = 0; i < c->givens; i++) {
		size_t k = 0;

		if (c->given[i] == &option_form || c->given[i] == &option_json)
			continue;

		while (k < sizeof own / sizeof *own && strcmp(c->given[i]->name, own[k]) != 0)
			k++;
		if (k == sizeof own / sizeof *own)
			return c->given[i]->name;
	}
	return NULL;
}

static int join_failed(const struct command *c, enum admin_result r, const struct why *why)
{
	return command_fail(c, r == ADMIN_REFUSED ? EX_USAGE : r == ADMIN_SITE ? EX_CONFIG : EX_IOERR, "--join: %s", why->text);
}

static int opened(const struct command *c, const char *file, const char *code_file, struct invitation *ret)
{
	struct buf sealed = {0}, code = {0};
	struct why why = {0};
	enum admin_result r;
	int rc = file_read(file, INVITE_MAX, &sealed);

	if (rc < 0)
		return command_fail(c, EX_NOINPUT, "--join: %s: %s", file, strerror(-rc));
	switch (secret_read(code_file, "DIALTONE_CODE", "Code of the invitation: ", &code, &why)) {
	case SECRET_READ:
		r = invite_open(buf_view(&sealed), buf_view(&code), clock_unix_ms() / 1000, ret, &why);
		rc = r == ADMIN_OK ? 0 : join_failed(c, r, &why);
		break;
	case SECRET_FAILED:
		rc = command_fail(c, EX_USAGE, "--join: %s", why.text);
		break;
	default:
		rc = command_fail(c, EX_USAGE, "--join: there is no code; give --code-file FILE, or $DIALTONE_CODE");
	}
	buf_free(&sealed);
	buf_wipe(&code);
	return rc;
}

/* The file is read as dialtoned will read it: from here on the settings of the pool are known. */
static int conf_taken(const struct command *c, struct site *site)
{
	char path[PATH_MAX], fqdn[SITE_NAME_MAX];
	struct why why = {0};
	struct site read;

	snprintf(path, sizeof path, "%s/" SITE_CONF_PART, site->dir);
	memcpy(fqdn, site->fqdn, sizeof fqdn);
	if (!conf_read(path, &read, &why) || strcmp(read.fqdn, fqdn) != 0) {
		unlink(path);
		return command_fail(c, EX_CONFIG, "--join: %s", why.text[0] ? why.text : "the pool's dialtone.conf names its front end twice");
	}
	*site = read;
	return 0;
}

int join_pool(const struct command *c, struct site *site, const char *file, const char *code_file)
{
	struct invitation i = {0};
	struct why why = {0};
	enum admin_result r;
	int rc = opened(c, file, code_file, &i);

	if (rc == 0 && sv_ieq(sv_of(i.fqdn), sv_of(site->fqdn)))
		rc = command_fail(c, EX_USAGE, "--join: '%s' is the front end that invited; this one needs a name of its own", site->fqdn);
	if (rc == 0 && (r = invite_use(&i, clock_unix_ms() / 1000, &why)) != ADMIN_OK)
		rc = join_failed(c, r, &why);
	if (rc == 0 && invite_write(&i, site, &why) != ADMIN_OK)
		rc = command_fail(c, EX_CANTCREAT, "--join: %s" JOIN_AGAIN, why.text, site->dir);
	invite_clear(&i);
	return rc ? rc : conf_taken(c, site);
}

void join_print_made(FILE *to, const struct site *s)
{
	fprintf(to, "made %s: the front end %s of the pool %s, on the pool's store\n\n"
	       "put into DNS:\n  %s. A %s\n"
	       "give it to the load balancer of %s, and start it:\n  dialtoned -t -c %s/dialtone.conf\n  dialtoned -c %s/dialtone.conf\n"
	       "firmware is not in the store: copy %s/files from another front end\n",
	       s->dir, s->fqdn, s->pool, s->fqdn, s->address[0] ? s->address : "ADDRESS", s->pool, s->dir, s->dir, s->dir);
}
