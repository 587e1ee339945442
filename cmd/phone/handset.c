/* cmd/phone/handset.c: dialtone handset: the keys of a phone that runs on this machine (dialtone connect --stay). */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/sv.h"
#include "base/text.h"
#include "cmd/phone/run.h"
#include "cmd/secret.h"
#include "cmd/text.h"
#include "cmd/verbs.h"
#include "cmd/writer.h"
#include "host/handset.h"

#define WAIT_S 180

struct handset_options {
	const char *state, *mac, *extension, *number, *pin_file, *user, *password_file, *sip;
	bool no_wait;
};

struct handset_call {
	struct command *command;
	const struct handset_options *o;
	char dir[PATH_MAX];
	json_t *answer;
};

/* ---- which phone ------------------------------------------------------------------------------------------------ */

/* The only phone that runs below the usual folder. */
static int find_only(struct handset_call *c, const char *base)
{
	DIR *d = opendir(base);
	struct dirent *e;
	char path[PATH_MAX];
	unsigned n = 0;

	while (d && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || (size_t)snprintf(path, sizeof path, "%s/%s/" HANDSET_NAME, base, e->d_name) >= sizeof path ||
		    access(path, F_OK) != 0)
			continue;
		n++;
		text_set(c->dir, sizeof c->dir, "%s/%s", base, e->d_name);
	}
	if (d)
		closedir(d);
	if (n == 1)
		return 0;
	return command_fail(c->command, EX_USAGE, "%s below %s: name it with --state DIR or --mac M",
			    n ? "more than one phone runs" : "no phone runs", base);
}

static int find_phone(struct handset_call *c)
{
	char base[PATH_MAX];
	uint8_t mac[6];

	if (c->o->state) {
		snprintf(c->dir, sizeof c->dir, "%s", c->o->state);
		return 0;
	}
	if (!phone_state_base(base, sizeof base))
		return command_fail(c->command, EX_CONFIG, "$HOME is too long: give a folder with --state");
	if (c->o->mac == NULL)
		return find_only(c, base);
	if (!mac_read(sv_of(c->o->mac), mac))
		return command_fail(c->command, EX_USAGE, "'--mac %s': type one like 00:04:f2:12:34:56", c->o->mac);
	text_set(c->dir, sizeof c->dir, "%s/%02x%02x%02x%02x%02x%02x", base, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return 0;
}

/* ---- one question ----------------------------------------------------------------------------------------------- */

/* Takes the question, which may carry secrets: its text is wiped.  0, or the status after a sentence. */
static int call_ask(struct handset_call *c, json_t *question)
{
	char *line = question ? json_dumps(question, JSON_COMPACT) : NULL;
	struct buf answer = {0};
	struct why why = {0};
	int e = line ? handset_ask(c->dir, line, &answer, &why) : -ENOMEM;

	if (line)
		explicit_bzero(line, strlen(line));
	free(line);
	json_decref(question);
	json_decref(c->answer);
	c->answer = e == 0 ? json_loadb((const char *)answer.p, answer.n, 0, NULL) : NULL;
	buf_wipe(&answer);
	if (e < 0)
		return command_fail(c->command, e == -ENOMEM ? EX_SOFTWARE : EX_UNAVAILABLE, "%s", why.text);
	if (!json_is_object(c->answer))
		return command_fail(c->command, EX_PROTOCOL, "the phone's answer cannot be read");
	if (json_is_true(json_object_get(c->answer, "ok")))
		return 0;
	return command_fail(c->command, 1, "%s", json_string_value(json_object_get(c->answer, "why")));
}

static const char *status_text(const struct handset_call *c, const char *key)
{
	const char *s = json_string_value(json_object_get(json_object_get(c->answer, "status"), key));

	return s ? s : "";
}

static int call_show(struct handset_call *c)
{
	json_t *status = json_object_get(c->answer, "status"), *value;
	const char *key;
	struct writer w;

	writer_begin(&w, stdout, c->command->json ? WRITER_JSON : WRITER_TEXT);
	json_object_foreach(status, key, value) {
		char number[24] = "";

		if (json_is_integer(value))
			snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
		writer_member(&w, key, json_is_string(value) ? json_string_value(value) : number[0] ? number : json_is_true(value) ? "yes" : "no",
			      json_incref(value));
	}
	return writer_end(&w);
}

/* Until the phone has left the state that what was asked for put it into. */
static int call_wait(struct handset_call *c, bool (*over)(const struct handset_call *c))
{
	const struct timespec pause = {0, 200000000};

	for (unsigned i = 0; i < WAIT_S * 5; i++) {
		int rc = call_ask(c, json_pack("{ss}", "do", "status"));

		if (rc || over(c))
			return rc;
		nanosleep(&pause, NULL);
	}
	return command_fail(c->command, EX_TEMPFAIL, "the phone is not done after %d s: ask it later with: dialtone handset status", WAIT_S);
}

static bool status_is(const struct handset_call *c, const char *key)
{
	return json_is_true(json_object_get(json_object_get(c->answer, "status"), key));
}

static bool over_guest(const struct handset_call *c)
{
	const char *state = status_text(c, "state");

	return (strcmp(state, "signed-in") == 0 && status_is(c, "guest")) || (!status_is(c, "guest") && status_text(c, "error")[0]);
}

static bool over_signing_in(const struct handset_call *c)
{
	const char *state = status_text(c, "state");

	return strcmp(state, "signed-in") == 0 || (strcmp(state, "ready") == 0 && status_text(c, "error")[0]);
}

static bool over_signing_out(const struct handset_call *c)
{
	return strcmp(status_text(c, "state"), "signing-out") != 0;
}

static bool over_sending(const struct handset_call *c)
{
	return strcmp(status_text(c, "logs"), "sending") != 0;
}

/* ---- what people do ----------------------------------------------------------------------------------------------- */

static int handset_status(struct handset_call *c)
{
	int rc = call_ask(c, json_pack("{ss}", "do", "status"));

	return rc ? rc : call_show(c);
}

static int read_secret(struct handset_call *c, const char *file, const char *environment, const char *prompt, struct buf *ret)
{
	struct why why = {0};

	switch (secret_read(file, environment, prompt, ret, &why)) {
	case SECRET_READ:
		return 0;
	case SECRET_FAILED:
		return command_fail(c->command, EX_CONFIG, "%s", why.text);
	default:
		return command_fail(c->command, EX_USAGE, "no secret: give a file, or set %s, or run it on a terminal", environment);
	}
}

static int sign_in_as(struct handset_call *c, const char *verb)
{
	const struct handset_options *o = c->o;
	const char *number = o->extension ? o->extension : o->number;
	bool guest = strcmp(verb, "guest") == 0;
	struct buf secret = {0};
	char prompt[300];
	int rc;

	if (!number && !(o->user && o->sip))
		return command_fail(c->command, EX_USAGE, "who? type --extension N or --number N, or --user 'DOMAIN\\USER' --sip USER@DOMAIN");
	snprintf(prompt, sizeof prompt, "%s of %s: ", number ? "PIN" : "Password", number ? number : o->user);
	rc = read_secret(c, number ? o->pin_file : o->password_file, number ? "DIALTONE_PIN" : "DIALTONE_PASSWORD", prompt, &secret);
	if (rc == 0 && number)
		rc = call_ask(c, json_pack("{ss ss ss}", "do", verb, "number", number, "pin", buf_cstr(&secret)));
	else if (rc == 0)
		rc = call_ask(c, json_pack("{ss ss ss ss}", "do", verb, "login", o->user, "password", buf_cstr(&secret), "sip", o->sip));
	buf_wipe(&secret);
	if (rc == 0 && !o->no_wait)
		rc = call_wait(c, guest ? over_guest : over_signing_in);
	if (rc || o->no_wait)
		return rc;
	if (strcmp(status_text(c, "state"), "signed-in") == 0 && status_is(c, "guest") == guest)
		return call_show(c);
	rc = (int)json_integer_value(json_object_get(json_object_get(c->answer, "status"), "stage"));
	return command_fail(c->command, rc >= 1 && rc <= 9 ? rc : EX_UNAVAILABLE, "stage %d: %s: %s", rc, status_text(c, "why"),
			    status_text(c, "fix"));
}

static int handset_sign_in(struct handset_call *c)
{
	return sign_in_as(c, "sign-in");
}

static int handset_guest(struct handset_call *c)
{
	return sign_in_as(c, "guest");
}

static int handset_sign_out_verb(struct handset_call *c)
{
	int rc = call_ask(c, json_pack("{ss}", "do", "sign-out"));

	return rc ? rc : call_wait(c, over_signing_out);
}

static int lock_with(struct handset_call *c, const char *verb, bool asks)
{
	struct buf pin = {0};
	int rc = 0;

	if (asks || c->o->pin_file)
		rc = read_secret(c, c->o->pin_file, "DIALTONE_PIN", "PIN of the lock: ", &pin);
	if (rc == 0)
		rc = call_ask(c, json_pack("{ss ss}", "do", verb, "pin", buf_cstr(&pin)));
	buf_wipe(&pin);
	return rc;
}

static int handset_lock(struct handset_call *c)
{
	return lock_with(c, "lock", false);
}

static int handset_unlock(struct handset_call *c)
{
	return lock_with(c, "unlock", true);
}

static int handset_send_logs(struct handset_call *c)
{
	int rc = call_ask(c, json_pack("{ss}", "do", "send-logs"));

	if (rc == 0)
		rc = call_wait(c, over_sending);
	if (rc || strcmp(status_text(c, "logs"), "sent") == 0)
		return rc;
	return command_fail(c->command, EX_UNAVAILABLE, "the update service did not take the log: its own log says why");
}

static int handset_restart(struct handset_call *c)
{
	return call_ask(c, json_pack("{ss}", "do", "restart"));
}

/* ---- the verbs ----------------------------------------------------------------------------------------------------- */

struct handset_verb {
	struct verb verb; /* the first member */
	int (*run)(struct handset_call *c);
};

static int handset_run(struct command *command)
{
	struct handset_call c = {.command = command, .o = command->o};
	int rc = find_phone(&c);

	if (rc == 0)
		rc = ((const struct handset_verb *)command->verb)->run(&c);
	json_decref(c.answer);
	return rc;
}

#define AT(field) offsetof(struct handset_options, field)

/* clang-format off */
static const struct option_row which_options[] = {
	{"--state",         "DIR",       "the folder of the phone's state (default: the one phone that runs)", AT(state)},
	{"--mac",           "M",         "the phone's MAC address, instead of its folder", AT(mac)},
	{0},
};
static const struct option_row who_options[] = {
	{"--extension",     "N",         "sign in with this extension and a PIN", AT(extension)},
	{"--number",        "N",         "sign in with this phone number and a PIN", AT(number)},
	{"--pin-file",      "FILE",      "the PIN (or the variable DIALTONE_PIN, or it is asked for)", AT(pin_file)},
	{"--user",          "DOM\\USER", "sign in with user name and password", AT(user)},
	{"--password-file", "FILE",      "the password (or the variable DIALTONE_PASSWORD, or it is asked for)", AT(password_file)},
	{"--sip",           "USER@DOM",  "the sign-in address; with --user", AT(sip)},
	{"--no-wait",       NULL,        "do not wait until it is signed in", AT(no_wait)},
	{0},
};
static const struct option_row lock_options[] = {
	{"--pin-file",      "FILE",      "the PIN of the lock (or the variable DIALTONE_PIN, or it is asked for)", AT(pin_file)},
	{0},
};
/* clang-format on */

#define HANDSET_VERB(name, what, function, ...) \
	&(const struct handset_verb){{(name), "", (what), .run = handset_run, ##__VA_ARGS__}, (function)}.verb

static const struct verb *const verbs[] = {
    HANDSET_VERB("status", "what the phone is doing, and who is signed in", handset_status),
    HANDSET_VERB("sign-in", "signs a user in, and waits for dial tone", handset_sign_in, .options = who_options),
    HANDSET_VERB("guest", "signs a guest in at a common-area phone (hot-desking)", handset_guest, .options = who_options),
    HANDSET_VERB("sign-out", "signs the user out; the phone forgets them", handset_sign_out_verb),
    HANDSET_VERB("lock", "locks the phone; with --pin-file, that PIN opens it from now on", handset_lock, .options = lock_options),
    HANDSET_VERB("unlock", "opens the lock", handset_unlock, .options = lock_options),
    HANDSET_VERB("send-logs", "sends the phone's log to the update service", handset_send_logs),
    HANDSET_VERB("restart", "switches the phone off and on", handset_restart),
    NULL};

const struct verb verb_handset = {
    .name = "handset",
    .what = "act on a phone that runs: sign in, lock, send its log",
    .shared = which_options,
    .verbs = verbs,
    .size = sizeof(struct handset_options),
    .flags = VERB_JSON,
    .text = "Acts on a phone that runs on this machine and stays there.",
    .example = "  dialtone handset sign-in --extension 4411\n"
	       "  dialtone handset status\n",
    .status = "exit status: 0 done, 1 the phone refuses, 1-9 the stage in which the sign-in failed,\n69 no phone runs there, 64 usage",
};
