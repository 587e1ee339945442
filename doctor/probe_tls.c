#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/ip.h"
#include "doctor/probe_internal.h"
#include "pki/cert.h"

#define ENDS_S ((int64_t)14 * 86400)

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
}

/* ---- at the end ----------------------------------------------------------------------------------------------- */

static struct doctor_answer *answer_of(struct doctor_probe *p, unsigned at)
{
	return p->asked[at].answer < p->run->answers ? &p->run->answer[p->asked[at].answer] : NULL;
}

/* The other question to the same address and port. */
static unsigned twin_of(const struct doctor_probe *p, unsigned at, enum doctor_ask ask)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->q[i].ask == ask && p->q[i].address == p->q[at].address && p->q[i].port == p->q[at].port)
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

/* One machine, two authorities, of which the chain in hand knows one: something opens TLS between (C-16). */
static bool is_between(struct doctor_probe *p, unsigned at, const char *anchors)
{
	for (unsigned i = 0; i < p->n; i++)
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

/* What two questions to one port tell together. */
static void compare(struct doctor_probe *p, unsigned at, struct doctor_answer *a)
{
	unsigned octet = twin_of(p, at, ASK_OCTET), modern = twin_of(p, at, ASK_TLS);
	struct doctor_answer *o = octet < p->n ? answer_of(p, octet) : NULL;

	if ((p->q[at].ask == ASK_TLS || p->q[at].ask == ASK_LARGE) && p->asked[at].stalled && o && o->ok)
		dt_signs_add(a->sign, DT_SIGN_ASKED_SMALL_ONLY);
	if (p->q[at].ask == ASK_PHONE_TLS && !a->ok && !p->asked[at].stalled && (p->cannot & DT_CANNOT_TLS12) && modern < p->n &&
	    p->asked[modern].opened && !dt_signs_have(a->sign, DT_SIGN_TCP_REFUSED))
		dt_signs_add(a->sign, DT_SIGN_ASKED_OLD_TLS);
}

void probe_tls_check(struct doctor_probe *p, const char *anchors)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct doctor_answer *a = p->asked[i].sent ? answer_of(p, i) : NULL;

		if (a && p->q[i].ask == ASK_TLS)
			check_tls(p, i, a, anchors);
		if (a)
			compare(p, i, a);
	}
}
