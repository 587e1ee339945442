#include "tests/meet/appliance.h"

const struct dt_sign_in alice = {.number = "4411", .pin = "73914"};

struct dt_status status(struct meet *m)
{
	struct dt_status s;

	dt_phone_status(m->phone, &s);
	return s;
}

void in_state(struct meet *m, enum dt_phase state)
{
	if (status(m).state == state)
		return;
	meet_dump(m);
	fail_msg("the phone is %s, expected %s", dt_phase_names[status(m).state], dt_phase_names[state]);
}

unsigned bindings(struct meet *m)
{
	struct location_binding b[4];

	location_expire(m->location);
	return (unsigned)location_list(m->location, ALICE, b, 4);
}

unsigned records(const struct meet *m, enum dt_record_kind kind, const char *what)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->nrecord; i++)
		n += m->record[i].kind == kind && (what == NULL || strncmp(m->record[i].what, what, strlen(what)) == 0);
	return n;
}

bool kept(const struct meet_flash *flash, const char *name)
{
	for (size_t i = 0; i < sizeof flash->file / sizeof *flash->file; i++)
		if (flash->file[i].there && strcmp(flash->file[i].name, name) == 0)
			return true;
	return false;
}

/* A phone that was just plugged in, and knows nobody. */
struct meet *powered(struct meet_flash *flash)
{
	struct meet *m = meet_new(flash, 5);

	assert_non_null(m);
	m->conf.appliance = true;
	m->conf.number = m->conf.pin = NULL;
	assert_true(meet_phone(m));
	return m;
}

void signed_in(struct meet *m)
{
	assert_int_equal(dt_phone_sign_in(m->phone, &alice), DT_H_OK);
	meet_run(m, 5 * MINUTE);
	in_state(m, DT_PHASE_SIGNED_IN);
	assert_int_equal(bindings(m), 1);
}

void end(struct meet *m, struct meet_flash *flash)
{
	meet_free(m);
	meet_flash_free(flash);
}
