/* doctor/passive/secrets.c: connections that can be opened, since their TLS secrets are known: TLS 1.3, by NSS key log lines.
 *
 *     CLIENT_TRAFFIC_SECRET_0 <64 hex digits: the hello's random> <hex digits: the secret>
 */
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/vec.h"
#include "doctor/passive/internal.h"
#include "pki/tls_open.h"

enum { SECRETS = 16384, APPLICATION_DATA = 23, RECORD_MAX = 16384 + 256 };

static const char *const labels[2] = {"CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"};

static void secret_line(struct passive *p, struct sv line)
{
	struct sv label = sv_cut(&line, ' '), random = sv_cut(&line, ' '), value = sv_trim(line);
	struct secret s = {.n = (uint8_t)(value.n / 2)}, *more;

	if (sv_eq(label, sv_of(labels[1])))
		s.from = 1;
	else if (!sv_eq(label, sv_of(labels[0])))
		return;
	if (random.n != 64 || value.n % 2 || value.n / 2 > sizeof s.secret || p->nsecrets == SECRETS ||
	    !hex_read(random, s.random, sizeof s.random) || !hex_read(value, s.secret, s.n))
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

void secrets_find(struct passive *p, struct flow *f, uint16_t suite)
{
	for (size_t i = 0; i < p->nsecrets; i++) {
		const struct secret *s = &p->secret[i];
		struct half *h = &f->half[s->from];

		if (memcmp(s->random, f->random, sizeof f->random) != 0 || h->open)
			continue;
		h->open = calloc(1, sizeof *h->open);
		if (h->open && !tls_open_begin(h->open, suite, s->secret, s->n)) {
			free(h->open);
			h->open = NULL;
		}
	}
}

void secrets_record(struct passive *p, struct flow *f, unsigned from)
{
	struct half *h = &f->half[from];
	uint8_t *out = h->record.n && h->record.n <= RECORD_MAX ? malloc(h->record.n) : NULL, type = 0;
	long n = out ? tls_open_record(h->open, h->head, h->record.p, h->record.n, out, &type) : -1;

	flow_drop(p, &h->record);
	if (n > 0 && type == APPLICATION_DATA)
		clear_octets(p, f, from, out, (size_t)n);
	free(out);
}
