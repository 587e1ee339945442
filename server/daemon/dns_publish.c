#include "server/daemon/dns_publish.h"

#include <ldns/ldns.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/sv.h"
#include "server/site/names.h"

enum { AGAIN_S = 30, ANSWER_S = 5, FUDGE_S = 300 };

struct dns_record {
	char name[sizeof((struct site_name *)0)->name];
	const char *type;	       /* "A", "AAAA", "SRV" */
	char data[SITE_NAME_MAX + 32]; /* an address, or "0 0 5061 fe01.contoso.test." */
};

/* ---- what is published ----------------------------------------------------------------------------------------------- */

/* How many.  A front end publishes what is its own: a service leads to it, not to the pool that it is one of. */
static unsigned records(const struct site *s, struct dns_record ret[SITE_NAMES])
{
	struct site_name all[SITE_NAMES];
	unsigned names = site_names(s, false, SITE_PUBLISHED, all), n = 0;

	for (unsigned i = 0; i < names; i++) {
		struct dns_record *r = &ret[n];

		if (all[i].target) {
			r->type = "SRV";
			snprintf(r->data, sizeof r->data, "0 0 %u %s.", all[i].port, s->fqdn);
		} else if (sv_within(sv_of(all[i].name), sv_of(s->dns.zone))) {
			r->type = strchr(s->dns.address, ':') ? "AAAA" : "A";
			snprintf(r->data, sizeof r->data, "%s", s->dns.address);
		} else {
			continue;
		}
		memcpy(r->name, all[i].name, sizeof r->name);
		n++;
	}
	return n;
}

/* ---- the key ----------------------------------------------------------------------------------------------------------- */

bool dns_key_read(const struct site *s, char key[DNS_KEY_MAX], struct why *why)
{
	struct buf text = {0};
	struct sv word;
	bool ok;
	int rc;

	key[0] = '\0';
	if (s->dns.key_name[0] == '\0')
		return true;
	rc = file_read(s->dns.key_file, DNS_KEY_MAX, &text);
	word = sv_trim(buf_view(&text));
	ok = rc == 0 && word.n > 0 && sv_copy(key, DNS_KEY_MAX, word);
	if (rc < 0)
		why_set(why, "dns.key_file '%.200s': %s", s->dns.key_file, strerror(-rc));
	else if (!ok)
		why_set(why, "dns.key_file '%.200s' holds no secret: one line of base64 is wanted", s->dns.key_file);
	buf_wipe(&text);
	return ok;
}

/* ---- one update (RFC 2136 2.5) ------------------------------------------------------------------------------------------ */

static bool dns_publish_push(ldns_rr_list *to, ldns_rr *rr)
{
	if (rr && ldns_rr_list_push_rr(to, rr))
		return true;
	ldns_rr_free(rr);
	return false;
}

/* 2.5.2: delete an RRset: class ANY, TTL 0, no data. */
static bool emptied(ldns_rr_list *to, const struct dns_record *r)
{
	ldns_rr *rr = ldns_rr_new();
	ldns_rdf *owner = ldns_dname_new_frm_str(r->name);

	if (rr == NULL || owner == NULL) {
		ldns_rr_free(rr);
		ldns_rdf_deep_free(owner);
		return false;
	}
	ldns_rr_set_owner(rr, owner);
	ldns_rr_set_type(rr, ldns_get_rr_type_by_name(r->type));
	ldns_rr_set_class(rr, LDNS_RR_CLASS_ANY);
	ldns_rr_set_ttl(rr, 0);
	return dns_publish_push(to, rr);
}

static bool added(ldns_rr_list *to, const struct dns_record *r, unsigned ttl)
{
	char line[2 * SITE_NAME_MAX + 128];
	ldns_rr *rr = NULL;

	snprintf(line, sizeof line, "%.255s. %u IN %s %.290s", r->name, ttl, r->type, r->data);
	return ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL) == LDNS_STATUS_OK && dns_publish_push(to, rr);
}

static ldns_pkt *dns_publish_question(const struct site *s)
{
	struct dns_record record[SITE_NAMES];
	unsigned n = records(s, record);
	ldns_rr_list *up = ldns_rr_list_new();
	ldns_rdf *zone = ldns_dname_new_frm_str(s->dns.zone);
	ldns_pkt *q = NULL;
	bool ok = up && zone;

	for (unsigned i = 0; ok && i < n; i++)
		ok = emptied(up, &record[i]) && added(up, &record[i], s->dns.ttl);
	if (ok)
		q = ldns_update_pkt_new(zone, LDNS_RR_CLASS_IN, NULL, up, NULL);
	if (q)
		ldns_pkt_set_random_id(q);
	else
		ldns_rdf_deep_free(zone);
	ldns_rr_list_deep_free(up);
	return q;
}

static ldns_resolver *resolver(const struct site *s, const char *key, const char *algorithm)
{
	ldns_resolver *r = ldns_resolver_new();
	ldns_rdf *at = ldns_rdf_new_frm_str(strchr(s->dns.server, ':') ? LDNS_RDF_TYPE_AAAA : LDNS_RDF_TYPE_A, s->dns.server);
	struct timeval wait = {ANSWER_S, 0};

	if (r == NULL || at == NULL || ldns_resolver_push_nameserver(r, at) != LDNS_STATUS_OK) {
		ldns_rdf_deep_free(at);
		ldns_resolver_deep_free(r);
		return NULL;
	}
	ldns_rdf_deep_free(at);
	ldns_resolver_set_port(r, s->dns.port ? s->dns.port : 53);
	ldns_resolver_set_usevc(r, true); /* one answer for sure, whatever its size */
	ldns_resolver_set_timeout(r, wait);
	ldns_resolver_set_retry(r, 1);
	if (key[0]) {
		ldns_resolver_set_tsig_keyname(r, s->dns.key_name);
		ldns_resolver_set_tsig_keydata(r, key);
		ldns_resolver_set_tsig_algorithm(r, algorithm);
	}
	return r;
}

static bool dns_publish_checked(const struct site *s, ldns_status status, const ldns_pkt *answer, struct why *why)
{
	if (status != LDNS_STATUS_OK)
		return why_not(why, "%s refuses the update of %s: %s", s->dns.server, s->dns.zone,
			       ldns_get_errorstr_by_id(status));
	if (answer == NULL || ldns_pkt_get_rcode(answer) != LDNS_RCODE_NOERROR) {
		char *code = answer ? ldns_pkt_rcode2str(ldns_pkt_get_rcode(answer)) : NULL;

		why_set(why, "%s refuses the update of %s: %s", s->dns.server, s->dns.zone, code ? code : "no answer");
		free(code);
		return false;
	}
	return true;
}

/* One update: each name and type is emptied and set, in one transaction. Blocks, at most some seconds. false: *why. */
static bool publish(const struct site *s, const char *key, struct why *why)
{
	char algorithm[40];
	ldns_pkt *q = dns_publish_question(s), *answer = NULL;
	ldns_resolver *r;
	ldns_status status = LDNS_STATUS_OK;
	bool ok;

	snprintf(algorithm, sizeof algorithm, "%s.", s->dns.key_algorithm[0] ? s->dns.key_algorithm : "hmac-sha256");
	r = resolver(s, key, algorithm);
	if (q == NULL || r == NULL) {
		why_set(why, "the update of %s cannot be made: is dns.address an address?", s->dns.zone);
		ldns_pkt_free(q);
		ldns_resolver_deep_free(r);
		return false;
	}
	if (key[0])
		status = ldns_pkt_tsig_sign(q, s->dns.key_name, key, FUDGE_S, algorithm, NULL);
	if (status == LDNS_STATUS_OK)
		status = ldns_resolver_send_pkt(&answer, r, q);
	ok = dns_publish_checked(s, status, answer, why);
	ldns_pkt_free(answer);
	ldns_pkt_free(q);
	ldns_resolver_deep_free(r);
	return ok;
}

/* ---- the process ---------------------------------------------------------------------------------------------------------- */

int dns_publish_main(const struct site *s, const char *key, int ready_fd)
{
	struct why why = {0};

	if (ready_fd >= 0 && write(ready_fd, "+", 1) != 1)
		log_line(LOG_WARN, "dns", "cannot report that it is ready");
	for (;;) { /* SIGTERM ends it: nothing here is half-done, the name server takes an update whole or not at all */
		bool ok = publish(s, key, &why);

		if (ok)
			log_line(LOG_INFO, "dns", "%s holds the records of %s", s->dns.server, s->fqdn);
		else
			log_line(LOG_WARN, "dns", "%s; again in %d s", why.text, AGAIN_S);
		sleep(ok ? s->dns.refresh : AGAIN_S);
	}
}
