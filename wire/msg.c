/* wire/msg.c: one pass over the lines of a SIP or HTTP/1.1 head.
 *
 * Where both grammars differ, `proto` decides: SIP folds lines and has short names (RFC 3261 7.3), HTTP refuses
 * folding and blanks before the colon (RFC 9112 5.1, 5.2).  Everything that two readers could frame differently
 * is refused: a CR or LF of its own, two Content-Lengths, Content-Length beside Transfer-Encoding.
 */
#include "wire/msg.h"

#include <string.h>

#include "base/enc.h"

/* RFC 3261 25.1 and 7.3.3; the second half: RFC 3515, 3841, 3892, 4028, 4474, 6665. */
static const struct {
	char compact;
	struct sv full;
} short_names[] = {
	{'i', SV("Call-ID")},	   {'m', SV("Contact")},	     {'e', SV("Content-Encoding")},
	{'l', SV("Content-Length")}, {'c', SV("Content-Type")},	     {'f', SV("From")},
	{'s', SV("Subject")},	   {'k', SV("Supported")},	     {'t', SV("To")},
	{'v', SV("Via")},		   {'r', SV("Refer-To")},	     {'a', SV("Accept-Contact")},
	{'j', SV("Reject-Contact")}, {'d', SV("Request-Disposition")}, {'b', SV("Referred-By")},
	{'x', SV("Session-Expires")}, {'y', SV("Identity")},	     {'o', SV("Event")},
	{'u', SV("Allow-Events")},
};

#define EVERY_URI (CHAR_USER | CHAR_PASSWORD | CHAR_PARAMS | CHAR_HEADERS | CHAR_URI)
#define TOKENS (CHAR_TOKEN | CHAR_HTTP_TOKEN)

/* clang-format off */
const uint8_t char_sets[256] = {
	['0' ... '9'] = EVERY_URI | TOKENS, ['A' ... 'Z'] = EVERY_URI | TOKENS, ['a' ... 'z'] = EVERY_URI | TOKENS,
	['-'] = EVERY_URI | TOKENS, ['_'] = EVERY_URI | TOKENS, ['.'] = EVERY_URI | TOKENS, ['!'] = EVERY_URI | TOKENS,
	['~'] = EVERY_URI | TOKENS, ['*'] = EVERY_URI | TOKENS, ['\''] = EVERY_URI | TOKENS, ['+'] = EVERY_URI | TOKENS,
	['('] = EVERY_URI, [')'] = EVERY_URI, ['='] = EVERY_URI,
	['&'] = EVERY_URI | CHAR_HTTP_TOKEN, ['$'] = EVERY_URI | CHAR_HTTP_TOKEN,
	['%'] = TOKENS, /* in URIs two digits follow it */
	['`'] = TOKENS, ['^'] = CHAR_HTTP_TOKEN, ['|'] = CHAR_HTTP_TOKEN,
	['#'] = CHAR_USER | CHAR_URI | CHAR_HTTP_TOKEN,
	[','] = CHAR_USER | CHAR_PASSWORD | CHAR_URI | CHAR_VALUE_END,
	[';'] = CHAR_USER | CHAR_PARAMS | CHAR_URI | CHAR_VALUE_END,
	['?'] = CHAR_USER | CHAR_HEADERS | CHAR_URI,
	['/'] = CHAR_USER | CHAR_PARAMS | CHAR_HEADERS | CHAR_URI,
	['['] = CHAR_PARAMS | CHAR_HEADERS | CHAR_URI, [']'] = CHAR_PARAMS | CHAR_HEADERS | CHAR_URI,
	[':'] = CHAR_PARAMS | CHAR_HEADERS | CHAR_URI,
	['@'] = CHAR_URI,
	['\0'] = CHAR_VALUE_END, [' '] = CHAR_VALUE_END, ['\t'] = CHAR_VALUE_END, ['\r'] = CHAR_VALUE_END, ['\n'] = CHAR_VALUE_END,
	['"'] = CHAR_VALUE_END, ['<'] = CHAR_VALUE_END, ['>'] = CHAR_VALUE_END,
};
/* clang-format on */

struct scan {
	const char *p;
	size_t n, at;
	enum msg_proto proto;
	struct msg_error *err;
	size_t limit; /* no line ends behind it; 0: as long as a head may be */
};

static enum msg_result msg_bad(struct scan *s, unsigned status, size_t at, const char *why)
{
	*s->err = (struct msg_error){why, at, status};
	return MSG_BAD;
}

/* token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~" ); HTTP adds # $ & ^ | */
static bool msg_token_char(char c, enum msg_proto proto)
{
	return char_in(c, proto == MSG_SIP ? CHAR_TOKEN : CHAR_HTTP_TOKEN);
}

static bool token(struct sv s, enum msg_proto proto)
{
	for (size_t i = 0; i < s.n; i++)
		if (!msg_token_char(s.p[i], proto))
			return false;
	return s.n > 0;
}

/* The next line, without its CRLF; s->at moves behind it. */
static enum msg_result next_line(struct scan *s, struct sv *ret)
{
	size_t from = s->at, limit = s->limit ? s->limit : MSG_HEAD_MAX, end;
	const char *lf, *cr;

	end = from < limit && limit < s->n ? limit : from < limit ? s->n : from;
	lf = end > from ? memchr(s->p + from, '\n', end - from) : NULL;
	if (lf)
		end = (size_t)(lf - s->p);
	cr = end > from ? memchr(s->p + from, '\r', end - from) : NULL;
	if (cr == NULL && lf)
		return msg_bad(s, 400, end, "a line feed without a carriage return");
	if (cr == NULL)
		return s->n >= limit ? msg_bad(s, 431, from > limit ? from : limit, "the head is too long") : MSG_PARTIAL;
	end = (size_t)(cr - s->p);
	if (end + 1 == s->n)
		return MSG_PARTIAL;
	if (cr[1] != '\n')
		return msg_bad(s, 400, end, "a carriage return without a line feed");
	*ret = (struct sv){s->p + from, end - from};
	s->at = end + 2;
	return MSG_OK;
}

static size_t msg_offset(const struct scan *s, struct sv at)
{
	return (size_t)(at.p - s->p);
}

static bool version_read(struct scan *s, struct sv v, unsigned *status)
{
	if (s->proto == MSG_SIP) {
		if (sv_ieq(v, SV("SIP/2.0")))
			return true;
		*status = sv_istarts(v, SV("SIP/")) && v.n == 7 && v.p[4] != '2' ? 505 : 400;
		return false;
	}
	if (sv_eq(v, SV("HTTP/1.1")) || sv_eq(v, SV("HTTP/1.0")))
		return true;
	*status = sv_starts(v, SV("HTTP/")) && v.n == 8 && v.p[5] != '1' ? 505 : 400;
	return false;
}

/* "SIP-Version SP Status-Code SP Reason-Phrase": the reason may be empty; HTTP servers leave out its blank, too. */
static enum msg_result status_line(struct scan *s, struct sv line, struct msg *m)
{
	struct sv rest = line, code;
	unsigned status = 400;
	uint64_t v = 0;

	m->version = sv_cut(&rest, ' ');
	if (!version_read(s, m->version, &status))
		return msg_bad(s, status, msg_offset(s, line), "this version of the protocol is not known");
	code = sv_cut(&rest, ' ');
	if (code.n != 3 || !sv_u64(code, s->proto == MSG_SIP ? 699 : 999, &v) || v < 100)
		return msg_bad(s, 400, msg_offset(s, line) + m->version.n + 1, "the status code is not three digits in range");
	if (rest.p == NULL && s->proto == MSG_SIP)
		return msg_bad(s, 400, msg_offset(s, line) + line.n, "the blank behind the status code is missing");
	for (size_t i = 0; rest.p && i < rest.n; i++)
		if ((unsigned char)rest.p[i] < ' ' && rest.p[i] != '\t')
			return msg_bad(s, 400, msg_offset(s, rest) + i, "a control character in the reason phrase");
	m->status = (unsigned)v;
	m->reason = rest;
	return MSG_OK;
}

/* "Method SP Request-URI SP SIP-Version": single blanks, none elsewhere, none at the end. */
static enum msg_result request_line(struct scan *s, struct sv line, struct msg *m)
{
	struct sv rest = line;
	unsigned status = 400;

	m->request = true;
	m->method = sv_cut(&rest, ' ');
	if (!token(m->method, s->proto))
		return msg_bad(s, 400, msg_offset(s, line), "the method is not a token");
	if (rest.p == NULL)
		return msg_bad(s, 400, msg_offset(s, line) + line.n, "the request line ends behind the method");
	m->target = sv_cut(&rest, ' ');
	for (size_t i = 0; i < m->target.n; i++) {
		char c = m->target.p[i];

		if (c <= ' ' || c > '~' || c == '<' || c == '>' || c == '"')
			return msg_bad(s, 400, msg_offset(s, m->target) + i, "a character that no request URI may hold");
	}
	if (m->target.n == 0 || rest.p == NULL)
		return msg_bad(s, 400, msg_offset(s, line) + m->method.n + 1, "the request line wants method, URI and version");
	m->version = rest;
	if (!version_read(s, rest, &status))
		return msg_bad(s, status, msg_offset(s, rest), "this version of the protocol is not known");
	return MSG_OK;
}

static enum msg_result start_line(struct scan *s, struct sv line, struct msg *m)
{
	bool response = s->proto == MSG_SIP ? sv_istarts(line, SV("SIP/")) : sv_starts(line, SV("HTTP/"));

	return response ? status_line(s, line, m) : request_line(s, line, m);
}

static struct sv long_name(enum msg_proto proto, struct sv name)
{
	if (proto == MSG_SIP && name.n == 1)
		for (size_t i = 0; i < sizeof short_names / sizeof *short_names; i++)
			if ((name.p[0] | 0x20) == short_names[i].compact)
				return short_names[i].full;
	return name;
}

/* header  =  "header-name" HCOLON header-value; HCOLON  =  *( SP / HTAB ) ":" SWS */
static enum msg_result header_line(struct scan *s, struct sv line, struct msg *m)
{
	ptrdiff_t colon = sv_find(line, ':');
	struct msg_header *h = &m->header[m->nheader];
	struct sv name = {line.p, colon > 0 ? (size_t)colon : 0};

	while (s->proto == MSG_SIP && name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '\t'))
		name.n--;
	if (!token(name, s->proto))
		return msg_bad(s, 400, msg_offset(s, line), "a header line that does not begin with a name and a colon");
	if (m->nheader == MSG_HEADERS_MAX)
		return msg_bad(s, 431, msg_offset(s, line), "too many headers");
	*h = (struct msg_header){name, long_name(s->proto, name), sv_from(line, (size_t)colon + 1)};
	m->nheader++;
	return MSG_OK;
}

/* quoted-pair  =  "\" (%x00-09 / %x0B-0C / %x0E-7F): SIP alone may hold control characters, there. */
static enum msg_result value_check(struct scan *s, struct sv v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if ((c >= ' ' && c != 0x7f) || c == '\t' || c == '\r' || c == '\n') /* CR, LF: of a folded line */
			continue;
		if (s->proto == MSG_SIP && i && v.p[i - 1] == '\\')
			continue;
		return msg_bad(s, 400, msg_offset(s, v) + i, "a control character in a header");
	}
	return MSG_OK;
}

static bool list_holds(struct sv list, struct sv word)
{
	while (list.p)
		if (sv_ieq(sv_trim(sv_cut(&list, ',')), word))
			return true;
	return false;
}

static enum msg_result content_length(struct scan *s, struct msg *m)
{
	for (size_t i = 0; i < m->nheader; i++) {
		struct sv v = m->header[i].value;

		if (!sv_ieq(m->header[i].full, SV("Content-Length")))
			continue;
		if (m->has_length)
			return msg_bad(s, 400, msg_offset(s, m->header[i].name), "Content-Length stands there twice");
		if (!sv_u64(v, INT64_MAX, &m->length))
			return msg_bad(s, 400, msg_offset(s, v), "Content-Length is not a number");
		m->has_length = true;
	}
	return MSG_OK;
}

/* RFC 9112 3.2: "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request message that
 * lacks a Host header field and to any request message that contains more than one Host header field line".
 * RFC 9112 6.1, 6.3, 9.3: Transfer-Encoding, its clash with Content-Length, persistence. */
static enum msg_result http_rules(struct scan *s, struct msg *m)
{
	bool one_one = sv_eq(m->version, SV("HTTP/1.1"));
	size_t hosts = msg_count(m, "Host"), encodings = msg_count(m, "Transfer-Encoding");
	struct sv connection = msg_get(m, "Connection");

	if (m->request && (hosts > 1 || (one_one && hosts == 0)))
		return msg_bad(s, 400, 0, hosts ? "more than one Host" : "HTTP/1.1 without Host");
	if (encodings) {
		struct sv te = msg_get(m, "Transfer-Encoding");

		if (!one_one || m->has_length || encodings > 1)
			return msg_bad(s, 400, msg_offset(s, te), "two different lengths of the body");
		if (!sv_ieq(te, SV("chunked")))
			return msg_bad(s, 501, msg_offset(s, te), "a transfer coding other than chunked");
		m->chunked = true;
	}
	m->keep_alive = one_one ? !list_holds(connection, SV("close")) : list_holds(connection, SV("keep-alive"));
	return MSG_OK;
}

void msg_copy(struct msg *ret, const struct msg *m)
{
	memcpy(ret, m, offsetof(struct msg, header) + m->nheader * sizeof *m->header);
}

enum msg_result msg_scan_head(const char *p, size_t n, enum msg_proto proto, struct msg *ret, struct msg_error *err)
{
	struct scan s = {p, n, 0, proto, err, 0};
	enum msg_result rc;
	struct sv line;
	struct msg m;

	memset(&m, 0, offsetof(struct msg, header)); /* 4 KB of headers, of which few are used */
	m.proto = proto;

	/* RFC 3261 7.5: "implementations ... MUST ignore any CRLF appearing before the start-line"; RFC 9112 2.2 alike */
	do {
		rc = next_line(&s, &line);
		if (rc != MSG_OK) /* octets that cannot begin a message are refused now, not when a line end comes */
			return rc == MSG_PARTIAL && s.at < n && p[s.at] != '\r' && !msg_token_char(p[s.at], proto) ?
				       msg_bad(&s, 400, s.at, "this is not the beginning of a message") :
				       rc;
	} while (line.n == 0);
	rc = start_line(&s, line, &m);
	while (rc == MSG_OK && (rc = next_line(&s, &line)) == MSG_OK && line.n) {
		struct sv *value = m.nheader ? &m.header[m.nheader - 1].value : NULL;

		if (line.p[0] != ' ' && line.p[0] != '\t')
			rc = header_line(&s, line, &m);
		else if (value == NULL || proto == MSG_HTTP)
			rc = msg_bad(&s, 400, msg_offset(&s, line), "a folded line");
		else
			value->n = (size_t)(line.p + line.n - value->p);
	}
	for (size_t i = 0; rc == MSG_OK && i < m.nheader; i++) {
		m.header[i].value = sv_trim(m.header[i].value);
		rc = value_check(&s, m.header[i].value);
	}
	if (rc == MSG_OK)
		rc = content_length(&s, &m);
	if (rc == MSG_OK && proto == MSG_HTTP)
		rc = http_rules(&s, &m);
	if (rc != MSG_OK)
		return rc;
	m.head_n = s.at;
	msg_copy(ret, &m);
	return MSG_OK;
}

enum msg_result msg_scan(const char *p, size_t n, enum msg_proto proto, size_t body_max, struct msg *ret, size_t *used,
			 struct msg_error *err)
{
	struct scan s = {p, n, 0, proto, err, 0};
	struct msg m;
	enum msg_result rc = msg_scan_head(p, n, proto, &m, err);

	if (rc != MSG_OK)
		return rc;
	if (m.chunked)
		return msg_bad(&s, 411, m.head_n, "a chunked body, where a Content-Length is wanted");
	if (m.length > body_max)
		return msg_bad(&s, 413, m.head_n, "the body is too long");
	if (n - m.head_n < m.length)
		return MSG_PARTIAL;
	m.body = (struct sv){p + m.head_n, (size_t)m.length};
	*used = m.head_n + (size_t)m.length;
	msg_copy(ret, &m);
	return MSG_OK;
}

bool msg_salvage(const char *p, size_t n, enum msg_proto proto, struct msg *ret)
{
	struct msg_error passed_over;
	struct scan s = {p, n, 0, proto, &passed_over};
	struct msg m = {.proto = proto, .request = true};
	enum msg_result rc;
	bool folds = false; /* the line before was a header's */
	struct sv line = {NULL, 0};
	size_t good = 0;

	do
		rc = next_line(&s, &line);
	while (rc == MSG_OK && line.n == 0);
	m.method = rc == MSG_OK ? sv_cut(&line, ' ') : (struct sv){0};
	if (line.p == NULL || !token(m.method, proto))
		return false;
	while ((rc = next_line(&s, &line)) == MSG_OK && line.n)
		if (line.p[0] != ' ' && line.p[0] != '\t')
			folds = header_line(&s, line, &m) == MSG_OK;
		else if (folds)
			m.header[m.nheader - 1].value.n = (size_t)(line.p + line.n - m.header[m.nheader - 1].value.p);
	for (size_t i = 0; i < m.nheader; i++) {
		m.header[i].value = sv_trim(m.header[i].value);
		if (value_check(&s, m.header[i].value) == MSG_OK)
			m.header[good++] = m.header[i];
	}
	m.nheader = good;
	m.head_n = s.at;
	if (rc == MSG_OK)
		*ret = m;
	return rc == MSG_OK;
}

#define CHUNK_LINE_MAX 256
#define CHUNK_OVERHEAD 65536 /* octets that are not data, while the last chunk has not come */

/* chunk-size [ chunk-ext ] CRLF: hexadecimal, at most eight digits, extensions passed over. */
static enum msg_result chunk_size(struct scan *s, size_t *size)
{
	size_t from = s->at, digits = 0, v = 0;
	struct sv line;
	enum msg_result rc;

	s->limit = SIZE_MAX; /* a body has its own measure: body_max */
	rc = next_line(s, &line);
	if (rc == MSG_PARTIAL && s->n - from > CHUNK_LINE_MAX)
		return msg_bad(s, 400, from, "the line before a chunk is too long");
	if (rc != MSG_OK)
		return rc;
	if (line.n > CHUNK_LINE_MAX)
		return msg_bad(s, 400, from, "the line before a chunk is too long");
	for (; digits < line.n && hex_digit(line.p[digits]) >= 0; digits++)
		v = v << 4 | (size_t)hex_digit(line.p[digits]);
	if (digits == 0 || digits > 8 || (digits < line.n && strchr("; \t", line.p[digits]) == NULL))
		return msg_bad(s, 400, from, "a chunk without a size");
	*size = v;
	return MSG_OK;
}

/* One walk over the chunks that have come whole, from c->at on; `to` NULL: only to see whether all of them are there. */
static enum msg_result chunks(struct scan *s, struct msg_chunks *c, size_t body_max, struct buf *to)
{
	enum msg_result rc = MSG_OK;
	size_t size = 0;
	struct sv line;

	s->at = c->at;
	while (!c->trailer && (rc = chunk_size(s, &size)) == MSG_OK) {
		if (size > body_max - c->data)
			return msg_bad(s, 413, s->at, "the body is too long");
		if (size && s->n - s->at < size + 2)
			return MSG_PARTIAL;
		if (size && memcmp(s->p + s->at + size, "\r\n", 2) != 0)
			return msg_bad(s, 400, s->at + size, "a chunk that is longer than its length");
		if (to && size)
			buf_add(to, s->p + s->at, size);
		s->at += size ? size + 2 : 0;
		c->data += size;
		c->at = s->at;
		c->trailer = size == 0;
	}
	if (rc != MSG_OK)
		return rc;
	s->limit = s->at + MSG_HEAD_MAX;
	while ((rc = next_line(s, &line)) == MSG_OK && line.n) /* the trailer is passed over */
		if (sv_find(line, ':') < 1)
			return msg_bad(s, 400, msg_offset(s, line), "a trailer line without a colon");
	if (rc == MSG_OK)
		c->at = s->at;
	return rc;
}

enum msg_result msg_dechunk_on(struct msg_chunks *c, const char *p, size_t n, size_t body_max, struct buf *to,
			       struct msg_error *err)
{
	struct scan s = {p, n, 0, MSG_HTTP, err, SIZE_MAX};
	enum msg_result rc = chunks(&s, c, body_max, to);

	if (rc == MSG_PARTIAL && c->gone + n > CHUNK_OVERHEAD && c->gone + n - CHUNK_OVERHEAD > body_max)
		return msg_bad(&s, 413, n, "the chunks are too many for so little");
	return rc;
}

enum msg_result msg_dechunk(const char *p, size_t n, size_t body_max, struct buf *to, size_t *used, struct msg_error *err)
{
	struct msg_chunks c = {0}, again = {0};
	enum msg_result rc = msg_dechunk_on(&c, p, n, body_max, NULL, err);

	if (rc != MSG_OK)
		return rc;
	*used = c.at;
	return msg_dechunk_on(&again, p, n, body_max, to, err);
}

bool msg_head_may_end(const char *p, size_t n, size_t *looked)
{
	size_t from = *looked > 3 ? *looked - 3 : 0;
	bool none = *looked == 0 && n && p[0] != '\r' && p[0] != '\n' && (p[0] <= ' ' || p[0] >= 0x7f || p[0] < 0);

	*looked = n;
	return none || memmem(p + from, n - from, "\n\r\n", 3) || memmem(p + from, n - from, "\n\n", 2) || n > MSG_HEAD_MAX;
}

struct sv msg_get_nth(const struct msg *m, const char *name, size_t n)
{
	struct sv want = sv_of(name);

	for (size_t i = 0; i < m->nheader; i++)
		if (sv_ieq(m->header[i].full, want) && n-- == 0)
			return m->header[i].value;
	return (struct sv){NULL, 0};
}

struct sv msg_get(const struct msg *m, const char *name)
{
	return msg_get_nth(m, name, 0);
}

size_t msg_count(const struct msg *m, const char *name)
{
	struct sv want = sv_of(name);
	size_t n = 0;

	for (size_t i = 0; i < m->nheader; i++)
		n += sv_ieq(m->header[i].full, want);
	return n;
}
