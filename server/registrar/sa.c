/* server/registrar/sa.c: security associations ([MS-SIPAE] 3.3.5.2; [sip 6.4, 7, 19.2]). */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "server/registrar/internal.h"

static void unlink_sa(struct reg_conn *c, const struct reg_sa *sa)
{
	for (struct reg_sa **at = &c->sas; *at; at = &(*at)->next)
		if (*at == sa) {
			*at = sa->next;
			return;
		}
}

void reg_binding_free(struct reg_binding *b)
{
	if (b == NULL)
		return;
	reg_subscriptions_free(b);
	free(b->from);
	free(b->b);
	free(b);
}

void reg_sa_free(struct reg_conn *c, struct reg_sa *sa)
{
	if (sa == NULL)
		return;
	unlink_sa(c, sa);
	if (c->turn && c->turn->sa == sa)
		c->turn->sa = NULL;
	reg_binding_free(sa->binding);
	dsk_free(sa->dsk);
	buf_free(&sa->cert);
	explicit_bzero(sa, sizeof *sa);
	free(sa);
}

void reg_unbind(struct reg_conn *c, struct reg_sa *sa, const char *cause)
{
	struct location_ask q = {.kind = LOCATION_DROP, .drop.conn = c->peer.id};
	struct reg_binding *b = sa->binding;

	if (b == NULL)
		return;
	sa->binding = NULL;
	if (cause) {
		text_set(q.drop.cause, sizeof q.drop.cause, "%s", cause);
		(void)sv_copy(q.drop.aor, sizeof q.drop.aor, sv_of(b->b->aor));
		(void)sv_copy(q.drop.instance, sizeof q.drop.instance, sv_of(b->b->instance));
		location_send(c->r->conf.location, &q, NULL, NULL);
	}
	reg_binding_free(b);
}

/* A new handshake pushes out the oldest that never came to its end. */
struct reg_sa *reg_sa_new(struct reg_conn *c, bool ntlm)
{
	struct reg_sa *oldest = NULL, *sa;
	unsigned n = 0;

	for (sa = c->sas; sa; sa = sa->next) {
		n++;
		if (sa->state != SA_UP || (sa->binding == NULL && sa->until <= c->now))
			oldest = sa; /* new ones stand first */
	}
	if (n >= (reg_authenticated(c) ? REG_ASSOCIATIONS : REG_ASSOCIATIONS_STRANGER)) {
		if (oldest == NULL)
			return NULL;
		reg_sa_free(c, oldest);
	}
	if ((sa = calloc(1, sizeof *sa)) == NULL)
		return NULL;
	sa->ntlm = ntlm;
	sa->state = ntlm ? SA_NTLM : SA_DSK;
	sa->pending_until = c->now + REG_PENDING_MS;
	sa->until = UINT64_MAX;
	reg_random_hex(c->r, sa->opaque, 4, true);
	sa->next = c->sas;
	c->sas = sa;
	return sa;
}

void reg_sa_purge(struct reg_conn *c)
{
	for (struct reg_sa *sa = c->sas, *next; sa; sa = next) {
		next = sa->next;
		if (sa->state != SA_UP && sa->pending_until <= c->now)
			reg_sa_free(c, sa);
	}
}

struct reg_sa *reg_sa_find(struct reg_conn *c, struct sv opaque, bool ntlm)
{
	for (struct reg_sa *sa = c->sas; sa; sa = sa->next)
		if (sa->ntlm == ntlm && sv_ieq(opaque, sv_of(sa->opaque)))
			return (sa->state == SA_UP ? sa->until : sa->pending_until) > c->now ? sa : NULL;
	return NULL;
}

bool reg_authenticated(const struct reg_conn *c)
{
	for (const struct reg_sa *sa = c->sas; sa; sa = sa->next)
		if (sa->state == SA_UP)
			return true;
	return false;
}

/* "scheme+realm+targetname equal ours -> SA by opaque -> cnum window -> recompute -> constant-time compare"; the first
 * two were done by the caller.  "Server key: (AOR of From + epid) ... plus opaque": another epid is another endpoint. */
bool reg_sa_verify(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct sip_auth *a)
{
	char epid[REG_EPID_KEPT + 1];
	struct buf text = {0};
	uint64_t num = 0;
	bool good;

	(void)c;
	if (!reg_epid(m, epid) || (epid[0] && sa->epid[0] && strcmp(epid, sa->epid) != 0))
		return false;
	if (!sv_u64(a->cnum, UINT32_MAX, &num) || !sipsig_window_check(&sa->window, (uint32_t)num))
		return false;
	buf_reserve(&text, 1024);
	good = sipsig_string(&text, m, sa->version, a->scheme, a->crand, a->cnum, a->realm, a->targetname) &&
	       sipsig_check(&sa->c2s, buf_view(&text), a->response);
	if (!good && sa->c2s.mac == SIPSIG_NTLM_OLD && sa->window.highest == 0 && text.n) { /* its first signature says which key it is made with */
		ntlm_sign_key_plain(&sa->c2s);
		ntlm_sign_key_plain(&sa->s2c);
		good = sipsig_check(&sa->c2s, buf_view(&text), a->response);
	}
	buf_free(&text);
	if (good)
		sipsig_window_take(&sa->window, (uint32_t)num);
	return good;
}

/* "start anew beside the old SA; replace it when the new one is established" */
void reg_sa_up(struct reg_conn *c, struct reg_sa *sa)
{
	if (sa->state == SA_UP)
		return;
	sa->state = SA_UP;
	c->failures = 0;
	for (struct reg_sa *old = c->sas, *next; old; old = next) {
		next = old->next;
		if (old == sa || old->state != SA_UP || strcmp(old->epid, sa->epid) != 0)
			continue;
		if (sv_ieq(sv_of(old->proved), sv_of(sa->proved))) {
			sa->binding = old->binding;
			old->binding = NULL;
		} else {
			reg_unbind(c, old, "another user signed in on this phone"); /* somebody else signs in on the same device */
		}
		reg_sa_free(c, old);
	}
}
