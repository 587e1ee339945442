/* cmd/doctor/html_shown.c: the certificates that servers showed, and the heads of their answers. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "cmd/doctor/html.h"
#include "pki/cert.h"

static const char *text_of(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

static void shown_place(struct buf *to, const json_t *j)
{
	html_put(to, "<details><summary>");
	html_text(to, text_of(j, "host"));
	html_put(to, " ");
	html_text(to, text_of(j, "address"));
	html_put(to, ":%d ", (int)json_integer_value(json_object_get(j, "port")));
	html_text(to, text_of(j, "version"));
	html_put(to, " ");
	html_text(to, text_of(j, "cipher"));
	html_put(to, "</summary>\n");
}

static void shown_certificate(struct buf *to, const struct pki_cert_info *c)
{
	char from[ISO_TIME_MAX], until[ISO_TIME_MAX];

	html_put(to, "<p><b>");
	html_text(to, c->subject);
	html_put(to, "</b><br>issued by ");
	html_text(to, c->issuer);
	html_put(to, "<br>good from %s until %s; %s, %u bits; ", iso_time(from, c->not_before), iso_time(until, c->not_after),
		 c->rsa ? "RSA" : "EC", c->bits);
	html_text(to, c->signature);
	for (unsigned i = 0; i < c->nnames; i++) {
		html_put(to, i ? ", " : "<br>names: ");
		html_text(to, c->names[i]);
	}
	html_put(to, "</p>\n");
}

static void shown_chain(struct buf *to, const char *pem)
{
	struct pki_cert_info *info = calloc(1, sizeof *info);
	struct buf der = {0};

	for (unsigned n = 0; info && pki_pem_cert((struct sv){pem, strlen(pem)}, n, &der); n++) {
		if (pki_cert_info(der.p, der.n, info) == NULL)
			shown_certificate(to, info);
		buf_clear(&der);
	}
	buf_free(&der);
	free(info);
	html_put(to, "<pre>");
	html_text(to, pem);
	html_put(to, "</pre></details>\n");
}

void html_shown(struct buf *to, const json_t *certificates, const json_t *heads)
{
	const json_t *j;
	size_t i;

	if (json_array_size(certificates))
		html_put(to, "<h2>Certificates that were shown</h2>\n");
	json_array_foreach(certificates, i, j) {
		shown_place(to, j);
		shown_chain(to, text_of(j, "pem"));
	}
	if (json_array_size(heads))
		html_put(to, "<h2>Heads of answers</h2>\n");
	json_array_foreach(heads, i, j) {
		shown_place(to, j);
		html_put(to, "<pre>");
		html_text(to, text_of(j, "head"));
		html_put(to, "</pre></details>\n");
	}
}
