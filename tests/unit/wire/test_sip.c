#include "tests/support/check.h"

#include "wire/sip.h"

static void uris(void **state)
{
	static const struct {
		const char *text, *user, *host, *params, *headers;
		unsigned port;
	} good[] = {
		{"sip:alice@contoso.com", "alice", "contoso.com", "", "", 0},
		{"SIPS:a:secret@[2001:db8::1]:5061;lr?a=b", "a", "2001:db8::1", "lr", "a=b", 5061},
		{"sip:192.0.2.10:49213;transport=tls;ms-opaque=d3470f2e1d", "", "192.0.2.10", "transport=tls;ms-opaque=d3470f2e1d",
		 "", 49213},
		{"sip:alice@contoso.com;opaque=user:epid:DbHNXKHcnlWtK7UUBgotogAA;gruu", "alice", "contoso.com",
		 "opaque=user:epid:DbHNXKHcnlWtK7UUBgotogAA;gruu", "", 0},
		{"sip:user;par=u%40example.net@example.com", "user;par=u%40example.net", "example.com", "", "", 0},
		{"tel:+14255550123;ext=4411", "+14255550123", "", "ext=4411", "", 0},
	};
	static const char *const bad[] = {"", "sip:", "sip:@a", "sip:a@", "sip:a@b@c", "alice@contoso.com", "sip:a b", "sip:a:0",
					  "sip:a:65536", "sip:a:", "sip:a;b c", "sip:[::1", "sip:[::1]x", "sip:[]", "sip:a%4@b",
					  "sip:%zz@b", "sip:\x01@b", "http://a", "tel:", "tel:x", "sip:a_\xc3\xa4", "sip:a?b\"c"};
	struct sip_uri u;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		size_t n = strlen(good[i].text);
		uint8_t *c = exact_copy(good[i].text, n, n);

		if (!sip_uri_read((struct sv){(char *)c, n}, &u))
			fail_msg("%s was refused", good[i].text);
		assert_true(sv_eq(u.user, sv_of(good[i].user)) && sv_eq(u.host, sv_of(good[i].host)));
		assert_true(sv_eq(u.params, sv_of(good[i].params)) && sv_eq(u.headers, sv_of(good[i].headers)));
		assert_int_equal(u.port, good[i].port);
		free(c);
	}
	u.port = 7;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (sip_uri_read(sv_of(bad[i]), &u))
			fail_msg("'%s' was read", bad[i]);
	assert_false(sip_uri_read(((struct sv){"sip:a\0b", 7}), &u));
	assert_false(sip_uri_read(((struct sv){"s\0p:a", 5}), &u));
	assert_int_equal(u.port, 7);
}

static void addresses(void **state)
{
	static const char contact[] =
		"<sip:127.0.0.1:36102;transport=tcp;ms-opaque=d3470f2e1d>;methods=\"INVITE, MESSAGE, INFO, BENOTIFY\";proxy=replace;"
		"+sip.instance=\"<urn:uuid:5ccdb10d-dca1-559e-ad2b-b514060a2da2>\" , \"B, \\\"<x>\\\"\" <sip:b@c> ; q = 0.5";
	struct sip_addr a;
	struct sv all = sv_of(contact);

	(void)state;
	assert_true(sip_addr_read(all, &a));
	assert_true(sv_eq(a.uri, SV("sip:127.0.0.1:36102;transport=tcp;ms-opaque=d3470f2e1d")));
	assert_true(sv_eq(sip_param(a.params, "methods"), SV("INVITE, MESSAGE, INFO, BENOTIFY")));
	assert_true(sv_eq(sip_param(a.params, "+sip.instance"), SV("<urn:uuid:5ccdb10d-dca1-559e-ad2b-b514060a2da2>")));
	assert_true(sv_eq(sip_param(a.params, "Proxy"), SV("replace")));
	assert_true(sip_addr_read(a.rest, &a));
	assert_true(sv_eq(a.display, SV("B, \\\"<x>\\\"")) && sv_eq(a.uri, SV("sip:b@c")) && a.rest.p == NULL);
	assert_true(sv_eq(sip_param(a.params, "q"), SV("0.5")));
	assert_true(sip_addr_read(SV(" * "), &a) && a.star && a.rest.p == NULL);
	assert_true(sip_addr_read(SV("sip:a@b;tag=1"), &a));
	assert_true(sv_eq(a.uri, SV("sip:a@b")) && sv_eq(a.params, SV("tag=1")));
	{
		static const char *const bad[] = {
			"", "<>", "<sip:a@b", "sip:a@b;;", "sip:a@b;", "sip:a@b;tag=\"", "sip:a@b,", "< sip:a@b>", "a, b <sip:a@b>",
			"\"x <sip:a@b>", "<sip:a@b> x", "sip:a@b x", "sip:a@b?c=d", "\"a\" b <sip:a@b>", "sip:a@b;=c", "<a>", "** ", "*;"};

		for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
			a.star = true;
			if (sip_addr_read(sv_of(bad[i]), &a))
				fail_msg("'%s' was read", bad[i]);
			assert_true(a.star);
		}
	}
	for (size_t n = 0; n < all.n; n++) {
		uint8_t *c = exact_copy(all.p, all.n, n);

		sip_addr_read((struct sv){(char *)c, n}, &a);
		free(c);
	}
}

static void small_ones(void **state)
{
	uint32_t number = 7;
	struct sv method;
	struct sip_diag d;
	struct sip_keepalive k;

	(void)state;
	assert_true(sip_cseq_read(SV("2147483647 REGISTER"), &number, &method));
	assert_true(number == 0x7fffffff && sv_eq(method, SV("REGISTER")));
	number = 7;
	assert_false(sip_cseq_read(SV("2147483648 REGISTER"), &number, &method));
	assert_false(sip_cseq_read(SV("1REGISTER"), &number, &method));
	assert_false(sip_cseq_read(SV("1 "), &number, &method));
	assert_false(sip_cseq_read(SV("1 A B"), &number, &method));
	assert_false(sip_cseq_read(SV(" 1 A"), &number, &method));
	assert_int_equal(number, 7);
	assert_true(sip_diag_read(SV("1000;reason=\"Final handshake failed\";source=\"server.contoso.com\""), &d));
	assert_true(d.id == 1000 && sv_eq(d.reason, SV("Final handshake failed")) && sv_eq(d.source, SV("server.contoso.com")));
	assert_true(sip_diag_read(SV("4141;reason=\"User disabled\""), &d) && d.id == 4141 && d.source.p == NULL);
	assert_false(sip_diag_read(SV(";reason=\"x\""), &d));
	assert_true(sip_keepalive_read(SV("UAS; tcp=no; hop-hop=yes; end-end=no; timeout=300"), &k));
	assert_true(k.uas && k.hop_hop && k.timeout == 300);
	assert_true(sip_keepalive_read(SV("UAC;hop-hop=yes"), &k) && !k.uas && k.hop_hop && k.timeout == 0);
	assert_false(sip_keepalive_read(SV("UAS;timeout=x"), &k));
	assert_false(sip_keepalive_read(SV("X;timeout=3"), &k));
}

/* [sip 6.3, 18.1, 18.2]: as real servers, SIPE and phones write them; what we read we write again. */
static void auth_headers(void **state)
{
	static const struct {
		enum sip_auth_role role;
		const char *text;
	} rows[] = {
		{SIP_CHALLENGE, "NTLM realm=\"SIP Communications Service\", targetname=\"server.contoso.com\", version=4"},
		{SIP_CHALLENGE, "TLS-DSK realm=\"SIP Communications Service\", targetname=\"server.contoso.com\", version=4, "
				"sts-uri=\"https://server.contoso.com:443/CertProv/CertProvisioningService.svc\""},
		{SIP_CHALLENGE, "TLS-DSK opaque=\"4E4FE48F\", gssapi-data=\"FAMBAAEBFgM=\", targetname=\"server.contoso.com\", "
				"realm=\"SIP Communications Service\", version=4"},
		{SIP_CREDENTIALS, "NTLM qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"server.contoso.com\", "
				  "gssapi-data=\"\", version=4"},
		{SIP_CREDENTIALS, "NTLM qop=\"auth\", opaque=\"78D29AC8\", realm=\"SIP Communications Service\", "
				  "targetname=\"server.contoso.com\", gssapi-data=\"TlRMTVNTUAADAAAA\", version=4, crand=\"0000002a\", "
				  "cnum=\"1\", response=\"01000000755c2d5cde9472a164000000\""},
		{SIP_CREDENTIALS, "TLS-DSK qop=\"auth\", opaque=\"4E4FE48F\", realm=\"SIP Communications Service\", "
				  "targetname=\"server.contoso.com\", crand=\"27799161\", cnum=\"3\", "
				  "response=\"5CE8BE0A088DF698F2939A2F14465694AAA9A071\""},
		{SIP_AUTH_INFO, "TLS-DSK qop=\"auth\", opaque=\"4E4FE48F\", srand=\"B4EA343D\", snum=\"1\", "
				"rspauth=\"17f17a5e7dea044044e1fe10420b4851d55203ca\", targetname=\"server.contoso.com\", "
				"realm=\"SIP Communications Service\", version=4"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sv text = sv_of(rows[i].text);
		struct sip_auth a;
		struct buf b = {0};

		assert_true(sip_auth_read(text, &a));
		sip_auth_write(&b, rows[i].role, &a);
		if (!sv_eq(buf_view(&b), text))
			fail_msg("row %zu came out as %s", i, buf_cstr(&b));
		buf_free(&b);
		for (size_t n = 0; n <= text.n; n++) {
			uint8_t *c = exact_copy(text.p, text.n, n);

			sip_auth_read((struct sv){(char *)c, n}, &a);
			free(c);
		}
	}
}

static void auth_variants(void **state)
{
	static const char *const bad[] = {
		"", " ", "NTLM realm", "NTLM realm=", "NTLM realm=\"a", "NTLM realm=\"a\" opaque=\"b\"", "NTLM realm=\"a\",",
		"NTLM realm=\"a\", realm=\"b\"", "NTLM version=3,VERSION=4", "NTLM,realm=\"a\"", "NTLM =\"a\"", "NTLM realm=\"a\\\"",
		"NTLM realm=a\\", "NTLM realm=a\\, targetname=b", "NTLM realm=a\"b"};
	struct sip_auth a;

	(void)state;
	assert_true(sip_auth_read(SV("tls-dsk\r\n OPAQUE = \"4E\" ,Version=3,unknown=\"a, b\", Gssapi-Data=\"\""), &a));
	assert_true(sv_eq(a.scheme, SV("tls-dsk")) && sv_eq(a.opaque, SV("4E")) && sv_eq(a.version, SV("3")));
	assert_true(a.has_gssapi && a.gssapi.n == 0);
	assert_true(sip_auth_read(SV("NTLM"), &a) && !a.has_gssapi && a.realm.p == NULL);
	assert_true(sip_auth_read(SV("NTLM version=\"4\""), &a) && sv_eq(a.version, SV("4")));
	a.version = SV("kept");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (sip_auth_read(sv_of(bad[i]), &a))
			fail_msg("'%s' was read", bad[i]);
	assert_true(sv_eq(a.version, SV("kept")));
}

/* The REGISTER and the answer of [sip 18.1] pass; what RFC 3261 forbids does not. */
#define HEAD "REGISTER sip:contoso.com SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/tcp 127.0.0.1:36102\r\n"
#define FROM "From: <sip:alice@contoso.com>;tag=5889928514;epid=c97532c1946f\r\n"
#define TO "To: <sip:alice@contoso.com>\r\n"
#define ID "Call-ID: C438gD073aF41Fi18DBm44C1t1ACAb38D2xAD5Dx\r\n"
#define CSEQ "CSeq: 1 REGISTER\r\n"
#define ALL VIA FROM TO ID CSEQ
static const struct {
	unsigned status;
	const char *text;
} checked[] = {
	{0, HEAD ALL "\r\n"},
	{0, HEAD ALL "Max-Forwards: 70\r\nContact: <sip:127.0.0.1:36102;transport=tcp>;proxy=replace\r\n"
		     "Supported: gruu-10, adhoclist\r\nEvent: registration\r\nms-keep-alive: UAC;hop-hop=yes\r\n\r\n"},
	{0, HEAD ALL "Proxy-Require: ms-benotify\r\nDate: Mon, 09 Dec 2013 08:22:15 GMT\r\nContact: *\r\n\r\n"},
	{0, "SIP/2.0 200 OK\r\n" ALL "\r\n"},
	{400, "SIP/2.0 200 OK\r\n" VIA FROM TO ID "\r\n"},
	{400, HEAD FROM TO ID CSEQ "\r\n"},
	{400, HEAD VIA TO ID CSEQ "\r\n"},
	{400, HEAD VIA FROM ID CSEQ "\r\n"},
	{400, HEAD VIA FROM TO CSEQ "\r\n"},
	{400, HEAD ALL CSEQ "\r\n"},
	{400, HEAD ALL FROM "\r\n"},
	{400, HEAD VIA FROM TO ID "CSeq: 1 SUBSCRIBE\r\n\r\n"},
	{400, HEAD VIA FROM TO "Call-ID: a b\r\n" CSEQ "\r\n"},
	{400, HEAD ALL "Max-Forwards: 256\r\n\r\n"},
	{400, HEAD ALL "Event: a\r\nEvent: b\r\n\r\n"},
	{400, HEAD ALL "Contact: *, <sip:a@b>\r\n\r\n"},
	{400, HEAD ALL "Route: sip\r\n\r\n"},
	{400, HEAD ALL "Via: SIP/2.0/TCP\r\n\r\n"},
	{400, HEAD ALL "Via: SIP/2.0/TCP a;;\r\n\r\n"},
	{400, HEAD ALL "Via: HTTP/2.0/TCP a\r\n\r\n"},
	{400, "REGISTER sip: SIP/2.0\r\n" ALL "\r\n"},
	{416, "REGISTER ftp://a SIP/2.0\r\n" ALL "\r\n"},
	{420, HEAD ALL "Require: ms-benotify, unheard-of\r\n\r\n"},
	{420, HEAD ALL "Require: \r\n\r\n"},
	/* batched presence, as SIPE and Communicator ask for it */
	{0, HEAD ALL "Require: adhoclist, categoryList\r\nSupported: eventlist\r\nProxy-Require: ms-benotify\r\n\r\n"},
	/* "MUST NOT be used in a SIP CANCEL request, or in an ACK ... MUST be ignored" */
	{0, "CANCEL sip:a@b SIP/2.0\r\n" VIA FROM TO ID "CSeq: 1 CANCEL\r\nRequire: unheard-of\r\n\r\n"},
	{0, "ACK sip:a@b SIP/2.0\r\n" VIA FROM TO ID "CSeq: 1 ACK\r\nProxy-Require: unheard-of\r\n\r\n"},
	/* COLON = SWS ":" SWS */
	{0, HEAD ALL "Via: SIP / 2.0 / TLS fe01.contoso.com : 5061 ;branch=z9hG4bK1 , SIP/2.0/TCP a:\r\n 5060\r\n\r\n"},
	{0, HEAD ALL "Via: SIP/2.0/TLS [2001:db8::9] : 5061;received=[2001:db8::9]\r\n\r\n"},
	{400, HEAD ALL "Via: SIP/2.0/TCP a b : 5060\r\n\r\n"},
	{400, HEAD ALL "Via: SIP/2.0/TCP a : x\r\n\r\n"},
	{400, HEAD ALL "Via: SIP/2.0/TCP a : 65536\r\n\r\n"},
	{400, HEAD ALL "Via: SIP/2.0/TCP : 5060\r\n\r\n"},
	/* the answer to who signs off: "Contact empty or absent" */
	{0, "SIP/2.0 200 OK\r\n" ALL "Contact:\r\nExpires: 0\r\n\r\n"},
	{400, HEAD ALL "Contact:\r\nExpires: 0\r\n\r\n"},
};

static void checks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof checked / sizeof *checked; i++) {
		struct msg m;
		struct msg_error e = {0};
		size_t used;
		unsigned status = 0;
		const char *why;

		assert_int_equal(msg_scan(checked[i].text, strlen(checked[i].text), MSG_SIP, 0, &m, &used, &e), MSG_OK);
		why = sip_check(&m, &status);
		if ((why ? status : 0) != checked[i].status)
			fail_msg("row %zu: %u, %s", i, status, why);
	}
}

/* The value of Unsupported. */
static void unknown_tags(void **state)
{
	static const char text[] = HEAD ALL "Require: eventlist, nothingSupportsThis,nothingSupportsThisEither\r\n"
					    "Supported: x\r\nProxy-Require:\r\n\tnoProxiesSupportThis , ms-benotify,\r\n\r\n";
	struct buf list = {0};
	struct msg_error e;
	struct msg m;

	(void)state;
	assert_int_equal(msg_scan_head(text, sizeof text - 1, MSG_SIP, &m, &e), MSG_OK);
	assert_true(sip_tags_unknown(&m, &list));
	assert_string_equal(buf_cstr(&list), "nothingSupportsThis, nothingSupportsThisEither, noProxiesSupportThis");
	buf_free(&list);
}

/* RFC 5118, the torture messages of IPv6: 4.1 to 4.5, 4.9, 4.10. */
static void version_6(void **state)
{
	static const struct {
		const char *target, *via;
		bool good;
	} rows[] = {
		{"sip:[2001:db8::10]", "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111", true},
		{"sip:2001:db8::10", "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111", false},
		{"sip:[2001:db8::10:5070]", "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111", true},
		{"sip:[2001:db8::10]:5070", "SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111", true},
		{"sip:[2001:db8::10]", "SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111", true},
		{"sip:[2001:db8::10]", "SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3", true},
		{"sip:user@[::ffff:192.0.2.10]:19823", "SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19", true},
		{"sip:user@[2001:db8:::192.0.2.1]", "SIP/2.0/UDP [2001:db8::9:1]", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct msg_error e = {0};
		unsigned status = 0;
		struct buf b = {0};
		struct msg m;

		buf_printf(&b, "REGISTER %s SIP/2.0\r\nVia: %s\r\n" FROM TO ID CSEQ "\r\n", rows[i].target, rows[i].via);
		assert_int_equal(msg_scan_head((char *)b.p, b.n, MSG_SIP, &m, &e), MSG_OK);
		if ((sip_check(&m, &status) == NULL) != rows[i].good)
			fail_msg("%s, %s: %u", rows[i].target, rows[i].via, status);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(unknown_tags),  cmocka_unit_test(version_6),
					   cmocka_unit_test(uris),	   cmocka_unit_test(addresses),
					   cmocka_unit_test(small_ones),   cmocka_unit_test(auth_headers),
					   cmocka_unit_test(auth_variants), cmocka_unit_test(checks)};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
