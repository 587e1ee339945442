/* cmd/pin.c: dialtone pin: what Set-CsClientPin, Get-CsClientPinInfo and Unlock-CsClientPin do. */
#include <stdio.h>
#include <string.h>

#include "auth/pin.h"
#include "cmd/admin.h"
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
	int rc = admin_user(a, &u);

	if (rc || !admin_secret(a))
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
		if (make)
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

static int pin_show(struct admin *a)
{
	struct store_user u;
	struct store_pin p = {0};
	struct pin_counters c;
	struct pin_limits l;
	enum pin_gate gate;
	enum store_result r;
	char expires[32], until[32];
	int64_t end;
	int rc = admin_user(a, &u);

	if (rc)
		return rc;
	r = a->store->ops->pin_get(a->store, u.id, &p);
	if (r != STORE_OK && r != STORE_NONE)
		return admin_store_failed(a, r, u.aor);
	c = (struct pin_counters){p.local, p.global, p.local_since, p.locked_until};
	l = pin_limits(p.length, a->site.MaximumLogonAttempts);
	gate = pin_gate(&c, l, a->now);
	end = p.set && a->site.PINLifetime ? p.set_at + (int64_t)a->site.PINLifetime * 86400 : 0;
	admin_time(expires, end, "never");
	admin_time(until, gate == PIN_LOCKED ? p.locked_until : 0, gate == PIN_LOCKED_GLOBAL ? "unlocked by hand" : "-");
	if (a->json)
		return admin_print(json_pack("{s:s, s:b, s:b, s:s, s:s, s:i, s:i, s:i, s:i}", "address", u.aor, "IsPinSet", p.set,
					     "IsLockedOut", gate != PIN_OPEN, "PinExpirationTime", expires, "locked_until", until,
					     "local", (int)p.local, "local_limit", (int)l.local, "global", (int)p.global,
					     "global_limit", (int)l.global));
	printf("address            %s\nIsPinSet           %s\nIsLockedOut        %s\nPinExpirationTime  %s\nlocked until       %s\n"
	       "failures           %u of %u in half an hour, %u of %u in all\n",
	       u.aor, p.set ? "True" : "False", gate != PIN_OPEN ? "True" : "False", expires, until,
	       p.local_since && a->now - p.local_since < PIN_WINDOW ? p.local : 0, l.local, p.global, l.global);
	return 0;
}

static const struct admin_option set_options[] = {
    {"--pin-file", "FILE", "the PIN is its first line (or $DIALTONE_PIN; else it asks)"},
    {"--generate", NULL, "makes one and prints it"},
    {0}};

static const struct admin_verb verbs[] = {
    {"set", "ADDRESS", 1, 1, set_options, pin_set, "sets the PIN; counters start again"},
    {"unlock", "ADDRESS", 1, 1, NULL, pin_unlock_verb, "lets him try again"},
    {"show", "ADDRESS", 1, 1, NULL, pin_show, "says whether it is set, locked, when it expires; never the PIN"},
    {0},
};

int cmd_pin(int argc, char **argv)
{
	static const struct admin_group group = {"pin", "the PINs of users", verbs,
						 "  dialtone -c DIR/dialtone.conf pin set alice@contoso.test --generate\n"
						 "  dialtone -c DIR/dialtone.conf pin unlock alice@contoso.test\n"};

	return admin_main(argc, argv, &group);
}
