/* tests/fuzz/fuzz_sip.c: a SIP message off the wire, its rules, and every reader of a header's value on every header. */
#include <stdlib.h>
#include <string.h>

#include "wire/sip.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void auth(struct sv v)
{
	struct sip_auth a, again;
	struct buf b = {0};

	if (!sip_auth_read(v, &a))
		return;
	for (enum sip_auth_role role = SIP_CHALLENGE; role <= SIP_AUTH_INFO; role++) {
		buf_clear(&b);
		sip_auth_write(&b, role, &a);
		/* version goes out bare, so a quoted one with blanks or commas in it does not come back */
		if (sip_auth_read(buf_view(&b), &again)) {
			check(sv_eq(again.scheme, a.scheme) && sv_eq(again.realm, a.realm));
			check(sv_eq(again.targetname, a.targetname) && sv_eq(again.version, a.version));
		} else {
			check(a.version.n > 0);
		}
	}
	buf_free(&b);
}

static void value(struct sv v)
{
	struct sip_addr a = {.rest = v};
	struct sip_uri u;
	struct sip_diag d;
	struct sip_keepalive k;
	struct sv method, params = v;
	uint32_t number;

	while (a.rest.p && sip_addr_read(a.rest, &a)) {
		check(a.rest.p == NULL || a.rest.n < v.n);
		check(a.star || a.uri.n);
		sip_uri_read(a.uri, &u);
		sip_param(a.params, "tag");
		sip_param(a.params, "+sip.instance");
	}
	sip_uri_read(v, &u);
	sip_cseq_read(v, &number, &method);
	sip_diag_read(v, &d);
	sip_keepalive_read(v, &k);
	sip_params_skip(&params);
	auth(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const volatile size_t nothing = 0; /* a constant 0 is what gcc 14 warns of */
	char *c = malloc(n ? n : 1);
	struct msg m, again;
	struct msg_error e = {0};
	size_t used = 0, used2 = 0;
	unsigned status = 0;
	enum msg_result rc;

	if (c == NULL)
		return 0;
	if (n == 0) {
		free(c);
		c = malloc(nothing);
	} else {
		memcpy(c, p, n);
	}
	rc = msg_scan(c, n, MSG_SIP, 1 << 16, &m, &used, &e);
	if (rc == MSG_BAD)
		check(e.why && e.status >= 400 && e.at <= n);
	if (rc == MSG_OK) {
		check(used <= n && m.head_n + m.body.n == used && m.nheader <= MSG_HEADERS_MAX);
		/* octets behind this message make no difference to it */
		check(msg_scan(c, used, MSG_SIP, 1 << 16, &again, &used2, &e) == MSG_OK && used2 == used);
		check(sip_check(&m, &status) == NULL || status >= 400);
		for (size_t i = 0; i < m.nheader; i++)
			value(m.header[i].value);
		if (m.request)
			value(m.target);
	}
	value((struct sv){c, n});
	free(c);
	return 0;
}
