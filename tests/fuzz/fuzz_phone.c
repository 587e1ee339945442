/* tests/fuzz/fuzz_phone.c: the whole phone, from power-on to log-on, in a network that answers with something else.
 *
 * The servers are the genuine ones of tests/meet, in memory; the input changes what they say on its way to the phone: frames of the
 * switch and of DHCP, datagrams of the time server, answers of DNS, and what the Web Services, the update service and the Registrar
 * send, inside TLS.
 *
 *     octet    1 outside, 2 password instead of number and PIN, 4 an update is offered, 8 the phone stays for a while
 *     changes  which delivery to the phone (one octet, counted from its power-on), what (edit.h); what = 7: the delivery is lost
 *
 * Whatever comes: number, PIN and password cross no connection in the clear and enter no record, nothing is installed that the update
 * key has not signed, and who is registered is alice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tests/fuzz/edit.h"
#include "tests/meet/meet.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */
int LLVMFuzzerInitialize(int *argc, char ***argv);	    /* keys take seconds: they are made before the clock of an input runs */

/* The linker puts these between tests/meet and the phone. */
void __real_dt_phone_frame(struct dt_phone *ph, const uint8_t *frame, size_t n, int tci);
void __real_dt_phone_udp(struct dt_phone *ph, uint32_t address, uint16_t port, const void *p, size_t n);
void __real_dt_phone_dns(struct dt_phone *ph, unsigned id, const struct dt_dns_answer *a);
void __real_dt_phone_stream_data(struct dt_phone *ph, unsigned id, const void *p, size_t n);
void __wrap_dt_phone_frame(struct dt_phone *ph, const uint8_t *frame, size_t n, int tci);
void __wrap_dt_phone_udp(struct dt_phone *ph, uint32_t address, uint16_t port, const void *p, size_t n);
void __wrap_dt_phone_dns(struct dt_phone *ph, unsigned id, const struct dt_dns_answer *a);
void __wrap_dt_phone_stream_data(struct dt_phone *ph, unsigned id, const void *p, size_t n);

enum { OUTSIDE = 1, PASSWORD = 2, UPDATE = 4, STAYS = 8 };

#define THE_PIN "73914"
#define THE_PASSWORD "Pa$$word"

static struct rd changes; /* of this run */
static unsigned deliveries;

static void must(bool good)
{
	if (!good)
		abort();
}

/* The octets as the phone is to have them; b->n 0: they are lost. */
static void change(const void *p, size_t n, struct buf *b)
{
	unsigned now = deliveries++ & 0xff;
	struct rd r = changes;

	buf_add(b, p, n);
	while (rd_left(&r) && r.err == NULL) {
		struct buf nowhere = {0};
		bool mine = rd_be(&r, 1) == now;
		struct rd peek = r;

		if (mine && (rd_be(&peek, 1) & 7) == 7)
			buf_clear(b);
		edit_one(&r, mine ? b : &nowhere);
		buf_free(&nowhere);
	}
}

void __wrap_dt_phone_frame(struct dt_phone *ph, const uint8_t *frame, size_t n, int tci)
{
	struct buf b = {0};

	change(frame, n, &b);
	if (b.n)
		__real_dt_phone_frame(ph, b.p, b.n, tci);
	buf_free(&b);
}

void __wrap_dt_phone_udp(struct dt_phone *ph, uint32_t address, uint16_t port, const void *p, size_t n)
{
	struct buf b = {0};

	change(p, n, &b);
	if (b.n)
		__real_dt_phone_udp(ph, address, port, b.p, b.n);
	buf_free(&b);
}

/* Octets of the decoded answer are changed, and then made what a body can give: its count and its strings have an end. */
void __wrap_dt_phone_dns(struct dt_phone *ph, unsigned id, const struct dt_dns_answer *a)
{
	struct dt_dns_answer other = *a;
	struct buf b = {0};

	change(a, sizeof *a, &b);
	if (b.n)
		memcpy(&other, b.p, b.n < sizeof other ? b.n : sizeof other);
	other.status %= DT_DNS_ERROR + 1u;
	other.n %= sizeof other.rr / sizeof *other.rr + 1;
	for (unsigned i = 0; i < other.n; i++)
		other.rr[i].target[sizeof other.rr[i].target - 1] = '\0';
	__real_dt_phone_dns(ph, id, b.n ? &other : &(struct dt_dns_answer){.status = DT_DNS_TIMEOUT});
	buf_free(&b);
}

void __wrap_dt_phone_stream_data(struct dt_phone *ph, unsigned id, const void *p, size_t n)
{
	struct buf b = {0};

	change(p, n, &b);
	if (b.n)
		__real_dt_phone_stream_data(ph, id, b.p, b.n);
	buf_free(&b);
}

/* ---- what must hold ---------------------------------------------------------------------------------------------------- */

static bool is_digit_of_more(int c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/';
}

/* As a word: the five digits of the PIN come about by chance in signatures and fingerprints. */
static bool has(const void *p, size_t n, const char *word)
{
	const char *text = p, *at = text;
	size_t length = strlen(word);

	while (n && (at = memmem(at, n - (size_t)(at - text), word, length)) != NULL) {
		const char *end = at + length;

		if (!(at > text && is_digit_of_more(at[-1])) && !(end < text + n && is_digit_of_more(*end)))
			return true;
		at++;
	}
	return false;
}

/* The fuzzer learns the words that memmem() looks for, and lets a server say them: the phone writes down what servers say. */
static bool says_a_secret(const uint8_t *p, size_t n)
{
	static const char *const words[] = {THE_PIN, THE_PASSWORD, "PRIVATE KEY"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (n && memmem(p, n, words[i], strlen(words[i])))
			return true;
	return false;
}

static void asked_web(struct meet *m, const struct meet_listener *at, const struct msg *q, struct web_answer *a)
{
	(void)m;
	(void)a;
	if (at->service == MEET_HTTP)
		must(!has(q->body.p, q->body.n, THE_PIN) && !has(q->body.p, q->body.n, THE_PASSWORD) && msg_get(q, "Authorization").p == NULL);
}

static void asked_registrar(struct meet *m, struct buf *octets)
{
	(void)m;
	must(!has(octets->p, octets->n, THE_PIN) && !has(octets->p, octets->n, THE_PASSWORD));
}

static void no_secret(const char *s)
{
	must(!has(s, strlen(s), THE_PIN) && !has(s, strlen(s), THE_PASSWORD) && strstr(s, "PRIVATE KEY") == NULL);
}

static void ended(struct meet *m)
{
	struct location_binding b[4];

	for (unsigned i = 0; i < m->nrecord; i++) {
		no_secret(m->record[i].what);
		no_secret(m->record[i].found);
		no_secret(m->record[i].why);
		no_secret(m->record[i].warn);
	}
	must(m->flash->active == 0 || m->restarts); /* the slot changes by an installation only, which restarts the phone */
	must(location_list(m->location, "bob@contoso.test", b, 4) == 0);
}

static void one(struct meet *m, uint8_t flags)
{
	m->from_web = asked_web;
	m->to_registrar = asked_registrar;
	m->conf.outside = flags & OUTSIDE;
	if (flags & OUTSIDE)
		meet_was_inside(m);
	if (flags & PASSWORD) {
		m->conf.model = dt_model_find("cx700");
		m->conf.number = m->conf.pin = NULL;
		m->conf.login = "CONTOSO\\alice";
		m->conf.password = THE_PASSWORD;
		m->conf.sip = "alice@contoso.test";
	}
	if (flags & UPDATE)
		servers_offer(m, "4.0.7577.9999", true); /* an octet of it is another one: it must not be installed */
	must(meet_phone(m));
	meet_run(m, 300 * 1000);
	if (rd_left(&changes) == 0 && !(flags & (OUTSIDE | UPDATE)))
		must(dt_phone_registered(m->phone)); /* nothing was changed: the target does drive the whole process */
	if (flags & STAYS)
		meet_run(m, 3600 * 1000);
	if (flags & UPDATE)
		must(m->flash->active == 0);
	ended(m);
	meet_stop(m);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	(void)meet_keys();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct meet_flash flash = {0};
	struct meet *m;

	if (says_a_secret(p, n))
		return 0;
	log_set(LOG_ERROR, "fuzz");
	changes = rd_of(p + (n > 0), n > 0 && n < 4096 ? n - 1 : 0);
	deliveries = 0;
	m = meet_new(&flash, 7);
	must(m != NULL);
	one(m, n ? p[0] : 0);
	meet_free(m);
	meet_flash_free(&flash);
	return 0;
}
