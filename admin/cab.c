#include "admin/cab.h"

#include <mspack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

const struct cab_limits cab_usual = {.entries = 4096, .depth = 3, .file = (uint64_t)256 << 20, .all = (uint64_t)1 << 30};

/* ---- libmspack reads and writes memory ---------------------------------------------------------------------------- */

struct cab_memory { /* its "file name" is a pointer to one of these */
	struct sv in;
	struct buf *out;
	uint64_t out_max;
};

struct cab_stream { /* a struct mspack_file to the library */
	const struct cab_memory *m;
	size_t at;
};

static struct cab_stream *stream_of(struct mspack_file *f)
{
	return (struct cab_stream *)f;
}

static struct mspack_file *memory_open(struct mspack_system *self, const char *name, int mode)
{
	struct cab_stream *f = calloc(1, sizeof *f);

	(void)self;
	(void)mode;
	if (f)
		f->m = (const struct cab_memory *)name;
	return (struct mspack_file *)f;
}

static void memory_close(struct mspack_file *f)
{
	free(f);
}

static int memory_read(struct mspack_file *file, void *to, int n)
{
	struct cab_stream *f = stream_of(file);
	size_t left = f->m->in.n - f->at, take = n < 0 ? 0 : (size_t)n < left ? (size_t)n : left;

	if (take)
		memcpy(to, f->m->in.p + f->at, take);
	f->at += take;
	return n < 0 ? -1 : (int)take;
}

/* A folder that unpacks to more than its head says is a bomb: it stops here. */
static int memory_write(struct mspack_file *file, void *from, int n)
{
	struct cab_stream *f = stream_of(file);

	if (n < 0 || f->m->out == NULL || f->m->out->n + (uint64_t)n > f->m->out_max)
		return -1;
	buf_add(f->m->out, from, (size_t)n);
	return f->m->out->oom ? -1 : n;
}

static int memory_seek(struct mspack_file *file, off_t offset, int mode)
{
	struct cab_stream *f = stream_of(file);
	off_t at = mode == MSPACK_SYS_SEEK_START ? offset : mode == MSPACK_SYS_SEEK_CUR ? (off_t)f->at + offset : (off_t)f->m->in.n + offset;

	if (at < 0 || (uint64_t)at > f->m->in.n)
		return -1;
	f->at = (size_t)at;
	return 0;
}

static off_t memory_tell(struct mspack_file *f)
{
	return (off_t)stream_of(f)->at;
}

static void memory_message(struct mspack_file *f, const char *format, ...)
{
	(void)f;
	(void)format;
}

static void *memory_alloc(struct mspack_system *self, size_t n)
{
	(void)self;
	return malloc(n);
}

static void memory_copy(void *from, void *to, size_t n)
{
	memcpy(to, from, n);
}

static struct mspack_system memory_system = {memory_open, memory_close, memory_read, memory_write, memory_seek,
					     memory_tell, memory_message, memory_alloc, free, memory_copy, NULL};

/* ---- names ------------------------------------------------------------------------------------------------------------ */

/* "UCPhone\POLYCOM\CPE.nbt" behind the path of the cabinet it is in.  No part leads upwards, and none is hidden. */
static bool path_take(char ret[CAB_PATH_MAX], const char *above, const char *name)
{
	char plain[CAB_PATH_MAX];
	struct sv rest, part;
	size_t n = strnlen(name, sizeof plain);

	if (n == 0 || n == sizeof plain || (size_t)snprintf(ret, CAB_PATH_MAX, "%s", above) >= CAB_PATH_MAX)
		return false;
	for (size_t i = 0; i <= n; i++)
		if ((plain[i] = name[i]) == '\\')
			plain[i] = '/';
	rest = sv_of(plain);
	while (rest.p) {
		part = sv_cut(&rest, '/');
		for (size_t i = 0; i < part.n; i++)
			if ((unsigned char)part.p[i] < ' ' || part.p[i] == 127 || part.p[i] == ':')
				return false;
		if (part.n == 0 || part.p[0] == '.')
			return false;
		n = strlen(ret);
		if ((size_t)snprintf(ret + n, CAB_PATH_MAX - n, "%s" SV_FMT, n ? "/" : "", SV_ARG(part)) >= CAB_PATH_MAX - n)
			return false;
	}
	return true;
}

static bool wanted(const char *path, const char *const *endings)
{
	for (; *endings; endings++)
		if (sv_iends(sv_of(path), sv_of(*endings)))
			return true;
	return false;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------ */

struct cab_reading {
	const struct cab_limits *limits;
	const char *const *endings;
	struct cab *ret;
	struct why *why;
};

static bool one_cab(struct cab_reading *r, struct sv octets, const char *above, unsigned depth);

static bool file_store(struct cab_reading *r, const char *path, struct buf *data)
{
	struct cab_file *more = vec_room(r->ret->file, r->ret->n, &r->ret->cap, sizeof *more);

	if (more == NULL)
		return why_not(r->why, "out of memory");
	r->ret->file = more;
	snprintf(more[r->ret->n].path, sizeof more->path, "%s", path);
	more[r->ret->n++].data = *data;
	*data = (struct buf){0};
	return true;
}

static bool one_file(struct cab_reading *r, struct mscab_decompressor *d, struct mscabd_file *f, const char *above, unsigned depth)
{
	struct buf data = {0};
	struct cab_memory out = {.out = &data, .out_max = f->length};
	char path[CAB_PATH_MAX];
	bool nested, ok;

	if (++r->ret->entries > r->limits->entries)
		return why_not(r->why, "it has more than %u files", r->limits->entries);
	if (!path_take(path, above, f->filename))
		return why_not(r->why, "a file in it has a name that cannot be used");
	nested = sv_iends(sv_of(path), SV(".cab"));
	if (!nested && !wanted(path, r->endings))
		return true;
	if (f->length > r->limits->file || (r->ret->all += f->length) > r->limits->all)
		return why_not(r->why, "%.200s in it is too large", path);
	if (d->extract(d, f, (const char *)&out) != MSPACK_ERR_OK || data.n != f->length) {
		buf_free(&data);
		return why_not(r->why, "%.200s in it is damaged", path);
	}
	if (nested)
		path[strlen(path) - 4] = '\0';
	ok = nested ? one_cab(r, buf_view(&data), path, depth + 1) : file_store(r, path, &data);
	buf_free(&data);
	return ok;
}

static bool one_cab(struct cab_reading *r, struct sv octets, const char *above, unsigned depth)
{
	struct cab_memory in = {.in = octets};
	struct mscab_decompressor *d;
	struct mscabd_cabinet *c;
	bool ok;

	if (depth > r->limits->depth)
		return why_not(r->why, "cabinets in it are more than %u deep", r->limits->depth);
	d = mspack_create_cab_decompressor(&memory_system);
	if (d == NULL)
		return why_not(r->why, "out of memory");
	c = cab_is(octets) ? d->open(d, (const char *)&in) : NULL;
	if (c == NULL)
		ok = why_not(r->why, "%s%.200s%s is no cabinet, or it is damaged", above[0] ? "" : "it", above, above[0] ? ".cab in it" : "");
	else if (c->flags & (MSCAB_HDR_PREVCAB | MSCAB_HDR_NEXTCAB))
		ok = why_not(r->why, "it is one part of a set of cabinets");
	else
		ok = true;
	for (struct mscabd_file *f = c ? c->files : NULL; f && ok; f = f->next)
		ok = one_file(r, d, f, above, depth);
	if (c)
		d->close(d, c);
	mspack_destroy_cab_decompressor(d);
	return ok;
}

bool cab_is(struct sv octets)
{
	return octets.n > 36 && memcmp(octets.p, "MSCF\0\0\0\0", 8) == 0;
}

bool cab_read(struct sv octets, const struct cab_limits *limits, const char *const *endings, struct cab *ret, struct why *why)
{
	struct cab_reading r = {limits, endings, ret, why};

	return one_cab(&r, octets, "", 1);
}

void cab_clear(struct cab *c)
{
	for (size_t i = 0; i < c->n; i++)
		buf_free(&c->file[i].data);
	free(c->file);
	*c = (struct cab){0};
}
