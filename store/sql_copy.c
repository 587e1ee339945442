/* store/sql_copy.c: all rows of one store into another, whatever their engines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sql.h"

#define PAGE 1000

/* One table: its columns with a letter each (i integer, t text, b octets), the key that its pages go by, and whether ids are given
 * by the database (key: "" when it has more columns than one; such a table is read at once). */
/* clang-format off */
static const struct sql_table tables[] = {
	{"account", "id:i aor:t login:t login_key:t display:t number:t extension:t home_pool:t enabled:i remote:i nt_hash:b created:i "
	            "tickets_after:i common_area:i display_number:t pin_policy:t pin_locked:i", "id", true},
	{"pin", "account:i salt:b hash:b length:i set_at:i local:i local_since:i locked_until:i global:i last_attempt:i key_id:i",
	        "account", false},
	{"pin_history", "id:i account:i salt:b hash:b key_id:i", "id", true},
	{"pin_policy", "name:t min_length:i lifetime:i history:i attempts:i common:i", "name", false},
	{"password", "account:i local:i local_since:i locked_until:i global:i tries:i", "account", false},
	{"cert", "id:i account:i device:t sha1:b der:b published:i expires:i key:b", "id", true},
	{"device", "key:t mac:t serial:t vendor:t model:t revision:t locale:t device_type:t version:t account:t address:t first_seen:i "
	           "last_seen:i instance:t front_end:t signed_in:i signed_off:i", "key", false},
	{"rule", "id:i guid:t key:t device_type:t brand:t model:t revision:t locale:t approved:t restore:t pending:t withdrawn:t", "id", true},
	{"image", "rule:i version:t file:t signature:t time:t size:i sha256:t min_installed:t released:i", "", false},
	{"test_device", "name:t is_mac:i id:t", "name", false},
	{"pool", "name:t sip:t web:t external_sip:t external_web:t store:t backup:t", "name", false},
	{"pool_key", "kind:t id:i made:i grace:i sealed:b", "", false},
	{"audit", "id:i at:i what:t whom:t ok:i detail:t", "id", true},
	{"change", "id:i n:i", "id", false},
};
/* clang-format on */

/* These are true of this moment only, as the registered phones are.  The new store begins without them. */
static const char *const passing[] = {"invite", "front_end", "binding", "phone_order"};

bool sql_is_passing(const char *table)
{
	for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
		if (strcmp(passing[i], table) == 0)
			return true;
	return false;
}

const struct sql_table *sql_tables(size_t *n)
{
	*n = sizeof tables / sizeof *tables;
	return tables;
}

struct columns {
	char name[SQL_VALUES_MAX][32];
	char type[SQL_VALUES_MAX + 1];
	unsigned n;
};

static void columns_of(const struct sql_table *t, struct columns *c)
{
	char list[512], *rest = list, *one;

	*c = (struct columns){.n = 0};
	snprintf(list, sizeof list, "%s", t->columns);
	while ((one = strsep(&rest, " ")) != NULL && c->n < SQL_VALUES_MAX) {
		char *colon = strchr(one, ':');

		snprintf(c->name[c->n], sizeof c->name[0], "%.*s", (int)(colon - one), one);
		c->type[c->n++] = colon[1];
	}
}

static void texts_of(const struct sql_table *t, const struct columns *c, struct buf *select, struct buf *insert)
{
	buf_str(select, "SELECT ");
	buf_printf(insert, "INSERT INTO %s (", t->name);
	for (unsigned i = 0; i < c->n; i++) {
		buf_printf(select, "%s%s", i ? ", " : "", c->name[i]);
		buf_printf(insert, "%s%s", i ? ", " : "", c->name[i]);
	}
	buf_printf(select, " FROM %s", t->name);
	if (t->key[0])
		buf_printf(select, " WHERE %s > ?1", t->key);
	buf_printf(select, " ORDER BY %s LIMIT ?%u", t->key[0] ? t->key : "1, 2", t->key[0] ? 2 : 1);
	buf_str(insert, ") VALUES (");
	for (unsigned i = 0; i < c->n; i++)
		buf_printf(insert, "%s?%u", i ? ", " : "", i + 1);
	buf_str(insert, ")");
	buf_cstr(select);
	buf_cstr(insert);
}

/* The row at hand of `from` into `to`. */
static enum store_result row_copy(struct sql *from, struct sql_st *st, const struct columns *c, struct sql *to, const char *insert)
{
	struct sql_value v[SQL_VALUES_MAX] = {{0}};
	enum store_result r;
	struct sql_st *put;

	for (unsigned i = 0; i < c->n; i++) {
		v[i].type = c->type[i];
		if (v[i].type == 'i')
			v[i].i = sql_int(from, st, (int)i);
		else
			v[i].p = sql_blob_view(from, st, (int)i, &v[i].n);
	}
	put = to->engine->start_text(to, SQL_OTHER_PUT, insert, v, c->n);
	r = sql_step(to, put);
	return r == STORE_NONE ? STORE_OK : r;
}

struct page {
	char text[512]; /* the last row's key */
	struct sql_value v[2];
};

/* Which column the key is; -1: the table has none of one column, and is read at once. */
static int key_of(const struct sql_table *t, const struct columns *c)
{
	for (unsigned i = 0; i < c->n; i++)
		if (strcmp(c->name[i], t->key) == 0)
			return (int)i;
	return -1;
}

static void key_remember(struct sql *from, struct sql_st *st, int key, struct page *p)
{
	if (p->v[0].type == 'i') {
		p->v[0].i = sql_int(from, st, key);
	} else {
		sql_text(from, st, key, p->text, sizeof p->text);
		p->v[0].p = p->text;
		p->v[0].n = strlen(p->text);
	}
}

/* The rows behind the last one; *n: how many there were. */
static enum store_result page_copy(struct sql *from, struct sql *to, const struct columns *c, int key, struct page *p, const char *select,
				   const char *insert, uint64_t *n)
{
	struct sql_st *st = from->engine->start_text(from, SQL_OTHER_GET, select, key < 0 ? &p->v[1] : p->v, key < 0 ? 1 : 2);
	enum store_result r;

	*n = 0;
	while ((r = sql_step(from, st)) == STORE_OK) {
		if (key >= 0)
			key_remember(from, st, key, p);
		if ((r = row_copy(from, st, c, to, insert)) != STORE_OK)
			break;
		++*n;
	}
	return r == STORE_NONE ? STORE_OK : r;
}

static enum store_result rows_copy(struct sql *from, struct sql *to, const struct sql_table *t, const char *select, const char *insert,
				   uint64_t *rows)
{
	struct page p = {"", {{0}, {'i', PAGE, NULL, 0}}};
	enum store_result r = STORE_OK;
	uint64_t n = PAGE;
	struct columns c;
	int key;

	columns_of(t, &c);
	key = key_of(t, &c);
	if (key < 0)
		p.v[1].i = INT64_MAX;
	p.v[0] = key >= 0 && c.type[key] == 'i' ? (struct sql_value){'i', INT64_MIN, NULL, 0} : (struct sql_value){'t', 0, p.text, 0};
	while (r == STORE_OK && n == PAGE) {
		r = page_copy(from, to, &c, key, &p, select, insert, &n);
		*rows += n;
		if (key < 0)
			break;
	}
	return r;
}

static enum store_result text_run(struct sql *q, const char *format, const char *table, const struct sql_value *v, unsigned n, int64_t *ret)
{
	char text[256];
	struct sql_st *st;
	enum store_result r;

	snprintf(text, sizeof text, format, table);
	st = q->engine->start_text(q, SQL_OTHER_PUT, text, v, n);
	r = sql_step(q, st);
	if (r == STORE_OK && ret)
		*ret = sql_int(q, st, 0);
	if (r == STORE_OK)
		sql_end(q, st);
	return r == STORE_NONE ? STORE_OK : r;
}

/* The next id there is the one that would be the next here. */
static enum store_result ids_copy(struct sql *from, struct sql *to, const char *table)
{
	struct sql_value last = {'i', 0, NULL, 0};
	enum store_result r = text_run(from, from->engine->ids_get, table, NULL, 0, &last.i);

	if (r == STORE_OK)
		r = text_run(to, to->engine->ids_clear, table, NULL, 0, NULL);
	return r == STORE_OK ? text_run(to, to->engine->ids_set, table, &last, 1, NULL) : r;
}

static enum store_result table_copy(struct sql *from, struct sql *to, const struct sql_table *t, uint64_t *rows)
{
	struct buf select = {0}, insert = {0};
	enum store_result r = STORE_FAILED;
	struct columns c;

	columns_of(t, &c);
	texts_of(t, &c, &select, &insert);
	*rows = 0;
	if (!select.oom && !insert.oom)
		r = text_run(to, "DELETE FROM %s", t->name, NULL, 0, NULL); /* the rows that every new store has */
	if (r == STORE_OK)
		r = rows_copy(from, to, t, buf_cstr(&select), buf_cstr(&insert), rows);
	if (r == STORE_OK && t->ids)
		r = ids_copy(from, to, t->name);
	buf_free(&select);
	buf_free(&insert);
	return r;
}

static bool failed(struct sql *from, struct sql *to, const char *table, struct why *why)
{
	return why_not(why, "the table %s cannot be copied: %s%s", table, from->why.text, to->why.text);
}

static bool is_empty(struct store *s)
{
	struct store_user u;

	return s->ops->user_by_id(s, 1, &u) == STORE_NONE;
}

bool store_copy(struct store *from, struct store *to, void (*done)(void *arg, const char *table, uint64_t rows), void *arg, struct why *why)
{
	struct sql *a = sql_of(from), *b = sql_of(to);
	enum store_result r;

	if (!is_empty(to))
		return why_not(why, "there are users in the store that is to be written: only an empty one is");
	if (from->ops->look(from) != STORE_OK)
		return failed(a, b, "account", why);
	r = sql_begin(b);
	for (size_t i = 0; r == STORE_OK && i < sizeof tables / sizeof *tables; i++) {
		uint64_t rows = 0;

		r = table_copy(a, b, &tables[i], &rows);
		if (r != STORE_OK)
			failed(a, b, tables[i].name, why);
		else if (done)
			done(arg, tables[i].name, rows);
	}
	if (b->depth && sql_commit(b, r) != STORE_OK && r == STORE_OK)
		r = STORE_FAILED, failed(a, b, "audit", why);
	from->ops->look_end(from);
	return r == STORE_OK;
}
