/* store/sql_text.h: every SQL text of the store, one table for every engine: ?1 is the first value.
 *
 * No text reads a table from end to end: each finds its rows by an index, and lists go on behind the last row of the page before.
 * tests/unit/store/test_plans.c asks SQLite for the plan of each.
 */
#ifndef DIALTONE_STORE_SQL_TEXT_H
#define DIALTONE_STORE_SQL_TEXT_H

/* clang-format off */
#define USER_COLUMNS "id, aor, login, display, number, extension, home_pool, enabled, remote, nt_hash, created, tickets_after, " \
	"common_area, display_number, pin_policy, pin_locked"
#define POLICY_COLUMNS "name, min_length, lifetime, history, attempts, common"
#define PIN_COLUMNS "salt, hash, length, set_at, local, local_since, locked_until, global, last_attempt, key_id"
#define CERT_COLUMNS "id, account, device, sha1, der, published, expires, key"
#define RULE_COLUMNS "id, guid, device_type, brand, model, revision, locale, approved, restore, pending, withdrawn"
#define POOL_COLUMNS "name, sip, web, external_sip, external_web, store, backup"
#define BINDING_COLUMNS "aor, instance, seq, gone, front_end, epid, contact, peer, user_agent, outside, seconds, since"
#define IMAGE_COLUMNS "rule, version, file, signature, time, size, sha256, min_installed, released"

#define SQL_LIST \
X(CHANGES,        "SELECT n FROM change WHERE id = 1") \
X(CHANGED,        "UPDATE change SET n = n + 1 WHERE id = 1") \
X(USER_ADD,       "INSERT INTO account (aor, login, login_key, display, number, extension, home_pool, enabled, remote, nt_hash, created, tickets_after, " \
                  "common_area, display_number, pin_policy, pin_locked) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) ON CONFLICT DO NOTHING RETURNING id") \
X(USER_SET,       "UPDATE account SET aor = ?1, login = ?2, login_key = ?3, display = ?4, number = ?5, extension = ?6, home_pool = ?7, enabled = ?8, " \
                  "remote = ?9, nt_hash = ?10, created = ?11, tickets_after = ?12, common_area = ?13, display_number = ?14, pin_policy = ?15, pin_locked = ?16 " \
                  "WHERE id = ?17") \
X(USER_CLASH,     "SELECT 'address', aor FROM account WHERE aor = ?1 AND id <> ?5 UNION ALL " \
                  "SELECT 'login', aor FROM account WHERE login_key = ?2 AND login_key <> '' AND id <> ?5 UNION ALL " \
                  "SELECT 'extension with that number', aor FROM account WHERE extension = ?4 AND extension <> '' AND number = ?3 AND id <> ?5 LIMIT 1") \
X(USER_REMOVE,    "DELETE FROM account WHERE id = ?1") \
X(USER_GET,       "SELECT " USER_COLUMNS " FROM account WHERE aor = ?1") \
X(USER_BY_ID,     "SELECT " USER_COLUMNS " FROM account WHERE id = ?1") \
X(USER_BY_LOGIN,  "SELECT " USER_COLUMNS " FROM account WHERE login_key = ?1 AND login_key <> ''") \
X(USER_BY_NUMBER, "SELECT " USER_COLUMNS " FROM account WHERE number = ?1 AND number <> '' ORDER BY id LIMIT ?2") \
X(USER_BY_EXT,    "SELECT " USER_COLUMNS " FROM account WHERE extension = ?1 AND extension <> '' ORDER BY number LIMIT ?2") \
X(USER_BY_LINE,   "SELECT " USER_COLUMNS " FROM account WHERE extension = ?2 AND extension <> '' AND number = ?1 LIMIT ?3") \
X(USER_PAGE,      "SELECT " USER_COLUMNS " FROM account WHERE aor > ?1 ORDER BY aor LIMIT ?2") \
X(POLICY_PUT,     "INSERT INTO pin_policy (" POLICY_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (name) DO UPDATE SET " \
                  "min_length = ?2, lifetime = ?3, history = ?4, attempts = ?5, common = ?6") \
X(POLICY_GET,     "SELECT " POLICY_COLUMNS " FROM pin_policy WHERE name = ?1") \
X(POLICY_USED,    "SELECT aor FROM account WHERE pin_policy = ?1 AND pin_policy <> '' LIMIT 1") \
X(POLICY_REMOVE,  "DELETE FROM pin_policy WHERE name = ?1") \
X(POLICY_PAGE,    "SELECT " POLICY_COLUMNS " FROM pin_policy WHERE name > ?1 ORDER BY name LIMIT ?2") \
X(PIN_GET,        "SELECT " PIN_COLUMNS " FROM pin WHERE account = ?1") \
X(PIN_SET,        "INSERT INTO pin (account, " PIN_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (account) DO UPDATE SET " \
                  "salt = ?2, hash = ?3, length = ?4, set_at = ?5, local = ?6, local_since = ?7, locked_until = ?8, global = ?9, last_attempt = ?10, key_id = ?11") \
X(PIN_REHASH,     "UPDATE pin SET hash = ?3, key_id = ?4 WHERE account = ?1 AND salt = ?2 AND key_id < ?4") \
X(PINS_OF_KEY,    "SELECT count(*) FROM pin WHERE key_id = ?1 AND set_at > 0") \
X(PIN_COUNT,      "INSERT INTO pin (account, " PIN_COLUMNS ") VALUES (?1, '', '', 0, 0, ?2, ?3, ?4, ?5, ?6, 1) ON CONFLICT (account) DO UPDATE SET " \
                  "local = ?2, local_since = ?3, locked_until = ?4, global = ?5, last_attempt = ?6") \
X(PASSWORD_GET,   "SELECT local, local_since, locked_until, global, tries FROM password WHERE account = ?1") \
X(PASSWORD_COUNT, "INSERT INTO password (account, local, local_since, locked_until, global, tries) VALUES (?1, ?2, ?3, ?4, ?5, ?6) " \
                  "ON CONFLICT (account) DO UPDATE SET local = ?2, local_since = ?3, locked_until = ?4, global = ?5, tries = ?6") \
X(PASSWORD_REMOVE, "DELETE FROM password WHERE account = ?1") \
X(PIN_KEEP,       "INSERT INTO pin_history (account, salt, hash, key_id) SELECT account, salt, hash, key_id FROM pin WHERE account = ?1 AND set_at > 0") \
X(PIN_FORGET,     "DELETE FROM pin_history WHERE account = ?1 AND id NOT IN (SELECT id FROM pin_history WHERE account = ?1 ORDER BY id DESC LIMIT ?2)") \
X(PIN_HISTORY,    "SELECT salt, hash, key_id FROM pin_history WHERE account = ?1 ORDER BY id DESC LIMIT ?2") \
X(PIN_REMOVE,     "DELETE FROM pin WHERE account = ?1") \
X(CERT_PUT,       "INSERT INTO cert (account, device, sha1, der, published, expires, key) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)") \
X(CERT_OF_OTHERS, "DELETE FROM cert WHERE key = ?1 AND account <> ?2") \
X(CERT_TRIM,      "DELETE FROM cert WHERE account = ?1 AND device = ?2 AND id NOT IN " \
                  "(SELECT id FROM cert WHERE account = ?1 AND device = ?2 ORDER BY id DESC LIMIT 2)") \
X(CERT_TRIM_USER, "DELETE FROM cert WHERE account = ?1 AND (expires <= ?2 OR id NOT IN " \
                  "(SELECT id FROM cert WHERE account = ?1 ORDER BY id DESC LIMIT ?3))") \
X(CERT_OLDER,     "SELECT 1 FROM cert WHERE account = ?1 AND device = ?2 AND id < (SELECT id FROM cert WHERE sha1 = ?3) LIMIT 1") \
X(CERT_SETTLE,    "DELETE FROM cert WHERE account = ?1 AND device = ?2 AND id < (SELECT id FROM cert WHERE sha1 = ?3)") \
X(CERT_FIND,      "SELECT " CERT_COLUMNS " FROM cert WHERE sha1 = ?1") \
X(CERT_PAGE,      "SELECT " CERT_COLUMNS " FROM cert WHERE (account, id) > (?1, ?2) ORDER BY account, id LIMIT ?3") \
X(CERT_PAGE_OF,   "SELECT " CERT_COLUMNS " FROM cert WHERE account = ?1 AND id > ?2 ORDER BY id LIMIT ?3") \
X(CERT_REVOKE,    "DELETE FROM cert WHERE account = ?1") \
X(TICKETS_AFTER,  "UPDATE account SET tickets_after = ?2 WHERE id = ?1") \
X(DEVICE_PUT,     "INSERT INTO device (key, mac, serial, vendor, model, revision, locale, device_type, version, account, address, first_seen, last_seen) " \
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12) ON CONFLICT (key) DO UPDATE SET mac = ?2, serial = ?3, vendor = ?4, " \
                  "model = ?5, revision = ?6, locale = ?7, device_type = ?8, version = ?9, " \
                  "account = CASE WHEN ?10 = '' THEN device.account ELSE ?10 END, address = ?11, last_seen = ?12") \
X(DEVICE_TRIM,    "DELETE FROM device WHERE key IN (SELECT key FROM device ORDER BY signed_in > 0 OR last_seen - first_seen >= ?2 DESC, last_seen DESC " \
                  "LIMIT 9223372036854775807 OFFSET ?1)") \
X(DEVICE_IN,      "INSERT INTO device (key, mac, serial, vendor, model, revision, locale, device_type, version, account, address, first_seen, last_seen, " \
                  "instance, front_end, signed_in) VALUES (?1, ?1, '', '', ?2, '', '', '', ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?6) " \
                  "ON CONFLICT (key) DO UPDATE SET account = ?4, address = ?5, instance = ?7, front_end = ?8, signed_in = ?6") \
X(DEVICE_IN_AS,   "UPDATE device SET account = ?2, address = ?3, front_end = ?4, signed_in = ?5 WHERE instance = ?1 AND instance <> ''") \
X(DEVICE_OFF,     "UPDATE device SET signed_off = ?3 WHERE instance = ?1 AND instance <> '' AND front_end = ?2") \
X(DEVICE_PAGE,    "SELECT mac, serial, vendor, model, revision, locale, device_type, version, account, address, first_seen, last_seen, signed_in, signed_off " \
                  "FROM device WHERE (last_seen, key) < (?1, ?2) ORDER BY last_seen DESC, key DESC LIMIT ?3") \
X(RULE_ADD,       "INSERT INTO rule (guid, key, device_type, brand, model, revision, locale, approved, restore, pending, withdrawn) " \
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) RETURNING id") \
X(RULE_SET,       "UPDATE rule SET guid = ?1, key = ?2, device_type = ?3, brand = ?4, model = ?5, revision = ?6, locale = ?7, approved = ?8, " \
                  "restore = ?9, pending = ?10, withdrawn = ?11 WHERE id = ?12") \
X(RULE_FIND,      "SELECT " RULE_COLUMNS " FROM rule WHERE key = ?1") \
X(RULE_PAGE,      "SELECT " RULE_COLUMNS " FROM rule WHERE key > ?1 ORDER BY key LIMIT ?2") \
X(RULE_REMOVE,    "DELETE FROM rule WHERE id = ?1") \
X(IMAGES_REMOVE,  "DELETE FROM image WHERE rule = ?1") \
X(IMAGE_PUT,      "INSERT INTO image (" IMAGE_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (rule, version) DO UPDATE SET " \
                  "file = ?3, signature = ?4, time = ?5, size = ?6, sha256 = ?7, min_installed = ?8, released = ?9") \
X(IMAGE_REMOVE,   "DELETE FROM image WHERE rule = ?1 AND version = ?2") \
X(IMAGE_GET,      "SELECT " IMAGE_COLUMNS " FROM image WHERE rule = ?1 AND version = ?2") \
X(IMAGE_PAGE,     "SELECT " IMAGE_COLUMNS " FROM image WHERE rule = ?1 AND version > ?2 ORDER BY version LIMIT ?3") \
X(TEST_PUT,       "INSERT INTO test_device (name, is_mac, id) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE SET is_mac = ?2, id = ?3") \
X(TEST_REMOVE,    "DELETE FROM test_device WHERE name = ?1") \
X(TEST_FIND,      "SELECT 1 FROM test_device WHERE id = ?2 AND is_mac = ?1") \
X(TEST_PAGE,      "SELECT name, is_mac, id FROM test_device WHERE name > ?1 ORDER BY name LIMIT ?2") \
X(POOL_PUT,       "INSERT INTO pool (" POOL_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (name) DO UPDATE SET " \
                  "sip = ?2, web = ?3, external_sip = ?4, external_web = ?5, store = ?6, backup = ?7") \
X(POOL_GET,       "SELECT " POOL_COLUMNS " FROM pool WHERE name = ?1") \
X(POOL_PAGE,      "SELECT " POOL_COLUMNS " FROM pool WHERE name > ?1 ORDER BY name LIMIT ?2") \
X(POOL_REMOVE,    "DELETE FROM pool WHERE name = ?1") \
X(POOL_USER,      "SELECT " USER_COLUMNS " FROM account WHERE home_pool = ?1 AND home_pool <> '' LIMIT 1") \
X(KEY_PUT,        "INSERT INTO pool_key (kind, id, made, grace, sealed) VALUES (?1, ?2, ?3, ?4, ?5)") \
X(KEY_TRIM,       "DELETE FROM pool_key WHERE kind = ?1 AND id < ?2") \
X(KEY_PAGE,       "SELECT kind, id, made, grace, sealed FROM pool_key WHERE kind = ?1 AND id > ?2 ORDER BY id LIMIT ?3") \
X(INVITE_PUT,     "INSERT INTO invite (id, expires) VALUES (?1, ?2)") \
X(INVITE_TRIM,    "DELETE FROM invite WHERE expires <= ?1") \
X(INVITE_USE,     "DELETE FROM invite WHERE id = ?1 AND expires > ?2") \
X(BEAT,           "INSERT INTO front_end (name, beat) VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET beat = front_end.beat + 1") \
X(FRONT_ENDS,     "SELECT name, beat FROM front_end WHERE name > ?1 ORDER BY name LIMIT ?2") \
X(FRONT_END_REMOVE, "DELETE FROM front_end WHERE name = ?1") \
X(BINDINGS_COUNT, "UPDATE change SET n = n + 1 WHERE id = 2") \
X(NEWS,           "SELECT n FROM change WHERE id = 2") \
X(BINDING_PUT,    "INSERT INTO binding (" BINDING_COLUMNS ") VALUES (?1, ?2, (SELECT n FROM change WHERE id = 2), 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) " \
                  "ON CONFLICT (aor, instance) DO UPDATE SET seq = (SELECT n FROM change WHERE id = 2), gone = 0, front_end = ?3, epid = ?4, contact = ?5, " \
                  "peer = ?6, user_agent = ?7, outside = ?8, seconds = ?9, since = ?10") \
X(BINDING_DROP,   "UPDATE binding SET gone = ?4, seq = (SELECT n FROM change WHERE id = 2) WHERE aor = ?1 AND instance = ?2 AND front_end = ?3 AND gone = 0") \
X(BINDINGS_DROP,  "UPDATE binding SET gone = ?2, seq = (SELECT n FROM change WHERE id = 2) WHERE front_end = ?1 AND gone = 0") \
X(BINDINGS_AT,    "SELECT count(*) FROM binding WHERE front_end = ?1 AND gone = 0") \
X(BINDINGS_TRIM,  "DELETE FROM binding WHERE front_end = ?1 AND gone > 0 AND gone < ?2") \
X(BINDING_PAGE,   "SELECT " BINDING_COLUMNS " FROM binding WHERE (seq, aor, instance) > (?1, ?2, ?3) ORDER BY seq, aor, instance LIMIT ?4") \
X(BINDINGS_OF,    "SELECT " BINDING_COLUMNS " FROM binding WHERE aor = ?1 AND instance > ?2 ORDER BY instance LIMIT ?3") \
X(ORDER_PUT,      "INSERT INTO phone_order (at, origin, aor, kind, diag, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)") \
X(ORDER_LAST,     "SELECT max(id) FROM phone_order") \
X(ORDER_TRIM,     "DELETE FROM phone_order WHERE id <= (SELECT max(id) FROM phone_order) - ?1") \
X(ORDER_PAGE,     "SELECT id, origin, aor, kind, diag, reason FROM phone_order WHERE id > ?1 ORDER BY id LIMIT ?2") \
X(AUDIT,          "INSERT INTO audit (at, what, whom, ok, detail) VALUES (?1, ?2, ?3, ?4, ?5)") \
X(AUDIT_TRIM,     "DELETE FROM audit WHERE what <> ?1 AND ok = ?2 AND id <= (SELECT id FROM audit WHERE what <> ?1 AND ok = ?2 " \
                  "ORDER BY id DESC LIMIT 1 OFFSET ?3)") \
X(AUDIT_TRIM_OF,  "DELETE FROM audit WHERE what = ?1 AND id <= (SELECT id FROM audit WHERE what = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)") \
X(AUDIT_PAGE,     "SELECT id, at, what, whom, ok, detail FROM audit WHERE (at, id) > (?1, ?2) ORDER BY at, id LIMIT ?3")
/* clang-format on */

#define X(name, text) SQL_##name,
enum sql_id { SQL_LIST SQL_COUNT, SQL_OTHER_GET = SQL_COUNT, SQL_OTHER_PUT, SQL_SLOTS /* two for texts of sql_copy.c */ };
#undef X
extern const char *const sql_text_of[SQL_COUNT];

#endif
