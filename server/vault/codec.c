#include "server/vault/codec.h"

#include <string.h>

#include "net/ipc.h"

/* A struct's strings in order: put and get walk the same list, so that they cannot drift apart. */
struct text {
	size_t at, cap;
};
#define TEXT(type, field) {offsetof(struct type, field), sizeof(((struct type *)0)->field)}
#define N(a) (sizeof(a) / sizeof *(a))

/* clang-format off */
static const struct text issue[] = {
	TEXT(soap_issue, context), TEXT(soap_issue, token_type), TEXT(soap_issue, request_type),
	TEXT(soap_issue, applies_to), TEXT(soap_issue, claim), TEXT(soap_issue, key_type),
};
static const struct text issued[] = {
	TEXT(soap_issued, context), TEXT(soap_issued, applies_to), TEXT(soap_issued, assertion_id),
	TEXT(soap_issued, name_id),
};
static const struct text user[] = {TEXT(vault_user, aor), TEXT(vault_user, display), TEXT(vault_user, home_pool)};
static const struct text module[] = {
	TEXT(update_module, file), TEXT(update_module, signature), TEXT(update_module, version),
	TEXT(update_module, time), TEXT(update_module, sha256),
};
static const struct text asked[] = {
	TEXT(update_question, device_type), TEXT(update_question, mac), TEXT(update_question, serial),
	TEXT(update_question, vendor), TEXT(update_question, model), TEXT(update_question, revision),
	TEXT(update_question, locale), TEXT(update_question, user),
};
/* clang-format on */

static void texts_put(struct buf *b, const void *from, const struct text *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ipc_put_str(b, (const char *)from + t[i].at);
}

static void texts_get(struct rd *r, void *to, const struct text *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ipc_get_str(r, (char *)to + t[i].at, t[i].cap);
}

static void entropy_get(struct rd *r, uint8_t to[64], size_t *n)
{
	struct sv s = ipc_get_octets(r);

	if (r->err)
		return;
	if (s.n > 64) {
		rd_fail(r, "more than 64 octets of entropy");
		return;
	}
	if (s.n)
		memcpy(to, s.p, s.n);
	*n = s.n;
}

void vault_issue_put(struct buf *b, const struct soap_issue *m)
{
	texts_put(b, m, issue, N(issue));
	ipc_put_octets(b, m->entropy, m->nentropy);
	ipc_put(b, 8, (uint64_t)m->want_expires);
}

void vault_issue_get(struct rd *r, struct soap_issue *ret)
{
	struct soap_issue m = {0};

	texts_get(r, &m, issue, N(issue));
	entropy_get(r, m.entropy, &m.nentropy);
	m.want_expires = (int64_t)rd_be(r, 8);
	if (r->err == NULL)
		*ret = m;
	explicit_bzero(&m, sizeof m);
}

void vault_issued_put(struct buf *b, const struct soap_issued *m)
{
	texts_put(b, m, issued, N(issued));
	ipc_put_octets(b, m->assertion.p, m->assertion.n);
	ipc_put_octets(b, m->entropy, m->nentropy);
	ipc_put_octets(b, m->lifetime.p, m->lifetime.n);
	ipc_put(b, 8, (uint64_t)m->created);
	ipc_put(b, 8, (uint64_t)m->expires);
}

void vault_issued_get(struct rd *r, struct soap_issued *ret)
{
	texts_get(r, ret, issued, N(issued));
	ipc_get_buf(r, &ret->assertion);
	entropy_get(r, ret->entropy, &ret->nentropy);
	ipc_get_buf(r, &ret->lifetime);
	ret->created = (int64_t)rd_be(r, 8);
	ret->expires = (int64_t)rd_be(r, 8);
	if (ret->assertion.oom || ret->lifetime.oom)
		rd_fail(r, "out of memory");
}

void vault_user_put(struct buf *b, const struct vault_user *u)
{
	texts_put(b, u, user, N(user));
	ipc_put(b, 1, u->enabled);
	ipc_put(b, 1, u->remote);
}

void vault_user_get(struct rd *r, struct vault_user *ret)
{
	struct vault_user u = {0};

	texts_get(r, &u, user, N(user));
	u.enabled = ipc_get_flag(r);
	u.remote = ipc_get_flag(r);
	if (r->err == NULL)
		*ret = u;
}

void vault_login_put(struct buf *b, const struct vault_login *l)
{
	ipc_put(b, 8, l->id);
	ipc_put_str(b, l->aor);
	buf_add(b, l->session_key, sizeof l->session_key);
	ipc_put(b, 4, l->flags);
}

void vault_login_get(struct rd *r, struct vault_login *ret)
{
	struct vault_login l = {.id = rd_be(r, 8)};
	const uint8_t *key;

	ipc_get_str(r, l.aor, sizeof l.aor);
	key = rd_take(r, sizeof l.session_key);
	if (key)
		memcpy(l.session_key, key, sizeof l.session_key);
	l.flags = (uint32_t)rd_be(r, 4);
	if (r->err == NULL)
		*ret = l;
	explicit_bzero(&l, sizeof l);
}

static void module_put(struct buf *b, const struct update_module *m)
{
	texts_put(b, m, module, N(module));
	ipc_put(b, 8, m->size);
}

static void module_get(struct rd *r, struct update_module *ret)
{
	texts_get(r, ret, module, N(module));
	ret->size = rd_be(r, 8);
}

void vault_asked_put(struct buf *b, const struct update_question *q)
{
	texts_put(b, q, asked, N(asked));
	ipc_put(b, 1, q->nmodule);
	for (unsigned i = 0; i < q->nmodule && i < UPDATE_MODULES; i++)
		module_put(b, &q->module[i]);
}

void vault_asked_get(struct rd *r, struct update_question *ret)
{
	struct update_question q = {0};

	texts_get(r, &q, asked, N(asked));
	q.nmodule = (unsigned)rd_be(r, 1);
	if (q.nmodule > UPDATE_MODULES)
		rd_fail(r, "more modules than a question has");
	for (unsigned i = 0; r->err == NULL && i < q.nmodule; i++)
		module_get(r, &q.module[i]);
	if (r->err == NULL)
		*ret = q;
}

void vault_offer_put(struct buf *b, const struct vault_offer *o)
{
	ipc_put(b, 1, o->known);
	ipc_put(b, 1, o->test_device);
	module_put(b, &o->module);
}

void vault_offer_get(struct rd *r, struct vault_offer *ret)
{
	struct vault_offer o = {0};

	o.known = ipc_get_flag(r);
	o.test_device = ipc_get_flag(r);
	module_get(r, &o.module);
	if (r->err == NULL)
		*ret = o;
}
