/* cmd/fleet/users.c: reads the file of users that `dialtone user import --generate-pins` writes, or any CSV with such heads. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/import/csv.h"
#include "base/vec.h"
#include "cmd/fleet/verb.h"

#define COLUMNS 32

enum field { ADDRESS, LOGIN, NUMBER, EXTENSION, PIN, PASSWORD, FIELDS };
static const char *const heads[FIELDS] = {"address", "login", "number", "extension", "pin", "password"};

struct users_row { /* places of its texts; they become pointers when the text moves no more */
	size_t at[FIELDS];
};

struct reading {
	struct users *u;
	int column[FIELDS]; /* -1: the file has none */
	struct buf field[COLUMNS];
	unsigned fields, line;
	struct why *why;
};

static bool split(struct reading *r, struct sv record)
{
	struct csv c = {.rest = record, .line = r->line};
	bool last = false;

	for (r->fields = 0; !last && r->fields < COLUMNS; r->fields++) {
		buf_clear(&r->field[r->fields]);
		if (!csv_field(&c, &r->field[r->fields], &last))
			return why_not(r->why, "line %u: a quote that does not close, or text behind one", r->line);
	}
	return last || why_not(r->why, "line %u: more than %d fields", r->line, COLUMNS);
}

static bool head(struct reading *r)
{
	bool some = false;

	for (unsigned f = 0; f < FIELDS; f++) {
		r->column[f] = -1;
		for (unsigned i = 0; i < r->fields; i++)
			if (sv_ieq(sv_trim(buf_view(&r->field[i])), sv_of(heads[f])))
				r->column[f] = (int)i;
	}
	some = r->column[PIN] >= 0 ? r->column[NUMBER] >= 0 || r->column[EXTENSION] >= 0 : r->column[LOGIN] >= 0 && r->column[PASSWORD] >= 0;
	return some || why_not(r->why, "line %u: the heads must have extension (or number) and pin, or address, login and password", r->line);
}

/* The place of the field's text in u->text, plus 1; 0: there is none. */
static size_t keep(struct reading *r, enum field f)
{
	struct sv v = r->column[f] >= 0 && (unsigned)r->column[f] < r->fields ? sv_trim(buf_view(&r->field[r->column[f]])) : (struct sv){0};
	size_t at = r->u->text.n + 1;

	if (v.n == 0)
		return 0;
	buf_sv(&r->u->text, v);
	buf_add(&r->u->text, "", 1);
	return at;
}

static bool user(struct reading *r)
{
	struct users_row *more = vec_room(r->u->row, r->u->n, &r->u->cap, sizeof *more);
	size_t *at;

	if (more == NULL)
		return why_not(r->why, "out of memory");
	r->u->row = more;
	at = more[r->u->n++].at;
	for (unsigned f = 0; f < FIELDS; f++)
		at[f] = keep(r, (enum field)f);
	if (r->u->text.oom)
		return why_not(r->why, "out of memory");
	if (!((at[NUMBER] || at[EXTENSION]) && at[PIN]) && !(at[LOGIN] && at[PASSWORD] && at[ADDRESS]))
		return why_not(r->why, "line %u: neither extension and pin nor address, login and password", r->line);
	return true;
}

static const char *text_at(const struct users *u, size_t place)
{
	return place ? (const char *)u->text.p + place - 1 : NULL;
}

static bool settle(struct users *u, struct why *why)
{
	u->user = calloc(u->n, sizeof *u->user);
	if (u->user == NULL)
		return why_not(why, "out of memory");
	for (size_t i = 0; i < u->n; i++) {
		const size_t *at = u->row[i].at;

		u->user[i] = (struct fleet_user){.address = text_at(u, at[ADDRESS]), .login = text_at(u, at[LOGIN]), .pin = text_at(u, at[PIN]),
						 .number = text_at(u, at[EXTENSION] ? at[EXTENSION] : at[NUMBER]), .password = text_at(u, at[PASSWORD])};
	}
	return true;
}

static bool rows(struct reading *r, int fd, uint64_t first, uint64_t most)
{
	struct csv_file file = {.fd = fd};
	struct sv record;
	bool good = true, headed = false;
	const char *bad = NULL;

	while (good && r->u->n < most && (bad = csv_record(&file, &record)) == NULL && record.n) {
		r->line++;
		if (r->line == 1 && sv_starts(record, SV("\xef\xbb\xbf")))
			record = sv_from(record, 3);
		if (sv_starts(record, SV("#TYPE")) || sv_trim(record).n == 0)
			continue;
		good = split(r, record);
		if (good && !headed)
			good = headed = head(r);
		else if (good && first)
			first--;
		else if (good)
			good = user(r);
	}
	csv_file_clear(&file);
	if (good && bad)
		good = why_not(r->why, "%s", bad);
	return good && (r->u->n || why_not(r->why, "no user is in it%s", headed ? " behind those that are skipped" : ""));
}

bool users_read(struct users *u, const char *path, uint64_t first, uint64_t most, struct why *why)
{
	struct reading r = {.u = u, .why = why};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good;

	if (fd < 0)
		return why_not(why, "%s", strerror(errno));
	good = rows(&r, fd, first, most ? most : UINT64_MAX);
	close(fd);
	for (unsigned i = 0; i < COLUMNS; i++)
		buf_wipe(&r.field[i]);
	good = good && settle(u, why);
	free(u->row);
	u->row = NULL;
	return good;
}

void users_free(struct users *u)
{
	free(u->user);
	buf_wipe(&u->text);
	*u = (struct users){0};
}
