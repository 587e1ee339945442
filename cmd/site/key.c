/* cmd/site/key.c is `dialtone key`: it lists and rolls the keys that the front ends of a pool have in common. */
#include <stdio.h>
#include <string.h>

#include "admin/keys/keys.h"
#include "cmd/site/site.h"
#include "cmd/text.h"
#include "cmd/verbs.h"

struct key_options {
	bool at_once;
};

static const struct option_row options[] = {
    {"--at-once", NULL, "what the key before it has signed, or made, is refused from now on: for a key that somebody else may have", offsetof(struct key_options, at_once)},
    {0}};

static const struct column columns[] = {
    {"kind", COLUMN_TEXT, offsetof(struct key_info, kind)},
    {"id", COLUMN_UNSIGNED, offsetof(struct key_info, id)},
    {"made", COLUMN_TIME, offsetof(struct key_info, made)},
    {"accepted", COLUMN_BOOL, offsetof(struct key_info, accepted)},
    {"until", COLUMN_TIME, offsetof(struct key_info, until), "in use"},
    {"pins", COLUMN_NUMBER, offsetof(struct key_info, pins)},
    {0}};

static void list_one(void *arg, const struct key_info *k)
{
	writer_row(arg, k);
}

static int key_list(struct session *s)
{
	struct writer w;
	int rc;

	session_writer(s, &w);
	writer_list(&w, NULL, columns);
	rc = session_end(s, keys_each(&s->admin, list_one, &w, &s->why));
	if (rc) {
		writer_drop(&w);
		return rc;
	}
	return writer_end(&w);
}

static const char *const after[2][2] = {
    {"the one before it is accepted as long as its tickets live", "what the one before it has signed is refused"},
    {"a PIN of a key before it is made anew when its user signs in with it, or when it is set",
     "PINs of the keys before it are refused: set new ones with 'dialtone pin set', or 'dialtone user import --update'"},
};

static int key_roll(struct session *s)
{
	const struct key_options *o = s->c->o;
	bool pin = strcmp(s->c->argument[0], "pin") == 0;
	unsigned id = 0;
	enum admin_result r = keys_roll(&s->admin, s->c->argument[0], o->at_once, &id, &s->why);

	if (r == ADMIN_OK) {
		session_member(s, "kind", json_string(s->c->argument[0]));
		session_member(s, "id", json_integer(id));
		if (session_people(s))
			text_print(stderr, "%s key %u is in use within a second; %s", s->c->argument[0], id, after[pin][o->at_once]);
	}
	return session_did(s, r);
}

static const struct verb *const verbs[] = {
    SITE_VERB("list", "", "lists the keys, the newest first", key_list),
    SITE_VERB("roll", "KIND", "makes a new key of that kind, ticket or pin, and uses it from now on", key_roll, .options = options, .size = sizeof(struct key_options)),
    NULL};

const struct verb verb_key = {
    .name = "key",
    .what = "the keys that the front ends of a pool have in common: list, roll",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .verbs = verbs,
    .text = "The keys that sign web tickets, and those that PINs are made with, by number. All front ends of a pool have the same.",
    .example = "  dialtone key roll ticket\n  dialtone key roll pin\n",
};
