/* cmd/decode/sip.c: a SIP message: the values of its headers, its credentials, and the string that its signature is over. */
#include "cmd/decode/decode.h"

#include <string.h>

#include "auth/sipsig.h"
#include "cmd/decode/msg.h"
#include "wire/sip.h"

enum { BODY_MAX = 64 << 20 };

/* Length of the first parameter of s, up to its ';'; a quoted value may hold one. */
static size_t param_n(struct sv s)
{
	bool quoted = false;
	size_t n = 0;

	for (; n < s.n && (quoted || s.p[n] != ';'); n++) {
		if (s.p[n] == '"')
			quoted = !quoted;
		else if (quoted && s.p[n] == '\\' && n + 1 < s.n)
			n++;
	}
	return n;
}

/* "a=b;c" as an object; a parameter without a value: true. */
static void params_into(json_t *o, struct sv params)
{
	while (params.n) {
		struct sv one = {params.p, param_n(params)}, value = one, name = sv_trim(sv_cut(&value, '='));
		char key[64];

		if (name.n && sv_copy(key, sizeof key, name)) {
			struct sv v = sip_param(one, key);

			json_object_set_new(o, key, v.n ? json_text(v) : json_true());
		}
		params = sv_from(params, one.n + 1);
	}
}

static json_t *sip_address(const struct sip_addr *a)
{
	json_t *o = json_object(), *params = json_object();

	if (a->star) {
		json_object_set_new(o, "all", json_true());
	} else {
		json_object_set_new(o, "uri", json_text(a->uri));
		if (a->display.n)
			json_object_set_new(o, "display", json_text(a->display));
	}
	params_into(params, a->params);
	json_object_set_new(o, "params", params);
	return o;
}

/* Every address of every header of that name. */
static json_t *sip_addresses(const struct msg *m, const char *name)
{
	json_t *list = json_array();

	for (size_t i = 0; i < msg_count(m, name); i++) {
		struct sip_addr a = {.rest = msg_get_nth(m, name, i)};

		while (a.rest.p && sip_addr_read(a.rest, &a))
			json_array_append_new(list, sip_address(&a));
	}
	return list;
}

/* A flight of TLS-DSK: the records, their types and sizes. */
static json_t *tls_records(struct sv flight)
{
	struct rd r = rd_of(flight.p, flight.n);
	json_t *list = json_array();

	while (rd_left(&r)) {
		unsigned type = (unsigned)rd_be(&r, 1), version = (unsigned)rd_be(&r, 2), n = (unsigned)rd_be(&r, 2);

		rd_take(&r, n);
		if (r.err == NULL)
			json_array_append_new(list, json_pack("{s:i,s:i,s:i}", "type", type, "version", version, "octets", n));
	}
	if (r.err)
		json_array_append_new(list, json_pack("{s:s}", "refused", r.err));
	return list;
}

static void token_into(json_t *o, const struct sip_auth *a)
{
	struct buf raw = {0};
	struct why why = {0};
	json_t *j;

	if (a->gssapi.n == 0)
		return;
	if (!b64_read(&raw, a->gssapi)) {
		json_object_set_new(o, "token", json_pack("{s:s}", "refused", "gssapi-data is not base64"));
	} else if (sv_ieq(a->scheme, SV("NTLM"))) {
		j = decode_ntlm(raw.p, raw.n, &why);
		json_object_set_new(o, "token", j ? j : json_pack("{s:s}", "refused", why.text));
	} else if (sv_ieq(a->scheme, SV("TLS-DSK"))) {
		json_object_set_new(o, "token", tls_records(buf_view(&raw)));
	}
	buf_free(&raw);
}

/* The signed string, when this header carries a signature [sip 7]. */
static void signed_into(json_t *o, const struct msg *m, const struct sip_auth *a)
{
	struct sv rand = a->rspauth.n ? a->srand : a->crand, num = a->rspauth.n ? a->snum : a->cnum;
	uint64_t version = 4;
	struct buf b = {0};

	if (a->rspauth.n == 0 && a->response.n == 0)
		return;
	if (a->version.n && !sv_u64(a->version, 99, &version))
		return;
	if (sipsig_string(&b, m, (unsigned)version, a->scheme, rand, num, a->realm, a->targetname) && !b.oom)
		json_object_set_new(o, "signed_string", json_text(buf_view(&b)));
	buf_free(&b);
}

static void text_into(json_t *o, const char *name, struct sv v)
{
	if (v.p)
		json_object_set_new(o, name, json_text(v));
}

static json_t *authentication(const struct msg *m)
{
	static const char *const names[] = {"WWW-Authenticate", "Proxy-Authenticate",  "Authorization",
					    "Proxy-Authorization", "Authentication-Info", "Proxy-Authentication-Info"};
	json_t *list = json_array();

	for (size_t i = 0; i < m->nheader; i++)
		for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
			struct sip_auth a;
			json_t *o;

			if (!sv_ieq(m->header[i].full, sv_of(names[k])))
				continue;
			o = json_pack("{s:s}", "header", names[k]);
			json_array_append_new(list, o);
			if (!sip_auth_read(m->header[i].value, &a)) {
				json_object_set_new(o, "refused", json_string("it is not a scheme and its parameters"));
				continue;
			}
			text_into(o, "scheme", a.scheme);
			text_into(o, "realm", a.realm);
			text_into(o, "targetname", a.targetname);
			text_into(o, "opaque", a.opaque);
			text_into(o, "qop", a.qop);
			text_into(o, "version", a.version);
			text_into(o, "sts-uri", a.sts_uri);
			text_into(o, "crand", a.crand);
			text_into(o, "cnum", a.cnum);
			text_into(o, "response", a.response);
			text_into(o, "srand", a.srand);
			text_into(o, "snum", a.snum);
			text_into(o, "rspauth", a.rspauth);
			text_into(o, "gssapi-data", a.gssapi);
			token_into(o, &a);
			signed_into(o, m, &a);
		}
	return list;
}

static void small_ones(json_t *o, const struct msg *m)
{
	static const char *const names[] = {"ms-diagnostics", "ms-diagnostics-public", "ms-client-diagnostics"};
	struct sip_diag d;
	struct sip_keepalive k;
	struct sv keep = msg_get(m, "ms-keep-alive"), method;
	uint32_t number;

	if (sip_cseq_read(msg_get(m, "CSeq"), &number, &method))
		json_object_set_new(o, "cseq", json_pack("{s:I,s:o}", "number", (json_int_t)number, "method", json_text(method)));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (sip_diag_read(msg_get(m, names[i]), &d)) {
			json_t *j = json_pack("{s:I}", "id", (json_int_t)d.id);

			text_into(j, "reason", d.reason);
			text_into(j, "source", d.source);
			json_object_set_new(o, names[i], j);
		}
	if (keep.p && sip_keepalive_read(keep, &k))
		json_object_set_new(o, "ms-keep-alive", json_pack("{s:s,s:b,s:I}", "role", k.uas ? "UAS" : "UAC", "hop_hop", k.hop_hop,
								  "timeout", (json_int_t)k.timeout));
}

json_t *decode_sip(const void *p, size_t n, struct why *why)
{
	static const char *const lists[] = {"From", "To", "Contact", "Route", "Record-Route"};
	struct msg_error e = {0};
	struct msg m;
	size_t used = 0;
	unsigned status;
	enum msg_result rc = msg_scan(p, n, MSG_SIP, BODY_MAX, &m, &used, &e);
	const char *refusal;
	json_t *o;

	if (rc != MSG_OK)
		return msg_refused(rc, &e, n, why);
	refusal = sip_check(&m, &status);
	if (refusal) {
		why_set(why, "the head, octets 0 to %zu: %s (status %u)", m.head_n, refusal, status);
		return NULL;
	}
	o = json_head(&m);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (msg_count(&m, lists[i]))
			json_object_set_new(o, lists[i], sip_addresses(&m, lists[i]));
	small_ones(o, &m);
	json_object_set_new(o, "authentication", authentication(&m));
	json_object_set_new(o, "body_octets", json_integer((json_int_t)m.body.n));
	json_object_set_new(o, "body", json_text(m.body));
	if (used < n)
		json_object_set_new(o, "left_over", json_integer((json_int_t)(n - used)));
	return o;
}
