/* tests/fuzz/fuzz_vault.c: what a captured worker may send: questions, one after the other, to a real vault with a real store.
 *
 * The input is a list of messages, each behind its length (two octets).  A challenge or a login that the vault has named is put
 * into the next question that names one with an odd number, so that answers to genuine challenges are reached.  Whatever comes:
 *
 *   - there is a ticket for number and PIN only with the right PIN of that user, and no more than its tries
 *   - there is no login, no ticket and no certificate for anything else, since nobody here knows a password or a ticket
 *   - each answer crosses the socket and reads back
 */
#include <stdlib.h>
#include <string.h>

#include "server/vault/ipc.h"
#include "server/vault/rows.h"
#include "tests/support/vault_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */
int LLVMFuzzerInitialize(int *argc, char ***argv);	    /* keys take seconds: they are made before the clock of an input runs */

#define PIN "482915"

struct named { /* what the vault has named last */
	uint64_t challenge, login;
};

static void must(bool good)
{
	if (!good)
		abort();
}

static void keys_once(void)
{
	static bool made;

	if (!made)
		must(group_setup(NULL) == 0);
	made = true;
}

static void crosses(const struct vault_reply *r)
{
	struct vault_reply again;
	struct ipc_message m;
	struct buf b = {0};

	vault_reply_write(&b, 7, r);
	must(ipc_end(&b) && ipc_read(b.p, b.n, &m) && vault_reply_read(&m, &again) && again.status == r->status);
	vault_reply_clear(&again);
	buf_wipe(&b);
}

static void judge(const struct vault_ask *q, const struct vault_reply *r)
{
	switch (q->kind) {
	case VAULT_TICKET_PIN:
		must(r->status != VAULT_OK || (strcmp(q->ticket_pin.pin, PIN) == 0 && strcmp(r->ticket_pin.issued.name_id, "sip:alice@contoso.test") == 0));
		break;
	case VAULT_NTLM_VERIFY:
	case VAULT_TICKET_LOGIN:
	case VAULT_TICKET_CERT:
	case VAULT_TICKET_KNOWN:
	case VAULT_CERT_ISSUE:
	case VAULT_CERT_KNOWN:
		must(r->status != VAULT_OK);
		break;
	default:
		break;
	}
}

static void one(struct world *w, struct named *named, const uint8_t *p, size_t n)
{
	struct ipc_message m;
	struct vault_reply r;
	struct vault_ask q;

	if (!ipc_read(p, n, &m) || !vault_ask_read(&m, &q))
		return;
	if (q.kind == VAULT_NTLM_VERIFY && (q.ntlm_verify.id & 1))
		q.ntlm_verify.id = named->challenge;
	if (q.kind == VAULT_TICKET_LOGIN && (q.ticket_login.login & 1))
		q.ticket_login.login = named->login;
	vault_answer(w->vault, &q, &r);
	judge(&q, &r);
	crosses(&r);
	if (q.kind == VAULT_NTLM_CHALLENGE && r.status == VAULT_OK)
		named->challenge = r.ntlm_challenge.id;
	w->now += 1 + q.kind;
	vault_reply_clear(&r);
	vault_ask_clear(&q);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	keys_once();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct world w = {.path = ":memory:", .now = NOW};
	struct named named = {0, 0};

	keys_once();
	site_defaults(&w.site);
	strcpy(w.site.domain, "contoso.test");
	strcpy(w.site.fqdn, "fe01.contoso.test");
	strcpy(w.site.pool, "fe01.contoso.test");
	strcpy(w.site.web_fqdn, "fe01.contoso.test");
	strcpy(w.site.netbios_domain, "CONTOSO");
	up(&w);
	person(&w, "alice@contoso.test", "CONTOSO\\alice", "+14255550123", "4411", PIN);
	person(&w, "bob@contoso.test", "CONTOSO\\bob", "+14255550124", "4412", NULL);
	while (n > 2) {
		size_t want = (size_t)(p[0] << 8 | p[1]), have = want < n - 2 ? want : n - 2;
		uint8_t *exact = malloc(have ? have : 1);

		must(exact != NULL);
		memcpy(exact, p + 2, have);
		if (have > IPC_HEAD) {
			struct wr out = wr_of(exact, 4);

			wr_be(&out, 4, have); /* a wrong length is refused by one line: leave it right */
			one(&w, &named, exact, have);
		}
		free(exact);
		p += 2 + have;
		n -= 2 + have;
	}
	down(&w);
	return 0;
}
