/* dialtone/handset.h: what a person does at a phone that is on: sign in, sign out, lock, send its log, restart.
 *
 * Power-on and sign-in are two things.  A phone with struct dt_phone_conf.appliance and no credentials comes up (VLAN,
 * address, time, updates), records DT_REC_READY and waits.  These calls then act like all others of dialtone/phone.h: they
 * begin something, return at once, and what came of it is in the record and in dt_phone_status().
 *
 * Source: "the log on process begins when the user starts to sign in" (Device Connection Process); Set-CsUCPhoneConfiguration
 * for the lock.  UNKNOWN: how many wrong PINs open nothing any more; here the fifth signs the user out.
 */
#ifndef DIALTONE_HANDSET_H
#define DIALTONE_HANDSET_H

#include "dialtone/phone.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a call was answered: enum, code for programs, sentence for people. */
/* clang-format off */
#define DT_HANDSET_ANSWERS(X) \
X(OK,       "ok",         "done") \
X(WAITS,    "no-waiting", "this phone does not wait for people: start it with --stay") \
X(BUSY,     "busy",       "somebody is signed in, or signing in: sign out first") \
X(NOBODY,   "nobody",     "nobody is signed in") \
X(LOCKED,   "locked",     "the phone is locked: unlock it first") \
X(MODEL,    "model",      "this model cannot sign in that way") \
X(SECRET,   "secret",     "number and PIN, or user name, password and sign-in address are needed") \
X(UNTETHERED, "untethered", "nobody is signed in through the USB port") \
X(NO_DESK,  "no-desk",    "guests may not sign in at this phone: it is no common-area phone, or the site does not allow it") \
X(GUEST,    "guest",      "a guest cannot lock the phone: it is given back when nobody touches it") \
X(NO_PIN,   "no-pin",     "no PIN for the lock is set on this phone: give one") \
X(SHORT,    "short",      "the PIN for the lock is too short, or is not made of digits") \
X(WRONG,    "wrong",      "that is not the PIN of the lock") \
X(FORGOT,   "forgot",     "that was the fifth wrong PIN: the phone signs the user out") \
X(LATER,    "later",      "the phone is doing something else: try again in a few seconds") \
X(NO_LOGS,  "no-logs",    "the update service, which takes the log, is not known") \
X(MEMORY,   "memory",     "out of memory")
/* clang-format on */

#define DT_HANDSET_ENUM(id, code, what) DT_H_##id,
enum dt_handset { DT_HANDSET_ANSWERS(DT_HANDSET_ENUM) DT_HANDSET_COUNT };
#undef DT_HANDSET_ENUM

struct dt_handset_row {
	const char *code, *what;
};
extern const struct dt_handset_row dt_handset_answers[DT_HANDSET_COUNT];

/* OFF: no power.  STARTING: VLAN, address, updates.  READY: nobody is signed in.  RETRYING: dial tone was lost, or the servers
 * were not there, and the phone tries again by itself. */
enum dt_phase { DT_PHASE_OFF, DT_PHASE_STARTING, DT_PHASE_READY, DT_PHASE_SIGNING_IN, DT_PHASE_SIGNED_IN, DT_PHASE_RETRYING,
		DT_PHASE_SIGNING_OUT, DT_PHASE_COUNT };
extern const char *const dt_phase_names[DT_PHASE_COUNT]; /* "off" ... "signing-out" */

enum dt_logs { DT_LOGS_NONE, DT_LOGS_SENDING, DT_LOGS_SENT, DT_LOGS_FAILED, DT_LOGS_COUNT };
extern const char *const dt_logs_names[DT_LOGS_COUNT]; /* "none", "sending", "sent", "failed" */

struct dt_sign_in { /* number and pin, or login, password and sip; the others are NULL */
	const char *number, *pin;
	const char *login, *password, *sip;
	bool tethered; /* login and password come from a PC */
};

struct dt_status {
	enum dt_phase state;
	char user[256];	     /* "alice@contoso.test"; "": nobody, or not known yet */
	char registrar[300]; /* where it signed in last */
	char version[32];
	bool tethered;	    /* the user signed in through a PC on the USB port */
	bool guest;	    /* hot-desking: the user is a guest */
	bool hotdesking;    /* guests may sign in here */
	unsigned hotdesking_s;
	bool locked;
	bool lock_set;	    /* a PIN for the lock is there */
	bool lock_enforced; /* the site wants the phone locked when it is not used */
	unsigned lock_minutes, lock_min_length;
	char sip_security[16], logging[16]; /* as the site told them; "": not told yet */
	enum dt_stage stage;		    /* of the last failure */
	enum dt_failure failure;	    /* of the last sign-in or start; DT_F_OK: none */
	char why[320];
	enum dt_logs logs;
};

void dt_phone_status(const struct dt_phone *ph, struct dt_status *ret);
enum dt_handset dt_phone_sign_in(struct dt_phone *ph, const struct dt_sign_in *who); /* copies; the caller wipes its own */
enum dt_handset dt_phone_sign_out(struct dt_phone *ph); /* forgets the user: certificate, key, secrets; of a guest: gives the phone back */
/* Hot-desking, at a common-area phone whose site allows it: the account of the room is signed off, and comes back when the guest
 * signs out, cannot sign in, does not touch the phone for HotdeskingTimeout, or the power goes.  Nothing of a guest is stored. */
enum dt_handset dt_phone_guest(struct dt_phone *ph, const struct dt_sign_in *who);
void dt_phone_touch(struct dt_phone *ph); /* somebody uses the phone: the times of lock and hot-desking begin anew */
/* pin NULL: the one that is set (the PIN that the user signed in with, or the last one given here). */
enum dt_handset dt_phone_lock(struct dt_phone *ph, const char *pin);
enum dt_handset dt_phone_unlock(struct dt_phone *ph, const char *pin);
/* What a PC on the USB port does.  Its user is gone with the cable, locked or not; a start without the cable finds nobody. */
enum dt_handset dt_phone_tether(struct dt_phone *ph, const struct dt_sign_in *who);
enum dt_handset dt_phone_tether_lock(struct dt_phone *ph, bool locked); /* as the PC is locked: needs no PIN */
void dt_phone_tether_gone(struct dt_phone *ph);
enum dt_handset dt_phone_send_logs(struct dt_phone *ph);
enum dt_handset dt_phone_power_cycle(struct dt_phone *ph); /* signs off, then dt_body.restart() */

#ifdef __cplusplus
}
#endif

#endif
