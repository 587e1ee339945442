/* server/location/rows.c: every question to the location process and every field of it, told once. */
#include "server/location/rows.h"

#include "server/location/far_link.h"

/* clang-format off */
static const struct field binding[] = {
	STR(location_binding, aor), STR(location_binding, instance), STR(location_binding, epid), STR(location_binding, contact),
	INT(location_binding, worker), INT(location_binding, conn), INT(location_binding, expires),
	FLAG(location_binding, outside), STR(location_binding, user_agent), STR(location_binding, call_id),
	STR(location_binding, peer), INT(location_binding, cseq), FIELDS_END
};

#define ASK(name) static const struct field ask_##name[]
#define REPLY(name) static const struct field reply_##name[]

ASK(hello) = {FIELDS_END};
REPLY(hello) = {FIELDS_END};

ASK(put) = {STRUCT(location_ask, put.binding, binding), INT(location_ask, put.quota), FIELDS_END};
REPLY(put) = {
	INT_TO(location_reply, action, LOCATION_DOWN), HEAP(location_reply, all, n, LOCATION_ENDPOINTS_MAX, binding), FIELDS_END
};

ASK(drop) = {STR(location_ask, drop.aor), STR(location_ask, drop.instance), INT(location_ask, drop.conn),
	STR(location_ask, drop.cause), FIELDS_END};
REPLY(drop) = {FLAG(location_reply, found), FIELDS_END};

ASK(list) = {STR(location_ask, list.aor), FIELDS_END};
REPLY(list) = {FLAG(location_reply, answered), HEAP(location_reply, all, n, LOCATION_ENDPOINTS_MAX, binding), FIELDS_END};

static const struct field kept[] = {
	STR(location_kept, aor), STR(location_kept, instance), INT(location_kept, conn), INT(location_kept, expires),
	INT(location_kept, cseq), FIELDS_END
};
ASK(keep) = {HEAP(location_ask, keep.all, keep.n, LOCATION_KEEP_MAX, kept), FIELDS_END};
REPLY(keep) = {FIELDS_END};

ASK(held) = {STRUCT(location_ask, held.binding, binding), FIELDS_END};
REPLY(held) = {FIELDS_END};

ASK(held_all) = {FIELDS_END};
REPLY(held_all) = {FIELDS_END};

static const struct field seen[] = {
	INT_TO(seen, step, SEEN_STEP_COUNT - 1), INT_TO(seen, result, SEEN_REFUSED), INT_TO(seen, evidence, SEEN_PROVED),
	INT(seen, began), INT_TO(seen, code, DT_FAILURE_COUNT - 1), STR(seen, cause), STR(seen, address), FLAG(seen, outside),
	STR(seen, mac), STR(seen, model), STR(seen, firmware), STR(seen, user), STR(seen, number), STR(seen, instance),
	STR(seen, epid), FIELDS_END
};
ASK(seen) = {STRUCT(location_ask, seen, seen), FIELDS_END};
REPLY(seen) = {FIELDS_END};

#define ROW(kind, name) [kind] = {#name, ask_##name, reply_##name},
static const struct location_row rows[LOCATION_KINDS] = {LOCATION_QUESTIONS(ROW)};

const struct field location_notice_fields[] = {
	INT(location_notice, conn), INT_TO(location_notice, order, LOCATION_ASK), STR(location_notice, aor),
	STR(location_notice, instance), INT(location_notice, diag), STR(location_notice, reason), FIELDS_END
};

static const struct field far[] = {
	STR(location_far, front_end), STRUCT(location_far, binding, binding), INT(location_far, seconds), INT(location_far, since),
	FLAG(location_far, gone), FIELDS_END
};
const struct field far_batch_fields[] = {HEAP(far_batch, row, n, FAR_BATCH_MAX, far), FIELDS_END};
const struct field far_order_fields[] = {
	INT_TO(far_order, order, LOCATION_DEACTIVATED), STR(far_order, aor), INT(far_order, diag), STR(far_order, reason), FIELDS_END
};
const struct field far_lost_fields[] = {STR(far_lost, front_end), FIELDS_END};
/* clang-format on */

const struct location_row *location_row_of(unsigned kind)
{
	return kind > LOCATION_NO_QUESTION && kind < LOCATION_KINDS ? &rows[kind] : NULL;
}

void location_ask_clear(struct location_ask *q)
{
	if (location_row_of(q->kind))
		fields_clear(rows[q->kind].ask, q);
}

void location_reply_clear(struct location_reply *r)
{
	if (location_row_of(r->kind))
		fields_clear(rows[r->kind].reply, r);
}
