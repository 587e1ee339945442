#include "auth/tether.h"

#include <ctype.h>
#include <string.h>

#include "pki/key.h"

#define ROUNDS 20000
#define LABEL "dialtone tether 1 "

/* ---- the code: no letter that looks like a digit ------------------------------------------------------------------- */

static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
_Static_assert(sizeof letters == 33, "five bits a letter");

bool tether_code_make(char ret[TETHER_CODE_MAX])
{
	uint8_t random[TETHER_CODE_DIGITS];
	size_t n = 0;

	if (!pki_random(random, sizeof random))
		return false;
	for (size_t i = 0; i < sizeof random; i++) {
		if (i && i % 4 == 0)
			ret[n++] = '-';
		ret[n++] = letters[random[i] % 32];
	}
	ret[n] = '\0';
	explicit_bzero(random, sizeof random);
	return true;
}

bool tether_code_read(struct sv typed, char ret[TETHER_CODE_MAX])
{
	char code[TETHER_CODE_MAX] = "";
	size_t digits = 0, n = 0;

	for (size_t i = 0; i < typed.n; i++) {
		char c = (char)toupper((unsigned char)typed.p[i]);

		if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c == '\0' || strchr(letters, c) == NULL || digits == TETHER_CODE_DIGITS)
			return false;
		if (digits && digits % 4 == 0)
			code[n++] = '-';
		code[n++] = c;
		digits++;
	}
	if (digits == TETHER_CODE_DIGITS)
		memcpy(ret, code, sizeof code);
	explicit_bzero(code, sizeof code);
	return digits == TETHER_CODE_DIGITS;
}

/* ---- one end --------------------------------------------------------------------------------------------------------- */

bool tether_begin(struct tether *t, bool phone, const char *code, const char *name)
{
	tether_clear(t);
	t->phone = t->ours.phone = phone;
	memcpy(t->code, code, strnlen(code, sizeof t->code - 1));
	memcpy(t->ours.name, name, strnlen(name, sizeof t->ours.name - 1));
	return pki_random(t->ours.nonce, sizeof t->ours.nonce);
}

void tether_clear(struct tether *t)
{
	buf_wipe(&t->in);
	explicit_bzero(t, sizeof *t);
}

void tether_hello(struct tether *t, struct buf *out)
{
	struct buf body = {0};

	tether_hello_write(&body, &t->ours);
	tether_frame_write(out, TETHER_HELLO, buf_view(&body));
	out->oom |= body.oom;
	buf_free(&body);
}

static void side_key(const uint8_t k[32], bool phone, uint8_t ret[32])
{
	const char *label = phone ? LABEL "phone" : LABEL "pc";

	pki_hmac_sha256(k, 32, label, strlen(label), ret);
}

static bool tether_keys(struct tether *t)
{
	const struct tether_hello *phone = t->phone ? &t->ours : &t->theirs, *pc = t->phone ? &t->theirs : &t->ours;
	uint8_t salt[2 * TETHER_NONCE], k[32], sum[32];

	memcpy(salt, phone->nonce, TETHER_NONCE);
	memcpy(salt + TETHER_NONCE, pc->nonce, TETHER_NONCE);
	pki_sha256(salt, sizeof salt, sum);
	memcpy(t->session, sum, sizeof t->session);
	if (!pki_pbkdf2(t->code, strlen(t->code), salt, sizeof salt, ROUNDS, k))
		return false;
	side_key(k, t->phone, t->send_key);
	side_key(k, !t->phone, t->open_key);
	explicit_bzero(k, sizeof k);
	t->sent = t->opened = 0;
	t->proved = false;
	return t->keyed = true;
}

static struct sv context(uint64_t n, char ret[9])
{
	for (int i = 0; i < 8; i++)
		ret[i] = (char)(n >> (56 - 8 * i));
	ret[8] = TETHER_VERSION;
	return (struct sv){ret, 9};
}

bool tether_send(struct tether *t, const struct tether_message *m, struct buf *out)
{
	struct buf inner = {0}, sealed = {0};
	char number[9];
	bool ok;

	tether_message_write(&inner, m);
	buf_add(&sealed, t->session, sizeof t->session);
	ok = t->keyed && !inner.oom && !sealed.oom && pki_seal(t->send_key, context(t->sent, number), inner.p, inner.n, &sealed) && sealed.n <= TETHER_BODY_MAX;
	if (ok) {
		tether_frame_write(out, TETHER_SEALED, buf_view(&sealed));
		t->sent++;
	}
	buf_wipe(&inner);
	buf_free(&sealed);
	return ok && !out->oom;
}

/* ---- what comes in ----------------------------------------------------------------------------------------------------- */

void tether_feed(struct tether *t, const void *p, size_t n)
{
	buf_add(&t->in, p, n);
}

static enum tether_event got_hello(struct tether *t, struct sv body, struct buf *out, struct why *why)
{
	const char *bad;

	if ((bad = tether_hello_read(body, &t->theirs)) != NULL) {
		why_set(why, "the other end's greeting cannot be read: %s", bad);
		return TETHER_BAD;
	}
	if (t->theirs.phone == t->phone) { /* our own echo, or two of a kind */
		why_set(why, "the other end is %s, too", t->phone ? "a phone" : "a PC");
		return TETHER_BAD;
	}
	/* Each session has a nonce of this end that no session had before. */
	if ((!t->phone || t->keyed) && !pki_random(t->ours.nonce, sizeof t->ours.nonce))
		return TETHER_BAD;
	if (t->phone && t->keyed) { /* the PC has begun anew: it must hear the new nonce first */
		t->keyed = t->proved = false;
		tether_hello(t, out);
		return TETHER_PEER;
	}
	if (!t->phone)
		tether_hello(t, out);
	if (tether_keys(t))
		return TETHER_PEER;
	why_set(why, "no keys could be made");
	return TETHER_BAD;
}

static enum tether_event got_sealed(struct tether *t, struct sv body, struct tether_message *m, struct why *why)
{
	struct buf inner = {0};
	const char *bad = NULL;
	char number[9];

	if (!t->keyed || body.n < TETHER_SESSION || memcmp(body.p, t->session, TETHER_SESSION) != 0)
		return TETHER_NOTHING; /* of a session that is over */
	body = sv_from(body, TETHER_SESSION);
	if (!pki_unseal(t->open_key, context(t->opened, number), body.p, body.n, &inner))
		bad = t->proved ? "a message was changed, lost or repeated on the line" : "the other end has another code";
	else
		bad = tether_message_read(buf_view(&inner), m);
	buf_wipe(&inner);
	if (bad) {
		why_set(why, "%s", bad);
		return TETHER_BAD;
	}
	t->opened++;
	t->proved = true;
	return TETHER_MESSAGE;
}

enum tether_event tether_next(struct tether *t, struct tether_message *m, struct buf *out, struct why *why)
{
	enum tether_event e = TETHER_NOTHING;
	struct tether_frame f;
	size_t used = 0;

	while (e == TETHER_NOTHING && tether_frame_read(t->in.p, t->in.n, &f, &used) == TETHER_FRAME) {
		if (f.version != TETHER_VERSION) {
			why_set(why, "the other end speaks version %u of the protocol, this one %u", f.version, TETHER_VERSION);
			e = TETHER_BAD;
		} else if (f.type == TETHER_HELLO) {
			e = got_hello(t, f.body, out, why);
		} else {
			e = got_sealed(t, f.body, m, why);
		}
		buf_drop(&t->in, used);
		used = 0;
	}
	if (used)
		buf_drop(&t->in, used);
	return e;
}
