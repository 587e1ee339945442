#include "phone/run/lock.h"

#include "base/enc.h"
#include "phone/internal.h"
#include "phone/run/persist.h"
#include "pki/key.h"

#define ROUNDS 20000 /* the file is the phone's alone, as its private key is: this slows a reader down, no more */
#define WRONG_MAX 5
#define PIN_MAX 24

/* ---- what lasts ------------------------------------------------------------------------------------------- */

static bool lock_save(struct dt_phone *ph)
{
	struct ph_lock *l = &ph->lock;
	char salt[2 * LOCK_SALT + 1], hash[65];
	struct buf b = {0};
	bool ok;

	hex_write(salt, l->salt, sizeof l->salt, false);
	hex_write(hash, l->hash, sizeof l->hash, false);
	buf_printf(&b, "%u %u %s %s\n", l->locked, l->wrong, salt, hash);
	ok = persist_save_changed(ph, DT_STATE_LOCK, &b);
	buf_wipe(&b);
	explicit_bzero(hash, sizeof hash);
	return ok;
}

void lock_load(struct dt_phone *ph)
{
	struct ph_lock l = {.set = true};
	struct buf b = {0};
	struct sv line, locked, wrong, salt;
	uint64_t n[2];

	ph->lock = (struct ph_lock){0};
	if (persist_load(ph, DT_STATE_LOCK, &b)) {
		line = sv_trim(buf_view(&b));
		locked = sv_cut(&line, ' ');
		wrong = sv_cut(&line, ' ');
		salt = sv_cut(&line, ' ');
		if (line.p && sv_u64(locked, 1, &n[0]) && sv_u64(wrong, WRONG_MAX, &n[1]) && salt.n == 2 * sizeof l.salt &&
		    line.n == 2 * sizeof l.hash && hex_read(salt, l.salt, sizeof l.salt) && hex_read(line, l.hash, sizeof l.hash)) {
			l.locked = n[0];
			l.wrong = (unsigned)n[1];
			ph->lock = l;
		}
	}
	buf_wipe(&b);
}

void lock_clear(struct dt_phone *ph)
{
	if (ph->lock.set)
		persist_forget(ph, DT_STATE_LOCK);
	explicit_bzero(&ph->lock, sizeof ph->lock);
	ph_timer_off(ph, T_LOCK);
}

/* ---- the PIN ---------------------------------------------------------------------------------------------- */

static bool lock_hash(const struct ph_lock *l, const char *pin, uint8_t out[32])
{
	return pki_pbkdf2(pin, strlen(pin), l->salt, sizeof l->salt, ROUNDS, out);
}

static bool lock_fits(const struct dt_phone *ph, const char *pin)
{
	size_t n = strlen(pin);

	return n && n >= ph->policy.lock_min_length && n <= PIN_MAX && strspn(pin, "0123456789") == n;
}

static bool lock_take(struct dt_phone *ph, const char *pin)
{
	struct ph_lock l = {.set = true};

	ph_random(ph, l.salt, sizeof l.salt);
	if (!lock_hash(&l, pin, l.hash))
		return false;
	ph->lock = l;
	return lock_save(ph);
}

bool lock_closed(const struct dt_phone *ph)
{
	return ph->lock.locked || ph->lock.by_pc;
}

/* ---- closing and opening ------------------------------------------------------------------------------------ */

static void lock_report(struct dt_phone *ph, const char *what, const char *found)
{
	struct attempt a;

	attempt_begin(ph, &a, "%s", what);
	attempt_ok(ph, &a, found, NULL);
}

bool lock_set(struct dt_phone *ph, bool locked)
{
	ph->lock.locked = locked;
	ph->lock.wrong = 0;
	return lock_save(ph);
}

void lock_used(struct dt_phone *ph)
{
	/* a phone that is everybody's locks nobody out: it is given back instead */
	if (ph->conf.appliance && ph->run.registered && !ph->policy.hotdesking && ph->policy.lock_enforced && ph->policy.lock_minutes && ph->lock.set && !lock_closed(ph))
		ph_timer_set(ph, T_LOCK, ph->policy.lock_minutes * 60000ull);
	else
		ph_timer_off(ph, T_LOCK);
}

void lock_timer(struct dt_phone *ph)
{
	char found[64];

	if (ph->lock.locked || !ph->lock.set)
		return;
	text_set(found, sizeof found, "nobody touched the phone for %u min", ph->policy.lock_minutes);
	lock_set(ph, true);
	lock_report(ph, "lock", found);
}

void lock_signed_in(struct dt_phone *ph)
{
	if (ph->conf.appliance && !desk_guest(ph) && !ph->lock.set && ph->conf.pin && lock_fits(ph, ph->conf.pin))
		lock_take(ph, ph->conf.pin);
	lock_used(ph);
}

enum dt_handset dt_phone_lock(struct dt_phone *ph, const char *pin)
{
	enum dt_handset h = DT_H_OK;

	if (handset_nobody(ph))
		h = DT_H_NOBODY;
	else if (lock_closed(ph))
		h = DT_H_LOCKED;
	else if (desk_guest(ph))
		h = DT_H_GUEST;
	else if (pin && !lock_fits(ph, pin))
		h = DT_H_SHORT;
	else if (pin == NULL && !ph->lock.set)
		h = DT_H_NO_PIN;
	else if ((pin && !lock_take(ph, pin)) || !lock_set(ph, true))
		h = DT_H_MEMORY;
	if (h == DT_H_OK)
		lock_report(ph, "lock", "by its user");
	lock_used(ph);
	ph_settle(ph);
	return h;
}

/* The count is on flash before the answer is given: pulling the plug gives no further try. */
enum dt_handset dt_phone_unlock(struct dt_phone *ph, const char *pin)
{
	enum dt_handset h = DT_H_OK;
	uint8_t hash[32];

	if (!ph->lock.locked)
		return ph->lock.by_pc ? DT_H_WRONG : DT_H_OK; /* the PC has locked it, and opens it */
	ph->lock.wrong++;
	if (!lock_save(ph) || !lock_hash(&ph->lock, pin ? pin : "", hash))
		return DT_H_MEMORY;
	if (pki_equal(hash, ph->lock.hash, sizeof hash)) {
		lock_set(ph, false);
		lock_report(ph, "unlock", NULL);
	} else if (ph->lock.wrong < WRONG_MAX) {
		h = DT_H_WRONG;
	} else {
		h = DT_H_FORGOT;
		lock_report(ph, "unlock", dt_handset_answers[h].what);
		handset_sign_out(ph);
	}
	explicit_bzero(hash, sizeof hash);
	lock_used(ph);
	ph_settle(ph);
	return h;
}

/* "Locking the computer locks the phone": the PC's own lock stands for the PIN. */
enum dt_handset dt_phone_tether_lock(struct dt_phone *ph, bool locked)
{
	if (!ph->conf.tethered || handset_nobody(ph))
		return DT_H_UNTETHERED;
	if (locked != lock_closed(ph)) {
		ph->lock.by_pc = locked;
		if (!locked && ph->lock.locked)
			lock_set(ph, false);
		lock_report(ph, locked ? "lock" : "unlock", "by the PC on the USB port");
	}
	lock_used(ph);
	ph_settle(ph);
	return DT_H_OK;
}
