/* cmd/decode/decode.c: dialtone decode KIND FILE|-: one message's raw octets in, JSON out.
 *
 * Status 0: read.  1: refused; why, and at which octet, on standard error.  64: usage.  Never anything else, whatever the
 * octets are.  A hex dump stands for its octets.  Of a capture all messages of the kind are shown, as an array.
 */
#include "cmd/decode/decode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/enc.h"
#include "base/file.h"
#include "cmd/decode/frame.h"
#include "cmd/decode/input.h"
#include "cmd/decode/msg.h"
#include "cmd/json_put.h"
#include "cmd/verbs.h"
#include "wire/capture/capture.h"

#define MESSAGE_MAX (1 << 20)
#define CAPTURE_MAX (64 << 20)
#define PACKETS_MAX 10000

struct kind {
	struct verb verb; /* the first member: a verb of the tree is its kind */
	json_t *(*decode)(const void *p, size_t n, struct why *why);
	bool (*carried)(const void *p, size_t n); /* whether a captured packet is one; NULL: it goes over TCP, in many packets */
	bool binary, body; /* body: it may be given with the head of the HTTP or SIP message that carries it */
};

static int decode_run(struct command *c);

#define KIND(name, what) {(name), "FILE|-", (what), .run = decode_run}

/* clang-format off */
static const struct kind kinds[] = {
	{KIND("lldp",         "an Ethernet frame with an LLDPDU"),                  decode_lldp, frame_has_lldp, true},
	{KIND("dhcp",         "the UDP payload of a DHCP message, or its frame"),   decode_dhcp, frame_has_dhcp, true},
	{KIND("sip",          "a SIP request or response"),                         decode_sip},
	{KIND("http",         "an HTTP request or response"),                       decode_http},
	{KIND("soap",         "a SOAP envelope of the Web Services"),               decode_soap, .body = true},
	{KIND("ntlm",         "an NTLM message: negotiate, challenge, authenticate"), decode_ntlm, NULL, true},
	{KIND("update",       "the question or the answer of the update service"),  decode_update, .body = true},
	{KIND("provisioning", "an in-band provisioning document"),                  decode_provisioning, .body = true},
};
/* clang-format on */

static const struct verb *const kind_verbs[] = {&kinds[0].verb, &kinds[1].verb, &kinds[2].verb, &kinds[3].verb,
						&kinds[4].verb, &kinds[5].verb, &kinds[6].verb, &kinds[7].verb, NULL};
_Static_assert(sizeof kinds / sizeof *kinds == 8, "every kind is a verb");

static int refuse(const char *path, const char *why)
{
	fprintf(stderr, "dialtone decode: %s: refused: %s\n", path, why);
	return 1;
}

static int put(json_t *j)
{
	return json_put(stdout, j, JSON_INDENT(2)) ? 0 : 1;
}

/* ---- one message ---------------------------------------------------------------------------------------------- */

/* The octets that the file stands for: those of a dump, or of base64 as NTLM messages go in headers.  NULL, or why not. */
static const char *octets_of(const struct kind *k, struct buf *in)
{
	struct sv text = sv_trim(buf_view(in));
	struct buf out = {0};
	const char *why = NULL;
	enum dump d = dump_read(buf_view(in), MESSAGE_MAX, &out, &why);

	if (d == DUMP_NONE) {
		buf_clear(&out);
		d = k->decode == decode_ntlm && sv_starts(text, SV("TlRMTVNTUA")) && b64_read(&out, text) ? DUMP_READ : DUMP_NONE;
	}
	if (d == DUMP_READ) {
		struct buf was = *in;

		*in = out;
		out = was;
	}
	buf_free(&out);
	return why;
}

static bool is_text(const struct buf *b)
{
	for (size_t i = 0; i < b->n; i++)
		if ((b->p[i] < ' ' && b->p[i] != '\n' && b->p[i] != '\r' && b->p[i] != '\t') || b->p[i] > '~')
			return false;
	return b->n > 0;
}

/* What the body of an HTTP or SIP message says, and under "within" the head before it.  *is: it has such a head. */
static json_t *decode_body(const struct kind *k, const struct buf *in, bool *is, struct why *why)
{
	struct msg *m = malloc(sizeof *m);
	struct msg_error e = {0};
	struct sv body = buf_view(in);
	struct buf pieces = {0};
	struct why inner = {"it cannot be read"};
	size_t used, head = 0;
	json_t *j = NULL;

	*is = m && (msg_scan_head(body.p, body.n, MSG_HTTP, m, &e) == MSG_OK || msg_scan_head(body.p, body.n, MSG_SIP, m, &e) == MSG_OK);
	if (*is) {
		head = m->head_n;
		body = sv_from(body, head);
		if (m->chunked && msg_dechunk(body.p, body.n, MESSAGE_MAX, &pieces, &used, &e) == MSG_OK)
			body = buf_view(&pieces);
		else if (!m->chunked && m->has_length && m->length < body.n)
			body.n = (size_t)m->length;
		j = k->decode(body.n ? body.p : "", body.n, &inner);
	}
	if (j)
		json_object_set_new(j, "within", json_head(m));
	else if (*is)
		why_set(why, "octet %zu: of the body, %s", head, inner.text);
	buf_free(&pieces);
	free(m);
	return j;
}

static int decode_one(const struct kind *k, const char *path, struct buf *in)
{
	struct why why = {"it cannot be read"};
	const char *bad = NULL;
	bool carried = false;
	json_t *j = NULL;
	int rc;

	if (in->n > MESSAGE_MAX)
		return refuse(path, "octet 1048576: longer than a mebibyte: one message is wanted");
	bad = octets_of(k, in);
	if (bad) {
		why_set(&why, "octet 0: %s", bad);
		return refuse(path, why.text);
	}
	if (k->body)
		j = decode_body(k, in, &carried, &why);
	if (!carried)
		j = k->decode(in->n ? in->p : (const void *)"", in->n, &why);
	if (j == NULL) {
		if (k->binary && is_text(in))
			why_set(&why, "%s (the file is text, and no hex dump either)", why.text);
		return refuse(path, why.text);
	}
	rc = put(j);
	json_decref(j);
	return rc;
}

/* ---- captures ------------------------------------------------------------------------------------------------- */

/* One packet of a capture: what it says, or why it is refused; NULL when it is none of the kind. */
static json_t *decode_packet(const struct kind *k, const struct packet *p)
{
	struct why why = {"it cannot be read"};
	json_t *j;

	if (!k->carried(p->octets.p, p->octets.n))
		return NULL;
	j = k->decode(p->octets.p, p->octets.n, &why);
	if (j == NULL)
		j = json_pack("{s:s,s:o}", "kind", k->verb.name, "refused", json_string(why.text));
	if (p->cut)
		json_object_set_new(j, "cut", json_true());
	return j;
}

static bool can_carry(unsigned link)
{
	return link == LINK_ETHERNET || link == LINK_RAW || link == LINK_RAW_BSD || link == LINK_IPV4;
}

static int decode_capture(const struct kind *k, const char *path, struct capture *c)
{
	json_t *all = json_array(), *j;
	unsigned strange = 0, good = 0, cut = 0;
	size_t held = 0;
	struct packet p;
	struct why why = {0};
	int rc = 1;

	while (json_array_size(all) < PACKETS_MAX && capture_next(c, &p)) {
		strange = can_carry(p.link) ? strange : p.link;
		j = can_carry(p.link) ? decode_packet(k, &p) : NULL;
		if (p.cut && cut == 0) {
			cut = c->packets;
			held = p.octets.n;
		}
		if (j == NULL)
			continue;
		good += json_object_get(j, "refused") == NULL;
		json_object_set_new(j, "packet", json_integer(c->packets));
		json_array_append_new(all, j);
	}
	if (c->err)
		why_set(&why, "octet %zu: %s", rd_at(&c->r), c->err);
	else if (json_array_size(all) == PACKETS_MAX)
		why_set(&why, "packet %u: it holds more than %d such messages: those before it are shown", c->packets,
			PACKETS_MAX);
	else if (json_array_size(all) == 0 && strange)
		why_set(&why, "octet 0: a capture of link type %u: capture on one Ethernet interface, not on \"any\"",
			strange);
	else if (json_array_size(all) == 0 && cut)
		why_set(&why, "packet %u: the capture holds only its first %zu octets: capture whole packets (tcpdump -s 0)",
			cut, held);
	else if (json_array_size(all) == 0)
		why_set(&why, "octet 0: a capture of %u packets, none of them %s", c->packets, k->verb.name);
	else if (good == 0)
		why_set(&why, "packet %d: %s", (int)json_integer_value(json_object_get(json_array_get(all, 0), "packet")),
			json_string_value(json_object_get(json_array_get(all, 0), "refused")));
	if (good)
		rc = put(all);
	if (why.text[0])
		rc = refuse(path, why.text);
	json_decref(all);
	return rc;
}

/* ---- the verb ------------------------------------------------------------------------------------------------- */

static int decode_run(struct command *cmd)
{
	const struct kind *k = (const struct kind *)cmd->verb;
	const char *path = cmd->argument[0];
	struct buf in = {0};
	struct capture c;
	const char *foreign;
	int rc, e = file_read_input(path, CAPTURE_MAX, &in);

	if (e < 0 && e != -EFBIG) {
		rc = command_fail(cmd, EX_USAGE, "'%s': %s", path, strerror(-e));
	} else if (e == -EFBIG) {
		rc = refuse(path, "octet 67108864: longer than anything that is read here: one message is wanted");
	} else if (k->carried && (foreign = capture_foreign(in.p, in.n)) != NULL) {
		struct why why = {0};

		why_set(&why, "octet 0: it is %s", foreign);
		rc = refuse(path, why.text);
	} else if (!capture_open(&c, in.p, in.n)) {
		rc = decode_one(k, path, &in);
	} else if (k->carried == NULL) {
		rc = refuse(path, "octet 0: a capture of packets: such a message goes over TCP, in pieces.  Save the stream (Wireshark: "
				  "Follow, TCP Stream, Raw) and give that");
	} else {
		rc = decode_capture(k, path, &c);
	}
	buf_free(&in);
	return rc;
}

const struct verb verb_decode = {
    .name = "decode",
    .what = "show the octets of one message as JSON",
    .verbs = kind_verbs,
    .ask = "which kind of message",
    .usage = "usage: dialtone decode KIND FILE|-\n",
    .text = "The file holds the octets themselves, or a hex dump of them; for lldp and dhcp it may be a capture (pcap, pcapng).",
    .example = "  dialtone decode sip register.bin\n"
	       "  tcpdump -i eth0 -c 1 -w - ether proto 0x88cc | dialtone decode lldp -\n",
    .status = "exit status: 0 read, 1 refused (why, and at which octet, is on standard error), 64 usage",
};
