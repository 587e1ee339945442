/* tests/meet/people.c: the users in the world's store, and which firmware it offers. */
#include "tests/meet/meet.h"

#include <assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/file.h"
#include "wire/update.h"

const uint8_t meet_secret[32] = "thirty-two octets of no secret.";

bool servers_people(struct meet *m)
{
	struct store_user alice = {.aor = "alice@contoso.test",
				   .login = "CONTOSO\\alice",
				   .display = "Alice",
				   .number = "+14255550123",
				   .extension = "4411",
				   .enabled = true,
				   .remote = true};
	struct why why = {0};
	struct store_pin pin;

	const struct store_ops *ops = m->store->ops;

	if (ops->user_get(m->store, alice.aor, &alice) != STORE_OK &&
	    !(vault_password_set(meet_secret, &alice, SV("Pa$$word")) && ops->user_add(m->store, &alice) == STORE_OK))
		return false;
	return (ops->pin_get(m->store, alice.id, &pin) == STORE_OK && pin.set) ||
	       vault_pin_set(meet_secret, &m->site, m->store, &alice, SV("73914"), false, m->unix_ms / 1000, &why) == NULL;
}

static void put(const struct meet *m, const char *name, const struct buf *b)
{
	char path[160];
	int r;

	snprintf(path, sizeof path, "%s/%s", m->files_dir, name);
	r = file_write(NULL, path, b->p, b->n, 0644);
	assert(r == 0);
	(void)r;
}

void servers_offer(struct meet *m, const char *version, bool tampered)
{
	servers_offer_as(m, version, version, tampered);
}

void servers_offer_as(struct meet *m, const char *offered, const char *inside, bool tampered)
{
	const struct dt_model *model = m->conf.model;
	const struct meet_keys *k = meet_keys();
	struct store_rule rule = {.guid = "6f1c2c3e-0000-4000-8000-000000000001", .device_type = "UCPhone"};
	struct store_image image = {.file = "UCPhone/cpe.nbt", .signature = "UCPhone/cpe.cat", .released = true};
	struct update_image head = {.device_type = "UCPhone", .time = "2026-11-01T00:00:00Z"};
	struct buf file = {0}, text = {0}, cms = {0};
	uint8_t sum[32];
	char path[160];
	bool ok;

	sv_copy(head.vendor, sizeof head.vendor, sv_of(model->vendor));
	sv_copy(head.model, sizeof head.model, sv_of(model->model));
	sv_copy(head.revision, sizeof head.revision, sv_of(model->revision));
	sv_copy(head.version, sizeof head.version, sv_of(inside));
	sv_copy(head.locale, sizeof head.locale, SV("ENU"));
	if (m->net.not_below)
		sv_copy(head.not_below, sizeof head.not_below, sv_of(m->net.not_below));
	update_image_write(&file, &head);
	for (unsigned i = 0; i < 200000; i++)
		buf_add(&file, &(uint8_t){(uint8_t)(i * 7 >> 3)}, 1);
	pki_sha256(file.p, file.n, sum);
	update_catalog_write(&text, sum, file.n, "cpe.nbt");
	ok = pki_catalog_sign(buf_view(&text), k->update, k->update_der.p, k->update_der.n, &cms);
	assert(ok);
	image.size = file.n;
	for (size_t i = 0; i < 32; i++)
		snprintf(image.sha256 + 2 * i, 3, "%02x", sum[i]);
	if (tampered)
		file.p[file.n / 2] ^= 1;
	snprintf(path, sizeof path, "%s/UCPhone", m->files_dir);
	mkdir(path, 0755);
	put(m, image.file, &file);
	put(m, image.signature, &cms);

	sv_copy(rule.brand, sizeof rule.brand, sv_of(model->vendor));
	sv_copy(rule.model, sizeof rule.model, sv_of(model->model));
	sv_copy(rule.revision, sizeof rule.revision, sv_of(model->revision));
	sv_copy(rule.locale, sizeof rule.locale, SV("ENU"));
	sv_copy(rule.approved, sizeof rule.approved, sv_of(offered));
	ok = m->store->ops->rule_put(m->store, &rule) == STORE_OK;
	image.rule = rule.id;
	sv_copy(image.version, sizeof image.version, sv_of(offered));
	sv_copy(image.time, sizeof image.time, SV("2026-11-01T00:00:00Z"));
	ok = ok && m->store->ops->image_put(m->store, &image) == STORE_OK;
	assert(ok);
	buf_free(&file);
	buf_free(&text);
	buf_free(&cms);
}

static int forget(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void servers_files_remove(struct meet *m)
{
	if (strncmp(m->files_dir, "/tmp/meet-", 10) == 0)
		nftw(m->files_dir, forget, 8, FTW_DEPTH | FTW_PHYS);
}
