/* server/control/lists.c: the lines of the control socket's lists, read (server/location/process.h says their fields). */
#include "server/control/lists.h"

#include <stdio.h>

/* ---- texts and numbers of a line -------------------------------------------------------------------------------------- */

struct text {
	char *to;
	size_t cap;
};

static bool texts_take(struct sv *line, const struct text *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!sv_copy(text[i].to, text[i].cap, sv_cut(line, '\t')))
			return false;
	return true;
}

static bool number_take(struct sv *from, char end, uint64_t most, int64_t *ret)
{
	uint64_t n;

	if (!sv_u64(sv_cut(from, end), most, &n))
		return false;
	*ret = (int64_t)n;
	return true;
}

/* One of two words. */
static bool flag_take(struct sv *line, struct sv yes, struct sv no, bool *ret)
{
	struct sv word = sv_cut(line, '\t');

	*ret = sv_eq(word, yes);
	return *ret || sv_eq(word, no);
}

#define TEXT(field) {(field), sizeof(field)}

/* ---- who is registered ------------------------------------------------------------------------------------------------- */

struct endpoints {
	void (*fn)(void *arg, const struct control_endpoint *e);
	void *arg;
};

static bool endpoint_line(void *arg, struct sv line)
{
	const struct endpoints *to = arg;
	struct control_endpoint e = {0};
	const struct text text[] = {TEXT(e.aor), TEXT(e.epid), TEXT(e.instance), TEXT(e.peer)};
	int64_t worker;

	if (!texts_take(&line, text, sizeof text / sizeof *text) || !number_take(&line, '\t', UINT32_MAX, &worker) ||
	    !number_take(&line, '\t', INT64_MAX, &e.seconds) || !flag_take(&line, SV("outside"), SV("inside"), &e.outside) ||
	    line.p == NULL || !sv_copy(e.front_end, sizeof e.front_end, sv_cut(&line, '\t')) || line.p == NULL ||
	    !sv_copy(e.user_agent, sizeof e.user_agent, line))
		return false;
	e.worker = (unsigned)worker;
	to->fn(to->arg, &e);
	return true;
}

bool control_registered(const char *dir, const char *aor, void (*fn)(void *arg, const struct control_endpoint *e), void *arg,
			bool *nobody, struct why *why)
{
	struct endpoints to = {fn, arg};
	char line[300] = "";

	snprintf(line, sizeof line, "registered%s%s\n", aor ? " " : "", aor ? aor : "");
	return control_list(dir, line, endpoint_line, &to, nobody, why);
}

/* ---- phones ------------------------------------------------------------------------------------------------------------ */

struct phones {
	void (*fn)(void *arg, const struct control_phone *p);
	void *arg;
};

/* "update:93000:12:answered,ticket:..." */
static bool steps_take(struct sv text, struct control_phone *p)
{
	while (text.n) {
		struct sv one = sv_cut(&text, ',');
		struct control_step *s = &p->step[p->nstep];

		if (p->nstep == CONTROL_STEPS || !sv_copy(s->name, sizeof s->name, sv_cut(&one, ':')) ||
		    !number_take(&one, ':', INT64_MAX, &s->began_ms) || !number_take(&one, ':', INT64_MAX, &s->ms) || one.p == NULL ||
		    !sv_copy(s->result, sizeof s->result, one))
			return false;
		p->nstep++;
	}
	return true;
}

static bool phone_line(void *arg, struct sv line)
{
	const struct phones *to = arg;
	struct control_phone p = {0};
	const struct text who[] = {TEXT(p.mac),    TEXT(p.model),    TEXT(p.firmware), TEXT(p.user),
				   TEXT(p.number), TEXT(p.instance), TEXT(p.epid),     TEXT(p.address)};
	const struct text how[] = {TEXT(p.state), TEXT(p.code), TEXT(p.cause), TEXT(p.failed)};
	int64_t *const times[] = {&p.failed_ms, &p.since_ms, &p.seen_ms, &p.began_ms};
	int64_t stage, ways;

	if (!texts_take(&line, who, sizeof who / sizeof *who) || !flag_take(&line, SV("outside"), SV("inside"), &p.outside) ||
	    !flag_take(&line, SV("proved"), SV("claimed"), &p.proved) || !number_take(&line, '\t', 9, &stage) ||
	    !texts_take(&line, how, sizeof how / sizeof *how))
		return false;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		if (!number_take(&line, '\t', INT64_MAX, times[i]))
			return false;
	if (!number_take(&line, '\t', UINT32_MAX, &ways) || !number_take(&line, '\t', INT64_MAX, &p.expires) || line.p == NULL ||
	    !steps_take(line, &p))
		return false;
	p.failed_ms = p.failed[0] ? p.failed_ms : -1;
	p.stage = (unsigned)stage;
	p.ways = (unsigned)ways;
	to->fn(to->arg, &p);
	return true;
}

bool control_phones(const char *dir, void (*fn)(void *arg, const struct control_phone *p), void *arg, bool *nobody,
		    struct why *why)
{
	struct phones to = {fn, arg};

	return control_list(dir, "phones\n", phone_line, &to, nobody, why);
}
