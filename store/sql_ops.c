/* store/sql_ops.c: the table of the store's functions, for every engine. */
#include "store/sql.h"

static enum store_result ops_begin(struct store *s)
{
	return sql_begin(sql_of(s));
}

static enum store_result ops_end(struct store *s, enum store_result r)
{
	return sql_commit(sql_of(s), r);
}

static enum store_result ops_look(struct store *s)
{
	return sql_of(s)->engine->look(sql_of(s));
}

static void ops_look_end(struct store *s)
{
	sql_of(s)->engine->rollback(sql_of(s));
}

static void ops_close(struct store *s)
{
	sql_of(s)->engine->close(sql_of(s));
}

static const char *ops_why(struct store *s)
{
	return sql_of(s)->why.text;
}

static enum store_result ops_changes(struct store *s, uint64_t *ret)
{
	struct sql *q = sql_of(s);
	int64_t n = 0;

	if (sql_one(q, sql_bind(q, SQL_CHANGES, ""), &n) != STORE_OK)
		return STORE_FAILED;
	*ret = (uint64_t)n;
	return STORE_OK;
}

static enum store_result ops_reserve(struct store *s)
{
	struct sql *q = sql_of(s);

	return q->engine->reserve ? q->engine->reserve(q) : STORE_OK;
}

static bool ops_has_room(struct store *s)
{
	struct sql *q = sql_of(s);

	return q->engine->has_room == NULL || q->engine->has_room(q);
}

const struct store_ops sql_ops = {
    .name = "sql",
    .close = ops_close,
    .why = ops_why,
    .begin = ops_begin,
    .end = ops_end,
    .look = ops_look,
    .look_end = ops_look_end,
    .reserve = ops_reserve,
    .has_room = ops_has_room,
    .changes = ops_changes,
    .user_add = sql_user_add,
    .user_set = sql_user_set,
    .user_remove = sql_user_remove,
    .user_get = sql_user_get,
    .user_by_id = sql_user_by_id,
    .user_by_login = sql_user_by_login,
    .user_by_line = sql_user_by_line,
    .user_each = sql_user_each,
    .pin_get = sql_pin_get,
    .pin_set = sql_pin_set,
    .pin_rehash = sql_pin_rehash,
    .pins_of_key = sql_pins_of_key,
    .pin_history = sql_pin_history,
    .pin_step = sql_pin_step,
    .pin_settle = sql_pin_settle,
    .key_put = sql_key_put,
    .key_each = sql_key_each,
    .policy_put = sql_policy_put,
    .policy_get = sql_policy_get,
    .policy_remove = sql_policy_remove,
    .policy_each = sql_policy_each,
    .password_get = sql_password_get,
    .password_step = sql_password_step,
    .cert_put = sql_cert_put,
    .cert_settle = sql_cert_settle,
    .cert_find = sql_cert_find,
    .cert_each = sql_cert_each,
    .cert_revoke = sql_cert_revoke,
    .device_put = sql_device_put,
    .device_signed = sql_device_signed,
    .device_each = sql_device_each,
    .rule_put = sql_rule_put,
    .rule_find = sql_rule_find,
    .rule_each = sql_rule_each,
    .rule_remove = sql_rule_remove,
    .image_put = sql_image_put,
    .image_remove = sql_image_remove,
    .image_get = sql_image_get,
    .image_each = sql_image_each,
    .test_device_put = sql_test_put,
    .test_device_remove = sql_test_remove,
    .test_device_find = sql_test_find,
    .test_device_each = sql_test_each,
    .pool_put = sql_pool_put,
    .pool_get = sql_pool_get,
    .pool_each = sql_pool_each,
    .pool_remove = sql_pool_remove,
    .pool_user = sql_pool_user,
    .invite_put = sql_invite_put,
    .invite_use = sql_invite_use,
    .front_end_beat = sql_front_end_beat,
    .front_end_each = sql_front_end_each,
    .front_end_remove = sql_front_end_remove,
    .bindings_write = sql_bindings_write,
    .bindings_drop = sql_bindings_drop,
    .bindings_at = sql_bindings_at,
    .lag = sql_lag,
    .news = sql_news,
    .binding_each = sql_binding_each,
    .bindings_of = sql_bindings_of,
    .order_put = sql_order_put,
    .order_last = sql_order_last,
    .order_each = sql_order_each,
    .audit = sql_audit,
    .audit_each = sql_audit_each,
};
