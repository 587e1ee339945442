/* cmd/site/pin.c: dialtone pin: what Set-CsClientPin, Get-CsClientPinInfo and Unlock-CsClientPin do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/pin.h"
#include "cmd/site/admin.h"
#include "cmd/secret.h"
#include "cmd/verbs.h"

/* "can generate a PIN": random digits until the policy likes them. */
static bool generate(const struct site *site, const struct store_user *u, struct buf *pin)
{
	struct pin_policy policy = {site->MinPasswordLength, site->AllowCommonPatterns};
	unsigned n = site->MinPasswordLength > PIN_DIGITS_MIN ? site->MinPasswordLength : PIN_DIGITS_MIN;

	for (unsigned tries = 0; tries < 1000; tries++) {
		buf_clear(pin);
		while (pin->n < n && pin->n < PIN_DIGITS_MAX) {
			uint8_t v;

			if (!pki_random(&v, 1))
				return false;
			if (v < 250) /* every digit as likely as any other */
				buf_printf(pin, "%u", v % 10u);
		}
		if (!pin->oom && pin_judge(buf_view(pin), &policy, sv_of(u->number), sv_of(u->extension)) == NULL)
			return true;
	}
	return false;
}

static int pin_set(struct admin *a)
{
	bool make = admin_option(a, "--generate") != NULL;
	struct buf pin = {0};
	struct store_user u;
	char why[256], buf[VAULT_WHY];
	const char *no;
	int rc;

	if (make && admin_option(a, "--pin-file"))
		return admin_fail(a, EX_USAGE, "'--generate' and '--pin-file %s' contradict each other; type one of them",
				  admin_option(a, "--pin-file"));
	if ((rc = admin_user(a, &u)) != 0 || !admin_secret(a))
		return rc ? rc : EX_CONFIG;
	if (make) {
		if (!generate(&a->site, &u, &pin))
			rc = admin_fail(a, EX_SOFTWARE, "no PIN could be made: %s", pki_error());
	} else {
		switch (secret_read(admin_option(a, "--pin-file"), "DIALTONE_PIN", "New PIN: ", &pin, why, sizeof why)) {
		case SECRET_READ:
			break;
		case SECRET_FAILED:
			rc = admin_fail(a, EX_USAGE, "%s", why);
			break;
		default:
			rc = admin_fail(a, EX_USAGE, "there is no PIN; give --pin-file FILE, or $DIALTONE_PIN, or --generate");
		}
	}
	if (rc == 0 && (no = vault_pin_set(a->secret, &a->site, a->store, &u, buf_view(&pin), false, a->now, buf)) != NULL)
		rc = admin_fail(a, EX_USAGE, "the PIN of %s is refused: %s", u.aor, no);
	if (rc == 0) {
		admin_audit(a, u.aor, "pin set");
		if (make && a->json)
			rc = admin_print(json_pack("{s:s, s:s}", "address", u.aor, "pin", buf_cstr(&pin)));
		else if (make)
			printf(SV_FMT "\n", SV_ARG(buf_view(&pin)));
	}
	buf_wipe(&pin);
	return rc;
}

static void unlock(void *arg, size_t i, struct store_pin *p)
{
	struct pin_counters c;

	(void)arg;
	(void)i;
	pin_unlock(&c);
	p->local = c.local;
	p->global = c.global;
	p->local_since = c.local_since;
	p->locked_until = c.locked_until;
}

static int pin_unlock_verb(struct admin *a)
{
	struct store_user u;
	enum store_result r;
	int rc = admin_user(a, &u);

	if (rc)
		return rc;
	if ((r = a->store->ops->pin_step(a->store, &u.id, 1, unlock, NULL)) != STORE_OK)
		return admin_store_failed(a, r, u.aor);
	admin_audit(a, u.aor, "pin unlock");
	return 0;
}

/* ---- show ------------------------------------------------------------------------------------------------------ */

struct pin_info {
	bool set, locked;
	unsigned local, global; /* failures: in the last half an hour, in all */
	struct pin_limits limit;
	char expires[32], until[32];
};

static int info_of(struct admin *a, const struct store_user *u, struct pin_info *ret)
{
	struct store_pin p = {0};
	enum store_result r = a->store->ops->pin_get(a->store, u->id, &p);
	struct pin_counters c = {p.local, p.global, p.local_since, p.locked_until};
	enum pin_gate gate;

	if (r != STORE_OK && r != STORE_NONE)
		return admin_store_failed(a, r, u->aor);
	ret->limit = pin_limits(p.length, a->site.MaximumLogonAttempts);
	gate = pin_gate(&c, ret->limit, a->now);
	ret->set = p.set;
	ret->locked = gate != PIN_OPEN;
	ret->local = p.local_since && a->now - p.local_since < PIN_WINDOW ? p.local : 0;
	ret->global = p.global;
	admin_time(ret->expires, p.set && a->site.PINLifetime ? p.set_at + (int64_t)a->site.PINLifetime * 86400 : 0, "never");
	admin_time(ret->until, gate == PIN_LOCKED ? p.locked_until : 0, gate == PIN_LOCKED_GLOBAL ? "unlocked by hand" : "-");
	return 0;
}

static json_t *info_json(const struct store_user *u, const struct pin_info *i)
{
	return json_pack("{s:s, s:b, s:b, s:s, s:s, s:i, s:i, s:i, s:i}", "address", u->aor, "IsPinSet", i->set, "IsLockedOut",
			 i->locked, "PinExpirationTime", i->expires, "locked_until", i->until, "local", (int)i->local,
			 "local_limit", (int)i->limit.local, "global", (int)i->global, "global_limit", (int)i->limit.global);
}

struct everybody { /* gathered first: the store is not asked while it lists */
	struct store_user *user;
	size_t n, cap;
	bool oom;
};

static bool gather(void *arg, const struct store_user *u)
{
	struct everybody *e = arg;

	if (e->n == e->cap) {
		struct store_user *more = realloc(e->user, (e->cap * 2 + 64) * sizeof *more);

		if (more == NULL) {
			e->oom = true;
			return false;
		}
		e->user = more;
		e->cap = e->cap * 2 + 64;
	}
	e->user[e->n++] = *u;
	return true;
}

static int show_all(struct admin *a)
{
	struct everybody e = {0};
	json_t *all = a->json ? json_array() : NULL;
	enum store_result r = a->store->ops->user_each(a->store, gather, &e);
	int rc = e.oom ? admin_fail(a, EX_SOFTWARE, "out of memory") : r == STORE_OK ? 0 : admin_store_failed(a, r, "pin show");

	for (size_t i = 0; rc == 0 && i < e.n; i++) {
		struct pin_info info = {0};

		rc = info_of(a, &e.user[i], &info);
		if (rc)
			break;
		if (all)
			json_array_append_new(all, info_json(&e.user[i], &info));
		else
			printf("%-32s %-8s %-7s failures %u of %u, %u of %u  until %s  expires %s\n", e.user[i].aor,
			       info.set ? "set" : "not set", info.locked ? "locked" : "open", info.local, info.limit.local,
			       info.global, info.limit.global, info.until, info.expires);
	}
	free(e.user);
	if (rc == 0 && all)
		return admin_print(all);
	json_decref(all);
	return rc;
}

static int pin_show(struct admin *a)
{
	struct store_user u;
	struct pin_info i = {0};
	int rc;

	if (a->arguments == 0)
		return show_all(a);
	if ((rc = admin_user(a, &u)) != 0 || (rc = info_of(a, &u, &i)) != 0)
		return rc;
	if (a->json)
		return admin_print(info_json(&u, &i));
	printf("address            %s\nIsPinSet           %s\nIsLockedOut        %s\nPinExpirationTime  %s\nlocked until       %s\n"
	       "failures           %u of %u in half an hour, %u of %u in all\n",
	       u.aor, i.set ? "True" : "False", i.locked ? "True" : "False", i.expires, i.until, i.local, i.limit.local, i.global,
	       i.limit.global);
	return 0;
}

/* ---- the verb -------------------------------------------------------------------------------------------------- */

static const struct admin_option set_options[] = {
    {"--pin-file", "FILE", "the PIN is its first line (or $DIALTONE_PIN; else it asks)"},
    {"--generate", NULL, "makes one and prints it"},
    {0}};

static const struct admin_verb verbs[] = {
    {"set", "ADDRESS", 1, 1, set_options, pin_set, "sets the PIN; counters start again"},
    {"unlock", "ADDRESS", 1, 1, NULL, pin_unlock_verb, "lets him try again"},
    {"show", "[ADDRESS]", 0, 1, NULL, pin_show,
     "says of one user or of all whether it is set, locked, when it expires; never the PIN"},
    {0},
};

int cmd_pin(int argc, char **argv)
{
	static const struct admin_group group = {"pin", "the PINs of users", verbs,
						 "  dialtone pin set alice@contoso.test --generate\n"
						 "  dialtone pin show\n"
						 "  dialtone pin unlock alice@contoso.test\n"};

	return admin_main(argc, argv, &group);
}
