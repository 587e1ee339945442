/* phone/client/soap.h: what the Web Services' answers over HTTP mean ([web-services 4, 12]). */
#ifndef DIALTONE_PHONE_SOAP_H
#define DIALTONE_PHONE_SOAP_H

#include "phone/client/http.h"
#include "wire/soap/soap.h"

/* A fault or HTTP status turned into a failure and a sentence; its facts go into the attempt.  refused: what 28020 means here. */
enum dt_failure soap_failure(const struct http_client *h, bool outside, enum dt_failure refused, struct attempt *try,
			     struct why *why);
bool soap_is_fault(const struct http_client *h); /* whatever its status */
xmlDocPtr soap_answer(const struct http_client *h, enum dt_failure *f, struct why *why); /* of a 200 */

void mex_of(const char *service, char out[SOAP_URI_MAX + 8]);
bool web_external_of(const char *update_url, char *out, size_t cap);

#endif
