/* cmd/site/phone_row.c: rows of the table of phones, and the waterfall of one. */
#include "cmd/site/phones.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/enc.h"
#include "cmd/json_line.h"
#include "cmd/text.h"
#include "cmd/writer.h"
#include "server/location/seen.h"

/* ---- made ----------------------------------------------------------------------------------------------------------- */

void phone_row_make(struct phone_row *ret, const struct control_phone *p, int64_t now)
{
	*ret = (struct phone_row){.p = *p,
				  .stage = p->stage,
				  .since = now - p->since_ms / 1000,
				  .seen = now - p->seen_ms / 1000,
				  .began = now - p->began_ms / 1000,
				  .failed = p->failed_ms >= 0 ? now - p->failed_ms / 1000 : 0,
				  .expires = p->expires ? now + p->expires : 0};
}

/* ---- chosen --------------------------------------------------------------------------------------------------------- */

static bool holds(const char *text, const char *part)
{
	size_t n = strlen(part);

	for (; strlen(text) >= n; text++) {
		if (sv_ieq((struct sv){text, n}, (struct sv){part, n}))
			return true;
		if (*text == '\0')
			break;
	}
	return false;
}

/* "0004F2", "00-04-f2", "00:04:f2:00:00:06": digits alone, up to the end of what was typed. */
static bool mac_begins(const char *mac, const char *typed)
{
	for (; *typed; typed++) {
		if (strchr(":-.", *typed))
			continue;
		while (*mac == ':')
			mac++;
		if (*mac == '\0' || ascii_lower(*mac) != ascii_lower(*typed))
			return false;
		mac++;
	}
	return true;
}

bool phone_fits(const struct phone_filter *f, const struct phone_row *r)
{
	const char *user = f->user && strncmp(f->user, "sip:", 4) == 0 ? f->user + 4 : f->user;

	return (!f->stage || r->stage == f->stage[0] - '0') && (!f->state || strcmp(r->p.state, f->state) == 0) &&
	       (!user || holds(r->p.user, user)) && (!f->extension || strcmp(r->extension, f->extension) == 0) &&
	       (!f->mac || (r->p.mac[0] && mac_begins(r->p.mac, f->mac))) && (!f->model || holds(r->p.model, f->model)) &&
	       (!f->address || strncmp(r->p.address, f->address, strlen(f->address)) == 0);
}

bool phone_is(const struct phone_row *r, const char *name)
{
	char text[MAC_TEXT_MAX];
	uint8_t mac[6];

	if (mac_read(sv_of(name), mac))
		return strcmp(r->p.mac, mac_text(text, mac)) == 0;
	if (strncmp(name, "sip:", 4) == 0)
		name += 4;
	return strcmp(r->p.address, name) == 0 || (r->p.user[0] && sv_ieq(sv_of(r->p.user), sv_of(name))) ||
	       (r->extension[0] && strcmp(r->extension, name) == 0);
}

/* ---- ordered --------------------------------------------------------------------------------------------------------- */

#define BY(member) static int by_##member(const void *a, const void *b)
#define TEXTS(member, field)                                                                                                      \
	BY(member) { return strcmp(((const struct phone_row *)a)->field, ((const struct phone_row *)b)->field); }
#define NUMBERS(member, field)                                                                                                    \
	BY(member)                                                                                                                \
	{                                                                                                                         \
		int64_t x = ((const struct phone_row *)a)->field, y = ((const struct phone_row *)b)->field;                       \
		return x < y ? -1 : x > y;                                                                                        \
	}
TEXTS(mac, p.mac)
TEXTS(model, p.model)
TEXTS(firmware, p.firmware)
TEXTS(user, p.user)
TEXTS(extension, extension)
TEXTS(address, p.address)
TEXTS(state, p.state)
TEXTS(code, p.code)
NUMBERS(since, since)

/* Registered ones (0) behind all others. */
static int by_stage(const void *a, const void *b)
{
	int64_t x = ((const struct phone_row *)a)->stage, y = ((const struct phone_row *)b)->stage;

	x = x ? x : 10;
	y = y ? y : 10;
	return x != y ? (x < y ? -1 : 1) : by_since(a, b);
}

static const struct {
	const char *name;
	int (*by)(const void *a, const void *b);
} orders[] = {{"stage", by_stage},	   {"since", by_since},	  {"state", by_state}, {"code", by_code}, {"user", by_user},
	      {"extension", by_extension}, {"mac", by_mac}, {"model", by_model}, {"firmware", by_firmware}, {"address", by_address}};

const char *phone_sort_word(unsigned i)
{
	return i < sizeof orders / sizeof *orders ? orders[i].name : NULL;
}

void phone_sort(struct phone_row *row, size_t n, const char *by)
{
	int (*order)(const void *a, const void *b) = by_stage;

	for (size_t i = 0; by && i < sizeof orders / sizeof *orders; i++)
		if (strcmp(orders[i].name, by) == 0)
			order = orders[i].by;
	if (n)
		qsort(row, n, sizeof *row, order);
}

/* ---- drawn ------------------------------------------------------------------------------------------------------------ */

#define BAR 32

static unsigned stage_of(const char *step)
{
	for (int i = 0; i < SEEN_STEP_COUNT; i++)
		if (strcmp(seen_steps[i].name, step) == 0)
			return seen_steps[i].stage;
	return 0;
}

static int earlier(const void *a, const void *b)
{
	int64_t x = ((const struct control_step *)a)->began_ms, y = ((const struct control_step *)b)->began_ms;

	return x > y ? -1 : x < y;
}

/* The steps of this way in the order of time; the sign-off of one before is not among them. */
static unsigned steps_of(const struct phone_row *r, struct control_step out[CONTROL_STEPS], int64_t *whole)
{
	unsigned n = 0;

	*whole = 1;
	for (unsigned i = 0; i < r->p.nstep; i++) {
		int64_t end = r->p.began_ms - r->p.step[i].began_ms + r->p.step[i].ms;

		if (r->p.step[i].began_ms > r->p.began_ms + 1)
			continue;
		out[n++] = r->p.step[i];
		if (strcmp(r->p.step[i].name, "sign-off") != 0 && end > *whole)
			*whole = end;
	}
	qsort(out, n, sizeof *out, earlier);
	return n;
}

static void bar(FILE *to, int64_t at, int64_t ms, int64_t whole)
{
	int64_t from = at * BAR / whole, until = (at + ms) * BAR / whole;

	if (from >= BAR)
		from = BAR - 1;
	if (until <= from)
		until = from + 1;
	for (int64_t i = 0; i < BAR; i++)
		fputc(i >= from && i < until ? '#' : '.', to);
}

static const char *or_none(const char *s)
{
	return s[0] ? s : "-";
}

void phone_waterfall(FILE *to, const struct phone_row *r)
{
	struct control_step step[CONTROL_STEPS];
	char time[ISO_TIME_MAX], ago[32];
	int64_t whole;
	unsigned n = steps_of(r, step, &whole);

	text_print(to, "phone     %s %s %s, at %s (%s)", or_none(r->p.mac), or_none(r->p.model), r->p.firmware, r->p.address,
		 r->p.outside ? "outside" : "inside");
	text_print(to, "user      %s%s%s%s", or_none(r->p.user), r->extension[0] ? ", extension " : "", r->extension,
		 r->p.user[0] && !r->p.proved ? " (claimed, not proved)" : "");
	text_print(to, "state     %s since %s (%s)", r->p.state, iso_time(time, r->since), writer_ago(ago, r->p.since_ms / 1000));
	if (r->stage)
		text_print(to, "stage     %lld, %s", (long long)r->stage, r->p.code);
	if (r->p.cause[0])
		text_print(to, "cause     %s", r->p.cause);
	else if (r->p.failed[0])
		text_print(to, "failed    %s, at %s", r->p.failed, iso_time(time, r->failed));
	text_print(to, "way       %u, began %s\n", r->p.ways, iso_time(time, r->began));
	fprintf(to, "%-5s  %-8s  %8s  %7s  %-*s  outcome\n", "stage", "step", "at ms", "took ms", BAR, "");
	for (unsigned i = 0; i < n; i++) {
		int64_t at = r->p.began_ms - step[i].began_ms;

		fprintf(to, "%5u  %-8s  %8lld  %7lld  ", stage_of(step[i].name), step[i].name, (long long)(at < 0 ? 0 : at), (long long)step[i].ms);
		bar(to, at < 0 ? 0 : at, step[i].ms, whole);
		fprintf(to, "  %s\n", step[i].result);
	}
}

json_t *phone_steps(const struct phone_row *r)
{
	struct control_step step[CONTROL_STEPS];
	json_t *all = json_array();
	int64_t whole;
	unsigned n = steps_of(r, step, &whole);

	for (unsigned i = 0; i < n; i++) {
		int64_t at = r->p.began_ms - step[i].began_ms;

		json_array_append_new(all, json_pack("{s:s, s:i, s:I, s:I, s:s}", "step", step[i].name, "stage", (int)stage_of(step[i].name),
						     "at_ms", (json_int_t)(at < 0 ? 0 : at), "ms", (json_int_t)step[i].ms, "outcome",
						     step[i].result));
	}
	return all;
}
