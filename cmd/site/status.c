/* cmd/site/status.c: dialtone status: which of dialtoned's processes run, what they have done, how many endpoints are registered or
 * which, and until when the certificates are valid.  It reads the control socket only: the store may be somebody else's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/site/endpoint.h"
#include "cmd/site/site.h"
#include "cmd/site/status_check.h"
#include "cmd/verbs.h"
#include "cmd/writer.h"
#include "server/site/certs.h"
#include "server/site/conf.h"

struct status_options {
	bool registered, check;
};

static const struct option_row status_options[] = {
    {"--registered", NULL, "the endpoints that are registered instead: each one's user, whether it is outside, the worker that holds it, "
			   "the seconds until it expires, its address, epid, instance and User-Agent",
     offsetof(struct status_options, registered)},
    {"--check", NULL, "one line for a monitoring system; exit status 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN", offsetof(struct status_options, check)},
    {0}};

/* ---- processes ------------------------------------------------------------------------------------------------- */

struct process {
	char name[32];
	int64_t number, pid, private, restarts;
};

static const struct column process_columns[] = {
    {"name", COLUMN_TEXT, offsetof(struct process, name)},
    {"number", COLUMN_NUMBER, offsetof(struct process, number)},
    {"pid", COLUMN_NUMBER, offsetof(struct process, pid)},
    {"private", COLUMN_NUMBER, offsetof(struct process, private)},
    {"restarts", COLUMN_NUMBER, offsetof(struct process, restarts)},
    {0}};

static int64_t number_of(struct sv s)
{
	uint64_t n = 0;

	sv_u64(s, INT64_MAX, &n);
	return (int64_t)n;
}

static void number_put(struct process *p, size_t at, int64_t n)
{
	memcpy((char *)p + at, &n, sizeof n);
}

/* "worker 0 pid 4711 private 12 restarts 0" */
static void process_read(struct sv line, struct process *ret)
{
	struct sv name = sv_cut(&line, ' ');

	*ret = (struct process){0};
	snprintf(ret->name, sizeof ret->name, SV_FMT, (int)(name.n < sizeof ret->name ? name.n : sizeof ret->name - 1), name.p);
	ret->number = number_of(sv_cut(&line, ' '));
	while (line.p) {
		struct sv word = sv_cut(&line, ' '), value = sv_cut(&line, ' ');

		for (const struct column *c = process_columns + 2; c->key; c++)
			if (sv_eq(word, sv_of(c->key)))
				number_put(ret, c->at, number_of(value));
	}
}

static void processes_write(struct writer *w, struct sv text)
{
	writer_list(w, "processes", process_columns);
	while (text.n) {
		struct sv line = sv_cut(&text, '\n');
		struct process p;

		if (line.n == 0 || sv_starts(line, SV("registered ")))
			continue;
		process_read(line, &p);
		writer_row(w, &p);
	}
	writer_list_end(w);
}

/* "registered 3"; false: it is not said */
static bool registered_count(struct sv text, uint64_t *ret)
{
	while (text.n) {
		struct sv line = sv_cut(&text, '\n');

		if (sv_starts(line, SV("registered ")) && sv_u64(sv_from(line, 11), UINT32_MAX, ret))
			return true;
	}
	return false;
}

/* ---- certificates ---------------------------------------------------------------------------------------------- */

struct cert_row {
	char file[64];
	struct why why;
	int64_t until, days;
};

static const struct column cert_columns[] = {
    {"file", COLUMN_TEXT, offsetof(struct cert_row, file)},
    {"until", COLUMN_TIME, offsetof(struct cert_row, until)},
    {"days", COLUMN_NUMBER, offsetof(struct cert_row, days)},
    {"why", COLUMN_TEXT, offsetof(struct cert_row, why.text)},
    {0}};

static void certs_write(struct writer *w, const struct site_cert *cert, unsigned n, int64_t now)
{
	writer_list(w, "certificates", cert_columns);
	for (unsigned i = 0; i < n; i++) {
		struct cert_row row = {.until = cert[i].not_after};

		snprintf(row.file, sizeof row.file, "%s", cert[i].file);
		row.why = cert[i].why;
		row.days = cert[i].not_after > now ? (cert[i].not_after - now) / 86400 : 0;
		writer_row(w, &row);
	}
	writer_list_end(w);
}

/* Warnings before a fault. */
static void certs_warn(const struct command *c, const struct site *site, const struct site_cert *cert, unsigned n, int64_t now)
{
	struct why why = {0};

	for (unsigned i = 0; i < n; i++)
		if (site_cert_ends_soon(site, &cert[i], now, &why))
			command_fail(c, 0, "note: %s", why.text);
}

/* ---- the verb -------------------------------------------------------------------------------------------------- */

static void status_list_one(void *arg, const struct control_endpoint *e)
{
	writer_row(arg, e);
}

static int registered(const struct command *c, const struct site *site)
{
	struct writer w;
	struct why why = {0};
	bool nobody;

	writer_begin(&w, stdout, command_form(c));
	writer_list(&w, NULL, endpoint_columns);
	if (!control_registered(site->dir, NULL, status_list_one, &w, &nobody, &why)) {
		writer_end(&w); /* shows the lines that have come */
		return command_fail(c, EX_UNAVAILABLE, "%s", why.text);
	}
	if (nobody) {
		writer_drop(&w);
		return site_nobody_runs(c, site);
	}
	if (w.rows == 0 && !c->json)
		fprintf(stderr, "no endpoint is registered\n");
	return writer_end(&w);
}

static void section(const struct writer *w)
{
	if (w->form == WRITER_TEXT)
		fputc('\n', w->to);
}

static int status(const struct command *c, const struct site *site)
{
	struct site_cert cert[SITE_CERTS];
	int64_t now = clock_unix_ms() / 1000;
	struct buf text = {0};
	struct writer w;
	struct why why = {0};
	char count[24];
	unsigned n = site_certs(site, now, cert);
	struct sv said, version = {0};
	uint64_t endpoints;
	int ret = EX_OK, rc;

	for (unsigned i = 0; i < n; i++)
		if (cert[i].why.text[0] && !cert[i].unreadable)
			ret = EX_CONFIG;
	if (!control_status(site->dir, &text, &why)) {
		ret = command_fail(c, EX_UNAVAILABLE, "%s", why.text);
		buf_clear(&text);
	} else if (text.n == 0) {
		ret = site_nobody_runs(c, site);
	}
	said = buf_view(&text);
	version = control_version(&said);
	if (text.n && control_is_of_another(version, &why))
		command_fail(c, 0, "note: %s", why.text);
	writer_begin(&w, stdout, command_form(c));
	if (w.form == WRITER_JSON)
		writer_member(&w, "version", NULL, version.n ? json_stringn(version.p, version.n) : json_null());
	processes_write(&w, said);
	if (registered_count(said, &endpoints)) {
		snprintf(count, sizeof count, "%llu endpoint%s", (unsigned long long)endpoints, endpoints == 1 ? "" : "s");
		section(&w);
		writer_member(&w, "registered", count, json_integer((json_int_t)endpoints));
		section(&w);
	}
	certs_write(&w, cert, n, now);
	certs_warn(c, site, cert, n, now);
	buf_free(&text);
	rc = writer_end(&w);
	return rc ? rc : ret;
}

static int status_run(struct command *c)
{
	const struct status_options *o = c->o;
	struct site *site = malloc(sizeof *site);
	struct why why = {0};
	int rc;

	if (site == NULL)
		return command_fail(c, EX_OSERR, "out of memory");
	if (!conf_read(c->conf, site, &why))
		rc = command_fail(c, o->check ? 3 : EX_CONFIG, "%s", why.text);
	else if (o->check)
		rc = status_check(stdout, site, clock_unix_ms() / 1000);
	else
		rc = o->registered ? registered(c, site) : status(c, site);
	free(site);
	return rc;
}

const struct verb verb_status = {
    .name = "status",
    .what = "state of a site: processes, registered endpoints, certificates",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .options = status_options,
    .size = sizeof(struct status_options),
    .run = status_run,
    .text = "The processes of the dialtoned that runs this site: name and number, process id, RSA private-key operations so far, restarts. "
	    "Then how many endpoints are registered, and until when each certificate is valid and what is wrong with it. --json: one object; "
	    "with --registered one object a line.",
    .example = "  dialtone -c /etc/dialtone/dialtone.conf status\n",
    .status = "exit status: 0 all is well, 64 usage, 69 dialtoned does not run, 78 a configuration or a certificate that cannot be used",
};
