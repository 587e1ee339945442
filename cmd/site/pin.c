/* cmd/site/pin.c: dialtone pin: what Set-CsClientPin, Get-CsClientPinInfo and Unlock-CsClientPin do. */
#include <stdio.h>

#include "admin/pins.h"
#include "admin/users.h"
#include "base/date.h"
#include "cmd/secret.h"
#include "cmd/site/site.h"
#include "cmd/verbs.h"

struct pin_options {
	const char *file;
	bool generate;
};

static const struct option_row set_options[] = {
    {"--pin-file", "FILE", "the PIN is its first line (or $DIALTONE_PIN; else it asks)", offsetof(struct pin_options, file)},
    {"--generate", NULL, "makes one and prints it", offsetof(struct pin_options, generate)},
    {0}};

static int pin_get(struct session *s, const struct store_user *u, struct buf *pin)
{
	const struct pin_options *o = s->c->o;
	struct why why = {0};

	if (o->generate)
		return session_end(s, pins_make(&s->admin, u, pin, &s->why));
	switch (secret_read(o->file, "DIALTONE_PIN", "New PIN: ", pin, &why)) {
	case SECRET_READ:
		return 0;
	case SECRET_FAILED:
		return command_fail(s->c, EX_USAGE, "%s", why.text);
	default:
		return command_fail(s->c, EX_USAGE, "there is no PIN; give --pin-file FILE, or $DIALTONE_PIN, or --generate");
	}
}

/* The one place where a PIN is shown: it was made here, and nobody else can tell the user. */
static void pin_show_made(struct session *s, const struct store_user *u, struct buf *pin)
{
	if (session_people(s)) {
		printf(SV_FMT "\n", SV_ARG(buf_view(pin)));
		return;
	}
	session_member(s, "address", json_string(u->aor));
	session_member(s, "pin", json_string(buf_cstr(pin)));
}

static int pin_set(struct session *s)
{
	const struct pin_options *o = s->c->o;
	struct buf pin = {0};
	struct store_user u;
	int rc;

	if (o->generate && o->file)
		return command_fail(s->c, EX_USAGE, "'--generate' and '--pin-file %s' contradict each other; type one of them", o->file);
	rc = session_end(s, users_get(&s->admin, s->c->argument[0], &u, &s->why));
	if (rc == 0)
		rc = pin_get(s, &u, &pin);
	if (rc == 0)
		rc = session_did(s, pins_set(&s->admin, &u, buf_view(&pin), &s->why));
	if (rc == 0 && o->generate)
		pin_show_made(s, &u, &pin);
	buf_wipe(&pin);
	return rc;
}

static int pin_clear(struct session *s)
{
	struct store_user u;
	int rc = session_end(s, users_get(&s->admin, s->c->argument[0], &u, &s->why));

	return rc ? rc : session_did(s, pins_unlock(&s->admin, &u, &s->why));
}

static int pin_lock(struct session *s)
{
	struct store_user u;
	int rc = session_end(s, users_get(&s->admin, s->c->argument[0], &u, &s->why));

	return rc ? rc : session_did(s, pins_lock(&s->admin, &u, &s->why));
}

/* ---- show ------------------------------------------------------------------------------------------------------ */

struct pin_row {
	char address[256], until[32], password[32];
	struct pin_info i;
};

static const struct column pin_columns[] = {
    {"address", COLUMN_TEXT, offsetof(struct pin_row, address)},
    {"pin_set", COLUMN_BOOL, offsetof(struct pin_row, i.set)},
    {"locked_out", COLUMN_BOOL, offsetof(struct pin_row, i.locked)},
    {"locked_until", COLUMN_TEXT, offsetof(struct pin_row, until)},
    {"pin_expires", COLUMN_TIME, offsetof(struct pin_row, i.expires), "never"},
    {"password_until", COLUMN_TEXT, offsetof(struct pin_row, password)},
    {"local", COLUMN_UNSIGNED, offsetof(struct pin_row, i.local)},
    {"local_limit", COLUMN_UNSIGNED, offsetof(struct pin_row, i.limit.local)},
    {"global", COLUMN_UNSIGNED, offsetof(struct pin_row, i.global)},
    {"global_limit", COLUMN_UNSIGNED, offsetof(struct pin_row, i.limit.global)},
    {"policy", COLUMN_TEXT, offsetof(struct pin_row, i.policy), "the site's"},
    {0}};

static void until_text(char ret[32], bool by_hand, int64_t until)
{
	ret[0] = '\0';
	if (by_hand)
		snprintf(ret, 32, "unlocked by hand");
	else if (until)
		iso_time(ret, until);
}

static enum admin_result row_of(struct session *s, const struct store_user *u, struct pin_row *ret)
{
	enum admin_result r = pins_info(&s->admin, u, &ret->i, &s->why);

	snprintf(ret->address, sizeof ret->address, "%s", u->aor);
	until_text(ret->until, ret->i.by_hand, ret->i.until);
	until_text(ret->password, ret->i.password_by_hand, ret->i.password_until);
	return r;
}

struct listing {
	struct session *s;
	struct writer *w;
	enum admin_result r; /* of the user at hand */
};

static bool show_one(void *arg, const struct store_user *u)
{
	struct listing *l = arg;
	struct pin_row row;

	l->r = row_of(l->s, u, &row);
	if (l->r == ADMIN_OK)
		writer_row(l->w, &row);
	return l->r == ADMIN_OK;
}

static int show_all(struct session *s, struct writer *w)
{
	struct listing l = {s, w, ADMIN_OK};
	enum admin_result r;

	writer_list(w, NULL, pin_columns);
	r = users_each(&s->admin, NULL, show_one, &l, &s->why);
	return session_end(s, r == ADMIN_OK ? l.r : r);
}

static int pin_show(struct session *s)
{
	struct pin_row row;
	struct store_user u;
	struct writer w;
	int rc;

	session_writer(s, &w);
	if (s->c->arguments == 0) {
		rc = show_all(s, &w);
	} else {
		rc = session_end(s, users_get(&s->admin, s->c->argument[0], &u, &s->why));
		if (rc == 0)
			rc = session_end(s, row_of(s, &u, &row));
		if (rc == 0)
			writer_record(&w, pin_columns, &row);
	}
	if (rc)
		writer_drop(&w);
	return rc ? rc : writer_end(&w);
}

/* ---- the verb -------------------------------------------------------------------------------------------------- */

static const struct verb *const verbs[] = {
    SITE_VERB("set", "USER", "sets the PIN; the failure counters start again", pin_set, .options = set_options,
	      .size = sizeof(struct pin_options)),
    SITE_VERB("lock", "USER", "no PIN of the user is taken until it is unlocked", pin_lock),
    SITE_VERB("unlock", "USER", "clears the lockout", pin_clear),
    SITE_VERB("show", "[USER]", "shows whether a PIN is set, locked out, when it expires; never the PIN",
	      pin_show),
    &verb_pin_policy,
    NULL};

const struct verb verb_pin = {
    .name = "pin",
    .what = "PINs: set, lock, unlock, show; policies of single users",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .verbs = verbs,
    .text = "The PINs of users. USER is an address, a login, a phone number or an extension.",
    .example = "  dialtone pin set alice@contoso.test --generate\n"
	       "  dialtone pin show\n"
	       "  dialtone pin unlock alice@contoso.test\n",
};
