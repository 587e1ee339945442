/* phone/run/state.c: what lasts.  Each file is whole or not there (the body's promise); state that must agree shares
 * one file, and files are written in the order of the process: the chain, then who the user is, then key and
 * certificate together. */
#include <stdlib.h>
#include <string.h>

#include "phone/internal.h"
#include "pki/cert.h"
#include "phone/run/persist.h"

bool ph_state_anchors(struct dt_phone *ph)
{
	buf_clear(&ph->cred.anchors);
	if (ph->conf.trust) /* these roots, or none: the phone takes none from the network */
		buf_str(&ph->cred.anchors, ph->conf.trust);
	else
		buf_sv(&ph->cred.anchors, buf_view(&ph->cred.roots));
	buf_cstr(&ph->cred.anchors);
	return !ph->cred.anchors.oom && !ph->cred.roots.oom;
}

bool ph_state_save_roots(struct dt_phone *ph)
{
	return persist_save(ph, DT_STATE_ROOTS, &ph->cred.roots);
}

bool ph_state_save_web(struct dt_phone *ph, const void *der, size_t n)
{
	struct buf pem = {0};
	bool ok;

	pki_pem_add(&pem, "CERTIFICATE", der, n);
	ok = persist_save_changed(ph, DT_STATE_WEB, &pem);
	buf_free(&pem);
	return ok;
}

/* ---- the account: "key value" lines ----------------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *key;
	size_t at, size;
} account[] = {
#define FIELD(key, name) {key, offsetof(struct ph_account, name), sizeof ((struct ph_account *)0)->name}
	FIELD("sip", sip),
	FIELD("registrar", registrar),
	FIELD("addresses", addresses),
	FIELD("domain", domain),
	FIELD("update-internal", update_internal),
	FIELD("update-external", update_external),
	FIELD("web", web_url),
	FIELD("web-external", web_external),
	FIELD("tethered", tethered),
	FIELD("sip-security", sip_security),
	FIELD("logging", logging),
#undef FIELD
};
/* clang-format on */

static void state_account_read(struct dt_phone *ph, struct sv all)
{
	while (all.p) {
		struct sv line = sv_cut(&all, '\n'), key = sv_cut(&line, ' ');

		for (size_t i = 0; line.p && i < sizeof account / sizeof *account; i++)
			if (sv_eq(key, sv_of(account[i].key)))
				sv_copy((char *)&ph->account + account[i].at, account[i].size, line);
	}
}

bool ph_state_save_account(struct dt_phone *ph)
{
	struct buf b = {0};
	bool ok;

	for (size_t i = 0; i < sizeof account / sizeof *account; i++) {
		const char *value = (const char *)&ph->account + account[i].at;

		if (value[0] && !strpbrk(value, "\r\n"))
			buf_printf(&b, "%s %s\n", account[i].key, value);
	}
	ok = persist_save_changed(ph, DT_STATE_ACCOUNT, &b);
	buf_free(&b);
	return ok;
}

/* ---- key and certificate ------------------------------------------------------------------------------------ */

bool ph_state_save_user(struct dt_phone *ph, const char *name, const struct buf *key, const struct buf *der)
{
	struct buf pem = {0};
	bool ok;

	buf_sv(&pem, buf_view(key));
	pki_pem_add(&pem, "CERTIFICATE", der->p, der->n);
	ok = persist_save(ph, name, &pem);
	buf_wipe(&pem);
	return ok;
}

/* A file that does not hold a key and its certificate counts as none. */
static void state_user_read(struct dt_phone *ph, const char *name, struct buf *key, struct buf *der)
{
	static const char end[] = "-----END PRIVATE KEY-----\n";
	struct buf pem = {0};
	const char *stop;
	struct pki_key *k = NULL;

	if (persist_load(ph, name, &pem) && (stop = strstr(buf_cstr(&pem), end)) != NULL) {
		buf_add(key, pem.p, (size_t)(stop - (const char *)pem.p) + sizeof end - 1);
		k = key->oom ? NULL : pki_key_read(buf_view(key));
		if (k == NULL || !pki_pem_cert(buf_view(&pem), 0, der) || der->oom || !pki_cert_is_of(der->p, der->n, k)) {
			buf_wipe(key);
			buf_free(der);
		}
	}
	pki_key_free(k);
	buf_wipe(&pem);
}

void ph_state_use(struct dt_phone *ph)
{
	const struct buf *der = cert_in_use(ph);
	struct pki_cert_info *info = calloc(1, sizeof *info);

	ph->cred.cert_before = ph->cred.cert_after = 0;
	if (info && der->n && pki_cert_info(der->p, der->n, info) == NULL) {
		ph->cred.cert_before = info->not_before;
		ph->cred.cert_after = info->not_after;
		/* The certificate names the user: an account file that was lost is no loss. */
		if (ph->account.sip[0] == '\0' && strchr(info->subject_cn, '@'))
			sv_copy(ph->account.sip, sizeof ph->account.sip, sv_of(info->subject_cn));
	}
	free(info);
}

bool cert_good(const struct dt_phone *ph)
{
	return cert_in_use(ph)->n && ph_unix_s(ph) < ph->cred.cert_after;
}

/* "Renew when half the validity is gone" [web-services 18]. */
bool cert_half_gone(const struct dt_phone *ph)
{
	return ph_unix_s(ph) >= ph->cred.cert_before + (ph->cred.cert_after - ph->cred.cert_before) / 2;
}

bool ph_state_promote(struct dt_phone *ph)
{
	if (!ph->cred.use_fresh)
		return true;
	if (!ph_state_save_user(ph, DT_STATE_USER, &ph->cred.fresh_key, &ph->cred.fresh_cert))
		return false;
	buf_wipe(&ph->cred.user_key);
	buf_free(&ph->cred.user_cert);
	ph->cred.user_key = ph->cred.fresh_key;
	ph->cred.user_cert = ph->cred.fresh_cert;
	ph->cred.fresh_key = ph->cred.fresh_cert = (struct buf){0};
	ph->cred.use_fresh = false;
	return persist_forget(ph, DT_STATE_FRESH) == 0;
}

void ph_state_drop_fresh(struct dt_phone *ph)
{
	if (ph->cred.fresh_key.n || ph->cred.use_fresh)
		persist_forget(ph, DT_STATE_FRESH);
	buf_wipe(&ph->cred.fresh_key);
	buf_free(&ph->cred.fresh_cert);
	ph->cred.use_fresh = false;
	ph_state_use(ph);
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

static void state_drop_user(struct dt_phone *ph)
{
	buf_wipe(&ph->cred.user_key);
	buf_wipe(&ph->cred.fresh_key);
	buf_free(&ph->cred.user_cert);
	buf_free(&ph->cred.fresh_cert);
	ph->cred.use_fresh = false;
	ph->cred.cert_after = ph->cred.cert_before = 0;
}

void ph_state_forget_user(struct dt_phone *ph)
{
	persist_forget(ph, DT_STATE_FRESH);
	persist_forget(ph, DT_STATE_USER);
	state_drop_user(ph);
	/* what the site told stays with the phone; where that user was registered goes */
	ph->account.sip[0] = ph->account.registrar[0] = ph->account.addresses[0] = ph->account.domain[0] = ph->account.tethered[0] = '\0';
	ph_state_save_account(ph);
}

void ph_state_load_user(struct dt_phone *ph)
{
	struct buf b = {0};

	state_drop_user(ph);
	ph->account = (struct ph_account){0};
	if (persist_load(ph, DT_STATE_ACCOUNT, &b))
		state_account_read(ph, buf_view(&b));
	buf_free(&b);
	state_user_read(ph, DT_STATE_USER, &ph->cred.user_key, &ph->cred.user_cert);
	state_user_read(ph, DT_STATE_FRESH, &ph->cred.fresh_key, &ph->cred.fresh_cert);
	ph->cred.use_fresh = ph->cred.fresh_cert.n > 0;
	if (ph->conf.appliance && ph->account.tethered[0]) /* the cable went with the power */
		ph_state_forget_user(ph);
	ph_state_use(ph);
	if (ph->account.sip[0] == '\0' && ph->conf.sip)
		sv_copy(ph->account.sip, sizeof ph->account.sip,
			sv_from(sv_of(ph->conf.sip), sv_istarts(sv_of(ph->conf.sip), SV("sip:")) ? 4 : 0));
}

bool ph_state_load(struct dt_phone *ph)
{
	persist_load(ph, DT_STATE_ROOTS, &ph->cred.roots);
	ph_state_load_user(ph);
	return !ph->cred.roots.oom;
}

void ph_state_forget(struct dt_phone *ph)
{
	/* the certificate first: without its chain and account it would be half a state */
	static const char *const names[] = {DT_STATE_FRESH, DT_STATE_USER, DT_STATE_LOCK, DT_STATE_ACCOUNT, DT_STATE_WEB,
					     DT_STATE_ROOTS, DT_STATE_UPDATE};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ph->core.body->forget(ph->core.arg, names[i]);
}

void ph_state_update_url(struct dt_phone *ph)
{
	text_set(ph->found.update_url, sizeof ph->found.update_url, "%s",
		 ph->conf.outside ? ph->account.update_external : ph->account.update_internal);
}
