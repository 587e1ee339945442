/* cmd/site/status.c: dialtone status: which of dialtoned's processes run, what they have done, how many endpoints are registered or
 * which, and until when the certificates are good. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "cmd/site/admin.h"
#include "cmd/site/endpoint.h"
#include "cmd/json_line.h"
#include "cmd/verbs.h"
#include "server/site/conf.h"
#include "server/control/control.h"
#include "server/site/certs.h"

#define COLUMNS 8
#define SOON ((int64_t)60 * 86400) /* seconds: a certificate that ends so soon is worth a word */

static const char help[] =
    "usage: dialtone [-c FILE] status [--registered] [--json]\n"
    "One line a process of the dialtoned that runs this site: its name and number,\n"
    "its process id, how many RSA private-key operations it has done, how often it\n"
    "was started again.  Then how many endpoints are registered, and one line a\n"
    "certificate: until when it is good, and what is wrong with it.\n"
    "\n"
    "  --registered  who is registered instead: each endpoint's user, whether it is\n"
    "                inside or outside, the worker that holds it, the seconds until\n"
    "                it expires; below, its address, its epid, what it calls itself\n"
    "  -c FILE       the configuration\n"
    "                (else $DIALTONE_CONF, else " ADMIN_CONF ")\n"
    "  --json        JSON on standard output; of the registered, one object a line\n"
    "  --help        this text\n"
    "\n"
    "example: dialtone -c /etc/dialtone/dialtone.conf status\n"
    "exit status: 0 all is well, 64 usage, 69 dialtoned does not run, 78 a\n"
    "             configuration or a certificate that cannot be used\n";

static int refuse(const char *word, const char *why)
{
	fprintf(stderr, "dialtone status: '%s' %s; 'dialtone status --help' lists what there is\n", word, why);
	return EX_USAGE;
}

/* "worker 0 pid 4711 private 12 restarts 0" */
static json_t *process_json(struct sv line)
{
	static const char *const words[] = {"name", "number", "pid", "private", "restarts"};
	json_t *j = json_object();

	for (unsigned i = 0; i < 5 && line.p; i++) {
		struct sv word = sv_cut(&line, ' '), value = i < 2 ? word : sv_cut(&line, ' ');
		uint64_t n = 0;

		if (i == 0)
			json_object_set_new(j, words[i], json_stringn(word.p, word.n));
		else if (sv_u64(value, INT64_MAX, &n))
			json_object_set_new(j, words[i], json_integer((json_int_t)n));
	}
	return j;
}

static json_t *cert_json(const struct site_cert *c)
{
	char until[32];
	json_t *j = json_pack("{s:s, s:s}", "file", c->file, "until", admin_time(until, c->not_after, "-"));

	if (c->why[0])
		json_object_set_new(j, "why", json_string(c->why));
	return j;
}

/* "registered 3" */
static bool is_count(struct sv line, uint64_t *ret)
{
	return sv_starts(line, SV("registered ")) && sv_u64(sv_from(line, 11), UINT32_MAX, ret);
}

static int print_json(struct sv processes, const struct site_cert *cert, unsigned n)
{
	json_t *j = json_object(), *p = json_array(), *c = json_array();
	uint64_t count;

	while (processes.n) {
		struct sv line = sv_cut(&processes, '\n');

		if (is_count(line, &count))
			json_object_set_new(j, "registered", json_integer((json_int_t)count));
		else if (line.n)
			json_array_append_new(p, process_json(line));
	}
	for (unsigned i = 0; i < n; i++)
		json_array_append_new(c, cert_json(&cert[i]));
	json_object_set_new(j, "processes", p);
	json_object_set_new(j, "certificates", c);
	return admin_print(j);
}

static void print_text(struct sv processes, const struct site_cert *cert, unsigned n, int64_t now)
{
	char until[32];
	uint64_t count;

	while (processes.n) { /* in columns */
		struct sv line = sv_cut(&processes, '\n'), word[COLUMNS] = {{0}};

		if (is_count(line, &count)) {
			printf("%-12s %llu endpoint%s\n", "registered", (unsigned long long)count, count == 1 ? "" : "s");
			continue;
		}
		for (unsigned i = 0; i < COLUMNS && line.p; i++)
			word[i] = i + 1 < COLUMNS ? sv_cut(&line, ' ') : line;
		if (word[0].n)
			printf("%-9.*s%3.*s  %.*s %-8.*s%.*s %-8.*s%.*s %.*s\n", SV_ARG(word[0]), SV_ARG(word[1]), SV_ARG(word[2]),
			       SV_ARG(word[3]), SV_ARG(word[4]), SV_ARG(word[5]), SV_ARG(word[6]), SV_ARG(word[7]));
	}
	for (unsigned i = 0; i < n; i++)
		printf("%-12s until %s%s%s\n", cert[i].file, admin_time(until, cert[i].not_after, "-"), cert[i].why[0] ? ": " : "",
		       cert[i].why[0]					    ? cert[i].why
		       : cert[i].not_after - now < SOON ? ": this is soon"
							: "");
}

static int nobody_runs(const struct site *site)
{
	fprintf(stderr, "dialtone status: no dialtoned runs this site; type: dialtoned -c %s/dialtone.conf\n", site->dir);
	return EX_UNAVAILABLE;
}

struct list {
	bool json, failed;
	unsigned n;
};

static void list_one(void *arg, const struct control_endpoint *e)
{
	struct list *l = arg;

	l->n++;
	if (l->json)
		l->failed |= !json_line(stdout, endpoint_json(e));
	else
		endpoint_print(stdout, e);
}

static int registered(const struct site *site, bool json)
{
	struct list l = {.json = json};
	char why[600] = "";
	bool nobody;

	if (!control_registered(site->dir, NULL, list_one, &l, &nobody, why, sizeof why)) {
		fprintf(stderr, "dialtone status: %s\n", why);
		return EX_UNAVAILABLE;
	}
	if (nobody)
		return nobody_runs(site);
	if (l.n == 0 && !json)
		fprintf(stderr, "nobody is registered\n");
	return l.failed || fflush(stdout) != 0 ? EX_SOFTWARE : EX_OK;
}

static int status(const struct site *site, bool json)
{
	struct site_cert cert[SITE_CERTS];
	int64_t now = clock_unix_ms() / 1000;
	struct buf text = {0};
	char why[600] = "";
	unsigned n = site_certs(site, now, cert);
	int ret = EX_OK, rc;

	for (unsigned i = 0; i < n; i++)
		if (cert[i].why[0] && !cert[i].unreadable)
			ret = EX_CONFIG;
	if (!control_status(site->dir, &text, why, sizeof why)) {
		fprintf(stderr, "dialtone status: %s\n", why);
		buf_clear(&text);
		ret = EX_UNAVAILABLE;
	} else if (text.n == 0) {
		ret = nobody_runs(site);
	}
	if (json && (rc = print_json(buf_view(&text), cert, n)) != 0)
		ret = rc;
	if (!json)
		print_text(buf_view(&text), cert, n, now);
	buf_free(&text);
	return ret;
}

int cmd_status(int argc, char **argv)
{
	const char *conf = getenv("DIALTONE_CONF");
	struct site *site;
	bool json = false, who = false;
	char why[600] = "";
	int ret = EX_CONFIG;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			fputs(help, stdout);
			return EX_OK;
		}
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--registered") == 0)
			who = true;
		else if (strcmp(argv[i], "-c") != 0)
			return refuse(argv[i], "is not understood");
		else if (i + 1 == argc)
			return refuse(argv[i], "needs a file");
		else
			conf = argv[++i];
	}
	site = malloc(sizeof *site);
	if (site == NULL)
		return EX_OSERR;
	if (conf_read(conf && conf[0] ? conf : ADMIN_CONF, site, why, sizeof why))
		ret = who ? registered(site, json) : status(site, json);
	else
		fprintf(stderr, "dialtone status: %s\n", why);
	free(site);
	return ret;
}
