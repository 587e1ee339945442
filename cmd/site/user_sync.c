/* cmd/site/user_sync.c: dialtone user sync: users out of a directory. */
#include "cmd/site/user_sync.h"

#include <stdio.h>
#include <string.h>

#include "admin/import/directory.h"
#include "base/text.h"
#include "cmd/secret.h"

#define SHOWN 20

struct sync_options {
	struct directory d;
	char map[DIRECTORY_FIELDS][128];
	const char *password_file;
	bool dry, missing;
};

/* "line=telephoneNumber"; "display=" : none. */
static const char *map_read(void *at, const char *value)
{
	char(*map)[128] = at;
	struct sv attribute = sv_of(value), field = sv_cut(&attribute, '=');

	for (unsigned f = 0; attribute.p && f < DIRECTORY_FIELDS; f++)
		if (sv_eq(field, sv_of(directory_fields[f]))) {
			if (attribute.n == 0 || strspn(attribute.p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.;") != attribute.n ||
			    attribute.n >= sizeof map[f])
				return "an attribute's name is needed behind the =, like telephoneNumber";
			text_set(map[f], sizeof map[f], "%s", attribute.p);
			return NULL;
		}
	return "type a field and its attribute, like line=telephoneNumber; fields: address, login, line, display, enabled";
}

#define AT(field) offsetof(struct sync_options, field)

static const struct option_row options[] = {
    {"--base", "DN", "where the users are, like OU=Staff,DC=contoso,DC=test", AT(d.base)},
    {"--filter", "FILTER", "which entries are users (default: " DIRECTORY_FILTER ")", AT(d.filter)},
    {"--map", "FIELD=ATTRIBUTE", "another attribute for address, login, line, display or enabled; may be given for each", AT(map), .read = map_read,
     .repeats = true},
    {"--bind", "DN", "the name to bind as (default: nobody)", AT(d.bind)},
    {"--password-file", "FILE", "its password (or the variable DIALTONE_PASSWORD, or it is asked for)", AT(password_file)},
    {"--start-tls", NULL, "TLS on an ldap:// connection", AT(d.start_tls)},
    {"--ca", "FILE", "the roots of the directory's certificate, PEM (default: the system's)", AT(d.ca)},
    {"--disable-missing", NULL, "disables users with a login who are not in the directory, and signs their phones off", AT(missing)},
    {"--dry-run", NULL, "says what would be done, and does nothing", AT(dry)},
    {0}};

struct reports {
	const struct session *s;
	unsigned refused;
};

/* The first line of what is read are the names of its columns. */
static void refused(void *arg, unsigned line, const char *sentence)
{
	struct reports *to = arg;

	if (to->refused++ < SHOWN && line)
		command_fail(to->s->c, 0, "entry %u: %s", line - 1, sentence);
	else if (line == 0)
		command_fail(to->s->c, 0, "%s", sentence);
}

static void noted(void *arg, unsigned line, const char *sentence)
{
	const struct reports *to = arg;

	command_fail(to->s->c, 0, "entry %u: note: %s", line - 1, sentence);
}

static int password_get(struct session *s, const struct sync_options *o, struct buf *password)
{
	struct why why = {0};

	if (o->d.bind == NULL)
		return o->password_file ? command_fail(s->c, EX_USAGE, "'--password-file' needs --bind DN: whose password is it?") : 0;
	switch (secret_read(o->password_file, "DIALTONE_PASSWORD", "password of the directory: ", password, &why)) {
	case SECRET_READ:
		return 0;
	case SECRET_NONE:
		return command_fail(s->c, EX_USAGE, "'--bind %s' needs its password: give --password-file FILE", o->d.bind);
	default:
		return command_fail(s->c, EX_USAGE, "%s", why.text);
	}
}

static int sync_run(struct session *s)
{
	struct sync_options *o = s->c->o;
	struct reports reports = {.s = s};
	struct user_import how = {.dry = o->dry, .refused = refused, .noted = noted, .arg = &reports};
	struct buf password = {0};
	enum admin_result r;
	unsigned gone = 0;
	int rc;

	o->d.uri = s->c->argument[0];
	if (o->d.base == NULL)
		return command_fail(s->c, EX_USAGE, "'--base' is missing: where are the users? like --base OU=Staff,DC=contoso,DC=test");
	for (unsigned f = 0; f < DIRECTORY_FIELDS; f++)
		o->d.attribute[f] = o->map[f][0] ? o->map[f] : NULL;
	if ((rc = password_get(s, o, &password)) != 0)
		return rc;
	o->d.password = buf_view(&password);
	r = directory_sync(&s->admin, &o->d, &how, o->missing, &gone, &s->why);
	buf_wipe(&password);
	if (r == ADMIN_OK && how.users == 0 && gone == 0)
		r = ADMIN_UNCHANGED;
	rc = session_did(s, r);
	session_member(s, "dry_run", json_boolean(o->dry));
	session_member(s, "stored", json_integer((json_int_t)how.users));
	session_member(s, "same", json_integer((json_int_t)how.same));
	session_member(s, "disabled", json_integer((json_int_t)gone));
	if (rc == 0)
		fprintf(stderr, "%zu user%s %s, %zu unchanged, %u disabled\n", how.users, how.users == 1 ? "" : "s",
			o->dry ? "would be stored" : "stored", how.same, gone);
	return rc;
}

const struct site_verb verb_user_sync = {
    {"sync", "URI", "takes new and changed users from a directory (LDAP), like ldaps://dc1.contoso.test; may run from a timer", .options = options,
     .size = sizeof(struct sync_options), .run = site_verb_run},
    sync_run};
