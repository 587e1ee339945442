/* tests/meet/test_doctor.c: what the doctor makes of real records: the phone breaks off, or meets something odd, and the cause
 * that the doctor names is the one that was put there (the faults_*.c).  Each row of doctor/causes.c is met
 * by one of these phones, or stands below with the reason why it is not.
 */
#include "tests/support/check.h"

#include "doctor/diagnose.h"
#include "doctor/questions.h"
#include "tests/meet/faults.h"

#define IN_LAB "no server of this world answers so; tests/lab/doctor_faults puts it into a real network"

/* Rows that no phone of this test meets. */
static const struct {
	const char *id;
	enum dt_stage stage;
	enum dt_failure failure;
	enum doctor_sees sees;
	unsigned value;
	const char *why;
	enum doctor_sees also;
} elsewhere[] = {
    {"V-02", DT_STAGE_VLAN, DT_F_VLAN_NONE, SEES_RUN_SIGN, DT_SIGN_LLDP_POLICY_BAD, "its frame is in tests/unit/phone/test_phone_vlan.c"},
    {"V-02", DT_STAGE_VLAN, DT_F_VLAN_NONE, SEES_RUN_SIGN, DT_SIGN_LLDP_MALFORMED, "likewise"},
    {"I-04", DT_STAGE_ADDRESS, DT_F_OK, SEES_SIGN, DT_SIGN_OPTION_TWICE, IN_LAB},
    {"I-06", DT_STAGE_NONE, DT_F_ADDRESS_TAKEN, SEES_NOTHING, 0, "it takes a second machine for ten seconds: tests/unit/phone/test_phone_lease.c"},
    {"I-06", DT_STAGE_NONE, DT_F_OK, SEES_SIGN, DT_SIGN_ADDRESS_DEFENDED, "likewise"},
    {"C-04", DT_STAGE_NONE, DT_F_OK, SEES_SIGN, DT_SIGN_WEB_TIME_ODD, IN_LAB},
    {"C-04", DT_STAGE_NONE, DT_F_OK, SEES_SIGN, DT_SIGN_CLOCK_DIFFERS, IN_LAB},
    {"D-05", DT_STAGE_UPDATE, DT_F_HTTP_STATUS, SEES_SIGN, DT_SIGN_CERT_OTHER_NAME, IN_LAB},
    {"D-05", DT_STAGE_UPDATE, DT_F_UPDATE_ANSWER, SEES_SIGN, DT_SIGN_CERT_OTHER_NAME, IN_LAB},
    {"E-02", DT_STAGE_UPDATE, DT_F_TLS_HANDSHAKE, SEES_SIGN, DT_SIGN_TLS_CLOSED, "tests/lab/pool/test_backup_registrar.py: here a stream closes before or behind a handshake", SEES_OUTSIDE},
    {"E-02", DT_STAGE_AUTH, DT_F_TLS_HANDSHAKE, SEES_SIGN, DT_SIGN_TLS_CLOSED, "likewise", SEES_OUTSIDE},
    {"U-07", DT_STAGE_UPDATE, DT_F_UPDATE_ANSWER, SEES_SIGN, DT_SIGN_ANSWER_PAGE, IN_LAB},
    {"U-07", DT_STAGE_UPDATE, DT_F_HTTP_STATUS, SEES_HTTP_CLASS, 4, IN_LAB},
    {"U-07", DT_STAGE_UPDATE, DT_F_CLOSED, SEES_NOTHING, 0, IN_LAB},
    {"U-07", DT_STAGE_UPDATE, DT_F_HTTP_BAD, SEES_NOTHING, 0, IN_LAB},
    {"L-07", DT_STAGE_DISCOVER, DT_F_UC_BAD, SEES_SIGN, DT_SIGN_OPTIONS_ABSENT, IN_LAB, SEES_RUN_CANDIDATE},
    {"R-13", DT_STAGE_CHAIN, DT_F_TIMEOUT, SEES_TCP_PORT, 80, IN_LAB, SEES_SIGN},
    {"C-17", DT_STAGE_CHAIN, DT_F_CHAIN_BAD, SEES_SIGN, DT_SIGN_ANSWER_PAGE, IN_LAB},
    {"C-01", DT_STAGE_CHAIN, DT_F_HTTP_STATUS, SEES_HTTP, 404, IN_LAB},
    {"C-01", DT_STAGE_CHAIN, DT_F_HTTP_STATUS, SEES_HTTP, 401, IN_LAB},
    {"C-01", DT_STAGE_CHAIN, DT_F_HTTP_STATUS, SEES_HTTP, 407, IN_LAB},
    {"C-01", DT_STAGE_CHAIN, DT_F_HTTP_STATUS, SEES_HTTP_CLASS, 5, IN_LAB},
    {"C-01", DT_STAGE_CHAIN, DT_F_CLOSED, SEES_NOTHING, 0, IN_LAB},
    {"C-01", DT_STAGE_CHAIN, DT_F_SOAP_BAD, SEES_NOTHING, 0, IN_LAB},
    {"C-17", DT_STAGE_NONE, DT_F_TLS_UNTRUSTED, SEES_SIGN, DT_SIGN_SENT_ELSEWHERE, "as with another name in its certificate, which is met"},
    {"C-14", DT_STAGE_NONE, DT_F_TLS_DATE, SEES_SIGN, DT_SIGN_CERT_EXPIRED, IN_LAB},
    {"C-14", DT_STAGE_NONE, DT_F_TLS_DATE, SEES_SIGN, DT_SIGN_CERT_NOT_YET, IN_LAB},
    {"C-15", DT_STAGE_NONE, DT_F_TLS_HANDSHAKE, SEES_ALERT, 116, IN_LAB},
    {"C-02", DT_STAGE_CHAIN, DT_F_CHAIN_DISABLED, SEES_NOTHING, 0, "dialtoned answers 403; a SOAP fault is the product's"},
    {"D-08", DT_STAGE_ADDRESS, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_DNS_SLOW, IN_LAB},
    {"A-03", DT_STAGE_AUTH, DT_F_PIN_REFUSED, SEES_ANSWER, DT_SIGN_STORE_NOBODY, "it takes a site on disk: tests/programs/test_store_look.py"},
    {"A-03", DT_STAGE_AUTH, DT_F_PIN_REFUSED, SEES_ANSWER, DT_SIGN_STORE_DISABLED, "it takes a site on disk: tests/programs/test_store_look.py"},
    {"A-06", DT_STAGE_AUTH, DT_F_PIN_REFUSED, SEES_ANSWER, DT_SIGN_STORE_SHARED, "it takes a site on disk: tests/programs/test_store_look.py"},
    {"A-01", DT_STAGE_AUTH, DT_F_PIN_REFUSED, SEES_ANSWER, DT_SIGN_STORE_PIN_LOCKED, "it takes a site on disk: tests/programs/test_store_look.py"},
    {"A-07", DT_STAGE_AUTH, DT_F_PIN_REFUSED, SEES_ANSWER, DT_SIGN_STORE_PIN_EXPIRED, "it takes a site on disk: tests/programs/test_store_look.py"},
    {"A-02", DT_STAGE_AUTH, DT_F_PIN_REFUSED, SEES_ANSWER, DT_SIGN_STORE_PIN_NONE, "it takes a site on disk: tests/programs/test_store_look.py"},
    {"A-02", DT_STAGE_AUTH, DT_F_PIN_REFUSED, SEES_ANSWER, DT_SIGN_STORE_PIN_GOOD, "it takes a site on disk: tests/programs/test_store_look.py"},
    {"A-03", DT_STAGE_NONE, DT_F_PASSWORD_REFUSED, SEES_ANSWER, DT_SIGN_STORE_NOBODY, "it takes a site on disk: tests/programs/test_store_look.py"},
    {"A-03", DT_STAGE_NONE, DT_F_PASSWORD_REFUSED, SEES_ANSWER, DT_SIGN_STORE_DISABLED, "it takes a site on disk: tests/programs/test_store_look.py"},
    {"L-03", DT_STAGE_NONE, DT_F_CERT_REFUSED, SEES_ANSWER, DT_SIGN_STORE_CERT_NONE, "it takes a site on disk: tests/programs/test_store_look.py"},
    {"I-11", DT_STAGE_ADDRESS, DT_F_DHCP_SILENT, SEES_SIGN, DT_SIGN_REQUEST_SILENT, IN_LAB},
    {"C-04", DT_STAGE_ADDRESS, DT_F_TIMEOUT, SEES_TCP_PORT, 123, IN_LAB},
    {"A-13", DT_STAGE_AUTH, DT_F_PIN_REFUSED, SEES_HTTP, 401, IN_LAB, SEES_DIAG},
    {"A-13", DT_STAGE_AUTH, DT_F_HTTP_STATUS, SEES_HTTP, 403, IN_LAB, SEES_DIAG},
    {"A-13", DT_STAGE_AUTH, DT_F_HTTP_BAD, SEES_HTTP, 401, IN_LAB},
    {"A-09", DT_STAGE_AUTH, DT_F_HTTP_STATUS, SEES_HTTP, 503, IN_LAB},
    {"A-09", DT_STAGE_AUTH, DT_F_HTTP_STATUS, SEES_DIAG, 28001, IN_LAB},
    {"R-10", DT_STAGE_NONE, DT_F_DNS_ERROR, SEES_SHORT_NAME, 0, IN_LAB},
    {"C-13", DT_STAGE_CHAIN, DT_F_CONNECT, SEES_HOST_ANSWER, DT_SIGN_ASKED_FORBIDDEN, IN_LAB, SEES_TCP_PORT},
    {"C-13", DT_STAGE_CHAIN, DT_F_CONNECT, SEES_HOST_ANSWER, DT_SIGN_ASKED_HOST_REFUSES, IN_LAB, SEES_TCP_PORT},
    {"C-01", DT_STAGE_AUTH, DT_F_CONNECT, SEES_HOST_ANSWER, DT_SIGN_ASKED_FORBIDDEN, IN_LAB},
    {"C-01", DT_STAGE_AUTH, DT_F_CONNECT, SEES_HOST_ANSWER, DT_SIGN_ASKED_HOST_REFUSES, IN_LAB},
    {"C-01", DT_STAGE_CHAIN, DT_F_CONNECT, SEES_HOST_ANSWER, DT_SIGN_ASKED_FORBIDDEN, IN_LAB},
    {"C-01", DT_STAGE_CHAIN, DT_F_CONNECT, SEES_HOST_ANSWER, DT_SIGN_ASKED_HOST_REFUSES, IN_LAB},
    {"C-01", DT_STAGE_CHAIN, DT_F_CONNECT, SEES_HOST_ANSWER, DT_SIGN_ASKED_NO_ROUTE, IN_LAB},
    {"C-03", DT_STAGE_NONE, DT_F_TLS_UNTRUSTED, SEES_SIGN, DT_SIGN_CERT_ALONE, IN_LAB},
    {"C-21", DT_STAGE_NONE, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_SNI, IN_LAB},
    {"C-22", DT_STAGE_NONE, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_HALF, IN_LAB},
    {"D-13", DT_STAGE_NONE, DT_F_STRICT_DOMAIN, SEES_SIGN, DT_SIGN_SRV_ADDRESS, IN_LAB},
    {"D-14", DT_STAGE_NONE, DT_F_DNS_NONE, SEES_SIGN, DT_SIGN_SRV_NO_SERVICE, IN_LAB},
    {"R-10", DT_STAGE_LOGON, DT_F_DNS_NONE, SEES_SIGN, DT_SIGN_NAME_NO_ADDRESS, IN_LAB, SEES_ENDED_WELL},
    {"D-08", DT_STAGE_DISCOVER, DT_F_DNS_ERROR, SEES_ENDED_WELL, 0, IN_LAB, SEES_INSIDE},
    {"R-10", DT_STAGE_CHAIN, DT_F_DNS_NONE, SEES_HOST_ANSWER, DT_SIGN_ASKED_IPV6_ONLY, IN_LAB},
    {"R-10", DT_STAGE_AUTH, DT_F_DNS_NONE, SEES_HOST_ANSWER, DT_SIGN_ASKED_IPV6_ONLY, IN_LAB},
    {"R-10", DT_STAGE_LOGON, DT_F_DNS_NONE, SEES_HOST_ANSWER, DT_SIGN_ASKED_IPV6_ONLY, IN_LAB},
    {"R-10", DT_STAGE_CHAIN, DT_F_DNS_NONE, SEES_HOST_ANSWER, DT_SIGN_ASKED_ALIAS, IN_LAB},
    {"R-10", DT_STAGE_AUTH, DT_F_DNS_NONE, SEES_HOST_ANSWER, DT_SIGN_ASKED_ALIAS, IN_LAB},
    {"R-10", DT_STAGE_LOGON, DT_F_DNS_NONE, SEES_HOST_ANSWER, DT_SIGN_ASKED_ALIAS, IN_LAB},
    {"D-02", DT_STAGE_FIND, DT_F_DNS_NONE, SEES_HOST_ANSWER, DT_SIGN_ASKED_IPV6_ONLY, IN_LAB, SEES_INSIDE},
    {"D-02", DT_STAGE_FIND, DT_F_DNS_NONE, SEES_HOST_ANSWER, DT_SIGN_ASKED_ALIAS, IN_LAB, SEES_INSIDE},
    {"D-08", DT_STAGE_NONE, DT_F_DNS_SILENT, SEES_ANSWER, DT_SIGN_ASKED_DNS_REFUSED, IN_LAB},
    {"L-02", DT_STAGE_LOGON, DT_F_CONNECT, SEES_OTHER_PORT, 0, IN_LAB, SEES_ENDED_WELL},
    {"L-12", DT_STAGE_LOGON, DT_F_SIP_STATUS, SEES_DIAG, 1010, IN_LAB},
    {"L-12", DT_STAGE_LOGON, DT_F_SIP_STATUS, SEES_DIAG, 1014, IN_LAB},
    {"L-12", DT_STAGE_LOGON, DT_F_SIP_STATUS, SEES_DIAG, 1008, IN_LAB},
    {"L-12", DT_STAGE_LOGON, DT_F_SIP_STATUS, SEES_SIP, 504, IN_LAB},
    {"C-04", DT_STAGE_LOGON, DT_F_SIP_STATUS, SEES_DIAG, 1013, IN_LAB},
    {"L-13", DT_STAGE_LOGON, DT_F_SIP_STATUS, SEES_SIP, 400, IN_LAB},
    {"L-01", DT_STAGE_LOGON, DT_F_CONNECT, SEES_HOST_ANSWER, DT_SIGN_ASKED_FORBIDDEN, IN_LAB},
    {"L-01", DT_STAGE_LOGON, DT_F_CONNECT, SEES_HOST_ANSWER, DT_SIGN_ASKED_HOST_REFUSES, IN_LAB},
    {"L-01", DT_STAGE_LOGON, DT_F_CONNECT, SEES_HOST_ANSWER, DT_SIGN_ASKED_NO_ROUTE, IN_LAB},
    {"E-01", DT_STAGE_LOGON, DT_F_REMOTE_OFF, SEES_INSIDE, 0, IN_LAB},
    {"L-02", DT_STAGE_LOGON, DT_F_SIP_SCHEME, SEES_SIGN, DT_SIGN_SIP_OTHER_MAKE, IN_LAB},
    {"C-04", DT_STAGE_LOGON, DT_F_SIP_SCHEME, SEES_DIAG, 1013, IN_LAB},
    {"L-03", DT_STAGE_LOGON, DT_F_SIP_NOT_FOUND, SEES_DIAG, 4006, IN_LAB},
    {"L-03", DT_STAGE_LOGON, DT_F_SIP_NOT_FOUND, SEES_DIAG, 4005, IN_LAB},
    {"D-05", DT_STAGE_UPDATE, DT_F_CONNECT, SEES_HOST_ANSWER, DT_SIGN_ASKED_FORBIDDEN, IN_LAB},
    {"D-05", DT_STAGE_UPDATE, DT_F_CONNECT, SEES_HOST_ANSWER, DT_SIGN_ASKED_HOST_REFUSES, IN_LAB},
    {"I-01", DT_STAGE_ADDRESS, DT_F_DHCP_SILENT, SEES_ANSWER, DT_SIGN_ASKED_NAK, IN_LAB},
    {"I-01", DT_STAGE_ADDRESS, DT_F_DHCP_SILENT, SEES_ANSWER, DT_SIGN_ASKED_NAK, IN_LAB, SEES_VLAN},
    {"D-07", DT_STAGE_FIND, DT_F_DNS_ERROR, SEES_OTHER_DOMAIN, DT_SIGN_ASKED_SRV, IN_LAB, SEES_INSIDE},
    {"C-20", DT_STAGE_NONE, DT_F_TLS_UNTRUSTED, SEES_SIGN, DT_SIGN_CERT_PURPOSE, IN_LAB},
    {"R-04", DT_STAGE_DISCOVER, DT_F_OK, SEES_SIGN, DT_SIGN_UC_SCHEME_PLAIN, IN_LAB},
    {"L-04", DT_STAGE_LOGON, DT_F_SIP_STATUS, SEES_SIP_CLASS, 3, IN_LAB},
    {"C-08", DT_STAGE_CHAIN, DT_F_OK, SEES_SIGN, DT_SIGN_ROOT_STRONG, IN_LAB},
    {"L-02", DT_STAGE_LOGON, DT_F_TLS_HANDSHAKE, SEES_SIGN, DT_SIGN_TLS_NONE, IN_LAB},
    {"L-01", DT_STAGE_LOGON, DT_F_TLS_HANDSHAKE, SEES_SIGN, DT_SIGN_TLS_CLOSED, IN_LAB},
    {"C-09", DT_STAGE_NONE, DT_F_TLS_HANDSHAKE, SEES_SIGN, DT_SIGN_TLS_NONE, IN_LAB},
    {"C-01", DT_STAGE_CHAIN, DT_F_TLS_HANDSHAKE, SEES_SIGN, DT_SIGN_TLS_CLOSED, IN_LAB},
    {"A-09", DT_STAGE_AUTH, DT_F_HTTP_BAD, SEES_NOTHING, 0, IN_LAB},
    {"A-09", DT_STAGE_AUTH, DT_F_CLOSED, SEES_NOTHING, 0, IN_LAB},
    {"P-01", DT_STAGE_CERT, DT_F_HTTP_STATUS, SEES_NOTHING, 0, IN_LAB},
    {"P-01", DT_STAGE_CERT, DT_F_TIMEOUT, SEES_NOTHING, 0, IN_LAB},
    {"P-01", DT_STAGE_CERT, DT_F_CLOSED, SEES_NOTHING, 0, IN_LAB},
    {"P-01", DT_STAGE_CERT, DT_F_CONNECT, SEES_NOTHING, 0, IN_LAB},
    {"P-01", DT_STAGE_CERT, DT_F_HTTP_BAD, SEES_NOTHING, 0, IN_LAB},
    {"P-01", DT_STAGE_CERT, DT_F_SOAP_BAD, SEES_NOTHING, 0, IN_LAB},
    {"P-04", DT_STAGE_CERT, DT_F_OK, SEES_SIGN, DT_SIGN_CERT_NOT_YET, IN_LAB},
    {"L-08", DT_STAGE_LOGON, DT_F_TIMEOUT, SEES_CANDIDATE, DT_CAND_STORED, IN_LAB, SEES_INSIDE},
    {"D-10", DT_STAGE_LOGON, DT_F_CONNECT, SEES_ENDED_WELL, 0, IN_LAB},
    {"L-10", DT_STAGE_LOGON, DT_F_SIP_STATUS, SEES_ENDED_WELL, 0, IN_LAB},
    {"L-10", DT_STAGE_LOGON, DT_F_SIP_STATUS, SEES_SIP, 503, IN_LAB},
    {"L-10", DT_STAGE_LOGON, DT_F_SIP_STATUS, SEES_SIP, 480, IN_LAB},
    {"L-10", DT_STAGE_LOGON, DT_F_SIP_STATUS, SEES_SIP_CLASS, 5, IN_LAB},
    {"L-10", DT_STAGE_LOGON, DT_F_SIP_STATUS, SEES_NOTHING, 0, IN_LAB},
    {"L-11", DT_STAGE_LOGON, DT_F_SIP_FORBIDDEN, SEES_DIAG, 4004, IN_LAB},
    {"L-07", DT_STAGE_LOGON, DT_F_OK, SEES_CANDIDATE, DT_CAND_STORED, IN_LAB, SEES_INSIDE},
    {"R-13", DT_STAGE_CHAIN, DT_F_TLS_HANDSHAKE, SEES_TCP_PORT, 80, IN_LAB},
    {"E-03", DT_STAGE_LOGON, DT_F_TIMEOUT, SEES_CANDIDATE, DT_CAND_STORED, IN_LAB, SEES_OUTSIDE},
    {"D-10", DT_STAGE_LOGON, DT_F_TIMEOUT, SEES_ENDED_WELL, 0, IN_LAB},
    {"V-15", DT_STAGE_VLAN, DT_F_VLAN_NONE, SEES_PORT_IS, PORT_HELD, IN_LAB},
    {"V-15", DT_STAGE_ADDRESS, DT_F_DHCP_SILENT, SEES_PORT_IS, PORT_HELD, IN_LAB},
    {"V-16", DT_STAGE_ADDRESS, DT_F_DHCP_SILENT, SEES_ANSWER, DT_SIGN_ASKED_OFFER_LATE, IN_LAB},
    {"V-16", DT_STAGE_ADDRESS, DT_F_DHCP_SILENT, SEES_PORT_IS, PORT_BPDU, IN_LAB},
    {"I-01", DT_STAGE_ADDRESS, DT_F_DHCP_SILENT, SEES_VLAN, 0, IN_LAB, SEES_ANSWER},
    {"V-16", DT_STAGE_ADDRESS, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_OFFER_LATE, IN_LAB},
    {"I-03", DT_STAGE_ADDRESS, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_OFFER_OTHER, IN_LAB},
    {"I-05", DT_STAGE_ADDRESS, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_ARP_SILENT, IN_LAB},
    {"I-05", DT_STAGE_ADDRESS, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_ARP_ROUTER, IN_LAB},
    {"I-06", DT_STAGE_ADDRESS, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_ARP_TWO, IN_LAB},
    {"D-08", DT_STAGE_ADDRESS, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_RESOLVER_DEAD, IN_LAB},
    {"D-08", DT_STAGE_ADDRESS, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_RESOLVER_ODD, IN_LAB},
    {"D-08", DT_STAGE_ADDRESS, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_DNS_TCP, IN_LAB},
    {"D-06", DT_STAGE_FIND, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_WILDCARD, IN_LAB},
    {"D-03", DT_STAGE_FIND, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_OLD_NAME, IN_LAB},
    {"D-10", DT_STAGE_DISCOVER, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_FLAPS, IN_LAB},
    {"D-10", DT_STAGE_DISCOVER, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_DEAD_ADDRESS, IN_LAB},
    {"I-09", DT_STAGE_NONE, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_SMALL_ONLY, IN_LAB},
    {"C-01", DT_STAGE_NONE, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_NO_OCTET, IN_LAB},
    {"C-15", DT_STAGE_NONE, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_CLIENT_CERT, IN_LAB},
    {"C-16", DT_STAGE_NONE, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_BETWEEN, IN_LAB},
    {"C-09", DT_STAGE_NONE, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_OLD_TLS, IN_LAB},
    {"C-10", DT_STAGE_NONE, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_CERT_WILDCARD, IN_LAB},
    {"C-18", DT_STAGE_NONE, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_CERT_WEAK, IN_LAB},
    {"C-14", DT_STAGE_NONE, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_CERT_ENDS, IN_LAB},
    {"C-11", DT_STAGE_NONE, DT_F_OK, SEES_ANSWER, DT_SIGN_ASKED_CRL_SILENT, IN_LAB},
    {"V-07", DT_STAGE_ADDRESS, DT_F_DHCP_SILENT, SEES_VLAN, 0, IN_LAB, SEES_ANSWER},
    {"R-12", DT_STAGE_CHAIN, DT_F_CONNECT, SEES_RUN_SIGN, DT_SIGN_OPTIONS_DIFFER, IN_LAB},
    {"R-12", DT_STAGE_CHAIN, DT_F_TIMEOUT, SEES_RUN_SIGN, DT_SIGN_OPTIONS_DIFFER, IN_LAB},
    {"R-12", DT_STAGE_CHAIN, DT_F_DNS_NONE, SEES_RUN_SIGN, DT_SIGN_OPTIONS_DIFFER, IN_LAB},
    {0},
};

static bool *met; /* by row of doctor_causes[] */

static bool is_elsewhere(const struct doctor_cause *c)
{
	for (size_t i = 0; elsewhere[i].id; i++)
		if (strcmp(c->id, elsewhere[i].id) == 0 && c->stage == elsewhere[i].stage && c->failure == elsewhere[i].failure &&
		    c->sees == elsewhere[i].sees && c->value == elsewhere[i].value && c->also.sees == elsewhere[i].also)
			return true;
	return false;
}

/* What the port's observer sees. */
static struct doctor_observed observed;

static void on_frame(struct meet *m, const uint8_t *frame, size_t n)
{
	(void)m;
	doctor_observe_frame(&observed, frame, n);
}

/* The doctor's own questions, answered by the world as it answers the phone. */
static void ask_world(struct meet *m, struct doctor_run *r)
{
	struct doctor_question q[DOCTOR_ANSWERS];
	unsigned n = doctor_questions(r, "dialtone-1f2e3d4c5b6a", q);

	for (unsigned i = 0; i < n; i++) {
		struct doctor_answer *a = &r->answer[r->answers++];
		struct dt_dns_answer d = {.status = DT_DNS_NXDOMAIN};

		if (q[i].ask == ASK_SRV || q[i].ask == ASK_A)
			network_name(m, q[i].name, q[i].ask == ASK_SRV ? DT_RR_SRV : DT_RR_A, &d);
		else if (q[i].ask >= ASK_INFORM && network_class(m, q[i].name, q[i].ask == ASK_INFORM ? DHCP_INFORM : DHCP_DISCOVER))
			d.status = DT_DNS_OK;
		*a = (struct doctor_answer){.stage = q[i].stage, .ok = d.status == DT_DNS_OK};
		if (a->ok && q[i].gives != DT_SIGN_NONE)
			dt_signs_add(a->sign, q[i].gives);
		if (a->ok && q[i].gives == DT_SIGN_ASKED_SRV_INSIDE)
			dt_signs_add(a->sign, DT_SIGN_ASKED_SRV);
	}
}

/* The record as the doctor keeps it; words false: without any that is for people. */
static void record_of(struct meet *m, bool words, struct doctor_run *ret)
{
	*ret = (struct doctor_run){.has_observed = true, .observed = observed};
	for (unsigned i = 0; i < m->nrecord; i++) {
		const struct meet_record *k = &m->record[i];
		struct dt_record r = {.kind = k->kind, .stage = k->stage, .what = k->what, .peer = k->peer, .ok = k->ok,
				      .skipped = k->skipped, .found = k->found, .warn = k->warn, .why = k->why, .failure = k->failure, .fact = k->fact};

		memcpy(r.sign, k->sign, sizeof r.sign);
		if (!words)
			r.what = r.peer = r.found = r.warn = r.why = NULL;
		assert_true(doctor_run_add(ret, &r));
	}
	ask_world(m, ret);
}

static unsigned faults_wrong;

static void fault_wrong(struct meet *m, const struct meet_fault *fault, const char *is, const char *not)
{
	faults_wrong++;
	meet_dump(m);
	fprintf(stderr, "%s: the doctor names \"%s\", not \"%s\"\n", fault->name, is, not);
}

static void examine(struct meet *m, bool words, const struct meet_fault *fault)
{
	struct doctor_finding f[12];
	struct doctor_run r;
	char got[200] = "";
	unsigned n, at = 0;

	record_of(m, words, &r);
	n = doctor_diagnose(&r, f, 12);
	for (unsigned i = 0; i < n; i++)
		for (unsigned c = 0; c < f[i].ncause; c++)
			met[f[i].cause[c] - doctor_causes] = true;
	if (fault->fails) {
		const char *first = n && f[0].verdict == DOCTOR_FAIL && f[0].ncause ? f[0].cause[0]->id : "nothing";

		if (strcmp(first, fault->fails) != 0)
			fault_wrong(m, fault, first, fault->fails);
		at = n > 0;
	}
	for (; at < n; at++) {
		size_t k = strlen(got);

		snprintf(got + k, sizeof got - k, "%s%s%s", k ? " " : "", f[at].verdict == DOCTOR_WARN ? "" : "!",
			 f[at].ncause ? f[at].cause[0]->id : "?");
	}
	if (strcmp(got, fault->notes) != 0)
		fault_wrong(m, fault, got, fault->notes);
	doctor_run_free(&r);
}

static void run_phone(struct meet *m, const struct meet_fault *fault, bool dial_tone)
{
	observed = (struct doctor_observed){0};
	assert_true(meet_phone(m));
	meet_run(m, 400 * 1000);
	assert_non_null(meet_result(m));
	if (meet_result(m)->ok != dial_tone)
		fault_wrong(m, fault, dial_tone ? "no dial tone" : "dial tone", dial_tone ? "dial tone" : "no dial tone");
}

static void meet_fault(const struct meet_fault *fault)
{
	struct meet_flash flash = {0};
	struct meet *m = meet_new(&flash, 7);

	assert_non_null(m);
	m->on_frame = on_frame;
	fault->change(m);
	if (fault->later) {
		run_phone(m, fault, true);
		meet_phone_off(m);
		fault->later(m);
	}
	run_phone(m, fault, fault->fails == NULL);
	if (fault->more_s)
		meet_run(m, fault->more_s * 1000ull);
	examine(m, true, fault);
	examine(m, false, fault);
	meet_free(m);
	meet_flash_free(&flash);
}

static void each_fault(void **state)
{
	const struct meet_fault *const all[] = {faults_network, faults_web, faults_registrar, faults_reports};

	(void)state;
	for (size_t t = 0; t < sizeof all / sizeof *all; t++)
		for (const struct meet_fault *f = all[t]; f->name; f++) {
			print_message("  %s\n", f->name);
			meet_fault(f);
		}
	assert_int_equal(faults_wrong, 0);
}

/* After each_fault(). */
static void each_cause_is_met(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < doctor_cause_count; i++) {
		const struct doctor_cause *c = &doctor_causes[i];

		if (met[i] != (is_elsewhere(c) || c->failure == DT_F_HIDDEN)) /* of a capture: test_passive.c */
			continue;
		wrong++;
		fprintf(stderr, "%s (%s, %s, \"%.60s...\") is %s\n", c->id, c->stage ? dt_stage_keys[c->stage] : "any stage",
			dt_failures[c->failure].code, c->cause,
			met[i] ? "met now: take its line out of elsewhere[]" : "met by no phone");
	}
	if (wrong)
		fail_msg("add a fault that ends there to a tests/meet/faults_*.c; or, if no phone in memory can be "
			 "brought there, a line to elsewhere[] in tests/meet/test_doctor.c that says why");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_fault), cmocka_unit_test(each_cause_is_met)};
	int failed;

	met = calloc(doctor_cause_count, sizeof *met);
	if (met == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(met);
	return failed;
}
