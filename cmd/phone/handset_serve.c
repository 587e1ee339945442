#include "cmd/phone/handset_serve.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/json_line.h"

struct handset_ask {
	const json_t *j;
};

static const char *ask_text(const struct handset_ask *a, const char *key)
{
	const char *s = json_string_value(json_object_get(a->j, key));

	return s && s[0] ? s : NULL;
}

/* ---- what can be asked ---------------------------------------------------------------------------------------- */

static enum dt_handset do_status(struct dt_phone *ph, struct handset_ask *a)
{
	(void)ph;
	(void)a;
	return DT_H_OK;
}

static struct dt_sign_in ask_who(const struct handset_ask *a)
{
	return (struct dt_sign_in){.number = ask_text(a, "number"), .pin = ask_text(a, "pin"), .login = ask_text(a, "login"),
				   .password = ask_text(a, "password"), .sip = ask_text(a, "sip")};
}

static enum dt_handset do_sign_in(struct dt_phone *ph, struct handset_ask *a)
{
	struct dt_sign_in who = ask_who(a);

	return dt_phone_sign_in(ph, &who);
}

static enum dt_handset do_guest(struct dt_phone *ph, struct handset_ask *a)
{
	struct dt_sign_in who = ask_who(a);

	return dt_phone_guest(ph, &who);
}

static enum dt_handset do_sign_out(struct dt_phone *ph, struct handset_ask *a)
{
	(void)a;
	return dt_phone_sign_out(ph);
}

static enum dt_handset do_lock(struct dt_phone *ph, struct handset_ask *a)
{
	return dt_phone_lock(ph, ask_text(a, "pin"));
}

static enum dt_handset do_unlock(struct dt_phone *ph, struct handset_ask *a)
{
	return dt_phone_unlock(ph, ask_text(a, "pin"));
}

static enum dt_handset do_send_logs(struct dt_phone *ph, struct handset_ask *a)
{
	(void)a;
	return dt_phone_send_logs(ph);
}

static enum dt_handset do_restart(struct dt_phone *ph, struct handset_ask *a)
{
	(void)a;
	return dt_phone_power_cycle(ph);
}

static const struct {
	const char *name;
	enum dt_handset (*run)(struct dt_phone *ph, struct handset_ask *a);
} asks[] = {{"status", do_status},   {"sign-in", do_sign_in},	  {"guest", do_guest},	     {"sign-out", do_sign_out}, {"lock", do_lock},
	    {"unlock", do_unlock},   {"send-logs", do_send_logs}, {"restart", do_restart}};

/* ---- the answer ------------------------------------------------------------------------------------------------ */

static json_t *serve_status(const struct dt_phone *ph, const char *usb_code)
{
	struct dt_status s;
	json_t *j;

	dt_phone_status(ph, &s);
	j = json_pack("{ss so sb so ss sb si sb sb sb si si so so ss}", "state", dt_phase_names[s.state], "user", json_text(s.user), "guest", s.guest, "registrar",
		      json_text(s.registrar), "version", s.version, "EnableHotdesking", s.hotdesking, "HotdeskingTimeout", (int)s.hotdesking_s, "locked", s.locked, "lock_set", s.lock_set, "EnforcePhoneLock",
		      s.lock_enforced, "PhoneLockTimeout", (int)s.lock_minutes, "MinPhonePinLength", (int)s.lock_min_length,
		      "SIPSecurityMode", json_text(s.sip_security), "LoggingLevel", json_text(s.logging), "logs", dt_logs_names[s.logs]);
	if (j && usb_code[0]) {
		json_object_set_new(j, "usb_code", json_string(usb_code));
		json_object_set_new(j, "tethered", json_boolean(s.tethered));
	}
	if (j && s.failure != DT_F_OK) {
		json_object_set_new(j, "stage", json_integer(s.stage));
		json_object_set_new(j, "error", json_string(dt_failures[s.failure].code));
		json_object_set_new(j, "why", json_text(s.why[0] ? s.why : dt_failures[s.failure].what));
		json_object_set_new(j, "fix", json_string(dt_failures[s.failure].fix));
	}
	return j;
}

static void serve_write(struct buf *to, json_t *j)
{
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	buf_str(to, text ? text : "{\"ok\":false,\"code\":\"memory\",\"why\":\"out of memory\"}");
	free(text);
	json_decref(j);
}

/* jansson keeps strings in memory of its own: those that are secret are overwritten before it gives them back. */
static void serve_wipe(json_t *j)
{
	static const char *const secret[] = {"pin", "password"};

	for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
		const char *s = json_string_value(json_object_get(j, secret[i]));

		if (s)
			explicit_bzero((char *)s, strlen(s));
	}
	json_decref(j);
}

void handset_serve(struct dt_phone *ph, const char *usb_code, char *line, struct buf *answer)
{
	json_t *j = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	struct handset_ask a = {.j = j};
	const char *what = json_string_value(json_object_get(j, "do"));
	enum dt_handset h = DT_HANDSET_COUNT;

	explicit_bzero(line, strlen(line));
	if (what && strcmp(what, "status") != 0)
		dt_phone_touch(ph);
	for (size_t i = 0; what && i < sizeof asks / sizeof *asks; i++)
		if (strcmp(what, asks[i].name) == 0)
			h = asks[i].run(ph, &a);
	serve_wipe(j);
	if (h == DT_H_OK)
		serve_write(answer, json_pack("{sb so}", "ok", 1, "status", serve_status(ph, usb_code)));
	else if (h == DT_HANDSET_COUNT)
		serve_write(answer, json_pack("{sb ss ss}", "ok", 0, "code", "question", "why", "the phone does not know that question"));
	else
		serve_write(answer, json_pack("{sb ss ss so}", "ok", 0, "code", dt_handset_answers[h].code, "why",
					      dt_handset_answers[h].what, "status", serve_status(ph, usb_code)));
}
