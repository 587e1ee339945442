/* tests/unit/auth/test_tether.c: both ends of the cable in one process, and somebody on the line between them. */
#include "tests/support/check.h"

#include "auth/tether.h"

#define CODE "ABCD-EFGH-JK23"

struct pair {
	struct tether phone, pc;
	struct buf to_phone, to_pc; /* on the line */
};

static void begin(struct pair *p, const char *phone_code, const char *pc_code)
{
	memset(p, 0, sizeof *p);
	assert_true(tether_begin(&p->phone, true, phone_code, "Polycom CX600, 00-04-F2-12-34-56"));
	assert_true(tether_begin(&p->pc, false, pc_code, "PC"));
}

static void end(struct pair *p)
{
	tether_clear(&p->phone);
	tether_clear(&p->pc);
	buf_wipe(&p->to_phone);
	buf_wipe(&p->to_pc);
}

static enum tether_event deliver(struct tether *t, struct buf *line, struct tether_message *m, struct buf *back, struct why *why)
{
	tether_feed(t, line->p, line->n);
	buf_clear(line);
	return tether_next(t, m, back, why);
}

static void greet(struct pair *p)
{
	struct tether_message m;

	tether_hello(&p->phone, &p->to_pc);
	assert_int_equal(deliver(&p->pc, &p->to_pc, &m, &p->to_phone, NULL), TETHER_PEER);
	assert_string_equal(p->pc.theirs.name, "Polycom CX600, 00-04-F2-12-34-56");
	assert_int_equal(deliver(&p->phone, &p->to_phone, &m, &p->to_pc, NULL), TETHER_PEER);
}

static const struct tether_message sign_in = {TETHER_SIGN_IN, {"CONTOSO\\alice", "Pa$$word", "alice@contoso.test", ""}},
				   state = {TETHER_STATE, {"ready", "", "", ""}};

static void both_ways(void **state_)
{
	struct pair p;
	struct tether_message m = {0};
	struct buf line;

	(void)state_;
	begin(&p, CODE, CODE);
	greet(&p);
	for (int i = 0; i < 3; i++) {
		assert_true(tether_send(&p.phone, &state, &p.to_pc));
		assert_int_equal(deliver(&p.pc, &p.to_pc, &m, &p.to_phone, NULL), TETHER_MESSAGE);
		assert_memory_equal(&m, &state, sizeof m);
		assert_true(tether_send(&p.pc, &sign_in, &p.to_phone));
		line = p.to_phone;
		assert_null(memmem(line.p, line.n, "Pa$$word", 8)); /* it never passes in the clear */
		assert_null(memmem(line.p, line.n, "alice", 5));
		assert_int_equal(deliver(&p.phone, &p.to_phone, &m, &p.to_pc, NULL), TETHER_MESSAGE);
		assert_memory_equal(&m, &sign_in, sizeof m);
	}
	end(&p);
}

/* A PC that does not know the code learns nothing, and a phone that does not know it is given nothing. */
static void another_code(void **state_)
{
	struct pair p;
	struct tether_message m = {0};
	struct why why = {0};

	(void)state_;
	begin(&p, CODE, "ABCD-EFGH-JK24");
	greet(&p);
	assert_true(tether_send(&p.phone, &state, &p.to_pc));
	assert_int_equal(deliver(&p.pc, &p.to_pc, &m, &p.to_phone, &why), TETHER_BAD);
	assert_non_null(strstr(why.text, "another code"));
	assert_false(p.pc.proved);
	assert_true(tether_send(&p.pc, &sign_in, &p.to_phone));
	assert_int_equal(deliver(&p.phone, &p.to_phone, &m, &p.to_pc, &why), TETHER_BAD);
	assert_int_equal(m.kind, 0);
	end(&p);
}

static void attack(void (*on_line)(struct pair *p))
{
	struct pair p;
	struct tether_message m = {0};
	struct why why = {0};

	begin(&p, CODE, CODE);
	greet(&p);
	assert_true(tether_send(&p.phone, &state, &p.to_pc));
	assert_int_equal(deliver(&p.pc, &p.to_pc, &m, &p.to_phone, NULL), TETHER_MESSAGE);
	memset(&m, 0, sizeof m);
	on_line(&p);
	assert_int_equal(deliver(&p.phone, &p.to_phone, &m, &p.to_pc, &why), TETHER_BAD);
	assert_int_equal(m.kind, 0);
	end(&p);
}

static void flipped(struct pair *p)
{
	tether_send(&p->pc, &sign_in, &p->to_phone);
	p->to_phone.p[p->to_phone.n - 1] ^= 1;
}

static void repeated(struct pair *p)
{
	struct tether_message m;
	struct buf copy = {0};

	tether_send(&p->pc, &sign_in, &p->to_phone);
	buf_sv(&copy, buf_view(&p->to_phone));
	assert_int_equal(deliver(&p->phone, &p->to_phone, &m, &p->to_pc, NULL), TETHER_MESSAGE);
	buf_sv(&p->to_phone, buf_view(&copy));
	buf_free(&copy);
}

static void left_out(struct pair *p)
{
	tether_send(&p->pc, &sign_in, &p->to_phone);
	buf_clear(&p->to_phone);
	tether_send(&p->pc, &sign_in, &p->to_phone);
}

static void reflected(struct pair *p)
{
	tether_send(&p->phone, &state, &p->to_phone);
}

static void echoed(struct pair *p)
{
	tether_hello(&p->phone, &p->to_phone);
}

static void newer(struct pair *p)
{
	tether_send(&p->pc, &sign_in, &p->to_phone);
	p->to_phone.p[2] = TETHER_VERSION + 1;
}

static void attacks(void **state_)
{
	(void)state_;
	attack(flipped);
	attack(repeated);
	attack(left_out);
	attack(reflected);
	attack(echoed);
	attack(newer);
}

/* Octets of an earlier session are passed over, and of no use in a later one: both nonces are new. */
static void earlier_session(void **state_)
{
	struct pair p, q;
	struct tether_message m = {0};
	struct why why = {0};

	(void)state_;
	begin(&p, CODE, CODE);
	greet(&p);
	assert_true(tether_send(&p.pc, &sign_in, &p.to_phone));
	begin(&q, CODE, CODE);
	greet(&q);
	buf_sv(&q.to_phone, buf_view(&p.to_phone));
	assert_int_equal(deliver(&q.phone, &q.to_phone, &m, &q.to_pc, &why), TETHER_NOTHING);
	memcpy(p.to_phone.p + TETHER_HEAD, q.phone.session, TETHER_SESSION); /* its session's name changed, too */
	assert_int_equal(deliver(&q.phone, &p.to_phone, &m, &q.to_pc, &why), TETHER_BAD);
	assert_int_equal(m.kind, 0);
	end(&p);
	end(&q);
}

/* A PC that is started again greets anew, in the middle of a session: both agree on new keys. */
static void pc_begins_anew(void **state_)
{
	struct pair p;
	struct tether_message m = {0};
	enum tether_event e;
	bool got = false;

	(void)state_;
	begin(&p, CODE, CODE);
	greet(&p);
	tether_clear(&p.pc);
	assert_true(tether_begin(&p.pc, false, CODE, "PC"));
	tether_hello(&p.pc, &p.to_phone);
	for (int i = 0; i < 10 && !got; i++) {
		tether_feed(&p.phone, p.to_phone.p, p.to_phone.n);
		buf_clear(&p.to_phone);
		while ((e = tether_next(&p.phone, &m, &p.to_pc, NULL)) != TETHER_NOTHING)
			if (e == TETHER_PEER && p.phone.keyed)
				tether_send(&p.phone, &state, &p.to_pc);
		tether_feed(&p.pc, p.to_pc.p, p.to_pc.n);
		buf_clear(&p.to_pc);
		while ((e = tether_next(&p.pc, &m, &p.to_phone, NULL)) != TETHER_NOTHING)
			got |= e == TETHER_MESSAGE;
	}
	assert_true(got);
	end(&p);
}

/* A line that was just plugged in carries noise, and frames come in any pieces. */
static void noise_and_pieces(void **state_)
{
	static const char noise[] = "\0\377DDTDT\001\011\0\0login: DT\001\002\377\377";
	struct pair p;
	struct tether_message m = {0};
	unsigned messages = 0, peers = 0;

	(void)state_;
	begin(&p, CODE, CODE);
	buf_add(&p.to_pc, noise, sizeof noise - 1);
	tether_hello(&p.phone, &p.to_pc);
	for (size_t i = 0; i < p.to_pc.n; i++) {
		tether_feed(&p.pc, p.to_pc.p + i, 1);
		peers += tether_next(&p.pc, &m, &p.to_phone, NULL) == TETHER_PEER;
	}
	assert_int_equal(peers, 1);
	buf_clear(&p.to_pc);
	assert_int_equal(deliver(&p.phone, &p.to_phone, &m, &p.to_pc, NULL), TETHER_PEER);
	assert_true(tether_send(&p.phone, &state, &p.to_pc));
	for (size_t i = 0; i < p.to_pc.n; i++) {
		tether_feed(&p.pc, p.to_pc.p + i, 1);
		messages += tether_next(&p.pc, &m, &p.to_phone, NULL) == TETHER_MESSAGE;
	}
	assert_int_equal(messages, 1);
	/* what never becomes a frame is not kept */
	for (int i = 0; i < 10000; i++) {
		tether_feed(&p.pc, "noise", 5);
		assert_int_equal(tether_next(&p.pc, &m, &p.to_phone, NULL), TETHER_NOTHING);
	}
	assert_true(p.pc.in.n < TETHER_HEAD + TETHER_BODY_MAX);
	end(&p);
}

static void codes(void **state_)
{
	static const char *const bad[] = {"", "ABCD-EFGH-JK2", "ABCD-EFGH-JK234", "ABCD-EFGH-JK20", "ABCD-EFGH-JKI2", "ABCD EFGH/JK23"};
	char code[TETHER_CODE_MAX], again[TETHER_CODE_MAX];

	(void)state_;
	assert_true(tether_code_read(sv_of(" abcd efgh-jk23\r\n"), code));
	assert_string_equal(code, CODE);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(tether_code_read(sv_of(bad[i]), code));
	assert_true(tether_code_make(code) && tether_code_read(sv_of(code), again));
	assert_string_equal(code, again);
	assert_true(tether_code_make(again));
	assert_string_not_equal(code, again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(both_ways),	cmocka_unit_test(another_code),	    cmocka_unit_test(attacks),
	    cmocka_unit_test(earlier_session),	cmocka_unit_test(pc_begins_anew), cmocka_unit_test(noise_and_pieces),
	    cmocka_unit_test(codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
