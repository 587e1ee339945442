/* tests/meet/faults_reports.c: Faults after public bug reports: answers that came and could not be used, and proxies and portals between. */
#include "tests/meet/changes.h"
#include "tests/meet/faults.h"

/* ---- what came, and could not be used ---- */

static void wrong_checksums(struct meet *m)
{
	m->net.dhcp_checksum = true;
}

static void no_server_id(struct meet *m)
{
	m->net.no_server_id = true;
}

static void resolver_of_five_octets(struct meet *m)
{
	m->net.dhcp_odd_option = 6;
}

static void time_server_unset(struct meet *m)
{
	m->net.ntp_unset = true;
}

static void blocked_name(struct meet *m, const char *name, enum dt_rr type, struct dt_dns_answer *ret)
{
	(void)m;
	if (type == DT_RR_A && sv_ieq(sv_of(name), SV("fe01.contoso.test")))
		fault_host(ret, 0);
}

static void name_blocked(struct meet *m)
{
	m->net.name = blocked_name;
}

static void clock_wrong_time_server_unset(struct meet *m)
{
	m->net.ntp_unset = true;
	m->host_clock_off_ms = -20LL * 365 * 86400 * 1000;
}

static void clock_ahead_alone(struct meet *m)
{
	m->net.ntp = m->net.update_record = false;
	m->host_clock_off_ms = 20LL * 365 * 86400 * 1000;
}

/* ---- what stands between ---- */

static void metadata_page_from(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	if (at->port == 443 && sv_iends(q->target, SV("/mex")))
		fault_answer(a, 200, "text/html", SV("<!DOCTYPE html><html><head><title>Sign in</title></head></html>"));
}
static void metadata_page(struct meet *m)
{
	m->from_web = metadata_page_from;
}

static void ticket_page_from(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	if (at->port == 443 && q->method.n == 4 && sv_istarts(q->target, SV("/WebTicket/")))
		fault_answer(a, 200, "text/html", SV("<!DOCTYPE html><html><head><title>Sign in</title></head></html>"));
}
static void ticket_page(struct meet *m)
{
	m->from_web = ticket_page_from;
}

static void proxy_asks_from(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	if (at->port == 443 && sv_istarts(q->target, SV("/WebTicket/")))
		fault_answer(a, 407, "text/html", SV("<html/>"));
}
static void proxy_asks(struct meet *m)
{
	m->from_web = proxy_asks_from;
}

static void portal_asks_from(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	if (at->port == 443 && sv_istarts(q->target, SV("/WebTicket/")))
		fault_answer(a, 511, "text/html", SV("<html/>"));
}
static void portal_asks(struct meet *m)
{
	m->from_web = portal_asks_from;
}

/* Whoever has no session is sent to a sign-in page of somebody else. */
static void sign_in_page_at(const struct meet_listener *at, const struct msg *q, struct web_answer *a, const char *url)
{
	if (at->port != 443 || !sv_iends(q->target, SV("/mex")))
		return;
	fault_answer(a, 302, "text/html", SV("<html/>"));
	buf_printf(&a->headers, "Location: %s\r\n", url);
}
static void sign_in_page_from(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	sign_in_page_at(at, q, a, "https://sso.contoso.test/login");
}
static void sign_in_page(struct meet *m)
{
	m->from_web = sign_in_page_from;
}

static void sign_in_page_on_8443_from(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	sign_in_page_at(at, q, a, "https://sip.contoso.test:8443/login");
}
static void sign_in_page_on_a_closed_port(struct meet *m)
{
	m->from_web = sign_in_page_on_8443_from;
}

static void sign_in_page_retired_from(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	sign_in_page_at(at, q, a, "https://retired.contoso.test/login");
}
static void sign_in_page_silent(struct meet *m)
{
	m->from_web = sign_in_page_retired_from;
	m->net.name = fault_retired;
	fault_silent_at(m, FAULT_RETIRED, 443, MEET_HTTPS);
}

static void with_sso(struct meet *m, const char *name, enum dt_rr type, struct dt_dns_answer *ret)
{
	(void)m;
	if (type == DT_RR_A && sv_ieq(sv_of(name), SV("sso.contoso.test")))
		fault_host(ret, MEET_FE);
}
static void sign_in_page_of_another_name(struct meet *m)
{
	m->from_web = sign_in_page_from;
	m->net.name = with_sso;
}

/* "gzip" of nothing: the coding is named before the octets count. */
static void packed_from(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	if (at->port == 443 && sv_iends(q->target, SV("/mex")))
		buf_str(&a->headers, "Content-Encoding: gzip\r\n");
}
static void packed(struct meet *m)
{
	m->from_web = packed_from;
}

/* clang-format off */
const struct meet_fault faults_reports[] = {
	{"wrong checksums", wrong_checksums, "I-10", ""},
	{"no option 54", no_server_id, "I-10", ""},
	{"a resolver of five octets", resolver_of_five_octets, NULL, "I-04"},
	{"untagged, with a VLAN", change_untagged, NULL, "V-04"},
	{"the time server's clock is not set", time_server_unset, NULL, "C-04"},
	{"a name that is blocked", name_blocked, "D-11", ""},
	{"clock wrong, and the time server's not set", clock_wrong_time_server_unset, "C-04", ""},
	{"out of date, and nobody knows the time", fault_without_update_url, "C-04", "D-07", .later = clock_ahead_alone},
	{"a page instead of the metadata", metadata_page, "C-17", ""},
	{"a page instead of the ticket", ticket_page, "C-17", ""},
	{"a proxy wants credentials", proxy_asks, "C-17", ""},
	{"a portal wants credentials", portal_asks, "C-17", ""},
	{"a sign-in page before the web service", sign_in_page, "C-17", ""},
	{"a sign-in page on a closed port", sign_in_page_on_a_closed_port, "C-17", ""},
	{"a sign-in page that does not answer", sign_in_page_silent, "C-17", ""},
	{"a sign-in page with another certificate", sign_in_page_of_another_name, "C-17", ""},
	{"answers that are packed unasked", packed, "C-19", ""},
	{0}};
/* clang-format on */
