/* tests/unit/admin/test_packages.c: cabinets in cabinets, what their images are for, and those that are refused. */
#include "tests/support/check.h"

#include "admin/packages.h"
#include "base/file.h"

static const char *const endings[] = {".nbt", ".cat", ".xml", NULL};

static void nested(struct buf *b)
{
	char path[300];

	snprintf(path, sizeof path, "%s/cab/nested.cab", getenv("TEST_VECTORS"));
	assert_int_equal(file_read(path, 1 << 20, b), 0);
}

static const struct cab_file *find(const struct cab *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->file[i].path, path) == 0)
			return &c->file[i];
	return NULL;
}

/* Made with gcab: two cabinets in one; the octets are those that went in. */
static void cabinets_in_a_cabinet(void **state)
{
	const struct cab_file *f;
	struct cab c = {0};
	struct buf b = {0};
	struct why why = {0};

	(void)state;
	nested(&b);
	assert_true(cab_is(buf_view(&b)));
	assert_true(cab_read(buf_view(&b), &cab_usual, endings, &c, &why));
	assert_int_equal(c.n, 7);
	f = find(&c, "phones/UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4387/CPE.nbt");
	assert_non_null(f);
	assert_int_equal(f->data.n, 700);
	for (size_t i = 0; i < 700; i++)
		assert_int_equal(f->data.p[i], (i * 7 + strlen("UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4387")) & 255);
	assert_non_null(find(&c, "phones/UCPhone/Aastra/6725ip/A/ENU/4.0.7577.4372/CPE.cat"));
	assert_non_null(find(&c, "hp/desc/updateInfo.xml"));
	cab_clear(&c);
	buf_free(&b);
}

static void what_they_are_for(void **state)
{
	static const struct {
		const char *path, *vendor, *model, *revision, *locale, *version; /* vendor NULL: not told */
	} rows[] = {
		{"UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4387/CPE.nbt", "POLYCOM", "CX600", "A", "ENU", "4.0.7577.4387"},
		{"x/y/UCPhone/POLYCOM/CX700/B/DEU/4.0.7577.4387/CPE/CPE.nbt", "POLYCOM", "CX700", "B", "DEU", "4.0.7577.4387"},
		{"UCPhone_Aastra_6721ip_A_ENU_4.0.7577.4372/CPE.nbt", "Aastra", "6721ip", "A", "ENU", "4.0.7577.4372"},
		{"CPE.nbt", NULL, NULL, NULL, NULL, NULL},
		{"4.0.7577.4387/CPE.nbt", NULL, NULL, NULL, NULL, NULL},
		{"POLYCOM/CX600/CPE.nbt", NULL, NULL, NULL, NULL, NULL},
	};
	static const struct update_image none, said = {.vendor = "HP", .model = "4110", .version = "4.0.7577.4366"};
	struct update_image im;
	struct cab c = {0};
	struct buf b = {0};
	struct why why = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool ok = package_identify(&c, rows[i].path, &none, &im, &why);

		if (ok != (rows[i].vendor != NULL))
			fail_msg("%s: %s", rows[i].path, ok ? "identified" : why.text);
		if (ok && (strcmp(im.vendor, rows[i].vendor) || strcmp(im.model, rows[i].model) || strcmp(im.revision, rows[i].revision) ||
			   strcmp(im.locale, rows[i].locale) || strcmp(im.version, rows[i].version) || strcmp(im.device_type, "UCPhone")))
			fail_msg("%s: for %s/%s/%s/%s %s", rows[i].path, im.vendor, im.model, im.revision, im.locale, im.version);
		assert_true(package_identify(&c, rows[i].path, &said, &im, &why)); /* what the operator says counts */
		assert_string_equal(im.model, "4110");
		assert_string_equal(im.version, "4.0.7577.4366");
	}
	nested(&b);
	assert_true(cab_read(buf_view(&b), &cab_usual, endings, &c, &why));
	assert_true(package_identify(&c, "hp/desc/CPE.nbt", &none, &im, &why)); /* by its description */
	assert_string_equal(im.vendor, "HP");
	assert_string_equal(im.model, "4120");
	assert_string_equal(im.version, "4.0.7577.4388");
	cab_clear(&c);
	buf_free(&b);
}

static void refused(const struct buf *b, const struct cab_limits *limits, const char *because)
{
	struct cab c = {0};
	struct why why = {0};

	if (cab_read(buf_view(b), limits, endings, &c, &why))
		fail_msg("it was read, although: %s", because);
	if (strstr(why.text, because) == NULL)
		fail_msg("refused, but: %s", why.text);
	cab_clear(&c);
}

static void limits(void **state)
{
	struct buf b = {0};

	(void)state;
	nested(&b);
	refused(&b, &(struct cab_limits){8, 3, 1 << 20, 1 << 20}, "more than 8 files");
	refused(&b, &(struct cab_limits){64, 1, 1 << 20, 1 << 20}, "deep");
	refused(&b, &(struct cab_limits){64, 3, 699, 1 << 20}, "too large");
	refused(&b, &(struct cab_limits){64, 3, 1 << 20, 2000}, "too large");
	buf_free(&b);
}

/* A name in its directory is changed: each is three letters longer or shorter than nothing else. */
static void hostile_names(void **state)
{
	static const char *const names[] = {"..\\ones.cab", "\\hones.cab", "C:ones1.cab", ".hones1.cab", "a\\\\nes1.cab", "a/../s1.cab"};
	struct buf b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		uint8_t *at;

		buf_clear(&b);
		nested(&b);
		at = memmem(b.p, b.n, "phones.cab", 10);
		assert_non_null(at);
		memcpy(at, names[i], 10);
		refused(&b, &cab_usual, "a name that cannot be used");
	}
	buf_free(&b);
}

/* Cut anywhere, or with one octet changed, it is refused or says the same; nothing is read that is not there. */
static void damaged(void **state)
{
	struct buf b = {0};
	struct why why = {0};
	struct cab c = {0};

	(void)state;
	nested(&b);
	for (size_t n = 0; n < b.n; n += n < 128 || n + 8 > b.n ? 1 : 13) {
		uint8_t *in = exact_copy(b.p, b.n, n);

		if (cab_read((struct sv){(char *)in, n}, &cab_usual, endings, &c, &why))
			fail_msg("cut at %zu it was read", n);
		cab_clear(&c);
		free(in);
	}
	for (size_t i = 0; i < b.n; i += 7) {
		b.p[i] ^= 0x55;
		cab_read(buf_view(&b), &cab_usual, endings, &c, &why);
		cab_clear(&c);
		b.p[i] ^= 0x55;
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cabinets_in_a_cabinet), cmocka_unit_test(what_they_are_for), cmocka_unit_test(limits),
	    cmocka_unit_test(hostile_names), cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
