/* cmd/fleet/verb.c: dialtone fleet: thousands of phones at somebody's front ends, and what they met. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/ip.h"
#include "base/text.h"
#include "cmd/fleet/verb.h"
#include "cmd/json_put.h"
#include "cmd/text.h"
#include "cmd/verbs.h"
#include "cmd/writer.h"
#include "wire/well_known.h"

#define TURN_MS 200
#define LIVE_MS 1000
#define LOG_MS 10000 /* standard error is no terminal */
#define METRICS_MS 2000
#define TRIM_MS 5000 /* memory that phones needed while they signed in is given back */

static volatile sig_atomic_t asked; /* how often the user has asked to stop */

static void on_signal(int sig)
{
	(void)sig;
	asked++;
}

/* ---- what was typed --------------------------------------------------------------------------------------------------------- */

static bool among(const uint32_t *list, unsigned n, uint32_t address)
{
	for (unsigned i = 0; i < n; i++)
		if (list[i] == address)
			return true;
	return false;
}

/* An address is named twice before it is put under load. */
static int check_targets(struct command *c, const struct fleet_options *o)
{
	char ip[IP_TEXT_MAX];

	if (o->targets == 0)
		return command_fail(c, EX_USAGE, "which front end? Type --target ADDRESS, and --yes-load ADDRESS with the same address");
	for (unsigned i = 0; i < o->targets; i++)
		if (!among(o->confirmed, o->confirmations, o->target[i]))
			return command_fail(c, EX_USAGE, "'--target %s': phones in thousands are a load that can bring a site down. Is it yours? Then type --yes-load %s, too",
					    ip_text(o->target[i], ip), ip);
	for (unsigned i = 0; i < o->confirmations; i++)
		if (!among(o->target, o->targets, o->confirmed[i]))
			return command_fail(c, EX_USAGE, "'--yes-load %s': it is no --target", ip_text(o->confirmed[i], ip));
	for (unsigned i = 0; i < o->names; i++)
		if (!among(o->target, o->targets, o->name[i].address))
			return command_fail(c, EX_USAGE, "'--name %s=%s': that address is no --target", o->name[i].name, ip_text(o->name[i].address, ip));
	return 0;
}

static int check(struct command *c, const struct fleet_options *o)
{
	int rc = check_targets(c, o);

	if (rc)
		return rc;
	if (o->domain == NULL)
		return command_fail(c, EX_USAGE, "which SIP domain? Type --domain contoso.test");
	if (o->users == NULL)
		return command_fail(c, EX_USAGE, "no users are given: add --users FILE (dialtone user import --generate-pins FILE writes one)");
	if ((o->scenario == FLEET_REFRESH || o->scenario == FLEET_DAY) && o->for_text == NULL)
		return command_fail(c, EX_USAGE, "'--scenario %s': how long? Type --for 10m", fleet_scenarios[o->scenario]);
	return 0;
}

struct texts { /* defaults of options that were not typed */
	char pool[DT_NAME_MAX + 8], web[2 * DT_NAME_MAX], registrar[DT_NAME_MAX + 16];
};

static void conf_make(struct fleet_conf *ret, const struct fleet_options *o, const struct users *u, struct texts *t)
{
	static const struct dt_model *usual[2];
	uint64_t for_ms = 0;

	usual[0] = dt_model_find("cx600");
	usual[1] = dt_model_find("cx700");
	text_set(t->pool, sizeof t->pool, "%s%s", o->pool ? "" : NAME_SIP ".", o->pool ? o->pool : o->domain);
	text_set(t->web, sizeof t->web, "https://%s" CERTPROV_PATH, t->pool);
	text_set(t->registrar, sizeof t->registrar, "%s:%u", t->pool, (unsigned)o->sip_port);
	if (o->for_text)
		(void)fleet_span(o->for_text, &for_ms);
	*ret = (struct fleet_conf){.phones = (unsigned)u->n, .user = u->user, .model = o->models ? o->model : usual,
				   .models = o->models ? o->models : 2, .scenario = o->scenario, .from = o->from, .arrive = o->arrive,
				   .together = (unsigned)o->together, .for_ms = (uint32_t)for_ms, .leave = o->leave, .sign_off = o->sign_off,
				   .retry = !o->no_retry, .domain = o->domain, .pool = t->pool, .web_url = o->web ? o->web : t->web,
				   .registrar = o->registrar ? o->registrar : o->from == FLEET_WEB ? t->registrar : NULL,
				   .sip_port = (uint16_t)o->sip_port, .target = o->target, .targets = o->targets, .name = o->name, .names = o->names,
				   .source = o->source, .sources = o->sources, .seed = o->seed};
}

/* ---- the run ------------------------------------------------------------------------------------------------------------------- */

static void metrics_write(struct command *c, const struct fleet_options *o, const struct fleet_stats *s, bool *complained)
{
	struct buf b = {0};
	int e;

	report_metrics(&b, s);
	e = b.oom ? -ENOMEM : file_write(NULL, o->metrics, b.p, b.n, 0644);
	if (e < 0 && !*complained)
		command_fail(c, 0, "%s: %s", o->metrics, strerror(-e));
	*complained |= e < 0;
	buf_free(&b);
}

static void run(struct command *c, const struct fleet_options *o, struct fleet *f)
{
	bool terminal = isatty(STDERR_FILENO) == 1, complained = false, more = true;
	uint64_t shown = clock_mono_ms(), written = 0, trimmed = shown, now;
	int confirmed = 0;

	while (more) {
		more = fleet_turn(f, TURN_MS);
		while (confirmed < asked) {
			confirmed++;
			fleet_stop(f);
		}
		now = clock_mono_ms();
		if (now - trimmed >= TRIM_MS) {
			malloc_trim(0);
			trimmed = now;
		}
		if (!o->quiet && now - shown >= (terminal ? LIVE_MS : LOG_MS)) {
			live_show(fleet_stats(f), terminal);
			shown = now;
		}
		if (o->metrics && (now - written >= METRICS_MS || !more)) {
			metrics_write(c, o, fleet_stats(f), &complained);
			written = now;
		}
	}
	if (!o->quiet)
		live_clear(terminal);
}

static int html_write(struct command *c, const struct fleet_options *o, const struct fleet_stats *s, const struct usage *u)
{
	struct buf b = {0};
	int e;

	report_html(&b, s, u, o);
	e = b.oom ? -ENOMEM : file_write(NULL, o->html, b.p, b.n, 0644);
	buf_free(&b);
	return e < 0 ? command_fail(c, EX_CANTCREAT, "%s: %s", o->html, strerror(-e)) : 0;
}

static int report(struct command *c, const struct fleet_options *o, const struct fleet_stats *s, const struct usage *u)
{
	json_t *j;
	bool good = true;
	int rc = o->html ? html_write(c, o, s, u) : 0;

	if (c->json) {
		j = report_json(s, u, o);
		good = j && json_put(stdout, j, JSON_INDENT(2));
		json_decref(j);
	} else if (c->csv) {
		good = report_csv(stdout, s);
	} else {
		report_text(stdout, s, u);
		good = fflush(stdout) == 0;
	}
	if (!good)
		return EX_IOERR;
	return rc ? rc : s->done == s->phones && s->where[FLEET_REFUSED] == 0 ? 0 : 1;
}

static void options_clear(struct fleet_options *o)
{
	for (unsigned i = 0; i < o->names; i++)
		free(o->name_text[i]);
}

static int run_with(struct command *c, const struct fleet_options *o, struct users *u)
{
	struct usage usage = {0};
	struct fleet_conf conf;
	struct texts texts;
	struct why why = {0};
	struct fleet *f;
	int rc;

	if (!users_read(u, o->users, o->first, o->phones, &why))
		return command_fail(c, EX_USAGE, "%s: %s", o->users, why.text);
	if (o->phones > u->n)
		return command_fail(c, EX_USAGE, "'--phones %llu': %s has %zu users only; each phone needs one of its own", (unsigned long long)o->phones, o->users,
				    u->n);
	conf_make(&conf, o, u, &texts);
	usage_read(&usage);
	usage.rss_before_kb = usage.rss_kb;
	f = fleet_new(&conf, &why);
	if (f == NULL)
		return command_fail(c, EX_SOFTWARE, "%s", why.text);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	run(c, o, f);
	usage_read(&usage);
	rc = report(c, o, fleet_stats(f), &usage);
	fleet_free(f);
	return rc;
}

static int fleet_run(struct command *c)
{
	struct fleet_options *o = c->o;
	struct users u = {0};
	int rc = o->plan ? fleet_plan(c, o) : check(c, o);

	if (rc == 0 && !o->plan)
		rc = run_with(c, o, &u);
	users_free(&u);
	options_clear(o);
	return rc;
}

const struct verb verb_fleet = {
    .name = "fleet",
    .arguments = "",
    .what = "thousands of phones at your front ends, and what they met",
    .flags = VERB_JSON | VERB_FORM,
    .options = fleet_options,
    .size = sizeof(struct fleet_options),
    .begin = fleet_options_begin,
    .run = fleet_run,
    .text = "Plays thousands of phones in one process: each is the whole phone of dialtone connect from its third stage on. It is a load: it goes to "
	    "addresses only that were named twice. Ctrl-C ends it in order, twice at once.",
    .example = "  dialtone fleet --target 10.66.0.10 --yes-load 10.66.0.10 \\\n"
	       "      --domain contoso.test --users pins.csv --arrive steady:20/s\n"
	       "  dialtone fleet --target 10.66.0.10 --yes-load 10.66.0.10 \\\n"
	       "      --domain contoso.test --users pins.csv --scenario warm \\\n"
	       "      --arrive power-cut:90s --html cut.html\n"
	       "  dialtone fleet --plan --phones 152000\n",
    .status = "0 every phone had dial tone, 1 some had not, 64 usage, 70 internal error",
};
