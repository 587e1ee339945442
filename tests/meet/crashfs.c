/* tests/meet/crashfs.c: see crashfs.h.  One process, one thread, no locks: every lock is granted. */
#include "tests/meet/crashfs.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { FILES = 8, SECTOR = 512, SHM_REGIONS = 8 };

struct disk_file {
	char name[256];
	bool there, lasts;	 /* lasts: its name was synced */
	struct buf now, durable; /* as read back; as a power cut would leave it at least */
	void *shm[SHM_REGIONS];
};

static struct {
	sqlite3_vfs vfs, *real;
	struct disk_file file[FILES];
	uint64_t seed;
	unsigned calls, fail_at;
} disk;

struct open_file {
	sqlite3_file base;
	struct disk_file *f;
	bool temporary;
};

static bool coin(void)
{
	disk.seed = disk.seed * 6364136223846793005ull + 1442695040888963407ull;
	return disk.seed >> 63;
}

static bool power(void)
{
	disk.calls++;
	return disk.fail_at == 0 || disk.calls < disk.fail_at;
}

static bool set_size(struct buf *b, size_t n)
{
	if (n > b->n) {
		if (!buf_reserve(b, n - b->n))
			return false;
		memset(b->p + b->n, 0, n - b->n);
	}
	b->n = n;
	return true;
}

static int f_close(sqlite3_file *o)
{
	struct open_file *f = (struct open_file *)o;

	if (f->temporary)
		f->f->there = false;
	return SQLITE_OK;
}

static int f_read(sqlite3_file *o, void *p, int n, sqlite3_int64 at)
{
	struct buf *b = &((struct open_file *)o)->f->now;
	size_t have = (size_t)at < b->n ? b->n - (size_t)at : 0;

	if (have >= (size_t)n) {
		memcpy(p, b->p + at, (size_t)n);
		return SQLITE_OK;
	}
	memset(p, 0, (size_t)n);
	if (have)
		memcpy(p, b->p + at, have);
	return SQLITE_IOERR_SHORT_READ;
}

static int f_write(sqlite3_file *o, const void *p, int n, sqlite3_int64 at)
{
	struct buf *b = &((struct open_file *)o)->f->now;

	if (!power())
		return SQLITE_IOERR_WRITE;
	if ((size_t)at + (size_t)n > b->n && !set_size(b, (size_t)at + (size_t)n))
		return SQLITE_FULL;
	memcpy(b->p + at, p, (size_t)n);
	return SQLITE_OK;
}

static int f_truncate(sqlite3_file *o, sqlite3_int64 n)
{
	if (!power())
		return SQLITE_IOERR_TRUNCATE;
	return set_size(&((struct open_file *)o)->f->now, (size_t)n) ? SQLITE_OK : SQLITE_FULL;
}

static int f_sync(sqlite3_file *o, int flags)
{
	struct disk_file *f = ((struct open_file *)o)->f;

	(void)flags;
	if (!power())
		return SQLITE_IOERR_FSYNC;
	f->lasts = true;
	buf_clear(&f->durable);
	buf_add(&f->durable, f->now.p, f->now.n);
	return SQLITE_OK;
}

static int f_size(sqlite3_file *o, sqlite3_int64 *ret)
{
	*ret = (sqlite3_int64)((struct open_file *)o)->f->now.n;
	return SQLITE_OK;
}

static int f_lock(sqlite3_file *o, int how)
{
	(void)o;
	(void)how;
	return SQLITE_OK;
}

static int f_reserved(sqlite3_file *o, int *ret)
{
	(void)o;
	*ret = 0;
	return SQLITE_OK;
}

static int f_control(sqlite3_file *o, int op, void *arg)
{
	(void)o;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int f_sector(sqlite3_file *o)
{
	(void)o;
	return SECTOR;
}

static int f_traits(sqlite3_file *o)
{
	(void)o;
	return 0;
}

static int f_shm_map(sqlite3_file *o, int region, int size, int extend, void volatile **ret)
{
	struct disk_file *f = ((struct open_file *)o)->f;

	*ret = NULL;
	if (region >= SHM_REGIONS)
		return SQLITE_NOMEM;
	if (f->shm[region] == NULL && extend)
		f->shm[region] = calloc(1, (size_t)size);
	*ret = f->shm[region];
	return SQLITE_OK;
}

static int f_shm_lock(sqlite3_file *o, int offset, int n, int flags)
{
	(void)o;
	(void)offset;
	(void)n;
	(void)flags;
	return SQLITE_OK;
}

static void f_shm_barrier(sqlite3_file *o)
{
	(void)o;
}

static void shm_free(struct disk_file *f)
{
	for (size_t i = 0; i < SHM_REGIONS; i++) {
		free(f->shm[i]);
		f->shm[i] = NULL;
	}
}

static int f_shm_unmap(sqlite3_file *o, int remove_it)
{
	if (remove_it)
		shm_free(((struct open_file *)o)->f);
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_lock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_traits,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static struct disk_file *find(const char *name)
{
	for (size_t i = 0; i < FILES; i++)
		if (disk.file[i].there && strcmp(disk.file[i].name, name) == 0)
			return &disk.file[i];
	return NULL;
}

static int v_open(sqlite3_vfs *v, const char *name, sqlite3_file *o, int flags, int *out)
{
	struct open_file *of = (struct open_file *)o;
	struct disk_file *f = find(name ? name : "(temporary)");

	(void)v;
	of->base.pMethods = NULL;
	for (size_t i = 0; f == NULL && i < FILES; i++)
		if (!disk.file[i].there) {
			f = &disk.file[i];
			buf_free(&f->now);
			buf_free(&f->durable);
			*f = (struct disk_file){.there = true};
			strncpy(f->name, name ? name : "(temporary)", sizeof f->name - 1);
		}
	if (f == NULL)
		return SQLITE_CANTOPEN;
	of->base.pMethods = &methods;
	of->f = f;
	of->temporary = name == NULL;
	if (out)
		*out = flags;
	return SQLITE_OK;
}

static int v_delete(sqlite3_vfs *v, const char *name, int sync)
{
	struct disk_file *f = find(name);

	(void)v;
	if (!power())
		return SQLITE_IOERR_DELETE;
	if (f)
		f->there = false;
	(void)sync;
	return SQLITE_OK;
}

static int v_access(sqlite3_vfs *v, const char *name, int flags, int *ret)
{
	(void)v;
	(void)flags;
	*ret = find(name) != NULL;
	return SQLITE_OK;
}

static int v_full(sqlite3_vfs *v, const char *name, int cap, char *out)
{
	(void)v;
	if (strlen(name) >= (size_t)cap)
		return SQLITE_CANTOPEN;
	strcpy(out, name);
	return SQLITE_OK;
}

static int v_random(sqlite3_vfs *v, int n, char *out)
{
	(void)v;
	for (int i = 0; i < n; i++) {
		coin();
		out[i] = (char)(disk.seed >> 56);
	}
	return n;
}

static int v_sleep(sqlite3_vfs *v, int us)
{
	(void)v;
	return us;
}

static int v_time(sqlite3_vfs *v, double *ret)
{
	(void)v;
	*ret = 2461000.5;
	return SQLITE_OK;
}

static int v_error(sqlite3_vfs *v, int n, char *out)
{
	(void)v;
	if (n > 0)
		out[0] = '\0';
	return 0;
}

void crashfs_on(uint64_t seed)
{
	disk.seed = seed;
	disk.calls = disk.fail_at = 0;
	disk.vfs = (sqlite3_vfs){.iVersion = 1,
				 .szOsFile = sizeof(struct open_file),
				 .mxPathname = 255,
				 .zName = "crashfs",
				 .xOpen = v_open,
				 .xDelete = v_delete,
				 .xAccess = v_access,
				 .xFullPathname = v_full,
				 .xRandomness = v_random,
				 .xSleep = v_sleep,
				 .xCurrentTime = v_time,
				 .xGetLastError = v_error};
	disk.real = sqlite3_vfs_find(NULL);
	sqlite3_vfs_register(&disk.vfs, 1);
}

void crashfs_off(void)
{
	sqlite3_vfs_unregister(&disk.vfs);
	sqlite3_vfs_register(disk.real, 1);
	for (size_t i = 0; i < FILES; i++) {
		buf_free(&disk.file[i].now);
		buf_free(&disk.file[i].durable);
		shm_free(&disk.file[i]);
		disk.file[i] = (struct disk_file){0};
	}
}

void crashfs_fail_at(unsigned n)
{
	disk.fail_at = n ? disk.calls + n : 0;
}

bool crashfs_failed(void)
{
	return disk.fail_at && disk.calls >= disk.fail_at;
}

unsigned crashfs_calls(void)
{
	return disk.calls;
}

/* Each sector that was written but not synced: the old octets or the new ones. */
static void decide(struct disk_file *f)
{
	struct buf mix = {0};
	size_t n = coin() ? f->now.n : f->durable.n;

	if (f->now.n == f->durable.n)
		n = f->now.n;
	set_size(&mix, n);
	for (size_t at = 0; at < n; at += SECTOR) {
		const struct buf *from = coin() ? &f->now : &f->durable;
		size_t k = n - at < SECTOR ? n - at : SECTOR;

		if (at >= from->n)
			continue;
		if (k > from->n - at)
			k = from->n - at;
		memcpy(mix.p + at, from->p + at, k);
	}
	buf_free(&f->now);
	f->now = mix;
	buf_clear(&f->durable);
	buf_add(&f->durable, mix.p, mix.n);
}

void crashfs_power(void)
{
	for (size_t i = 0; i < FILES; i++) {
		struct disk_file *f = &disk.file[i];

		shm_free(f);
		if (!f->there)
			continue;
		if (!f->lasts && coin())
			f->there = false;
		else
			decide(f);
	}
	disk.fail_at = 0;
}
