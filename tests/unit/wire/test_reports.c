/* tests/unit/wire/test_reports.c: inputs after public bug reports of other programs (tests/vectors/reports/README). */
#include "tests/support/check.h"
#include "wire/challenge.h"
#include "wire/dhcp.h"
#include "wire/ntlm.h"
#include "wire/xml.h"

/* RFC 2132 gives these options one length: an option that stands twice is not split (RFC 3396), and the first one counts. */
static void option_doubled(void **state)
{
	static const struct {
		const char *name;
		uint8_t code;
		size_t n;
	} rows[] = {
		{"dhcp-option-doubled/ack-1-twice.bin", 1, 4},	  {"dhcp-option-doubled/ack-15-twice.bin", 15, 12},
		{"dhcp-option-doubled/ack-51-twice.bin", 51, 4},  {"dhcp-option-doubled/ack-53-twice.bin", 53, 1},
		{"dhcp-option-doubled/offer-54-twice.bin", 54, 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf v = {0};
		struct dhcp d;
		struct rd r;

		report_read(&v, rows[i].name);
		r = rd_of(v.p, v.n);
		if (!dhcp_read(&r, &d))
			fail_msg("%s: %s", rows[i].name, r.err);
		assert_int_equal(d.repeated, rows[i].code);
		assert_int_equal(d.option[rows[i].code].n, rows[i].n);
		assert_true(d.type == DHCP_ACK || d.type == DHCP_OFFER);
		buf_free(&v);
	}
}

/* A split option is no doubled one: halves of an address, and a text in two different pieces, are joined as before. */
static void option_split(void **state)
{
	static const char *const options[] = {"36 02 0a0a 36 02 0001", "0f 08 636f6e746f736f2e 0f 04 74657374", "2b 02 0a02 2b 02 0042"};
	static const uint8_t code[] = {54, 15, 43};
	static const size_t n[] = {4, 12, 4};

	(void)state;
	for (size_t i = 0; i < sizeof code; i++) {
		struct buf v = {0};
		struct dhcp d;
		struct rd r;

		hex_of(&v, "02010600 12345678 00000000 00000000 0a420065 00000000 00000000 0004f2000176 00000000000000000000");
		for (int zero = 0; zero < 192; zero++)
			buf_add(&v, "", 1);
		hex_of(&v, "63825363 350105");
		hex_of(&v, options[i]);
		hex_of(&v, "ff");
		r = rd_of(v.p, v.n);
		assert_true(dhcp_read(&r, &d));
		assert_int_equal(d.repeated, 0);
		assert_int_equal(d.option[code[i]].n, n[i]);
		buf_free(&v);
	}
}

/* However the digits were spelt: the option holds digits, not the octets they stand for. */
static void option43_as_text(void **state)
{
	static const char *const names[] = {"ack-0x", "ack-bare", "ack-blank", "ack-colon", "ack-dash", "ack-quoted"};
	static const char *const typed[] = {"0x01,0x0c,0x4d,0x53,0x2d", "\\x01\\x0c\\x4d\\x53", "01.0C.4D.53", "{01 0c 4d 53}",
					    "01:0c:4d:53\r\n"};
	static const char *const other[] = {"", "MS-UC-Client", "fe01.contoso.test", "01:0c", ("\x01\x0c" "4d532d")};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char name[64];
		struct buf v = {0};
		struct dhcp d;
		struct dhcp_uc uc;
		struct rd r;

		snprintf(name, sizeof name, "opt43-hex-as-text/%s.bin", names[i]);
		report_read(&v, name);
		r = rd_of(v.p, v.n);
		assert_true(dhcp_read(&r, &d));
		if (dhcp_uc_read(d.option[43], &uc) != DT_SIGN_UC_HEX_TYPED)
			fail_msg("%s is not named", name);
		buf_free(&v);
	}
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
		struct dhcp_uc uc;

		if (dhcp_uc_read(sv_of(typed[i]), &uc) != DT_SIGN_UC_HEX_TYPED)
			fail_msg("\"%s\" is not named", typed[i]);
	}
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		struct dhcp_uc uc;

		if (dhcp_uc_read(sv_of(other[i]), &uc) == DT_SIGN_UC_HEX_TYPED)
			fail_msg("\"%s\" is taken for digits", other[i]);
	}
}

static struct sv found_in(const char *text, const char *scheme, bool *found)
{
	static struct msg m;
	static char copy[1024];
	struct msg_error e;
	struct sv token = {0};
	size_t n = (size_t)snprintf(copy, sizeof copy, "%s", text);

	assert_int_equal(msg_scan_head(copy, n, MSG_HTTP, &m, &e), MSG_OK);
	*found = challenge_find(&m, "WWW-Authenticate", sv_of(scheme), &token);
	return token;
}

/* RFC 9110 11.6.1 */
static void challenges(void **state)
{
	static const struct {
		const char *fields, *scheme;
		const char *token; /* NULL: there is none */
	} rows[] = {
		{"WWW-Authenticate: NTLM\r\n", "NTLM", ""},
		{"WWW-Authenticate: Basic realm=\"use CONTOSO, NTLM only\"\r\nWWW-Authenticate: NTLM\r\n", "NTLM", ""},
		{"WWW-Authenticate: Basic realm=\"use CONTOSO, NTLM only\"\r\n", "NTLM", NULL},
		{"WWW-Authenticate: Basic realm=\"a \\\", NTLM b\", NTLM TlRM\r\n", "NTLM", "TlRM"},
		{"WWW-Authenticate: Negotiate, ntlm\r\n", "NTLM", ""},
		{"WWW-Authenticate: Basic realm =\"LYNC\"\r\n", "Basic", "realm =\"LYNC\""},
		{"WWW-Authenticate: NTLMX abc\r\n", "NTLM", NULL},
		{"WWW-Authenticate: Basic realm=\"never closed, NTLM\r\n", "NTLM", NULL},
		{"WWW-Authenticate: ,, ,NTLM,\r\n", "NTLM", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[512];
		bool found;
		struct sv token;

		snprintf(text, sizeof text, "HTTP/1.1 401 Unauthorized\r\n%sContent-Length: 0\r\n\r\n", rows[i].fields);
		token = found_in(text, rows[i].scheme, &found);
		if (found != (rows[i].token != NULL) || (found && !sv_eq(token, sv_of(rows[i].token))))
			fail_msg("row %zu: found %d, \"%.*s\"", i, found, (int)token.n, token.p);
	}
}

/* RFC 7303 3.2: the charset that the message was sent with counts, not what the declaration says. */
static void untrue_declarations(void **state)
{
	static const char *const good[] = {
		"<?xml version='1.0' encoding='UTF-16LE'?><a>\xc3\xa9</a>",
		"\xef\xbb\xbf<?xml version=\"1.0\" encoding = \"unicode\" ?><a>\xc3\xa9</a>",
		"<?xml version=\"1.0\" encoding=\"UTF8\" standalone=\"yes\"?><a>\xc3\xa9</a>",
	};
	static const char *const files[] = {"xml-declares-utf16/request.xml", "xml-declares-utf16/utf8-without-hyphen.xml"};
	const char *why = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		xmlDocPtr doc = xml_read(good[i], strlen(good[i]), &why);

		if (doc == NULL)
			fail_msg("%s: %s", good[i], why);
		assert_string_equal((const char *)xmlDocGetRootElement(doc)->children->content, "\xc3\xa9");
		xmlFreeDoc(doc);
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct buf v = {0};
		xmlDocPtr doc;

		report_read(&v, files[i]);
		doc = xml_read(v.p, v.n, &why);
		if (doc == NULL)
			fail_msg("%s: %s", files[i], why);
		xmlFreeDoc(doc);
		buf_free(&v);
	}
	assert_null(xml_read("<?xml version='1.0' encoding='utf-7'?><a/>", 42, &why));
	assert_string_equal(why, "its character encoding is not accepted");
}

/* FasterXML/woodstox#72, martinblech/xmltodict#187: a blank line before the declaration. A document that is no XML stays refused. */
static void blank_lines_first(void **state)
{
	static const char *const good[] = {"\r\n<?xml version=\"1.0\" encoding=\"utf-8\"?><a>1</a>", " \t\n<a>1</a>"};
	static const char *const bad[] = {"\r\n", "\r\nx<a/>", "\n<?xml version='1.0'?>\n<?xml version='1.0'?><a/>"};
	const char *why = NULL;
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		xmlDocPtr doc = xml_read(good[i], strlen(good[i]), &why);

		if (doc == NULL)
			fail_msg("%s: %s", good[i], why);
		xmlFreeDoc(doc);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_null(xml_read(bad[i], strlen(bad[i]), &why));
	assert_null(xml_read_at("\r\n<a><b></a>", 12, &why, &at));
	assert_true(at > 2);
}

/* [MS-UCODEREF] 3.1.5.3, by rows of Microsoft's table; 0: it has none. */
static void upper_case_of_windows(void **state)
{
	static const uint32_t rows[][2] = {
		{'a', 'A'},	    {'z', 'Z'},	      {0xff, 0x178},	{0xb5, 0},	  {0x131, 0},	    {0x17f, 0},
		{0x3c2, 0},	    {0x219, 0x218},   {0x1ea1, 0x1ea0}, {0x1e81, 0x1e80}, {0x257, 0x18a},   {0x259, 0x18f},
		{0x14b, 0x14a},	    {0x254, 0x186},   {0x561, 0x531},	{0xff42, 0xff22}, {0x1f00, 0x1f08}, {0x4c2, 0x4c1},
		{0x4cf, 0x4c0},	    {0x3e3, 0x3e2},   {0x1c6, 0x1c4},	{0x1c5, 0},	  {0x2173, 0x2163}, {0x24d1, 0x24b7},
		{0x2c65, 0x23a},    {0x2d00, 0x10a0}, {0x250, 0x2c6f},	{0x252, 0},	  {0x525, 0},	    {0x523, 0x522},
		{0x1f80, 0x1f88},   {0x1fb3, 0x1fbc}, {0xa78c, 0xa78b}, {0xdf, 0},	  {0x10428, 0},	    {0x1d79, 0xa77d},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (upper_case(rows[i][0]) != (rows[i][1] ? rows[i][1] : rows[i][0]))
			fail_msg("%04x becomes %04x", rows[i][0], upper_case(rows[i][0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(option_doubled),      cmocka_unit_test(option_split), cmocka_unit_test(option43_as_text),		cmocka_unit_test(challenges),
		cmocka_unit_test(untrue_declarations), cmocka_unit_test(upper_case_of_windows), cmocka_unit_test(blank_lines_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
