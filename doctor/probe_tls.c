#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/ip.h"
#include "doctor/probe_internal.h"
#include "pki/cert.h"

#define ENDS_S ((int64_t)14 * 86400)
enum { TIMES = 3 }; /* so often one port is asked once more */

/* ---- as it comes ---------------------------------------------------------------------------------------------- */

static void chain_copy(struct asked *s, const struct dt_stream_opened *o)
{
	for (s->certs = 0; s->certs < o->nchain && s->certs < CERTS; s->certs++) {
		buf_add(&s->der, o->chain[s->certs], o->chain_n[s->certs]);
		s->der_n[s->certs] = o->chain_n[s->certs];
	}
	if (s->der.oom)
		s->certs = 0;
}

static void probe_tls_revoked(struct doctor_probe *p, unsigned at)
{
	struct asked *s = &p->asked[at];
	char url[DT_NAME_MAX];

	if (s->certs && pki_cert_crl(s->der.p, s->der_n[0], url, sizeof url))
		probe_add(p, (struct doctor_question){.ask = ASK_CRL, .stage = p->q[at].stage}, url + strlen("http://"));
}

bool probe_tls_stays(const struct doctor_question *q)
{
	return q->ask == ASK_TLS && !q->again;
}

static void probe_tls_again(struct doctor_probe *p, unsigned at)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct doctor_question q = p->q[i];

		if (q.ask != ASK_TLS || q.again != 1 || q.address != p->q[at].address || q.port != p->q[at].port)
			continue;
		for (q.again = 2; q.again <= TIMES; q.again++)
			probe_add(p, q, q.name);
		return;
	}
}

void probe_tls_opened(struct doctor_probe *p, unsigned at, const struct dt_stream_opened *o)
{
	struct asked *s = &p->asked[at];
	struct doctor_answer *a = probe_answer_open(p, at, o->failure == DT_F_OK);

	s->opened = o->failure == DT_F_OK;
	s->stalled = o->failure == DT_F_TIMEOUT && dt_signs_have(o->sign, DT_SIGN_TLS_STALLED);
	if (a) {
		a->fact.alert = o->alert;
		memcpy(a->sign, o->sign, sizeof a->sign);
		if (o->failure == DT_F_OK) /* trust is judged at the end */
			memset(a->sign, 0, sizeof a->sign);
	}
	if (a && o->failure != DT_F_OK)
		probe_more(a->text, sizeof a->text, "%s", o->why ? o->why : dt_failures[o->failure].what);
	else if (a)
		probe_more(a->text, sizeof a->text, "%s %s", o->version ? o->version : "", o->cipher ? o->cipher : "");
	chain_copy(s, o);
	if (p->q[at].ask == ASK_TLS && s->opened)
		probe_tls_revoked(p, at);
	if (p->q[at].ask == ASK_PLAIN_TLS && !s->opened) /* without the name, or by chance? */
		probe_tls_again(p, at);
}

/* ---- at the end ----------------------------------------------------------------------------------------------- */

/* The other question to the same address and port; the first of its kind. */
static unsigned twin_of(const struct doctor_probe *p, unsigned at, enum doctor_ask ask)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->q[i].ask == ask && p->q[i].address == p->q[at].address && p->q[i].port == p->q[at].port && !p->q[i].again)
			return i;
	return p->n;
}

static unsigned ders(const struct asked *s, const uint8_t *ret[CERTS])
{
	size_t at = 0;

	for (unsigned i = 0; i < s->certs; i++) {
		ret[i] = s->der.p + at;
		at += s->der_n[i];
	}
	return s->certs;
}

static bool is_weak(const struct pki_cert_info *c)
{
	if (c->rsa && c->bits < 2048)
		return true;
	return !c->self_signed && (sv_istarts(sv_of(c->signature), SV("sha1")) || sv_istarts(sv_of(c->signature), SV("md5")));
}

static bool names_exactly(const struct pki_cert_info *c, const char *name)
{
	for (unsigned i = 0; i < c->nnames; i++)
		if (sv_ieq(sv_of(c->names[i]), sv_of(name)))
			return true;
	return c->nnames == 0 && sv_ieq(sv_of(c->subject_cn), sv_of(name));
}

static void look_at_leaf(struct doctor_probe *p, unsigned at, struct doctor_answer *a, const struct pki_cert_info *c, const uint8_t *der, size_t n)
{
	const char *name = p->q[at].name;
	int64_t now = clock_unix_ms() / 1000 + p->off_s;

	if (name[0] && !pki_cert_names(der, n, name))
		dt_signs_add(a->sign, DT_SIGN_ASKED_CERT_NAME);
	else if (name[0] && (p->cannot & DT_CANNOT_WILDCARD) && !names_exactly(c, name))
		dt_signs_add(a->sign, DT_SIGN_ASKED_CERT_WILDCARD);
	if (c->not_after > now && c->not_after < now + ENDS_S)
		dt_signs_add(a->sign, DT_SIGN_ASKED_CERT_ENDS);
}

/* In a few lines of text: subject, names, issuer, validity, key; and what is wrong with it, as signs. */
static void look_at_chain(struct doctor_probe *p, unsigned at, struct doctor_answer *a)
{
	struct pki_cert_info *c = calloc(1, sizeof *c);
	const uint8_t *der[CERTS];
	char from[ISO_TIME_MAX], to[ISO_TIME_MAX];

	for (unsigned i = 0, n = ders(&p->asked[at], der); c && i < n; i++) {
		const char *bad = pki_cert_info(der[i], p->asked[at].der_n[i], c);

		if (bad) {
			probe_more(a->text, sizeof a->text, "; certificate %u: %s", i, bad);
			continue;
		}
		probe_more(a->text, sizeof a->text, "; %s, issued by %s, %.10s to %.10s, %s %u bits, %s", c->subject, c->issuer,
			   iso_time(from, c->not_before), iso_time(to, c->not_after), c->rsa ? "RSA" : "EC", c->bits, c->signature);
		for (unsigned k = 0; i == 0 && k < c->nnames; k++)
			probe_more(a->text, sizeof a->text, "%s%s", k ? ", " : ", names ", c->names[k]);
		if (i == 0)
			look_at_leaf(p, at, a, c, der[i], p->asked[at].der_n[i]);
		if (is_weak(c))
			dt_signs_add(a->sign, DT_SIGN_ASKED_CERT_WEAK);
	}
	free(c);
}

static enum pki_verdict verify(struct doctor_probe *p, unsigned at, const char *anchors)
{
	const uint8_t *der[CERTS];
	unsigned n = ders(&p->asked[at], der);

	return pki_chain_verify(der, p->asked[at].der_n, n, sv_of(anchors), false, NULL, clock_unix_ms() / 1000 + p->off_s, NULL);
}

/* One machine, two authorities, of which the chain in hand knows one: something opens TLS between (C-16).  Such a machine opens
 * HTTPS: where the Registrar's certificate is the odd one, it is the Registrar's own. */
static bool is_between(struct doctor_probe *p, unsigned at, const char *anchors)
{
	for (unsigned i = 0; i < p->n && p->q[at].stage != DT_STAGE_LOGON; i++)
		if (p->q[i].ask == ASK_TLS && p->asked[i].certs && p->q[i].address == p->q[at].address && p->q[i].port != p->q[at].port &&
		    verify(p, i, anchors) == PKI_TRUSTED)
			return true;
	return false;
}

static void check_tls(struct doctor_probe *p, unsigned at, struct doctor_answer *a, const char *anchors)
{
	static const char *const words[] = {[PKI_TRUSTED] = "; trusted", [PKI_UNTRUSTED] = "; not trusted by this phone",
					    [PKI_WRONG_NAME] = "", [PKI_WRONG_DATE] = "; not valid now", [PKI_NO_CERT] = ""};
	enum pki_verdict v;

	if (p->asked[at].certs == 0)
		return;
	v = verify(p, at, anchors);
	if (anchors[0])
		probe_more(a->text, sizeof a->text, "%s", words[v]);
	if (v == PKI_UNTRUSTED && anchors[0] && is_between(p, at, anchors))
		dt_signs_add(a->sign, DT_SIGN_ASKED_BETWEEN);
	look_at_chain(p, at, a);
}

/* The peer ended the connection, or refused it: it did not merely take its time. */
static bool is_ended(const struct doctor_answer *a)
{
	return dt_signs_have(a->sign, DT_SIGN_TLS_CLOSED) || dt_signs_have(a->sign, DT_SIGN_TCP_REFUSED);
}

/* Some of the same connections come up, and some are ended: of several machines behind the address not all work (C-22). */
static bool is_half(struct doctor_probe *p, unsigned at)
{
	bool up = false, ended = false;

	for (unsigned i = 0; i < p->n; i++) {
		struct doctor_answer *a = probe_answer_at(p, i);

		if (a == NULL || p->q[i].ask != ASK_TLS || p->q[i].address != p->q[at].address || p->q[i].port != p->q[at].port)
			continue;
		up |= p->asked[i].opened;
		ended |= !p->asked[i].opened && is_ended(a);
	}
	return up && ended;
}

static bool leaf_names(const struct asked *s, const char *name)
{
	return s->certs && pki_cert_names(s->der.p, s->der_n[0], name);
}

/* UNKNOWN: the phones' first message; Windows CE of the time puts no name into it. */
static bool needs_sni(struct doctor_probe *p, unsigned at)
{
	unsigned named = twin_of(p, at, ASK_TLS);

	if (named == p->n || !p->asked[named].opened || !leaf_names(&p->asked[named], p->q[named].name) || p->asked[at].stalled)
		return false;
	if (p->asked[at].opened)
		return !leaf_names(&p->asked[at], p->q[named].name);
	return !is_half(p, at) && !dt_signs_have(probe_answer_at(p, at)->sign, DT_SIGN_TCP_REFUSED);
}

/* What two questions to one port tell together. */
static void compare(struct doctor_probe *p, unsigned at, struct doctor_answer *a)
{
	unsigned octet = twin_of(p, at, ASK_OCTET), modern = twin_of(p, at, ASK_TLS);
	struct doctor_answer *o = octet < p->n ? probe_answer_at(p, octet) : NULL;

	if ((p->q[at].ask == ASK_TLS || p->q[at].ask == ASK_LARGE) && p->asked[at].stalled && o && o->ok)
		dt_signs_add(a->sign, DT_SIGN_ASKED_SMALL_ONLY);
	if (p->q[at].ask == ASK_TLS && !p->q[at].again && is_half(p, at))
		dt_signs_add(a->sign, DT_SIGN_ASKED_HALF);
	if (p->q[at].ask == ASK_PLAIN_TLS && needs_sni(p, at))
		dt_signs_add(a->sign, DT_SIGN_ASKED_SNI);
	if (p->q[at].ask == ASK_PHONE_TLS && !a->ok && !p->asked[at].stalled && (p->cannot & DT_CANNOT_TLS12) && modern < p->n &&
	    p->asked[modern].opened && !dt_signs_have(a->sign, DT_SIGN_TCP_REFUSED))
		dt_signs_add(a->sign, DT_SIGN_ASKED_OLD_TLS);
}

void probe_tls_check(struct doctor_probe *p, const char *anchors)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct doctor_answer *a = probe_answer_at(p, i);

		if (a && p->q[i].ask == ASK_TLS && !p->q[i].again)
			check_tls(p, i, a, anchors);
		if (a)
			compare(p, i, a);
	}
}
