#include "server/location/seen.h"

#include <string.h>

#include "base/enc.h"
#include "base/text.h"

#define SEEN_ROW(id, name, stage, then, silent) [SEEN_##id] = {name, stage, then, silent},
const struct seen_row seen_steps[SEEN_STEP_COUNT] = {SEEN_STEPS(SEEN_ROW)};

void seen_send(const struct seen_link *l, const struct seen *s)
{
	if (l && l->send)
		l->send(l->arg, s);
}

static void seen_text(char *to, size_t cap, struct sv from)
{
	text_set(to, cap, SV_FMT, SV_ARG(from));
}

void seen_agent(struct seen *s, struct sv agent)
{
	struct sv rest = agent, token, product = agent;

	if (s->model[0] == '\0' && sv_find(agent, '(') >= 0) {
		sv_cut(&product, '(');
		seen_text(s->model, sizeof s->model, sv_cut(&product, ')'));
	}
	if (s->firmware[0])
		return;
	token = sv_cut(&rest, ' ');
	sv_cut(&token, '/');
	if (token.n && token.p[0] >= '0' && token.p[0] <= '9')
		seen_text(s->firmware, sizeof s->firmware, token);
}

void seen_mac(struct seen *s, struct sv mac)
{
	char text[MAC_TEXT_MAX];
	uint8_t octets[6];

	if (mac_read(mac, octets))
		memcpy(s->mac, mac_text(text, octets), sizeof s->mac);
}

void seen_number_masked(struct seen *s, const char *number)
{
	size_t n = strlen(number);

	text_set(s->number, sizeof s->number, "%s%s (%zu characters)", n > 3 ? "..." : "", n > 3 ? number + n - 2 : "...", n);
}

void seen_refused(struct seen *s, enum dt_failure code, const char *cause)
{
	s->result = SEEN_REFUSED;
	s->code = code;
	text_set(s->cause, sizeof s->cause, "%s", cause && cause[0] ? cause : dt_failures[code].what);
}

/* RFC 5246 7.2.2.  UNKNOWN: which alert real phones send for a name that does not fit; OpenSSL sends bad_certificate. */
void seen_tls(struct seen *s, unsigned alert, const char *why)
{
	static const struct {
		unsigned alert;
		enum dt_failure code;
		const char *cause;
	} rows[] = {
	    {42, DT_F_TLS_NAME, "the phone refuses the server's certificate (bad_certificate): mostly the name in it"},
	    {45, DT_F_TLS_DATE, "the phone holds the server's certificate for expired: check the phone's clock, then the certificate"},
	    {46, DT_F_TLS_UNTRUSTED, "the phone refuses the server's certificate (certificate_unknown)"},
	    {48, DT_F_TLS_UNTRUSTED, "the phone does not trust the CA of the server's certificate (unknown_ca)"},
	    {70, DT_F_TLS_HANDSHAKE, "the phone does not take this version of TLS (protocol_version)"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (alert && rows[i].alert == alert) {
			seen_refused(s, rows[i].code, rows[i].cause);
			return;
		}
	seen_refused(s, DT_F_TLS_HANDSHAKE, why);
}
