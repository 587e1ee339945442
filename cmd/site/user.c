/* cmd/site/user.c: dialtone user: who may sign in. */
#include "cmd/site/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/pin.h"
#include "cmd/site/endpoint.h"
#include "cmd/secret.h"
#include "cmd/text.h"
#include "cmd/verbs.h"

const char *const user_field_names[USER_FIELDS] = {"login", "number", "extension", "display", "home_pool"};

/* ---- fields ---------------------------------------------------------------------------------------------- */

static bool name_ok(struct sv s, const char *also)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr(also, c))))
			return false;
	}
	return s.n > 0;
}

const char *user_address_read(const struct site *site, const char *text, char ret[256], char why[256])
{
	struct sv host = sv_of(text), user;
	char name[41] = "USER";

	if (sv_istarts(host, SV("sip:")))
		host = sv_from(host, 4);
	text = host.p;
	user = sv_cut(&host, '@');
	if (host.p == NULL || !name_ok(user, ".-_+'!&$=~") || !name_ok(host, ".-") || strlen(text) > 200) {
		snprintf(why, 256, "'%.100s' is not an address; type one like alice@%.100s", text, site->domain);
		return why;
	}
	if (!sv_ieq(host, sv_of(site->domain))) {
		sv_copy(name, sizeof name, user);
		snprintf(why, 256, "'%.80s' is not in this site's SIP domain; type %.40s@%.80s", text, name, site->domain);
		return why;
	}
	snprintf(ret, 256, "%s", text);
	for (char *c = ret; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c | 0x20);
	return NULL;
}

/* What may be shown on a terminal and written as JSON and XML. A CSV field may have more than one line. */
static bool plain(struct sv s)
{
	json_t *j = json_stringn(s.p ? s.p : "", s.n); /* NULL: not UTF-8 */
	bool ok = j != NULL;

	json_decref(j);
	for (size_t i = 0; ok && i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i], after = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;

		ok = (c >= ' ' || c == '\n' || c == '\t') && c != 0x7f && !(c == 0xc2 && after < 0xa0); /* C1 as well */
	}
	return ok;
}

/* "+1 (425) 555-0123", "tel:+14255550123" -> "+14255550123" */
static bool number_read(struct sv s, char *ret, size_t cap)
{
	size_t n = 0;

	if (sv_istarts(s, SV("tel:")))
		s = sv_from(s, 4);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] && strchr(" .-()", s.p[i]))
			continue;
		if (!(s.p[i] == '+' && n == 0) && !(s.p[i] >= '0' && s.p[i] <= '9'))
			return false;
		if (n + 1 >= cap)
			return false;
		ret[n++] = s.p[i];
	}
	ret[n] = '\0';
	return ret[0] == '+' && n >= 4 && n <= 16; /* E.164: at most fifteen digits */
}

const char *user_field_read(enum user_field f, const char *text, struct store_user *u, char why[256])
{
	struct sv s = sv_trim(sv_of(text)), rest = s, head;
	char number[24];
	bool ok = false;

	switch (f) {
	case USER_LOGIN:
		head = sv_cut(&rest, '\\');
		ok = s.n == 0 || (rest.p ? name_ok(head, ".-_") && name_ok(rest, ".-_ '&$@!") : name_ok(s, ".-_@'"));
		if (!ok || !sv_copy(u->login, sizeof u->login, s))
			snprintf(why, 256, "'%.100s' is not a login; type it like 'CONTOSO\\alice' or alice@contoso.test", text);
		else
			return NULL;
		break;
	case USER_NUMBER:
		if (s.n == 0 || number_read(s, number, sizeof number)) {
			snprintf(u->number, sizeof u->number, "%s", s.n ? number : "");
			return NULL;
		}
		snprintf(why, 256, "'%.100s' is not a phone number; type it with country code, like +14255550123", text);
		break;
	case USER_EXTENSION:
		ok = s.n < 16;
		for (size_t i = 0; i < s.n; i++)
			ok = ok && s.p[i] >= '0' && s.p[i] <= '9';
		if (ok && sv_copy(u->extension, sizeof u->extension, s))
			return NULL;
		snprintf(why, 256, "'%.100s' is not an extension; type up to 15 digits, like 4411", text);
		break;
	case USER_DISPLAY:
		if (!plain(s))
			snprintf(why, 256, "the display name is not UTF-8, or has control characters; write it as UTF-8");
		else if (sv_copy(u->display, sizeof u->display, s))
			return NULL;
		else
			snprintf(why, 256, "'%.100s...' is too long for a display name", text);
		break;
	default:
		if ((s.n == 0 || name_ok(s, ".-")) && sv_copy(u->home_pool, sizeof u->home_pool, s))
			return NULL;
		snprintf(why, 256, "'%.100s' is not a pool's name; type it like pool01.contoso.test", text);
	}
	return why;
}

const char *user_pin_judge(const struct admin *a, const struct store_user *u, struct sv pin, char why[256])
{
	struct pin_policy policy = {a->site.MinPasswordLength, a->site.AllowCommonPatterns};
	const char *no = pin_judge(pin, &policy, sv_of(u->number), sv_of(u->extension));

	if (no == NULL)
		return NULL;
	if (pin.n < policy.min_length)
		snprintf(why, 256, "the PIN of %.100s is refused: %.100s, %u", u->aor, no, policy.min_length);
	else
		snprintf(why, 256, "the PIN of %.100s is refused: %.100s", u->aor, no);
	return why;
}

/* A user is added with his PIN or not at all. */
int user_store(struct admin *a, struct store_user *u, struct sv password, struct sv pin)
{
	struct store *s = a->store;
	enum store_result r;
	char why[VAULT_WHY], refused[256];
	const char *no = NULL;

	if (pin.n && user_pin_judge(a, u, pin, refused))
		return admin_fail(a, EX_USAGE, "%s", refused);
	if ((password.n || pin.n) && !admin_secret(a))
		return EX_CONFIG;
	if (password.n && !vault_password_set(a->secret, u, password))
		return admin_fail(a, EX_USAGE, "the password of %s is not UTF-8", u->aor);
	if ((r = s->ops->begin(s)) != STORE_OK)
		return admin_store_failed(a, r, u->aor);
	r = u->id ? s->ops->user_set(s, u) : s->ops->user_add(s, u);
	if (r == STORE_OK && pin.n)
		no = vault_pin_set(a->secret, &a->site, s, u, pin, false, a->now, why);
	r = s->ops->end(s, no ? STORE_FAILED : r);
	if (no)
		return admin_fail(a, EX_SOFTWARE, "%s is not stored, since the PIN cannot be: %s", u->aor, no);
	return r == STORE_OK ? 0 : admin_store_failed(a, r, u->aor);
}

/* ---- add, set ---------------------------------------------------------------------------------------------- */

#define FIELD_OPTIONS \
	{"--login", "DOMAIN\\USER", "what he types for NTLM"}, {"--number", "+NUMBER", "his line, with country code"}, \
	{"--extension", "DIGITS", "his extension"}, {"--display", "NAME", "his name in full"}, \
	{"--home-pool", "FQDN", "the pool he lives on (default: this one)"}, \
	{"--remote", NULL, "may sign in from outside (default)"}, {"--no-remote", NULL, "may not"}, \
	{"--password-file", "FILE", "password: its first line (or $DIALTONE_PASSWORD)"}, \
	{"--pin-file", "FILE", "PIN: its first line (or $DIALTONE_PIN)"}, \
	{"--ask-password", NULL, "asks for the password, without echo"}, {"--ask-pin", NULL, "asks for the PIN, without echo"}

static const struct admin_option add_options[] = {FIELD_OPTIONS, {"--disabled", NULL, "may not sign in yet"}, {0}};
static const struct admin_option set_options[] = {FIELD_OPTIONS, {0}};

static int secret(struct admin *a, const char *file, const char *environment, bool ask, const char *prompt, struct buf *ret)
{
	char why[256];

	if (secret_read(file, environment, ask ? prompt : NULL, ret, why, sizeof why) == SECRET_FAILED)
		return admin_fail(a, EX_USAGE, "%s", why);
	if (ask && ret->n == 0)
		return admin_fail(a, EX_USAGE, "there is no terminal to ask on; put it into a file or into $%s", environment);
	return 0;
}

static int fill_and_store(struct admin *a, struct store_user *u, const char *done)
{
	static const char *const options[USER_FIELDS] = {"--login", "--number", "--extension", "--display", "--home-pool"};
	struct buf password = {0}, pin = {0};
	char why[256];
	int rc;

	for (unsigned f = 0; f < USER_FIELDS; f++) {
		const char *value = admin_option(a, options[f]);

		if (value && user_field_read(f, value, u, why))
			return admin_fail(a, EX_USAGE, "%s: %s", options[f], why);
	}
	if (admin_option(a, "--remote") && admin_option(a, "--no-remote"))
		return admin_fail(a, EX_USAGE, "'--remote' and '--no-remote' contradict each other; type one of them");
	if (admin_option(a, "--remote") || admin_option(a, "--no-remote"))
		u->remote = admin_option(a, "--remote") != NULL;
	rc = secret(a, admin_option(a, "--password-file"), "DIALTONE_PASSWORD", admin_option(a, "--ask-password"), "Password: ",
		    &password);
	if (rc == 0)
		rc = secret(a, admin_option(a, "--pin-file"), "DIALTONE_PIN", admin_option(a, "--ask-pin"), "PIN: ", &pin);
	if (rc == 0)
		rc = user_store(a, u, buf_view(&password), buf_view(&pin));
	buf_wipe(&password);
	buf_wipe(&pin);
	if (rc == 0)
		admin_audit(a, u->aor, done);
	return rc;
}

static int user_add(struct admin *a)
{
	struct store_user u = {.enabled = !admin_option(a, "--disabled"), .remote = true, .created = a->now};
	char why[256];

	if (user_address_read(&a->site, a->argument[0], u.aor, why))
		return admin_fail(a, EX_USAGE, "%s", why);
	return fill_and_store(a, &u, "user add");
}

static bool in_environment(const char *name)
{
	const char *value = getenv(name);

	return value && value[0];
}

static int user_set(struct admin *a)
{
	struct store_user u;
	bool any = in_environment("DIALTONE_PASSWORD") || in_environment("DIALTONE_PIN");
	int rc = admin_user(a, &u);

	for (unsigned i = 0; a->verb->options[i].name; i++)
		any = any || a->option[i];
	if (rc == 0 && !any)
		return admin_fail(a, EX_USAGE, "what shall change about %s? 'dialtone user set --help' lists what can", u.aor);
	return rc ? rc : fill_and_store(a, &u, "user set");
}

/* ---- list, show --------------------------------------------------------------------------------------------- */

static json_t *user_json(const struct store_user *u)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "address", u->aor, "login", u->login, "number", u->number,
			 "extension", u->extension, "display", u->display, "home_pool", u->home_pool, "enabled", u->enabled,
			 "remote", u->remote, "password_set", u->n_nt_hash > 0);
}

static bool list_json(void *arg, const struct store_user *u)
{
	return json_array_append_new(arg, user_json(u)) == 0;
}

static bool list_text(void *arg, const struct store_user *u)
{
	++*(unsigned *)arg;
	printf("%-32s %-9s %-18s %-8s%s%s\n", u->aor, u->enabled ? "enabled" : "disabled", u->number[0] ? u->number : "-",
	       u->extension[0] ? u->extension : "-", u->login[0] ? " " : "", u->login);
	return true;
}

static int user_list(struct admin *a)
{
	json_t *all = a->json ? json_array() : NULL;
	unsigned n = 0;
	enum store_result r = a->store->ops->user_each(a->store, a->json ? list_json : list_text, a->json ? (void *)all : &n);

	if (r != STORE_OK) {
		json_decref(all);
		return admin_store_failed(a, r, "user list");
	}
	if (a->json)
		return admin_print(all);
	if (n == 0)
		fprintf(stderr, "there are no users yet; 'dialtone user add --help' shows how to add one\n");
	return 0;
}

static void endpoint_text(void *arg, const struct control_endpoint *e)
{
	printf("%-11s", ++*(unsigned *)arg == 1 ? "signed in" : "");
	endpoint_say(stdout, 11, e);
}

static void endpoint_add(void *arg, const struct control_endpoint *e)
{
	json_array_append_new(arg, endpoint_json(e));
}

/* His endpoints; null when dialtoned does not run. */
static int show_json(const struct admin *a, const struct store_user *u)
{
	json_t *all = json_array(), *j = user_json(u);
	bool nobody = false;
	char why[600];

	if (!control_registered(a->site.dir, u->aor, endpoint_add, all, &nobody, why, sizeof why)) {
		json_decref(all);
		json_decref(j);
		return admin_fail(a, EX_UNAVAILABLE, "%s", why);
	}
	json_object_set(j, "endpoints", nobody ? json_null() : all);
	json_decref(all);
	return admin_print(j);
}

static int show_endpoints(const struct admin *a, const struct store_user *u)
{
	bool nobody = false;
	unsigned n = 0;
	char why[600];

	if (!control_registered(a->site.dir, u->aor, endpoint_text, &n, &nobody, why, sizeof why))
		return admin_fail(a, EX_UNAVAILABLE, "%s", why);
	if (n == 0)
		printf("signed in  %s\n", nobody ? "not known: no dialtoned runs this site" : "no");
	return 0;
}

static int user_show(struct admin *a)
{
	struct store_user u;
	char when[32];
	int rc = admin_user(a, &u);

	if (rc)
		return rc;
	if (a->json)
		return show_json(a, &u);
	printf("address    %s\nlogin      %s\npassword   %s\nnumber     %s\nextension  %s\ndisplay    ", u.aor,
	       u.login[0] ? u.login : "-", u.n_nt_hash ? "set" : "not set", u.number[0] ? u.number : "-",
	       u.extension[0] ? u.extension : "-");
	text_fold(stdout, 11, 11, u.display[0] ? u.display : "-");
	printf("home pool  %s\nenabled    %s\nremote     %s\ncreated    %s\n", u.home_pool[0] ? u.home_pool : "this one",
	       u.enabled ? "yes" : "no", u.remote ? "yes" : "no", admin_time(when, u.created, "-"));
	return show_endpoints(a, &u);
}

/* ---- disable, enable, remove ----------------------------------------------------------------------------------- */

static int enable(struct admin *a, bool on)
{
	struct store_user u;
	enum store_result r;
	int rc = admin_user(a, &u);

	if (rc)
		return rc;
	u.enabled = on;
	if ((r = a->store->ops->user_set(a->store, &u)) != STORE_OK)
		return admin_store_failed(a, r, u.aor);
	admin_audit(a, u.aor, on ? "user enable" : "user disable");
	/* 4141: "User disabled" [sip 13.1] */
	return on ? 0 : admin_order(a, u.aor, LOCATION_REJECTED, 4141, "User disabled");
}

static int user_disable(struct admin *a)
{
	return enable(a, false);
}

static int user_enable(struct admin *a)
{
	return enable(a, true);
}

static int user_remove(struct admin *a)
{
	struct store_user u;
	enum store_result r;
	int rc = admin_user(a, &u);

	if (rc)
		return rc;
	if ((r = a->store->ops->user_remove(a->store, u.id)) != STORE_OK)
		return admin_store_failed(a, r, u.aor);
	admin_audit(a, u.aor, "user remove");
	return admin_order(a, u.aor, LOCATION_REJECTED, 4141, "User disabled");
}

/* ---- the verb ---------------------------------------------------------------------------------------------------- */

static const struct admin_option import_options[] = {
    {"--update", NULL, "users who are there already are changed, instead of refused"}, {0}};

static const struct admin_verb verbs[] = {
    {"add", "ADDRESS", 1, 1, add_options, user_add, "adds a user"},
    {"list", "", 0, 0, NULL, user_list, "lists all users"},
    {"show", "ADDRESS", 1, 1, NULL, user_show, "shows one, and where he is signed in now"},
    {"set", "ADDRESS", 1, 1, set_options, user_set, "changes what is given, leaves the rest"},
    {"import", "FILE.csv", 1, 1, import_options, user_import,
     "adds all users of a CSV file, or none; first line: address,login,number,extension,display,home_pool,remote,password,pin"},
    {"disable", "ADDRESS", 1, 1, NULL, user_disable, "may not sign in any more; his phones are signed off at once"},
    {"enable", "ADDRESS", 1, 1, NULL, user_enable, "may sign in again"},
    {"remove", "ADDRESS", 1, 1, NULL, user_remove, "forgets him, his PIN and his certificates; his phones are signed off"},
    {0},
};

int cmd_user(int argc, char **argv)
{
	static const struct admin_group group = {
	    "user", "who may sign in", verbs,
	    "  dialtone user add alice@contoso.test --login 'CONTOSO\\alice' \\\n"
	    "      --number +14255550123 --extension 4411 --pin-file alice.pin\n"
	    "  dialtone user import staff.csv\n"
	    "  dialtone user disable alice@contoso.test\n"};

	return admin_main(argc, argv, &group);
}
