/* tests/meet/faults_web.c: Faults of the update service, of the Web Services, of what a user signs in with, of clocks. */
#include "tests/meet/changes.h"
#include "tests/meet/faults.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/enc.h"
#include "tests/meet/octets.h"

static void time_server_wrong(struct meet *m)
{
	m->net.ntp_off_s = 3600;
}

static void update_page(struct meet *m)
{
	m->net.update_status = 200;
	m->net.update_body = "<html/>";
}

static void update_refused(struct meet *m)
{
	m->net.update_status = 403;
	m->net.update_body = "";
}

static void port_80_down(struct meet *m)
{
	meet_listener(m, MEET_FE, 80)->down = true;
}

static void certificates_off(struct meet *m)
{
	m->site.UseCertificateAuth = false;
}

static void pin_off(struct meet *m)
{
	m->site.UsePinAuth = false;
}

static void no_secret(struct meet *m)
{
	m->conf.pin = m->conf.number = NULL;
}

static void short_certificates(struct meet *m)
{
	m->site.DefaultValidityPeriodHours = m->site.MinValidityPeriodHours = 8;
}
static void offered_4_at_once(struct meet *m)
{
	m->conf.factory_version = "1.0.522.101";
	servers_offer(m, "4.0.9999.1", false);
}
static void years_behind(struct meet *m)
{
	m->net.ntp_off_s = -20LL * 365 * 86400;
}

static void speaks(struct meet *m, uint16_t port, enum meet_service service)
{
	meet_listener(m, MEET_FE, port)->service = service;
	m->net.srv_outside = false;
}

static void no_tls_on_443(struct meet *m)
{
	speaks(m, 443, MEET_HTTP);
}

static void big_keys_only(struct meet *m)
{
	m->site.MinCSRKeySize = 4096;
}

static void wrong_password(struct meet *m)
{
	m->conf.model = dt_model_find("cx700");
	m->conf.pin = m->conf.number = NULL;
	m->conf.login = "CONTOSO\\alice";
	m->conf.password = "wrong";
	m->conf.sip = "alice@contoso.test";
}

static void pin_on_a_model_without(struct meet *m)
{
	m->conf.model = dt_model_find("cx700");
}

static void tampered_image(struct meet *m)
{
	servers_offer(m, "4.0.9999.1", true);
}

static void no_update_key(struct meet *m)
{
	servers_offer(m, "4.0.9999.1", false);
	m->conf.update_key = NULL;
}

static void with_retired_updates(struct meet *m, const char *name, enum dt_rr type, struct dt_dns_answer *ret)
{
	(void)m;
	if (type == DT_RR_A && sv_istarts(sv_of(name), SV("ucupdates-r2.")))
		fault_host(ret, FAULT_RETIRED);
}

static void updates_retired(struct meet *m)
{
	m->net.name = with_retired_updates;
	fault_silent_at(m, FAULT_RETIRED, 443, MEET_HTTPS);
}

static void web_retired(struct meet *m)
{
	sv_copy(m->net.web_host, sizeof m->net.web_host, SV("retired.contoso.test"));
	m->net.name = fault_retired;
	fault_silent_at(m, FAULT_RETIRED, 80, MEET_HTTP);
	fault_silent_at(m, FAULT_RETIRED, 443, MEET_HTTPS);
}

static const char *const web_names[] = {"fe01.contoso.test", "sip.contoso.test", NULL};

/* Settings of a server that names no update service: the phone goes on asking for ucupdates-r2. */
static void without_update_url(struct meet *m, struct buf *b)
{
	(void)m;
	octets_swap(b, "updatesServerInternalUrl", "noUpdatesServerHereUrls_");
}

void fault_without_update_url(struct meet *m)
{
	m->from_registrar = without_update_url;
}

static void no_updates_in_certificate(struct meet *m)
{
	fault_certified(m, false, web_names);
}

static void other_root(struct meet *m)
{
	fault_certified(m, true, fault_all_names);
}

static void update_broken(struct meet *m)
{
	m->net.update_status = 500;
	m->net.update_body = "";
}

static bool is_image(const struct msg *q)
{
	return sv_iends(q->target, SV(".nbt"));
}

static void image_gone_from(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	(void)at;
	if (is_image(q))
		fault_answer(a, 404, "", SV(""));
}

static void image_gone(struct meet *m)
{
	servers_offer(m, "4.0.9999.1", false);
	m->from_web = image_gone_from;
}

static void image_cut(struct meet *m)
{
	char path[160];

	servers_offer(m, "4.0.9999.1", false);
	snprintf(path, sizeof path, "%s/UCPhone/cpe.nbt", m->files_dir);
	if (truncate(path, 4096) < 0)
		abort();
}

static void an_update(struct meet *m)
{
	servers_offer(m, "4.0.9999.1", false);
}
/* The installed image does not start: the boot loader takes the other slot again. */
static void fallen_back(struct meet *m)
{
	m->flash->active ^= 1;
}

static void image_of_another_version(struct meet *m)
{
	servers_offer_as(m, "4.0.9999.1", "4.0.9999.2", false);
}

static void older_image(struct meet *m)
{
	servers_offer(m, "1.0.0.1", false);
}

static void port_80_closed_and_an_update(struct meet *m)
{
	servers_offer(m, "4.0.9999.1", false);
	meet_listener(m, MEET_FE, 80)->down = true;
}

static bool is_chain(const struct meet_listener *at, const struct msg *q)
{
	return at->port == 80 && sv_istarts(q->target, SV("/CertProv/"));
}

static void to_https(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	if (!is_chain(at, q))
		return;
	fault_answer(a, 302, "text/html", SV("<html/>"));
	buf_printf(&a->headers, "Location: https://fe01.contoso.test" SV_FMT "\r\n", SV_ARG(q->target));
}

static void chain_redirected(struct meet *m)
{
	m->from_web = to_https;
}

/* To another name of the same server, by plain HTTP as before. */
static void to_another_name(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	if (!is_chain(at, q) || sv_ieq(msg_get(q, "Host"), SV("sip.contoso.test")))
		return;
	fault_answer(a, 302, "text/html", SV("<html/>"));
	buf_printf(&a->headers, "Location: http://sip.contoso.test" SV_FMT "\r\n", SV_ARG(q->target));
}

static void chain_at_another_name(struct meet *m)
{
	m->from_web = to_another_name;
}

/* As a load balancer answers that knows no path: to a page of its own. */
static void to_a_page(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	if (!is_chain(at, q))
		return;
	fault_answer(a, 302, "text/html", SV("<html/>"));
	buf_str(&a->headers, "Location: ftp://fe01.contoso.test/\r\n");
}

static void chain_redirected_elsewhere(struct meet *m)
{
	m->from_web = to_a_page;
}

static void no_chain_in(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	if (is_chain(at, q))
		fault_answer(a, 200, "application/x-pkcs7-certificates", SV("no chain"));
}

static void chain_damaged(struct meet *m)
{
	m->from_web = no_chain_in;
}

#define FAULT(id, reason) \
	"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault><faultcode>s:Client</faultcode>" \
	"<faultstring>" reason "</faultstring><detail><OCSDiagnosticsFault xmlns=\"urn:component:Microsoft.Rtc.WebAuthentication.2010\" " \
	"xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"><Ms-Diagnostics-Fault><ErrorId>" id "</ErrorId><Reason>" reason \
	"</Reason></Ms-Diagnostics-Fault></OCSDiagnosticsFault></detail></s:Fault></s:Body></s:Envelope>"

static void says_locked(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	(void)at;
	if (sv_iends(q->target, SV("/pin")) && msg_get(q, "Authorization").p)
		fault_answer(a, 500, "text/xml", SV(FAULT("28020", "The PIN is locked.")));
}

static void pin_locked(struct meet *m)
{
	m->from_web = says_locked;
}

static void says_expired(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	(void)at;
	if (sv_iends(q->target, SV("/pin")) && msg_get(q, "Authorization").p)
		fault_answer(a, 500, "text/xml", SV(FAULT("28020", "The PIN has expired.")));
}

static void pin_expired(struct meet *m)
{
	m->from_web = says_expired;
}

static void says_nothing_of_pins(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	(void)at;
	if (sv_istarts(q->target, SV("/WebTicket/")) && sv_iends(q->target, SV("/mex")))
		fault_answer(a, 200, "text/xml", SV("<wsx:Metadata xmlns:wsx=\"http://schemas.xmlsoap.org/ws/2004/09/mex\"/>"));
}

static void metadata_empty(struct meet *m)
{
	m->from_web = says_nothing_of_pins;
}

static void ticket_broken_from(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	(void)at;
	if (sv_iends(q->target, SV("/pin")))
		fault_answer(a, 500, "text/html", SV("<html>Server Error in '/WebTicket' Application.</html>"));
}

static void ticket_service_broken(struct meet *m)
{
	m->from_web = ticket_broken_from;
}

static void not_my_ticket(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	(void)at;
	if (sv_istarts(q->target, SV("/CertProv/")) && sv_iends(q->target, SV("/WebTicket_Proof_SHA1")))
		fault_answer(a, 500, "text/xml", SV(FAULT("28032", "The web ticket is invalid.")));
}

static void ticket_of_another_front_end(struct meet *m)
{
	m->from_web = not_my_ticket;
}

/* Another front end's certificate comes back: the one of the server itself, which is for another key. */
static void another_certificate(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	struct sv all = buf_view(&a->body);
	const char *mii = memmem(all.p, all.n, "MII", 3); /* how a certificate begins in base64 */
	struct buf b = {0};
	size_t from, to;

	(void)m;
	(void)at;
	if (!sv_iends(q->target, SV("/WebTicket_Proof_SHA1")) || mii == NULL)
		return;
	from = (size_t)(mii - all.p);
	for (to = from; to < all.n && all.p[to] != '<'; to++)
		;
	buf_add(&b, all.p, from);
	b64_add(&b, meet_keys()->server_der.p, meet_keys()->server_der.n);
	buf_add(&b, all.p + to, all.n - to);
	buf_free(&a->body);
	a->body = b;
}

static void certificate_of_another_key(struct meet *m)
{
	m->from_web = another_certificate;
}

/* clang-format off */
const struct meet_fault faults_web[] = {
	{"web server down", change_web_down, "R-06", "D-05"}, /* the update service is the same machine */
	{"port 80 closed", port_80_down, "C-13", ""},
	{"chain download off", change_chain_off, "C-02", ""},
	{"port 443 speaks no TLS", no_tls_on_443, "C-09", "C-09"},
	{"certificate without the name", change_wrong_name, "C-10", ""},
	{"the time server is years behind", years_behind, "C-04", "!C-04"},
	{"certificates for a day's work", short_certificates, NULL, "P-03"},
	{"4.0 offered to firmware 1.0", offered_4_at_once, NULL, "V-14 U-08"},
	{"clock wrong", change_clock_wrong, "C-04", ""},
	{"the time server is an hour ahead", time_server_wrong, NULL, "C-04"},
	{"wrong PIN", change_wrong_pin, "A-02", ""},
	{"PIN authentication off", pin_off, "A-04", ""},
	{"certificate authentication off", certificates_off, "A-05", ""},
	{"nothing to sign in with", no_secret, "A-11", ""},
	{"a wrong password", wrong_password, "A-10", ""},
	{"a PIN on a model that takes none", pin_on_a_model_without, "A-05", ""},
	{"keys of 4096 bits only", big_keys_only, "P-02", ""},
	{"an image that was tampered with", tampered_image, NULL, "U-09"},
	{"an update, and no key to verify it by", no_update_key, NULL, "U-09"},
	{"a page instead of the update service", update_page, NULL, "U-07"},
	{"the update service refuses", update_refused, NULL, "U-07"},
	{"ucupdates-r2 points to a retired server", updates_retired, NULL, "D-05"},
	{"option 43 points to a retired server", web_retired, "C-01", ""},
	{"ucupdates-r2 is not in the certificate", no_updates_in_certificate, NULL, "U-04"},
	{"ucupdates-r2 is not in the certificate any more", fault_without_update_url, NULL, "U-04", .later = no_updates_in_certificate},
	{"another root", fault_nothing, "C-05", "C-03", .later = other_root},
	{"the update service is broken", update_broken, NULL, "U-07"},
	{"the image is gone", image_gone, NULL, "U-06"},
	{"the image is cut", image_cut, NULL, "U-09"},
	{"the image is of another version", image_of_another_version, NULL, "U-10"},
	{"an image that does not start", an_update, NULL, "U-10", .later = fallen_back},
	{"an older image", older_image, NULL, "U-12"},
	{"an update, and port 80 closed", fault_nothing, NULL, "U-06", .later = port_80_closed_and_an_update},
	{"the chain is redirected", chain_redirected, "C-13", ""},
	{"the chain is redirected to another name", chain_at_another_name, NULL, "C-13"},
	{"the chain is redirected to something else", chain_redirected_elsewhere, "C-13", ""},
	{"the chain is damaged", chain_damaged, "C-03", ""},
	{"the PIN is locked", pin_locked, "A-01", ""},
	{"the PIN has expired", pin_expired, "A-07", ""},
	{"empty metadata", metadata_empty, "A-04", ""},
	{"the ticket service is broken", ticket_service_broken, "A-09", ""},
	{"a ticket of another front end", ticket_of_another_front_end, "P-04", ""},
	{"a certificate of another key", certificate_of_another_key, "P-04", ""},
	{0}};
/* clang-format on */
