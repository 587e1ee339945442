#include "cmd/doctor/store_look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "admin/certs.h"
#include "admin/pins.h"
#include "admin/users.h"
#include "base/clock.h"
#include "base/text.h"
#include "server/site/conf.h"

struct look {
	struct admin admin;
	struct site site;
	struct store_user user;
	struct pin_info pin;
	unsigned certs; /* that have not expired */
	int64_t now;
};

static void note(struct doctor_answer *a, enum dt_sign sign)
{
	dt_signs_add(a->sign, sign);
	a->ok = false;
}

static void count(void *arg, const struct cert_info *c)
{
	struct look *l = arg;

	l->certs += !c->expired;
}

/* The server says one sentence for all of these [web-services 12.2]: a guesser learns nothing. */
static void look_at_pin(struct look *l, struct doctor_answer *a)
{
	struct store_user other;

	if (users_share_extension(&l->admin, &l->user, &other) == ADMIN_OK)
		note(a, DT_SIGN_STORE_SHARED);
	if (!l->pin.set)
		note(a, DT_SIGN_STORE_PIN_NONE);
	else if (l->pin.locked || l->user.pin_locked)
		note(a, DT_SIGN_STORE_PIN_LOCKED);
	else if (l->pin.expires && l->pin.expires < l->now)
		note(a, DT_SIGN_STORE_PIN_EXPIRED);
	else
		dt_signs_add(a->sign, DT_SIGN_STORE_PIN_GOOD);
}

static void look_at_user(struct look *l, struct doctor_answer *a)
{
	struct why why = {0};

	if (!l->user.enabled)
		note(a, DT_SIGN_STORE_DISABLED);
	if (pins_info(&l->admin, &l->user, &l->pin, &why) == ADMIN_OK)
		look_at_pin(l, a);
	if (certs_each(&l->admin, &l->user, count, l, &why) == ADMIN_OK && l->certs == 0)
		dt_signs_add(a->sign, DT_SIGN_STORE_CERT_NONE);
	text_set(a->text, sizeof a->text, "%s: %s, PIN %s, %u certificate%s, home pool %s", l->user.aor, l->user.enabled ? "enabled" : "disabled",
		 !l->pin.set ? "not set" : l->pin.locked || l->user.pin_locked ? "locked" : "set", l->certs, l->certs == 1 ? "" : "s",
		 l->user.home_pool[0] ? l->user.home_pool : "this one");
}

static const char *who_of(const struct phone_options *o)
{
	return o->extension ? o->extension : o->number ? o->number : o->sip ? o->sip : o->user;
}

static int look_with(struct look *l, struct command *c, const char *who, struct doctor_answer *a)
{
	struct why why = {0};
	enum admin_result r;

	if (!conf_read(c->conf, &l->site, &why) || admin_open(&l->admin, &l->site, l->now, "doctor", &why) != ADMIN_OK)
		return command_fail(c, EX_CONFIG, "%s", why.text);
	r = users_get(&l->admin, who, &l->user, &why);
	if (r != ADMIN_OK && r != ADMIN_NONE && r != ADMIN_REFUSED)
		return command_fail(c, EX_CONFIG, "%s", why.text);
	*a = (struct doctor_answer){.stage = DT_STAGE_AUTH, .ok = true};
	text_set(a->what, sizeof a->what, "store: %s", who);
	if (r == ADMIN_OK)
		look_at_user(l, a);
	else /* REFUSED: it is more than one user's */
		note(a, r == ADMIN_NONE ? DT_SIGN_STORE_NOBODY : DT_SIGN_STORE_SHARED);
	if (r != ADMIN_OK)
		text_set(a->text, sizeof a->text, "%s", dt_signs[a->sign[0]].what);
	return 0;
}

int store_look(struct command *c, const struct phone_options *o, struct doctor_answer *ret)
{
	const char *who = who_of(o);
	struct look *l;
	int rc;

	if (!c->site_given || who == NULL)
		return 0;
	l = calloc(1, sizeof *l);
	if (l == NULL)
		return command_fail(c, EX_SOFTWARE, "out of memory");
	l->now = clock_unix_ms() / 1000;
	rc = look_with(l, c, who, ret);
	admin_close(&l->admin);
	free(l);
	return rc;
}
