#include "tests/support/check_xml.h"

#include "wire/update.h"

static const char *question(const void *p, size_t n, const char *type, struct update_question *ret)
{
	uint8_t *c = exact_copy(p, n, n);
	const char *why = update_question_read(c, n, type, ret);

	free(c);
	return why;
}

static void question_both_ways(void **state)
{
	struct update_question q, again;
	struct buf b = {0}, out = {0};

	(void)state;
	text_vector(&b, "update/question.xml");
	assert_null(question(b.p, b.n, "text/xml; charset=utf-8", &q));
	assert_string_equal(q.device_type, "UCPhone");
	assert_string_equal(q.mac, "00-04-F2-00-01-76");
	assert_string_equal(q.serial, "64167F000001");
	assert_string_equal(q.vendor, "POLYCOM");
	assert_string_equal(q.model, "CX600");
	assert_string_equal(q.revision, "A");
	assert_string_equal(q.locale, "ENU");
	assert_string_equal(q.user, "alice@contoso.com");
	assert_int_equal(q.nmodule, 1);
	assert_string_equal(q.module[0].file, "CPE.nbt");
	assert_string_equal(q.module[0].version, "4.0.7577.4363");
	assert_string_equal(q.module[0].time, "2013-01-09T00:00:00Z");
	update_question_write(&out, &q);
	assert_null(question(out.p, out.n, NULL, &again));
	assert_memory_equal(&q, &again, sizeof q);
	buf_free(&b);
	buf_free(&out);
}

static void answer_both_ways(void **state)
{
	struct update_answer a, again;
	struct buf b = {0}, out = {0};

	(void)state;
	text_vector(&b, "update/answer.xml");
	assert_null(update_answer_read(b.p, b.n, &a));
	assert_string_equal(a.store, "http://lyncpool.contoso.com/RequestHandler/Files");
	assert_int_equal(a.nmodule, 1);
	assert_string_equal(a.module[0].signature, "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4387/CPE.cat");
	assert_int_equal(a.module[0].size, 33554432);
	assert_int_equal(strlen(a.module[0].sha256), 64);
	update_answer_write(&out, &a);
	assert_null(update_answer_read(out.p, out.n, &again));
	assert_memory_equal(&a, &again, sizeof a);
	a.nmodule = 0; /* up to date, never an error */
	buf_clear(&out);
	update_answer_write(&out, &a);
	assert_null(update_answer_read(out.p, out.n, &again));
	assert_int_equal(again.nmodule, 0);
	buf_free(&b);
	buf_free(&out);
}

/* A line break would write a second line into the phone's notes and the operator's lists; C1 speaks to terminals. */
static void no_control_characters(void **state)
{
	static const char *const codes[] = {"&#10;", "&#13;", "&#9;", "&#127;", "&#x9b;", "&#x80;", "\x7f", "\xc2\x9f"};
	static const char *const fields[] = {"FileName", "SignatureFileName", "Version", "TimeStamp"};
	static const char plain[] = "<Q><DeviceType>\n UCPhone\n</DeviceType><UserId>J\xc3\xbcrgen \xc2\xa0x</UserId></Q>";
	struct update_question q;
	struct update_answer a;

	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		char text[400];

		for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
			snprintf(text, sizeof text, "<Response><Modules><Module %s=\"1%s2\"/></Modules></Response>", fields[k], codes[i]);
			assert_string_equal(update_answer_read(text, strlen(text), &a), "a module's field is too long, or has control characters");
			snprintf(text, sizeof text, "<Q><DeviceType>UCPhone</DeviceType><Module %s=\"1%s2\"/></Q>", fields[k], codes[i]);
			assert_null(question(text, strlen(text), NULL, &q)); /* it is answered, whatever it holds */
			assert_string_equal(k == 0   ? q.module[0].file
					    : k == 1 ? q.module[0].signature
					    : k == 2 ? q.module[0].version
						     : q.module[0].time, i < 4 || i == 6 ? "1 2" : "1  2");
		}
		snprintf(text, sizeof text, "<Response><StoreUri>http://a/%sb</StoreUri><Modules/></Response>", codes[i]);
		assert_string_equal(update_answer_read(text, strlen(text), &a), "the StoreUri or Uninstall is too long, or has control characters");
		snprintf(text, sizeof text, "<Q><DeviceType>UCPhone</DeviceType><UserId>a%sb</UserId></Q>", codes[i]);
		assert_null(question(text, strlen(text), NULL, &q));
		assert_string_equal(q.user, i < 4 || i == 6 ? "a b" : "a  b");
	}
	assert_null(question(plain, sizeof plain - 1, NULL, &q));
	assert_string_equal(q.device_type, "UCPhone");
}

static void cut_at_every_length(void **state)
{
	static const char *const files[] = {"update/question.xml", "update/answer.xml"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct buf b = {0};
		size_t whole;

		text_vector(&b, files[i]);
		for (whole = b.n; b.p[whole - 1] == '\n'; whole--)
			;
		for (size_t n = 0; n < b.n; n++) {
			struct update_question q = {.nmodule = 7};
			struct update_answer a = {.nmodule = 7};
			uint8_t *c = exact_copy(b.p, b.n, n);
			bool good = i ? update_answer_read(c, n, &a) == NULL : update_question_read(c, n, NULL, &q) == NULL;

			assert_true(good == (n >= whole));
			if (!good)
				assert_true(q.nmodule == 7 && a.nmodule == 7);
			free(c);
		}
		buf_free(&b);
	}
}

/* "Read any XML body, match elements or attributes by local name, ignoring case and namespace, with aliases." */
static void other_peoples_forms(void **state)
{
	static const struct {
		const char *type, *body;
	} rows[] = {
	    {NULL, "<r devicetype='UCPhone' BRAND='POLYCOM' DeviceModel='CX600' rev='A' lcid='ENU' mac='000102030405'>"
		   "<image><Module name='CPE.nbt' ver='1.2.3.4' time='t'/></image></r>"},
	    {NULL, "<x:Q xmlns:x='urn:x'><x:Device><x:DeviceType>UCPhone</x:DeviceType><x:Vendor> POLYCOM </x:Vendor>"
		   "<x:Model>CX600</x:Model><x:HardwareRevision>A</x:HardwareRevision><x:Language>ENU</x:Language>"
		   "<x:MacAddress>000102030405</x:MacAddress></x:Device><x:MODULE><x:FileName>CPE.nbt</x:FileName>"
		   "<x:Version>1.2.3.4</x:Version><x:TimeStamp>t</x:TimeStamp></x:MODULE></x:Q>"},
	    {NULL, "\r\n<?xml version=\"1.0\" encoding=\"utf-16\"?>\r\n" /* .NET's text in memory, sent as UTF-8 */
		   "<r devicetype='UCPhone' brand='POLYCOM' model='CX600' revision='A' locale='ENU' mac='000102030405'>"
		   "<Module FileName='CPE.nbt' Version='1.2.3.4' TimeStamp='t'/></r>"},
	    {"text/xml", "\xef\xbb\xbf<?xml version='1.0' encoding='UTF-16'?>"
		   "<r devicetype='UCPhone' brand='POLYCOM' model='CX600' revision='A' locale='ENU' mac='000102030405'>"
		   "<Module FileName='CPE.nbt' Version='1.2.3.4' TimeStamp='t'/></r>"},
	    {NULL, "--b\r\nContent-Type: text/xml\r\n\r\n" /* a form that is not said to be one */
		   "<r devicetype='UCPhone' brand='POLYCOM' model='CX600' revision='A' locale='ENU' mac='000102030405'>"
		   "<Module FileName='CPE.nbt' Version='1.2.3.4' TimeStamp='t'/></r>\r\n--b--\r\n"},
	    {"multipart/form-data; boundary=\"b\"",
	     "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nno xml\r\n--b\r\nContent-Type: text/xml\r\n\r\n"
	     "<r devicetype='UCPhone' brand='POLYCOM' model='CX600' revision='A' locale='ENU' mac='000102030405'>"
	     "<Module FileName='CPE.nbt' Version='1.2.3.4' TimeStamp='t'/></r>\r\n--b--\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct update_question q;

		assert_null(question(rows[i].body, strlen(rows[i].body), rows[i].type, &q));
		assert_string_equal(q.device_type, "UCPhone");
		assert_string_equal(q.vendor, "POLYCOM");
		assert_string_equal(q.model, "CX600");
		assert_string_equal(q.revision, "A");
		assert_string_equal(q.locale, "ENU");
		assert_string_equal(q.mac, "000102030405");
		assert_int_equal(q.nmodule, 1);
		assert_string_equal(q.module[0].file, "CPE.nbt");
		assert_string_equal(q.module[0].version, "1.2.3.4");
		assert_string_equal(q.module[0].time, "t");
		for (size_t n = 0; n < strlen(rows[i].body); n++) /* cut anywhere: never overrun */
			question(rows[i].body, n, rows[i].type, &q);
	}
	for (int little = 0; little < 2; little++) { /* UTF-16 with its mark */
		const char *text = rows[0].body;
		struct buf b = {0};
		struct update_question q;

		buf_add(&b, little ? "\xff\xfe" : "\xfe\xff", 2);
		for (; *text; text++)
			buf_add(&b, little ? (char[]){*text, 0} : (char[]){0, *text}, 2);
		assert_null(question(b.p, b.n, "text/xml", &q));
		assert_string_equal(q.model, "CX600");
		buf_free(&b);
	}
}

static void which_module_is_the_image(void **state)
{
	static const struct update_module m[] = {{.file = "CPE.xml", .version = "1.0.0.0"}, {.file = "x\\CPE.NBT", .version = "2.0.0.0"},
						 {.file = "boot.nbt", .version = "3.0.0.0"}};

	(void)state;
	assert_ptr_equal(update_image_of(m, 3), &m[1]);
	assert_ptr_equal(update_image_of(m, 1), &m[0]);
	assert_null(update_image_of(m, 0));
}

static void what_is_refused(void **state)
{
	static const struct {
		const char *type, *body;
	} rows[] = {
	    {NULL, ""}, {NULL, "hello"}, {NULL, "<a/>"}, {NULL, "<!DOCTYPE a><r model='CX600'/>"},
	    {NULL, "<r model='0123456789012345678901234567890123456789'/>"},
	    {NULL, "<r><Model><b/></Model></r>"},
	    {NULL, "<r model='x'><Module size='12x'/></r>"}, {NULL, "<r model='x'><Module size='99999999999999999999'/></r>"},
	    {NULL, "<r model='x'><Module sha256='12'/></r>"},
	    {NULL, "<r><Module/><Module/><Module/><Module/><Module/><Module/><Module/><Module/><Module/></r>"},
	    {"multipart/form-data", "<r model='x'/>"}, {"multipart/form-data; boundary=b", "--b\r\n\r\nx\r\n--b--"},
	    {"multipart/form-data; boundary=b", "--b\r\n\r\n<r model='x'/>"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct update_question q = {.nmodule = 7};

		if (question(rows[i].body, strlen(rows[i].body), rows[i].type, &q) == NULL)
			fail_msg("taken: %s", rows[i].body);
		assert_int_equal(q.nmodule, 7);
	}
	assert_non_null(update_answer_read("<html/>", 7, &(struct update_answer){0}));
	assert_null(update_answer_read("<Response/>", 11, &(struct update_answer){0})); /* by another name: nothing new */
}

static void versions(void **state)
{
	static const char *const bad[] = {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1.2.3.x", "1.2.3.4294967296", "-1.2.3.4", " 1.2.3.4"};
	struct update_version a, b = {{7}};

	(void)state;
	assert_true(update_version_read(SV("4.0.7577.4387"), &a));
	assert_true(a.part[0] == 4 && a.part[1] == 0 && a.part[2] == 7577 && a.part[3] == 4387);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(update_version_read(sv_of(bad[i]), &b));
	assert_int_equal(b.part[0], 7);
	assert_true(update_version_read(SV("4.0.7577.10000"), &b));
	assert_int_equal(update_version_compare(&a, &b), -1);
	assert_int_equal(update_version_compare(&b, &a), 1);
	assert_int_equal(update_version_compare(&a, &a), 0);
}

static void images(void **state)
{
	struct update_image im = {.device_type = "UCPhone", .vendor = "POLYCOM", .model = "CX600", .revision = "A", .locale = "ENU",
				  .version = "4.0.7577.4387", .time = "2013-04-09T00:00:00Z", .not_below = "4.0.7577.4100"}, again;
	static const char *const bad[] = {
	    "", "dialtone-image 2\n\n", "dialtone-image 1\n\n",
	    "dialtone-image 1\nmodel\n\n",
	    "dialtone-image 1\ndevice-type: a\nvendor: a\nmodel: a\nmodel: a\nrevision: a\nlocale: a\nversion: 1.2.3.4\n\n",
	    "dialtone-image 1\ndevice-type: a\nvendor: a\nmodel: \nrevision: a\nlocale: a\nversion: 1.2.3.4\n\n",
	    "dialtone-image 1\ndevice-type: a\nvendor: a\nmodel: a\nrevision: a\nlocale: a\nversion: 1.2.3\n\n",
	    "dialtone-image 1\ndevice-type: a\nvendor: a\nmodel: a\nrevision: a\nlocale: a\nversion: 1.2.3.4\n",
	    "dialtone-image 1\ndevice-type: a\nvendor: a\nmodel: a\nrevision: a\nlocale: a\nversion: 1.2.3.4\nnot-below: 1.2.3.5\n\n",
	    "dialtone-image 1\ndevice-type: a\nvendor: a\nmodel: a\nrevision: a\nlocale: a\nversion: 1.2.3.4\nnot-below: 1.2.3\n\n",
	};
	struct buf b = {0};
	size_t head;

	(void)state;
	update_image_write(&b, &im);
	head = b.n;
	buf_add(&b, "\x00\n\npayload", 10);
	for (size_t n = 0; n <= b.n; n++) {
		uint8_t *c = exact_copy(b.p, b.n, n);

		memset(&again, 0, sizeof again);
		assert_true((update_image_read(c, n, &again) == NULL) == (n >= head));
		assert_int_equal(again.head_n, n >= head ? head : 0);
		if (n >= head)
			assert_string_equal(again.version, "4.0.7577.4387");
		if (n >= head)
			assert_string_equal(again.not_below, "4.0.7577.4100");
		free(c);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_non_null(update_image_read(bad[i], strlen(bad[i]), &again));
	buf_clear(&b); /* a head without end is not looked through to the end */
	buf_str(&b, "dialtone-image 1\n");
	while (b.n < 4096)
		buf_str(&b, "x: y\n");
	buf_str(&b, "\n");
	assert_non_null(update_image_read(b.p, b.n, &again));
	buf_free(&b);
}

static void catalogs(void **state)
{
	uint8_t sha[32], got[32] = {0};
	struct buf b = {0};
	uint64_t size = 7;
	char file[256] = "kept";
	struct sv text;

	(void)state;
	for (int i = 0; i < 32; i++)
		sha[i] = (uint8_t)(i * 5);
	update_catalog_write(&b, sha, 33554432, "CPE.nbt");
	text = buf_view(&b);
	for (size_t n = 0; n < text.n; n++)
		assert_non_null(update_catalog_read((struct sv){text.p, n}, got, &size, file));
	assert_true(size == 7 && strcmp(file, "kept") == 0);
	assert_null(update_catalog_read(text, got, &size, file));
	assert_memory_equal(sha, got, 32);
	assert_int_equal(size, 33554432);
	assert_string_equal(file, "CPE.nbt");
	buf_str(&b, "x");
	assert_non_null(update_catalog_read(buf_view(&b), got, &size, file));
	buf_clear(&b);
	update_catalog_write(&b, sha, 1, "../CPE.nbt");
	assert_non_null(update_catalog_read(buf_view(&b), got, &size, file));
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(question_both_ways), cmocka_unit_test(answer_both_ways), cmocka_unit_test(no_control_characters), cmocka_unit_test(cut_at_every_length),
	    cmocka_unit_test(other_peoples_forms), cmocka_unit_test(which_module_is_the_image), cmocka_unit_test(what_is_refused), cmocka_unit_test(versions),
	    cmocka_unit_test(images), cmocka_unit_test(catalogs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
