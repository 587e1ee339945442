/* wire/sip_check.c: is this a message that a SIP element may act on?
 *
 * The table says of each header whether it must be there, whether it may stand there twice, and how its value is
 * checked.  Headers that are not in the table are not checked (RFC 3261 7.3.1 lets them pass).
 */
#include "wire/sip.h"

#include <string.h>

#include "base/date.h"

enum { MUST = 1, ONCE = 2, EMPTY = 4 }; /* EMPTY: may stand there without a value */

static bool sip_check_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *one_address(struct sv v)
{
	struct sip_addr a;

	return sip_addr_read(v, &a) && !a.star && a.rest.p == NULL ? NULL : "From or To is not one address";
}

static const char *sip_check_addresses(struct sv v)
{
	struct sip_addr a;

	do
		if (!sip_addr_read(v, &a) || a.star)
			return "a route is not an address";
	while ((v = a.rest).p);
	return NULL;
}

static const char *sip_check_contact(struct sv v)
{
	struct sip_addr a;

	if (sip_addr_read(v, &a) && a.star)
		return a.rest.p ? "Contact * stands beside others" : NULL;
	return sip_check_addresses(v) ? "Contact is not a list of addresses" : NULL;
}

static const char *call_id(struct sv v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] <= ' ' || v.p[i] > '~')
			return "Call-ID holds a blank";
	return v.n ? NULL : "Call-ID is empty";
}

static const char *cseq(struct sv v)
{
	uint32_t number;
	struct sv method;

	return sip_cseq_read(v, &number, &method) ? NULL : "CSeq is not a number below 2**31 and a method";
}

static const char *max_forwards(struct sv v)
{
	uint64_t n;

	return sv_u64(v, 255, &n) ? NULL : "Max-Forwards is not a number up to 255";
}

static const char *date(struct sv v)
{
	int64_t t;

	return http_date_read(v, &t) ? NULL : "Date is not a date in GMT";
}

/* The text before the first of `stop`, without blanks around it; *s then begins with that character. */
static struct sv until(struct sv *s, const char *stop)
{
	size_t n = 0;
	struct sv v;

	while (n < s->n && s->p[n] && !strchr(stop, s->p[n]))
		n++;
	v = sv_trim((struct sv){s->p, n});
	*s = sv_from(*s, n);
	return v;
}

static bool word(struct sv s)
{
	for (size_t i = 0; i < s.n; i++)
		if (sip_check_blank(s.p[i]) || (unsigned char)s.p[i] < ' ')
			return false;
	return s.n > 0;
}

/* sent-by  =  host [ COLON port ]; COLON  =  SWS ":" SWS */
static bool sent_by(struct sv s)
{
	size_t at = s.n && s.p[0] == '[' ? until(&(struct sv){s.p, s.n}, "]").n : 0;
	ptrdiff_t colon = sv_find(sv_from(s, at), ':');
	uint64_t port;

	if (colon < 0 || word(s))
		return word(s);
	at += (size_t)colon;
	return word(sv_trim((struct sv){s.p, at})) && sv_u64(sv_trim(sv_from(s, at + 1)), 65535, &port);
}

/* via-parm  =  sent-protocol LWS sent-by *( SEMI via-params ); sent-protocol is three words with '/' and blanks.
 * The branch is not asked for: SIPE leaves it out [sip 4]. */
static const char *sip_check_via(struct sv v)
{
	do {
		struct sv sip = until(&v, "/"), version, transport;

		v = sv_from(v, 1);
		version = until(&v, "/");
		v = sv_trim(sv_from(v, 1));
		transport = until(&v, " \t\r\n;,");
		v = sv_trim(v);
		if (!sv_ieq(sip, SV("SIP")) || !sv_eq(version, SV("2.0")) || !word(transport) || !sent_by(until(&v, ";,")))
			return "Via is not protocol, transport and host";
		if (!sip_params_skip(&v))
			return "the parameters of Via are malformed";
		v = sv_from(v, 1);
	} while (v.n);
	return NULL;
}

static const struct {
	const char *name;
	unsigned request, response; /* MUST, ONCE, EMPTY */
	const char *(*check)(struct sv v);
} headers[] = {
	{"Via", MUST, MUST, sip_check_via},
	{"From", MUST | ONCE, MUST | ONCE, one_address},
	{"To", MUST | ONCE, MUST | ONCE, one_address},
	{"Call-ID", MUST | ONCE, MUST | ONCE, call_id},
	{"CSeq", MUST | ONCE, MUST | ONCE, cseq},
	{"Max-Forwards", ONCE, ONCE, max_forwards},
	{"Contact", 0, EMPTY, sip_check_contact}, /* the answer to a sign-off has an empty one: [sip 11.5] */
	{"Route", 0, 0, sip_check_addresses},
	{"Record-Route", 0, 0, sip_check_addresses},
	{"Date", ONCE, ONCE, date},
	{"Expires", ONCE, ONCE, NULL},
	{"Content-Type", ONCE, ONCE, NULL},
	{"Event", ONCE, ONCE, NULL},
};

/* "If the UAS does not understand an option-tag listed in a Require header field, it MUST respond ... 420".  The
 * tags that this house understands or may ignore; Proxy-Require alike (SIPE asks the proxy for ms-benotify). */
static const struct sv tags[] = {
	SV("ms-benotify"), SV("ms-piggyback-first-notify"), SV("com.microsoft.autoextend"), SV("gruu-10"), SV("gruu"),
	SV("adhoclist"), SV("categoryList"), SV("msrtc-event-categories"), SV("eventlist"), SV("ms-dialog-route-set-update"),
	SV("ms-forking"), SV("ms-cluster-failover"), SV("ms-userservices-state-notification"), SV("ms-keepalive-deregister"),
	SV("timer"), SV("path"), SV("privacy"), SV("histinfo"), SV("replaces"), SV("100rel"), SV("norefersub"), SV("ms-early-media"),
	SV("ms-sender"), SV("ms-safe-transfer"), SV("ms-delayed-accept"), SV("ms-conf-invite"),
};

static bool tag_known(struct sv tag)
{
	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (sv_ieq(tag, tags[i]))
			return true;
	return false;
}

/* "These header fields MUST be ignored if they are present in these requests" (8.2.2.3): CANCEL and ACK */
bool sip_tags_unknown(const struct msg *m, struct buf *list)
{
	bool found = false;

	if (sv_eq(m->method, SV("CANCEL")) || sv_eq(m->method, SV("ACK")))
		return false;
	for (size_t i = 0; i < m->nheader; i++) {
		struct sv rest = m->header[i].value;

		if (!sv_ieq(m->header[i].full, SV("Require")) && !sv_ieq(m->header[i].full, SV("Proxy-Require")))
			continue;
		while (rest.p) {
			struct sv tag = sv_trim(sv_cut(&rest, ','));

			if (tag_known(tag))
				continue;
			if (list && word(tag)) {
				buf_str(list, list->n ? ", " : "");
				buf_sv(list, tag);
			}
			found = true;
		}
	}
	return found;
}

/* RFC 3261 8.2.2.1 and 8.2.2.3, 19.1.1 (no headers in a Request-URI) */
static const char *request(const struct msg *m, unsigned *status)
{
	struct sv rest = m->target, scheme = sv_cut(&rest, ':');
	struct sip_uri u;

	if (sip_uri_read(m->target, &u)) {
		*status = 400;
		if (u.headers.p)
			return "the request URI holds headers";
	} else {
		bool known = sv_ieq(scheme, SV("sip")) || sv_ieq(scheme, SV("sips")) || sv_ieq(scheme, SV("tel"));

		*status = known || rest.n == 0 || !word(scheme) ? 400 : 416;
		return *status == 416 ? "the scheme of the request URI is not known" : "the request URI is malformed";
	}
	if (sip_tags_unknown(m, NULL)) {
		*status = 420;
		return "it requires an extension that is not known";
	}
	return NULL;
}

static const char *header(const struct msg *m, size_t row)
{
	unsigned rule = m->request ? headers[row].request : headers[row].response;
	struct sv name = sv_of(headers[row].name);
	const char *why = NULL;
	size_t n = 0;

	for (size_t i = 0; i < m->nheader && why == NULL; i++) {
		if (!sv_ieq(m->header[i].full, name))
			continue;
		if (n++ && rule & ONCE)
			return "a header that may stand there once stands there twice";
		if (headers[row].check && !(rule & EMPTY && m->header[i].value.n == 0))
			why = headers[row].check(m->header[i].value);
	}
	return why ? why : n == 0 && rule & MUST ? "Via, From, To, Call-ID or CSeq is missing" : NULL;
}

const char *sip_check(const struct msg *m, unsigned *status)
{
	const char *why = NULL;
	uint32_t number;
	struct sv method;

	*status = 400;
	for (size_t i = 0; i < sizeof headers / sizeof *headers && why == NULL; i++)
		why = header(m, i);
	if (why == NULL && m->request) {
		if (sip_cseq_read(msg_get(m, "CSeq"), &number, &method) && !sv_eq(method, m->method))
			return "the method of CSeq is not the request's";
		why = request(m, status);
	}
	return why;
}
