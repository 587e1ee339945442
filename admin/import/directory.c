#include "admin/import/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "store/seen.h"

#define PAGE 500      /* entries an answer: Active Directory gives 1,000 at most (MaxPageSize) */
#define MOST 1000000  /* entries in all */
#define SECONDS 20    /* for each answer */
#define VALUE_MOST 1024

const char *const directory_fields[DIRECTORY_FIELDS] = {"address", "login", "line", "display", "enabled"};
const char *const directory_usual[DIRECTORY_FIELDS] = {"msRTCSIP-PrimaryUserAddress", "sAMAccountName", "msRTCSIP-Line", "displayName",
						       "userAccountControl"};
/* The heads that user_rows.c knows, in this order. */
static const char head[] = "SipAddress,SamAccountName,LineURI,DisplayName,Enabled\n";

struct reading {
	const struct directory *d;
	LDAP *ldap;
	FILE *csv;
	struct store_seen *seen;
	unsigned entries;
	struct why *why;
};

static bool failed(struct reading *r, const char *what, int code)
{
	char *more = NULL;

	if (r->ldap)
		ldap_get_option(r->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, (void *)&more);
	why_set(r->why, "%s: %s: %s%s%s", r->d->uri, what, ldap_err2string(code), more && more[0] ? ": " : "", more ? more : "");
	ldap_memfree(more);
	return false;
}

/* ---- the connection ------------------------------------------------------------------------------------------------ */

static bool is_secret(const struct directory *d)
{
	return d->start_tls || strncasecmp(d->uri, "ldaps://", 8) == 0 || strncasecmp(d->uri, "ldapi://", 8) == 0 ||
	       strncasecmp(d->uri, "ldap://127.0.0.1", 16) == 0 || strncasecmp(d->uri, "ldap://localhost", 16) == 0;
}

static int options_set(struct reading *r)
{
	const struct timeval patience = {.tv_sec = SECONDS};
	int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, none = 0, rc;

	rc = ldap_set_option(r->ldap, LDAP_OPT_PROTOCOL_VERSION, &version);
	rc = rc ? rc : ldap_set_option(r->ldap, LDAP_OPT_NETWORK_TIMEOUT, &patience);
	rc = rc ? rc : ldap_set_option(r->ldap, LDAP_OPT_TIMEOUT, &patience);
	rc = rc ? rc : ldap_set_option(r->ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF); /* to other servers, with our password */
	rc = rc ? rc : ldap_set_option(r->ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
	if (rc == 0 && r->d->ca)
		rc = ldap_set_option(r->ldap, LDAP_OPT_X_TLS_CACERTFILE, r->d->ca);
	return rc ? rc : ldap_set_option(r->ldap, LDAP_OPT_X_TLS_NEWCTX, &none);
}

static bool connect_to(struct reading *r)
{
	struct berval password = {.bv_val = (char *)r->d->password.p, .bv_len = r->d->password.n};
	int rc = ldap_initialize(&r->ldap, r->d->uri);

	if (rc)
		return failed(r, "type it as ldaps://dc1.contoso.test", rc);
	if (r->d->password.n && !is_secret(r->d))
		return why_not(r->why, "%s: the password would be sent in the clear: take ldaps://, or --start-tls", r->d->uri);
	if ((rc = options_set(r)) != 0)
		return failed(r, "its options", rc);
	if (r->d->start_tls && (rc = ldap_start_tls_s(r->ldap, NULL, NULL)) != 0)
		return failed(r, "TLS", rc);
	if (r->d->bind && (rc = ldap_sasl_bind_s(r->ldap, r->d->bind, LDAP_SASL_SIMPLE, &password, NULL, NULL, NULL)) != 0)
		return failed(r, r->d->bind, rc);
	return true;
}

/* ---- entries as lines ------------------------------------------------------------------------------------------------ */

static const char *attribute_of(const struct directory *d, unsigned field)
{
	return d->attribute[field] ? d->attribute[field] : directory_usual[field];
}

/* Of several values the SIP address among them, as in proxyAddresses; else the first. */
static struct sv value_of(struct berval **all)
{
	struct sv ret = {0};

	for (int i = 0; all && all[i]; i++) {
		struct sv v = {all[i]->bv_val, all[i]->bv_len};

		if (i == 0 || sv_istarts(v, SV("sip:")))
			ret = v;
	}
	return ret;
}

/* userAccountControl: bit 2 is ACCOUNTDISABLE ([MS-ADTS] 2.2.16). Another attribute has a word. */
static struct sv enabled_of(const char *attribute, struct sv value)
{
	uint64_t bits;

	if (value.n == 0)
		return SV("TRUE");
	if (strcasecmp(attribute, "userAccountControl") == 0 && sv_u64(value, UINT32_MAX, &bits))
		return bits & 2 ? SV("FALSE") : SV("TRUE");
	return value;
}

static void field_write(FILE *to, struct sv v, bool last)
{
	fputc('"', to);
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '"')
			fputc('"', to);
		fputc(v.p[i], to);
	}
	fputs(last ? "\"\n" : "\",", to);
}

static bool entry_write(struct reading *r, LDAPMessage *entry)
{
	char address[VALUE_MOST];
	unsigned before;
	bool ok = true;

	for (unsigned f = 0; ok && f < DIRECTORY_FIELDS; f++) {
		const char *attribute = attribute_of(r->d, f);
		struct berval **all = ldap_get_values_len(r->ldap, entry, attribute);
		struct sv v = sv_trim(value_of(all));

		ok = (v.n < VALUE_MOST && (v.n == 0 || memchr(v.p, 0, v.n) == NULL)) ||
		     why_not(r->why, "%s: entry %u: %s is longer than %d octets, or is no text", r->d->uri, r->entries + 1, attribute, VALUE_MOST - 1);
		if (ok && f == DIRECTORY_ADDRESS) {
			v = sv_istarts(v, SV("sip:")) ? sv_from(v, 4) : v;
			sv_copy(address, sizeof address, v);
			ok = store_seen_add(r->seen, ascii_lower_all(address), r->entries + 1, &before, r->why);
		}
		if (ok)
			field_write(r->csv, f == DIRECTORY_ENABLED ? enabled_of(attribute, v) : v, f + 1 == DIRECTORY_FIELDS);
		ldap_value_free_len(all);
	}
	r->entries += ok;
	return ok;
}

/* One page, and the cookie of the next; cookie->bv_val NULL or "": it was the last. */
static bool page_read(struct reading *r, struct berval *cookie)
{
	char *wanted[DIRECTORY_FIELDS + 1] = {NULL};
	LDAPControl *page = NULL, *ask[2] = {NULL}, **got = NULL, *found;
	LDAPMessage *answer = NULL;
	int rc, code = 0;
	bool ok;

	for (unsigned f = 0; f < DIRECTORY_FIELDS; f++)
		wanted[f] = (char *)attribute_of(r->d, f);
	rc = ldap_create_page_control(r->ldap, PAGE, cookie, 1, &page);
	ask[0] = page;
	if (rc == 0)
		rc = ldap_search_ext_s(r->ldap, r->d->base, LDAP_SCOPE_SUBTREE, r->d->filter ? r->d->filter : DIRECTORY_FILTER, wanted, 0, ask, NULL, NULL,
				       LDAP_NO_LIMIT, &answer);
	ldap_control_free(page);
	ok = rc == 0 || failed(r, r->d->base, rc);
	for (LDAPMessage *e = ok ? ldap_first_entry(r->ldap, answer) : NULL; ok && e; e = ldap_next_entry(r->ldap, e))
		ok = r->entries < MOST ? entry_write(r, e) : why_not(r->why, "%s: there are more than %d entries", r->d->uri, MOST);
	ber_memfree(cookie->bv_val);
	*cookie = (struct berval){0};
	if (ok && ldap_parse_result(r->ldap, answer, &code, NULL, NULL, NULL, &got, 0) == 0) {
		found = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, got, NULL);
		if (found)
			ldap_parse_pageresponse_control(r->ldap, found, NULL, cookie);
		ldap_controls_free(got);
	}
	ldap_msgfree(answer);
	return ok;
}

static bool directory_read(struct reading *r)
{
	struct berval cookie = {0};
	bool ok = connect_to(r);

	fputs(head, r->csv);
	if (ok)
		do
			ok = page_read(r, &cookie);
		while (ok && cookie.bv_len);
	ber_memfree(cookie.bv_val);
	if (r->ldap)
		ldap_unbind_ext_s(r->ldap, NULL, NULL);
	return ok && ((fflush(r->csv) == 0 && !ferror(r->csv)) || why_not(r->why, "out of memory"));
}

/* ---- who is not in it ------------------------------------------------------------------------------------------------ */

struct leaving {
	struct admin *a;
	struct reading *r;
	bool dry;
	unsigned *gone;
	enum admin_result result;
	struct why *why;
};

static bool leave(void *arg, const struct store_user *there)
{
	struct leaving *l = arg;
	struct store_user u = *there;
	unsigned before, phones;

	if (!u.enabled || u.common_area || u.login[0] == '\0' || u.home_pool[0])
		return true;
	if (!store_seen_add(l->r->seen, u.aor, MOST + 1, &before, l->why)) {
		l->result = ADMIN_FAILED;
		return false;
	}
	if (before)
		return true;
	(*l->gone)++;
	if (!l->dry)
		l->result = users_enable(l->a, &u, false, &phones, l->why);
	return l->result == ADMIN_OK || l->result == ADMIN_UNCHANGED;
}

static enum admin_result others_leave(struct admin *a, struct reading *r, bool dry, unsigned *gone, struct why *why)
{
	struct leaving l = {.a = a, .r = r, .dry = dry, .gone = gone, .why = why};
	enum admin_result rc;

	if (r->entries == 0)
		return admin_no(ADMIN_REFUSED, why, "%s: no entry was found, so nobody is disabled: look at --base and --filter", r->d->uri);
	rc = users_each(a, NULL, leave, &l, why);
	return rc == ADMIN_OK && l.result != ADMIN_UNCHANGED ? l.result : rc;
}

enum admin_result directory_sync(struct admin *a, const struct directory *d, struct user_import *how, bool missing, unsigned *gone, struct why *why)
{
	int fd = memfd_create("directory", MFD_CLOEXEC);
	int csv = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	struct reading r = {.d = d, .csv = csv < 0 ? NULL : fdopen(csv, "w"), .seen = store_seen_new(why), .why = why};
	enum admin_result rc = ADMIN_FAILED;

	*gone = 0;
	how->update = true;
	if (r.csv == NULL || r.seen == NULL)
		admin_no(rc, why, "out of memory");
	else
		rc = directory_read(&r) ? users_import(a, fd, how, why) : ADMIN_AWAY;
	if (rc == ADMIN_OK && missing)
		rc = others_leave(a, &r, how->dry, gone, why);
	store_seen_free(r.seen);
	if (r.csv)
		fclose(r.csv);
	else if (csv >= 0)
		close(csv);
	if (fd >= 0)
		close(fd);
	return rc;
}
