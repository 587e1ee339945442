#include "phone/run/log.h"

#include "base/enc.h"
#include "base/date.h"
#include "phone/internal.h"

enum level { LEVEL_OFF, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH };

/* "LoggingLevel: Off, Low, Medium, High"; the default is Off. */
static enum level log_level(const struct dt_phone *ph)
{
	static const char *const names[] = {"Off", "Low", "Medium", "High"};

	for (int i = LEVEL_LOW; i <= LEVEL_HIGH; i++)
		if (sv_ieq(sv_of(ph->account.logging), sv_of(names[i])))
			return (enum level)i;
	return LEVEL_OFF;
}

/* From which level on a record of that kind is worth a line. */
static enum level log_worth(const struct dt_record *r)
{
	switch (r->kind) {
	case DT_REC_BEGIN:
		return LEVEL_HIGH;
	case DT_REC_ATTEMPT:
		return r->ok ? LEVEL_HIGH : LEVEL_MEDIUM;
	case DT_REC_STAGE:
		return r->ok ? LEVEL_MEDIUM : LEVEL_LOW;
	default:
		return LEVEL_LOW;
	}
}

static void log_trim(struct ph_log *l)
{
	while (l->lines.n > PH_LOG_MAX) {
		ptrdiff_t end = sv_find(buf_view(&l->lines), '\n');

		buf_drop(&l->lines, end < 0 ? l->lines.n : (size_t)end + 1);
		l->lost++;
	}
}

/* Words of servers may hold anything: one record is one line. */
static void log_add(struct buf *b, const char *label, const char *text)
{
	buf_str(b, label);
	for (; *text; text++)
		buf_add(b, (unsigned char)*text < ' ' || *text == 127 ? "?" : text, 1);
}

void log_record(struct dt_phone *ph, const struct dt_record *r)
{
	static const char *const kinds[] = {"begins", "", "ends", "restart", "result", "ready"};
	struct buf *b = &ph->log.lines;
	char t[ISO_TIME_MAX];

	if (log_level(ph) < log_worth(r) || log_level(ph) == LEVEL_OFF)
		return;
	buf_printf(b, "%s %u %s", iso_time(t, ph_unix_s(ph)), (unsigned)r->stage, kinds[r->kind]);
	log_add(b, " ", r->what ? r->what : "");
	if (r->peer)
		log_add(b, " at ", r->peer);
	buf_printf(b, ", %u ms: %s", r->ms, r->ok ? "ok" : dt_failures[r->failure].code);
	if (r->found)
		log_add(b, ", ", r->found);
	if (r->why)
		log_add(b, ", ", r->why);
	buf_str(b, "\n");
	if (b->oom)
		buf_free(b); /* a log is worth no failure */
	log_trim(&ph->log);
}

void log_text(struct dt_phone *ph, struct buf *ret)
{
	struct dt_status s;
	char mac[MAC_TEXT_MAX], t[ISO_TIME_MAX];

	dt_phone_status(ph, &s);
	mac_text_upper(mac, ph->core.mac, '-');
	buf_printf(ret, "# %s %s, %s revision %s, MAC %s, serial %s\n", ph->core.model->vendor, ph->core.model->model, ph->core.version,
		   ph->core.model->revision, mac, ph->conf.serial ? ph->conf.serial : "");
	buf_printf(ret, "# %s, %s%s%s, log level %s, %u lines lost\n", iso_time(t, ph_unix_s(ph)), dt_phase_names[s.state],
		   s.user[0] ? " " : "", s.user, s.logging[0] ? s.logging : "Off", ph->log.lost);
	if (s.failure != DT_F_OK)
		buf_printf(ret, "# last failure: stage %u, %s\n", (unsigned)s.stage, dt_failures[s.failure].code);
	buf_sv(ret, buf_view(&ph->log.lines));
}
