/* tests/unit/server/test_ipc_fields.c: the octets between processes: a message is read whole or not at all, and what was handled
 * is gone.
 */
#include "tests/support/check.h"

#include <unistd.h>

#include "server/location/ipc.h"
#include "server/location/rows.h"
#include "server/vault/ipc.h"
#include "server/vault/rows.h"

/* Every octet of a struct's fields is something else; what a table leaves out stays zero. */
static void fill(const struct field *table, char *x, unsigned *next)
{
	static struct buf kept[64]; /* the octets that views point to */
	static unsigned nkept;

	for (const struct field *f = table; f->name; f++) {
		char *p = x + f->at;
		unsigned two = 2;
		size_t n = f->size / 2 + 1;
		char *room;

		switch (f->type) {
		case FIELD_STR:
			for (size_t i = 0; i < f->size - 1 && i < 9; i++)
				p[i] = (char)('a' + (*next)++ % 26);
			break;
		case FIELD_INT:
			*(uint8_t *)p = 1 + (uint8_t)((*next)++ % (f->most ? (unsigned)f->most : 100));
			break;
		case FIELD_FLAG:
			*(bool *)p = true;
			break;
		case FIELD_FIXED:
		case FIELD_OCTETS:
			memset(p, (int)(1 + (*next)++ % 100), f->type == FIELD_FIXED ? f->size : n);
			if (f->type == FIELD_OCTETS)
				memcpy(x + f->count_at, &n, sizeof n);
			break;
		case FIELD_VIEW:
			buf_printf(&kept[nkept % 64], "view %u", (*next)++);
			*(struct sv *)p = buf_view(&kept[nkept++ % 64]);
			break;
		case FIELD_BUF:
			buf_printf((struct buf *)p, "buffer %u", (*next)++);
			break;
		case FIELD_STRUCT:
			fill(f->of, p, next);
			break;
		case FIELD_LIST:
		case FIELD_HEAP:
			room = f->type == FIELD_LIST ? p : calloc(two, f->size);
			if (f->type == FIELD_HEAP)
				memcpy(p, &room, sizeof room);
			memcpy(x + f->count_at, &two, sizeof two);
			fill(f->of, room, next);
			fill(f->of, room + f->size, next);
		}
	}
}

static void views_free(const struct field *table, char *x)
{
	for (const struct field *f = table; f->name; f++)
		if (f->type == FIELD_VIEW)
			buf_free(&(struct buf){.p = (uint8_t *)(uintptr_t)((struct sv *)(x + f->at))->p});
}

/* Written, read back at every length, written again: the same octets, and only from all of them. */
static void there_and_back(const struct field *table, size_t size, const char *name)
{
	struct buf a = {0}, b = {0};
	char *x = calloc(1, size), *y = calloc(1, size);
	unsigned next = 0;

	assert_true(x && y);
	fill(table, x, &next);
	fields_put(&a, table, x);
	assert_false(a.oom);
	for (size_t n = 0; n <= a.n; n++) {
		uint8_t *in = exact_copy(a.p ? a.p : (const uint8_t *)"", a.n, n);
		struct rd r = rd_of(in, n);

		memset(y, 0, size);
		fields_get(&r, table, y);
		rd_end(&r);
		if ((r.err == NULL) != (n == a.n))
			fail_msg("%s: %zu of %zu octets: %s", name, n, a.n, r.err ? r.err : "read");
		if (n == a.n)
			fields_put(&b, table, y);
		fields_clear(table, y);
		free(in);
	}
	if (a.n != b.n || (a.n && memcmp(a.p, b.p, a.n) != 0))
		fail_msg("%s: what was read is not what was written", name);
	views_free(table, x);
	fields_clear(table, x);
	buf_free(&a);
	buf_free(&b);
	free(x);
	free(y);
}

static void every_row(void **state)
{
	unsigned rows = 0;

	(void)state;
	for (unsigned kind = 0; kind < VAULT_KINDS; kind++) {
		const struct vault_row *row = vault_row_of(kind);

		if (row == NULL)
			continue;
		there_and_back(row->ask, sizeof(struct vault_ask), row->name);
		there_and_back(row->reply, sizeof(struct vault_reply), row->name);
		assert_non_null(row->handler);
		rows++;
	}
	assert_int_equal(rows, VAULT_KINDS - 1);
	for (unsigned kind = 0; kind < LOCATION_KINDS; kind++) {
		const struct location_row *row = location_row_of(kind);

		if (row == NULL)
			continue;
		there_and_back(row->ask, sizeof(struct location_ask), row->name);
		there_and_back(row->reply, sizeof(struct location_reply), row->name);
	}
	there_and_back(location_notice_fields, sizeof(struct location_notice), "notice");
	assert_null(vault_row_of(VAULT_KINDS));
	assert_null(location_row_of(LOCATION_KINDS));
}

/* Lengths and counts that a hostile peer would send. */
static void hostile_lengths(void **state)
{
	static const struct {
		unsigned kind, skip; /* octets before the length, all zero */
		uint64_t length;
		unsigned octets;
	} rows[] = {
	    {VAULT_USER, 0, UINT32_MAX, 4}, {VAULT_USER, 0, 256, 4}, {VAULT_CERT_KNOWN, 0, 0x7fffffff, 4},
	    {VAULT_UPDATE_OFFER, 8 * 4, UPDATE_MODULES + 1, 2}, {VAULT_UPDATE_OFFER, 8 * 4, 0xffff, 2},
	    {VAULT_TICKET_LOGIN, 8 + 1 + 6 * 4, 65, 4},
	};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct vault_ask q;
		struct ipc_message m;
		uint8_t *in;

		ipc_begin(&b, 1, rows[i].kind);
		for (unsigned k = 0; k < rows[i].skip; k++)
			field_put(&b, 1, 0);
		field_put(&b, rows[i].octets, rows[i].length);
		for (unsigned k = 0; k < 300; k++)
			field_put(&b, 1, 'x');
		assert_true(ipc_end(&b));
		in = exact_copy(b.p, b.n, b.n);
		assert_true(ipc_read(in, b.n, &m));
		assert_false(vault_ask_read(&m, &q));
		free(in);
		buf_free(&b);
	}
}

static void secrets_are_wiped_and_never_printed(void **state)
{
	struct vault_ask q = {.kind = VAULT_TICKET_PIN, .ticket_pin = {.number = "4411", .pin = "482915"}};
	const struct vault_row *row = vault_row_of(VAULT_TICKET_PIN);
	struct buf text = {0};

	(void)state;
	memset(q.ticket_pin.issue.entropy, 0x5a, 64);
	q.ticket_pin.issue.nentropy = 64;
	fields_print(&text, row->ask, &q);
	assert_non_null(strstr(buf_cstr(&text), "number=4411"));
	assert_non_null(strstr(buf_cstr(&text), "pin=***"));
	assert_null(strstr(buf_cstr(&text), "482915"));
	assert_non_null(strstr(buf_cstr(&text), "entropy=***"));
	buf_free(&text);
	vault_ask_clear(&q);
	assert_null(memmem(&q, sizeof q, "482915", 6));
	assert_null(memmem(&q, sizeof q, "\x5a\x5a\x5a\x5a", 4));
	assert_string_equal(q.ticket_pin.number, "4411");
}

/* ---- what was handled is gone ---------------------------------------------------------------------------- */

static void told(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	char pin[16];

	field_get_str(&m->body, pin, sizeof pin);
	assert_string_equal(pin, "482915");
	assert_non_null(memmem(from->in, 64, "482915", 6));
	loop_stop(arg);
}

static void nothing_stays_in_the_buffer(void **state)
{
	struct ipc_server server;
	struct loop *l = loop_new();
	struct buf b = {0};
	int fd[2];

	(void)state;
	assert_non_null(l);
	assert_true(ipc_pair(fd));
	assert_true(ipc_server_init(&server, l, fd[1], told, l));
	memset(server.in, 0, 64);
	ipc_begin(&b, 1, 1);
	field_put_str(&b, "482915");
	assert_true(ipc_send(fd[0], &b));
	loop_run(l);
	assert_null(memmem(server.in, 64, "482915", 6));
	ipc_server_clear(&server);
	loop_free(l);
	close(fd[0]);
	close(fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row), cmocka_unit_test(hostile_lengths),
	    cmocka_unit_test(secrets_are_wiped_and_never_printed), cmocka_unit_test(nothing_stays_in_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
