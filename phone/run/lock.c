#include "phone/run/lock.h"

#include "base/enc.h"
#include "phone/internal.h"
#include "phone/run/persist.h"
#include "pki/key.h"

#define ROUNDS 20000 /* the file is the phone's alone, as its private key is: this slows a reader down, no more */
#define PIN_MAX 24

/* ---- what lasts ------------------------------------------------------------------------------------------- */

bool lock_save(struct dt_phone *ph)
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
		if (line.p && sv_u64(locked, 1, &n[0]) && sv_u64(wrong, LOCK_WRONG_MAX, &n[1]) && salt.n == 2 * sizeof l.salt &&
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

bool lock_hash(const struct ph_lock *l, const char *pin, uint8_t out[32])
{
	return pki_pbkdf2(pin, strlen(pin), l->salt, sizeof l->salt, ROUNDS, out);
}

bool lock_fits(const struct dt_phone *ph, const char *pin)
{
	size_t n = strlen(pin);

	return n && n >= ph->policy.lock_min_length && n <= PIN_MAX && strspn(pin, "0123456789") == n;
}

bool lock_take(struct dt_phone *ph, const char *pin)
{
	struct ph_lock l = {.set = true};

	ph_random(ph, l.salt, sizeof l.salt);
	if (!lock_hash(&l, pin, l.hash))
		return false;
	ph->lock = l;
	return lock_save(ph);
}

/* ---- closing and opening ------------------------------------------------------------------------------------ */

void lock_report(struct dt_phone *ph, const char *what, const char *found)
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

