/* tests/unit/wire/test_dhcp.c */
#include "wire/dhcp.h"
#include "tests/support/check.h"

static struct sv view(const struct buf *b)
{
	return (struct sv){(const char *)b->p, b->n};
}

static void discover(void **state)
{
	struct buf v = {0};
	struct dhcp d;
	struct rd r;

	(void)state;
	vector_read(&v, "dhcp/discover-vlan.hex");
	assert_int_equal(v.n, 300);
	r = rd_of(v.p, v.n);
	assert_true(dhcp_read(&r, &d));
	assert_int_equal(d.op, 1);
	assert_int_equal(d.xid, 0x12345678);
	assert_int_equal(d.flags, 0x8000);
	assert_int_equal(d.type, DHCP_DISCOVER);
	assert_memory_equal(d.chaddr, "\x00\x04\xf2\x00\x01\x76", 6);
	assert_true(sv_eq(d.option[60], SV(DHCP_CLASS_VLAN)));
	assert_true(sv_eq(d.option[55], SV("\x01\x03\x06\x0f\x2b")));
	assert_true(sv_eq(d.option[61], SV("\x01\x00\x04\xf2\x00\x01\x76")));
	assert_null(d.option[43].p);
	buf_free(&v);
}

static void inform(void **state)
{
	struct buf v = {0};
	struct dhcp d;
	struct rd r;

	(void)state;
	vector_read(&v, "dhcp/inform-uc.hex");
	r = rd_of(v.p, v.n);
	assert_true(dhcp_read(&r, &d));
	assert_int_equal(d.type, DHCP_INFORM);
	assert_string_equal(dhcp_type_name(d.type), "INFORM");
	assert_int_equal(d.ciaddr, 0x0a420065);
	assert_true(sv_eq(d.option[60], SV(DHCP_CLASS_UC)));
	assert_true(sv_eq(d.option[55], SV("\x78\x2b")));
	buf_free(&v);
}

/* Cut in the fixed part or within an option: refused, the result untouched.  Between two options: read (RFC 2131
 * asks for an end mark, senders forget it). */
static void cut(void **state)
{
	static const char *const name[] = {"dhcp/discover-vlan.hex", "dhcp/inform-uc.hex"};
	struct dhcp d;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct buf v = {0};
		size_t edge = 240;

		vector_read(&v, name[i]);
		for (size_t n = 0; n <= v.n; n++) {
			uint8_t *in = exact_copy(v.p, v.n, n);
			struct rd r = rd_of(in, n);
			bool ok;

			d.xid = 7;
			ok = dhcp_read(&r, &d);
			while (edge < n && v.p[edge] != 0xff)
				edge += 2u + v.p[edge + 1];
			assert_int_equal(ok, n >= 240 && (n == edge || (v.p[edge] == 0xff && n > edge)));
			assert_int_equal(d.xid == 7, !ok);
			if (!ok)
				assert_non_null(r.err);
			free(in);
		}
		buf_free(&v);
	}
}

static void round_trip(void **state)
{
	static struct dhcp d, back;
	static char big[600];
	uint8_t out[DHCP_SIZE_MAX], again[DHCP_SIZE_MAX];
	struct wr w = wr_of(out, sizeof out), w2 = wr_of(again, sizeof again);
	struct rd r;
	uint32_t a[4];

	(void)state;
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i * 7);
	d = (struct dhcp){.op = 2, .hops = 3, .sname = SV("srv"), .file = SV("pxe"), .xid = 0xdeadbeef, .secs = 3, .flags = 0x8000, .ciaddr = 1, .yiaddr = 2, .siaddr = 3,
			  .giaddr = 4, .chaddr = {1, 2, 3, 4, 5, 6}, .type = DHCP_ACK};
	d.option[43] = (struct sv){big, sizeof big};
	d.option[55] = SV("\x78\x2b");
	d.option[51] = SV("\x00\x00\x0e\x10");
	d.option[6] = SV("\x0a\x42\x00\x01\x0a\x42\x00\x02");
	d.option[80] = (struct sv){"", 0};
	d.option[120] = SV("\x01\x0a\x42\x00\x01");
	dhcp_write(&w, &d, NULL);
	assert_null(w.err);
	assert_memory_equal(out + 240, "\x35\x01\x05\x06\x08", 5); /* 53 first, then ascending, 55 last */
	assert_memory_equal(out + wr_n(&w) - 5, "\x37\x02\x78\x2b\xff", 5);
	r = rd_of(out, wr_n(&w));
	assert_true(dhcp_read(&r, &back));
	for (unsigned i = 0; i < 256; i++) {
		if (i == 53)
			continue;
		assert_int_equal(back.option[i].p != NULL, d.option[i].p != NULL);
		assert_true(sv_eq(back.option[i], d.option[i]));
	}
	assert_true(back.hops == 3 && sv_eq(back.sname, d.sname) && sv_eq(back.file, d.file));
	assert_true(back.op == 2 && back.xid == d.xid && back.secs == 3 && back.flags == 0x8000 && back.ciaddr == 1 &&
		    back.yiaddr == 2 && back.siaddr == 3 && back.giaddr == 4 && back.type == DHCP_ACK);
	dhcp_write(&w2, &back, NULL);
	assert_int_equal(wr_n(&w2), wr_n(&w));
	assert_memory_equal(again, out, wr_n(&w));

	d.sname = (struct sv){big, 65};
	w2 = wr_of(again, sizeof again);
	dhcp_write(&w2, &d, NULL);
	assert_non_null(w2.err);

	assert_true(dhcp_u32(&back, 51, a) && a[0] == 3600);
	assert_false(dhcp_u32(&back, 6, a));
	assert_false(dhcp_u32(&back, 54, a));
	assert_int_equal(dhcp_addrs(&back, 6, a, 4), 2);
	assert_int_equal(a[1], 0x0a420002);
	assert_int_equal(dhcp_addrs(&back, 6, a, 1), 1);
	assert_int_equal(dhcp_addrs(&back, 55, a, 4), 0);
	assert_int_equal(dhcp_addrs(&back, 3, a, 4), 0);
	back.option[15] = SV("contoso.test \0\0");
	assert_true(sv_eq(dhcp_text(&back, 15), SV("contoso.test")));
	back.option[15] = SV("\0\0");
	assert_true(dhcp_text(&back, 15).p && dhcp_text(&back, 15).n == 0);
	assert_null(dhcp_text(&back, 12).p);
	assert_null(dhcp_text(&back, 256).p);
}

static void padded(void **state)
{
	static struct dhcp d;
	uint8_t out[DHCP_SIZE_MAX];
	struct wr w = wr_of(out, sizeof out);

	(void)state;
	d = (struct dhcp){.op = 1, .type = DHCP_DISCOVER};
	dhcp_write(&w, &d, NULL);
	assert_null(w.err);
	assert_int_equal(wr_n(&w), 300);
	for (size_t n = 0; n < 300; n++) {
		uint8_t *small = exact_copy("", 0, n);

		w = wr_of(small, n);
		dhcp_write(&w, &d, NULL);
		assert_non_null(w.err);
		free(small);
	}
}

/* RFC 2132 9.3 with RFC 3396 5: 43 begins among the options and goes on in file, then in sname. */
static void overload(void **state)
{
	struct buf v = {0};
	struct dhcp d;
	struct rd r;

	(void)state;
	vector_read(&v, "dhcp/overload.hex");
	for (size_t n = 0; n <= v.n; n++) {
		uint8_t *in = exact_copy(v.p, v.n, n);

		r = rd_of(in, n);
		dhcp_read(&r, &d);
		free(in);
	}
	r = rd_of(v.p, v.n);
	assert_true(dhcp_read(&r, &d));
	assert_true(sv_eq(d.option[43], SV("\x0a\x02\x00\xc8")));
	assert_true(sv_eq(d.option[15], SV("x.test")));
	assert_true(d.sname.n == 0 && d.file.n == 0); /* lent to options */
	v.p[44] = 0xfe; /* sname: an option that is not there before, running past the field */
	v.p[45] = 63;
	r = rd_of(v.p, v.n);
	assert_false(dhcp_read(&r, &d));
	buf_free(&v);
}

/* [network B.3]: values that administrators really send, most of it as dnsmasq 2.90 put it on the wire. */
static void vlan(void **state)
{
	static const struct {
		const char *octets;
		enum dhcp_vlan_form form;
		uint16_t vlan;
	} row[] = {
	    {"0A 02 00 C8", DHCP_VLAN_U16, 200},	   {"0A 02 00 C8 FF", DHCP_VLAN_U16, 200},
	    {"0A 01 C8 FF", DHCP_VLAN_U8, 200},		   {"0A 02 01 2C FF", DHCP_VLAN_U16, 300},
	    {"0A 04 00 00 00 C8 FF", DHCP_VLAN_U32, 200},  {"0A 03 32 30 30 FF", DHCP_VLAN_TEXT, 200},
	    {"0A 02 31 30", DHCP_VLAN_TEXT, 10},	   {"0A 04 34 30 39 34", DHCP_VLAN_TEXT, 4094},
	    {"0A 04 34 30 39 35", DHCP_VLAN_BAD, 7},	   {"0A 01 35", DHCP_VLAN_U8, 53},
	    {"0A 06 30 78 30 30 43 38", DHCP_VLAN_TEXT, 200}, {"0A 04 32 30 30 00", DHCP_VLAN_TEXT, 200},
	    {"0A 02 0F FF", DHCP_VLAN_BAD, 7},		   {"0A 02 00 00", DHCP_VLAN_BAD, 7},
	    {"0A 00", DHCP_VLAN_BAD, 7},		   {"0A 02 00", DHCP_VLAN_BAD, 7},
	    {"", DHCP_VLAN_NONE, 7},			   {"FF", DHCP_VLAN_NONE, 7},
	    {"00 00 0A 02 00 C8 00", DHCP_VLAN_U16, 200},  {"FF 0A 02 00 C8", DHCP_VLAN_NONE, 7},
	    {"F1 04 0A 00 00 01", DHCP_VLAN_NONE, 7},	   {"F1 04 0A 00 00 01 0A 02 00 C8", DHCP_VLAN_U16, 200},
	    {"0A 02 0F FE", DHCP_VLAN_U16, 4094},	   {"0A 03 61 62 63", DHCP_VLAN_BAD, 7},
	};
	uint8_t out[4];
	struct wr w = wr_of(out, sizeof out);

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct buf b = {0};
		uint16_t got = 7;
		enum dhcp_vlan_form form;
		uint8_t *in;

		hex_of(&b, row[i].octets);
		in = exact_copy(b.n ? b.p : (uint8_t *)"", b.n, b.n);
		form = dhcp_vlan_read((struct sv){(const char *)in, b.n}, &got);
		if (form != row[i].form || got != row[i].vlan)
			fail_msg("%s: form %d, VLAN %u", row[i].octets, (int)form, got);
		free(in);
		buf_free(&b);
	}
	dhcp_vlan_write(&w, 200);
	assert_memory_equal(out, "\x0a\x02\x00\xc8", 4);
}

static void uc(void **state)
{
	struct buf v = {0};
	struct dhcp_uc u;
	char url[600];
	uint8_t out[300];
	struct wr w = wr_of(out, sizeof out);

	(void)state;
	vector_read(&v, "dhcp/uc43.hex");
	assert_int_equal(v.n, 87);
	assert_int_equal(dhcp_uc_read(view(&v), &u), DT_SIGN_NONE);
	assert_string_equal(u.scheme, "https");
	assert_string_equal(u.host, "lyncpool.contoso.com");
	assert_int_equal(u.port, 443);
	assert_string_equal(u.path, "/CertProv/CertProvisioningService.svc");
	assert_int_equal(u.odd[0], DT_SIGN_NONE);
	assert_true(dhcp_uc_url(&u, url, sizeof url));
	assert_string_equal(url, "https://lyncpool.contoso.com/CertProv/CertProvisioningService.svc");
	dhcp_uc_write(&w, &u);
	assert_null(w.err);
	assert_int_equal(wr_n(&w), v.n);
	assert_memory_equal(out, v.p, v.n);
	u.port = 4443;
	assert_true(dhcp_uc_url(&u, url, sizeof url));
	assert_string_equal(url, "https://lyncpool.contoso.com:4443/CertProv/CertProvisioningService.svc");
	assert_false(dhcp_uc_url(&u, url, strlen(url)));
	for (size_t n = 0; n < v.n; n++) {
		uint8_t *in = exact_copy(v.p, v.n, n);

		memset(&u, 0, sizeof u);
		if (dhcp_uc_read((struct sv){(const char *)in, n}, &u) != DT_SIGN_NONE)
			assert_int_equal(u.port, 0); /* untouched */
		free(in);
	}
	buf_free(&v);
}

#define ID "01 0C 4D 53 2D 55 43 2D 43 6C 69 65 6E 74 "
#define HTTPS "02 05 68 74 74 70 73 "
#define FE1 "03 06 66 65 2E 74 6C 64 " /* fe.tld */
#define P443 "04 03 34 34 33 "
#define PATH_A "05 02 2F 61 "

static void uc_variations(void **state)
{
	static const struct {
		const char *octets, *url; /* NULL: refused by that rule */
		enum dt_sign sign;
	} row[] = {
	    {PATH_A P443 FE1 HTTPS ID "FF", "https://fe.tld/a", DT_SIGN_NONE}, /* dnsmasq: turned round, ff behind */
	    {"00 " ID "00 " HTTPS FE1 P443 PATH_A "FF FF 09", "https://fe.tld/a", DT_SIGN_NONE},
	    {ID HTTPS FE1 PATH_A, "https://fe.tld/a", DT_SIGN_NONE}, /* no port: the scheme's */
	    {ID "02 04 68 74 74 70 " FE1 PATH_A, "http://fe.tld/a", DT_SIGN_UC_SCHEME_PLAIN},
	    {ID "02 04 68 74 74 70 " FE1 P443 PATH_A, "http://fe.tld:443/a", DT_SIGN_UC_SCHEME_PLAIN},
	    {"0A 02 00 C8 " ID HTTPS FE1 P443 PATH_A, "https://fe.tld/a", DT_SIGN_NONE}, /* both classes in one blob */
	    {ID HTTPS FE1 "04 02 01 BB " PATH_A, "https://fe.tld/a", DT_SIGN_UC_PORT_BINARY},
	    {ID HTTPS FE1 "04 04 00 00 11 5B " PATH_A, "https://fe.tld:4443/a", DT_SIGN_UC_PORT_BINARY},
	    {ID HTTPS "03 07 66 65 2E 74 6C 64 00 " P443 PATH_A, "https://fe.tld/a", DT_SIGN_UC_VALUE_PADDED},
	    {ID HTTPS "03 07 66 65 2E 74 6C 64 2E " P443 PATH_A, "https://fe.tld/a", DT_SIGN_UC_HOST_DOT},
	    {ID FE1 P443 PATH_A, "https://fe.tld/a", DT_SIGN_UC_SCHEME_ABSENT},
	    {ID HTTPS FE1 P443 "05 01 61", "https://fe.tld/a", DT_SIGN_UC_PATH_SLASH},
	    {ID HTTPS FE1 P443, "https://fe.tld/CertProv/CertProvisioningService.svc", DT_SIGN_UC_PATH_ABSENT},
	    {ID HTTPS FE1 P443 PATH_A "2A 01 00", "https://fe.tld/a", DT_SIGN_NONE}, /* a code not known */
	    {"0A 02 00 C8", NULL, DT_SIGN_UC_CLASS_ABSENT},
	    {"01 02 4D 53 " HTTPS FE1, NULL, DT_SIGN_UC_CLASS_OTHER},
	    {"01 0C 6D 73 2D 75 63 2D 63 6C 69 65 6E 74 " HTTPS FE1, NULL, DT_SIGN_UC_CLASS_OTHER},
	    {ID HTTPS P443, NULL, DT_SIGN_UC_HOST_BAD},
	    {ID HTTPS "03 08 68 74 74 70 3A 2F 2F 61 ", NULL, DT_SIGN_UC_HOST_URL},
	    {ID HTTPS "03 05 61 3A 34 34 33 ", NULL, DT_SIGN_UC_HOST_PORT},
	    {ID HTTPS FE1 P443 "05 0A 68 74 74 70 73 3A 2F 2F 61 2F ", NULL, DT_SIGN_UC_PATH_URL},
	    {"30 31 30 43 34 44 35 33 32 44", NULL, DT_SIGN_UC_HEX_TYPED}, /* "010C4D532D" */
	    {"4D 53 2D 55 43 2D 43 6C 69 65 6E 74 68 74 74 70 73", NULL, DT_SIGN_UC_TEXT_TYPED},
	    {"68 74 74 70 73 3A 2F 2F 66 65 2E 74 6C 64 2F 61", NULL, DT_SIGN_UC_TEXT_TYPED},
	    {ID HTTPS "03 04 61 2E 2E 62 ", NULL, DT_SIGN_UC_HOST_BAD},
	    {ID "02 03 66 74 70 " FE1, NULL, DT_SIGN_UC_SCHEME_BAD},
	    {ID HTTPS FE1 "04 05 37 30 30 30 30 ", NULL, DT_SIGN_UC_PORT_BAD},
	    {ID HTTPS FE1 "04 02 00 00 ", "https://fe.tld/CertProv/CertProvisioningService.svc", DT_SIGN_UC_VALUE_PADDED},
	    {ID HTTPS FE1 "05 03 2F 20 61 ", NULL, DT_SIGN_UC_PATH_BAD},
	    {ID HTTPS FE1 "05 25 2F 61", NULL, DT_SIGN_UC_OVERRUN},
	    {"", NULL, DT_SIGN_UC_CLASS_ABSENT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct buf b = {0};
		struct dhcp_uc u = {.port = 7};
		char url[600] = "";
		enum dt_sign why;

		hex_of(&b, row[i].octets);
		why = dhcp_uc_read(view(&b), &u);
		if (row[i].url == NULL) {
			if (why == DT_SIGN_NONE || why != row[i].sign || u.port != 7)
				fail_msg("row %zu: '%s'", i, dt_signs[why].code);
		} else if (why != DT_SIGN_NONE || !dhcp_uc_url(&u, url, sizeof url) || strcmp(url, row[i].url) != 0 ||
			   u.odd[0] != row[i].sign) {
			fail_msg("row %zu: '%s' %s '%s'", i, dt_signs[why].code, url, dt_signs[u.odd[0]].code);
		}
		buf_free(&b);
	}
}

static const struct {
	const char *octets;
	const char *first; /* NULL: refused */
	unsigned n;
} sip_rows[] = {
    {"00 07 65 78 61 6D 70 6C 65 03 63 6F 6D 00", "example.com", 1},
    {"00 01 61 01 74 00 01 62 C0 02", "a.t", 2}, /* compressed within the option */
    {"00 01 61 01 74 00 01 62 01 74 00", "a.t", 2},
    {"00 01 61 01 74", NULL, 0},		      /* the final zero is missing */
    {"66 65 30 31 2E 74", NULL, 0},	      /* plain text */
    {"00 05 66 65 30 31 2E 01 74 00", NULL, 0}, /* the length counts the dot */
    {"00 C0 00", NULL, 0},		      /* points to itself */
    {"00 01 61 C0 00", NULL, 0},	      /* a loop */
    {"00 00", NULL, 0},
    {"00", NULL, 0},
    {"", NULL, 0},
    {"01", NULL, 0},
    {"01 0A 00 00", NULL, 0},
    {"02 01 61 00", NULL, 0},
    {"00 40 61 00", NULL, 0},
    {"00 01 61 00", "a", 1},
    {"00 02 5F 61 00", "_a", 1}, /* base/name.h: Windows' names */
    {"00 02 61 20 00", NULL, 0},
    {"00 02 61 2D 00", NULL, 0}, /* no label ends with '-' */
    {"00 02 2D 61 00", NULL, 0},
    {"00 02 61 2C 00", NULL, 0},
    {"00 66 65 30 31 2E 74", NULL, 0}, /* text behind the encoding octet */
};

static void sip(void **state)
{
	struct buf v = {0};
	struct dhcp_sip s;
	uint8_t out[64];
	struct wr w = wr_of(out, sizeof out);

	(void)state;
	vector_read(&v, "dhcp/sip120.hex");
	assert_null(dhcp_sip_read(view(&v), &s));
	assert_int_equal(s.n, 1);
	assert_string_equal(s.name[0], "lyncpool.contoso.com");
	dhcp_sip_write(&w, &s);
	assert_null(w.err);
	assert_int_equal(wr_n(&w), v.n);
	assert_memory_equal(out, v.p, v.n);
	for (size_t n = 0; n < v.n; n++) {
		uint8_t *in = exact_copy(v.p, v.n, n);

		assert_non_null(dhcp_sip_read((struct sv){(const char *)in, n}, &s));
		free(in);
	}
	buf_free(&v);

	for (size_t i = 0; i < sizeof sip_rows / sizeof *sip_rows; i++) {
		struct buf b = {0};
		const char *why;

		hex_of(&b, sip_rows[i].octets);
		why = dhcp_sip_read(view(&b), &s);
		if ((why == NULL) != (sip_rows[i].first != NULL))
			fail_msg("row %zu: %s", i, why ? why : "read");
		if (sip_rows[i].first) {
			assert_string_equal(s.name[0], sip_rows[i].first);
			assert_int_equal(s.n, sip_rows[i].n);
		}
		buf_free(&b);
	}

	hex_of(&v, "01 C0 00 02 0A");
	assert_null(dhcp_sip_read(view(&v), &s));
	assert_true(s.encoding == 1 && s.n == 1 && s.address[0] == 0xc000020a);
	w = wr_of(out, sizeof out);
	dhcp_sip_write(&w, &s);
	assert_memory_equal(out, v.p, 5);
	buf_free(&v);
}

static void search(void **state)
{
	struct buf v = {0};
	struct dhcp_search s, back;
	uint8_t out[128];
	struct wr w = wr_of(out, sizeof out);

	(void)state;
	vector_read(&v, "dhcp/search119.hex");
	assert_null(dhcp_search_read(view(&v), &s));
	assert_int_equal(s.n, 2);
	assert_string_equal(s.name[0], "eng.apple.com");
	assert_string_equal(s.name[1], "marketing.apple.com");
	dhcp_search_write(&w, &s);
	assert_null(w.err);
	assert_null(dhcp_search_read((struct sv){(const char *)out, wr_n(&w)}, &back));
	assert_int_equal(back.n, 2);
	assert_string_equal(back.name[1], s.name[1]);
	for (size_t n = 0; n < v.n; n++) {
		uint8_t *in = exact_copy(v.p, v.n, n);

		assert_int_equal(dhcp_search_read((struct sv){(const char *)in, n}, &back) == NULL, n == 15);
		free(in);
	}
	buf_free(&v);
}

/* A name of exactly 253 characters passes both ways, one of 254 neither. */
static void longest_name(void **state)
{
	struct dhcp_search s = {.n = 1}, back;
	uint8_t out[300];
	struct wr w = wr_of(out, sizeof out);

	(void)state;
	memset(s.name[0], 'a', 253);
	s.name[0][63] = s.name[0][127] = s.name[0][191] = '.';
	dhcp_search_write(&w, &s);
	assert_null(w.err);
	assert_int_equal(wr_n(&w), 255);
	assert_null(dhcp_search_read((struct sv){(const char *)out, 255}, &back));
	assert_string_equal(back.name[0], s.name[0]);
	out[192] = 62; /* the last label one longer: the zero behind moves by one */
	out[255] = 0;
	out[254] = 'a';
	assert_non_null(dhcp_search_read((struct sv){(const char *)out, 256}, &back));
	s.name[0][253] = 'a';
	w = wr_of(out, sizeof out);
	dhcp_search_write(&w, &s);
	assert_non_null(w.err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(discover), cmocka_unit_test(inform), cmocka_unit_test(cut),    cmocka_unit_test(round_trip),
	    cmocka_unit_test(padded),	cmocka_unit_test(overload), cmocka_unit_test(vlan), cmocka_unit_test(uc),
	    cmocka_unit_test(uc_variations), cmocka_unit_test(sip), cmocka_unit_test(search),
	    cmocka_unit_test(longest_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
