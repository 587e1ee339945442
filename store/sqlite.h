/* store/sqlite.h: what the files of the SQLite backend share: the connection, every SQL text, binding and columns. */
#ifndef DIALTONE_STORE_SQLITE_H
#define DIALTONE_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/store.h"

/* clang-format off */
#define USER_COLUMNS "id, aor, login, display, number, extension, home_pool, enabled, remote, nt_hash, created, tickets_after"
#define PIN_COLUMNS "salt, hash, length, set_at, local, local_since, locked_until, global, last_attempt"
#define RULE_COLUMNS "id, guid, device_type, brand, model, revision, locale, approved, restore, pending"
#define IMAGE_COLUMNS "rule, version, file, signature, time, size, sha256, min_installed, released"

#define SQL_LIST \
X(CHANGES,        "PRAGMA data_version") \
X(BEGIN,          "BEGIN IMMEDIATE") \
X(COMMIT,         "COMMIT") \
X(ROLLBACK,       "ROLLBACK") \
X(USER_ADD,       "INSERT INTO account (aor, login, login_key, display, number, extension, home_pool, enabled, remote, nt_hash, created, tickets_after) " \
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)") \
X(USER_SET,       "UPDATE account SET aor = ?1, login = ?2, login_key = ?3, display = ?4, number = ?5, extension = ?6, home_pool = ?7, enabled = ?8, " \
                  "remote = ?9, nt_hash = ?10, created = ?11, tickets_after = ?12 WHERE id = ?13") \
X(USER_CLASH,     "SELECT CASE WHEN aor = ?1 THEN 'address' WHEN ?2 <> '' AND login_key = ?2 THEN 'login' ELSE 'extension with that number' END, aor " \
                  "FROM account WHERE id <> ?5 AND (aor = ?1 OR (?2 <> '' AND login_key = ?2) OR (?4 <> '' AND extension = ?4 AND number = ?3)) LIMIT 1") \
X(USER_REMOVE,    "DELETE FROM account WHERE id = ?1") \
X(USER_GET,       "SELECT " USER_COLUMNS " FROM account WHERE aor = ?1") \
X(USER_BY_ID,     "SELECT " USER_COLUMNS " FROM account WHERE id = ?1") \
X(USER_BY_LOGIN,  "SELECT " USER_COLUMNS " FROM account WHERE login_key = ?1 AND login_key <> ''") \
X(USER_BY_NUMBER, "SELECT " USER_COLUMNS " FROM account WHERE number = ?1 ORDER BY id LIMIT ?2") \
X(USER_BY_EXT,    "SELECT " USER_COLUMNS " FROM account WHERE extension = ?1 ORDER BY id LIMIT ?2") \
X(USER_BY_LINE,   "SELECT " USER_COLUMNS " FROM account WHERE number = ?1 AND extension = ?2 ORDER BY id LIMIT ?3") \
X(USER_EACH,      "SELECT " USER_COLUMNS " FROM account ORDER BY aor") \
X(PIN_GET,        "SELECT " PIN_COLUMNS " FROM pin WHERE account = ?1") \
X(PIN_SET,        "INSERT INTO pin (account, " PIN_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (account) DO UPDATE SET " \
                  "salt = ?2, hash = ?3, length = ?4, set_at = ?5, local = ?6, local_since = ?7, locked_until = ?8, global = ?9, last_attempt = ?10") \
X(PIN_COUNT,      "INSERT INTO pin (account, " PIN_COLUMNS ") VALUES (?1, x'', x'', 0, 0, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (account) DO UPDATE SET " \
                  "local = ?2, local_since = ?3, locked_until = ?4, global = ?5, last_attempt = ?6") \
X(PASSWORD_GET,   "SELECT local, local_since, locked_until, global, tries FROM password WHERE account = ?1") \
X(PASSWORD_COUNT, "INSERT INTO password (account, local, local_since, locked_until, global, tries) VALUES (?1, ?2, ?3, ?4, ?5, ?6) " \
                  "ON CONFLICT (account) DO UPDATE SET local = ?2, local_since = ?3, locked_until = ?4, global = ?5, tries = ?6") \
X(PASSWORD_REMOVE, "DELETE FROM password WHERE account = ?1") \
X(PIN_KEEP,       "INSERT INTO pin_history (account, salt, hash) SELECT account, salt, hash FROM pin WHERE account = ?1 AND set_at > 0") \
X(PIN_FORGET,     "DELETE FROM pin_history WHERE account = ?1 AND id NOT IN (SELECT id FROM pin_history WHERE account = ?1 ORDER BY id DESC LIMIT ?2)") \
X(PIN_HISTORY,    "SELECT salt, hash FROM pin_history WHERE account = ?1 ORDER BY id DESC LIMIT ?2") \
X(PIN_REMOVE,     "DELETE FROM pin WHERE account = ?1") \
X(CERT_PUT,       "INSERT INTO cert (account, device, sha1, der, published, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6)") \
X(CERT_TRIM,      "DELETE FROM cert WHERE account = ?1 AND device = ?2 AND id NOT IN " \
                  "(SELECT id FROM cert WHERE account = ?1 AND device = ?2 ORDER BY id DESC LIMIT 2)") \
X(CERT_OLDER,     "SELECT 1 FROM cert WHERE account = ?1 AND device = ?2 AND id < (SELECT id FROM cert WHERE sha1 = ?3) LIMIT 1") \
X(CERT_SETTLE,    "DELETE FROM cert WHERE account = ?1 AND device = ?2 AND id < (SELECT id FROM cert WHERE sha1 = ?3)") \
X(CERT_FIND,      "SELECT account, device, sha1, der, published, expires FROM cert WHERE sha1 = ?1") \
X(CERT_EACH,      "SELECT account, device, sha1, der, published, expires FROM cert ORDER BY account, id") \
X(CERT_EACH_OF,   "SELECT account, device, sha1, der, published, expires FROM cert WHERE account = ?1 ORDER BY id") \
X(CERT_REVOKE,    "DELETE FROM cert WHERE account = ?1") \
X(TICKETS_AFTER,  "UPDATE account SET tickets_after = ?2 WHERE id = ?1") \
X(DEVICE_PUT,     "INSERT INTO device (key, mac, serial, vendor, model, revision, locale, device_type, version, account, address, first_seen, last_seen) " \
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12) ON CONFLICT (key) DO UPDATE SET mac = ?2, serial = ?3, vendor = ?4, " \
                  "model = ?5, revision = ?6, locale = ?7, device_type = ?8, version = ?9, account = ?10, address = ?11, last_seen = ?12") \
X(DEVICE_TRIM,    "DELETE FROM device WHERE key IN (SELECT key FROM device ORDER BY last_seen DESC LIMIT -1 OFFSET ?1)") \
X(DEVICE_EACH,    "SELECT mac, serial, vendor, model, revision, locale, device_type, version, account, address, first_seen, last_seen " \
                  "FROM device ORDER BY last_seen DESC") \
X(RULE_ADD,       "INSERT INTO rule (guid, key, device_type, brand, model, revision, locale, approved, restore, pending) " \
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)") \
X(RULE_SET,       "UPDATE rule SET guid = ?1, key = ?2, device_type = ?3, brand = ?4, model = ?5, revision = ?6, locale = ?7, approved = ?8, " \
                  "restore = ?9, pending = ?10 WHERE id = ?11") \
X(RULE_FIND,      "SELECT " RULE_COLUMNS " FROM rule WHERE key = ?1") \
X(RULE_EACH,      "SELECT " RULE_COLUMNS " FROM rule ORDER BY key") \
X(RULE_REMOVE,    "DELETE FROM rule WHERE id = ?1") \
X(IMAGES_REMOVE,  "DELETE FROM image WHERE rule = ?1") \
X(IMAGE_PUT,      "INSERT INTO image (" IMAGE_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (rule, version) DO UPDATE SET " \
                  "file = ?3, signature = ?4, time = ?5, size = ?6, sha256 = ?7, min_installed = ?8, released = ?9") \
X(IMAGE_GET,      "SELECT " IMAGE_COLUMNS " FROM image WHERE rule = ?1 AND version = ?2") \
X(IMAGE_EACH,     "SELECT " IMAGE_COLUMNS " FROM image WHERE rule = ?1 ORDER BY version") \
X(TEST_PUT,       "INSERT INTO test_device (name, is_mac, id) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET is_mac = ?2, id = ?3") \
X(TEST_REMOVE,    "DELETE FROM test_device WHERE name = ?1") \
X(TEST_FIND,      "SELECT 1 FROM test_device WHERE is_mac = ?1 AND id = ?2") \
X(TEST_EACH,      "SELECT name, is_mac, id FROM test_device ORDER BY name") \
X(AUDIT,          "INSERT INTO audit (at, what, whom, ok, detail) VALUES (?1, ?2, ?3, ?4, ?5)") \
X(AUDIT_TRIM,     "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?1") \
X(AUDIT_EACH,     "SELECT at, what, whom, ok, detail FROM audit WHERE at >= ?1 ORDER BY id")
/* clang-format on */

#define X(name, text) SQL_##name,
enum sql { SQL_LIST SQL_COUNT };
#undef X

struct sqlite {
	struct store store; /* first: a struct store * is one of these */
	sqlite3 *db;
	sqlite3_stmt *st[SQL_COUNT];
	unsigned device_puts, audits;
	uint32_t dropped; /* certificates: for changes() */
	unsigned depth; /* transactions that stand inside each other: the outermost one is SQLite's */
	bool broken;	/* one of the inner ones failed: the whole is rolled back */
	struct why why;
};

struct sqlite *sqlite_of(struct store *s);

/* SQLite's words for its last error; "disk I/O error" and the like mostly are a disk that is full, and it does not say so. */
void sqlite_reason(sqlite3 *db, const char *path, struct why *why);

/* The statement, reset and bound: i int64, t text, b blob (pointer, size_t).  NULL: *why is set. */
sqlite3_stmt *sqlite_bind(struct sqlite *q, enum sql id, const char *types, ...);
/* Runs one that gives no rows. */
enum store_result sqlite_run(struct sqlite *q, enum sql id, const char *types, ...);
/* One step: OK (a row), NONE (the end; reset), FAILED. */
enum store_result sqlite_step(struct sqlite *q, sqlite3_stmt *st);
void sqlite_end(sqlite3_stmt *st); /* reset, so that it holds no lock */
enum store_result sqlite_begin(struct sqlite *q);
/* Commits when r is STORE_OK, else rolls back; the result of it all.  Inside another one: leaves that to it. */
enum store_result sqlite_commit(struct sqlite *q, enum store_result r);
/* synchronous=NORMAL while rows are written that may be lost with the power */
void sqlite_lazy(struct sqlite *q, bool lazy);

void sqlite_text(sqlite3_stmt *st, int column, char *ret, size_t cap);
size_t sqlite_blob(sqlite3_stmt *st, int column, void *ret, size_t cap);

/* ---- the functions of the backend, by file --------------------------------------------------------------- */

enum store_result sqlite_user_add(struct store *s, struct store_user *u);
enum store_result sqlite_user_set(struct store *s, const struct store_user *u);
enum store_result sqlite_user_remove(struct store *s, int64_t id);
enum store_result sqlite_user_get(struct store *s, const char *aor, struct store_user *ret);
enum store_result sqlite_user_by_id(struct store *s, int64_t id, struct store_user *ret);
enum store_result sqlite_user_by_login(struct store *s, const char *login, struct store_user *ret);
enum store_result sqlite_user_by_line(struct store *s, const char *number, const char *extension, struct store_user *ret,
				      size_t cap, size_t *n);
enum store_result sqlite_user_each(struct store *s, bool (*each)(void *, const struct store_user *), void *arg);

enum store_result sqlite_pin_get(struct store *s, int64_t user, struct store_pin *ret);
enum store_result sqlite_pin_set(struct store *s, int64_t user, const struct store_pin *p, unsigned keep);
enum store_result sqlite_pin_history(struct store *s, int64_t user, struct store_old_pin *ret, size_t cap, size_t *n);
enum store_result sqlite_password_get(struct store *s, int64_t user, struct store_tries *ret);
enum store_result sqlite_password_step(struct store *s, int64_t user, void (*step)(void *, struct store_tries *), void *arg);
enum store_result sqlite_pin_step(struct store *s, const int64_t *users, size_t n,
				  void (*step)(void *, size_t, struct store_pin *), void *arg);

enum store_result sqlite_cert_put(struct store *s, const struct store_cert *c);
enum store_result sqlite_cert_settle(struct store *s, const struct store_cert *c);
enum store_result sqlite_cert_find(struct store *s, const uint8_t sha1[20], struct store_cert *ret);
enum store_result sqlite_cert_each(struct store *s, int64_t user, bool (*each)(void *, const struct store_cert *),
				   void *arg);
enum store_result sqlite_cert_revoke(struct store *s, int64_t user, int64_t now, unsigned *n);

enum store_result sqlite_device_put(struct store *s, const struct store_device *d);
enum store_result sqlite_device_each(struct store *s, bool (*each)(void *, const struct store_device *), void *arg);
enum store_result sqlite_rule_put(struct store *s, struct store_rule *r);
enum store_result sqlite_rule_find(struct store *s, const struct store_rule *key, struct store_rule *ret);
enum store_result sqlite_rule_each(struct store *s, bool (*each)(void *, const struct store_rule *), void *arg);
enum store_result sqlite_rule_remove(struct store *s, int64_t id);
enum store_result sqlite_image_put(struct store *s, const struct store_image *im);
enum store_result sqlite_image_get(struct store *s, int64_t rule, const char *version, struct store_image *ret);
enum store_result sqlite_image_each(struct store *s, int64_t rule, bool (*each)(void *, const struct store_image *),
				    void *arg);
enum store_result sqlite_test_put(struct store *s, const struct store_test_device *d);
enum store_result sqlite_test_remove(struct store *s, const char *name);
enum store_result sqlite_test_find(struct store *s, bool is_mac, const char *id);
enum store_result sqlite_test_each(struct store *s, bool (*each)(void *, const struct store_test_device *), void *arg);

enum store_result sqlite_audit(struct store *s, int64_t now, const char *what, const char *whom, bool ok,
			       const char *detail);
enum store_result sqlite_audit_each(struct store *s, int64_t since,
				    bool (*each)(void *, int64_t, const char *, const char *, bool, const char *),
				    void *arg);

#endif
