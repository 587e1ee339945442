/* phone/client/image.c: an image is fetched, verified, installed. */
#include "phone/client/image.h"

#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "phone/run/persist.h"
#include "phone/run/record.h"
#include "pki/cert.h"
#include "wire/soap/soap.h"

#define DOWNLOAD_MS (UINT64_C(600) * 1000) /* the stage has 900 s: a slow store must not cost the phone its dial tone */

struct image_client {
	struct dt_phone *ph;
	struct http_client *http;
	struct image_conf conf;
	char store[256];
	uint64_t at, from, size; /* octets in the spare slot; where this download began; of the whole image */
	struct buf catalog;
	unsigned tries; /* downloads that broke off in this run */
	bool pause;	/* T_IMAGE takes it up again, instead of verifying */
	uint64_t until; /* ms: it must be there by then */
	bool late, too_long; /* why it was not taken any further */
	bool ended;
	struct attempt try;
	image_fn *done;
	void *arg;
};

bool image_ended(const struct image_client *c)
{
	return c == NULL || c->ended;
}

void image_free(struct image_client *c)
{
	if (c == NULL)
		return;
	ph_timer_off(c->ph, T_IMAGE);
	buf_free(&c->catalog);
	free(c);
}

/* ---- what was begun: DT_STATE_UPDATE, "key value" lines ------------------------------------------------------- */

static bool image_noted(struct dt_phone *ph, const char *key, char *out, size_t cap)
{
	struct buf b = {0};
	struct sv rest;
	bool ok = false;

	if (persist_load(ph, DT_STATE_UPDATE, &b)) {
		rest = buf_view(&b);
		while (rest.p && !ok) {
			struct sv line = sv_cut(&rest, '\n'), k = sv_cut(&line, ' ');

			ok = line.p && sv_eq(k, sv_of(key)) && sv_copy(out, cap, line);
		}
	}
	buf_free(&b);
	return ok;
}

static bool image_note(struct dt_phone *ph, const char *key, const char *value)
{
	struct buf b = {0};
	bool ok;

	buf_printf(&b, "%s %s\n", key, value);
	ok = persist_save(ph, DT_STATE_UPDATE, &b);
	buf_free(&b);
	return ok;
}

/* The identity of an offer: a piece of another image must not be continued with this one. */
static void image_offer_text(const struct image_client *c, char *out, size_t cap)
{
	text_set(out, cap, "%s %llu %s %s", c->conf.offer.version, (unsigned long long)c->conf.offer.size,
	     c->conf.offer.sha256[0] ? c->conf.offer.sha256 : "-", c->conf.offer.file);
}

/* ---- the download ---------------------------------------------------------------------------------------------- */

static void image_end(struct image_client *c, enum dt_failure f, const char *why)
{
	c->ended = true;
	ph_timer_off(c->ph, T_IMAGE);
	c->done(c->arg, f, why);
}

static void image_failed(struct image_client *c, enum dt_failure f, const char *why)
{
	attempt_fail(c->ph, &c->try, f, why);
	image_end(c, f, why);
}

/* "<StoreUri>/ + the same path with /" [update-service 3.5].  UNKNOWN: how the product writes it.  So a whole URL
 * is one, the paths of a Windows file share are turned, and a store that is not told is beside the question's handler. */
void image_url(const char *store, const char *question, const char *file, char *out, size_t cap)
{
	static const char files[] = "Files";
	size_t n = strlen(store);
	struct url whole;

	if (url_read(sv_of(file), &whole)) {
		text_set(out, cap, "%s", file);
		return;
	}
	while (*file == '/' || *file == '\\')
		file++;
	while (n && store[n - 1] == '/')
		n--;
	if (n)
		text_set(out, cap, "%.*s/%s", (int)n, store, file);
	else
		text_set(out, cap, "%.*s%s/%s", (int)(strrchr(question, '/') ? strrchr(question, '/') - question + 1 : 0), question, files,
		     file);
	for (char *c = out; *c; c++)
		if (*c == '\\')
			*c = '/';
}

/* The part of a host's name behind its first label, which has a dot itself; "": none. */
static const char *image_domain_of(const char *host)
{
	const char *dot = strchr(host, '.');
	uint32_t address;

	return dot && strchr(dot + 1, '.') && !ip_read(sv_of(host), &address) ? dot : "";
}

/* An answer must not send the phone to any machine of the company: to that of the question, to those that in-band
 * provisioning told, or, since a pool's store has the pool's name, to one of the same domain; and for a file only. */
static bool image_place_is_allowed(const struct image_client *c, const char *url)
{
	const char *const provisioned[] = {c->conf.question_url, c->conf.provisioned[0], c->conf.provisioned[1]};
	struct url u, t;

	if (!url_read(sv_of(url), &u) || strpbrk(u.path, "?#"))
		return false;
	for (size_t i = 0; i < sizeof provisioned / sizeof *provisioned; i++) {
		if (!url_read(sv_of(provisioned[i]), &t) || (u.port != 80 && u.port != 443 && u.port != t.port))
			continue;
		if (strcmp(u.host, t.host) == 0 || (image_domain_of(t.host)[0] && strcmp(image_domain_of(u.host), image_domain_of(t.host)) == 0))
			return true;
	}
	return false;
}

/* NULL: it is in *out. */
static const char *image_url_of(const struct image_client *c, const char *file, char *out, size_t cap)
{
	image_url(c->store, c->conf.question_url, file, out, cap);
	return image_place_is_allowed(c, out) ? NULL : dt_signs[DT_SIGN_UPDATE_ELSEWHERE].what;
}

static void image_ask(struct image_client *c);

static void image_verify(struct image_client *c)
{
	struct update_image im;
	enum dt_sign sign = DT_SIGN_NONE;
	const char *why = image_check(c->ph, c->conf.update_key, 1, buf_view(&c->catalog), &im, &sign);
	char found[80];
	int rc;

	attempt_begin(c->ph, &c->try, "verify %s", c->conf.offer.version);
	if (why == NULL && strcmp(im.version, c->conf.offer.version) != 0)
		why = image_broke(&sign, DT_SIGN_IMAGE_VERSION);
	if (why) {
		if (sign != DT_SIGN_NONE)
			attempt_sign(&c->try, sign);
		image_note(c->ph, "refused", c->conf.offer.version); /* the slot's content is of no use: from the start, next time */
		image_failed(c, DT_F_UPDATE_SIGNATURE, why);
		return;
	}
	text_set(found, sizeof found, "%s, %llu octets", im.version, (unsigned long long)ph_core(c->ph)->body->slot_size(ph_core(c->ph)->arg, 1));
	attempt_ok(c->ph, &c->try, found, NULL);
	attempt_begin(c->ph, &c->try, "install %s", im.version);
	rc = ph_core(c->ph)->body->install(ph_core(c->ph)->arg, c->catalog.p, c->catalog.n);
	if (rc < 0) {
		image_failed(c, DT_F_UPDATE_STORE, strerror(-rc));
		return;
	}
	image_note(c->ph, "installed", im.version);
	attempt_ok(c->ph, &c->try, im.version, NULL);
	image_end(c, DT_F_OK, NULL);
}

/* The catalog is good: what it speaks of is fetched, or has been. */
static void image_begin(struct image_client *c, uint64_t size)
{
	char offer[400], was[400];
	int64_t have = ph_core(c->ph)->body->slot_size(ph_core(c->ph)->arg, 1);

	image_offer_text(c, offer, sizeof offer);
	c->size = size;
	c->from = image_noted(c->ph, "offered", was, sizeof was) && strcmp(was, offer) == 0 && have > 0 ? (uint64_t)have : 0;
	if (c->from > size)
		c->from = 0;
	c->at = c->from;
	if (c->from == 0 && !image_note(c->ph, "offered", offer)) {
		attempt_begin(c->ph, &c->try, "update %s", c->conf.offer.version);
		image_failed(c, DT_F_STORE, ph_core(c->ph)->persist_why);
		return;
	}
	c->pause = c->from < size;
	ph_timer_set(c->ph, T_IMAGE, 0); /* verifying takes a while: not inside a network event */
}

static void image_have_catalog(void *arg, struct http_client *h)
{
	struct image_client *c = arg;
	uint64_t size = 0;
	uint8_t sum[32];
	struct why why = {0};
	enum dt_sign sign;
	const char *bad;

	attempt_http(&c->try, h);
	if (h->failure != DT_F_OK || h->status != 200) {
		why_set(&why, "%s", h->why.text);
		if (h->failure == DT_F_OK)
			why_set(&why, "HTTP %u for the catalog", h->status);
		image_failed(c, DT_F_UPDATE_FETCH, why.text);
		return;
	}
	buf_clear(&c->catalog);
	buf_sv(&c->catalog, buf_view(&h->body));
	if (c->catalog.oom) {
		image_failed(c, DT_F_MEMORY, NULL);
		return;
	}
	bad = image_catalog_check(c->conf.update_key, buf_view(&c->catalog), sum, &size, &sign);
	if (bad) {
		attempt_sign(&c->try, sign);
		image_failed(c, DT_F_UPDATE_SIGNATURE, bad);
		return;
	}
	attempt_ok(c->ph, &c->try, NULL, NULL);
	image_begin(c, size);
}

void image_timer(struct image_client *c)
{
	if (image_ended(c))
		return;
	if (c->pause)
		image_ask(c);
	else
		image_verify(c);
}

static void image_ask_catalog(struct image_client *c)
{
	char url[SOAP_URI_MAX * 2];
	struct http_ask a = {.method = "GET", .url = url, .report_only = c->conf.report_only, .public_roots = true,
			     .done = image_have_catalog, .arg = c};
	const char *bad = image_url_of(c, c->conf.offer.signature, url, sizeof url);

	attempt_begin(c->ph, &c->try, "catalog %s", c->conf.offer.version);
	if (bad) {
		attempt_sign(&c->try, DT_SIGN_UPDATE_ELSEWHERE);
		image_failed(c, DT_F_UPDATE_ANSWER, bad);
		return;
	}
	http_ask(c->http, &a);
}

static bool image_sink(void *arg, const void *p, size_t n)
{
	struct image_client *c = arg;

	if (c->http->status == 200 && c->from) /* the server did not continue: it began again */
		c->from = c->at = 0;
	c->late = ph_now_ms(c->ph) >= c->until;
	c->too_long = n > c->size - c->at;
	if (c->too_long)
		attempt_sign(&c->try, DT_SIGN_IMAGE_LONG);
	if (c->late || c->too_long)
		return false;
	if (ph_core(c->ph)->body->slot_write(ph_core(c->ph)->arg, c->at, p, n) < 0)
		return false;
	c->at += n;
	return true;
}

/* A download that broke off is taken up again where it stopped, a few times and after longer and longer pauses; then the
 * phone goes on with what it has, and resumes at the next start. */
static bool image_resume_later(struct image_client *c, const char *why)
{
	static const unsigned pauses_ms[] = {1000, 3000, 9000, 20000};

	if (c->tries == sizeof pauses_ms / sizeof *pauses_ms || (c->at == 0 && c->tries == 0))
		return false;
	attempt_fail(c->ph, &c->try, DT_F_UPDATE_FETCH, why);
	c->from = c->at;
	c->pause = true;
	ph_timer_set(c->ph, T_IMAGE, pauses_ms[c->tries++]);
	return true;
}

static void image_have(void *arg, struct http_client *h)
{
	struct image_client *c = arg;
	struct why why = {0};
	char found[96];

	attempt_http(&c->try, h);
	if (h->failure == DT_F_OK && h->status == 416 && c->from) { /* the piece is of another file: from the start */
		c->from = c->at = 0;
		image_ask(c);
		return;
	}
	if (h->failure != DT_F_OK || (h->status != 200 && h->status != 206)) {
		why_set(&why, "%s", h->why.text);
		if (h->failure == DT_F_OK)
			why_set(&why, "HTTP %u for the image", h->status);
		else if (c->late)
			why_set(&why, "it is not there after %u s; the next start goes on with it", (unsigned)(DOWNLOAD_MS / 1000));
		else if (c->too_long)
			why_set(&why, "%s", dt_signs[DT_SIGN_IMAGE_LONG].what);
		else if (h->failure == DT_F_UPDATE_STORE)
			why_set(&why, "octet %llu could not be stored", (unsigned long long)c->at);
		else if (why.text[0] == '\0')
			why_set(&why, "the connection ended after octet %llu", (unsigned long long)c->at);
		if (h->failure != DT_F_OK && h->failure != DT_F_UPDATE_STORE && image_resume_later(c, why.text))
			return;
		image_failed(c, h->failure == DT_F_UPDATE_STORE && !c->late && !c->too_long ? DT_F_UPDATE_STORE
												      : DT_F_UPDATE_FETCH, why.text);
		return;
	}
	if (c->at != c->size) {
		attempt_sign(&c->try, DT_SIGN_IMAGE_SHORT);
		if (!image_resume_later(c, NULL))
			image_failed(c, DT_F_UPDATE_FETCH, dt_signs[DT_SIGN_IMAGE_SHORT].what);
		return;
	}
	text_set(found, sizeof found, "%llu octets%s", (unsigned long long)(c->at - c->from),
	     c->from ? ", resumed" : "");
	attempt_ok(c->ph, &c->try, found, NULL);
	ph_timer_set(c->ph, T_IMAGE, 0);
}

static void image_ask(struct image_client *c)
{
	char url[SOAP_URI_MAX * 2], range[64] = "";
	struct http_ask a = {.method = "GET", .url = url, .headers = range, .report_only = c->conf.report_only, .public_roots = true,
			     .timeout_ms = 60000, .sink = image_sink, .done = image_have, .arg = c};
	const char *bad = image_url_of(c, c->conf.offer.file, url, sizeof url);

	c->pause = false;
	if (c->from)
		text_set(range, sizeof range, "Range: bytes=%llu-\r\n", (unsigned long long)c->from);
	attempt_begin(c->ph, &c->try, "download %s from octet %llu", c->conf.offer.version, (unsigned long long)c->from);
	if (bad) {
		attempt_sign(&c->try, DT_SIGN_UPDATE_ELSEWHERE);
		image_failed(c, DT_F_UPDATE_ANSWER, bad);
		return;
	}
	http_ask(c->http, &a);
}

static void image_start(struct image_client *c)
{
	bool below = image_below_floor(c->ph, c->conf.offer.version);
	enum dt_failure f = DT_F_OK;
	enum dt_sign sign = DT_SIGN_NONE;
	char was[400];

	if (image_noted(c->ph, "installed", was, sizeof was) && strcmp(was, c->conf.offer.version) == 0) {
		f = DT_F_UPDATE_LOOP; /* U-10: "installed before and did not take" */
	} else if (c->conf.offer.signature[0] == '\0') {
		f = DT_F_UPDATE_SIGNATURE;
		sign = DT_SIGN_CATALOG_NONE;
	} else if (below || (!c->conf.trusted && image_is_older(c->conf.offer.version, ph_core(c->ph)->version))) {
		f = DT_F_UPDATE_OLDER;
	}
	if (f != DT_F_OK) {
		attempt_begin(c->ph, &c->try, "update %s", c->conf.offer.version);
		attempt_sign(&c->try, sign);
		image_failed(c, f, sign != DT_SIGN_NONE ? dt_signs[sign].what : below ? IMAGE_BELOW_FLOOR : NULL);
		return;
	}
	c->tries = 0;
	c->late = c->too_long = false;
	c->until = ph_now_ms(c->ph) + DOWNLOAD_MS;
	image_ask_catalog(c);
}

struct image_client *image_fetch(struct dt_phone *ph, struct http_client *http, const struct image_conf *conf, image_fn *done, void *arg)
{
	struct image_client *c = ph_alloc(ph, sizeof *c);

	if (c == NULL)
		return NULL;
	*c = (struct image_client){.ph = ph, .http = http, .conf = *conf, .done = done, .arg = arg};
	text_set(c->store, sizeof c->store, "%s", conf->store);
	image_start(c);
	return c;
}
