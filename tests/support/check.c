/* tests/support/check.c: exact copies, and octets from text. */
#include "tests/support/check.h"

#include <unistd.h>

uint8_t *exact_copy(const void *p, size_t have, size_t n)
{
	static const volatile size_t nothing = 0; /* a constant 0 is what gcc 14 warns of */
	uint8_t *c = malloc(n ? n : 1);

	assert_non_null(c);
	memset(c, 0, n ? n : 1);
	if (have && n)
		memcpy(c, p, have < n ? have : n);
	if (n == 0) { /* malloc(1) would hide a read of octet 0 from the sanitizer */
		free(c);
		c = malloc(nothing);
	}
	return c;
}

static void hex_text(struct buf *to, const char *text, size_t n)
{
	int high = -1, comment = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t v;

		if (text[i] == '#')
			comment = 1;
		if (text[i] == '\n')
			comment = 0;
		if (comment || text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r')
			continue;
		assert_true(hex_read((struct sv){(char[]){'0', text[i]}, 2}, &v, 1));
		if (high < 0) {
			high = v;
		} else {
			buf_add(to, &(uint8_t){(uint8_t)(high << 4 | v)}, 1);
			high = -1;
		}
	}
	assert_int_equal(high, -1);
}

void hex_of(struct buf *to, const char *text)
{
	hex_text(to, text, strlen(text));
}

void text_vector(struct buf *to, const char *name)
{
	const char *dir = getenv("TEST_VECTORS");
	char path[4096];

	snprintf(path, sizeof path, "%s/%s", dir ? dir : "tests/vectors", name);
	if (file_read(path, 1 << 20, to) < 0)
		fail_msg("cannot read the vector %s", path);
}

void report_read(struct buf *to, const char *name)
{
	char path[4096];

	snprintf(path, sizeof path, "reports/%s", name);
	text_vector(to, path);
}

void vector_read(struct buf *to, const char *name)
{
	struct buf text = {0};

	text_vector(&text, name);
	hex_text(to, (const char *)text.p, text.n);
	buf_free(&text);
}

void folder_remove(const char *path)
{
	char line[256];

	assert_true(snprintf(line, sizeof line, "rm -rf '%s'", path) < (int)sizeof line);
	assert_int_equal(system(line), 0);
}

#ifdef COVERAGE
void __gcov_dump(void); /* libgcov's */
#endif

void child_end(int status)
{
#ifdef COVERAGE
	__gcov_dump();
#endif
	_exit(status);
}

bool retry_after_is_good(struct sv value)
{
	struct sv line = sv_trim(value), seconds = line;
	uint64_t n;

	if (sv_starts(line, SV("Retry-After: "))) {
		seconds = sv_from(line, 13);
		seconds = sv_cut(&seconds, '\r');
	}
	return sv_u64(seconds, 59, &n) && n >= 20;
}
