/* server/web/update_internal.h: what the files of the update service share. */
#ifndef DIALTONE_SERVER_UPDATE_INTERNAL_H
#define DIALTONE_SERVER_UPDATE_INTERNAL_H

#include "server/web/internal.h"
#include "wire/update.h"

/* outside.c: inside true.  Outside, when somebody with remote access has proved himself; else the answer is composed. */
bool update_may_ask(struct web_call *k);

void update_log(struct web_call *k); /* logs.c: a device's log */
/* audit.c: one line a question [update-service 5] */
void update_audit(const struct web_call *k, const struct update_question *q, const struct update_answer *a);
bool update_folder(const char *logs, const char *below, char *path, size_t cap); /* makes logs/below, a/b/c */

#endif
