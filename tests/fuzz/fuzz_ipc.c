/* tests/fuzz/fuzz_ipc.c: a message between processes.  The first octet chooses the reader: a question to the vault, a question to
 * the location process, an answer of either, an order, bindings of other front ends.  A message that is read is written again and reads back as the
 * same octets; a question to the location process is answered by a message that reads back.
 */
#include <stdlib.h>
#include <string.h>

#include "server/location/far_link.h"
#include "server/location/ipc.h"
#include "server/vault/ipc.h"
#include "server/vault/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

static int64_t when(void *arg)
{
	(void)arg;
	return 1000;
}

/* One writing for one value. */
static void same(struct buf *b, const uint8_t *in, size_t n)
{
	if (!ipc_end(b) || b->n != n || memcmp(b->p, in, n) != 0)
		abort();
	buf_free(b);
}

static void vault_question(struct ipc_message *m, const uint8_t *in, size_t n)
{
	struct vault_ask q;
	struct buf b = {0};

	if (!vault_ask_read(m, &q))
		return;
	vault_ask_write(&b, m->number, &q);
	same(&b, in, n);
	fields_print(&b, vault_row_of(q.kind)->ask, &q);
	buf_free(&b);
	vault_ask_clear(&q);
}

static void vault_result(struct ipc_message *m, const uint8_t *in, size_t n)
{
	struct vault_reply r;
	struct buf b = {0};

	if (!vault_reply_read(m, &r))
		return;
	vault_reply_write(&b, m->number, &r);
	same(&b, in, n);
	vault_reply_clear(&r);
}

static void location_question(struct ipc_message *m, const uint8_t *in, size_t n)
{
	struct location *l = location_new(when, NULL, NULL);
	struct location_reply r, again;
	struct location_ask q;
	struct ipc_message back;
	struct buf b = {0};

	if (l == NULL)
		abort();
	if (location_ask_read(m, &q)) {
		location_ask_write(&b, m->number, &q);
		same(&b, in, n);
		location_answer(l, 1, &q, &r);
		location_reply_write(&b, m->number, &r);
		if (!ipc_end(&b) || !ipc_read(b.p, b.n, &back) || !location_reply_read(&back, &again) || again.n != r.n)
			abort();
		location_reply_clear(&again);
		location_reply_clear(&r);
		location_ask_clear(&q);
		buf_free(&b);
	}
	location_free(l);
}

static void location_result(struct ipc_message *m, const uint8_t *in, size_t n)
{
	struct location_reply r;
	struct buf b = {0};

	if (!location_reply_read(m, &r))
		return;
	location_reply_write(&b, m->number, &r);
	same(&b, in, n);
	location_reply_clear(&r);
}

static void order(struct ipc_message *m, const uint8_t *in, size_t n)
{
	struct location_notice notice;
	struct buf b = {0};

	if (!location_notice_read(&m->body, &notice))
		return;
	ipc_begin(&b, m->number, m->kind);
	location_notice_put(&b, &notice);
	same(&b, in, n);
}

static void far(struct ipc_message *m, const uint8_t *in, size_t n)
{
	struct location *l = location_new(when, NULL, NULL);
	struct far_batch batch = {0};
	struct buf b = {0};

	if (l == NULL)
		abort();
	fields_get(&m->body, far_batch_fields, &batch);
	rd_end(&m->body);
	if (m->body.err == NULL) {
		ipc_begin(&b, m->number, m->kind);
		fields_put(&b, far_batch_fields, &batch);
		same(&b, in, n);
		for (unsigned i = 0; i < batch.n; i++)
			location_far_put(l, &batch.row[i]);
	}
	fields_clear(far_batch_fields, &batch);
	location_free(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static void (*const readers[])(struct ipc_message *m, const uint8_t *in, size_t n) = {
		vault_question, location_question, vault_result, location_result, order, far};
	uint8_t *in = malloc(n ? n : 1);
	struct ipc_message m;

	if (in == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	if (n > IPC_HEAD && n <= IPC_MAX) {
		struct wr w = wr_of(in + 1, 4);

		wr_be(&w, 4, n - 1); /* a wrong length is refused by one line: leave it right */
		if (ipc_read(in + 1, n - 1, &m))
			readers[in[0] % (sizeof readers / sizeof *readers)](&m, in + 1, n - 1);
	}
	free(in);
	return 0;
}
