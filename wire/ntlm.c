/* wire/ntlm.c: [MS-NLMP] 2.2.1: fixed fields, little-endian, then a payload that the fields point into.
 *
 *     NEGOTIATE     "NTLMSSP\0" 1 | flags | domain | workstation | [version 8] | payload
 *     CHALLENGE     "NTLMSSP\0" 2 | target | flags | challenge 8 | 0*8 | info | [version 8] | payload
 *     AUTHENTICATE  "NTLMSSP\0" 3 | LM | NT | domain | user | workstation | key | flags | [version 8] | [MIC 16] | payload
 *
 * a payload field: | length 2 | maximum 2 | offset 4 |
 */
#include "wire/ntlm.h"

#include <string.h>

static const char signature[8] = "NTLMSSP";

enum { HEAD_NEGOTIATE = 32, HEAD_CHALLENGE = 48, HEAD_AUTHENTICATE = 64, VERSION_N = 8, MIC_N = 16 };

const uint8_t ntlm_windows7[VERSION_N] = {6, 1, 0xb1, 0x1d, 0, 0, 0, 15};

unsigned ntlm_type(struct sv message)
{
	struct rd r = rd_of(message.p, message.n);
	struct sv head = rd_sv(&r, 8);
	uint64_t type = rd_le(&r, 4);

	return r.err || !sv_eq(head, (struct sv){signature, 8}) || type > 3 ? 0 : (unsigned)type;
}

/* One message: *low is the lowest offset of a field that is not empty, so the fixed part can be no longer than that. */
struct message {
	struct rd *r;
	const uint8_t *start;
	size_t n, low;
};

static struct message ntlm_begin(struct rd *r, uint64_t type)
{
	struct message m = {r, r->p, rd_left(r), rd_left(r)};
	struct sv head = rd_sv(r, 8);

	if (!sv_eq(head, (struct sv){signature, 8}) || rd_le(r, 4) != type)
		rd_fail(r, "this is not the NTLM message that is due");
	return m;
}

static struct sv payload(struct message *m)
{
	size_t len = (size_t)rd_le(m->r, 2), at;

	rd_le(m->r, 2);
	at = (size_t)rd_le(m->r, 4);
	if (m->r->err || len == 0)
		return (struct sv){NULL, 0};
	if (at > m->n || len > m->n - at) {
		rd_fail(m->r, "a field of the NTLM message points behind its end");
		return (struct sv){NULL, 0};
	}
	if (at < m->low)
		m->low = at;
	return (struct sv){(const char *)m->start + at, len};
}

static void ntlm_octets(struct rd *r, uint8_t *to, size_t n)
{
	const uint8_t *p = rd_take(r, n);

	if (p)
		memcpy(to, p, n);
}

/* The optional octets behind the fixed ones are there when no field points into them. */
static bool optional(struct message *m, size_t from, size_t n)
{
	return m->r->err == NULL && m->low >= from + n && m->n >= from + n;
}

bool ntlm_negotiate_read(struct rd *r, struct ntlm_negotiate *ret)
{
	struct message m = ntlm_begin(r, 1);
	struct ntlm_negotiate v = {.flags = (uint32_t)rd_le(r, 4)};

	if (rd_left(r)) { /* old clients stop here */
		v.domain = payload(&m);
		v.workstation = payload(&m);
	}
	if (r->err)
		return false;
	r->p = r->end;
	*ret = v;
	return true;
}

bool ntlm_challenge_read(struct rd *r, struct ntlm_challenge *ret)
{
	struct message m = ntlm_begin(r, 2);
	struct ntlm_challenge v = {0};

	v.target = payload(&m);
	v.flags = (uint32_t)rd_le(r, 4);
	ntlm_octets(r, v.challenge, sizeof v.challenge);
	if (rd_left(r)) {
		rd_take(r, 8);
		v.info = payload(&m);
		if (v.flags & NTLM_VERSION && optional(&m, HEAD_CHALLENGE, VERSION_N))
			ntlm_octets(r, v.version, VERSION_N);
	}
	if (r->err == NULL && v.flags & NTLM_TARGET_INFO && !ntlm_av_check(v.info))
		rd_fail(r, "the target information is malformed");
	if (r->err)
		return false;
	r->p = r->end;
	*ret = v;
	return true;
}

/* [MS-NLMP] 2.2.2.1, MsvAvFlags 0x2: "Indicates that the client is providing message integrity in the MIC field".
 * The pairs stand behind the proof and 28 octets of the NTLMv2 client challenge (2.2.2.7). */
static bool says_mic(struct sv nt)
{
	struct sv flags = ntlm_av(sv_from(nt, 44), NTLM_AV_FLAGS);

	return nt.n > 44 && flags.n == 4 && flags.p[0] & 2;
}

bool ntlm_authenticate_read(struct rd *r, struct ntlm_authenticate *ret)
{
	struct message m = ntlm_begin(r, 3);
	struct ntlm_authenticate v = {0};

	v.lm = payload(&m);
	v.nt = payload(&m);
	v.domain = payload(&m);
	v.user = payload(&m);
	v.workstation = payload(&m);
	v.key = payload(&m);
	v.flags = (uint32_t)rd_le(r, 4);
	if (optional(&m, HEAD_AUTHENTICATE, VERSION_N))
		ntlm_octets(r, v.version, VERSION_N);
	if (optional(&m, HEAD_AUTHENTICATE + VERSION_N, MIC_N) && says_mic(v.nt)) {
		v.has_mic = true;
		v.mic_at = HEAD_AUTHENTICATE + VERSION_N;
		ntlm_octets(r, v.mic, MIC_N);
	}
	if (r->err)
		return false;
	r->p = r->end;
	*ret = v;
	return true;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static void le(struct buf *b, unsigned n, uint64_t v)
{
	for (; n; n--, v >>= 8)
		buf_add(b, &(uint8_t){(uint8_t)v}, 1);
}

static void head(struct buf *b, uint64_t type)
{
	buf_add(b, signature, sizeof signature);
	le(b, 4, type);
}

/* The field for s, whose octets come at *at. */
static void point(struct buf *b, struct sv s, size_t *at)
{
	if (s.n > 0xffff)
		b->oom = true; /* does not fit the format: the message is not composed */
	le(b, 2, s.n);
	le(b, 2, s.n);
	le(b, 4, *at);
	*at += s.n;
}

void ntlm_negotiate_write(struct buf *b, const struct ntlm_negotiate *m)
{
	size_t at = HEAD_NEGOTIATE + (m->flags & NTLM_VERSION ? VERSION_N : 0);

	head(b, 1);
	le(b, 4, m->flags);
	point(b, m->domain, &at);
	point(b, m->workstation, &at);
	if (m->flags & NTLM_VERSION)
		buf_add(b, ntlm_windows7, VERSION_N);
	buf_sv(b, m->domain);
	buf_sv(b, m->workstation);
}

void ntlm_challenge_write(struct buf *b, const struct ntlm_challenge *m)
{
	size_t at = HEAD_CHALLENGE + VERSION_N;

	head(b, 2);
	point(b, m->target, &at);
	le(b, 4, m->flags);
	buf_add(b, m->challenge, sizeof m->challenge);
	le(b, 8, 0);
	point(b, m->info, &at);
	buf_add(b, m->version, VERSION_N);
	buf_sv(b, m->target);
	buf_sv(b, m->info);
}

void ntlm_authenticate_write(struct buf *b, const struct ntlm_authenticate *m)
{
	size_t at = HEAD_AUTHENTICATE + VERSION_N + (m->has_mic ? MIC_N : 0), domain = at, names;

	names = m->domain.n + m->user.n + m->workstation.n;
	head(b, 3);
	at = domain + names;
	point(b, m->lm, &at);
	point(b, m->nt, &at);
	at = domain;
	point(b, m->domain, &at);
	point(b, m->user, &at);
	point(b, m->workstation, &at);
	at = domain + names + m->lm.n + m->nt.n;
	point(b, m->key, &at);
	le(b, 4, m->flags);
	buf_add(b, m->version, VERSION_N);
	if (m->has_mic)
		buf_add(b, m->mic, MIC_N);
	buf_sv(b, m->domain);
	buf_sv(b, m->user);
	buf_sv(b, m->workstation);
	buf_sv(b, m->lm);
	buf_sv(b, m->nt);
	buf_sv(b, m->key);
}

/* ---- AV pairs, 2.2.2.1: | id 2 | length 2 | value | ... | 0 | 0 | ------------------------------------------ */

struct sv ntlm_av(struct sv info, unsigned id)
{
	struct sv found = {NULL, 0};
	struct rd r = rd_of(info.p, info.n);

	for (;;) {
		unsigned at = (unsigned)rd_le(&r, 2);
		struct sv value = rd_sv(&r, (size_t)rd_le(&r, 2));

		if (r.err || at == NTLM_AV_END)
			return r.err ? (struct sv){NULL, 0} : found;
		if (at == id && found.p == NULL)
			found = value;
	}
}

bool ntlm_av_check(struct sv info)
{
	struct rd r = rd_of(info.p, info.n);

	for (;;) {
		unsigned id = (unsigned)rd_le(&r, 2);

		rd_take(&r, (size_t)rd_le(&r, 2));
		if (r.err || id == NTLM_AV_END)
			return r.err == NULL;
	}
}

void ntlm_av_add(struct buf *b, unsigned id, struct sv value)
{
	if (value.n > 0xffff)
		b->oom = true;
	le(b, 2, id);
	le(b, 2, value.n);
	buf_sv(b, value);
}
