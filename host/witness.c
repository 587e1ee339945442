#include "host/witness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/internal.h"

enum { FRAME_MAX = 65536, BURST = 256, ROOM = 8 << 20 };

/* ---- packets ---------------------------------------------------------------------------------------------------- */

static void witness_packet(struct host *h, const uint8_t *frame, size_t n, struct msghdr *m)
{
	uint8_t tagged[FRAME_MAX + 4];
	struct tpacket_auxdata aux;
	int tci = frame_aux(m, &aux) ? tag_of(aux.tp_status, aux.tp_vlan_tci, aux.tp_vlan_tpid) : -1;

	if (tci >= 0) {
		n = tag_insert(tagged, sizeof tagged, frame, n, (uint16_t)tci);
		frame = tagged;
	}
	if (n)
		h->witness->packet(h->witness->arg, frame, n);
}

static void witness_arrived(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;

	(void)what;
	for (unsigned i = 0; i < BURST; i++) {
		uint8_t frame[FRAME_MAX];
		struct iovec v = {frame, sizeof frame};
		_Alignas(struct cmsghdr) char control[256];
		struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
		ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);

		if (n < 0)
			return;
		witness_packet(h, frame, (size_t)n, &m);
	}
}

int witness_open(struct host *h)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)h->link.index};
	int on = 1, room = ROOM;

	if (h->witness == NULL)
		return 0;
	h->watcher = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (h->watcher < 0)
		return -errno;
	(void)setsockopt(h->watcher, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	if (setsockopt(h->watcher, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) < 0 ||
	    bind(h->watcher, (struct sockaddr *)&at, sizeof at) < 0)
		return -errno;
	return event_assign(&h->watcher_ev, h->base, h->watcher, EV_READ | EV_PERSIST, witness_arrived, h) < 0 ||
			       event_add(&h->watcher_ev, NULL) < 0
		       ? -ENOMEM
		       : 0;
}

void witness_close(struct host *h)
{
	if (h->watcher < 0)
		return;
	if (event_initialized(&h->watcher_ev))
		event_del(&h->watcher_ev);
	close(h->watcher);
	h->watcher = -1;
}

/* ---- one connection --------------------------------------------------------------------------------------------- */

/* but: the word does not count when this follows it; `whole`: nothing more comes, so a word at the very end counts. */
static bool has_word(struct sv in, const char *word, const char *but, bool whole)
{
	size_t n = strlen(word), nbut = strlen(but);

	for (size_t at = 0; at + n <= in.n; at++) {
		struct sv behind = sv_from(in, at + n);

		if (!sv_ieq((struct sv){in.p + at, n}, sv_of(word)))
			continue;
		if (nbut == 0 || (behind.n < nbut ? whole : !sv_istarts(behind, sv_of(but))))
			return true;
	}
	return false;
}

/* RFC 9110 11.6.2, [MS-WSSE], [MS-NLMP] and the web ticket's assertion.  With TLS-DSK no secret goes: its handshake is TLS's. */
static bool is_credential(struct sv sent, bool whole)
{
	return has_word(sent, "authorization:", " TLS-DSK", whole) || has_word(sent, "assertion", "", whole) ||
	       has_word(sent, "binarysecret", "", whole) || has_word(sent, "usernametoken", "", whole) ||
	       has_word(sent, "password", "", whole);
}

void witness_sent(struct host *h, struct witnessed *w, const void *p, size_t n)
{
	struct buf whole = {0};

	if (h->witness == NULL || w->credentials || n == 0)
		return;
	buf_add(&whole, w->before, w->nbefore);
	buf_add(&whole, p, n);
	w->credentials = whole.oom || is_credential(buf_view(&whole), false);
	w->nbefore = whole.n < sizeof w->before ? whole.n : sizeof w->before;
	if (!whole.oom)
		memcpy(w->before, whole.p + whole.n - w->nbefore, w->nbefore);
	buf_wipe(&whole);
	if (w->credentials) {
		buf_wipe(&w->secrets);
		explicit_bzero(w->before, sizeof w->before);
		w->nbefore = 0;
	}
}

static struct dt_stream_conf where(const struct witnessed *w)
{
	return (struct dt_stream_conf){.address = w->address, .port = w->port, .name = w->name};
}

/* The head ends with an empty line; a longer one than WITNESS_HEAD is cut. */
void witness_got(struct host *h, struct witnessed *w, const void *p, size_t n)
{
	struct dt_stream_conf to = where(w);
	const char *end;

	if (h->witness == NULL || w->head_given)
		return;
	buf_add(&w->head, p, n < WITNESS_HEAD ? n : WITNESS_HEAD);
	end = w->head.n ? memmem(w->head.p, w->head.n, "\r\n\r\n", 4) : NULL;
	if (end == NULL && w->head.n < WITNESS_HEAD)
		return;
	w->head_given = true;
	h->witness->head(h->witness->arg, &to, (struct sv){(const char *)w->head.p, end ? (size_t)(end - (const char *)w->head.p) : w->head.n});
	buf_free(&w->head);
}

void witness_opened(struct host *h, const struct witnessed *w, const struct dt_stream_opened *o)
{
	struct dt_stream_conf to = where(w);

	if (h->witness)
		h->witness->opened(h->witness->arg, &to, o);
}

void witness_end(struct host *h, struct witnessed *w)
{
	w->credentials = w->credentials || is_credential((struct sv){w->before, w->nbefore}, true);
	if (h->witness && !w->credentials && w->secrets.n)
		h->witness->secret(h->witness->arg, buf_cstr(&w->secrets));
	if (h->witness && !w->head_given && w->head.n) {
		struct dt_stream_conf to = where(w);

		h->witness->head(h->witness->arg, &to, buf_view(&w->head));
	}
	w->head_given = true;
	buf_wipe(&w->secrets);
	buf_free(&w->head);
}
