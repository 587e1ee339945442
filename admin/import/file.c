#include "admin/import/file.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wire/ntlm.h"

#define UTF16_MAX ((size_t)256 << 20)
#define PART 65536

/* All that is left of fd.  false: errno. */
static bool file_rest(int fd, struct buf *ret)
{
	ssize_t n;

	do {
		if (ret->n > UTF16_MAX || !buf_reserve(ret, PART)) {
			errno = ret->n > UTF16_MAX ? EFBIG : ENOMEM;
			return false;
		}
		n = read(fd, ret->p + ret->n, PART);
		if (n > 0)
			ret->n += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n == 0;
}

/* A file in memory with these octets, read from its beginning.  -1: errno. */
static int file_copy(const struct buf *b)
{
	int copy = memfd_create("import", MFD_CLOEXEC);
	size_t at = 0;
	ssize_t n;

	while (copy >= 0 && at < b->n) {
		n = write(copy, b->p + at, b->n - at);
		if (n < 0 && errno != EINTR) {
			close(copy);
			copy = -1;
		} else if (n > 0) {
			at += (size_t)n;
		}
	}
	if (copy >= 0)
		lseek(copy, 0, SEEK_SET);
	return copy;
}

enum form { FORM_OTHER, FORM_UTF16LE, FORM_UTF16BE, FORM_UTF32 };

/* The byte order mark, U+FEFF (RFC 2781 3.2). */
static enum form form_of(const uint8_t *p, size_t n)
{
	if (n >= 4 && (memcmp(p, "\xff\xfe\0\0", 4) == 0 || memcmp(p, "\0\0\xfe\xff", 4) == 0))
		return FORM_UTF32;
	if (n >= 2 && p[0] == 0xff && p[1] == 0xfe)
		return FORM_UTF16LE;
	return n >= 2 && p[0] == 0xfe && p[1] == 0xff ? FORM_UTF16BE : FORM_OTHER;
}

static bool to_utf8(struct buf *b, enum form form, struct buf *ret, struct why *why)
{
	if (form == FORM_UTF32)
		return why_not(why, "it is UTF-32; save it as CSV in UTF-8");
	for (size_t i = 0; form == FORM_UTF16BE && i + 1 < b->n; i += 2) {
		uint8_t high = b->p[i];

		b->p[i] = b->p[i + 1];
		b->p[i + 1] = high;
	}
	if (!utf8_from_utf16(ret, sv_from(buf_view(b), 2)))
		return why_not(why, "it is UTF-16 that breaks off in a character; save it as CSV in UTF-8");
	return ret->oom ? why_not(why, "out of memory") : true;
}

int import_file(int fd, struct why *why)
{
	bool pipe = lseek(fd, 0, SEEK_SET) < 0;
	struct buf all = {0}, text = {0};
	enum form form = FORM_OTHER;
	uint8_t mark[4];
	ssize_t n = pipe ? 0 : pread(fd, mark, sizeof mark, 0);
	int ret = fd;

	if (n < 0 || ((pipe || form_of(mark, (size_t)n) != FORM_OTHER) && !file_rest(fd, &all))) {
		why_set(why, "it cannot be read: %s", strerror(errno));
		ret = -1;
	} else if (all.n) {
		form = form_of(all.p, all.n);
		if (form != FORM_OTHER && !to_utf8(&all, form, &text, why))
			ret = -1;
		else if ((ret = file_copy(form == FORM_OTHER ? &all : &text)) < 0)
			why_set(why, "it cannot be read: %s", strerror(errno));
	} else if (pipe && (ret = file_copy(&all)) < 0) {
		why_set(why, "it cannot be read: %s", strerror(errno));
	}
	buf_wipe(&all);
	buf_wipe(&text);
	return ret;
}
