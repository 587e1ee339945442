/* tests/fuzz/fuzz_ntlm.c: the three messages; a message that is read is written and says the same again. */
#include <stdlib.h>
#include <string.h>

#include "wire/ntlm.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void negotiate(const uint8_t *p, size_t n)
{
	struct rd r = rd_of(p, n);
	struct ntlm_negotiate a, b;
	struct buf out = {0};

	if (ntlm_negotiate_read(&r, &a)) {
		ntlm_negotiate_write(&out, &a);
		r = rd_of(out.p, out.n);
		check(ntlm_negotiate_read(&r, &b) && b.flags == a.flags);
		check(sv_eq(a.domain, b.domain) && sv_eq(a.workstation, b.workstation));
	}
	buf_free(&out);
}

static void names(struct sv v)
{
	struct buf narrow = {0}, wide = {0};

	if (utf8_from_utf16(&narrow, v)) {
		check(utf16_from_utf8(&wide, buf_view(&narrow), false) && sv_eq(buf_view(&wide), v));
		buf_clear(&wide);
		check(utf16_from_utf8(&wide, buf_view(&narrow), true) && wide.n == v.n);
	}
	buf_clear(&wide);
	utf16_from_utf8(&wide, v, true);
	buf_free(&narrow);
	buf_free(&wide);
}

static void challenge(const uint8_t *p, size_t n)
{
	struct rd r = rd_of(p, n);
	struct ntlm_challenge a, b;
	struct buf out = {0};

	if (ntlm_challenge_read(&r, &a)) {
		for (unsigned id = 1; id <= NTLM_AV_TIME; id++)
			names(ntlm_av(a.info, id));
		ntlm_challenge_write(&out, &a);
		r = rd_of(out.p, out.n);
		check(ntlm_challenge_read(&r, &b) && b.flags == a.flags && memcmp(a.challenge, b.challenge, 8) == 0);
		check(sv_eq(a.target, b.target) && sv_eq(a.info, b.info));
	}
	buf_free(&out);
}

static void authenticate(const uint8_t *p, size_t n)
{
	struct rd r = rd_of(p, n);
	struct ntlm_authenticate a, b;
	struct buf out = {0};

	if (ntlm_authenticate_read(&r, &a)) {
		names(a.user);
		names(a.domain);
		ntlm_authenticate_write(&out, &a);
		if (!out.oom) { /* fields may overlap in what was read; written one behind the other they fit in 64 KB each */
			r = rd_of(out.p, out.n);
			check(ntlm_authenticate_read(&r, &b) && b.flags == a.flags && b.has_mic == a.has_mic);
			check(sv_eq(a.lm, b.lm) && sv_eq(a.nt, b.nt) && sv_eq(a.user, b.user) && sv_eq(a.key, b.key));
			check(sv_eq(a.domain, b.domain) && sv_eq(a.workstation, b.workstation));
			check(!a.has_mic || memcmp(a.mic, b.mic, 16) == 0);
		}
	}
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *c = malloc(n);

	if (n && c == NULL)
		return 0;
	if (n)
		memcpy(c, p, n);
	ntlm_type((struct sv){(char *)c, n});
	negotiate(c, n);
	challenge(c, n);
	authenticate(c, n);
	names((struct sv){(char *)c, n});
	ntlm_av_check((struct sv){(char *)c, n});
	free(c);
	return 0;
}
