/* server/web/capture.c: bodies that nobody could read, kept so that a true trace of a real phone can be made
 * ([web-services 6.3], [update-service 4.3]).  Few, short, and without what they say.
 */
#include "server/web/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define CAPTURES 64 /* since the start, a worker */
#define CAPTURE_MAX 16384

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The shape stays: tags, names, lengths, and values that are plainly namespaces; every other letter becomes x, every
 * digit 9, so that neither a PIN nor its base64 is left. */
void web_mask(struct buf *to, struct sv body)
{
	bool tag = false, keep = false;
	char quote = '\0';

	for (size_t i = 0; i < body.n; i++) {
		char c = body.p[i];
		struct sv rest = sv_from(body, i + 1);

		if (!tag && c == '<') {
			tag = true;
			keep = true;
		} else if (tag && quote == '\0' && (c == '"' || c == '\'')) {
			quote = c;
			keep = sv_starts(rest, SV("http://")) || sv_starts(rest, SV("urn:"));
		} else if (tag && c == quote) {
			quote = '\0';
			keep = true;
		} else if (tag && quote == '\0' && c == '>') {
			tag = keep = false;
		} else if (!keep) {
			c = (char)(c >= '0' && c <= '9' ? '9' : letter(c) ? 'x' : c);
		}
		buf_add(to, &c, 1);
	}
}

/* The head without what it says: the names of its headers, and of Authorization the scheme. */
static void head(struct buf *b, const struct msg *m)
{
	struct sv rest = msg_get(m, "Authorization"), scheme = sv_cut(&rest, ' ');

	buf_str(b, "Headers:");
	for (size_t i = 0; i < m->nheader; i++)
		buf_printf(b, " " SV_FMT, SV_ARG(m->header[i].name));
	buf_printf(b, "\nUser-Agent: " SV_FMT "\n", SV_ARG(msg_get(m, "User-Agent")));
	if (rest.p) /* else it is one word, which may be the secret itself */
		buf_printf(b, "Authorization: " SV_FMT "\n", SV_ARG(scheme));
}

void web_capture(struct web_call *k, const char *kind, bool mask)
{
	const char *logs = k->w->conf.logs;
	struct buf b = {0};
	char path[4096];
	struct sv body = k->q->body;

	if (logs == NULL || k->w->captured >= CAPTURES)
		return;
	k->w->captured++;
	body.n = body.n < CAPTURE_MAX ? body.n : CAPTURE_MAX;
	buf_printf(&b, SV_FMT " " SV_FMT "\nContent-Type: " SV_FMT "\nSOAPAction: " SV_FMT "\n", SV_ARG(k->q->m->method),
		   SV_ARG(k->path), SV_ARG(msg_get(k->q->m, "Content-Type")), SV_ARG(msg_get(k->q->m, "SOAPAction")));
	head(&b, k->q->m);
	buf_str(&b, "\n");
	if (mask)
		web_mask(&b, body);
	else
		buf_sv(&b, body);
	snprintf(path, sizeof path, "%.3800s/Unrecognised", logs);
	mkdir(path, 0770);
	snprintf(path, sizeof path, "%.3800s/Unrecognised/%s-%lld-%d-%u.txt", logs, kind, (long long)k->q->unix_s,
		 (int)getpid(), k->w->captured);
	if (!b.oom && web_logs_may_grow(k->w, b.n, false, k->q->unix_s) && file_write(NULL, path, b.p, b.n, 0660) == 0)
		log_line(LOG_INFO, "web", "a request that was not understood is kept in %s", path);
	buf_wipe(&b);
}
