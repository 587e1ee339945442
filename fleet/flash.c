/* fleet/flash.c: the files of a phone, in memory.  Roots and web certificate are the same for thousands of phones: contents stand
 * once and are counted; a private key is wiped with its last owner. */
#include "fleet/internal.h"

struct blob {
	struct blob *next;
	uint32_t users, n;
	uint8_t octets[];
};

#define SHARED_LOOKED 64 /* the newest so many are compared: what all phones share is among them, what is each phone's own is not */

static struct blob *blob_take(struct fleet *f, const void *octets, size_t n)
{
	struct blob *b = f->blobs;

	for (unsigned i = 0; b && i < SHARED_LOOKED; i++, b = b->next)
		if (b->n == n && memcmp(b->octets, octets, n) == 0) {
			b->users++;
			return b;
		}
	b = malloc(sizeof *b + n);
	if (b == NULL)
		return NULL;
	b->users = 1;
	b->n = (uint32_t)n;
	memcpy(b->octets, octets, n);
	return b;
}

static void blob_drop(struct fleet *f, struct blob *b)
{
	if (--b->users)
		return;
	for (struct blob **at = &f->blobs; *at; at = &(*at)->next)
		if (*at == b) {
			*at = b->next;
			break;
		}
	explicit_bzero(b->octets, b->n);
	free(b);
}

/* Files of these names hold the same for everybody. */
static bool shared(const char *name)
{
	return strcmp(name, DT_STATE_ROOTS) == 0 || strcmp(name, DT_STATE_WEB) == 0;
}

static struct flash_file **flash_find(struct fleet_phone *p, const char *name)
{
	struct flash_file **at = &p->flash;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

long flash_load(struct fleet_phone *p, const char *name, void *out, size_t cap)
{
	const struct flash_file *file = *flash_find(p, name);

	if (file == NULL)
		return -ENOENT;
	if (out)
		memcpy(out, file->blob->octets, file->blob->n < cap ? file->blob->n : cap);
	return (long)file->blob->n;
}

int flash_save(struct fleet_phone *p, const char *name, const void *octets, size_t n)
{
	struct flash_file **at = flash_find(p, name), *file = *at;
	struct blob *b;

	if (n > UINT32_MAX / 2 || strlen(name) >= sizeof file->name)
		return -ENOSPC;
	if (shared(name)) {
		b = blob_take(p->f, octets, n);
	} else {
		b = malloc(sizeof *b + n);
		if (b) {
			*b = (struct blob){.users = 1, .n = (uint32_t)n};
			memcpy(b->octets, octets, n);
		}
	}
	if (b && file == NULL)
		file = calloc(1, sizeof *file);
	if (b == NULL || file == NULL) {
		if (b)
			blob_drop(p->f, b);
		return -ENOMEM;
	}
	if (b->users == 1 && shared(name)) {
		b->next = p->f->blobs;
		p->f->blobs = b;
	}
	if (file->blob)
		blob_drop(p->f, file->blob);
	file->blob = b;
	text_set(file->name, sizeof file->name, "%s", name);
	*at = file;
	return 0;
}

void flash_forget(struct fleet_phone *p, const char *name)
{
	struct flash_file **at = flash_find(p, name), *file = *at;

	if (file == NULL)
		return;
	*at = file->next;
	blob_drop(p->f, file->blob);
	free(file);
}

void flash_clear(struct fleet_phone *p)
{
	while (p->flash)
		flash_forget(p, p->flash->name);
}
