/* cmd/site/user.c: dialtone user: the users who may sign in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/pins.h"
#include "admin/pools.h"
#include "admin/users.h"
#include "base/text.h"
#include "cmd/secret.h"
#include "cmd/site/endpoint.h"
#include "cmd/site/site.h"
#include "cmd/site/user_import.h"
#include "cmd/site/user_sync.h"
#include "cmd/text.h"
#include "cmd/verbs.h"

/* ---- add, set ---------------------------------------------------------------------------------------------- */

struct user_options {
	const char *field[USER_FIELDS], *pool;
	bool remote, no_remote, ask_password, ask_pin, disabled, common_area;
	const char *password_file, *pin_file;
};

#define AT(member) offsetof(struct user_options, member)

static const struct option_row user_fields[] = {
    {"--login", "DOMAIN\\USER", "the login for NTLM", AT(field[USER_LOGIN])},
    {"--number", "+NUMBER", "the phone number, with country code", AT(field[USER_NUMBER])},
    {"--extension", "DIGITS", "the extension", AT(field[USER_EXTENSION])},
    {"--display", "NAME", "the name in full", AT(field[USER_DISPLAY])},
    {"--home-pool", "FQDN", "the user's home pool, of 'dialtone pool list' (default: this one)", AT(field[USER_POOL])},
    {"--pool", "FQDN", "the same", AT(pool)},
    {"--display-number", "NUMBER", "of a common-area phone: the number as people dial it", AT(field[USER_DISPLAY_NUMBER])},
    {"--remote", NULL, "may sign in from outside (default: as EnableOutsideAccess says)", AT(remote)},
    {"--no-remote", NULL, "may not", AT(no_remote)},
    {"--password-file", "FILE", "password: its first line (or $DIALTONE_PASSWORD)", AT(password_file)},
    {"--pin-file", "FILE", "PIN: its first line (or $DIALTONE_PIN)", AT(pin_file)},
    {"--ask-password", NULL, "asks for the password, without echo", AT(ask_password)},
    {"--ask-pin", NULL, "asks for the PIN, without echo", AT(ask_pin)},
    {0}};
static const struct option_row add_options[] = {{"--disabled", NULL, "may not sign in yet", AT(disabled)},
						{"--common-area", NULL, "of a room, not of a person: makes address and PIN", AT(common_area)},
						{0}};

static int secret(struct session *s, const char *file, const char *environment, bool ask, const char *prompt, struct buf *ret)
{
	struct why why = {0};

	if (secret_read(file, environment, ask ? prompt : NULL, ret, &why) == SECRET_FAILED)
		return command_fail(s->c, EX_USAGE, "%s", why.text);
	if (ask && ret->n == 0)
		return command_fail(s->c, EX_USAGE, "there is no terminal to ask on; put it into a file or into $%s", environment);
	return 0;
}

static int user_fill(struct session *s, const struct user_options *o, struct store_user *u)
{
	for (unsigned f = 0; f < USER_FIELDS; f++)
		if (o->field[f] && !user_field_read(f, o->field[f], u, &s->why))
			return command_fail(s->c, EX_USAGE, "%s: %s", user_fields[f].name, s->why.text);
	if (o->pool && o->field[USER_POOL])
		return command_fail(s->c, EX_USAGE, "'--pool' and '--home-pool' are the same; type one of them");
	if (o->pool && !user_field_read(USER_POOL, o->pool, u, &s->why))
		return command_fail(s->c, EX_USAGE, "--pool: %s", s->why.text);
	if (o->remote && o->no_remote)
		return command_fail(s->c, EX_USAGE, "'--remote' and '--no-remote' contradict each other; type one of them");
	if (o->remote || o->no_remote)
		u->remote = o->remote;
	return 0;
}

static void extension_note(struct session *s, const struct store_user *u)
{
	struct store_user other;

	if (users_share_extension(&s->admin, u, &other) == ADMIN_OK)
		text_print(stderr, "note: the extension %s is that of %s, too: " USERS_SHARED_EXTENSION, u->extension, other.aor);
}

/* The home pool is one that is known: else nobody could send the phone on. */
static int home_fill(struct session *s, const struct user_options *o, struct store_user *u)
{
	char home[256];
	int rc;

	if (o->pool == NULL && o->field[USER_POOL] == NULL)
		return 0;
	rc = session_end(s, pools_home(&s->admin, u->home_pool, home, &s->why));
	if (rc == 0)
		memcpy(u->home_pool, home, sizeof home);
	return rc;
}

static int fill_and_store(struct session *s, struct store_user *u)
{
	const struct user_options *o = s->c->o;
	struct buf password = {0}, pin = {0};
	int rc = user_fill(s, o, u);

	if (rc == 0)
		rc = home_fill(s, o, u);

	if (rc == 0)
		rc = secret(s, o->password_file, "DIALTONE_PASSWORD", o->ask_password, "Password: ", &password);
	if (rc == 0)
		rc = secret(s, o->pin_file, "DIALTONE_PIN", o->ask_pin, "PIN: ", &pin);
	if (rc == 0)
		rc = session_did(s, users_put(&s->admin, u, buf_view(&password), buf_view(&pin), &s->why));
	if (rc == 0 && o->field[USER_EXTENSION])
		extension_note(s, u);
	buf_wipe(&password);
	buf_wipe(&pin);
	return rc;
}

struct common_area_row {
	struct store_user u;
	char pin[32];
};

static const struct column common_area_columns[] = {
    {"address", COLUMN_TEXT, offsetof(struct common_area_row, u.aor)},
    {"number", COLUMN_TEXT, offsetof(struct common_area_row, u.number)},
    {"extension", COLUMN_TEXT, offsetof(struct common_area_row, u.extension)},
    {"display_number", COLUMN_TEXT, offsetof(struct common_area_row, u.display_number)},
    {"pin", COLUMN_TEXT, offsetof(struct common_area_row, pin)},
    {0}};

/* The new account, said once: a PIN that was made is nowhere to be read later. */
static int common_area_made(struct session *s, const struct store_user *u, const struct buf *pin)
{
	struct common_area_row row = {.u = *u};
	struct column columns[sizeof common_area_columns / sizeof *common_area_columns];
	int rc;

	memcpy(columns, common_area_columns, sizeof columns);
	if (!pin && session_people(s)) /* whoever gave it knows it */
		columns[4] = (struct column){0};
	if (pin)
		text_set(row.pin, sizeof row.pin, SV_FMT, SV_ARG(buf_view(pin)));
	rc = session_record(s, columns, &row);
	explicit_bzero(&row, sizeof row);
	return rc;
}

static int add_common_area(struct session *s, struct store_user *u)
{
	const struct user_options *o = s->c->o;
	struct buf pin = {0};
	bool made = false;
	int rc = user_fill(s, o, u);

	if (rc == 0 && (o->password_file || o->ask_password))
		rc = command_fail(s->c, EX_USAGE, "a common-area phone signs in with number and PIN: leave the password away");
	if (rc == 0 && !user_common_area(&s->site, u, &s->why))
		rc = session_end(s, ADMIN_REFUSED);
	if (rc == 0)
		rc = secret(s, o->pin_file, "DIALTONE_PIN", o->ask_pin, "PIN: ", &pin);
	if (rc == 0 && pin.n == 0) {
		made = true;
		rc = session_end(s, pins_make(&s->admin, u, &pin, &s->why));
	}
	if (rc == 0)
		rc = session_did(s, users_put(&s->admin, u, (struct sv){0}, buf_view(&pin), &s->why));
	if (rc == 0)
		rc = common_area_made(s, u, made ? &pin : NULL);
	buf_wipe(&pin);
	return rc;
}

static int user_add(struct session *s)
{
	const struct user_options *o = s->c->o;
	struct store_user u = {.enabled = !o->disabled, .remote = s->site.EnableOutsideAccess && !o->common_area, .created = s->admin.now};

	if (s->c->arguments && !user_address_read(&s->site, s->c->argument[0], u.aor, &s->why))
		return session_end(s, ADMIN_REFUSED);
	if (o->common_area)
		return add_common_area(s, &u);
	if (s->c->arguments == 0)
		return command_fail(s->c, EX_USAGE, "whose? type the user's address, like alice@%s", s->site.domain);
	return fill_and_store(s, &u);
}

static bool in_environment(const char *name)
{
	const char *value = getenv(name);

	return value && value[0];
}

/* An option besides those that every verb has. */
static bool asks_for_something(const struct command *c)
{
	for (unsigned i = 0; i < c->givens; i++)
		if (strcmp(c->given[i]->name, "-c") != 0 && strcmp(c->given[i]->name, "--json") != 0 && strcmp(c->given[i]->name, "-f") != 0)
			return true;
	return false;
}

static int user_set(struct session *s)
{
	struct store_user u;
	int rc = session_end(s, users_get(&s->admin, s->c->argument[0], &u, &s->why));

	if (rc == 0 && !asks_for_something(s->c) && !in_environment("DIALTONE_PASSWORD") &&
	    !in_environment("DIALTONE_PIN"))
		return command_fail(s->c, EX_USAGE, "what shall change about %s? 'dialtone user set --help' lists what can", u.aor);
	return rc ? rc : fill_and_store(s, &u);
}

/* ---- list, show --------------------------------------------------------------------------------------------- */

struct user_row {
	struct store_user u;
	bool password_set;
	char kind[16];
};

static struct user_row row_of(const struct store_user *u)
{
	struct user_row row = {*u, u->n_nt_hash > 0};

	snprintf(row.kind, sizeof row.kind, "%s", u->common_area ? "common-area" : "person");
	return row;
}

static const struct column user_columns[] = {
    {"address", COLUMN_TEXT, offsetof(struct user_row, u.aor)},
    {"login", COLUMN_TEXT, offsetof(struct user_row, u.login)},
    {"number", COLUMN_TEXT, offsetof(struct user_row, u.number)},
    {"extension", COLUMN_TEXT, offsetof(struct user_row, u.extension)},
    {"enabled", COLUMN_BOOL, offsetof(struct user_row, u.enabled)},
    {"remote", COLUMN_BOOL, offsetof(struct user_row, u.remote)},
    {"password_set", COLUMN_BOOL, offsetof(struct user_row, password_set)},
    {"created", COLUMN_TIME, offsetof(struct user_row, u.created)},
    {"home_pool", COLUMN_TEXT, offsetof(struct user_row, u.home_pool), "this one"},
    {"display", COLUMN_TEXT, offsetof(struct user_row, u.display)},
    {"kind", COLUMN_TEXT, offsetof(struct user_row, kind)},
    {"display_number", COLUMN_TEXT, offsetof(struct user_row, u.display_number)},
    {0}};

struct list_options {
	const char *after;
	unsigned count;
	bool common_area;
};

static const char *count_option(void *at, const char *value)
{
	uint64_t n = 0;

	if (!sv_u64(sv_of(value), 1000000000, &n) || n == 0)
		return "type a number from 1 on, like 1000";
	*(unsigned *)at = (unsigned)n;
	return NULL;
}

static const struct option_row list_options[] = {
    {"--after", "ADDRESS", "begins behind this address: the next page of a long list", offsetof(struct list_options, after)},
    {"--count", "NUMBER", "ends after so many users", offsetof(struct list_options, count), .read = count_option},
    {"--common-area", NULL, "accounts of rooms only", offsetof(struct list_options, common_area)},
    {0}};

struct listing {
	struct writer w;
	unsigned left; /* UINT_MAX: all */
	bool common_area;
};

static bool user_list_one(void *arg, const struct store_user *u)
{
	struct user_row row = row_of(u);
	struct listing *l = arg;

	if (l->common_area && !u->common_area)
		return true;
	writer_row(&l->w, &row);
	if (l->left == UINT_MAX)
		return true;
	l->left--;
	return l->left > 0;
}

static int user_list(struct session *s)
{
	const struct list_options *o = s->c->o;
	struct listing l = {.left = o->count ? o->count : UINT_MAX, .common_area = o->common_area};
	int rc;

	session_writer(s, &l.w);
	writer_list(&l.w, NULL, user_columns);
	rc = session_end(s, users_each(&s->admin, o->after, user_list_one, &l, &s->why));
	if (rc == 0 && l.w.rows == 0)
		fprintf(stderr, o->after ? "there is no user behind %s\n"
					 : "there are no users yet; 'dialtone user add --help' shows how to add one\n", o->after);
	if (rc)
		writer_drop(&l.w);
	return rc ? rc : writer_end(&l.w);
}

struct endpoints {
	struct control_endpoint *e;
	size_t n;
	bool oom;
};

static void endpoint_add(void *arg, const struct control_endpoint *e)
{
	struct endpoints *all = arg;
	struct control_endpoint *more = realloc(all->e, (all->n + 1) * sizeof *more);

	all->oom |= more == NULL;
	if (more == NULL)
		return;
	all->e = more;
	all->e[all->n++] = *e;
}

/* Then where the user is signed in; null in JSON when dialtoned does not run. */
static void show(struct writer *w, const struct store_user *u, const struct endpoints *all, bool nobody)
{
	struct user_row row = row_of(u);

	writer_record(w, user_columns, &row);
	if (nobody)
		writer_member(w, "endpoints", "not known: dialtoned is not running for this site", json_null());
	else if (all->n == 0)
		writer_member(w, "endpoints", "not signed in", json_array());
	if (nobody || all->n == 0)
		return;
	if (w->form == WRITER_TEXT)
		fputs("\nsigned in now:\n", w->to);
	writer_list(w, "endpoints", endpoint_columns);
	for (size_t i = 0; i < all->n; i++)
		writer_row(w, &all->e[i]);
}

static int user_show(struct session *s)
{
	struct endpoints all = {0};
	struct store_user u;
	struct writer w;
	bool nobody = false;
	struct why why = {0};
	int rc = session_end(s, users_get(&s->admin, s->c->argument[0], &u, &s->why));

	if (rc)
		return rc;
	if (!control_registered(s->site.dir, u.aor, endpoint_add, &all, &nobody, &why)) {
		rc = command_fail(s->c, EX_UNAVAILABLE, "%s", why.text);
	} else if (all.oom) {
		rc = command_fail(s->c, EX_OSERR, "out of memory");
	} else {
		session_writer(s, &w);
		show(&w, &u, &all, nobody);
		rc = writer_end(&w);
	}
	free(all.e);
	return rc;
}

/* ---- disable, enable, remove ----------------------------------------------------------------------------------- */

static int enable(struct session *s, bool on)
{
	struct store_user u;
	unsigned phones = 0;
	int rc = session_end(s, users_get(&s->admin, s->c->argument[0], &u, &s->why));

	if (rc == 0)
		rc = session_did(s, users_enable(&s->admin, &u, on, &phones, &s->why));
	session_phones(s, u.aor, phones);
	return rc;
}

static int user_disable(struct session *s)
{
	return enable(s, false);
}

static int user_enable(struct session *s)
{
	return enable(s, true);
}

static int user_move(struct session *s)
{
	struct store_user u;
	unsigned phones = 0;
	int rc = session_end(s, users_get(&s->admin, s->c->argument[0], &u, &s->why));

	if (rc == 0)
		rc = session_did(s, pools_move(&s->admin, &u, s->c->argument[1], &phones, &s->why));
	if (phones && session_people(s))
		text_print(stderr, "%u phone%s of %s sent to %s", phones, phones == 1 ? "" : "s", u.aor, s->c->argument[1]);
	return rc;
}

static int user_remove(struct session *s)
{
	struct store_user u;
	unsigned phones = 0;
	enum admin_result r = users_get(&s->admin, s->c->argument[0], &u, &s->why);
	int rc;

	if (r == ADMIN_NONE) /* a script that removes may run twice */
		return session_did(s, ADMIN_UNCHANGED);
	rc = session_end(s, r);
	if (rc == 0)
		rc = session_did(s, users_remove(&s->admin, &u, &phones, &s->why));
	session_phones(s, u.aor, phones);
	return rc;
}

/* ---- the verb ---------------------------------------------------------------------------------------------------- */

static const struct verb *const verbs[] = {
    SITE_VERB("add", "[ADDRESS]", "adds a user; with --common-area an account of a room", user_add, .options = add_options, .shared = user_fields,
	      .size = sizeof(struct user_options)),
    SITE_VERB("list", "", "lists all users, or a page of them", user_list, .options = list_options, .size = sizeof(struct list_options)),
    SITE_VERB("show", "USER", "shows one, and where the user is signed in now", user_show),
    SITE_VERB("set", "USER", "changes what is given, leaves the rest", user_set, .shared = user_fields,
	      .size = sizeof(struct user_options)),
    &verb_user_import.verb,
    &verb_user_sync.verb,
    SITE_VERB("move", "USER POOL", "to another pool, with PIN, password and certificates; phones follow", user_move),
    SITE_VERB("disable", "USER", "the user may not sign in any more; phones are signed off at once", user_disable),
    SITE_VERB("enable", "USER", "the user may sign in again", user_enable),
    SITE_VERB("remove", "USER", "deletes the user, PIN and certificates; phones are signed off at once", user_remove),
    NULL};

const struct verb verb_user = {
    .name = "user",
    .what = "users: add, list, show, set, import, sync, move, enable, disable, remove",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .verbs = verbs,
    .text = "The users who may sign in. USER is an address, a login, a phone number or an extension.",
    .example = "  dialtone user add alice@contoso.test --login 'CONTOSO\\alice' \\\n"
	       "      --number +14255550123 --extension 4411 --pin-file alice.pin\n"
	       "  dialtone user import staff.csv\n"
	       "  dialtone user disable alice@contoso.test\n",
};
