#include "host/tls_stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

const char *tls_stream_flush(int fd, struct tls *tls, struct buf *out, bool *full)
{
	*full = false;
	if (tls)
		tls_drain(tls, out);
	if (out->oom)
		return "out of memory";
	while (out->n) {
		ssize_t n = send(fd, out->p, out->n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			*full = true;
			return NULL;
		}
		if (n < 0)
			return strerror(errno);
		buf_drop(out, (size_t)n);
	}
	return NULL;
}

int tls_stream_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? errno : error;
}

struct dt_stream_opened tls_stream_refused(int error)
{
	struct dt_stream_opened o = {.failure = error == ETIMEDOUT ? DT_F_TIMEOUT : DT_F_CONNECT, .why = strerror(error), .verdict = DT_NO_CERT};

	if (error == ECONNREFUSED)
		o.sign[0] = DT_SIGN_TCP_REFUSED;
	else if (error == EHOSTUNREACH || error == ENETUNREACH)
		o.sign[0] = DT_SIGN_TCP_UNREACHED;
	return o;
}

bool tls_stream_speaks(uint8_t first)
{
	return first >= 20 && first <= 23;
}

void tls_stream_shaken(const struct tls *tls, enum pki_verdict verdict, const struct pki_chain_result *r, bool report_only,
		       struct dt_stream_opened *o)
{
	static const enum dt_verdict verdicts[] = {[PKI_TRUSTED] = DT_TRUSTED, [PKI_UNTRUSTED] = DT_UNTRUSTED,
						   [PKI_WRONG_NAME] = DT_WRONG_NAME, [PKI_WRONG_DATE] = DT_WRONG_DATE,
						   [PKI_NO_CERT] = DT_NO_CERT};

	o->verdict = verdicts[verdict];
	memcpy(o->sign, r->sign, sizeof o->sign);
	o->cert_name = r->name[0] ? r->name : NULL;
	o->version = tls_version(tls);
	o->cipher = tls_cipher(tls);
	if (verdict != PKI_TRUSTED)
		o->why = r->why.text;
	if (verdict != PKI_TRUSTED && !report_only)
		o->failure = pki_failure_of(verdict);
}

struct dt_stream_opened tls_stream_not_shaken(const struct tls *tls, const char *broken, bool speaks_tls)
{
	struct dt_stream_opened o = {.failure = DT_F_TLS_HANDSHAKE, .why = broken ? broken : tls_why(tls), .verdict = DT_NO_CERT,
				     .alert = broken ? 0 : tls_alert(tls)};

	if (o.alert)
		o.sign[0] = DT_SIGN_TLS_ALERT;
	else if (!speaks_tls)
		o.sign[0] = DT_SIGN_TLS_NONE;
	return o;
}

struct dt_stream_opened tls_stream_failed(enum dt_failure f, const char *why, bool unanswered)
{
	struct dt_stream_opened o = {.failure = f, .why = why, .verdict = DT_NO_CERT};

	if (unanswered)
		o.sign[0] = f == DT_F_TIMEOUT ? DT_SIGN_TLS_STALLED : DT_SIGN_TLS_CLOSED;
	return o;
}

void tls_stream_local(int fd, struct dt_stream_opened *o)
{
	struct sockaddr_in me = {0};
	socklen_t len = sizeof me;

	if (getsockname(fd, (struct sockaddr *)&me, &len) == 0) {
		o->local_address = ntohl(me.sin_addr.s_addr);
		o->local_port = ntohs(me.sin_port);
	}
}
