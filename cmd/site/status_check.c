#include "cmd/site/status_check.h"

#include <string.h>

#include "cmd/text.h"
#include "server/control/control.h"
#include "server/site/certs.h"

enum { OK, WARNING, CRITICAL, UNKNOWN };

struct finding {
	int state;
	struct why why;
	uint64_t registered, processes, restarts;
	int64_t days; /* until the first certificate expires; -1: none was read */
	const char *first;
};

/* The worst one is the one that is told. */
static void find(struct finding *f, int state, const struct why *why)
{
	if (state > f->state) {
		f->state = state;
		f->why = *why;
	}
}

/* "worker 0 pid 4711 private 12 restarts 0", "registered 3" */
static void read_status(struct finding *f, struct sv text)
{
	while (text.n) {
		struct sv line = sv_cut(&text, '\n'), word = sv_cut(&line, ' ');
		uint64_t n = 0;

		if (sv_eq(word, SV("registered"))) {
			sv_u64(line, UINT64_MAX, &f->registered);
			continue;
		}
		f->processes += word.n > 0;
		while (line.p) {
			word = sv_cut(&line, ' ');
			if (sv_eq(word, SV("restarts")) && sv_u64(line, UINT64_MAX, &n))
				f->restarts += n;
		}
	}
}

static void look_at_processes(struct finding *f, const struct site *site)
{
	struct buf text = {0};
	struct why why = {0};
	struct sv status;

	if (!control_status(site->dir, &text, &why)) {
		find(f, UNKNOWN, &why);
	} else if (text.n == 0) {
		why_set(&why, "dialtoned is not running for %s", site->dir);
		find(f, CRITICAL, &why);
	} else {
		status = buf_view(&text);
		if (control_is_of_another(control_version(&status), &why))
			find(f, WARNING, &why);
		read_status(f, status);
	}
	buf_free(&text);
}

static void look_at_certificates(struct finding *f, const struct site *site, int64_t now)
{
	struct site_cert cert[SITE_CERTS];
	unsigned n = site_certs(site, now, cert);

	f->days = -1;
	for (unsigned i = 0; i < n; i++) {
		int64_t days = (cert[i].not_after - now) / 86400;
		struct why why = {0};

		if (cert[i].why.text[0]) {
			why_set(&why, "%s: %s", cert[i].file, cert[i].why.text);
			find(f, cert[i].unreadable ? UNKNOWN : CRITICAL, &why);
			continue;
		}
		if (f->days < 0 || days < f->days) {
			f->days = days;
			f->first = cert[i].file;
		}
		if (site_cert_ends_soon(site, &cert[i], now, &why))
			find(f, WARNING, &why);
	}
}

int status_check(FILE *to, const struct site *site, int64_t now)
{
	static const char *const names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	struct finding f = {.state = OK};

	look_at_certificates(&f, site, now);
	if (f.state != UNKNOWN)
		look_at_processes(&f, site);
	if (f.state == OK)
		why_set(&f.why, "%llu registered, %llu processes, %s good for %lld days", (unsigned long long)f.registered,
			(unsigned long long)f.processes, f.first ? f.first : "no certificate", (long long)f.days);
	for (char *c = f.why.text; *c; c++)
		if (*c == '|') /* behind it stand numbers */
			*c = '/';
	text_print(to, "DIALTONE %s - %s | registered=%llu processes=%llu restarts=%llu days=%lld", names[f.state], f.why.text,
		 (unsigned long long)f.registered, (unsigned long long)f.processes, (unsigned long long)f.restarts,
		 (long long)(f.days < 0 ? 0 : f.days));
	return f.state;
}
