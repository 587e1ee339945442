#include "doctor/fill.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "base/sv.h"
#include "doctor/facts.h"

/* The names in braces, the fact of that name in a record, and the word when it is not known. */
/* clang-format off */
static const struct {
	const char *name, *fact;
	const char *otherwise;
	unsigned per; /* a number is shown as so many of it; 0: as it is */
	enum { HERE, RUN, ANSWERS } also; /* that of any other attempt will do; of an answer about the same address */
} places[] = {
	{"host",    "host",    "the server"},
	{"address", "address", "its address"},
	{"by",      "by",      "a machine between", .also = ANSWERS},
	{"port",    "port",    "PORT"},
	{"vlan",    "vlan",    "N", .also = RUN},
	{"domain",  "domain",  "DOMAIN", .also = RUN},
	{"cert",    "cert",    "another name"},
	{"option",  "option",  "N"},
	{"seconds", "seconds", "some"},
	{"hours",   "seconds", "some", .per = 3600},
	{"http",    "http",    "an error"},
	{"sip",     "sip",     "an error"},
	{"said",    "said",    "no reason"},
};
/* clang-format on */

static const struct doctor_fact *fact_of(const char *name)
{
	for (size_t i = 0; i < DOCTOR_FACTS; i++)
		if (strcmp(doctor_facts[i].name, name) == 0)
			return &doctor_facts[i];
	return NULL;
}

/* false: these facts have none. */
static bool fact_text(const struct dt_facts *f, const struct doctor_fact *field, unsigned per, char *out, size_t cap)
{
	int64_t n = doctor_fact_number(f, field);
	char ip[IP_TEXT_MAX];

	if (n == 0)
		return false;
	if (field->kind == FACT_TEXT)
		snprintf(out, cap, "%s", *(const char *const *)((const char *)f + field->at));
	else if (field->kind == FACT_ADDRESS)
		snprintf(out, cap, "%s", ip_text((uint32_t)n, ip));
	else
		snprintf(out, cap, "%lld", (long long)(per ? n / per : n));
	return true;
}

static void value_of(const struct doctor_finding *f, size_t place, char *out, size_t cap)
{
	const struct doctor_fact *field = fact_of(places[place].fact);

	if (f->asked && fact_text(&f->asked->fact, field, places[place].per, out, cap))
		return;
	if (!f->asked && f->evidence && fact_text(&f->evidence->fact, field, places[place].per, out, cap))
		return;
	for (unsigned i = 0; places[place].also == ANSWERS && i < f->run->answers; i++) {
		const struct dt_facts *of = &f->run->answer[i].fact;

		if ((f->evidence == NULL || f->evidence->fact.address == 0 || of->address == f->evidence->fact.address) &&
		    fact_text(of, field, places[place].per, out, cap))
			return;
	}
	for (size_t i = 0; places[place].also == RUN && i < f->run->n; i++)
		if (fact_text(&f->run->line[i].fact, field, places[place].per, out, cap))
			return;
	snprintf(out, cap, "%s", places[place].otherwise);
}

static bool place_of(struct sv name, size_t *ret)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (sv_eq(name, sv_of(places[i].name))) {
			*ret = i;
			return true;
		}
	return false;
}

const char *doctor_fill(const struct doctor_finding *f, const char *text, char out[DOCTOR_TEXT_MAX])
{
	size_t n = 0, place;

	while (*text && n + 1 < DOCTOR_TEXT_MAX) {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;

		if (end && place_of((struct sv){text + 1, (size_t)(end - text - 1)}, &place)) {
			value_of(f, place, out + n, DOCTOR_TEXT_MAX - n);
			n += strlen(out + n);
			text = end + 1;
		} else {
			out[n++] = *text++;
		}
	}
	out[n] = '\0';
	return out;
}
