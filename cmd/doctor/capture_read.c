#include "cmd/doctor/capture_read.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/tagger.h"
#include "wire/capture/capture.h"

/* ---- files ------------------------------------------------------------------------------------------------------ */

struct reading {
	FILE *f;
	uint64_t at;
	uint8_t piece[CAPTURE_PIECE_MAX];
	struct capture capture;
};

/* The next piece: its length; 0 at the end; -1 after a reason. */
static long piece_next(struct reading *r, bool first, struct why *why)
{
	size_t head = first ? CAPTURE_PIECE_HEAD : r->capture.ng ? 12 : 16, n = fread(r->piece, 1, head, r->f), length;

	if (n == 0 && !ferror(r->f))
		return 0;
	length = n < head && !first ? 0 : capture_piece(&r->capture, first, r->piece, n);
	if (length < n)
		length = n <= CAPTURE_PIECE_HEAD && first ? n : 0;
	if (length == 0 || (length > n && fread(r->piece + n, 1, length - n, r->f) != length - n)) {
		why_set(why, ferror(r->f) ? "octet %llu: it cannot be read" : "octet %llu: the capture ends within a packet, or is damaged",
			(unsigned long long)r->at);
		return -1;
	}
	r->at += length;
	return (long)length;
}

static int pieces(struct reading *r, capture_fn *fn, void *arg, struct why *why)
{
	const char *foreign;
	struct packet k;
	long n = piece_next(r, true, why);

	if (n <= 0 || !capture_open(&r->capture, r->piece, (size_t)n)) {
		foreign = capture_foreign(r->piece, n > 0 ? (size_t)n : 0);
		why_set(why, "it is %s", foreign ? foreign : "no capture in pcap or pcapng");
		return -1;
	}
	do {
		while (capture_next(&r->capture, &k))
			fn(arg, k.unix_us, k.link, k.octets);
		if (r->capture.secrets.n)
			fn(arg, 0, LINK_SECRETS, r->capture.secrets);
		r->capture.secrets = (struct sv){0};
		if (r->capture.err) {
			why_set(why, "before octet %llu: %s", (unsigned long long)r->at, r->capture.err);
			return 1;
		}
		n = piece_next(r, false, why);
		if (n > 0)
			capture_feed(&r->capture, r->piece, (size_t)n);
	} while (n > 0);
	return n < 0 ? 1 : 0;
}

int capture_read_file(const char *path, capture_opened_fn *opened, capture_fn *fn, void *arg, struct why *why)
{
	struct reading *r = calloc(1, sizeof *r);
	int rc = -1;

	if (r == NULL) {
		why_set(why, "out of memory");
		return -1;
	}
	r->f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
	if (r->f == NULL)
		why_set(why, "%s", strerror(errno));
	else if (opened(arg, why))
		rc = pieces(r, fn, arg, why);
	if (r->f && r->f != stdin)
		fclose(r->f);
	free(r);
	return rc;
}

/* ---- interfaces ------------------------------------------------------------------------------------------------- */

enum { TAG_OCTETS = 4, FRAME_MAX = 65536 + TAG_OCTETS, ROOM = 32 << 20 };

/* A packet socket on the interface, or -errno. */
static int port_open(const char *name)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL)), on = 1, room = ROOM, e;
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(name)};
	struct packet_mreq all = {.mr_ifindex = at.sll_ifindex, .mr_type = PACKET_MR_PROMISC};

	if (fd < 0)
		return -errno;
	if (at.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) < 0) {
		e = errno;
		close(fd);
		return -e;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	return fd;
}

/* The kernel takes the VLAN tag out of a frame and tells it beside: it is put in again.  `frame` has TAG_OCTETS before the octets. */
static struct sv with_tag(uint8_t *frame, size_t n, struct msghdr *m)
{
	struct tpacket_auxdata aux;

	if (n >= 12 && frame_aux(m, &aux) && (aux.tp_status & TP_STATUS_VLAN_VALID)) {
		uint16_t type = htons(aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETH_P_8021Q), tci = htons(aux.tp_vlan_tci);

		memmove(frame, frame + TAG_OCTETS, 12);
		memcpy(frame + 12, &type, 2);
		memcpy(frame + 14, &tci, 2);
		return (struct sv){(const char *)frame, n + TAG_OCTETS};
	}
	return (struct sv){(const char *)frame + TAG_OCTETS, n};
}

/* All that waits, up to a bound, so that a tick is never far. */
static void port_drain(int fd, uint8_t *frame, capture_fn *fn, void *arg)
{
	for (unsigned i = 0; i < 4096; i++) {
		struct iovec v = {frame + TAG_OCTETS, FRAME_MAX - TAG_OCTETS};
		union {
			char octets[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
			struct cmsghdr align;
		} control;
		struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
		ssize_t n = recvmsg(fd, &m, 0);

		if (n < 0)
			return;
		fn(arg, clock_unix_ms() * 1000, LINK_ETHERNET, with_tag(frame, (size_t)n, &m));
	}
}

static int stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int capture_read_interface(const char *name, unsigned seconds, capture_opened_fn *opened, capture_fn *fn, void (*tick)(void *arg), void *arg,
			   unsigned *dropped, struct why *why)
{
	uint8_t *frame = malloc(FRAME_MAX);
	int fd = port_open(name), stop = stop_signals();
	uint64_t until = seconds ? clock_mono_ms() + seconds * 1000ull : UINT64_MAX, ticked = clock_mono_ms();
	struct tpacket_stats stats = {0};
	socklen_t n = sizeof stats;
	struct pollfd poll_of[2] = {{fd, POLLIN, 0}, {stop, POLLIN, 0}};

	if (fd < 0 || stop < 0 || frame == NULL)
		why_set(why, "%s%s", strerror(fd < 0 ? -fd : ENOMEM), fd == -EPERM ? ": run it as root" : "");
	if (fd < 0 || stop < 0 || frame == NULL || !opened(arg, why)) {
		if (fd >= 0)
			close(fd);
		if (stop >= 0)
			close(stop);
		free(frame);
		return -1;
	}
	while (clock_mono_ms() < until) {
		if (poll(poll_of, 2, 500) > 0 && poll_of[1].revents)
			break;
		port_drain(fd, frame, fn, arg);
		if (clock_mono_ms() - ticked >= 1000) {
			ticked = clock_mono_ms();
			tick(arg);
		}
	}
	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &n) == 0)
		*dropped = stats.tp_drops;
	close(fd);
	close(stop);
	free(frame);
	return 0;
}
