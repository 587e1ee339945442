/* server/web/audit.c: the audit log of update questions [update-service 5].
 *
 * One file a day and front end, CSV; "modules joined by #, fields by ;".  Every worker appends with one write, so that
 * lines stay whole.
 */
#include "server/web/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/log.h"
#include "base/utf8.h"

static const char head[] = "Logging DateTime,User Host Address,Device Type,Mac Address,Serial Number,Vendor,Model,Revision,"
			   "Locale,Request Modules,Response Modules,User Id\n";

/* What a device says cannot end a field or a line, and cannot begin a formula where the file is opened: some countries' programs end
 * a field at a semicolon, too, which is what separates the parts of modules. */
static void audit_cell(struct buf *line, struct sv text, bool modules, bool last)
{
	bool quote = sv_find(text, ',') >= 0 || (!modules && sv_find(text, ';') >= 0) || sv_find(text, '"') >= 0;
	char c[5];

	if (quote)
		buf_str(line, "\"");
	if (text.n && strchr("=+-@", text.p[0]))
		buf_str(line, "'");
	while (utf8_shown(&text, c))
		buf_str(line, c[0] == '"' ? "\"\"" : c);
	buf_str(line, quote ? "\"" : "");
	buf_str(line, last ? "\n" : ",");
}

static void field(struct buf *line, struct sv text, bool last)
{
	audit_cell(line, text, false, last);
}

static void audit_part(struct buf *to, const char *text, const char *end)
{
	if (*text && strchr("=+-@", *text))
		buf_str(to, "'");
	for (; *text; text++)
		buf_add(to, *text == ';' || *text == '#' ? "_" : text, 1);
	buf_str(to, end);
}

static void audit_modules(struct buf *line, const struct update_module *m, unsigned n, bool answer)
{
	struct buf text = {0};

	for (unsigned i = 0; i < n; i++) {
		audit_part(&text, m[i].file, ";");
		if (answer)
			audit_part(&text, m[i].signature, ";");
		audit_part(&text, m[i].version, ";");
		audit_part(&text, m[i].time, i + 1 < n ? "#" : "");
	}
	audit_cell(line, buf_view(&text), true, false);
	line->oom |= text.oom;
	buf_free(&text);
}

static void audit_append(const char *path, const struct buf *line)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
	bool fresh = fd >= 0, ok = true;

	if (fd < 0)
		fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		log_line(LOG_WARN, "update", "the audit log %s cannot be opened", path);
		return;
	}
	if (fresh)
		ok = write(fd, head, sizeof head - 1) == (ssize_t)sizeof head - 1;
	ok = ok && write(fd, line->p, line->n) == (ssize_t)line->n;
	if (!ok)
		log_line(LOG_WARN, "update", "the audit log %s cannot be written", path);
	close(fd);
}

void update_audit(const struct web_call *k, const struct update_question *q, const struct update_answer *a)
{
	const char *said[] = {q->device_type, q->mac, q->serial, q->vendor, q->model, q->revision, q->locale};
	char at[ISO_TIME_MAX], path[4096], file[4608];
	struct buf line = {0};

	if (k->w->conf.logs == NULL || !update_folder(k->w->conf.logs, "Server/Audit/imageUpdates", path, sizeof path))
		return;
	iso_time(at, k->q->unix_s); /* "2013-04-10T08:15:02Z" -> "2013-04-10 08:15:02" */
	at[10] = ' ';
	at[19] = '\0';
	field(&line, sv_of(at), false);
	field(&line, sv_of(k->q->peer), false);
	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		field(&line, sv_of(said[i]), false);
	audit_modules(&line, q->module, q->nmodule, false);
	audit_modules(&line, a->module, a->nmodule, true);
	field(&line, sv_of(q->user), true);
	snprintf(file, sizeof file, "%s/RequestHandlerAuditLog_%s_%.10s.log", path, k->w->conf.site->fqdn, at);
	if (!line.oom && web_rate_may(k->w, WEB_RATE_AUDIT, k->q->peer, line.n, k->q->unix_s) &&
	    web_logs_may_grow(k->w, line.n, true, k->q->unix_s))
		audit_append(file, &line);
	buf_free(&line);
}
