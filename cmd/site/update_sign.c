/* cmd/site/update_sign.c: dialtone update sign: an image and its catalog out of a payload, for labs and makers of firmware.
 *
 * The image is a text head (which device, which version) and the payload behind it; the catalog is CMS over its SHA-256,
 * signed with DIR/update.key.
 */
#include "cmd/site/update.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "wire/update.h"

const struct admin_option update_sign_options[] = {
    {"--vendor", "NAME", "as the phone says it: POLYCOM"},
    {"--model", "NAME", "CX600"},
    {"--version", "N.N.N.N", "4.0.7577.4387"},
    {"--revision", "R", "of the hardware (default: A)"},
    {"--locale", "L", "three letters (default: ENU)"},
    {"--device-type", "T", "(default: UCPhone)"},
    {"--time", "TIME", "as 2013-04-09T00:00:00Z (default: now)"},
    {"--out", "FILE.nbt", "the image; its catalog stands beside it as FILE.cat (default: CPE.nbt)"},
    {"--key", "FILE", "signs with this key (default: DIR/" UPDATE_KEY ")"},
    {"--cert", "FILE", "and this certificate (default: DIR/" UPDATE_CERT ")"},
    {0}};

static const char *or_else(const char *value, const char *otherwise)
{
	return value ? value : otherwise;
}

static int head_fill(struct admin *a, struct update_image *im)
{
	char now[ISO_TIME_MAX];
	struct update_version v;
	int64_t t;
	const struct {
		char *to;
		size_t cap;
		const char *option, *value;
	} fields[] = {
	    {im->device_type, sizeof im->device_type, "--device-type", or_else(admin_option(a, "--device-type"), "UCPhone")},
	    {im->vendor, sizeof im->vendor, "--vendor", admin_option(a, "--vendor")},
	    {im->model, sizeof im->model, "--model", admin_option(a, "--model")},
	    {im->revision, sizeof im->revision, "--revision", or_else(admin_option(a, "--revision"), "A")},
	    {im->locale, sizeof im->locale, "--locale", or_else(admin_option(a, "--locale"), "ENU")},
	    {im->version, sizeof im->version, "--version", admin_option(a, "--version")},
	    {im->time, sizeof im->time, "--time", or_else(admin_option(a, "--time"), iso_time(now, a->now))},
	};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (fields[i].value == NULL)
			return admin_fail(a, EX_USAGE, "'%s' is missing; type: dialtone update sign PAYLOAD --vendor POLYCOM --model CX600 "
						       "--version 4.0.7577.4387",
					  fields[i].option);
		if (fields[i].value[0] == '\0' || strpbrk(fields[i].value, "\r\n/\\") ||
		    !sv_copy(fields[i].to, fields[i].cap, sv_of(fields[i].value)))
			return admin_fail(a, EX_USAGE, "%s '%s' is not usable: a short word without '/' is", fields[i].option,
					  fields[i].value);
	}
	if (!update_version_read(sv_of(im->version), &v))
		return admin_fail(a, EX_USAGE, "--version '%s' is not four numbers; type one like 4.0.7577.4387", im->version);
	if (!iso_time_read(sv_of(im->time), &t))
		return admin_fail(a, EX_USAGE, "--time '%s' is not a time; type one like 2013-04-09T00:00:00Z", im->time);
	return 0;
}

static int key_read(struct admin *a, struct pki_key **key, struct buf *cert)
{
	char path[sizeof a->site.dir + 32];
	struct buf pem = {0};
	const char *file = admin_option(a, "--key");
	int rc;

	snprintf(path, sizeof path, "%s/" UPDATE_KEY, a->site.dir);
	file = or_else(file, path);
	rc = update_file(a, file, 1 << 16, &pem);
	if (rc == 0 && (*key = pki_key_read(buf_view(&pem))) == NULL)
		rc = admin_fail(a, EX_CONFIG, "%s: there is no private key in it", file);
	buf_wipe(&pem);
	if (rc)
		return rc;
	snprintf(path, sizeof path, "%s/" UPDATE_CERT, a->site.dir);
	file = or_else(admin_option(a, "--cert"), path);
	rc = update_file(a, file, 1 << 16, &pem);
	if (rc == 0 && !pki_pem_cert(buf_view(&pem), 0, cert))
		rc = admin_fail(a, EX_CONFIG, "%s: there is no certificate in it", file);
	if (rc == 0 && !pki_cert_is_of(cert->p, cert->n, *key))
		rc = admin_fail(a, EX_CONFIG, "%s: it is not the certificate of the key", file);
	buf_free(&pem);
	return rc;
}

static int save(struct admin *a, const char *path, const struct buf *b)
{
	int rc = b->oom ? -12 : file_write(NULL, path, b->p, b->n, 0644);

	return rc == 0 ? 0 : admin_fail(a, EX_USAGE, "%s: %s", path, strerror(-rc));
}

int update_sign(struct admin *a)
{
	const char *out = or_else(admin_option(a, "--out"), "CPE.nbt"), *base = strrchr(out, '/');
	struct buf image = {0}, text = {0}, cms = {0}, cert = {0};
	struct update_image im = {0}, again;
	struct pki_key *key = NULL;
	char catalog[1024], file[256];
	uint8_t sha256[32];
	uint64_t size;
	int rc = head_fill(a, &im);

	base = base ? base + 1 : out;
	if (rc == 0 && !update_catalog_name(out, catalog))
		rc = admin_fail(a, EX_USAGE, "--out '%s' does not end in a name like CPE.nbt", out);
	if (rc == 0)
		rc = key_read(a, &key, &cert);
	if (rc == 0) {
		update_image_write(&image, &im);
		if (update_image_read(image.p, image.n, &again) != NULL)
			rc = admin_fail(a, EX_USAGE, "the head cannot be written: it is longer than %d octets", UPDATE_IMAGE_HEAD_MAX);
	}
	if (rc == 0)
		rc = update_file(a, a->argument[0], UPDATE_IMAGE_MAX, &image);
	if (rc == 0) {
		pki_sha256(image.p, image.n, sha256);
		update_catalog_write(&text, sha256, image.n, base);
		if (update_catalog_read(buf_view(&text), sha256, &size, file) != NULL)
			rc = admin_fail(a, EX_USAGE, "--out '%s' holds a character that a catalog cannot", out);
		else if (!pki_catalog_sign(buf_view(&text), key, cert.p, cert.n, &cms))
			rc = admin_fail(a, EX_SOFTWARE, "it cannot be signed: %s", pki_error());
	}
	if (rc == 0)
		rc = save(a, catalog, &cms);
	if (rc == 0) /* the image last: when it is there, its catalog is */
		rc = save(a, out, &image);
	if (rc == 0 && a->json)
		rc = admin_print(json_pack("{s:s, s:s}", "image", out, "catalog", catalog));
	else if (rc == 0)
		printf("%s\n%s\n", out, catalog);
	pki_key_free(key);
	buf_free(&image);
	buf_free(&text);
	buf_free(&cms);
	buf_free(&cert);
	return rc;
}
