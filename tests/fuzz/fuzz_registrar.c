/* tests/fuzz/fuzz_registrar.c: the Registrar itself: messages in, answers out.
 *
 * The first octet says who comes: 1 from outside, 2 a phone that has signed in already, 4 by version 3, 8 in pieces of seven
 * octets.  The rest is what the client does, one thing after another, each ended by a zero octet:
 *
 *     @head [CR LF CR LF body]   a request that is signed well before it goes out (when it can be)
 *     !n                         n seconds go by
 *     -                          the user is disabled by an order; +: no longer
 *     anything else              these octets
 *
 * Whatever it does: every answer is a message, what is signed is signed well, a stranger is bound nowhere, and nobody is
 * bound as somebody else or more often than the quota has it.
 */
#include "tests/support/registrar_phone.h"

#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */
int LLVMFuzzerInitialize(int *argc, char ***argv);	    /* keys take seconds: they are made before the clock of an input runs */

static void check(bool ok)
{
	if (!ok)
		abort();
}

static struct world *the_world(void)
{
	static struct world *w;
	void *state = NULL;

	if (w == NULL) {
		log_set(LOG_ERROR, "fuzz");
		keys_make(NULL);
		setup(&state);
		w = state;
	}
	w->mono = 1000000;
	w->unix_s = NOW;
	w->random = 42;
	w->alice.enabled = true;
	return w;
}

static void answers(struct phone *ph, bool known)
{
	int status;

	while ((status = hear(ph)) >= 0) {
		bool sig = msg_get(&ph->m, "Authentication-Info").p != NULL;

		check(!sig || (known && status != 401));
		if (sig && status != 0)
			check(signed_well(ph));
		check(status != 200 || sig);
		check(status == 0 || msg_get(&ph->m, "Content-Length").p != NULL);
	}
	check(bound(ph->w, "bob@contoso.test") == 0);
	check(bound(ph->w, "alice@contoso.test") <= (known ? ph->w->site.MaxEndpointsPerUser : 0));
}

static bool octets(struct phone *ph, struct sv s, size_t piece)
{
	bool on = true;

	while (on && s.n && !ph->closed) {
		size_t n = s.n < piece ? s.n : piece;

		on = feed(ph, s.p, n);
		s = sv_from(s, n);
	}
	return on && !ph->closed;
}

/* Credentials and length behind the head, when that has what a signature is over. */
static void sign(struct phone *ph, struct sv text, struct buf *out)
{
	ptrdiff_t end = -1;
	struct sv body = {"", 0};
	struct buf string = {0};
	struct msg_error err;
	struct msg m;

	for (size_t i = 0; end < 0 && i + 4 <= text.n; i++)
		if (memcmp(text.p + i, "\r\n\r\n", 4) == 0)
			end = (ptrdiff_t)i;
	if (end >= 0) {
		body = sv_from(text, (size_t)end + 4);
		text.n = (size_t)end + 2;
	}
	buf_sv(out, text);
	buf_str(out, "\r\n");
	if (msg_scan_head((char *)out->p, out->n, MSG_SIP, &m, &err) == MSG_OK && m.head_n == out->n &&
	    sipsig_string(&string, &m, ph->version, SV("NTLM"), SV("0000002a"), SV("1"), SV("r"), SV("t"))) {
		out->n -= 2;
		credentials(ph, out, NULL, true);
		buf_printf(out, "Content-Length: %zu\r\n\r\n", body.n);
	}
	buf_sv(out, body);
	buf_free(&string);
}

/* false: the connection is over. */
static bool act(struct phone *ph, struct sv what, size_t piece)
{
	struct world *w = ph->w;
	struct buf text = {0};
	uint64_t seconds;
	bool on;

	if (what.n && what.p[0] == '!' && sv_u64(sv_from(what, 1), 100000, &seconds)) {
		w->mono += seconds * 1000;
		w->unix_s += (int64_t)seconds;
		on = reg_conn_timer(ph->c, w->mono, w->unix_s) && !ph->closed;
		check(!on || reg_conn_deadline(ph->c) > w->mono);
		location_expire(w->location);
	} else if (sv_eq(what, SV("-")) || sv_eq(what, SV("+"))) {
		w->alice.enabled = what.p[0] == '+';
		if (!w->alice.enabled)
			location_order_user(w->location, "alice@contoso.test", LOCATION_REJECTED, 4141, "User disabled");
		orders_go(w);
		on = !ph->closed;
	} else if (what.n && what.p[0] == '@') {
		sign(ph, sv_from(what, 1), &text);
		on = octets(ph, buf_view(&text), piece);
	} else {
		on = octets(ph, what, piece);
	}
	buf_free(&text);
	return on;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	the_world();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct world *w = the_world();
	struct sv rest = {(const char *)p, n};
	uint8_t flags = n ? p[0] : 0;
	struct phone *ph = phone_new(w, "alice@contoso.test", flags & 1);
	bool known = flags & 2;

	ph->version = flags & 4 ? 3 : 4;
	if (known)
		check(sign_in(ph, true, "") == 200);
	rest = sv_from(rest, 1);
	while (rest.p && act(ph, sv_cut(&rest, '\0'), flags & 8 ? 7 : SIZE_MAX)) {
		answers(ph, known);
		orders_go(w);
	}
	answers(ph, known);
	phone_free(ph);
	check(bound(w, "alice@contoso.test") == 0);
	w->notices = 0;
	return 0;
}
