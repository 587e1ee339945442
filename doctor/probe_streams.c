#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "doctor/probe_internal.h"

#define STREAM_MS 4000
#define HANGUP_MS 600 /* TLS 1.3: a server that wants a certificate says so behind the handshake */

/* ---- what comes ------------------------------------------------------------------------------------------------- */

static void send_octets(struct doctor_probe *p, unsigned at)
{
	static const char small[] = "GET / HTTP/1.0\r\n\r\n";
	const char *url = p->q[at].name, *path = strchr(url, '/');
	struct buf b = {0};

	if (p->q[at].ask == ASK_CRL)
		buf_printf(&b, "GET %s HTTP/1.0\r\nHost: %.*s\r\n\r\n", path ? path : "/", (int)(path ? path - url : (long)strlen(url)), url);
	else if (p->q[at].ask == ASK_LARGE)
		buf_printf(&b, "GET / HTTP/1.0\r\nX-Padding: %03000d\r\n\r\n", 0); /* two full packets and more */
	else
		buf_str(&b, small);
	if (!b.oom)
		host_body.stream_send(p->h, HOST_OBSERVER + at, b.p, b.n);
	buf_free(&b);
}

static void opened_tcp(struct doctor_probe *p, unsigned at, const struct dt_stream_opened *o)
{
	struct doctor_answer *a = probe_answer(p, at, o->failure == DT_F_OK);

	if (a) {
		memcpy(a->sign, o->sign, sizeof a->sign);
		probe_more(a->text, sizeof a->text, "%s", o->failure == DT_F_OK ? "open" : o->why ? o->why : dt_failures[o->failure].what);
	}
}

void probe_streams_opened(struct doctor_probe *p, unsigned at, const struct dt_stream_opened *o)
{
	bool stays = o->failure == DT_F_OK;

	switch (p->q[at].ask) {
	case ASK_TLS:
	case ASK_PLAIN_TLS:
	case ASK_PHONE_TLS:
		probe_tls_opened(p, at, o);
		stays = stays && probe_tls_stays(&p->q[at]);
		if (!stays)
			probe_close(p, at);
		p->asked[at].until = clock_mono_ms() + HANGUP_MS;
		break;
	case ASK_TCP:
		opened_tcp(p, at, o);
		stays = false;
		break;
	default:
		p->asked[at].opened = stays;
		if (stays)
			send_octets(p, at);
		else if (p->q[at].ask == ASK_CRL)
			probe_end(p, at);
		else
			probe_close(p, at); /* that it does not open is the answer to another question */
		break;
	}
	if (!stays && o->failure == DT_F_OK)
		host_body.stream_close(p->h, HOST_OBSERVER + at);
}

/* Anything at all: data, or that the peer hung up. */
static void came(struct doctor_probe *p, unsigned at, bool ok)
{
	struct doctor_answer *a = probe_answer(p, at, ok);

	if (a && p->q[at].ask == ASK_CRL && !ok)
		dt_signs_add(a->sign, DT_SIGN_ASKED_CRL_SILENT);
	if (a)
		probe_more(a->text, sizeof a->text, "%s", ok ? "an answer came" : "no answer that is a list");
}

void probe_on_data(void *arg, unsigned id, const void *data, size_t n)
{
	struct doctor_probe *p = arg;
	unsigned at = probe_question_of(p, id);
	const char *s = data;

	if (at == DOCTOR_ANSWERS || p->q[at].ask == ASK_TLS)
		return;
	came(p, at, p->q[at].ask != ASK_CRL || (n > 12 && memcmp(s, "HTTP/1.", 7) == 0 && s[9] == '2'));
	host_body.stream_close(p->h, id);
}

void probe_on_closed(void *arg, unsigned id, uint8_t alert)
{
	struct doctor_probe *p = arg;
	unsigned at = probe_question_of(p, id);
	struct doctor_answer *a;

	if (at == DOCTOR_ANSWERS)
		return;
	if (p->q[at].ask != ASK_TLS) {
		came(p, at, p->q[at].ask != ASK_CRL);
		return;
	}
	probe_close(p, at);
	a = p->asked[at].answer < p->run->answers ? &p->run->answer[p->asked[at].answer] : NULL;
	if (a && (alert == 116 || alert == 42 || alert == 40)) { /* certificate_required, bad_certificate, handshake_failure */
		a->fact.alert = alert;
		a->ok = false;
		dt_signs_add(a->sign, DT_SIGN_ASKED_CLIENT_CERT);
		probe_more(a->text, sizeof a->text, ", then it hung up with alert %u", alert);
	}
}

/* ---- asking --------------------------------------------------------------------------------------------------- */

int probe_send_stream(struct doctor_probe *p, unsigned at)
{
	const struct doctor_question *q = &p->q[at];
	bool tls = q->ask == ASK_TLS || q->ask == ASK_PLAIN_TLS || q->ask == ASK_PHONE_TLS;
	struct dt_stream_conf c = {.address = q->address, .port = q->port, .tls = tls, .tls_report_only = true,
				   .name = tls && q->name[0] ? q->name : NULL, .anchors = "", .unix_s = clock_unix_ms() / 1000,
				   .timeout_ms = STREAM_MS};

	return host_ask_stream(p->h, HOST_OBSERVER + at, &c, q->ask == ASK_PHONE_TLS);
}

/* The host of a CRL has to be looked up first; its question waits for that. */
int probe_send_crl(struct doctor_probe *p, unsigned at)
{
	char host[DT_NAME_MAX];
	struct sv url = sv_of(p->q[at].name), h = sv_cut(&url, '/'), name = sv_cut(&h, ':');
	uint64_t port = 80;
	struct doctor_question name_q = {.ask = ASK_A, .stage = p->q[at].stage};

	if (!sv_copy(host, sizeof host, name) || (h.p && !sv_u64(h, 65535, &port)))
		return -EINVAL;
	for (unsigned i = 0; i < p->n; i++) {
		const struct doctor_answer *a;

		if (p->q[i].ask != ASK_A || p->q[i].again || strcmp(p->q[i].name, host) != 0 || p->q[i].port)
			continue;
		if (!p->asked[i].sent || p->asked[i].open)
			return -EAGAIN;
		a = p->asked[i].answer < p->run->answers ? &p->run->answer[p->asked[i].answer] : NULL;
		if (a == NULL || !a->ok)
			return -EHOSTUNREACH;
		return host_ask_stream(p->h, HOST_OBSERVER + at,
				       &(struct dt_stream_conf){.address = a->fact.address, .port = (uint16_t)port, .anchors = "", .timeout_ms = STREAM_MS},
				       false);
	}
	probe_add(p, name_q, host);
	return -EAGAIN;
}
