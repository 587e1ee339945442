/* cmd/fleet/verb.h: dialtone fleet, between the files of this folder. */
#ifndef DIALTONE_CMD_FLEET_VERB_H
#define DIALTONE_CMD_FLEET_VERB_H

#include <jansson.h>

#include "base/buf.h"
#include "cmd/options.h"
#include "fleet/fleet.h"

#define FLEET_TARGETS 64
#define FLEET_NAMES 64
#define FLEET_MODELS 32

struct fleet_options {
	const char *users, *domain, *pool, *registrar, *web, *html, *metrics, *for_text;
	uint64_t phones, first, together, seed, sip_port;
	struct fleet_arrival arrive;
	enum fleet_scenario scenario;
	enum fleet_from from;
	uint32_t target[FLEET_TARGETS], confirmed[FLEET_TARGETS];
	unsigned targets, confirmations;
	struct fleet_name name[FLEET_NAMES];
	char *name_text[FLEET_NAMES];
	unsigned names;
	const struct dt_model *model[FLEET_MODELS];
	unsigned models;
	uint32_t source, sources;
	bool leave, sign_off, no_retry, quiet;
	bool plan;
};
extern const struct option_row fleet_options[];
void fleet_options_begin(void *o);
/* "90s", "5m", "2h", "250ms" in ms; false: it is none of these */
bool fleet_span(const char *text, uint64_t *ms);

struct users { /* the file of users, its texts in one piece of memory */
	struct fleet_user *user;
	struct users_row *row; /* while the file is read */
	size_t n, cap;
	struct buf text;
};
/* false: *why, with the line */
bool users_read(struct users *u, const char *path, uint64_t first, uint64_t most, struct why *why);
void users_free(struct users *u); /* wipes */

void live_show(const struct fleet_stats *s, bool terminal); /* on standard error */
void live_clear(bool terminal);

struct usage { /* of this process */
	double cpu_s;
	uint64_t rss_kb, rss_before_kb;
};
void usage_read(struct usage *u);

void report_text(FILE *to, const struct fleet_stats *s, const struct usage *u);
json_t *report_json(const struct fleet_stats *s, const struct usage *u, const struct fleet_options *o);
bool report_csv(FILE *to, const struct fleet_stats *s);
void report_metrics(struct buf *to, const struct fleet_stats *s); /* Prometheus' text format */
void report_html(struct buf *to, const struct fleet_stats *s, const struct usage *u, const struct fleet_options *o);

int fleet_plan(struct command *c, const struct fleet_options *o);

#endif
