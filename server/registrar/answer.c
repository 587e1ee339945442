/* server/registrar/answer.c: responses, refusals from one table, and our signature. */
#include <stdio.h>

#include "base/enc.h"
#include "base/log.h"
#include "pki/key.h"
#include "server/registrar/internal.h"

#define ANSWER_OCTETS 2048 /* most answers fit: they are not copied as they grow */

/* Status, id and reason: [sip 11.2, 17]; the reasons are shown to the user by some clients.  id 0: none.
 * UNKNOWN: the texts of 2057, 4055 and 17000, and an id for an epid that is not the instance's, are published nowhere. */
/* clang-format off */
static const struct {
	unsigned status;
	const char *phrase;
	unsigned id;
	const char *reason;
	bool open; /* also as ms-diagnostics-public */
	const char *header;
} refusals[] = {
	[REFUSE_MALFORMED]      = {400, "Bad Request", 0, NULL, false, NULL},
	[REFUSE_ORDER]          = {400, "CSeq is not higher than before", 0, NULL, false, NULL},
	[REFUSE_NO_ENDPOINT]    = {400, "Bad Request", 4010, "Missing endpoint identifier", false, NULL},
	[REFUSE_EPID_LONG]      = {400, "Bad Request", 4012, "epid too long", false, NULL},
	[REFUSE_EPID_OTHER]     = {400, "Bad Request", 4010, "The epid and the sip.instance do not belong together", false, NULL},
	[REFUSE_EVENT]          = {489, "Bad Event", 4055, "The Event header of REGISTER is not registration", false,
	                           "Allow-Events: registration\r\n"},
	[REFUSE_GRUU]           = {421, "Extension Required", 2057, "gruu-10 is required with msrtc-event-categories", false,
	                           "Require: gruu-10\r\n"},
	[REFUSE_UNKNOWN_USER]   = {404, "Not Found", 4005, "Destination URI either not enabled for SIP or does not exist", false, NULL},
	[REFUSE_IDENTITY]       = {403, "Forbidden", 4004, "Credentials provided are not authorized to act as specified from URI", true, NULL},
	[REFUSE_REMOTE]         = {403, "Forbidden", 4003, "From URI not enabled for remote access", true, NULL},
	/* DIFFERS: no such switch exists in the product; its nearest reason is used */
	[REFUSE_PIN]            = {403, "Forbidden", 4004, "Credentials provided are not authorized to act as specified from URI", true, NULL},
	/* UNKNOWN: how the product says that SIPSecurityMode wants TLS; its nearest reason is used */
	[REFUSE_PLAIN]          = {403, "Forbidden", 4004, "SIPSecurityMode is High: register over TLS", true, NULL},
	[REFUSE_VERSION]        = {403, "Forbidden", 17000, "The client version is blocked by policy", true, NULL},
	[REFUSE_XML]            = {400, "Bad Request", 4001, "XML parse failure", false, NULL},
	[REFUSE_TYPE]           = {415, "Unsupported Media Type", 4013, "Content type mismatch", false,
	                           "Accept: " "application/vnd-microsoft-roaming-provisioning-v2+xml" "\r\n"},
	[REFUSE_UNKNOWN_EVENT]  = {489, "Bad Event", 0, NULL, false, "Allow-Events: " REG_EVENTS "\r\n"}, /* RFC 6665: mandatory */
	[REFUSE_NO_CALL]        = {481, "Call/Transaction Does Not Exist", 0, NULL, false, NULL},
	[REFUSE_NOT_REGISTERED] = {403, "Forbidden", 0, NULL, false, NULL},
	[REFUSE_METHOD]         = {501, "Not Implemented", 0, NULL, false, NULL},
	[REFUSE_UNAVAILABLE]    = {503, "Service Unavailable", 4000, "User services default reason", false, NULL},
	[REFUSE_BUSY]           = {503, "Service Unavailable", 0, NULL, false, NULL},
};
/* clang-format on */

/* 17: "ms-diagnostics-public is the variant without internal names, used towards outside" */
void reg_diagnostics(const struct reg_conn *c, struct buf *b, unsigned id, const char *reason, bool open)
{
	buf_printf(b, "ms-diagnostics: %u;reason=\"%s\";source=\"%s\"\r\n", id, reason, reg_targetname(c));
	if (open || c->peer.outside)
		buf_printf(b, "ms-diagnostics-public: %u;reason=\"%s\"\r\n", id, reason);
}

void reg_refuse(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, enum reg_refusal which)
{
	struct buf h = {0};

	if (refusals[which].header)
		buf_str(&h, refusals[which].header);
	/* Each phone gets another time: those that are sent away together do not come back together. Registrations are refreshed at
	 * 80 % of ten minutes: two refusals leave time for a third try. */
	if (refusals[which].status == 503)
		buf_printf(&h, "Retry-After: %u\r\n", pki_random_between(20, 40));
	if (refusals[which].id)
		reg_diagnostics(c, &h, refusals[which].id, refusals[which].reason, refusals[which].open);
	reg_seen_refused(c, sa, m, reg_failure_of(which), refusals[which].reason ? refusals[which].reason : refusals[which].phrase);
	log_line(LOG_DEBUG, "registrar", "%s: " SV_FMT " of " SV_FMT ": %u %s%s%s", c->peer.address, SV_ARG(m->method),
		 SV_ARG(msg_get(m, "From")), refusals[which].status, refusals[which].phrase,
		 refusals[which].reason ? ": " : "", refusals[which].reason ? refusals[which].reason : "");
	reg_answer(c, sa, m, refusals[which].status, refusals[which].phrase, &h, NULL, (struct sv){0});
	buf_free(&h);
}

bool reg_has_tag(const struct msg *m, const char *header, const char *tag)
{
	size_t n = msg_count(m, header);

	for (size_t i = 0; i < n; i++) {
		struct sv list = msg_get_nth(m, header, i);

		while (list.p)
			if (sv_ieq(sv_trim(sv_cut(&list, ',')), sv_of(tag)))
				return true;
	}
	return false;
}

static void copy_header(struct buf *b, const char *name, struct sv value)
{
	if (value.p == NULL)
		return;
	buf_str(b, name);
	buf_str(b, ": ");
	buf_sv(b, value);
}

void reg_body(struct buf *b, const char *type, struct sv body)
{
	if (type && body.n)
		buf_printf(b, "Content-Type: %s\r\n", type);
	buf_printf(b, "Content-Length: %zu\r\n\r\n", body.n);
	buf_sv(b, body);
}

/* "the server adds a To tag in every response other than 100". */
void reg_answer(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, unsigned status, const char *reason,
		const struct buf *headers, const char *type, struct sv body)
{
	static const char *const copied[] = {"From", "To", "Call-ID", "CSeq"};
	struct buf b = {0};
	struct sip_addr to;

	buf_reserve(&b, ANSWER_OCTETS + body.n);
	buf_printf(&b, "SIP/2.0 %u %s\r\n", status, reason);
	for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
		struct sv v = msg_get(m, copied[i]);

		if (v.p == NULL)
			continue;
		copy_header(&b, copied[i], v);
		if (i == 1 && sip_addr_read(v, &to) && sip_param(to.params, "tag").p == NULL)
			buf_printf(&b, ";tag=%s", c->tag);
		buf_str(&b, "\r\n");
	}
	reg_vias(c, &b, m);
	if (headers)
		buf_sv(&b, buf_view(headers));
	reg_body(&b, type, body);
	reg_send(c, sa, &b);
	buf_free(&b);
}

/* "Sign: complete all headers first (To tag, Expires), snum+1, srand random, compute, add Authentication-Info, send." */
static bool sign(const struct reg_conn *c, struct reg_sa *sa, const struct buf *message, struct buf *line)
{
	struct sip_auth a = reg_auth_base(c, sa->ntlm);
	char srand[9], snum[12], version[12], hex[2 * SIPSIG_MAX + 1];
	uint8_t mac[SIPSIG_MAX];
	struct msg_error err;
	struct buf text = {0};
	struct msg m;
	size_t n = 0;

	buf_reserve(&text, ANSWER_OCTETS / 2);
	buf_reserve(line, ANSWER_OCTETS / 4);
	reg_random_hex(c->r, srand, 4, true);
	snprintf(snum, sizeof snum, "%u", sa->snum + 1);
	snprintf(version, sizeof version, "%u", sa->version);
	a.version = sv_of(version);
	a.opaque = sv_of(sa->opaque);
	a.srand = sv_of(srand);
	a.snum = sv_of(snum);
	if (msg_scan_head((const char *)message->p, message->n, MSG_SIP, &m, &err) == MSG_OK &&
	    sipsig_string(&text, &m, sa->version, a.scheme, a.srand, a.snum, a.realm, a.targetname))
		n = sipsig_make(&sa->s2c, buf_view(&text), mac);
	buf_free(&text);
	if (n == 0)
		return false;
	sa->snum++;
	hex_write(hex, mac, n, false);
	a.rspauth = sv_of(hex);
	buf_str(line, "Authentication-Info: ");
	sip_auth_write(line, SIP_AUTH_INFO, &a);
	buf_str(line, "\r\n");
	return true;
}

void reg_send(struct reg_conn *c, struct reg_sa *sa, const struct buf *message)
{
	struct sv all = buf_view(message), rest = all, first;
	struct buf line = {0}, out = {0};

	if (c->closing)
		return;
	first = sv_cut(&rest, '\n');
	if (message->oom || rest.p == NULL || (sa && !sign(c, sa, message, &line))) {
		log_line(LOG_ERROR, "registrar", "%s: an answer cannot be written or signed", c->peer.address);
		c->closing = true;
		buf_free(&line);
		return;
	}
	buf_reserve(&out, all.n + line.n);
	buf_add(&out, first.p, first.n + 1);
	buf_sv(&out, buf_view(&line));
	buf_sv(&out, rest);
	if (line.oom || out.oom)
		c->closing = true;
	else
		c->io.send(c->io.arg, out.p, out.n);
	buf_free(&line);
	buf_free(&out);
}
