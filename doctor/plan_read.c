/* doctor/plan_read.c: the files of a plan. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "base/text.h"
#include "doctor/plan.h"
#include "pki/cert.h"

void doctor_plan_free(struct doctor_plan *p)
{
	buf_free(&p->chain);
	buf_free(&p->roots);
	buf_free(&p->option43);
	buf_free(&p->option120);
}

bool doctor_plan_chain(struct doctor_plan *p, struct sv pem, struct sv trusted, struct why *why)
{
	struct pki_cert_info *info = calloc(1, sizeof *info);
	struct buf der = {0};
	unsigned n = 0;

	for (; info && pki_pem_cert(pem, n, &der); n++) {
		if (pki_cert_info(der.p, der.n, info) == NULL && n > 0 && info->self_signed) {
			pki_pem_add(&p->roots, "CERTIFICATE", der.p, der.n);
			p->strong_root |= info->rsa && info->bits >= 4096 && !sv_istarts(sv_of(info->signature), SV("sha1"));
		}
		buf_clear(&der);
	}
	buf_free(&der);
	free(info);
	buf_sv(&p->chain, pem);
	buf_sv(&p->roots, trusted);
	p->has_chain = n > 0;
	return p->has_chain || why_not(why, "there is no certificate in it (PEM is wanted, the server's own first)");
}

/* ---- the zone ---------------------------------------------------------------------------------------------------- */

static struct sv word_next(struct sv *line)
{
	struct sv w;

	*line = sv_trim(*line);
	w = *line;
	for (w.n = 0; w.n < line->n && line->p[w.n] != ' ' && line->p[w.n] != '\t';)
		w.n++;
	*line = sv_trim(sv_from(*line, w.n));
	return w;
}

/* RFC 1035 5.1: "Domain names that end in a dot are called absolute ... relative ones are concatenated with an origin" */
static void absolute(const struct doctor_plan *p, struct sv name, char ret[DT_NAME_MAX])
{
	if (sv_eq(name, SV("@")))
		text_set(ret, DT_NAME_MAX, "%s", p->origin);
	else if (sv_ends(name, SV(".")))
		text_set(ret, DT_NAME_MAX, "%.*s", (int)name.n - 1, name.p);
	else
		text_set(ret, DT_NAME_MAX, "%.*s%s%s", SV_ARG(name), p->origin[0] ? "." : "", p->origin);
}

static bool is_number(struct sv s)
{
	uint64_t n;

	return sv_u64(s, UINT32_MAX, &n);
}

/* dnsmasq(8): host-record=NAME[,NAME...],ADDRESS; address=/NAME/ADDRESS; srv-host=NAME,TARGET,PORT,PRIORITY,WEIGHT; local=/DOMAIN/ */
static void zone_dnsmasq(struct doctor_plan *p, struct sv key, struct sv values)
{
	struct plan_record *r = &p->record[p->records];
	bool slash = sv_starts(values, SV("/"));
	struct sv rest = slash ? sv_from(values, 1) : values, name = sv_cut(&rest, slash ? '/' : ','), part;
	uint64_t port = 0;

	*r = (struct plan_record){.srv = sv_eq(key, SV("srv-host"))};
	if (sv_eq(key, SV("local")) || sv_eq(key, SV("domain"))) {
		text_set(p->origin, sizeof p->origin, "%.*s", SV_ARG(name));
		return;
	}
	text_set(r->name, sizeof r->name, "%.*s", SV_ARG(name));
	if (r->srv) {
		part = sv_cut(&rest, ',');
		text_set(r->target, sizeof r->target, "%.*s", SV_ARG(part));
		p->records += sv_u64(sv_cut(&rest, ','), 65535, &port);
		r->port = (uint16_t)port;
		return;
	}
	while (rest.p) {
		part = sv_cut(&rest, slash ? '/' : ',');
		if (ip_read(part, &r->address)) {
			p->records++;
			return;
		}
	}
}

static bool is_dnsmasq(struct sv line, struct sv *key, struct sv *values)
{
	static const char *const keys[] = {"host-record", "address", "srv-host", "local", "domain"};

	*values = line;
	*key = sv_cut(values, '=');
	for (size_t i = 0; values->p && i < sizeof keys / sizeof *keys; i++)
		if (sv_eq(*key, sv_of(keys[i])))
			return true;
	return false;
}

/* false: it is a record of ours, and damaged. */
static bool zone_line(struct doctor_plan *p, struct sv line, bool same_owner)
{
	struct plan_record *r = &p->record[p->records];
	struct sv name = same_owner ? (struct sv){0} : word_next(&line), w = word_next(&line);
	uint64_t port = 0;

	if (sv_ieq(name, SV("$ORIGIN"))) {
		absolute(p, w, p->origin);
		return true;
	}
	while (w.n && (is_number(w) || sv_ieq(w, SV("IN")))) /* TTL and class */
		w = word_next(&line);
	if (!same_owner)
		absolute(p, name, p->owner);
	if (!sv_ieq(w, SV("A")) && !sv_ieq(w, SV("SRV")))
		return true;
	*r = (struct plan_record){.srv = sv_ieq(w, SV("SRV"))};
	text_set(r->name, sizeof r->name, "%s", p->owner);
	if (!r->srv) {
		p->records++;
		return ip_read(word_next(&line), &r->address);
	}
	word_next(&line);
	word_next(&line);
	if (!sv_u64(word_next(&line), 65535, &port) || line.n == 0)
		return false;
	r->port = (uint16_t)port;
	absolute(p, word_next(&line), r->target);
	p->records++;
	return true;
}

bool doctor_plan_zone(struct doctor_plan *p, struct sv text, struct why *why)
{
	for (unsigned n = 1; text.p; n++) {
		struct sv line = sv_cut(&text, '\n'), key, values;
		bool same_owner = sv_starts(line, SV(" ")) || sv_starts(line, SV("\t")); /* "the owner is assumed to be the same" */

		line = sv_trim(sv_cut(&line, ';'));
		if (p->records == PLAN_RECORDS)
			return why_not(why, "line %u: it has more than %d records", n, PLAN_RECORDS);
		if (is_dnsmasq(line, &key, &values)) {
			zone_dnsmasq(p, key, values);
			continue;
		}
		if (line.n && !zone_line(p, line, same_owner))
			return why_not(why, "line %u: '%.*s' is no A or SRV record", n, (int)(line.n < 60 ? line.n : 60), line.p);
	}
	p->has_zone = p->records > 0;
	return p->has_zone || why_not(why, "there is no A or SRV record in it; dialtone netconfig zone prints a zone");
}
