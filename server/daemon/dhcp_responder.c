/* server/daemon/dhcp_responder.c: "Answers only DHCPINFORM that carries vendor class MS-UC-Client and asks for the options"
 * [network B.8].  Everything else is ignored: no OFFER, no NAK, ever.  The class may come in other letters ("our
 * server matches both case-insensitively", B.1): a client that spells it otherwise gets an answer here, and a line in the log.
 *
 * UNKNOWN: whether the product wants both 120 and 43 in the request list or either.  Ours answers with those asked for.
 */
#include "server/daemon/dhcp_responder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/enc.h"
#include "base/log.h"
#include "base/text.h"
#include "net/loop.h"
#include "server/location/ipc.h"
#include "wire/dhcp.h"
#include "wire/url.h"

enum { VENDOR = 43, SERVER_ID = 54, PARAMETERS = 55, CLASS = 60, SIP_SERVERS = 120 };

static bool dhcp_responder_asked(const struct dhcp *q, uint8_t code)
{
	return sv_find(q->option[PARAMETERS], (char)code) >= 0;
}

static bool of_class(const struct dhcp *q, struct sv class)
{
	struct sv c = dhcp_text(q, CLASS);

	if (!sv_ieq(c, class))
		return false;
	if (!sv_eq(c, class))
		log_line(LOG_INFO, "dhcp", "an INFORM spells its class \"" SV_FMT "\": other servers want " SV_FMT, SV_ARG(c),
			 SV_ARG(class));
	return true;
}

/* Option 43 for this site: the parts of the Certificate Provisioning URL. */
static bool vendor_write(const struct site *s, struct wr *w)
{
	struct dhcp_uc uc = {.scheme = "https", .port = s->https};
	char text[SITE_URL_MAX];
	struct url url;

	if (!url_read(sv_of(site_certprov_url(s, false, text)), &url) ||
	    !sv_copy(uc.host, sizeof uc.host, sv_of(url.host)) || !sv_copy(uc.path, sizeof uc.path, sv_of(url.path)))
		return false;
	dhcp_uc_write(w, &uc);
	return w->err == NULL;
}

size_t dhcp_responder_answer(const struct site *s, const void *p, size_t n, uint32_t from, uint32_t server, void *out, size_t cap,
			     uint32_t *to)
{
	struct dhcp q, a = {.op = 2, .type = DHCP_ACK};
	uint8_t vendor[600], sip[300], id[4];
	struct wr w43 = wr_of(vendor, sizeof vendor), w120 = wr_of(sip, sizeof sip), w54 = wr_of(id, sizeof id);
	struct wr w = wr_of(out, cap);
	struct rd r = rd_of(p, n);
	struct dhcp_sip names = {.encoding = 0, .n = 1};

	/* "INFORM ... ciaddr = own address" (RFC 2131 4.4.3): that is where the answer goes (4.3.5). */
	if (!dhcp_read(&r, &q) || q.op != 1 || q.type != DHCP_INFORM || q.ciaddr == 0 || !of_class(&q, SV(DHCP_CLASS_UC)) ||
	    !(dhcp_responder_asked(&q, SIP_SERVERS) || dhcp_responder_asked(&q, VENDOR)))
		return 0;
	/* Else whoever reaches this port could have answers sent to any address. */
	if (q.giaddr == 0 && q.ciaddr != from)
		return 0;
	a.xid = q.xid;
	a.ciaddr = q.ciaddr;
	a.giaddr = q.giaddr;
	memcpy(a.chaddr, q.chaddr, sizeof a.chaddr);
	wr_be(&w54, 4, server);
	a.option[SERVER_ID] = (struct sv){(char *)id, wr_n(&w54)};
	if (dhcp_responder_asked(&q, SIP_SERVERS)) {
		snprintf(names.name[0], sizeof names.name[0], "%s", s->pool[0] ? s->pool : s->fqdn);
		dhcp_sip_write(&w120, &names);
		a.option[SIP_SERVERS] = (struct sv){(char *)sip, wr_n(&w120)};
	}
	if (dhcp_responder_asked(&q, VENDOR)) {
		if (!vendor_write(s, &w43))
			return 0;
		a.option[VENDOR] = (struct sv){(char *)vendor, wr_n(&w43)};
	}
	dhcp_write(&w, &a, NULL);
	if (w.err || w120.err)
		return 0;
	*to = q.ciaddr;
	return wr_n(&w);
}

/* ---- the process ------------------------------------------------------------------------------------------- */

struct responder {
	const struct site *site;
	struct loop *loop;
	struct loop_fd watch;
	int seen_fd;
};

/* The address that the message came in on: what option 54 says. */
static uint32_t arrived_at(const struct site *s, struct msghdr *m)
{
	struct in_addr own;

	if (s->address[0] && inet_pton(AF_INET, s->address, &own) == 1 && own.s_addr)
		return ntohl(own.s_addr);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct in_pktinfo info;

		if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof info);
		return ntohl(info.ipi_spec_dst.s_addr);
	}
	return 0;
}

/* A datagram proves nothing, not even its address. */
static void responder_seen(const struct responder *d, const uint8_t *in, size_t n, const char *address)
{
	struct location_ask q = {.kind = LOCATION_SEEN, .seen = {.step = SEEN_DHCP, .evidence = SEEN_DATAGRAM, .began = clock_mono_ms()}};
	struct rd r = rd_of(in, n);
	struct buf b = {0};
	char mac[MAC_TEXT_MAX];
	struct dhcp m;

	if (d->seen_fd < 0 || !dhcp_read(&r, &m))
		return;
	memcpy(q.seen.mac, mac_text(mac, m.chaddr), sizeof q.seen.mac);
	text_set(q.seen.address, sizeof q.seen.address, "%s", address);
	location_ask_write(&b, 0, &q);
	if (!ipc_send(d->seen_fd, &b))
		log_line(LOG_DEBUG, "dhcp", "the INFORM of %s is not in the table of phones", address);
}

static void answer(void *arg, unsigned what)
{
	struct responder *d = arg;
	struct sockaddr_in from = {0};
	uint8_t in[DHCP_SIZE_MAX], out[DHCP_SIZE_MAX], control[CMSG_SPACE(sizeof(struct in_pktinfo))];
	struct iovec v = {in, sizeof in};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control,
			   .msg_name = &from, .msg_namelen = sizeof from};
	struct sockaddr_in dst = {.sin_family = AF_INET, .sin_port = htons(68)};
	ssize_t n = recvmsg(d->watch.fd, &m, MSG_DONTWAIT);
	char text[INET_ADDRSTRLEN];
	uint32_t to;
	size_t len;

	(void)what;
	if (n <= 0 || m.msg_flags & MSG_TRUNC)
		return;
	len = dhcp_responder_answer(d->site, in, (size_t)n, ntohl(from.sin_addr.s_addr), arrived_at(d->site, &m), out, sizeof out, &to);
	if (len == 0)
		return;
	dst.sin_addr.s_addr = htonl(to);
	inet_ntop(AF_INET, &dst.sin_addr, text, sizeof text);
	if (sendto(d->watch.fd, out, len, MSG_DONTWAIT, (struct sockaddr *)&dst, sizeof dst) < 0)
		log_line(LOG_WARN, "dhcp", "cannot answer the INFORM of %s: %s", text, strerror(errno));
	else
		responder_seen(d, in, (size_t)n, text);
}

static void stop(void *arg, int signo)
{
	struct responder *d = arg;

	(void)signo;
	loop_stop(d->loop);
}

int dhcp_responder_main(const struct site *s, int fd, int seen_fd, int ready_fd)
{
	struct responder d = {.site = s, .loop = loop_new(), .seen_fd = seen_fd};
	struct loop_signal term = {0};
	int status = EXIT_FAILURE;

	if (d.loop == NULL)
		return status;
	loop_fd_init(&d.watch, d.loop, fd, answer, &d);
	if (loop_signal_init(&term, d.loop, SIGTERM, stop, &d) && loop_fd_want(&d.watch, LOOP_READ) &&
	    (ready_fd < 0 || write(ready_fd, "", 1) == 1)) {
		loop_run(d.loop);
		status = EXIT_SUCCESS;
	}
	loop_fd_stop(&d.watch);
	loop_signal_stop(&term);
	loop_free(d.loop);
	return status;
}
