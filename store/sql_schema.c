/* store/sql_schema.c: the one schema of all engines, version by version.
 *
 * It is written in types that SQLite and others share.  The engine writes the version down.
 */
#include "store/sql.h"

/* clang-format off */
const char *const sql_schema[SQL_SCHEMAS] = {
    [0] =
    "CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, aor TEXT NOT NULL UNIQUE, login TEXT NOT NULL,"
    " login_key TEXT NOT NULL, display TEXT NOT NULL, number TEXT NOT NULL, extension TEXT NOT NULL,"
    " home_pool TEXT NOT NULL, enabled INTEGER NOT NULL, remote INTEGER NOT NULL, nt_hash BLOB NOT NULL,"
    " created INTEGER NOT NULL, tickets_after INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX account_login ON account (login_key) WHERE login_key <> '';"
    "CREATE UNIQUE INDEX account_line ON account (extension, number) WHERE extension <> '';"
    "CREATE INDEX account_number ON account (number) WHERE number <> '';"
    "CREATE TABLE pin (account INTEGER PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, length INTEGER NOT NULL,"
    " set_at INTEGER NOT NULL, local INTEGER NOT NULL, local_since INTEGER NOT NULL, locked_until INTEGER NOT NULL,"
    " global INTEGER NOT NULL, last_attempt INTEGER NOT NULL);"
    "INSERT INTO pin VALUES (0, '', '', 0, 0, 0, 0, 0, 0, 0);"
    "CREATE TABLE pin_history (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, salt BLOB NOT NULL,"
    " hash BLOB NOT NULL);"
    "CREATE INDEX pin_history_account ON pin_history (account);"
    "CREATE TABLE cert (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, device TEXT NOT NULL,"
    " sha1 BLOB NOT NULL UNIQUE, der BLOB NOT NULL, published INTEGER NOT NULL, expires INTEGER NOT NULL);"
    "CREATE INDEX cert_account ON cert (account, device);"
    "CREATE TABLE device (key TEXT PRIMARY KEY, mac TEXT NOT NULL, serial TEXT NOT NULL, vendor TEXT NOT NULL,"
    " model TEXT NOT NULL, revision TEXT NOT NULL, locale TEXT NOT NULL, device_type TEXT NOT NULL,"
    " version TEXT NOT NULL, account TEXT NOT NULL, address TEXT NOT NULL, first_seen INTEGER NOT NULL,"
    " last_seen INTEGER NOT NULL);"
    "CREATE INDEX device_seen ON device (last_seen);"
    "CREATE TABLE rule (id INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT NOT NULL, key TEXT NOT NULL UNIQUE,"
    " device_type TEXT NOT NULL, brand TEXT NOT NULL, model TEXT NOT NULL, revision TEXT NOT NULL,"
    " locale TEXT NOT NULL, approved TEXT NOT NULL, restore TEXT NOT NULL, pending TEXT NOT NULL);"
    "CREATE TABLE image (rule INTEGER NOT NULL, version TEXT NOT NULL, file TEXT NOT NULL, signature TEXT NOT NULL,"
    " time TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, min_installed TEXT NOT NULL,"
    " released INTEGER NOT NULL, PRIMARY KEY (rule, version));"
    "CREATE TABLE test_device (name TEXT PRIMARY KEY, is_mac INTEGER NOT NULL, id TEXT NOT NULL);"
    "CREATE INDEX test_device_id ON test_device (id);"
    "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, what TEXT NOT NULL,"
    " whom TEXT NOT NULL, ok INTEGER NOT NULL, detail TEXT NOT NULL);",

    /* tries of passwords; row 0 as in pin */
    [1] =
    "CREATE TABLE password (account INTEGER PRIMARY KEY, local INTEGER NOT NULL, local_since INTEGER NOT NULL,"
    " locked_until INTEGER NOT NULL, global INTEGER NOT NULL, tries INTEGER NOT NULL);"
    "INSERT INTO password VALUES (0, 0, 0, 0, 0, 0);",

    /* lists page by page; what those who are registered have to hear of */
    [2] =
    "DROP INDEX device_seen;"
    "CREATE INDEX device_page ON device (last_seen, key);"
    "CREATE INDEX cert_page ON cert (account, id);"
    "CREATE INDEX audit_at ON audit (at, id);"
    "CREATE TABLE change (id INTEGER PRIMARY KEY, n INTEGER NOT NULL);"
    "INSERT INTO change VALUES (1, 0);",

    /* accounts of rooms, PIN policies, PINs locked by hand */
    [3] =
    "ALTER TABLE account ADD COLUMN common_area INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE account ADD COLUMN display_number TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE account ADD COLUMN pin_policy TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE account ADD COLUMN pin_locked INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX account_policy ON account (pin_policy) WHERE pin_policy <> '';"
    "CREATE TABLE pin_policy (name TEXT PRIMARY KEY, min_length INTEGER NOT NULL, lifetime INTEGER NOT NULL,"
    " history INTEGER NOT NULL, attempts INTEGER NOT NULL, common INTEGER NOT NULL);",

    /* the other pools of the company, and whose home they are */
    [4] =
    "CREATE TABLE pool (name TEXT PRIMARY KEY, sip TEXT NOT NULL, web TEXT NOT NULL, external_sip TEXT NOT NULL,"
    " external_web TEXT NOT NULL, store TEXT NOT NULL);"
    "CREATE INDEX account_pool ON account (home_pool) WHERE home_pool <> '';",

    /* a version that phones uninstall */
    [5] =
    "ALTER TABLE rule ADD COLUMN withdrawn TEXT NOT NULL DEFAULT '';",

    /* several front ends: invitations, who runs, who is registered where, orders to phones of others.  Row 2 of change counts what was
     * written into binding: a row that was changed later has a higher number. */
    [6] =
    "CREATE TABLE invite (id TEXT PRIMARY KEY, expires INTEGER NOT NULL);"
    "CREATE INDEX invite_expires ON invite (expires);"
    "CREATE TABLE front_end (name TEXT PRIMARY KEY, beat INTEGER NOT NULL);"
    "CREATE TABLE binding (aor TEXT NOT NULL, instance TEXT NOT NULL, seq INTEGER NOT NULL, gone INTEGER NOT NULL,"
    " front_end TEXT NOT NULL, epid TEXT NOT NULL, contact TEXT NOT NULL, peer TEXT NOT NULL, user_agent TEXT NOT NULL,"
    " outside INTEGER NOT NULL, seconds INTEGER NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (aor, instance));"
    "CREATE INDEX binding_seq ON binding (seq, aor, instance);"
    "CREATE INDEX binding_front_end ON binding (front_end, gone);"
    "CREATE TABLE phone_order (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, origin TEXT NOT NULL, aor TEXT NOT NULL,"
    " kind INTEGER NOT NULL, diag INTEGER NOT NULL, reason TEXT NOT NULL);"
    "INSERT INTO change VALUES (2, 0);",

    /* which key a certificate is of: one key serves one user */
    [7] =
    "ALTER TABLE cert ADD COLUMN key BLOB NOT NULL DEFAULT '';"
    "CREATE INDEX cert_key ON cert (key);",

    /* when a device signed in and off last, as which endpoint, and where */
    [8] =
    "ALTER TABLE device ADD COLUMN instance TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE device ADD COLUMN front_end TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE device ADD COLUMN signed_in INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE device ADD COLUMN signed_off INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX device_instance ON device (instance) WHERE instance <> '';",

    /* the pool that has a pool's users while that does not answer */
    [9] =
    "ALTER TABLE pool ADD COLUMN backup TEXT NOT NULL DEFAULT '';",

    /* keys that the front ends of a pool have in common, from the second of each kind on */
    [10] =
    "CREATE TABLE pool_key (kind TEXT NOT NULL, id INTEGER NOT NULL, made INTEGER NOT NULL, grace INTEGER NOT NULL,"
    " sealed BLOB NOT NULL, PRIMARY KEY (kind, id));",

    /* the key that a PIN's hash was made with; how many there are of each */
    [11] =
    "ALTER TABLE pin ADD COLUMN key_id INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE pin_history ADD COLUMN key_id INTEGER NOT NULL DEFAULT 1;"
    "CREATE INDEX pin_key ON pin (key_id) WHERE set_at > 0;",
};
/* clang-format on */
