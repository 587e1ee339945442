/* cmd/site/update_sign.c: dialtone update sign: an image and its catalog out of a payload, for labs and makers of firmware. */
#include <stdio.h>
#include <string.h>

#include "admin/images.h"
#include "base/date.h"
#include "base/file.h"
#include "cmd/site/update.h"

#define AT(member) offsetof(struct update_sign_options, member)

const struct option_row update_sign_options[] = {
    {"--vendor", "NAME", "as the phone sends it: POLYCOM", AT(vendor)},
    {"--model", "NAME", "CX600", AT(model)},
    {"--version", "N.N.N.N", "4.0.7577.4387", AT(version)},
    {"--revision", "R", "of the hardware (default: A)", AT(revision)},
    {"--locale", "L", "three letters (default: ENU)", AT(locale)},
    {"--device-type", "T", "(default: UCPhone)", AT(device_type)},
    {"--time", "TIME", "as 2013-04-09T00:00:00Z (default: now)", AT(time)},
    {"--not-below", "N.N.N.N", "a phone that runs it installs no older version than this, whoever offers it", AT(not_below)},
    {"--out", "FILE.nbt", "the image; its catalog stands beside it as FILE.cat (default: CPE.nbt)", AT(out)},
    {"--key", "FILE", "signs with this key (default: DIR/" IMAGE_KEY ")", AT(key)},
    {"--cert", "FILE", "and this certificate (default: DIR/" IMAGE_CERT ")", AT(cert)},
    {0}};

static const char *or_else(const char *value, const char *otherwise)
{
	return value ? value : otherwise;
}

static int head_fill(const struct session *s, const struct update_sign_options *o, struct update_image *im)
{
	char now[ISO_TIME_MAX];
	struct update_version v, floor;
	int64_t t;
	const struct {
		char *to;
		size_t cap;
		const char *option, *value;
	} fields[] = {
	    {im->device_type, sizeof im->device_type, "--device-type", or_else(o->device_type, "UCPhone")},
	    {im->vendor, sizeof im->vendor, "--vendor", o->vendor},
	    {im->model, sizeof im->model, "--model", o->model},
	    {im->revision, sizeof im->revision, "--revision", or_else(o->revision, "A")},
	    {im->locale, sizeof im->locale, "--locale", or_else(o->locale, "ENU")},
	    {im->version, sizeof im->version, "--version", o->version},
	    {im->time, sizeof im->time, "--time", or_else(o->time, iso_time(now, s->admin.now))},
	};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (fields[i].value == NULL)
			return command_fail(s->c, EX_USAGE, "'%s' is missing; type: dialtone update sign PAYLOAD --vendor POLYCOM "
							    "--model CX600 --version 4.0.7577.4387",
					    fields[i].option);
		if (fields[i].value[0] == '\0' || strpbrk(fields[i].value, "\r\n/\\") ||
		    !sv_copy(fields[i].to, fields[i].cap, sv_of(fields[i].value)))
			return command_fail(s->c, EX_USAGE, "'%s %s' is not usable; type a short word without '/'", fields[i].option,
					    fields[i].value);
	}
	if (!update_version_read(sv_of(im->version), &v))
		return command_fail(s->c, EX_USAGE, "--version '%s' is not four numbers; type one like 4.0.7577.4387", im->version);
	if (o->not_below && (!update_version_read(sv_of(o->not_below), &floor) || update_version_compare(&floor, &v) > 0 ||
			     !sv_copy(im->not_below, sizeof im->not_below, sv_of(o->not_below))))
		return command_fail(s->c, EX_USAGE, "--not-below '%s' is no version, or newer than the image; type one like 4.0.7577.4387",
				    o->not_below);
	if (!iso_time_read(sv_of(im->time), &t))
		return command_fail(s->c, EX_USAGE, "--time '%s' is not a time; type one like 2013-04-09T00:00:00Z", im->time);
	return 0;
}

static int save(struct session *s, const char *path, const struct buf *b)
{
	int rc = b->oom ? -12 : file_write(NULL, path, b->p, b->n, 0644);

	return rc ? command_fail(s->c, EX_CANTCREAT, "%s: %s", path, strerror(-rc)) : session_did(s, ADMIN_OK);
}

static int report_signed(struct session *s, const char *out, const char *catalog)
{
	session_member(s, "image", json_string(out));
	session_member(s, "catalog", json_string(catalog));
	return session_people(s) && printf("%s\n%s\n", out, catalog) < 0 ? EX_IOERR : 0;
}

int update_sign(struct session *s)
{
	const struct update_sign_options *o = s->c->o;
	const char *out = or_else(o->out, "CPE.nbt"), *base = strrchr(out, '/');
	struct buf payload = {0}, key = {0}, cert = {0}, image = {0}, cms = {0};
	struct image_sign in = {.file = base ? base + 1 : out};
	char catalog[1024];
	int rc = head_fill(s, o, &in.head);

	if (rc == 0 && !image_catalog_name(out, catalog))
		rc = command_fail(s->c, EX_USAGE, "'--out %s' does not end in a name like CPE.nbt", out);
	if (rc == 0 && o->key)
		rc = session_file(s, o->key, IMAGE_CATALOG_MAX, &key);
	if (rc == 0 && o->cert)
		rc = session_file(s, o->cert, IMAGE_CATALOG_MAX, &cert);
	if (rc == 0)
		rc = session_file(s, s->c->argument[0], IMAGE_MAX, &payload);
	in.payload = buf_view(&payload);
	in.key = buf_view(&key);
	in.cert = buf_view(&cert);
	if (rc == 0)
		rc = session_end(s, images_sign(&s->admin, &in, &image, &cms, &s->why));
	if (rc == 0)
		rc = save(s, catalog, &cms);
	if (rc == 0) /* the image last: when it is there, its catalog is */
		rc = save(s, out, &image);
	if (rc == 0)
		rc = report_signed(s, out, catalog);
	buf_free(&payload);
	buf_wipe(&key);
	buf_free(&cert);
	buf_free(&image);
	buf_free(&cms);
	return rc;
}
