/* tests/support/check_web.h: one HTTP request as text in, one answer out, as a connection would. */
#ifndef DIALTONE_TESTS_CHECK_WEB_H
#define DIALTONE_TESTS_CHECK_WEB_H

#include "tests/support/check_xml.h"

#include "server/web/web.h"

extern const char *ask_peer; /* where requests come from */

enum side { HTTPS_IN, HTTPS_OUT, HTTP_IN, HTTP_OUT };

/* `head` is everything but Content-Length and the empty line: "POST /x HTTP/1.1\r\nContent-Type: text/xml\r\n". */
void ask(struct web *w, struct web_conn *c, enum side side, const char *head, struct sv body, int64_t now,
		       struct web_answer *ret);
/* One header's value, or NULL; static storage. */
const char *answer_header(const struct web_answer *a, const char *name);
void root_pem(struct buf *pem); /* a CA's certificate, as the root chain holds it */
unsigned fault_of(const struct web_answer *a, struct soap_fault *f);

#define CERTPROV "/CertProv/CertProvisioningService.svc"
#define WTS "/WebTicket/WebTicketService.svc"
#define SOAP_POST(path) "POST " path " HTTP/1.1\r\nContent-Type: text/xml; charset=utf-8\r\n"

#endif
