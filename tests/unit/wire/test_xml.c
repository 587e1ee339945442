#include "tests/support/check_xml.h"

static const char *why_not(const void *p, size_t n)
{
	uint8_t *c = exact_copy(p, n, n);
	const char *why = NULL;
	xmlDocPtr doc = xml_read(c, n, &why);

	xmlFreeDoc(doc);
	free(c);
	assert_true((doc == NULL) == (why != NULL));
	return why;
}

static const char *refused(const char *text)
{
	return why_not(text, strlen(text));
}

static void plain_documents_are_read(void **state)
{
	(void)state;
	assert_null(refused("<a/>"));
	assert_null(refused("\xef\xbb\xbf<a b='1'>x</a>"));
	assert_null(refused("<?xml version='1.0' encoding='iso-8859-1'?><a>\xe4</a>"));
	assert_null(why_not("\xff\xfe<\0a\0/\0>\0", 10));
	assert_null(why_not("\xfe\xff\0<\0a\0/\0>", 10));
}

static void what_is_refused(void **state)
{
	static const char *const bad[] = {
	    "", "x", "<a>", "<a></b>", "<a/><b/>", "<a b='1' b='2'/>", "<p:a/>", "<a>&nope;</a>", "<a>\x01</a>",
	    "<a>\xff</a>",
	    "<!DOCTYPE a><a/>",
	    "<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x.dtd'><a/>",
	    "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
	    "<!DOCTYPE a PUBLIC '-//x//y' 'file:///etc/passwd' [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>",
	    ("<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>"
	    "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;'><!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;'>]><l>&e;</l>"),
	    "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:1/'> %p;]><a/>",
	    "<!DOCTYPE a [<!ATTLIST a id ID #IMPLIED>]><a id='1'/>",
	    "<?xml version='1.0' encoding='utf-7'?><a/>",
	    "<?xml version='1.0' encoding='ebcdic-cp-us'?><a/>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (refused(bad[i]) == NULL)
			fail_msg("taken: %s", bad[i]);
	assert_non_null(strstr(why_not("<a/>\0<b/>", 9), "NUL")); /* libxml2 would stop there and be content */
	assert_non_null(strstr(why_not("<a>x\0</a>", 9), "NUL"));
	assert_null(why_not("<a/>\0\0", 6)); /* a C string, sent whole */
	assert_non_null(why_not("\0\0", 2));
	assert_non_null(strstr(why_not("\xff\xfe<\0a\0/\0>\0\0\0", 12), "NUL"));
	assert_non_null(strstr(refused(bad[10]), "document type"));
	assert_non_null(strstr(refused(bad[14]), "document type"));
}

static void size_depth_and_attributes_are_bounded(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_str(&b, "<a>");
	while (b.n < XML_INPUT_MAX - 4)
		buf_str(&b, "x");
	buf_str(&b, "</a>");
	assert_int_equal(b.n, XML_INPUT_MAX);
	assert_null(why_not(b.p, b.n));
	buf_str(&b, "\n");
	assert_non_null(strstr(why_not(b.p, b.n), "65536"));

	for (unsigned depth = 63; depth <= 66; depth++) {
		buf_clear(&b);
		for (unsigned i = 0; i < depth; i++)
			buf_str(&b, "<d>");
		for (unsigned i = 0; i < depth; i++)
			buf_str(&b, "</d>");
		assert_true((depth <= 64) == (why_not(b.p, b.n) == NULL));
	}

	for (unsigned n = 500; n <= 20000; n = n == 500 ? 513 : n == 513 ? 5000 : n + 15000) {
		buf_clear(&b);
		buf_str(&b, "<a");
		for (unsigned i = 0; i < n; i++)
			buf_printf(&b, " a%u=''", i);
		buf_str(&b, "/>");
		assert_true((n <= 512) == (why_not(b.p, b.n) == NULL));
	}
	buf_free(&b);
}

static void wide(struct buf *b, bool big, uint16_t c)
{
	uint8_t le[2] = {(uint8_t)c, (uint8_t)(c >> 8)}, be[2] = {le[1], le[0]};

	buf_add(b, big ? be : le, 2);
}

/* Attributes are counted in other encodings too: in UTF-16 with names whose octets are those of '<', and not at all
 * where the octets of '=' may be anything. */
static void attributes_are_counted_in_every_encoding(void **state)
{
	static const char utf7[] = "<?xml version='1.0' encoding='UTF-7'?><a";
	struct buf b = {0};

	(void)state;
	for (int big = 0; big < 2; big++)
		for (unsigned n = 500; n <= 3000; n += 2500) {
			buf_clear(&b);
			wide(&b, big, 0xfeff);
			wide(&b, big, '<');
			wide(&b, big, 'a');
			for (unsigned i = 0; i < n; i++) {
				wide(&b, big, ' ');
				wide(&b, big, big ? 0x3c41 : 0x4e3c); /* an octet of it is '<' */
				for (unsigned k = i, digits = 0; digits < 4; digits++, k /= 10)
					wide(&b, big, (uint16_t)('0' + k % 10));
				wide(&b, big, '=');
				wide(&b, big, '\'');
				wide(&b, big, '\'');
			}
			wide(&b, big, '/');
			wide(&b, big, '>');
			if (n == 500)
				assert_null(why_not(b.p, b.n));
			else
				assert_non_null(strstr(why_not(b.p, b.n), "too many attributes"));
		}
	buf_clear(&b);
	buf_str(&b, utf7);
	for (unsigned i = 0; i < 4000; i++)
		buf_printf(&b, " a%u+AD0-''", i);
	assert_non_null(strstr(why_not(b.p, b.n), "encoding")); /* before the element, which does not end, was read */
	buf_free(&b);
}

static void walking(void **state)
{
	static const char text[] = "<r xmlns:p='urn:p'><x/><p:x k='1' p:K='2'>one</p:x><x><Deep>two</Deep></x></r>";
	static const char *const deep[] = {"x", "Deep", NULL};
	xmlDocPtr doc = doc_of(text, sizeof text - 1);
	xmlNodePtr r = xmlDocGetRootElement(doc), px;
	char out[8] = "kept";

	(void)state;
	assert_int_equal(xml_count(r, NULL, "x"), 3);
	assert_int_equal(xml_count(r, "urn:p", "x"), 1);
	px = xml_child(r, "urn:p", "x");
	assert_non_null(px);
	assert_null(xml_next(px, "urn:p", "x"));
	assert_non_null(xml_next(px, NULL, "x"));
	assert_null(xml_path(r, deep)); /* the first x of each name, as SIPE: never back */
	assert_non_null(xml_find(r, "deep", true));
	assert_null(xml_find(r, "deep", false));
	assert_true(xml_attr(px, NULL, "k", out, sizeof out));
	assert_string_equal(out, "1");
	assert_true(xml_attr(px, "urn:p", "K", out, sizeof out));
	assert_string_equal(out, "2");
	assert_false(xml_attr(px, "urn:q", "K", out, sizeof out));
	assert_false(xml_attr(px, NULL, "nope", out, sizeof out));
	assert_true(xml_iattr(px, "K", out, sizeof out)); /* the first, whichever */
	assert_null(xml_child(NULL, NULL, "x"));
	assert_null(xml_next(NULL, NULL, "x"));
	assert_int_equal(xml_count(NULL, NULL, "x"), 0);
	assert_false(xml_text(NULL, out, sizeof out));
	xmlFreeDoc(doc);
}

/* A comment in a name must not cut it short: "alice@contoso.test<!---->.evil" is another user. */
static void text_is_whole(void **state)
{
	static const struct {
		const char *xml, *text; /* NULL: refused */
	} rows[] = {
	    {"<a> \r\n x y \t</a>", "x y"},
	    {"<a>ali<!-- c -->ce</a>", "alice"},
	    {"<a>ali<?pi x?>ce</a>", "alice"},
	    {"<a><![CDATA[a<b]]>c</a>", "a<bc"},
	    {"<a>&lt;&#65;&amp;</a>", "<A&"},
	    {"<a/>", ""},
	    {"<a>1234567</a>", "1234567"},
	    {"<a>12345678</a>", NULL},
	    {"<a>x<b/>y</a>", NULL},
	    {"<a>1234567          </a>", "1234567"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		xmlDocPtr doc = doc_of(rows[i].xml, strlen(rows[i].xml));
		char out[8] = "kept";
		bool ok = xml_text(xmlDocGetRootElement(doc), out, sizeof out);

		assert_true(ok == (rows[i].text != NULL));
		assert_string_equal(out, ok ? rows[i].text : "kept");
		xmlFreeDoc(doc);
	}
}

static void escaping_comes_back(void **state)
{
	struct buf b = {0};
	char all[300];
	size_t n = 0;

	(void)state;
	for (int c = 0x20; c < 0x7f; c++)
		all[n++] = (char)c;
	n += (size_t)snprintf(all + n, sizeof all - n, "\t\n\r\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\x9e.");
	buf_str(&b, "<a b=\"");
	xml_esc(&b, (struct sv){all, n - 0});
	buf_str(&b, "\">");
	xml_esc(&b, (struct sv){all, n});
	buf_str(&b, "</a>");
	{
		xmlDocPtr doc = doc_of(b.p, b.n);
		struct buf back = {0};

		assert_true(xml_text_buf(xmlDocGetRootElement(doc), &back));
		assert_true(sv_eq(buf_view(&back), (struct sv){all, n}));
		buf_free(&back);
		xmlFreeDoc(doc);
	}
	/* whatever comes in, what goes out is XML */
	for (unsigned i = 0; i < 65536; i++) {
		uint8_t two[2] = {(uint8_t)(i >> 8), (uint8_t)i};

		buf_clear(&b);
		xml_esc(&b, (struct sv){(char *)two, 2});
		assert_true(b.n >= 2);
		if (i % 97 == 0) {
			struct buf whole = {0};

			buf_str(&whole, "<a>");
			buf_sv(&whole, buf_view(&b));
			buf_str(&whole, "</a>");
			assert_null(why_not(whole.p, whole.n));
			buf_free(&whole);
		}
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_documents_are_read),
	    cmocka_unit_test(what_is_refused),
	    cmocka_unit_test(size_depth_and_attributes_are_bounded), cmocka_unit_test(attributes_are_counted_in_every_encoding),
	    cmocka_unit_test(walking),
	    cmocka_unit_test(text_is_whole),
	    cmocka_unit_test(escaping_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
