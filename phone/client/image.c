/* phone/client/image.c: firmware images: fetched into the spare slot, resumed where it stopped, verified, installed.
 *
 * An image is what it says only with its catalog: CMS SignedData, by the key the phone trusts from the factory, over the
 * image's SHA-256 and size.  The catalog comes first, so that no octet is stored that it does not speak of, and there is an
 * end to what a server may send.  The running version is only ever read from the verified image in the active slot.
 */
#include "phone/internal.h"

#define PIECE 65536
#define DOWNLOAD_MS (600 * 1000) /* the stage has 900 s: a slow store must not cost the phone its dial tone */

static const char *sum_of(struct dt_phone *ph, unsigned slot, uint64_t size, uint8_t sum[32])
{
	struct pki_sha256_ctx *c = pki_sha256_new();
	uint8_t piece[4096];
	uint64_t at = 0;

	if (c == NULL)
		return "out of memory";
	while (at < size) {
		long n = ph->body->slot_read(ph->arg, slot, at, piece, sizeof piece);

		if (n <= 0)
			break;
		pki_sha256_add(c, piece, (size_t)n);
		at += (uint64_t)n;
	}
	pki_sha256_end(c, sum);
	return at == size ? NULL : "the slot cannot be read";
}

static bool is_ours(const struct dt_phone *ph, const struct update_image *im)
{
	return sv_ieq(sv_of(im->vendor), sv_of(ph->model->vendor)) && sv_ieq(sv_of(im->model), sv_of(ph->model->model)) &&
	       sv_ieq(sv_of(im->revision), sv_of(ph->model->revision));
}

static const char *broke(enum dt_sign *sign, enum dt_sign rule)
{
	*sign = rule;
	return dt_signs[rule].what;
}

/* What the signature is good for.  NULL: good.  Else *sign is the rule that it broke; NONE: nothing that a server could help. */
static const char *catalog_check(const struct dt_phone *ph, struct sv catalog, uint8_t sum[32], uint64_t *size, enum dt_sign *sign)
{
	struct buf said = {0};
	char file[256];
	const char *why;

	if (ph->update_key == NULL)
		return broke(sign, DT_SIGN_UPDATE_KEY_NONE);
	*sign = DT_SIGN_CATALOG_BAD;
	why = pki_catalog_verify(catalog.p, catalog.n, sv_of(ph->update_key), &said);
	if (why == NULL)
		why = said.oom ? "out of memory" : update_catalog_read(buf_view(&said), sum, size, file);
	buf_free(&said);
	if (why == NULL && (*size == 0 || *size > UPDATE_IMAGE_MAX))
		why = "the catalog is for an image that is empty or too long";
	return why;
}

/* The same, with what is in the slot. */
static const char *image_check(struct dt_phone *ph, unsigned slot, struct sv catalog, struct update_image *ret,
			       enum dt_sign *sign)
{
	uint8_t head[UPDATE_IMAGE_HEAD_MAX], sum[32], want[32];
	uint64_t size = 0;
	struct update_image im;
	const char *why;
	long n;

	why = catalog_check(ph, catalog, want, &size, sign);
	if (why)
		return why;
	if (ph->body->slot_size(ph->arg, slot) != (int64_t)size)
		return broke(sign, DT_SIGN_IMAGE_SIZE);
	*sign = DT_SIGN_NONE;
	why = sum_of(ph, slot, size, sum);
	if (why)
		return why;
	if (!pki_equal(sum, want, 32))
		return broke(sign, DT_SIGN_IMAGE_CHANGED);
	n = ph->body->slot_read(ph->arg, slot, 0, head, sizeof head);
	if (n <= 0)
		return "the slot cannot be read";
	*sign = DT_SIGN_IMAGE_BAD;
	why = update_image_read(head, (size_t)n, &im);
	if (why == NULL && !is_ours(ph, &im))
		why = broke(sign, DT_SIGN_IMAGE_MODEL);
	if (why == NULL)
		*ret = im;
	return why;
}

void image_version(struct dt_phone *ph)
{
	struct buf catalog = {0};
	struct update_image im;
	enum dt_sign sign;
	int n = (int)ph->body->slot_catalog(ph->arg, 0, NULL, 0);

	if (n > 0 && n < PIECE && buf_reserve(&catalog, (size_t)n) &&
	    (n = ph->body->slot_catalog(ph->arg, 0, catalog.p, (size_t)n)) > 0) {
		catalog.n = (size_t)n;
		if (image_check(ph, 0, buf_view(&catalog), &im, &sign) == NULL)
			text(ph->version, sizeof ph->version, "%s", im.version);
	}
	buf_free(&catalog);
}

void image_free(struct dt_phone *ph)
{
	buf_free(&ph->image.catalog);
	timer_off(ph, T_IMAGE);
}

/* ---- what was begun: DT_KEEP_UPDATE, "key value" lines ------------------------------------------------------- */

static bool noted(struct dt_phone *ph, const char *key, char *out, size_t cap)
{
	struct buf b = {0};
	struct sv rest;
	bool ok = false;

	if (keep_file(ph, DT_KEEP_UPDATE, &b)) {
		rest = buf_view(&b);
		while (rest.p && !ok) {
			struct sv line = sv_cut(&rest, '\n'), k = sv_cut(&line, ' ');

			ok = line.p && sv_eq(k, sv_of(key)) && sv_copy(out, cap, line);
		}
	}
	buf_free(&b);
	return ok;
}

static bool note(struct dt_phone *ph, const char *key, const char *value)
{
	struct buf b = {0};
	bool ok;

	buf_printf(&b, "%s %s\n", key, value);
	ok = keep_put(ph, DT_KEEP_UPDATE, &b);
	buf_free(&b);
	return ok;
}

/* What identifies an offer: a piece of another image must not be continued with this one. */
static void offer_text(const struct dt_phone *ph, char *out, size_t cap)
{
	text(out, cap, "%s %llu %s %s", ph->offer.version, (unsigned long long)ph->offer.size,
	     ph->offer.sha256[0] ? ph->offer.sha256 : "-", ph->offer.file);
}

/* ---- the download ---------------------------------------------------------------------------------------------- */

static void failed(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	attempt_fail(ph, &ph->update_try, f, why);
	image_free(ph);
	stage_without(ph, f, why);
}

/* "<StoreUri>/ + the same path with /" [update-service 3.5].  UNKNOWN: how the product writes it.  So a whole URL
 * is one, the paths of a Windows file share are turned, and a store that is not told is beside the question's handler. */
void image_url(const char *store, const char *question, const char *file, char *out, size_t cap)
{
	static const char files[] = "Files";
	size_t n = strlen(store);
	struct url whole;

	if (url_read(sv_of(file), &whole)) {
		text(out, cap, "%s", file);
		return;
	}
	while (*file == '/' || *file == '\\')
		file++;
	while (n && store[n - 1] == '/')
		n--;
	if (n)
		text(out, cap, "%.*s/%s", (int)n, store, file);
	else
		text(out, cap, "%.*s%s/%s", (int)(strrchr(question, '/') ? strrchr(question, '/') - question + 1 : 0), question, files,
		     file);
	for (char *c = out; *c; c++)
		if (*c == '\\')
			*c = '/';
}

/* The part of a host's name behind its first label, which has a dot itself; "": none. */
static const char *domain_of(const char *host)
{
	const char *dot = strchr(host, '.');
	uint32_t address;

	return dot && strchr(dot + 1, '.') && !ip_read(sv_of(host), &address) ? dot : "";
}

/* An answer must not send the phone to any machine of the company: to that of the question, to those that in-band
 * provisioning told, or, since a pool's store has the pool's name, to one of the same domain; and for a file only. */
static bool place_is_allowed(const struct dt_phone *ph, const char *url)
{
	const char *const told[] = {ph->update_url, ph->account.update_internal, ph->account.update_external};
	struct url u, t;

	if (!url_read(sv_of(url), &u) || strpbrk(u.path, "?#"))
		return false;
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		if (!url_read(sv_of(told[i]), &t) || (u.port != 80 && u.port != 443 && u.port != t.port))
			continue;
		if (strcmp(u.host, t.host) == 0 || (domain_of(t.host)[0] && strcmp(domain_of(u.host), domain_of(t.host)) == 0))
			return true;
	}
	return false;
}

/* NULL: it is in *out. */
static const char *url_of(const struct dt_phone *ph, const char *file, char *out, size_t cap)
{
	image_url(ph->store_url, ph->update_url, file, out, cap);
	return place_is_allowed(ph, out) ? NULL : dt_signs[DT_SIGN_UPDATE_ELSEWHERE].what;
}

static void ask_image(struct dt_phone *ph);

static void verify(struct dt_phone *ph)
{
	struct update_image im;
	enum dt_sign sign = DT_SIGN_NONE;
	const char *why = image_check(ph, 1, buf_view(&ph->image.catalog), &im, &sign);
	char found[80];
	int rc;

	attempt_begin(ph, &ph->update_try, "verify %s", ph->offer.version);
	if (why == NULL && strcmp(im.version, ph->offer.version) != 0)
		why = broke(&sign, DT_SIGN_IMAGE_VERSION);
	if (why) {
		if (sign != DT_SIGN_NONE)
			attempt_sign(&ph->update_try, sign);
		note(ph, "refused", ph->offer.version); /* what is in the slot is of no use: from the start, next time */
		failed(ph, DT_F_UPDATE_SIGNATURE, why);
		return;
	}
	text(found, sizeof found, "%s, %llu octets", im.version, (unsigned long long)ph->body->slot_size(ph->arg, 1));
	attempt_ok(ph, &ph->update_try, found, NULL);
	attempt_begin(ph, &ph->update_try, "install %s", im.version);
	rc = ph->body->install(ph->arg, ph->image.catalog.p, ph->image.catalog.n);
	if (rc < 0) {
		failed(ph, DT_F_UPDATE_STORE, strerror(-rc));
		return;
	}
	note(ph, "installed", im.version);
	attempt_ok(ph, &ph->update_try, im.version, NULL);
	phone_restart(ph);
}

/* The catalog is good: what it speaks of is fetched, or has been. */
static void begin(struct dt_phone *ph, uint64_t size)
{
	char offer[400], was[400];
	int64_t have = ph->body->slot_size(ph->arg, 1);

	offer_text(ph, offer, sizeof offer);
	ph->image.size = size;
	ph->image.from = noted(ph, "offered", was, sizeof was) && strcmp(was, offer) == 0 && have > 0 ? (uint64_t)have : 0;
	if (ph->image.from > size)
		ph->image.from = 0;
	ph->image.at = ph->image.from;
	if (ph->image.from == 0 && !note(ph, "offered", offer)) {
		attempt_begin(ph, &ph->update_try, "update %s", ph->offer.version);
		failed(ph, DT_F_STORE, ph->keep_why);
		return;
	}
	ph->image.pause = ph->image.from < size;
	timer_set(ph, T_IMAGE, 0); /* verifying takes a while: not inside a network event */
}

static void have_catalog(struct dt_phone *ph)
{
	struct http *h = &ph->http;
	uint64_t size = 0;
	uint8_t sum[32];
	char why[WHY_MAX];
	enum dt_sign sign;
	const char *bad;

	attempt_http(&ph->update_try, h);
	if (h->failure != DT_F_OK || h->status != 200) {
		text(why, sizeof why, "%s", h->why);
		if (h->failure == DT_F_OK)
			text(why, sizeof why, "HTTP %u for the catalog", h->status);
		failed(ph, DT_F_UPDATE_FETCH, why);
		return;
	}
	buf_clear(&ph->image.catalog);
	buf_sv(&ph->image.catalog, buf_view(&h->body));
	if (ph->image.catalog.oom) {
		failed(ph, DT_F_MEMORY, NULL);
		return;
	}
	bad = catalog_check(ph, buf_view(&ph->image.catalog), sum, &size, &sign);
	if (bad) {
		attempt_sign(&ph->update_try, sign);
		failed(ph, DT_F_UPDATE_SIGNATURE, bad);
		return;
	}
	attempt_ok(ph, &ph->update_try, NULL, NULL);
	begin(ph, size);
}

void image_timer(struct dt_phone *ph)
{
	if (!ph->running || ph->stage != DT_STAGE_UPDATE)
		return;
	if (ph->image.pause)
		ask_image(ph);
	else
		verify(ph);
}

static void ask_catalog(struct dt_phone *ph)
{
	char url[SOAP_URI_MAX * 2];
	struct http_ask a = {.method = "GET", .url = url, .judge_only = update_judge_only(ph), .public_roots = true};
	const char *bad = url_of(ph, ph->offer.signature, url, sizeof url);

	attempt_begin(ph, &ph->update_try, "catalog %s", ph->offer.version);
	if (bad) {
		attempt_sign(&ph->update_try, DT_SIGN_UPDATE_ELSEWHERE);
		failed(ph, DT_F_UPDATE_ANSWER, bad);
		return;
	}
	http_ask(ph, &a, have_catalog);
}

static bool sink(struct dt_phone *ph, const void *p, size_t n)
{
	if (ph->http.status == 200 && ph->image.from) /* the server did not continue: it began again */
		ph->image.from = ph->image.at = 0;
	ph->image.late = mono(ph) >= ph->image.until;
	ph->image.too_long = n > ph->image.size - ph->image.at;
	if (ph->image.too_long)
		attempt_sign(&ph->update_try, DT_SIGN_IMAGE_LONG);
	if (ph->image.late || ph->image.too_long)
		return false;
	if (ph->body->slot_write(ph->arg, ph->image.at, p, n) < 0)
		return false;
	ph->image.at += n;
	return true;
}

/* A download that broke off is taken up again where it stopped, a few times and after longer and longer pauses; then the
 * phone goes on with what it has, and resumes at the next start. */
static bool resume_later(struct dt_phone *ph, const char *why)
{
	static const unsigned pauses_ms[] = {1000, 3000, 9000, 20000};

	if (ph->image.tries == sizeof pauses_ms / sizeof *pauses_ms || (ph->image.at == 0 && ph->image.tries == 0))
		return false;
	attempt_fail(ph, &ph->update_try, DT_F_UPDATE_FETCH, why);
	ph->image.from = ph->image.at;
	ph->image.pause = true;
	timer_set(ph, T_IMAGE, pauses_ms[ph->image.tries++]);
	return true;
}

static void have_image(struct dt_phone *ph)
{
	struct http *h = &ph->http;
	char why[WHY_MAX], found[96];

	attempt_http(&ph->update_try, h);
	if (h->failure == DT_F_OK && h->status == 416 && ph->image.from) { /* the piece is of another file: from the start */
		ph->image.from = ph->image.at = 0;
		ask_image(ph);
		return;
	}
	if (h->failure != DT_F_OK || (h->status != 200 && h->status != 206)) {
		text(why, sizeof why, "%s", h->why);
		if (h->failure == DT_F_OK)
			text(why, sizeof why, "HTTP %u for the image", h->status);
		else if (ph->image.late)
			text(why, sizeof why, "it is not there after %u s; the next start goes on with it", DOWNLOAD_MS / 1000);
		else if (ph->image.too_long)
			text(why, sizeof why, "%s", dt_signs[DT_SIGN_IMAGE_LONG].what);
		else if (h->failure == DT_F_UPDATE_STORE)
			text(why, sizeof why, "octet %llu could not be stored", (unsigned long long)ph->image.at);
		else if (why[0] == '\0')
			text(why, sizeof why, "the connection ended after octet %llu", (unsigned long long)ph->image.at);
		if (h->failure != DT_F_OK && h->failure != DT_F_UPDATE_STORE && resume_later(ph, why))
			return;
		failed(ph, h->failure == DT_F_UPDATE_STORE && !ph->image.late && !ph->image.too_long ? DT_F_UPDATE_STORE
												      : DT_F_UPDATE_FETCH, why);
		return;
	}
	if (ph->image.at != ph->image.size) {
		attempt_sign(&ph->update_try, DT_SIGN_IMAGE_SHORT);
		if (!resume_later(ph, NULL))
			failed(ph, DT_F_UPDATE_FETCH, dt_signs[DT_SIGN_IMAGE_SHORT].what);
		return;
	}
	text(found, sizeof found, "%llu octets%s", (unsigned long long)(ph->image.at - ph->image.from),
	     ph->image.from ? ", resumed" : "");
	attempt_ok(ph, &ph->update_try, found, NULL);
	timer_set(ph, T_IMAGE, 0);
}

static void ask_image(struct dt_phone *ph)
{
	char url[SOAP_URI_MAX * 2], range[64] = "";
	struct http_ask a = {.method = "GET", .url = url, .headers = range, .judge_only = update_judge_only(ph), .public_roots = true,
			     .timeout_ms = 60000, .sink = sink};
	const char *bad = url_of(ph, ph->offer.file, url, sizeof url);

	ph->image.pause = false;
	if (ph->image.from)
		text(range, sizeof range, "Range: bytes=%llu-\r\n", (unsigned long long)ph->image.from);
	attempt_begin(ph, &ph->update_try, "download %s from octet %llu", ph->offer.version, (unsigned long long)ph->image.from);
	if (bad) {
		attempt_sign(&ph->update_try, DT_SIGN_UPDATE_ELSEWHERE);
		failed(ph, DT_F_UPDATE_ANSWER, bad);
		return;
	}
	http_ask(ph, &a, have_image);
}

static bool is_older(const char *offered, const char *running)
{
	struct update_version a, b;

	return update_version_read(sv_of(offered), &a) && update_version_read(sv_of(running), &b) && update_version_compare(&a, &b) < 0;
}

void image_fetch(struct dt_phone *ph)
{
	enum dt_failure f = DT_F_OK;
	enum dt_sign sign = DT_SIGN_NONE;
	char was[400];

	if (noted(ph, "installed", was, sizeof was) && strcmp(was, ph->offer.version) == 0) {
		f = DT_F_UPDATE_LOOP; /* U-10: "installed before and did not take" */
	} else if (ph->offer.signature[0] == '\0') {
		f = DT_F_UPDATE_SIGNATURE;
		sign = DT_SIGN_CATALOG_NONE;
	} else if (!ph->offer_trusted && is_older(ph->offer.version, ph->version)) {
		f = DT_F_UPDATE_OLDER;
	}
	if (f != DT_F_OK) {
		attempt_begin(ph, &ph->update_try, "update %s", ph->offer.version);
		attempt_sign(&ph->update_try, sign);
		failed(ph, f, sign == DT_SIGN_NONE ? NULL : dt_signs[sign].what);
		return;
	}
	ph->image.tries = 0;
	ph->image.late = ph->image.too_long = false;
	ph->image.until = mono(ph) + DOWNLOAD_MS;
	ask_catalog(ph);
}
