/* cmd/fleet/plan.c: calculates the number of front ends for a number of phones.
 *
 * The cost of a sign-in was measured in RSA-2048 signatures (bench/all, which prints them so), so that it holds on a faster or
 * slower processor: here the signature is measured, and the rest is arithmetic that is printed with its assumptions.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd/fleet/verb.h"
#include "cmd/json_put.h"
#include "pki/cert.h"

#define SIGNATURES 60
#define COLD 22.8     /* signatures' worth of CPU: a first sign-in by PIN */
#define WARM 6.9      /* by certificate */
#define REFRESH 0.44  /* a refreshing REGISTER, and the keep-alives since the one before */
#define REFRESH_S 480 /* seconds between two of a phone: 80 % of 600 */
#define MEMORY_KB 20.2 /* of a registered phone, all processes */
#define LOAD 0.7       /* of a processor that is planned with */
#define PLAN_PHONES 10000

static double cpu_s(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median CPU seconds of one signature of this processor; 0: OpenSSL refuses. */
static double signature_s(void)
{
	struct pki_key *k = pki_key_make(2048);
	double took[SIGNATURES / 10];
	struct buf csr = {0};
	bool good = k != NULL;

	for (unsigned i = 0; good && i < SIGNATURES / 10; i++) {
		double t = cpu_s();

		for (unsigned n = 0; good && n < 10; n++) {
			buf_clear(&csr);
			good = pki_csr_make(k, "plan", false, &csr); /* a signature and little else */
		}
		took[i] = (cpu_s() - t) / 10;
	}
	buf_free(&csr);
	pki_key_free(k);
	if (!good)
		return 0;
	qsort(took, SIGNATURES / 10, sizeof *took, by_size);
	return took[SIGNATURES / 20];
}

struct plan {
	double phones, cores, signature_ms, cold_ms, warm_ms, refresh_us, cold_per_s, warm_per_s, refresh_load, memory_mb;
	double target_s, cut_s, cold_s;
	unsigned front_ends;
};

static bool plan_make(const struct fleet_options *o, struct plan *p)
{
	uint64_t ms = 600000;
	double s = signature_s();

	if (s <= 0)
		return false;
	if (o->for_text)
		(void)fleet_span(o->for_text, &ms);
	p->phones = o->phones ? (double)o->phones : PLAN_PHONES;
	p->cores = (double)sysconf(_SC_NPROCESSORS_ONLN);
	p->signature_ms = s * 1000;
	p->cold_ms = s * COLD * 1000;
	p->warm_ms = s * WARM * 1000;
	p->refresh_us = s * REFRESH * 1e6;
	p->cold_per_s = p->cores * LOAD / (s * COLD);
	p->warm_per_s = p->cores * LOAD / (s * WARM);
	p->target_s = (double)ms / 1000;
	p->front_ends = 1 + (unsigned)(p->phones / p->warm_per_s / p->target_s);
	p->cut_s = p->phones / p->warm_per_s / p->front_ends;
	p->cold_s = p->phones / p->cold_per_s / p->front_ends;
	p->refresh_load = p->phones / REFRESH_S * p->refresh_us / 1e6 / p->cores / p->front_ends;
	p->memory_mb = p->phones * MEMORY_KB / 1024 / p->front_ends;
	return true;
}

static int plan_json(const struct plan *p)
{
	const struct {
		const char *key;
		double n;
	} numbers[] = {{"phones", p->phones}, {"cores", p->cores}, {"front_ends", p->front_ends}, {"signature_ms", p->signature_ms},
		       {"cold_ms", p->cold_ms}, {"warm_ms", p->warm_ms}, {"refresh_us", p->refresh_us}, {"cold_per_s", p->cold_per_s},
		       {"warm_per_s", p->warm_per_s}, {"power_cut_s", p->cut_s}, {"first_day_s", p->cold_s}, {"refresh_share", p->refresh_load},
		       {"memory_mb", p->memory_mb}};
	json_t *j = json_object();
	bool good;

	json_object_set_new(j, "v", json_integer(1));
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		json_object_set_new(j, numbers[i].key, json_real(numbers[i].n));
	good = json_put(stdout, j, JSON_INDENT(2));
	json_decref(j);
	return good ? 0 : EX_IOERR;
}

int fleet_plan(struct command *c, const struct fleet_options *o)
{
	struct plan p = {0};

	if (!plan_make(o, &p))
		return command_fail(c, EX_SOFTWARE, "no key can be made: %s", pki_error());
	if (c->json)
		return plan_json(&p);
	printf("%u front end%s with %.0f processors like this one's for %.0f phones.\n\n", p.front_ends, p.front_ends == 1 ? "" : "s", p.cores, p.phones);
	printf("After a power cut all have dial tone within %.0f s (goal: %.0f s, --for),\non the first day, with PINs, within %.0f s.\n", p.cut_s, p.target_s,
	       p.cold_s);
	printf("Each then holds %.0f MB and spends %.1f %% of its processors on refreshes.\n\n", p.memory_mb, 100 * p.refresh_load);
	printf("Measured now: one RSA-2048 signature takes %.2f ms of CPU here.\n", p.signature_ms);
	printf("Assumed, from bench/all: a first sign-in costs %.1f signatures (%.1f ms), one\nby certificate %.1f (%.1f ms), a refresh %.2f (%.0f us), each phone refreshes\nevery %d s and "
	       "holds %.1f KB; processors are loaded to %.0f %%; nothing else\nruns on them, and the network is no limit.\n",
	       COLD, p.cold_ms, WARM, p.warm_ms, REFRESH, p.refresh_us, REFRESH_S, MEMORY_KB, LOAD * 100);
	return 0;
}
