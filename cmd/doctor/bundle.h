/* cmd/doctor/bundle.h: one file for somebody who knows more: record, questions and findings, and the octets behind them.
 *
 * dialtone-record(5) describes it.  The capture in it opens by itself in Wireshark (its TLS secrets are inside), but for connections on
 * which a PIN, a password, or a web ticket went: their secrets are not there (host/witness.h).
 */
#ifndef DIALTONE_CMD_DOCTOR_BUNDLE_H
#define DIALTONE_CMD_DOCTOR_BUNDLE_H

#include <jansson.h>

#include "cmd/doctor/findings.h"
#include "host/witness.h"

struct bundle {
	struct host_witness witness; /* for struct phone_run */
	struct buf packets, secrets;
	unsigned count, lost;
	json_t *certificates, *heads; /* lists */
};

bool bundle_begin(struct bundle *b); /* false: out of memory */
void bundle_free(struct bundle *b);  /* zeroed is fine */

/* The capture as pcapng; empty when nothing was captured. */
void bundle_pcapng(struct bundle *b, struct buf *ret);

/* Puts certificates, heads and the capture into the document. */
bool bundle_put(struct bundle *b, json_t *document);

/* The capture of a bundle that was read. false: there is none, or it is damaged. */
bool bundle_capture(const json_t *document, struct buf *ret);

/* Names of hosts, domains and users, IP and MAC addresses in every string become others, the same ones for the same ones; certificates,
 * heads and capture are taken out.  false: out of memory. */
bool bundle_rename(json_t *document);

/* ---- files (bundle_write.c): 0, or an exit status after a sentence ------------------------------------------------- */

struct bundle_of {
	const struct doctor_run *run;
	const struct findings *found;
	json_t *lines;	    /* the record */
	const json_t *old;  /* the bundle that was read, or NULL */
	struct bundle *live; /* zeroed: nothing was captured */
	struct broker *broker; /* that writes the files; NULL: we do */
};
int bundle_check(const char *option, const char *path); /* path NULL: 0 */
int bundle_write(const struct bundle_of *of, const char *path, bool rename);
int bundle_write_pcapng(const struct bundle_of *of, const char *path);
struct broker;
/* NULL: with the rights that we have. */
int bundle_put_file(struct broker *b, const char *option, const char *path, const void *p, size_t n);

#endif
