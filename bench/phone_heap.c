/* bench/phone_heap.c: how much heap does a phone hold: registered, and in the middle of stage 7?
 *
 *     ninja -C build bench/phone_heap && build/bench/phone_heap
 *     meson test -C build --benchmark phone_heap
 *
 * A phone signs in against servers in the same process (tests/meet/).  Counted is what the phone's own code has allocated
 * and not freed, from dt_phone_new() on: malloc() and its kin go through --wrap, and count while a dt_phone_...() function
 * runs and no function of its body.  What OpenSSL and libxml2 allocate for themselves, and TLS of the connections, which is
 * the body's, does not count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/meet/meet.h"

#define GOAL 16384 /* octets, registered */
#define BLOCKS 4096

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t each);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t each);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
void __wrap_free(void *p);

static struct {
	struct {
		void *p;
		size_t n;
	} block[BLOCKS];
	size_t octets, blocks, most;
	bool inside;
} heap;

static void heap_gone(const void *p)
{
	for (size_t i = 0; p && i < BLOCKS; i++)
		if (heap.block[i].p == p) {
			heap.octets -= heap.block[i].n;
			heap.blocks--;
			heap.block[i].p = NULL;
			return;
		}
}

static void *heap_came(void *p, size_t n)
{
	size_t i = 0;

	if (!heap.inside || p == NULL)
		return p;
	while (i < BLOCKS && heap.block[i].p)
		i++;
	if (i == BLOCKS)
		abort();
	heap.block[i].p = p;
	heap.block[i].n = n;
	heap.octets += n;
	heap.blocks++;
	if (heap.octets > heap.most)
		heap.most = heap.octets;
	return p;
}

void *__wrap_malloc(size_t n)
{
	return heap_came(__real_malloc(n), n);
}

void *__wrap_calloc(size_t n, size_t each)
{
	return heap_came(__real_calloc(n, each), n * each);
}

void *__wrap_realloc(void *p, size_t n)
{
	heap_gone(p);
	return heap_came(__real_realloc(p, n), n);
}

char *__wrap_strdup(const char *s)
{
	return heap_came(__real_strdup(s), strlen(s) + 1);
}

void __wrap_free(void *p)
{
	heap_gone(p);
	__real_free(p);
}

/* ---- into the phone ------------------------------------------------------------------------------------------------ */

#define INTO(name, params, args)         \
	void __real_##name params;       \
	void __wrap_##name params;       \
	void __wrap_##name params        \
	{                                \
		bool was = heap.inside;  \
		heap.inside = true;      \
		__real_##name args;      \
		heap.inside = was;       \
	}
INTO(dt_phone_start, (struct dt_phone *ph), (ph))
INTO(dt_phone_restart, (struct dt_phone *ph), (ph))
INTO(dt_phone_stop, (struct dt_phone *ph), (ph))
INTO(dt_phone_timer, (struct dt_phone *ph), (ph))
INTO(dt_phone_link, (struct dt_phone *ph, bool up), (ph, up))
INTO(dt_phone_frame, (struct dt_phone *ph, const uint8_t *p, size_t n, int tci), (ph, p, n, tci))
INTO(dt_phone_udp, (struct dt_phone *ph, uint32_t a, uint16_t port, const void *p, size_t n), (ph, a, port, p, n))
INTO(dt_phone_dns, (struct dt_phone *ph, unsigned id, const struct dt_dns_answer *a), (ph, id, a))
INTO(dt_phone_stream_opened, (struct dt_phone *ph, unsigned id, const struct dt_stream_opened *o), (ph, id, o))
INTO(dt_phone_stream_data, (struct dt_phone *ph, unsigned id, const void *p, size_t n), (ph, id, p, n))
INTO(dt_phone_stream_closed, (struct dt_phone *ph, unsigned id, const char *why), (ph, id, why))
INTO(dt_phone_key, (struct dt_phone *ph, unsigned id, const char *pem), (ph, id, pem))

struct dt_phone *__real_dt_phone_new(const struct dt_phone_conf *c);
struct dt_phone *__wrap_dt_phone_new(const struct dt_phone_conf *c);
struct dt_phone *__wrap_dt_phone_new(const struct dt_phone_conf *c)
{
	struct dt_phone *ph;

	heap.inside = true;
	ph = __real_dt_phone_new(c);
	heap.inside = false;
	return ph;
}

/* ---- out of it, into the body: those functions of tests/meet/body.c that allocate ------------------------------------ */

#define OUT(ret, name, params, args)                \
	static ret out_##name params                \
	{                                           \
		bool was = heap.inside;             \
		ret r;                              \
		heap.inside = false;                \
		r = meet_body.name args;            \
		heap.inside = was;                  \
		return r;                           \
	}
OUT(int, frame, (void *arg, const uint8_t *p, size_t n, int tci), (arg, p, n, tci))
OUT(int, udp, (void *arg, uint32_t a, uint16_t port, const void *p, size_t n), (arg, a, port, p, n))
OUT(int, dns, (void *arg, unsigned id, const char *name, enum dt_rr type), (arg, id, name, type))
OUT(int, stream, (void *arg, unsigned id, const struct dt_stream_conf *c), (arg, id, c))
OUT(int, stream_send, (void *arg, unsigned id, const void *p, size_t n), (arg, id, p, n))
OUT(int, make_key, (void *arg, unsigned id), (arg, id))
OUT(int, save, (void *arg, const char *name, const void *p, size_t n), (arg, name, p, n))
OUT(int, slot_write, (void *arg, uint64_t at, const void *p, size_t n), (arg, at, p, n))
OUT(int, install, (void *arg, const void *catalog, size_t n), (arg, catalog, n))

static void out_stream_close(void *arg, unsigned id)
{
	bool was = heap.inside;

	heap.inside = false;
	meet_body.stream_close(arg, id);
	heap.inside = was;
}

/* ---- a sign-in ------------------------------------------------------------------------------------------------------- */

static void heap_print(const char *when)
{
	printf("%-34s %6zu octets in %3zu blocks\n", when, heap.octets, heap.blocks);
}

/* The ticket has been asked for, with all that the question needs. */
static bool asking_for_a_ticket(const struct meet *m)
{
	return dt_phone_stage(m->phone) == DT_STAGE_AUTH && meet_find(m, "metadata https://fe01.contoso.test/WebTicket/WebTicketService.svc/mex");
}

int main(void)
{
	static struct meet_flash flash;
	struct meet *m = meet_new(&flash, 1);
	struct dt_body body = meet_body;
	const uint64_t late = UINT64_C(300) * 1000;
	bool over;

	if (m == NULL)
		return 1;
	body.frame = out_frame;
	body.udp = out_udp;
	body.dns = out_dns;
	body.stream = out_stream;
	body.stream_send = out_stream_send;
	body.stream_close = out_stream_close;
	body.make_key = out_make_key;
	body.save = out_save;
	body.slot_write = out_slot_write;
	body.install = out_install;
	m->conf.body = &body;
	if (!meet_phone(m))
		return 1;
	while (!m->ended && !asking_for_a_ticket(m) && meet_step(m, late))
		;
	if (m->ended || !asking_for_a_ticket(m)) {
		fputs("the phone did not ask for a web ticket\n", stderr);
		return 1;
	}
	heap_print("in the middle of stage 7:");
	if (!meet_run(m, late) || !meet_result(m)->ok) {
		meet_dump(m);
		return 1;
	}
	while (meet_step(m, late - 60000)) /* minutes later, and before the lease is renewed: nothing is under way */
		;
	heap_print("registered:");
	printf("%-34s %6zu octets\n", "most at once:", heap.most);
	over = heap.octets > GOAL;
	if (over)
		printf("more than the goal of %d octets\n", GOAL);
	meet_free(m);
	meet_flash_free(&flash);
	meet_keys_done();
	return over;
}
