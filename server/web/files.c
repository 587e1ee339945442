/* server/web/files.c: the image store [update-service 3.5, 4.4].
 *
 * GET and HEAD, one Range, If-Range, ETag (RFC 9110 13, 14).  "The path must stay within the store: no .., no \, no NUL,
 * no absolute."  Anonymous also outside: an image is worth nothing without its catalog's signature, and who asks has
 * been told its name by an answer that is not anonymous.
 */
#include "server/web/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/enc.h"

/* ---- the path ---------------------------------------------------------------------------------------------- */

static bool files_decode(struct sv in, char *out, size_t cap)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = (uint8_t)in.p[i];

		if (c == '%') {
			if (in.n - i < 3 || !hex_read((struct sv){in.p + i + 1, 2}, &c, 1))
				return false;
			i += 2;
		}
		if (c < 0x20 || c == 0x7f || c == '\\' || n + 1 >= cap)
			return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return n > 0;
}

/* Step by step from the store's folder, each name by itself and never through a link: a file outside of the store
 * cannot be named.  -1: there is no such file. */
static int open_below(const char *root, char *path)
{
	int at = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (at >= 0) {
		char *slash = strchr(path, '/');
		int next = -1;

		if (slash)
			*slash = '\0';
		if (path[0] != '\0' && path[0] != '.')
			next = openat(at, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (slash ? O_DIRECTORY : 0));
		close(at);
		if (slash == NULL)
			return next;
		at = next;
		path = slash + 1;
	}
	return -1;
}

/* ---- the range ---------------------------------------------------------------------------------------------- */

enum range { WHOLE, PART, NEVER };

/* One range; several, or what is none, mean the whole file (RFC 9110 14.2: may be ignored). */
static enum range range_read(struct sv value, uint64_t size, uint64_t *at, uint64_t *n)
{
	uint64_t from = 0, to = 0;
	struct sv first, last = value;

	if (!sv_istarts(last, SV("bytes=")))
		return WHOLE;
	last = sv_trim(sv_from(last, 6));
	first = sv_cut(&last, '-');
	if (last.p == NULL || sv_find(last, ',') >= 0)
		return WHOLE;
	if (first.n == 0) { /* the last so many */
		if (!sv_u64(last, INT64_MAX, &to))
			return WHOLE;
		if (to == 0 || size == 0)
			return NEVER;
		*at = to > size ? 0 : size - to;
		*n = size - *at;
		return PART;
	}
	if (!sv_u64(first, INT64_MAX, &from) || (last.n && (!sv_u64(last, INT64_MAX, &to) || to < from)))
		return WHOLE;
	if (from >= size)
		return NEVER;
	*at = from;
	*n = last.n == 0 || to >= size ? size - from : to - from + 1;
	return PART;
}

/* "If-Range": the part only of the file whose other part the phone has. */
static bool same_as_before(struct sv condition, const char *etag, int64_t changed)
{
	int64_t t;

	if (condition.p == NULL || sv_eq(condition, sv_of(etag)))
		return true;
	return http_date_read(condition, &t) && t == changed;
}

/* ---- the answer ---------------------------------------------------------------------------------------------- */

static void files_serve(struct web_call *k, int fd, const struct stat *st)
{
	uint64_t size = (uint64_t)st->st_size, at = 0, n = size;
	char etag[64], date[ISO_TIME_MAX];
	enum range r = WHOLE;

	snprintf(etag, sizeof etag, "\"%llx-%llx-%llx\"", (unsigned long long)st->st_ino, (unsigned long long)size,
		 (unsigned long long)st->st_mtim.tv_sec * 1000000000ULL + (unsigned long long)st->st_mtim.tv_nsec);
	if (msg_count(k->q->m, "Range") == 1 &&
	    same_as_before(msg_get(k->q->m, "If-Range"), etag, st->st_mtim.tv_sec))
		r = range_read(msg_get(k->q->m, "Range"), size, &at, &n);
	if (r == NEVER) {
		close(fd);
		web_plain(k, 416, "The file is shorter.");
		buf_printf(&k->a->headers, "Content-Range: bytes */%llu\r\n", (unsigned long long)size);
		return;
	}
	web_reply(k, r == PART ? 206 : 200, "application/octet-stream");
	web_header(k, "Accept-Ranges", "bytes");
	web_header(k, "ETag", etag);
	web_header(k, "Last-Modified", http_date(date, st->st_mtim.tv_sec));
	if (r == PART)
		buf_printf(&k->a->headers, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)at,
			   (unsigned long long)(at + n - 1), (unsigned long long)size);
	k->a->file = fd;
	k->a->file_at = at;
	k->a->file_n = n;
}

void web_update_file(struct web_call *k)
{
	char path[1024];
	struct stat st;
	int fd = -1;

	if (k->w->conf.site->update_enabled && k->w->conf.files && files_decode(k->rest, path, sizeof path))
		fd = open_below(k->w->conf.files, path);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		web_plain(k, 404, "There is no such file.");
	else
		files_serve(k, fd, &st);
}
