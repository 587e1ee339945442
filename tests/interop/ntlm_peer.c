/* tests/interop/ntlm_peer.c: our NTLM against gss-ntlmssp's, in both roles.
 *
 *     ntlm_peer client       gss-ntlmssp proves itself to us, in datagram mode as over SIP
 *     ntlm_peer connection   the same in connection mode as over HTTP, with its MIC
 *     ntlm_peer server       we prove ourselves to gss-ntlmssp, whose passwords stand in the file that the environment
 *                            variable NTLM_USER_FILE names (DOMAIN:user:password)
 *
 * After that each signs the same texts for the other, with sequence number 100 as SIP has it, and each must accept the
 * other's signature and refuse a changed one.  One line a check; exit status 0 when all of them hold, 1 when one does
 * not, 2 for usage, 77 when the mechanism is not installed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_ntlmssp.h>

#include "auth/ntlm.h"
#include "base/clock.h"

static gss_OID_desc mechanism = {GSS_NTLMSSP_OID_LENGTH, (void *)GSS_NTLMSSP_OID_STRING};
static gss_OID_desc set_seq = {GSS_NTLMSSP_SET_SEQ_NUM_OID_LENGTH, (void *)GSS_NTLMSSP_SET_SEQ_NUM_OID_STRING};
static gss_OID_desc require_mic = {GSS_SPNEGO_REQUIRE_MIC_OID_LENGTH, (void *)GSS_SPNEGO_REQUIRE_MIC_OID_STRING};

static const struct ntlm_names names = {"CONTOSO", "SERVER", "contoso.com", "server.contoso.com", "contoso.com"};
static const char password[] = "Pa$$word";
static const uint8_t nonce[8] = {1, 2, 3, 4, 5, 6, 7, 8};

struct peer {
	gss_ctx_id_t ctx;
	gss_cred_id_t cred;
	unsigned failed;
};

static bool is(struct peer *p, bool ok, const char *what)
{
	printf("%s %s\n", ok ? "ok  " : "FAIL", what);
	p->failed += !ok;
	return ok;
}

/* minor by address: it is written by the call that stands before it */
static bool went(struct peer *p, OM_uint32 major, const OM_uint32 *minor, const char *what)
{
	OM_uint32 more = 0, m;

	if (is(p, !GSS_ERROR(major), what))
		return true;
	for (int type = GSS_C_GSS_CODE; type <= GSS_C_MECH_CODE; type++) {
		gss_buffer_desc text = GSS_C_EMPTY_BUFFER;

		gss_display_status(&m, type == GSS_C_GSS_CODE ? major : *minor, type, &mechanism, &more, &text);
		printf("     %.*s\n", (int)text.length, (char *)text.value);
		gss_release_buffer(&m, &text);
	}
	return false;
}

static bool acquire(struct peer *p)
{
	gss_key_value_element_desc element = {GSS_NTLMSSP_CS_PASSWORD, password};
	gss_key_value_set_desc store = {1, &element};
	gss_OID_set_desc mechs = {1, &mechanism};
	gss_buffer_desc login = {13, "CONTOSO\\alice"};
	gss_name_t name = GSS_C_NO_NAME;
	OM_uint32 major, minor = 0, m;

	if (!went(p, gss_import_name(&minor, &login, GSS_C_NT_USER_NAME, &name), &minor, "a name"))
		return false;
	major = gss_acquire_cred_from(&minor, name, GSS_C_INDEFINITE, &mechs, GSS_C_INITIATE, &store, &p->cred, NULL, NULL);
	gss_release_name(&m, &name);
	return went(p, major, &minor, "credentials");
}

/* SIP's sequence number is 100 for every message, in both directions. */
static bool hundred(struct peer *p)
{
	uint32_t seq = 100;
	gss_buffer_desc value = {sizeof seq, &seq};
	OM_uint32 minor, major = gss_set_sec_context_option(&minor, &p->ctx, &set_seq, &value);

	return !GSS_ERROR(major) || went(p, major, &minor, "the sequence number");
}

static void mac(const struct sipsig_key *k, const gss_buffer_desc *text, uint8_t out[16])
{
	ntlm_mac(k->key, k->seal, k->key_exch, 100, text->value, text->length, out);
}

static void signatures(struct peer *p, const struct sipsig_key *theirs, const struct sipsig_key *ours)
{
	static const char *const texts[] = {
		"x",
		"<NTLM><0000002a><1><SIP Communications Service><server.contoso.com><7c04a98faab9751e><3><REGISTER>"
		"<sip:alice@contoso.com><2654214137><sip:alice@contoso.com><><><><>",
		"<NTLM><AE4D44F8><1><SIP Communications Service><server.contoso.com><7c04a98faab9751e><3><REGISTER>"
		"<sip:alice@contoso.com><2654214137><sip:alice@contoso.com><5E61CCD925D17E043D9A74835A88F664><><><600><200>",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		gss_buffer_desc text = {strlen(texts[i]), (void *)texts[i]}, mic = GSS_C_EMPTY_BUFFER, our;
		uint8_t out[16];
		OM_uint32 minor = 0, m;

		if (!hundred(p) || !went(p, gss_get_mic(&minor, p->ctx, 0, &text, &mic), &minor, "their signature is made"))
			return;
		mac(theirs, &text, out);
		is(p, mic.length == 16 && memcmp(mic.value, out, 16) == 0, "their signature is the one we compute");
		gss_release_buffer(&m, &mic);
		mac(ours, &text, out);
		our = (gss_buffer_desc){sizeof out, out};
		if (!hundred(p))
			return;
		went(p, gss_verify_mic(&minor, p->ctx, &text, &our, NULL), &minor, "our signature is good to them");
		out[5] ^= 1;
		if (!hundred(p))
			return;
		is(p, GSS_ERROR(gss_verify_mic(&minor, p->ctx, &text, &our, NULL)), "a changed one is not");
	}
}

/* One step of the initiator; the token is the caller's to release. */
static OM_uint32 initiate(struct peer *p, OM_uint32 flags, const struct buf *in, gss_buffer_desc *out, OM_uint32 *minor)
{
	gss_buffer_desc host = {23, "SIP@server.contoso.com"}, token = {in ? in->n : 0, in ? in->p : NULL};
	gss_name_t target = GSS_C_NO_NAME;
	OM_uint32 major, m;

	host.length = strlen(host.value);
	gss_import_name(&m, &host, GSS_C_NT_HOSTBASED_SERVICE, &target);
	major = gss_init_sec_context(minor, p->cred, &p->ctx, target, &mechanism, flags, 0, GSS_C_NO_CHANNEL_BINDINGS,
				     in ? &token : GSS_C_NO_BUFFER, NULL, out, NULL, NULL);
	gss_release_name(&m, &target);
	return major;
}

static void as_client(struct peer *p, bool datagram)
{
	OM_uint32 flags = GSS_C_INTEG_FLAG | (datagram ? GSS_C_DATAGRAM_FLAG : 0), minor, major;
	gss_buffer_desc first = GSS_C_EMPTY_BUFFER, answer = GSS_C_EMPTY_BUFFER;
	struct buf challenge = {0};
	struct ntlm_negotiate ask = {0};
	struct ntlm_authenticate a;
	struct sipsig_key c2s, s2c;
	uint8_t hash[16], key[16];
	char user[256], domain[256];
	struct rd r;

	if (!acquire(p))
		return;
	major = initiate(p, flags, NULL, &first, &minor);
	if (!went(p, major, &minor, "they begin"))
		return;
	r = rd_of(first.value, first.length);
	if (!datagram) { /* asking is what makes them put a MIC into the AUTHENTICATE */
		gss_buffer_set_t told = GSS_C_NO_BUFFER_SET;

		major = gss_inquire_sec_context_by_oid(&minor, p->ctx, &require_mic, &told);
		went(p, major, &minor, "they know what a MIC is");
		gss_release_buffer_set(&minor, &told);
	}
	if (datagram)
		is(p, first.length == 0, "in datagram mode with an empty token");
	else if (!is(p, ntlm_negotiate_read(&r, &ask), "we read their NEGOTIATE"))
		return;
	is(p, ntlm_make_challenge(&challenge, datagram, ask.flags, &names, nonce, ntlm_filetime(clock_unix_ms())), "we challenge");
	major = initiate(p, flags, &challenge, &answer, &minor);
	if (!went(p, major, &minor, "they answer our CHALLENGE"))
		return;
	r = rd_of(answer.value, answer.length);
	if (!is(p, ntlm_authenticate_read(&r, &a), "we read their AUTHENTICATE"))
		return;
	is(p, ntlm_who(&a, user, domain) && strcmp(user, "alice") == 0 && strcmp(domain, "CONTOSO") == 0, "it is CONTOSO\\alice");
	ntlm_nt_hash(SV("pa$$word"), hash);
	is(p, !ntlm_check(&a, hash, nonce, key), "another password does not fit");
	ntlm_nt_hash(sv_of(password), hash);
	if (!is(p, ntlm_check(&a, hash, nonce, key), "the right one does"))
		return;
	if (a.has_mic)
		is(p, ntlm_check_mic((struct sv){first.value, first.length}, buf_view(&challenge),
				     (struct sv){answer.value, answer.length}, a.mic_at, key), "the MIC over all three messages is good");
	else
		is(p, datagram, "a MIC is missing in datagram mode alone");
	ntlm_sign_keys(key, a.flags, &c2s, &s2c);
	if (datagram)
		signatures(p, &c2s, &s2c);
	gss_release_buffer(&minor, &first);
	gss_release_buffer(&minor, &answer);
	buf_free(&challenge);
}

/* Connection mode: the cipher of each direction goes on from message to message, and they are counted from 0. */
static void running(const struct sipsig_key *k, struct rc4 *cipher, uint32_t seq, const gss_buffer_desc *text, uint8_t out[16])
{
	ntlm_mac(k->key, k->seal, false, seq, text->value, text->length, out);
	rc4_apply(cipher, out + 4, out + 4, 8);
}

static void running_signatures(struct peer *p, const struct sipsig_key *theirs, const struct sipsig_key *ours)
{
	struct rc4 them, us;

	rc4_init(&them, theirs->seal, 16);
	rc4_init(&us, ours->seal, 16);
	for (uint32_t seq = 0; seq < 3; seq++) {
		gss_buffer_desc text = {9 + seq, "Plaintext and more"}, mic = GSS_C_EMPTY_BUFFER, our;
		uint8_t out[16];
		OM_uint32 minor = 0, m;

		if (!went(p, gss_get_mic(&minor, p->ctx, 0, &text, &mic), &minor, "their signature is made"))
			return;
		running(theirs, &them, seq, &text, out);
		is(p, mic.length == 16 && memcmp(mic.value, out, 16) == 0, "their signature is the one we compute");
		gss_release_buffer(&m, &mic);
		running(ours, &us, seq, &text, out);
		our = (gss_buffer_desc){sizeof out, out};
		went(p, gss_verify_mic(&minor, p->ctx, &text, &our, NULL), &minor, "our signature is good to them");
	}
}

/* The mechanism layer of GSSAPI takes an empty first token for SPNEGO's, so that an acceptor in datagram mode cannot be
 * reached through it: here they are the server in connection mode. */
static void as_server(struct peer *p)
{
	static const struct ntlm_negotiate ask = {NTLM_UNICODE | NTLM_REQUEST_TARGET | NTLM_SIGN | NTLM_NTLM | NTLM_ALWAYS_SIGN |
						  NTLM_ESS | NTLM_VERSION | NTLM_128 | NTLM_KEY_EXCH};
	struct ntlm_client c = {.user = "alice", .domain = "CONTOSO", .password = password, .workstation = "PHONE1",
				.client_challenge = {9, 8, 7, 6, 5, 4, 3, 2}, .session_key = {0x10, 0x20, 0x30, 0x40, 0x50}};
	gss_buffer_desc challenge = GSS_C_EMPTY_BUFFER, rest = GSS_C_EMPTY_BUFFER, token;
	struct sipsig_key c2s, s2c;
	struct buf first = {0}, answer = {0};
	uint32_t flags = 0;
	OM_uint32 major, minor = 0;
	const char *why;

	ntlm_negotiate_write(&first, &ask);
	token = (gss_buffer_desc){first.n, first.p};
	major = gss_accept_sec_context(&minor, &p->ctx, p->cred, &token, GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &challenge, NULL,
				       NULL, NULL);
	if (!went(p, major, &minor, "they challenge"))
		return;
	why = ntlm_answer(&answer, (struct sv){challenge.value, challenge.length}, &c, &flags);
	if (!is(p, why == NULL, why ? why : "we answer their CHALLENGE"))
		return;
	is(p, flags & NTLM_KEY_EXCH && flags & NTLM_SIGN && flags & NTLM_128, "with a session key of our own, and signatures");
	token = (gss_buffer_desc){answer.n, answer.p};
	major = gss_accept_sec_context(&minor, &p->ctx, p->cred, &token, GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &rest, NULL, NULL, NULL);
	if (!went(p, major, &minor, "they accept our AUTHENTICATE"))
		return;
	ntlm_sign_keys(c.session_key, flags, &c2s, &s2c);
	running_signatures(p, &s2c, &c2s);
	gss_release_buffer(&minor, &challenge);
	gss_release_buffer(&minor, &rest);
	buf_free(&first);
	buf_free(&answer);
}

int main(int argc, char **argv)
{
	struct peer p = {GSS_C_NO_CONTEXT, GSS_C_NO_CREDENTIAL, 0};
	gss_OID_set mechs = GSS_C_NO_OID_SET;
	OM_uint32 minor;
	int here = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!GSS_ERROR(gss_indicate_mechs(&minor, &mechs)))
		gss_test_oid_set_member(&minor, &mechanism, mechs, &here);
	gss_release_oid_set(&minor, &mechs);
	if (!here) {
		fprintf(stderr, "ntlm_peer: the GSSAPI of this machine has no NTLM mechanism\n");
		return 77;
	}
	if (argc == 2 && strcmp(argv[1], "client") == 0) {
		as_client(&p, true);
	} else if (argc == 2 && strcmp(argv[1], "connection") == 0) {
		as_client(&p, false);
	} else if (argc == 2 && strcmp(argv[1], "server") == 0) {
		as_server(&p);
	} else {
		fprintf(stderr, "usage: ntlm_peer client | connection | server\n");
		return 2;
	}
	gss_delete_sec_context(&minor, &p.ctx, GSS_C_NO_BUFFER);
	gss_release_cred(&minor, &p.cred);
	printf("%u checks failed\n", p.failed);
	return p.failed != 0;
}
