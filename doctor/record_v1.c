#include "doctor/record_v1.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "base/sv.h"

/* clang-format off */
static const struct {
	const char *sentence; /* a part of it that no other has */
	enum dt_sign sign;
	uint8_t option;
} sentences[] = {
	{"no neighbour speaks LLDP",                     DT_SIGN_LLDP_SILENT,        0},
	{"tells no usable voice policy",                 DT_SIGN_LLDP_NO_POLICY,     0},
	{"LLDP-MED came late",                           DT_SIGN_LLDP_LATE,          0},
	{"LLDP-MED came too late",                       DT_SIGN_LLDP_TOO_LATE,      0},
	{"the switch changed its policy",                DT_SIGN_LLDP_CHANGED,       0},
	{"a second neighbour tells another VLAN",        DT_SIGN_LLDP_CONFLICT,      0},
	{"VLAN 4095, which is reserved",                 DT_SIGN_VLAN_RESERVED,      0},
	{"without option 43 sub-option 10",              DT_SIGN_VLAN_OPTION_ABSENT, 43},
	{"option 43 sub-option 10 holds no VLAN",        DT_SIGN_VLAN_OPTION_RANGE,  43},
	{"sub-option 10 is not two octets",              DT_SIGN_VLAN_OPTION_FORM,   43},
	{"LLDP-MED another: LLDP-MED counts",            DT_SIGN_VLAN_CONFLICT,      0},
	{"no OFFER to any DISCOVER",                     DT_SIGN_OFFER_NONE,         0},
	{"the OFFER took ",                              DT_SIGN_OFFER_SLOW,         0},
	{"but the REQUEST was not answered",             DT_SIGN_REQUEST_SILENT,     0},
	{"is none a phone can have",                     DT_SIGN_LEASE_ADDRESS,      0},
	{"option 1, the subnet mask, is missing",        DT_SIGN_LEASE_MASK,         1},
	{"option 6, the resolvers, is missing",          DT_SIGN_RESOLVER_ABSENT,    6},
	{"option 15, the domain, is missing",            DT_SIGN_DOMAIN_ABSENT,      15},
	{"option 3, the router, is missing",             DT_SIGN_ROUTER_ABSENT,      3},
	{"option 3, the router, lies outside",           DT_SIGN_ROUTER_OUTSIDE,     3},
	{"clock differs",                                DT_SIGN_CLOCK_DIFFERS,      0},
	{"but has no such record",                       DT_SIGN_DNS_NO_RECORD,      0},
	{"lies outside the SIP domain",                  DT_SIGN_SRV_OTHER_DOMAIN,   0},
	{"this phone trusts no update key",              DT_SIGN_UPDATE_KEY_NONE,    0},
	{"the image ended early",                        DT_SIGN_IMAGE_SHORT,        0},
	{"of another version than the one that was",     DT_SIGN_IMAGE_VERSION,      0},
	{"an answer without options 43 and 120",         DT_SIGN_OPTIONS_ABSENT,     0},
	{"option 43 is missing",                         DT_SIGN_OPTION43_ABSENT,    43},
	{"option 120 holds an address",                  DT_SIGN_OPTION120_ADDRESS,  120},
	{"option 120: ",                                 DT_SIGN_OPTION120_BAD,      120},
	{"a second DHCP server answers",                 DT_SIGN_DHCP_SECOND,        0},
	{"hexadecimal digits typed as text",             DT_SIGN_UC_HEX_TYPED,       43},
	{"it is plain text: each sub-option",            DT_SIGN_UC_TEXT_TYPED,      43},
	{"runs past the end of option 43",               DT_SIGN_UC_OVERRUN,         43},
	{"sub-option 1 is missing",                      DT_SIGN_UC_CLASS_ABSENT,    43},
	{"sub-option 1 is not MS-UC-Client",             DT_SIGN_UC_CLASS_OTHER,     43},
	{"sub-option 2 is neither",                      DT_SIGN_UC_SCHEME_BAD,      43},
	{"no scheme (sub-option 2)",                     DT_SIGN_UC_SCHEME_ABSENT,   43},
	{"sub-option 3 holds a URL",                     DT_SIGN_UC_HOST_URL,        43},
	{"sub-option 3 holds a port",                    DT_SIGN_UC_HOST_PORT,       43},
	{"sub-option 3 is missing or not",               DT_SIGN_UC_HOST_BAD,        43},
	{"a dot at the end of the host name",            DT_SIGN_UC_HOST_DOT,        43},
	{"sub-option 4 is not a port number",            DT_SIGN_UC_PORT_BAD,        43},
	{"the port (sub-option 4) is a number",          DT_SIGN_UC_PORT_BINARY,     43},
	{"sub-option 5 holds a whole URL",               DT_SIGN_UC_PATH_URL,        43},
	{"sub-option 5 is not the path",                 DT_SIGN_UC_PATH_BAD,        43},
	{"sub-option 5 is too long",                     DT_SIGN_UC_PATH_LONG,       43},
	{"no path (sub-option 5)",                       DT_SIGN_UC_PATH_ABSENT,     43},
	{"has no leading slash",                         DT_SIGN_UC_PATH_SLASH,      43},
	{"zeros or blanks at the end of a value",        DT_SIGN_UC_VALUE_PADDED,    43},
	{"option 43's parts do not make a URL",          DT_SIGN_UC_URL_LONG,        43},
	{"the certificate does not name ",               DT_SIGN_CERT_OTHER_NAME,    0},
};
/* clang-format on */

static bool holds(const char *text, const char *part)
{
	return text && strstr(text, part);
}

static void read_sentences(struct dt_record *rec)
{
	for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++) {
		if (!holds(rec->why, sentences[i].sentence) && !holds(rec->warn, sentences[i].sentence))
			continue;
		dt_signs_add(rec->sign, sentences[i].sign);
		if (rec->fact.option == 0)
			rec->fact.option = sentences[i].option;
	}
}

/* The number behind `before` in `text`, or 0. */
static unsigned number_behind(const char *text, const char *before)
{
	const char *at = text ? strstr(text, before) : NULL;

	return at ? (unsigned)strtoul(at + strlen(before), NULL, 10) : 0;
}

/* "10.66.0.1:5061", or "10.66.0.1" */
static void read_peer(struct dt_record *rec)
{
	struct sv rest = sv_of(rec->peer), host = sv_cut(&rest, ':');
	uint64_t port = 0;

	if (rec->peer == NULL || !ip_read(host, &rec->fact.address))
		return;
	if (rest.p && sv_u64(rest, 65535, &port))
		rec->fact.port = (uint16_t)port;
}

static const char *record_v1_behind_service(const char *name)
{
	for (int i = 0; i < 2 && name; i++) {
		name = strchr(name, '.');
		name += name != NULL;
	}
	return name;
}

static void url_host(struct dt_record *rec, const char *text, struct record_v1 *store)
{
	const char *at = text ? strstr(text, "://") : NULL;

	if (at && rec->fact.host == NULL && sv_copy(store->host, sizeof store->host, (struct sv){at + 3, strcspn(at + 3, ":/ ,;)")}))
		rec->fact.host = store->host;
}

static void read_what(struct dt_record *rec, struct record_v1 *store)
{
	static const char registrar[] = "registrar ";
	const char *what = rec->what ? rec->what : "";

	if (strncmp(what, "srv ", 4) == 0) {
		rec->fact.host = what + 4;
		rec->fact.domain = record_v1_behind_service(what + 4);
	} else if (strncmp(what, "a ", 2) == 0) {
		rec->fact.host = what + 2;
	}
	for (int c = DT_CAND_NONE + 1; c < DT_CAND_COUNT && strncmp(what, registrar, sizeof registrar - 1) == 0; c++)
		if (strncmp(what + sizeof registrar - 1, dt_candidates[c].name, strlen(dt_candidates[c].name)) == 0)
			rec->fact.candidate = c;
	url_host(rec, what, store);
	url_host(rec, rec->found, store);
}

/* "the server says 28020: reason", "403 Forbidden: 4003 reason", "403 Forbidden" */
static void record_v1_read_answer(struct dt_record *rec, struct record_v1 *store)
{
	static const char prefix[] = "the server says ";
	const char *why = rec->why ? rec->why : "", *reason = strstr(why, ": ");
	unsigned status = (unsigned)strtoul(why, NULL, 10);

	rec->fact.http = (uint16_t)number_behind(why, "HTTP ");
	if (strncmp(why, prefix, sizeof prefix - 1) == 0) {
		rec->fact.diag = number_behind(why, prefix);
	} else if (status >= 100 && status < 700 && why[3] == ' ') {
		rec->fact.sip = (uint16_t)status;
		rec->fact.diag = reason ? (unsigned)strtoul(reason + 2, NULL, 10) : 0;
		reason = reason ? strchr(reason + 2, ' ') : why + 3;
	} else {
		return;
	}
	if (reason) {
		snprintf(store->said, sizeof store->said, "%s", reason + strspn(reason, ": "));
		rec->fact.said = store->said;
	}
}

void record_v1_facts(struct dt_record *rec, struct record_v1 *store)
{
	*store = (struct record_v1){.host = ""};
	if (rec->kind != DT_REC_ATTEMPT)
		return;
	read_sentences(rec);
	read_peer(rec);
	read_what(rec, store);
	record_v1_read_answer(rec, store);
	rec->fact.vlan = (uint16_t)number_behind(rec->why, "on VLAN ");
}
