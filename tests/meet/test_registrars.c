/* tests/meet/test_registrars.c: the phone at Registrars that are not ours: ours, with its words changed on the way into
 * what other servers of the family say.  The signed fields stay as they were, so that the signatures still hold.
 */
#include "tests/support/check.h"

#include "tests/meet/meet.h"
#include "tests/meet/octets.h"
#include "wire/sip.h"

#define LONG_ENOUGH (300 * 1000)
#define HOUR (3600 * 1000ull)
#define ALICE "alice@contoso.test"

/* What the phone said, since the last look; one world at a time. */
static struct buf said;

static void listen(struct meet *m, struct buf *octets)
{
	(void)m;
	buf_sv(&said, buf_view(octets));
}

/* ---- other servers ------------------------------------------------------------------------------------------------ */

static void version_3(struct meet *m, struct buf *b)
{
	(void)m;
	octets_swap(b, ", version=4", ", version=3");
}

/* "407 flow (proxy)": [sip 6.1] */
static void as_proxy(struct meet *m, struct buf *b)
{
	(void)m;
	octets_swap(b, "SIP/2.0 401 Unauthorized", "SIP/2.0 407 Proxy Authentication Required");
	octets_swap(b, "WWW-Authenticate:", "Proxy-Authenticate:");
	octets_swap(b, "Authentication-Info:", "Proxy-Authentication-Info:");
}

/* Short names, folded lines, other case, Kerberos offered too, a 100 first, blank lines, another endpoint's Contact. */
static void talkative(struct meet *m, struct buf *b)
{
	struct buf first = {0};

	(void)m;
	octets_swap(b, "WWW-Authenticate: NTLM realm", "WWW-Authenticate: Kerberos realm=\"SIP Communications Service\", "
						"targetname=\"sip/fe01.contoso.test\", version=4\r\nwww-authenticate: NTLM realm");
	octets_swap(b, "Authentication-Info: TLS-DSK qop=\"auth\", ", "authentication-info: TLS-DSK\r\n QOP=\"auth\",\r\n\t");
	octets_swap(b, "\r\nContact: ", "\r\nm: <sip:192.0.2.99:5061;transport=tls>;expires=99;+sip.instance="
				 "\"<urn:uuid:124841E4-264D-52E8-96C5-D22AA8CDC316>\";gruu=\"sip:no;gruu\"\r\nm: ");
	octets_swap(b, "\r\nFrom: ", "\r\nf:");
	octets_swap(b, "\r\nTo: ", "\r\nt :\r\n ");
	octets_swap(b, "\r\nCall-ID: ", "\r\ni: ");
	octets_swap(b, "\r\nVia: ", "\r\nv: ");
	octets_swap(b, "\r\nCSeq: ", "\r\nCSEQ:  ");
	octets_swap(b, "\r\nContent-Length: ", "\r\nWarning: 310 lcs.microsoft.com \"You are currently not using the recommended "
					"version of the client\"\r\nms-user-logon-data: RemoteUser\r\nl: ");
	octets_swap(b, "Server: RTC/5.0", "Server: RTC/6.0");
	buf_str(&first, "\r\n\r\n");
	if (octets_count(b, "SIP/2.0 ")) {
		buf_str(&first, "SIP/2.0 100 Trying\r\nContent-Length: 0\r\n");
		for (struct sv rest = buf_view(b), line = sv_cut(&rest, '\n'); line.n > 1; line = sv_cut(&rest, '\n'))
			if (line.p[0] == 'f' || line.p[0] == 'i' || line.p[0] == 'v' || sv_istarts(line, SV("CSeq"))) {
				buf_sv(&first, line);
				buf_str(&first, "\n");
			}
		buf_str(&first, "\r\n");
	}
	buf_sv(&first, buf_view(b));
	buf_free(b);
	*b = first;
}

static void unsigned_answers(struct meet *m, struct buf *b)
{
	(void)m;
	octets_strike(b, "Authentication-Info");
}

static void unsigned_version_3(struct meet *m, struct buf *b)
{
	version_3(m, b);
	unsigned_answers(m, b);
}

static void bent(struct meet *m, struct buf *b)
{
	char *p = b->p ? memmem(b->p, b->n, "rspauth=\"", 9) : NULL;

	(void)m;
	if (p)
		p[9] = p[9] == '0' ? '1' : '0';
}

/* The handle of the association is named when it is made, and not again with the last flight. */
static void opaque_once(struct meet *m, struct buf *b)
{
	char *p = b->p ? memmem(b->p, b->n, "WWW-Authenticate: TLS-DSK opaque=\"", 34) : NULL;

	(void)m;
	if (p && memmem(b->p, b->n, "gssapi-data=\"FAM", 16)) { /* ChangeCipherSpec */
		memmove(p + 26, p + 45, (size_t)((char *)b->p + b->n - p - 45));
		b->n -= 19;
	}
}

static void no_schemes(struct meet *m, struct buf *b)
{
	(void)m;
	octets_strike(b, "WWW-Authenticate");
}

static void not_sip(struct meet *m, struct buf *b)
{
	(void)m;
	buf_clear(b);
	buf_str(b, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
}

static void dsk_phone(struct meet *m)
{
	(void)m;
}

/* Its user moves to another pool when it has its certificate already: the last answer is a 301. */
static void moved_phone(struct meet *m)
{
	struct store_user u;

	assert_true(meet_phone(m));
	meet_run(m, LONG_ENOUGH);
	assert_int_equal(meet_result(m)->failure, DT_F_OK);
	meet_phone_off(m);

	assert_int_equal(m->store->ops->user_get(m->store, ALICE, &u), STORE_OK);
	sv_copy(u.home_pool, sizeof u.home_pool, SV("pool9.contoso.test"));
	assert_int_equal(m->store->ops->user_set(m->store, &u), STORE_OK);
}

/* A real 301: "Contact: <sip:192.0.2.5:5061;transport=tls>", an address, not a name.  Behind it the user is at home. */
static struct meet *moving;
static const char *address_of_pool;
static void to_an_address(struct meet *m, struct buf *b)
{
	struct store_user u;

	(void)m;
	if (octets_count(b, "SIP/2.0 301") == 0)
		return;
	octets_swap(b, "pool9.contoso.test", address_of_pool);
	assert_int_equal(moving->store->ops->user_get(moving->store, ALICE, &u), STORE_OK);
	u.home_pool[0] = '\0';
	assert_int_equal(moving->store->ops->user_set(moving->store, &u), STORE_OK);
}

/* The same Registrar at 10.20.0.12, with a certificate for another name below the same root. */
static void listener_of_another_name(struct meet *m)
{
	static const char *const names[] = {"web.contoso.test", NULL};
	const struct meet_keys *k = meet_keys();
	struct pki_issue leaf = {.profile = PKI_SERVER, .cn = names[0], .names = names, .not_before = MEET_TIME - 86400, .not_after = MEET_TIME + 8640000};
	struct tls_server_conf c = {.profile = TLS_MODERN, .key = k->server};
	struct meet_listener *l = &m->listener[m->nlistener++];
	struct buf der = {0}, pem = {0};

	assert_true(pki_issue(&leaf, k->server, k->root, k->root_der.p, k->root_der.n, &der));
	pki_pem_add(&pem, "CERTIFICATE", der.p, der.n);
	c.cert_pem = buf_view(&pem);
	m->other_ctx = tls_ctx_server(&c);
	assert_non_null(m->other_ctx);
	*l = (struct meet_listener){.address = MEET_IP(10, 20, 0, 12), .port = 5061, .service = MEET_SIP_TLS, .tls = m->other_ctx};
	buf_free(&der);
	buf_free(&pem);
}

/* [sip 12], RFC 3261 8.1.3.4: the Contact of a redirect is the next place, as an address too.  The certificate there must be for the targetname
 * of its challenge, in the SIP domain; else nothing is proved to it. */
static void redirected_to_an_address(void **state)
{
	static const struct {
		const char *address;
		enum dt_failure failure;
	} places[] = {{"10.66.0.10", DT_F_OK}, {"10.20.0.12", DT_F_TLS_NAME}};

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 12);

		assert_non_null(m);
		moving = m;
		address_of_pool = places[i].address;
		listener_of_another_name(m);
		moved_phone(m);
		m->from_registrar = to_an_address;
		assert_true(meet_phone(m));
		meet_run(m, LONG_ENOUGH);
		if (meet_result(m)->failure != places[i].failure) {
			meet_dump(m);
			fail_msg("place %zu", i);
		}
		meet_free(m);
		meet_flash_free(&flash);
	}
}

/* A CX700, which signs in outside with user name and password. */
static void ntlm_phone(struct meet *m)
{
	m->conf.model = dt_model_find("cx700");
	m->conf.number = m->conf.pin = NULL;
	m->conf.login = "CONTOSO\\alice";
	m->conf.password = "Pa$$word";
	m->conf.sip = ALICE;
	m->conf.trust = (const char *)meet_keys()->root_pem.p;
	m->conf.outside = true;
	meet_was_inside(m);
	m->net.lldp = m->net.uc = m->net.srv = m->net.update_record = false;
	for (unsigned i = 0; i < m->nlistener; i++)
		m->listener[i].down = !m->listener[i].outside;
}

static const struct {
	const char *name;
	void (*phone)(struct meet *m);
	void (*server)(struct meet *m, struct buf *b);
	enum dt_failure failure; /* of stage 9; DT_F_OK: dial tone */
} rows[] = {
    {"version 3, TLS-DSK", dsk_phone, version_3, DT_F_OK},
    {"version 3, NTLM", ntlm_phone, version_3, DT_F_OK},
    {"407, TLS-DSK", dsk_phone, as_proxy, DT_F_OK},
    {"407, NTLM", ntlm_phone, as_proxy, DT_F_OK},
    {"talkative, TLS-DSK", dsk_phone, talkative, DT_F_OK},
    {"talkative, NTLM", ntlm_phone, talkative, DT_F_OK},
    {"unsigned 200, TLS-DSK", dsk_phone, unsigned_answers, DT_F_SIP_SIGNATURE},
    {"unsigned 200, NTLM", ntlm_phone, unsigned_answers, DT_F_SIP_SIGNATURE},
    {"unsigned 200, version 3, TLS-DSK", dsk_phone, unsigned_version_3, DT_F_SIP_SIGNATURE},
    {"unsigned 200, version 3, NTLM", ntlm_phone, unsigned_version_3, DT_F_SIP_SIGNATURE},
    {"unsigned 301", moved_phone, unsigned_answers, DT_F_SIP_SIGNATURE},
    {"opaque once, TLS-DSK", dsk_phone, opaque_once, DT_F_OK},
    {"a bit of rspauth, TLS-DSK", dsk_phone, bent, DT_F_SIP_SIGNATURE},
    {"a bit of rspauth, NTLM", ntlm_phone, bent, DT_F_SIP_SIGNATURE},
    {"401 without a scheme", dsk_phone, no_schemes, DT_F_SIP_SCHEME},
    {"a web server", dsk_phone, not_sip, DT_F_SIP_BAD},
};

/* Each message of the phone's that carries credentials: in the header that was asked for, and signed from where on. */
static void well_written(const char *name)
{
	bool proxy = strncmp(name, "407", 3) == 0, old = strncmp(name, "version 3", 9) == 0;
	unsigned all = octets_count(&said, "Authorization: "), handshake = octets_count(&said, ", version=");
	unsigned sigs = octets_count(&said, ", response=\"");

	assert_int_equal(octets_count(&said, "Proxy-Authorization: "), proxy ? all : 0);
	assert_true(handshake >= 2 && all > handshake);
	/* with 4 the last message of a handshake is signed, with 3 the first one after it; then all are */
	assert_int_equal(sigs, all - handshake + (old ? 0 : 1));
}

static void sign_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 12);
		const struct meet_record *r;

		assert_non_null(m);
		buf_clear(&said);
		rows[i].phone(m);
		m->from_registrar = rows[i].server;
		m->to_registrar = listen;
		assert_true(meet_phone(m));
		meet_run(m, LONG_ENOUGH);
		r = meet_result(m);
		if (r == NULL || r->failure != rows[i].failure || r->stage != DT_STAGE_LOGON) {
			meet_dump(m);
			fail_msg("%s", rows[i].name);
		}
		if (rows[i].phone == moved_phone)
			assert_non_null(strstr(r->why, "301 Redirect request to Home Server"));
		if (rows[i].failure == DT_F_OK) {
			/* a CX700 goes on to fetch its certificate and signs in anew: that handshake is counted in */
			if (rows[i].phone == dsk_phone)
				well_written(rows[i].name);
			m->nrecord = 0;
			meet_run(m, 2 * HOUR);
			assert_true(dt_phone_registered(m->phone));
			assert_null(meet_find(m, "registration")); /* it was never lost */
		}
		meet_free(m);
		meet_flash_free(&flash);
	}
	buf_free(&said);
}

/* ---- requests of the server ------------------------------------------------------------------------------------------ */

static void requires(struct meet *m, struct buf *b)
{
	(void)m;
	octets_swap(b, "Event: registration-notify", "Require: unheard-of\r\nEvent: registration-notify");
}

static void other_scheme(struct meet *m, struct buf *b)
{
	(void)m;
	octets_swap(b, "NOTIFY sip:", "NOTIFY gopher:");
}

static void twice(struct meet *m, struct buf *b)
{
	(void)m;
	octets_swap(b, "Event: registration-notify", "Event: registration-notify\r\nEvent: registration-notify");
}

static void not_signed(struct meet *m, struct buf *b)
{
	(void)m;
	if (octets_count(b, "NOTIFY sip:"))
		octets_strike(b, "Authentication-Info");
}

/* "deregistered;event=preferred-registrar-change, with P-Preferred-Registrar: register at the given registrar" */
static void preferred(struct meet *m, struct buf *b)
{
	(void)m;
	octets_swap(b, "deregistered;event=deactivated", "deregistered;event=preferred-registrar-change");
	octets_swap(b, "Event: registration-notify",
	     "P-Preferred-Registrar: <sip:fe01.contoso.test:5060;transport=tcp>\r\nEvent: registration-notify");
	octets_swap(b, "Content-Length: 30\r\n", "Content-Length: 45\r\n");
}

static void notices(void **state)
{
	static const struct {
		void (*server)(struct meet *m, struct buf *b);
		const char *says; /* the phone; NULL: nothing */
		bool goes;	  /* it takes the notice */
	} notes[] = {
	    {requires, "SIP/2.0 420 Bad Extension\r\n", false}, {other_scheme, "SIP/2.0 416 Unsupported URI Scheme\r\n", false},
	    {twice, "SIP/2.0 400 Bad Request\r\n", false},	 {not_signed, NULL, false},
	    {preferred, "SIP/2.0 200 OK\r\n", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 13);

		assert_non_null(m);
		strcpy(m->site.SIPSecurityMode, "Low"); /* one of the notices sends the phone to plain TCP */
		assert_true(meet_phone(m));
		meet_run(m, LONG_ENOUGH);
		assert_true(dt_phone_registered(m->phone));
		m->from_registrar = notes[i].server;
		m->to_registrar = listen;
		buf_clear(&said);
		assert_int_equal(location_order_user(m->location, ALICE, LOCATION_DEACTIVATED, 0, ""), 1);
		servers_orders(m);
		meet_run(m, 1000);
		if (notes[i].says == NULL) {
			assert_int_equal(said.n, 0);
		} else {
			assert_int_equal(octets_count(&said, notes[i].says), 1);
			assert_int_equal(octets_count(&said, ", response=\""), 1);
			assert_int_equal(octets_count(&said, "Unsupported: unheard-of\r\n"), notes[i].server == requires);
		}
		assert_int_equal(dt_phone_registered(m->phone), !notes[i].goes);
		if (notes[i].goes) {
			meet_run(m, 60 * 1000);
			assert_true(dt_phone_registered(m->phone));
			assert_non_null(meet_find(m, "registrar preferred fe01.contoso.test:5060"));
			assert_true(meet_find(m, "registrar preferred fe01.contoso.test:5060")->ok);
		}
		meet_free(m);
		meet_flash_free(&flash);
	}
	buf_free(&said);
}

/* ---- octets ---------------------------------------------------------------------------------------------------------- */

/* Where the next octet of the server's is another one: counted over all it says. */
static void some_octets(struct meet *m, struct buf *b)
{
	for (size_t i = 0; i < b->n; i++) {
		uint16_t pick;

		meet_random(m, &pick, sizeof pick);
		if (pick % 1500 == 0)
			b->p[i] = "\r\n\0<>\";,= \xff" "09aZ"[pick / 1500 % 14];
	}
}

/* Whatever comes of it, it comes to an end, and the phone has a sentence for it. */
static void changed_octets(void **state)
{
	unsigned good = 0;

	(void)state;
	for (unsigned i = 0; i < 60; i++) {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 100 + i);

		assert_non_null(m);
		m->from_registrar = some_octets;
		assert_true(meet_phone(m));
		meet_run(m, LONG_ENOUGH);
		assert_non_null(meet_result(m));
		good += meet_result(m)->ok;
		if (!meet_result(m)->ok)
			assert_true(meet_result(m)->stage == DT_STAGE_LOGON && meet_result(m)->failure != DT_F_OK);
		meet_free(m);
		meet_flash_free(&flash);
	}
	assert_true(good > 0 && good < 60);
}

/* ---- settings that come by themselves --------------------------------------------------------------------------------- */

static void no_piggyback(struct meet *m, struct buf *octets)
{
	octets_swap(octets, "Supported: ms-piggyback-first-notify\r\n", "");
	listen(m, octets);
}

static void no_piggyback_no_best(struct meet *m, struct buf *octets)
{
	octets_swap(octets, "Supported: ms-benotify\r\n", "");
	no_piggyback(m, octets);
}

static void broken_settings(struct meet *m, struct buf *b)
{
	(void)m;
	octets_swap(b, "</provisionGroupList>", "<provisionGroupList> ");
	octets_swap(b, "</provisionGroup>", "<provisionGroup> ");
}

/* "The first notification body rides in the 200": this server's does not. */
static void settings_behind_the_200(void **state)
{
	static const struct {
		void (*to)(struct meet *m, struct buf *octets);
		void (*from)(struct meet *m, struct buf *b);
		unsigned answers;
		enum dt_failure failure;
	} ways[] = {
	    {no_piggyback, NULL, 0, DT_F_OK},
	    {no_piggyback_no_best, NULL, 1, DT_F_OK},
	    {no_piggyback, broken_settings, 0, DT_F_SIP_BAD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 14);
		const struct meet_record *r;
		const struct meet_file *account = NULL;

		assert_non_null(m);
		m->to_registrar = ways[i].to;
		m->from_registrar = ways[i].from;
		buf_clear(&said);
		assert_true(meet_phone(m));
		meet_run(m, LONG_ENOUGH);
		assert_true(meet_result(m)->ok);
		meet_run(m, 1000);
		r = meet_find(m, "notify provisioning");
		assert_true(r && r->failure == ways[i].failure);
		assert_int_equal(octets_count(&said, "SIP/2.0 200 OK\r\n"), ways[i].answers); /* "a BENOTIFY must not be answered" */
		for (size_t k = 0; k < sizeof flash.file / sizeof *flash.file; k++)
			if (flash.file[k].there && strcmp(flash.file[k].name, DT_STATE_ACCOUNT) == 0)
				account = &flash.file[k];
		assert_non_null(account);
		assert_int_equal(octets_count(&account->data, "update-internal https://"), ways[i].failure == DT_F_OK);
		assert_true(dt_phone_registered(m->phone));
		meet_free(m);
		meet_flash_free(&flash);
	}
	buf_free(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sign_in), cmocka_unit_test(redirected_to_an_address), cmocka_unit_test(notices),
					   cmocka_unit_test(settings_behind_the_200),
					   cmocka_unit_test(changed_octets)};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	meet_keys_done();
	return n;
}
