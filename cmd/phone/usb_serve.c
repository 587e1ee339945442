#include "cmd/phone/usb_serve.h"

#include "base/text.h"

static enum dt_handset usb_sign_in(struct dt_phone *ph, const struct tether_message *m)
{
	return dt_phone_tether(ph, &(struct dt_sign_in){.login = m->field[0], .password = m->field[1], .sip = m->field[2]});
}

static enum dt_handset usb_lock(struct dt_phone *ph, const struct tether_message *m)
{
	(void)m;
	return dt_phone_tether_lock(ph, true);
}

static enum dt_handset usb_unlock(struct dt_phone *ph, const struct tether_message *m)
{
	(void)m;
	return dt_phone_tether_lock(ph, false);
}

static enum dt_handset usb_leave(struct dt_phone *ph, const struct tether_message *m)
{
	(void)m;
	dt_phone_tether_gone(ph);
	return DT_H_OK;
}

void usb_serve(struct dt_phone *ph, const struct tether_message *m, struct tether_message *answer)
{
	static enum dt_handset (*const serve[TETHER_KINDS])(struct dt_phone *ph, const struct tether_message *m) = {
	    [TETHER_SIGN_IN] = usb_sign_in, [TETHER_LOCK] = usb_lock, [TETHER_UNLOCK] = usb_unlock, [TETHER_LEAVE] = usb_leave};
	enum dt_handset h;

	if (serve[m->kind] == NULL)
		return; /* what a phone says: a PC has no business with it */
	h = serve[m->kind](ph, m);
	answer->kind = TETHER_ANSWER;
	text_set(answer->field[0], sizeof answer->field[0], "%s", dt_handset_answers[h].code);
	text_set(answer->field[1], sizeof answer->field[1], "%s", dt_handset_answers[h].what);
}

void usb_serve_state(const struct dt_phone *ph, struct tether_message *m)
{
	struct dt_status s;

	dt_phone_status(ph, &s);
	text_set(m->field[0], sizeof m->field[0], "%s", dt_phase_names[s.state]);
	text_set(m->field[1], sizeof m->field[1], "%s", s.tethered ? s.user : "");
	text_set(m->field[2], sizeof m->field[2], "%s", s.locked ? "locked" : "");
	if (s.failure != DT_F_OK)
		text_set(m->field[3], sizeof m->field[3], "%s: %s", dt_failures[s.failure].code, s.why[0] ? s.why : dt_failures[s.failure].what);
}
