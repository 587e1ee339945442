/* store/sql.h: the store over a database that speaks SQL: the interface between its functions and its engines.
 *
 * The functions of the store (sql_user.c, sql_pin.c, ...) are written once, over texts (sql_text.h) and one schema (sql_schema.c).
 * An engine (sqlite.c, postgres.c) runs a text with its values and gives the rows.
 */
#ifndef DIALTONE_STORE_SQL_H
#define DIALTONE_STORE_SQL_H

#include "store/sql_text.h"
#include "store/store.h"

struct sql;
struct sql_st; /* a text that runs; the engine's */

#define SQL_VALUES_MAX 32 /* of one text */

struct sql_value {
	char type; /* i: int64, t: text, b: octets */
	int64_t i;
	const void *p;
	size_t n;
};

struct sql_engine {
	const char *name;
	void (*close)(struct sql *q);
	/* A transaction that no other writer comes between, and its end.  Each sets q->why on failure. */
	enum store_result (*begin)(struct sql *q);
	enum store_result (*commit)(struct sql *q);
	enum store_result (*look)(struct sql *q); /* a transaction that only reads; rollback() ends it */
	void (*rollback)(struct sql *q); /* a transaction that is open, if there is one */
	struct sql_st *(*start)(struct sql *q, enum sql_id id, const struct sql_value *v, unsigned n); /* NULL: q->why */
	/* The same for a text that is in no table: SQL_OTHER_GET, SQL_OTHER_PUT. */
	struct sql_st *(*start_text)(struct sql *q, enum sql_id slot, const char *text, const struct sql_value *v, unsigned n);
	/* Formats of texts with a table's name: the last id that was given, and (after the first) to go on behind ?1 */
	const char *ids_get, *ids_clear, *ids_set;
	const char *lag; /* one row with the milliseconds of the farthest standby, or none; NULL: there are no standbys */
	/* OK: a row; NONE: the end; TAKEN: something that must be unique is in use.  After all but OK it has ended. */
	enum store_result (*step)(struct sql *q, struct sql_st *st);
	void (*end)(struct sql *q, struct sql_st *st);
	int64_t (*changed)(struct sql *q); /* rows that the last text wrote or deleted */
	void (*lazy)(struct sql *q, bool lazy); /* the next writes may be lost with the power */
	enum store_result (*reserve)(struct sql *q); /* store_ops; NULL: the engine's server has a disk of its own */
	bool (*has_room)(struct sql *q);
	int64_t (*column_int)(struct sql *q, struct sql_st *st, int column);
	/* Of the engine, until the next step: text with a NUL behind it, "" when there is none. */
	const char *(*column_text)(struct sql *q, struct sql_st *st, int column);
	const void *(*column_blob)(struct sql *q, struct sql_st *st, int column, size_t *n);
};

struct sql { /* an engine's own struct begins with it */
	struct store store; /* first: a struct store * is one of these */
	const struct sql_engine *engine;
	unsigned device_puts, audits[3]; /* written; audits by kind: sql_audit.c */
	unsigned depth; /* transactions that stand inside each other: the outermost one is the engine's */
	bool broken;	/* one of the inner ones failed: the whole is rolled back */
	struct why why;
};

extern const struct store_ops sql_ops;
struct sql *sql_of(struct store *s);

/* The schema, version by version: [0] makes all of version 1, each further one adds to the one before. */
#define SQL_SCHEMAS 12
extern const char *const sql_schema[SQL_SCHEMAS];
#define SQL_NEWER "it was made by a newer version of this program"

/* ---- texts that run ---------------------------------------------------------------------------------------------------- */

/* types: a letter a value, as in struct sql_value; b takes pointer and size_t.  NULL: q->why is set. */
struct sql_st *sql_bind(struct sql *q, enum sql_id id, const char *types, ...);
/* Runs one that gives no rows. */
enum store_result sql_run(struct sql *q, enum sql_id id, const char *types, ...);
enum store_result sql_step(struct sql *q, struct sql_st *st); /* OK: a row; NONE: the end */
void sql_end(struct sql *q, struct sql_st *st);
/* The first row's first column. */
enum store_result sql_one(struct sql *q, struct sql_st *st, int64_t *ret);
enum store_result sql_begin(struct sql *q);
/* Commits when r is STORE_OK, else rolls back; the result of it all.  Inside another one: leaves that to it. */
enum store_result sql_commit(struct sql *q, enum store_result r);
int64_t sql_changed(struct sql *q);
/* r, or, when the last text deleted or changed no row, STORE_NONE */
enum store_result sql_some(struct sql *q, enum store_result r);
/* What somebody was admitted with may no longer hold (store_ops.changes); within the transaction. */
enum store_result sql_note_change(struct sql *q, enum store_result r);

int64_t sql_int(struct sql *q, struct sql_st *st, int column);
void sql_text(struct sql *q, struct sql_st *st, int column, char *ret, size_t cap);
const char *sql_chars(struct sql *q, struct sql_st *st, int column);
size_t sql_blob(struct sql *q, struct sql_st *st, int column, void *ret, size_t cap); /* 0 when it is longer than cap */
const void *sql_blob_view(struct sql *q, struct sql_st *st, int column, size_t *n); /* until the next step */

/* ---- lists, page by page ------------------------------------------------------------------------------------------------ */

#define SQL_PAGE 256

struct sql_list {
	size_t size; /* of a row */
	/* Runs the text of the rows behind *last (NULL: from the first), at most SQL_PAGE. of: the caller's */
	struct sql_st *(*behind)(struct sql *q, const void *of, const void *last);
	bool (*row)(struct sql *q, struct sql_st *st, void *ret); /* false: out of memory */
	bool (*give)(void *each, const void *row);		  /* to the caller's function; false stops */
	void (*clear)(void *row);				  /* NULL: rows own nothing */
};
/* Each page is read to its end before its rows are given: no lock is held meanwhile, and the store may be used and written. */
enum store_result sql_each(struct sql *q, const struct sql_list *l, const void *of, void *each);

/* ---- the tables, for sql_copy.c -------------------------------------------------------------------------------------------- */

struct sql_table {
	const char *name;
	const char *columns; /* "id:i aor:t": each with its type, as in struct sql_value */
	const char *key;     /* its rows are read in this order, page by page when it is one column */
	bool ids;	     /* given by the database, never twice */
};
const struct sql_table *sql_tables(size_t *n);
bool sql_is_passing(const char *table); /* its rows are not copied */

/* ---- the functions of the store, by file ---------------------------------------------------------------------------------- */

enum store_result sql_user_add(struct store *s, struct store_user *u);
enum store_result sql_user_set(struct store *s, const struct store_user *u);
enum store_result sql_user_remove(struct store *s, int64_t id);
enum store_result sql_user_get(struct store *s, const char *aor, struct store_user *ret);
enum store_result sql_user_by_id(struct store *s, int64_t id, struct store_user *ret);
enum store_result sql_user_by_login(struct store *s, const char *login, struct store_user *ret);
enum store_result sql_user_by_line(struct store *s, const char *number, const char *extension, struct store_user *ret,
				      size_t cap, size_t *n);
enum store_result sql_user_each(struct store *s, const char *after,
				    bool (*each)(void *, const struct store_user *), void *arg);

enum store_result sql_key_put(struct store *s, const struct store_key *k, unsigned keep_from);
enum store_result sql_key_each(struct store *s, const char *kind, bool (*each)(void *arg, const struct store_key *k), void *arg);
enum store_result sql_policy_put(struct store *s, const struct store_pin_policy *p);
enum store_result sql_policy_get(struct store *s, const char *name, struct store_pin_policy *ret);
enum store_result sql_policy_remove(struct store *s, const char *name);
enum store_result sql_policy_each(struct store *s, bool (*each)(void *arg, const struct store_pin_policy *p), void *arg);
enum store_result sql_pin_get(struct store *s, int64_t user, struct store_pin *ret);
enum store_result sql_pin_set(struct store *s, int64_t user, const struct store_pin *p, unsigned keep);
enum store_result sql_pin_rehash(struct store *s, int64_t user, const struct store_pin *p);
enum store_result sql_pins_of_key(struct store *s, unsigned key, uint64_t *n);
enum store_result sql_pin_history(struct store *s, int64_t user, struct store_old_pin *ret, size_t cap, size_t *n);
enum store_result sql_password_get(struct store *s, int64_t user, struct store_tries *ret);
enum store_result sql_password_step(struct store *s, int64_t user, void (*step)(void *, struct store_tries *), void *arg);
enum store_result sql_pin_step(struct store *s, const int64_t *users, size_t n,
				  void (*step)(void *, size_t, struct store_pin *), void *arg);
enum store_result sql_pin_settle(struct store *s, const int64_t *users, size_t n,
				 void (*step)(void *, size_t, struct store_pin *), void *arg);

enum store_result sql_cert_put(struct store *s, const struct store_cert *c);
enum store_result sql_cert_settle(struct store *s, const struct store_cert *c);
enum store_result sql_cert_find(struct store *s, const uint8_t sha1[20], struct store_cert *ret);
enum store_result sql_cert_each(struct store *s, int64_t user, bool (*each)(void *, const struct store_cert *),
				   void *arg);
enum store_result sql_cert_revoke(struct store *s, int64_t user, int64_t now, unsigned *n);

enum store_result sql_device_put(struct store *s, const struct store_device *d);
enum store_result sql_device_signed(struct store *s, const struct store_sign *g);
enum store_result sql_device_each(struct store *s, bool (*each)(void *, const struct store_device *), void *arg);
enum store_result sql_rule_put(struct store *s, struct store_rule *r);
enum store_result sql_rule_find(struct store *s, const struct store_rule *key, struct store_rule *ret);
enum store_result sql_rule_each(struct store *s, bool (*each)(void *, const struct store_rule *), void *arg);
enum store_result sql_rule_remove(struct store *s, int64_t id);
enum store_result sql_image_put(struct store *s, const struct store_image *im);
enum store_result sql_image_remove(struct store *s, int64_t rule, const char *version);
enum store_result sql_image_get(struct store *s, int64_t rule, const char *version, struct store_image *ret);
enum store_result sql_image_each(struct store *s, int64_t rule, bool (*each)(void *, const struct store_image *),
				    void *arg);
enum store_result sql_test_put(struct store *s, const struct store_test_device *d);
enum store_result sql_test_remove(struct store *s, const char *name);
enum store_result sql_test_find(struct store *s, bool is_mac, const char *id);
enum store_result sql_test_each(struct store *s, bool (*each)(void *, const struct store_test_device *), void *arg);

enum store_result sql_pool_put(struct store *s, const struct store_pool *p);
enum store_result sql_pool_get(struct store *s, const char *name, struct store_pool *ret);
enum store_result sql_pool_each(struct store *s, bool (*each)(void *, const struct store_pool *), void *arg);
enum store_result sql_pool_remove(struct store *s, const char *name);
enum store_result sql_pool_user(struct store *s, const char *name, struct store_user *ret);

enum store_result sql_invite_put(struct store *s, const char *id, int64_t expires, int64_t now);
enum store_result sql_invite_use(struct store *s, const char *id, int64_t now);
enum store_result sql_front_end_beat(struct store *s, const char *name);
enum store_result sql_front_end_each(struct store *s, bool (*each)(void *arg, const char *name, uint64_t beat), void *arg);
enum store_result sql_front_end_remove(struct store *s, const char *name);
enum store_result sql_bindings_write(struct store *s, const struct store_binding *b, size_t n, int64_t now);
enum store_result sql_bindings_drop(struct store *s, const char *front_end, int64_t now);
enum store_result sql_bindings_at(struct store *s, const char *front_end, uint64_t *ret);
enum store_result sql_lag(struct store *s, int64_t *ms);
enum store_result sql_news(struct store *s, uint64_t *ret);
enum store_result sql_binding_each(struct store *s, uint64_t after, bool (*each)(void *arg, const struct store_binding *b), void *arg);
enum store_result sql_bindings_of(struct store *s, const char *aor, bool (*each)(void *arg, const struct store_binding *b), void *arg);
enum store_result sql_order_put(struct store *s, const struct store_order *o, int64_t now);
enum store_result sql_order_last(struct store *s, int64_t *ret);
enum store_result sql_order_each(struct store *s, int64_t after, bool (*each)(void *arg, const struct store_order *o), void *arg);

void sql_lower(char *ret, size_t cap, const char *s);
/* The first row of a text over USER_COLUMNS. */
enum store_result sql_user_one(struct sql *q, struct sql_st *st, struct store_user *ret);

enum store_result sql_audit(struct store *s, int64_t now, const char *what, const char *whom, bool ok,
			       const char *detail);
enum store_result sql_audit_each(struct store *s, int64_t since,
				    bool (*each)(void *, int64_t, const char *, const char *, bool, const char *),
				    void *arg);

#endif
