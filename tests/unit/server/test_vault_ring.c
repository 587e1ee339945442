/* tests/unit/server/test_vault_ring.c rolls the keys of web tickets: a new one on every front end, the one before it for a while. */
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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(rolled), T(of_another_company)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
