/* tests/unit/cmd/test_writer.c: one list of columns, as a table and as JSON. */
#include "tests/support/check.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/writer.h"

struct thing {
	char name[64], maybe[16];
	bool on;
	unsigned n;
	int64_t big, when;
};

static const struct column columns[] = {{"name", COLUMN_TEXT, offsetof(struct thing, name)},
					{"maybe", COLUMN_TEXT, offsetof(struct thing, maybe), "none"},
					{"on", COLUMN_BOOL, offsetof(struct thing, on)},
					{"n", COLUMN_UNSIGNED, offsetof(struct thing, n)},
					{"big", COLUMN_NUMBER, offsetof(struct thing, big)},
					{"when", COLUMN_TIME, offsetof(struct thing, when), "never"},
					{0}};
static const struct column names[] = {{"name", COLUMN_TEXT, offsetof(struct thing, name)}, {0}};

static const struct thing things[] = {
    {"short", "x", true, 7, -5, 1795000000},
    {"a name that is as long as some of them are", "", false, 0, INT64_MAX, 0},
    {"", "", false, 4000000000u, 0, 0},
    {"evil\x1b[31m\n\xc2\x9b\xe2\x80\xaetxt\xff\x7f", "\xc3\xa4\xc3\xb6", true, 1, 1, 1},
};

static char text[8192];

static FILE *paper(void)
{
	memset(text, 0, sizeof text);
	return fmemopen(text, sizeof text - 1, "w");
}

static void a_table(void **state)
{
	FILE *f = paper();
	struct writer w;

	(void)state;
	writer_begin(&w, f, WRITER_TEXT);
	writer_list(&w, NULL, columns);
	for (size_t i = 0; i < 4; i++)
		writer_row(&w, &things[i]);
	assert_int_equal(writer_end(&w), 0);
	fclose(f);
	assert_string_equal(text,
			    "name                                        maybe  on   n           big                  when\n"
			    "short                                       x      yes  7           -5                   2026-11-18T11:06:40Z\n"
			    "a name that is as long as some of them are  none   no   0           9223372036854775807  never\n"
			    "-                                           none   no   4000000000  0                    never\n"
			    "evil?[31m???txt\xef\xbf\xbd?                           \xc3\xa4\xc3\xb6     yes  1           1                    "
			    "1970-01-01T00:00:01Z\n");
}

static void json(void **state)
{
	FILE *f = paper();
	struct writer w;
	json_t *whole_json, *j, *last;

	(void)state;
	writer_begin(&w, f, WRITER_JSON);
	writer_list(&w, NULL, columns);
	for (size_t i = 0; i < 4; i++)
		writer_row(&w, &things[i]);
	assert_int_equal(writer_end(&w), 0);
	fclose(f);
	whole_json = json_loads(text, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(whole_json, "v")), 1);
	j = json_object_get(whole_json, "items");
	assert_int_equal(json_array_size(j), 4);
	last = json_array_get(j, 3);
	for (size_t i = 0; columns[i].key; i++) /* the same columns as the table */
		assert_non_null(json_object_get(last, columns[i].key));
	assert_int_equal(json_object_size(last), 6);
	assert_string_equal(json_string_value(json_object_get(last, "name")), "evil\x1b[31m\n\xc2\x9b\xe2\x80\xaetxt\xef\xbf\xbd\x7f");
	assert_string_equal(json_string_value(json_object_get(json_array_get(j, 0), "when")), "2026-11-18T11:06:40Z");
	assert_true(json_is_null(json_object_get(json_array_get(j, 1), "when")));
	assert_true(json_is_null(json_object_get(json_array_get(j, 1), "maybe")));
	assert_true(json_is_null(json_object_get(json_array_get(j, 2), "name")));
	assert_true(json_is_true(json_object_get(json_array_get(j, 0), "on")));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(j, 1), "big")), INT64_MAX);
	json_decref(whole_json);
}

static void whole(FILE *f, enum writer_form form)
{
	struct writer w;

	writer_begin(&w, f, form);
	writer_record(&w, columns, &things[0]);
	writer_member(&w, "count", "2 things", json_integer(2));
	writer_list(&w, "list", names);
	writer_row(&w, &things[0]);
	writer_row(&w, &things[1]);
	writer_list(&w, "none", names); /* ends the one before; itself it is empty */
	assert_int_equal(writer_end(&w), 0);
	fclose(f);
}

static void a_record_and_lists(void **state)
{
	json_t *j;

	(void)state;
	whole(paper(), WRITER_TEXT);
	assert_string_equal(text, "name   short\nmaybe  x\non     yes\nn      7\nbig    -5\nwhen   2026-11-18T11:06:40Z\ncount  2 things\n"
				  "name\nshort\na name that is as long as some of them are\n");
	whole(paper(), WRITER_JSON);
	j = json_loads(text, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(j, "name")), "short");
	assert_int_equal(json_integer_value(json_object_get(j, "count")), 2);
	assert_int_equal(json_array_size(json_object_get(j, "list")), 2);
	assert_true(json_is_array(json_object_get(j, "none")) && json_array_size(json_object_get(j, "none")) == 0);
	json_decref(j);
}

static void nothing_and_no_room(void **state)
{
	struct writer w;
	FILE *f = paper();
	char small[4];

	(void)state;
	writer_begin(&w, f, WRITER_TEXT);
	writer_list(&w, NULL, names);
	assert_int_equal(writer_end(&w), 0); /* no row: no head */
	writer_begin(&w, f, WRITER_JSON);
	writer_list(&w, NULL, names);
	assert_int_equal(writer_end(&w), 0);
	writer_begin(&w, f, WRITER_TEXT);
	writer_list(&w, NULL, names);
	writer_row(&w, &things[0]);
	writer_drop(&w);
	fclose(f);
	assert_string_equal(text, "{\n  \"v\": 1,\n  \"items\": []\n}\n");
	f = fmemopen(small, sizeof small, "w");
	setvbuf(f, NULL, _IONBF, 0);
	writer_begin(&w, f, WRITER_LINES);
	writer_list(&w, NULL, names);
	writer_row(&w, &things[0]);
	assert_int_equal(writer_end(&w), 74);
	fclose(f);
}

static FILE *terminal(int *master, unsigned short width)
{
	struct winsize size = {.ws_row = 24, .ws_col = width};
	char name[64];
	int slave;

	*master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(*master >= 0 && grantpt(*master) == 0 && unlockpt(*master) == 0);
	assert_int_equal(ptsname_r(*master, name, sizeof name), 0);
	assert_int_equal(ioctl(*master, TIOCSWINSZ, &size), 0);
	slave = open(name, O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	return fdopen(slave, "w");
}

/* What the terminal got: so many lines.  Both ends are closed. */
static void terminal_read(FILE *f, int master, unsigned lines, char *got, size_t cap)
{
	size_t n = 0;

	memset(got, 0, cap);
	while (lines && n < cap - 1) {
		assert_int_equal(read(master, got + n, 1), 1);
		lines -= got[n++] == '\n';
	}
	fclose(f);
	close(master);
}

/* A table is no wider than its terminal: the widest columns are cut, then those that say so are left out, then the last ones. */
static void a_table_on_a_terminal(void **state)
{
	static const struct column late[] = {{"name", COLUMN_TEXT, offsetof(struct thing, name)},
					     {"big", COLUMN_NUMBER, offsetof(struct thing, big), .late = true},
					     {"maybe", COLUMN_TEXT, offsetof(struct thing, maybe), "none"},
					     {"when", COLUMN_TIME, offsetof(struct thing, when), "never"},
					     {0}};
	static const unsigned short widths[] = {96, 60, 45, 33};

	(void)state;
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		char got[512], *line = got;
		struct writer w;
		int master;
		FILE *f = terminal(&master, widths[i]);

		writer_begin(&w, f, WRITER_TEXT);
		writer_list(&w, NULL, late);
		writer_row(&w, &things[1]);
		assert_int_equal(writer_end(&w), 0);
		terminal_read(f, master, 2, got, sizeof got);
		assert_int_equal(strstr(got, "big") != NULL, widths[i] > 50);
		assert_int_equal(strstr(got, "when") != NULL, widths[i] > 40);
		for (char *end; (end = strchr(line, '\r')) != NULL; line = end + 2) { /* an ellipsis is three octets */
			ptrdiff_t wide = end - line;

			for (const char *c = line; c < end; c++)
				wide -= (*c & 0xc0) == 0x80 && wide > 0;
			assert_true(wide <= widths[i]);
		}
	}
}

/* On a terminal JSON is ASCII: the same values, and nothing that a terminal obeys. */
static void json_on_a_terminal(void **state)
{
	char got[512];
	struct writer w;
	int master;
	FILE *f = terminal(&master, 80);

	(void)state;
	writer_begin(&w, f, WRITER_LINES);
	writer_list(&w, NULL, names);
	writer_row(&w, &things[3]);
	assert_int_equal(writer_end(&w), 0);
	terminal_read(f, master, 1, got, sizeof got);
	assert_string_equal(got, "{\"name\":\"evil\\u001B[31m\\n\\u009B\\u202Etxt\\uFFFD\\u007f\",\"v\":1}\r\n");
}

static void csv(void **state)
{
	FILE *f = paper();
	struct writer w;

	(void)state;
	writer_begin(&w, f, WRITER_CSV);
	writer_list(&w, NULL, columns);
	writer_row(&w, &things[0]);
	writer_row(&w, &things[2]);
	writer_row(&w, &things[3]);
	assert_int_equal(writer_end(&w), 0);
	fclose(f);
	assert_string_equal(text, "name,maybe,on,n,big,when\nshort,x,true,7,-5,2026-11-18T11:06:40Z\n,,false,4000000000,0,\n"
				  "\"evil?[31m\n??txt\xef\xbf\xbd?\",\xc3\xa4\xc3\xb6,true,1,1,1970-01-01T00:00:01Z\n");
}

/* ---- long lists --------------------------------------------------------------------------------------------------------- */

/* Writes n rows into a file and gives its text, which the caller frees. */
static char *long_list(enum writer_form form, unsigned n)
{
	FILE *f = tmpfile();
	struct writer w;
	size_t size;
	char *ret;

	assert_non_null(f);
	writer_begin(&w, f, form);
	writer_list(&w, NULL, names);
	for (unsigned i = 0; i < n; i++) {
		struct thing t = {0};

		snprintf(t.name, sizeof t.name, "%u", i);
		writer_row(&w, &t);
		assert_in_range(w.cells + (form == WRITER_JSON ? json_array_size(w.list) : 0), 0, WRITER_PART); /* all that is kept */
	}
	assert_int_equal(writer_end(&w), 0);
	size = (size_t)ftell(f);
	rewind(f);
	assert_non_null(ret = calloc(1, size + 1));
	assert_int_equal(fread(ret, 1, size, f), size);
	fclose(f);
	return ret;
}

/* A list written in parts is the same JSON as one written whole. */
static void long_lists(void **state)
{
	static const unsigned sizes[] = {0, 1, WRITER_PART, WRITER_PART + 1, 2 * WRITER_PART, 2500};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char *list = long_list(WRITER_JSON, sizes[i]), number[16];
		json_t *j = json_loads(list, 0, NULL), *items = json_object_get(j, "items");

		assert_int_equal(json_object_size(j), 2);
		assert_int_equal(json_array_size(items), sizes[i]);
		for (unsigned k = 0; k < sizes[i]; k++) {
			snprintf(number, sizeof number, "%u", k);
			assert_string_equal(json_string_value(json_object_get(json_array_get(items, k), "name")), number);
		}
		json_decref(j);
		free(list);
		list = long_list(WRITER_TEXT, sizes[i]);
		assert_int_equal(strncmp(list, "name\n0\n", sizes[i] ? 7 : 0), 0);
		if (sizes[i] == 2500) /* the head stands once */
			assert_null(strstr(list + 1, "name"));
		free(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_table), cmocka_unit_test(json), cmocka_unit_test(a_record_and_lists),
					   cmocka_unit_test(nothing_and_no_room), cmocka_unit_test(json_on_a_terminal), cmocka_unit_test(a_table_on_a_terminal), cmocka_unit_test(csv), cmocka_unit_test(long_lists)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
