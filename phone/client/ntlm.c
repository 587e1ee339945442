/* phone/client/ntlm.c: NTLM over HTTP (RFC 4559; [web-services 6.1]): three legs on one connection. */
#include "phone/client/ntlm.h"

#include <string.h>

#include "auth/ntlm.h"
#include "base/enc.h"
#include "phone/run/record.h"
#include "wire/challenge.h"

#define WORKSTATION "PHONE"

static void ntlm_split_login(const char *login, char domain[128], char user[256])
{
	struct sv rest = sv_of(login), first = sv_cut(&rest, '\\');

	domain[0] = user[0] = '\0';
	if (rest.p) {
		sv_copy(domain, 128, first);
		sv_copy(user, 256, rest);
	} else { /* "With a UPN login SIPE sends domain \"\" and user = the whole UPN" */
		sv_copy(user, 256, first);
	}
}

/* A server that sends a Registrar's challenge in HTTP, or the other way round, relays another server's.
 * [MS-NLMP] 2.2.2.5, NTLMSSP_NEGOTIATE_DATAGRAM: connectionless authentication, which SIP is [sip 9.2]. */
static bool ntlm_is_of(struct sv challenge, bool sip)
{
	struct rd r = rd_of(challenge.p, challenge.n);
	struct ntlm_challenge ch;

	return !ntlm_challenge_read(&r, &ch) || !!(ch.flags & NTLM_DATAGRAM) == sip; /* a challenge that cannot be read is refused later */
}

const char *ntlm_login_answer(struct dt_phone *ph, const struct ntlm_login *who, const struct ntlm_asked *asked, struct buf *answer,
			      uint32_t *flags, uint8_t key[16])
{
	char domain[128], user[256];
	struct ntlm_client c = {.user = user, .domain = domain, .password = who->password ? who->password : "",
				.workstation = WORKSTATION, .filetime = ntlm_filetime(ph_unix_s(ph) * 1000),
				.negotiate = asked->negotiate, .binding = asked->binding};
	const char *why;

	if (!ntlm_is_of(asked->challenge, key != NULL))
		return key ? "an NTLM challenge of HTTP came in SIP" : "an NTLM challenge of SIP came in HTTP";
	ntlm_split_login(who->login, domain, user);
	ph_random(ph, c.client_challenge, sizeof c.client_challenge);
	ph_random(ph, c.session_key, sizeof c.session_key);
	why = ntlm_answer(answer, asked->challenge, &c, flags);
	if (key)
		memcpy(key, c.session_key, 16);
	explicit_bzero(&c, sizeof c);
	return why;
}

/* A server that takes NTLM only under the name of Negotiate takes its messages as they are, too. */
bool ntlm_http_offered(struct ntlm_http *n, const struct msg *m, struct sv *token)
{
	static const char *const schemes[] = {"NTLM", "Negotiate"};

	if (n->leg)
		return challenge_find(m, "WWW-Authenticate", sv_of(n->scheme), token);
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (challenge_find(m, "WWW-Authenticate", sv_of(schemes[i]), token)) {
			n->scheme = schemes[i];
			return true;
		}
	return false;
}

enum ntlm_leg ntlm_http_leg(struct dt_phone *ph, struct ntlm_http *n, const struct ntlm_login *who, struct sv leaf,
			    struct sv token, struct buf *header, struct why *why)
{
	static const struct ntlm_negotiate hello = {.flags = NTLM_UNICODE | NTLM_OEM | NTLM_REQUEST_TARGET | NTLM_NTLM | NTLM_ALWAYS_SIGN |
							     NTLM_ESS | NTLM_VERSION | NTLM_128};
	struct buf message = {0}, raw = {0}, first = {0};
	struct ntlm_asked asked = {{0}, {0}, NULL};
	uint8_t binding[16];
	const char *bad = NULL;
	uint32_t flags;

	if (n->leg == 0 && token.n == 0) {
		ntlm_negotiate_write(&message, &hello);
	} else if (n->leg == 1 && token.n) {
		ntlm_negotiate_write(&first, &hello); /* as it went out */
		bad = b64_read(&raw, token) ? NULL : "the NTLM challenge is not base64";
		asked = (struct ntlm_asked){buf_view(&raw), buf_view(&first), ntlm_channel_binding(leaf.p, leaf.n, binding) ? binding : NULL};
		if (bad == NULL)
			bad = ntlm_login_answer(ph, who, &asked, &message, &flags, NULL);
	} else {
		return NTLM_LEG_REFUSED; /* "401 without a token in mid-handshake": refused */
	}
	n->leg++;
	if (bad) {
		why_set(why, "%s", bad);
	} else {
		buf_printf(header, "Authorization: %s ", n->scheme);
		b64_add(header, message.p, message.n);
		buf_str(header, "\r\n");
	}
	buf_wipe(&message);
	buf_wipe(&raw);
	buf_free(&first);
	return bad ? NTLM_LEG_BAD : header->oom ? NTLM_LEG_REFUSED : NTLM_LEG;
}
