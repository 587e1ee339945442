/* doctor/passive/secrets.c: connections that can be opened, since their TLS secrets are known, by NSS key log lines.
 *
 *     CLIENT_TRAFFIC_SECRET_0 <64 hex digits: the hello's random> <hex digits: the secret>     TLS 1.3, and SERVER_TRAFFIC_SECRET_0
 *     CLIENT_RANDOM <64 hex digits: the hello's random> <96 hex digits: the master secret>     TLS 1.0 to 1.2
 */
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/vec.h"
#include "doctor/passive/internal.h"

enum { SECRETS = 16384, ALERT = 21, APPLICATION_DATA = 23, RECORD_MAX = 16384 + 2048, OF_BOTH = 2 };

static const char *const labels[] = {"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", [OF_BOTH] = "CLIENT_RANDOM"};

static void secret_line(struct passive *p, struct sv line)
{
	struct sv label = sv_cut(&line, ' '), random = sv_cut(&line, ' '), value = sv_trim(line);
	struct secret s = {.n = (uint8_t)(value.n / 2)}, *more;

	while (s.from <= OF_BOTH && !sv_eq(label, sv_of(labels[s.from])))
		s.from++;
	if (s.from > OF_BOTH || random.n != 64 || value.n % 2 || value.n / 2 > sizeof s.secret || p->nsecrets == SECRETS ||
	    (s.from == OF_BOTH && s.n != TLS_MASTER) || !hex_read(random, s.random, sizeof s.random) || !hex_read(value, s.secret, s.n))
		return;
	more = vec_room(p->secret, p->nsecrets, &p->secrets_cap, sizeof *more);
	if (more == NULL)
		return;
	p->secret = more;
	p->secret[p->nsecrets++] = s;
}

void passive_secrets(struct passive *p, struct sv key_log)
{
	while (key_log.p)
		secret_line(p, sv_trim(sv_cut(&key_log, '\n')));
}

static void open_new(struct half *h, uint16_t suite, const struct secret *s)
{
	h->open = calloc(1, sizeof *h->open);
	if (h->open && !tls_open_begin(h->open, suite, s->secret, s->n)) {
		free(h->open);
		h->open = NULL;
	}
}

void secrets_find(struct passive *p, struct flow *f, const struct tls_open_hello *hello)
{
	bool is_old = hello->version < 0x0304;

	for (size_t i = 0; i < p->nsecrets; i++) {
		const struct secret *s = &p->secret[i];

		if (memcmp(s->random, hello->client, sizeof s->random) != 0 || (s->from == OF_BOTH) != is_old)
			continue;
		for (unsigned side = 0; side < 2; side++) {
			struct half *h = &f->half[side];

			if (is_old && h->old == NULL)
				h->old = tls_open_old_new(hello, s->secret, side);
			else if (s->from == side && h->open == NULL)
				open_new(h, hello->suite, s);
		}
	}
}

static void secrets_content(struct passive *p, struct flow *f, unsigned from, uint8_t type, const uint8_t *o, size_t n)
{
	if (n && type == APPLICATION_DATA)
		clear_octets(p, f, from, o, n);
	else if (n == 2 && type == ALERT && o[1] != 0) /* 0: close_notify */
		f->half[from].alert = o[1];
}

void secrets_record(struct passive *p, struct flow *f, unsigned from)
{
	struct half *h = &f->half[from];
	uint8_t *out = h->open && h->record.n && h->record.n <= RECORD_MAX ? malloc(h->record.n) : NULL, type = h->head[0];
	const uint8_t *content = out;
	long n = -1;

	if (out)
		n = tls_open_record(h->open, h->head, h->record.p, h->record.n, out, &type);
	else if (h->old && !h->record.oom)
		n = tls_open_old_record(h->old, h->head, h->record.p, h->record.n, &content);
	if (n >= 0)
		secrets_content(p, f, from, type, content, (size_t)n);
	flow_drop(p, &h->record);
	free(out);
}
