/* cmd/doctor/bundle_write.c: the files that the doctor leaves behind, each whole or not at all, mode 0600. */
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "cmd/doctor/bundle.h"
#include "host/broker.h"

/* A run costs minutes: reasons to refuse its file are reported before. */
int bundle_check(const char *option, const char *path)
{
	char folder[4096];
	struct stat st;
	int e = 0;

	if (path == NULL)
		return 0;
	if (snprintf(folder, sizeof folder, "%s", path) >= (int)sizeof folder)
		e = ENAMETOOLONG;
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		e = EISDIR;
	else if (access(dirname(folder), W_OK | X_OK) < 0)
		e = errno;
	if (e)
		fprintf(stderr, "dialtone doctor: '%s %s': %s\n", option, path, strerror(e));
	return e ? EX_CONFIG : 0;
}

int bundle_put_file(struct broker *b, const char *option, const char *path, const void *p, size_t n)
{
	int e = broker_put(b, path, p, n);

	if (e < 0) {
		fprintf(stderr, "dialtone doctor: '%s %s': %s\n", option, path, strerror(-e));
		return EX_CONFIG;
	}
	fprintf(stderr, "dialtone doctor: written to %s\n", path);
	return 0;
}

/* What an earlier bundle held besides its record stays with it. */
static void old_copy(json_t *document, const json_t *old)
{
	static const char *const octets[] = {"certificates", "heads", "pcapng", "packets"};

	for (size_t i = 0; i < sizeof octets / sizeof *octets; i++)
		if (json_object_get(old, octets[i]))
			json_object_set(document, octets[i], json_object_get(old, octets[i]));
}

/* Neither record nor questions ever knew a secret; host/witness.h says how it is with the packets. */
int bundle_write(const struct bundle_of *of, const char *path, bool rename)
{
	json_t *answers = json_array(), *findings = json_array(), *j;
	char t[ISO_TIME_MAX], *text;
	bool good = true;
	int rc;

	for (unsigned i = 0; i < of->run->answers; i++)
		json_array_append_new(answers, answer_json(&of->run->answer[i]));
	for (unsigned i = 0; i < of->found->n; i++)
		json_array_append_new(findings, finding_json(&of->found->one[i]));
	j = json_pack("{si ss ss ss so so sO}", "v", 2, "dialtone", DIALTONE_VERSION, "t", iso_time_ms(t, clock_unix_ms()), "redaction",
		      rename ? "names" : "secrets", "findings", findings, "probes", answers, "record", of->lines);
	if (j && of->old)
		old_copy(j, of->old);
	else if (j && of->live->certificates)
		good = bundle_put(of->live, j);
	if (j && rename)
		good = good && bundle_rename(j);
	text = j && good ? json_dumps(j, JSON_INDENT(1)) : NULL;
	json_decref(j);
	if (text == NULL) {
		fprintf(stderr, "dialtone doctor: '--bundle %s': out of memory\n", path);
		return EX_SOFTWARE;
	}
	rc = bundle_put_file(of->broker, "--bundle", path, text, strlen(text));
	free(text);
	return rc;
}

int bundle_write_pcapng(const struct bundle_of *of, const char *path)
{
	struct buf b = {0};
	int rc;

	if (of->old)
		(void)bundle_capture(of->old, &b);
	else if (of->live->certificates)
		bundle_pcapng(of->live, &b);
	if (b.n == 0) {
		fprintf(stderr, "dialtone doctor: '--pcapng %s': there are no packets in it\n", path);
		return EX_CONFIG;
	}
	rc = bundle_put_file(of->broker, "--pcapng", path, b.p, b.n);
	buf_wipe(&b);
	return rc;
}
