/* cmd/console/console.h: `dialtone console`: pages about a site on 127.0.0.1, for a browser of whoever typed it.
 *
 * Everything lies below http://127.0.0.1:PORT/TOKEN/, a token of 128 bits that lives as long as the command: whoever knows it has the
 * rights of the user who started it.  What the pages show is what the verbs print with --json: each question runs one verb of
 * questions[] as a process of its own, with words that the table has, and at most one that the page gives.
 */
#ifndef DIALTONE_CMD_CONSOLE_H
#define DIALTONE_CMD_CONSOLE_H

#include "net/http_server.h"
#include "net/loop.h"

#define CONSOLE_TOKEN 32 /* hexadecimal digits */
#define CONSOLE_RUNS 4	 /* verbs at once; further questions get 503 */

struct console {
	struct loop *loop;
	const char *conf; /* of the site: -c */
	char token[CONSOLE_TOKEN + 1];
	uint16_t port;
	unsigned runs;
	struct http_server server;
};

/* ---- serve.c: which requests are answered ----------------------------------------------------------------------- */

extern const struct http_service console_service; /* arg: struct console */

/* ---- questions.c -------------------------------------------------------------------------------------------------- */

#define CONSOLE_WORDS 3
struct console_question {
	const char *name;		  /* "phones": api/phones */
	const char *word[CONSOLE_WORDS + 1]; /* of the verb; NULL behind the last */
	bool takes;			  /* one word more, from the page: a phone, a rule */
	bool changes;			  /* POST; else GET */
};
const struct console_question *console_question(struct sv name); /* NULL: there is none */
/* One word out of "name=VALUE", percent-encoded: what a MAC, an address, a user or a rule can be.  false: it is none. */
bool console_word(struct sv form, char ret[256]);

/* ---- run.c: one verb as a process -------------------------------------------------------------------------------- */

struct console_run;
/* Runs it; done(): its exit status (-1: it was ended, or could not be run) and what it printed, once.  NULL: it cannot be begun. */
struct console_run *console_run(struct console *c, const struct console_question *q, const char *word,
				void (*done)(void *arg, int status, struct sv out, struct sv err), void *arg);
void console_run_end(struct console_run *r); /* without done(); NULL is fine */

/* ---- files.c, made of the files of this folder ------------------------------------------------------------------ */

struct console_file {
	const char *name, *type;
	const unsigned char *p;
	size_t n;
};
extern const struct console_file console_files[];
extern const size_t console_nfiles;

#endif
