#include "admin/user_import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/import/file.h"
#include "admin/pins.h"
#include "admin/pools.h"
#include "admin/user_rows.h"
#include "server/vault/make.h"
#include "store/seen.h"

#define PATIENCE 20 /* times a second and a half */
#define PAUSE_US 4000 /* between two transactions: whoever waits for the store looks every millisecond */

struct import {
	struct admin *a;
	struct user_import *how;
	struct store_seen *seen; /* the unique values of the lines before */
	struct user_rows rows;
	uint64_t length;
	struct stat was; /* the file, before the first pass */
};

/* ---- what must be unique: within the file, and against who is in the store already -------------------------------- */

static const char *unique_in_file(struct import *im, const struct user_row *r, struct why *why)
{
	const struct store_user *u = &r->user;
	const struct {
		char kind;
		const char *value, *more, *what;
	} keys[] = {{'a', u->aor, "", "address"}, {'l', u->login, "", "login"}, {'e', u->extension, u->number, "number with extension"}};
	char key[600];
	unsigned before;

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (keys[i].value[0] == '\0')
			continue;
		snprintf(key, sizeof key, "%c%s %s", keys[i].kind, keys[i].value, keys[i].more);
		if (!store_seen_add(im->seen, ascii_lower_all(key), r->line, &before, why))
			return why->text;
		if (before)
			return why_set(why, "line %u has the same %s", before, keys[i].what);
	}
	return NULL;
}

static const char *home_is_known(struct import *im, const struct user_row *r, struct why *why)
{
	char home[256];

	return pools_home(im->a, r->user.home_pool, home, why) == ADMIN_OK ? NULL : why->text;
}

static const char *unique_in_store(struct import *im, const struct user_row *r, struct why *why)
{
	const struct store_user *u = &r->user;
	struct store *s = im->a->store;
	struct store_user other;
	size_t n = 0;

	if (im->rows.nobody)
		return NULL;
	if (u->login[0] && s->ops->user_by_login(s, u->login, &other) == STORE_OK && other.id != u->id)
		return why_set(why, "the login '%s' belongs to %s", u->login, other.aor);
	if (u->extension[0] && s->ops->user_by_line(s, u->number, u->extension, &other, 1, &n) == STORE_OK && other.id != u->id)
		return why_set(why, "the extension '%s' with that number belongs to %s", u->extension, other.aor);
	return NULL;
}

/* "A user's extension": two who share one can be told apart by the number, or by different PINs only. */
static const char *shared_extension(struct import *im, const struct user_row *r, struct why *why)
{
	const struct store_user *u = &r->user;
	struct store_user other;
	char key[64];
	unsigned before = 0;

	if (u->extension[0] == '\0' || im->how->noted == NULL)
		return NULL;
	snprintf(key, sizeof key, "x%s", u->extension);
	if (!store_seen_add(im->seen, key, r->line, &before, why))
		return why->text;
	if (before)
		snprintf(other.aor, sizeof other.aor, "line %u", before);
	else if (im->rows.nobody || users_share_extension(im->a, u, &other) != ADMIN_OK)
		return NULL;
	im->how->noted(im->how->arg, r->line,
		       why_set(&(struct why){0}, "the extension %s is that of %.100s, too: " USERS_SHARED_EXTENSION, u->extension, other.aor));
	return NULL;
}

/* ---- the first pass: judging ------------------------------------------------------------------------------------- */

static void refuse(struct import *im, unsigned line, const char *sentence)
{
	im->how->wrong++;
	im->how->refused(im->how->arg, line, sentence);
}

static void progress(struct import *im, bool storing)
{
	if (im->how->progress)
		im->how->progress(im->how->arg, storing, im->rows.file.octets, im->length, im->how->users);
}

static bool begin(struct import *im, bool checked)
{
	bool found = im->rows.found;
	struct why why = {0};
	unsigned line;

	user_rows_end(&im->rows);
	im->rows = (struct user_rows){.a = im->a, .update = im->how->update, .checked = checked, .found = found, .file.fd = im->rows.file.fd};
	im->how->users = im->how->same = 0;
	if (user_rows_begin(&im->rows, &line, &why))
		return true;
	refuse(im, line, why.text);
	return false;
}

static void import_check(struct import *im, const struct user_row *r)
{
	struct why w = {0};
	const char *no = unique_in_file(im, r, &w);

	if (no == NULL)
		no = unique_in_store(im, r, &w);
	if (no == NULL)
		no = home_is_known(im, r, &w);
	if (no == NULL)
		no = shared_extension(im, r, &w);
	if (no)
		refuse(im, r->line, no);
	else if (r->same)
		im->how->same++;
	else
		im->how->users++;
}

static bool somebody(void *arg, const struct store_user *u)
{
	(void)u;
	*(bool *)arg = false;
	return false;
}

/* The import compares with the store as it is at this moment.  In a new one there is nobody to be asked for, and a million users need not
 * ask four times each. */
static enum store_result look(struct import *im)
{
	struct store *s = im->a->store;
	enum store_result r = s->ops->look(s);

	im->rows.nobody = r == STORE_OK;
	if (r == STORE_OK && (r = s->ops->user_each(s, NULL, somebody, &im->rows.nobody)) != STORE_OK)
		s->ops->look_end(s);
	return r;
}

/* The store is looked at as it is at one moment, and a little later again. */
static enum admin_result check_rows(struct import *im, struct why *why)
{
	struct store *s = im->a->store;
	enum store_result looks = look(im);
	enum row_read got;
	struct user_row r;
	struct why w = {0};

	while (looks == STORE_OK && (got = user_rows_next(&im->rows, &r, &w)) != ROW_END) {
		if (got == ROW_READ)
			import_check(im, &r);
		else if (got != ROW_EMPTY)
			refuse(im, r.line, w.text);
		user_row_wipe(&r);
		if (got == ROW_LOST)
			break;
		if (r.line % 1024 == 0) {
			progress(im, false);
			s->ops->look_end(s);
			looks = look(im);
		}
	}
	if (looks != STORE_OK)
		return admin_store(im->a, looks, "the import", why);
	s->ops->look_end(s);
	im->rows.nobody = false;
	return ADMIN_OK;
}

static enum admin_result check_all(struct import *im, struct why *why)
{
	enum admin_result rc = begin(im, false) ? check_rows(im, why) : ADMIN_REFUSED;
	unsigned wrong = im->how->wrong;

	if (rc != ADMIN_OK)
		return rc;
	if (wrong == 0)
		return ADMIN_OK;
	return admin_no(ADMIN_REFUSED, why, "%u line%s wrong; nothing was imported", wrong, wrong == 1 ? " is" : "s are");
}

/* ---- the second pass: storing -------------------------------------------------------------------------------------- */

struct part { /* what one transaction stores; all that takes time is done before it begins */
	struct user_write write[USER_IMPORT_PART];
	size_t n;
	struct buf pins; /* that were made, as lines */
};

/* A PIN for a user who has none. */
static enum admin_result part_pin(struct import *im, struct part *p, struct user_row *r, struct why *why)
{
	enum admin_result rc;

	if (im->how->pins == NULL || r->pin.n || r->user.id)
		return ADMIN_OK;
	rc = pins_make(im->a, &r->user, &r->pin, why);
	if (rc == ADMIN_OK)
		buf_printf(&p->pins, "%s,%s,%s," SV_FMT "\n", r->user.aor, r->user.number, r->user.extension, SV_ARG(buf_view(&r->pin)));
	return rc == ADMIN_OK && p->pins.oom ? admin_no(ADMIN_FAILED, why, "out of memory") : rc;
}

static enum admin_result part_add(struct import *im, struct part *p, struct user_row *r, struct why *why)
{
	struct user_write *w = &p->write[p->n];
	enum admin_result rc = part_pin(im, p, r, why);

	if (rc != ADMIN_OK)
		return rc;
	*w = (struct user_write){.user = r->user};
	p->n++;
	return user_write_make(im->a, w, buf_view(&r->password), buf_view(&r->pin), why);
}

static void part_clear(struct part *p)
{
	explicit_bzero(p->write, p->n * sizeof *p->write);
	buf_wipe(&p->pins);
	p->pins = (struct buf){0};
	p->n = 0;
}

/* Phones that sign in come first: the import waits for a gap between them, for half a minute. */
static enum store_result part_begin(struct store *s)
{
	enum store_result r = s->ops->begin(s);

	for (unsigned again = 0; r == STORE_FAILED && again < PATIENCE; again++)
		r = s->ops->begin(s);
	return r;
}

static enum admin_result part_store(struct import *im, struct part *p, struct why *why)
{
	struct store *s = im->a->store;
	enum admin_result rc = admin_store(im->a, part_begin(s), "the import", why);
	enum store_result r;

	if (rc != ADMIN_OK)
		return rc;
	for (size_t i = 0; rc == ADMIN_OK && i < p->n; i++)
		rc = user_write_store(im->a, &p->write[i], why);
	r = s->ops->end(s, rc == ADMIN_OK ? STORE_OK : STORE_FAILED);
	if (rc == ADMIN_OK)
		rc = admin_store(im->a, r, "the import", why);
	if (rc == ADMIN_OK)
		im->how->users += p->n;
	if (rc == ADMIN_OK && p->pins.n && !im->how->pins(im->how->arg, buf_view(&p->pins)))
		rc = admin_no(ADMIN_SITE, why, "the PINs that were made cannot be written; set new ones for the last %zu users", p->n);
	part_clear(p);
	return rc;
}

/* The lines were good a moment ago: that one is not any more is a failure of the whole. */
static enum admin_result store_rows(struct import *im, struct part *p, struct why *why)
{
	enum admin_result rc = ADMIN_OK;
	enum row_read got;
	struct user_row r;
	struct why w = {0};

	while (rc == ADMIN_OK && (got = user_rows_next(&im->rows, &r, &w)) != ROW_END) {
		if (got == ROW_READ && r.same)
			im->how->same++;
		else if (got == ROW_READ)
			rc = part_add(im, p, &r, why);
		else if (got != ROW_EMPTY)
			rc = admin_no(ADMIN_REFUSED, why, "line %u, which was good before: %s", r.line, w.text);
		user_row_wipe(&r);
		if (rc == ADMIN_OK && p->n == USER_IMPORT_PART) {
			rc = part_store(im, p, why);
			progress(im, true);
			usleep(PAUSE_US);
		}
	}
	return rc == ADMIN_OK && p->n ? part_store(im, p, why) : rc;
}

static enum admin_result store_all(struct import *im, struct why *why)
{
	struct part *p = calloc(1, sizeof *p);
	enum admin_result rc;
	struct stat now;

	if (p == NULL)
		return admin_no(ADMIN_FAILED, why, "out of memory");
	if (lseek(im->rows.file.fd, 0, SEEK_SET) != 0 || fstat(im->rows.file.fd, &now) < 0 || now.st_size != im->was.st_size ||
	    now.st_mtim.tv_sec != im->was.st_mtim.tv_sec || now.st_mtim.tv_nsec != im->was.st_mtim.tv_nsec)
		rc = admin_no(ADMIN_REFUSED, why, "the file was changed while it was read; nothing was imported");
	else
		rc = begin(im, true) ? store_rows(im, p, why) : ADMIN_REFUSED;
	part_clear(p);
	free(p);
	return rc;
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static enum admin_result import(struct import *im, int fd, struct why *why)
{
	enum admin_result rc;

	im->rows.file.fd = fd;
	im->seen = store_seen_new(why);
	if (im->seen == NULL || fstat(fd, &im->was) < 0)
		return im->seen ? admin_no(ADMIN_REFUSED, why, "it cannot be read: %s", strerror(errno)) : ADMIN_FAILED;
	im->length = (uint64_t)im->was.st_size;
	rc = check_all(im, why);
	store_seen_free(im->seen);
	im->seen = NULL;
	if (rc == ADMIN_OK && !im->how->dry) {
		rc = store_all(im, why);
		if (im->how->users)
			admin_audit(im->a, "", rc == ADMIN_OK ? "user import" : "user import, in part");
	} else if (rc != ADMIN_OK) {
		im->how->users = 0;
	}
	return rc;
}

enum admin_result users_import(struct admin *a, int fd, struct user_import *how, struct why *why)
{
	struct import im = {.a = a, .how = how};
	enum admin_result rc;
	int from;

	how->users = 0;
	how->wrong = 0;
	if ((from = import_file(fd, why)) < 0)
		return ADMIN_REFUSED;
	rc = import(&im, from, why);
	user_rows_end(&im.rows);
	store_seen_free(im.seen);
	if (from != fd)
		close(from);
	return rc;
}
