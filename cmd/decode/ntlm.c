/* cmd/decode/ntlm.c: one NTLM message: its octets, or the base64 that stands in a header. */
#include "cmd/decode/decode.h"

#include "base/date.h"
#include "cmd/decode/parts.h"
#include "wire/ntlm.h"

static const struct {
	uint32_t flag;
	const char *name;
} flags[] = {
	{NTLM_UNICODE, "unicode"},	 {NTLM_OEM, "oem"},
	{NTLM_REQUEST_TARGET, "request-target"}, {NTLM_SIGN, "sign"},
	{NTLM_SEAL, "seal"},		 {NTLM_DATAGRAM, "datagram"},
	{NTLM_LM_KEY, "lm-key"},	 {NTLM_NTLM, "ntlm"},
	{NTLM_ALWAYS_SIGN, "always-sign"}, {NTLM_ESS, "extended-session-security"},
	{NTLM_IDENTIFY, "identify"},	 {NTLM_TARGET_INFO, "target-info"},
	{NTLM_VERSION, "version"},	 {NTLM_128, "128"},
	{NTLM_KEY_EXCH, "key-exchange"}, {NTLM_56, "56"},
};

static const char *const pairs[] = {NULL, "computer", "domain", "dns_computer", "dns_domain", "dns_tree", "flags", "time"};

static json_t *json_flags(uint32_t v)
{
	json_t *names = json_array();
	char hex[11];

	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (v & flags[i].flag)
			json_array_append_new(names, json_string(flags[i].name));
	snprintf(hex, sizeof hex, "0x%08x", v);
	return json_pack("{s:s,s:o}", "value", hex, "names", names);
}

static json_t *octets(const uint8_t *p, size_t n)
{
	return json_hex((struct sv){(const char *)p, n});
}

static json_t *name16(struct sv v)
{
	struct buf b = {0};
	json_t *j = utf8_from_utf16(&b, v) ? json_text(buf_view(&b)) : json_pack("{s:o}", "hex", json_hex(v));

	buf_free(&b);
	return j;
}

/* 100 ns since 1601, little-endian */
static json_t *filetime(struct sv v)
{
	struct rd r = rd_of(v.p, v.n);
	uint64_t t = rd_le(&r, 8);
	char text[ISO_TIME_MAX];

	return v.n == 8 && t < 0x7fffffffffffffff ? json_string(iso_time_ms(text, (int64_t)(t / 10000) - 11644473600000)) : json_hex(v);
}

static json_t *target_info(struct sv info)
{
	json_t *o = json_object();

	for (unsigned id = 1; id < sizeof pairs / sizeof *pairs; id++) {
		struct sv v = ntlm_av(info, id);

		if (v.p)
			json_object_set_new(o, pairs[id],
					    id == NTLM_AV_TIME ? filetime(v) : id == NTLM_AV_FLAGS ? json_hex(v) : name16(v));
	}
	return o;
}

/* 2.2.2.8: proof 16, then 2.2.2.7: 01 01, six zeros, time, client challenge, four zeros, pairs */
static json_t *nt_response(struct sv nt)
{
	struct rd r = rd_of(nt.p, nt.n);
	struct sv proof = rd_sv(&r, 16), time, nonce;

	rd_take(&r, 8);
	time = rd_sv(&r, 8);
	nonce = rd_sv(&r, 8);
	rd_take(&r, 4);
	if (r.err)
		return json_hex(nt);
	return json_pack("{s:o,s:o,s:o,s:o}", "proof", json_hex(proof), "time", filetime(time), "client_challenge", json_hex(nonce),
			 "target_info", target_info(sv_from(nt, 44)));
}

static json_t *negotiate(struct rd *r)
{
	struct ntlm_negotiate m;

	if (!ntlm_negotiate_read(r, &m))
		return NULL;
	return json_pack("{s:s,s:o,s:o,s:o}", "message", "NEGOTIATE", "flags", json_flags(m.flags), "domain", json_text(m.domain),
			 "workstation", json_text(m.workstation));
}

static json_t *challenge(struct rd *r)
{
	struct ntlm_challenge m;

	if (!ntlm_challenge_read(r, &m))
		return NULL;
	return json_pack("{s:s,s:o,s:o,s:o,s:o,s:o}", "message", "CHALLENGE", "flags", json_flags(m.flags), "challenge",
			 octets(m.challenge, sizeof m.challenge), "target", name16(m.target), "target_info", target_info(m.info),
			 "version", octets(m.version, sizeof m.version));
}

static json_t *authenticate(struct rd *r)
{
	struct ntlm_authenticate m;
	bool wide;
	json_t *o;

	if (!ntlm_authenticate_read(r, &m))
		return NULL;
	wide = m.flags & NTLM_UNICODE;
	o = json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "message", "AUTHENTICATE", "flags", json_flags(m.flags), "domain",
		      wide ? name16(m.domain) : json_text(m.domain), "user", wide ? name16(m.user) : json_text(m.user), "workstation",
		      wide ? name16(m.workstation) : json_text(m.workstation), "lm", json_hex(m.lm), "nt", nt_response(m.nt), "key",
		      json_hex(m.key), "version", octets(m.version, sizeof m.version));
	if (m.has_mic)
		json_object_set_new(o, "mic", octets(m.mic, sizeof m.mic));
	return o;
}

json_t *decode_ntlm(const void *p, size_t n, struct why *why)
{
	static json_t *(*const readers[])(struct rd *r) = {NULL, negotiate, challenge, authenticate};
	struct sv text = sv_trim((struct sv){p, n});
	struct buf raw = {0};
	struct rd r;
	unsigned type;
	json_t *o = NULL;

	if (!sv_starts(text, SV("TlRMTVNTUAA")) || !b64_read(&raw, text)) {
		buf_clear(&raw);
		buf_add(&raw, p, n);
	}
	r = rd_of(raw.p, raw.n);
	type = ntlm_type(buf_view(&raw));
	if (raw.oom)
		why_set(why, "out of memory");
	else if (type == 0)
		why_set(why, "octet 0: it does not begin with \"NTLMSSP\", a NUL and a type of 1, 2 or 3");
	else if ((o = readers[type](&r)) == NULL)
		refused(&r, why);
	buf_free(&raw);
	return o;
}
