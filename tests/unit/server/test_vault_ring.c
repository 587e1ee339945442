/* tests/unit/server/test_vault_ring.c rolls the keys of web tickets and of PINs: a new one on every front end, the one before it for a while. */
#include "tests/support/vault_world.h"

#include "server/vault/ring.h"

static struct buf ticket_of(struct vault_link *l, struct world *w, const char *key)
{
	struct soap_issue ask = ask_of(w);
	struct vault_ticket t = {0};
	struct buf ret = {0};

	assert_int_equal(call_ticket_pin(l, "4411", "73914", &ask, false, &t, &w->why), VAULT_OK);
	buf_sv(&ret, buf_view(&t.issued.assertion));
	assert_non_null(strstr(buf_cstr(&ret), key));
	vault_ticket_clear(&t);
	return ret;
}

static enum vault_status shown(struct vault *v, const struct buf *ticket)
{
	struct vault_ask q = {.kind = VAULT_TICKET_KNOWN, .ticket_known.assertion = buf_view(ticket)};
	enum vault_status st;
	struct vault_reply r;

	vault_answer(v, &q, &r);
	st = r.status;
	vault_reply_clear(&r);
	return st;
}

/* What `dialtone key roll` does to the store. */
static void roll(struct world *w, unsigned id, int64_t grace)
{
	struct vault_keys by = {.ca = keys.ca, .ca_der = keys.ca_der};
	struct store_key k = {.kind = RING_TICKET, .id = id, .grace = grace};

	memcpy(by.secret, secret, sizeof by.secret);
	assert_true(ring_make(&by, w->now, &k, &w->why));
	assert_int_equal(w->store->ops->key_put(w->store, &k, 0), STORE_OK);
	assert_int_equal(w->store->ops->key_put(w->store, &k, 0), STORE_TAKEN);
}

static void named(struct buf *ticket, const char *is, const char *instead)
{
	char *at = strstr((char *)ticket->p, is);

	for (; at; at = strstr(at, is))
		memcpy(at, instead, strlen(is));
}

static void rolled(void **state)
{
	struct world *w = *state;
	struct vault *one = w->vault, *two;
	struct vault_link to_one = w->link, to_two;
	struct buf first, second, third;

	person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914");
	vault_up(w); /* another front end on this store */
	two = w->vault;
	to_two = w->link;
	w->vault = one;
	vault_changes(one);
	first = ticket_of(&to_one, w, "ticket key 1<");
	assert_int_equal(shown(one, &first), VAULT_OK);
	assert_int_equal(shown(two, &first), VAULT_OK);

	roll(w, 2, 1000);
	vault_changes(one); /* it has looked; the other one has not, and reads the store when it meets the key */
	second = ticket_of(&to_one, w, "ticket key 2<");
	assert_int_equal(shown(one, &second), VAULT_OK);
	assert_int_equal(shown(two, &second), VAULT_OK);
	assert_int_equal(shown(one, &first), VAULT_OK);
	assert_int_equal(shown(two, &first), VAULT_OK);
	w->now += 1001;
	assert_int_equal(shown(one, &first), VAULT_TICKET_BAD);
	assert_int_equal(shown(two, &first), VAULT_TICKET_BAD);
	assert_int_equal(shown(two, &second), VAULT_OK);

	roll(w, 3, 0);
	vault_changes(two);
	third = ticket_of(&to_two, w, "ticket key 3<");
	assert_int_equal(shown(two, &second), VAULT_TICKET_BAD); /* at once */
	assert_int_equal(shown(one, &third), VAULT_OK);
	assert_int_equal(shown(one, &second), VAULT_TICKET_BAD);
	named(&second, "ticket key 2", "ticket key 3"); /* the name alone opens nothing */
	assert_int_equal(shown(one, &second), VAULT_TICKET_BAD);
	named(&third, "ticket key 3", "ticket key 9");
	assert_int_equal(shown(one, &third), VAULT_TICKET_BAD);
	buf_free(&first);
	buf_free(&second);
	buf_free(&third);
	vault_free(two);
}

/* Sealed by one company's secret, read with another's: no key, and the ones before it stay in use. */
static void of_another_company(void **state)
{
	struct world *w = *state;
	struct store_key k = {.kind = RING_TICKET, .id = 2};
	struct vault_keys by = {.ca = keys.ca, .ca_der = keys.ca_der, .secret = {9}};
	struct buf t;

	person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914");
	assert_true(ring_make(&by, w->now, &k, &w->why));
	assert_null(ring_open(secret, &k, &w->why));
	assert_int_equal(w->store->ops->key_put(w->store, &k, 0), STORE_OK);
	vault_changes(w->vault);
	t = ticket_of(&w->link, w, "ticket key 1<");
	assert_int_equal(shown(w->vault, &t), VAULT_OK);
	buf_free(&t);
}

/* ---- who may have the store read ------------------------------------------------------------------------------------------ */

static struct {
	struct store store, *real;
	struct store_ops ops;
	unsigned reads;
} counted;

static enum store_result counted_keys(struct store *s, const char *kind, bool (*each)(void *, const struct store_key *), void *arg)
{
	(void)s;
	counted.reads += strcmp(kind, RING_TICKET) == 0;
	return counted.real->ops->key_each(counted.real, kind, each, arg);
}

/* Tickets that name keys which nobody has made: one of them a second is looked for. */
static void strangers_keys(void **state)
{
	struct world *w = *state;
	struct vault *one = w->vault;
	struct buf t;

	person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914");
	t = ticket_of(&w->link, w, "ticket key 1<");
	counted.real = w->store;
	counted.ops = (struct store_ops){.key_each = counted_keys};
	counted.store.ops = &counted.ops;
	w->store = &counted.store;
	vault_up(w);
	w->store = counted.real;
	counted.reads = 0;
	named(&t, "ticket key 1", "ticket key 7");
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(shown(w->vault, &t), VAULT_TICKET_BAD);
	assert_in_range(counted.reads, 1, 2); /* the first reading of all, and one */
	w->now++;
	counted.reads = 0;
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(shown(w->vault, &t), VAULT_TICKET_BAD);
	assert_int_equal(counted.reads, 1);
	buf_free(&t);
	vault_free(w->vault);
	w->vault = one;
}

/* ---- PINs ------------------------------------------------------------------------------------------------------------------ */

static void roll_pin(struct world *w, unsigned id, bool at_once, const uint8_t by[32])
{
	struct store_key k = {.id = id, .made = w->now, .grace = at_once ? 0 : PIN_KEY_ALWAYS};

	vault_pin_key_row(by, &k);
	assert_int_equal(w->store->ops->key_put(w->store, &k, 0), STORE_OK);
}

static struct store_pin pin_of(struct world *w, const struct store_user *u)
{
	struct store_pin p = {0};

	assert_int_equal(w->store->ops->pin_get(w->store, u->id, &p), STORE_OK);
	return p;
}

static void pins_rolled(void **state)
{
	struct world *w = *state;
	struct vault *one = w->vault;
	struct store_user alice = person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914");
	struct store_user bob = person(w, "bob@contoso.test", "", "+14255550124", "4412", "86205");
	struct store_pin was = pin_of(w, &alice), is;
	uint64_t n = 0;

	assert_int_equal(was.key, 1);
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_OK);
	roll_pin(w, 2, false, secret);
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_OK); /* a vault that has not looked */
	assert_int_equal(pin_of(w, &alice).key, 1);
	vault_changes(one);
	assert_int_equal(try_pin(w, "4411", "73915"), VAULT_REFUSED); /* only who proves the PIN has it made anew */
	assert_int_equal(pin_of(w, &alice).key, 1);
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_OK);
	is = pin_of(w, &alice);
	assert_int_equal(is.key, 2);
	assert_memory_equal(is.salt, was.salt, sizeof is.salt);
	assert_memory_not_equal(is.hash, was.hash, sizeof is.hash);
	assert_int_equal(is.set_at, was.set_at);
	assert_int_equal(is.local, 0);
	assert_int_equal(w->store->ops->pin_rehash(w->store, alice.id, &was), STORE_NONE); /* there is no way back */
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_OK);
	assert_int_equal(try_pin(w, "4411", "73915"), VAULT_REFUSED);
	vault_up(w); /* another front end, on which key 2 was never used */
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_OK);
	assert_int_equal(try_pin(w, "4411", "73915"), VAULT_REFUSED);
	assert_int_equal(w->store->ops->pins_of_key(w->store, 1, &n), STORE_OK);
	assert_int_equal(n, 1);

	w->site.PINHistoryCount = 3; /* PINs of keys before it are remembered all the same */
	assert_null(vault_pin_set(secret, &w->site, w->store, &bob, SV("95173"), true, w->now, &w->why));
	assert_int_equal(pin_of(w, &bob).key, 2);
	assert_non_null(vault_pin_set(secret, &w->site, w->store, &bob, SV("86205"), true, w->now, &w->why));
	vault_free(w->vault);
	w->vault = one;
}

static void pins_end_at_once(void **state)
{
	struct world *w = *state;
	struct store_user alice = person(w, "alice@contoso.test", "", "+14255550123", "4411", "73914"), bob;

	roll_pin(w, 2, false, secret);
	bob = person(w, "bob@contoso.test", "", "+14255550124", "4412", "86205");
	roll_pin(w, 3, true, secret);
	vault_changes(w->vault);
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_REFUSED);
	assert_string_equal(w->why.text, "the PIN was made with a key that is accepted no more: it must be set anew");
	assert_int_equal(try_pin(w, "4412", "86205"), VAULT_REFUSED);
	assert_int_equal(pin_of(w, &bob).key, 2);
	assert_null(vault_pin_set(secret, &w->site, w->store, &alice, SV("73914"), false, w->now, &w->why));
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_OK);
	roll_pin(w, 4, false, (const uint8_t[32]){1}); /* of another company: it is not used */
	vault_changes(w->vault);
	assert_int_equal(try_pin(w, "4411", "73914"), VAULT_OK);
	assert_int_equal(pin_of(w, &alice).key, 3);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(rolled), T(of_another_company), T(strangers_keys), T(pins_rolled), T(pins_end_at_once)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
