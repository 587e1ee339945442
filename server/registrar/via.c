/* server/registrar/via.c: the Via lines of a response.
 *
 * RFC 3261 18.2.1: "If the host portion of the "sent-by" parameter contains a domain name, or if it contains an IP address that differs
 * from the packet source address, the server MUST add a "received" parameter to that Via header field value."  The product adds it to
 * every one, with the port and a name for the connection, as recorded.  RFC 3581 4: an `rport` without a value gets one.
 */
#include "base/enc.h"
#include "server/registrar/internal.h"

/* The length of the first value of a line that may hold several, behind commas. */
static size_t first_value(struct sv line)
{
	bool quoted = false;

	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == '"')
			quoted = !quoted;
		else if (line.p[i] == ',' && !quoted)
			return i;
	}
	return line.n;
}

/* Where the name of a parameter without a value ends, as `rport` does in ";rport;branch=1"; 0: there is none. */
static size_t bare_end(struct sv value, const char *name)
{
	struct sv rest = value, one;

	sv_cut(&rest, ';');
	while (rest.p && rest.n) {
		one = sv_cut(&rest, ';');
		if (sv_ieq(sv_trim(one), sv_of(name)))
			return (size_t)(sv_trim(one).p + sv_trim(one).n - value.p);
	}
	return 0;
}

static void topmost(const struct reg_conn *c, struct buf *b, struct sv line)
{
	size_t n = first_value(line), rport;
	struct sv value = sv_trim((struct sv){line.p, n}), params = value;

	sv_cut(&params, ';');
	rport = bare_end(value, "rport");
	buf_add(b, value.p, rport ? rport : value.n);
	if (rport) {
		buf_printf(b, "=%u", c->peer.port);
		buf_add(b, value.p + rport, value.n - rport);
	}
	if (sip_param(params, "received").p == NULL)
		buf_printf(b, ";received=%s;ms-received-port=%u;ms-received-cid=%X", c->peer.address, c->peer.port,
			   (unsigned)(c->peer.id & 0xffffff));
	buf_sv(b, sv_from(line, n));
}

void reg_vias(const struct reg_conn *c, struct buf *b, const struct msg *m)
{
	for (size_t i = 0; i < msg_count(m, "Via"); i++) {
		buf_str(b, "Via: ");
		if (i == 0)
			topmost(c, b, msg_get_nth(m, "Via", i));
		else
			buf_sv(b, msg_get_nth(m, "Via", i));
		buf_str(b, "\r\n");
	}
}
