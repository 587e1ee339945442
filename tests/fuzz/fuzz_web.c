/* tests/fuzz/fuzz_web.c: the Web Services with the real vault and its store, before and behind authentication.
 *
 * The input is requests, one after the other:
 *
 *     octet   1, 2: https inside, https outside, http inside, http outside; 4, 8, 16: a path; 32, 64: what the body is made of
 *     octet   how many changes follow, and the changes (edit.h)
 *     made of nothing, and then the changes write the body; of the number and PIN of alice; of a ticket of alice with its proof and a request for a certificate,
 *     from inside or from outside
 *
 * Whatever comes: each certificate is alice's and there is at most one for each request that was genuine, nobody gets a ticket over plain
 * HTTP, and no header is one that the asker has made.
 */
#include "tests/support/flow_world.h"

#include "base/log.h"
#include "tests/fuzz/edit.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */
int LLVMFuzzerInitialize(int *argc, char ***argv);	    /* keys take seconds: they are made before the clock of an input runs */

static void must(bool good)
{
	if (!good)
		abort();
}

static void keys_once(void)
{
	static bool made;

	if (!made) {
		log_set(LOG_ERROR, "fuzz");
		must(flow_group_setup(NULL) == 0);
	}
	made = true;
}

static const char *const heads[8] = {
    SOAP_POST(WTS "/pin"),
    PUBLISH,
    SOAP_POST(WTS "/cert"),
    SOAP_POST(CERTPROV "/mex"),
    "POST /RequestHandler/ucdevice.upx HTTP/1.1\r\nContent-Type: text/xml\r\n",
    "POST /RequestHandlerExt/ucdevice.upx HTTP/1.1\r\nContent-Type: text/xml\r\n",
    SOAP_POST(WTS),
    "POST /CertProv/CertProvisioningService.svc/anon HTTP/1.1\r\nContent-Type: application/soap+xml\r\n",
};

enum body { BODY_EMPTY, BODY_PIN, BODY_PUBLISH, BODY_PUBLISH_OUTSIDE };

struct genuine {
	struct buf body[4]; /* enum body */
};

/* A ticket for alice, and what is made of it. */
static void genuine_make(struct flow *f, struct genuine *g)
{
	struct buf header = {0};
	struct soap_issue m;
	struct proof p = {0};

	want(f, false, &m);
	soap_username_write(&header, "4411", "73914");
	soap_issue_write(&g->body[BODY_PIN], &m, buf_view(&header));
	must(by_pin(f, HTTPS_IN, "4411", "73914", &p) == 0);
	request(f, false, &p, ALICE, &g->body[BODY_PUBLISH]);
	request(f, true, &p, ALICE, &g->body[BODY_PUBLISH_OUTSIDE]);
	soap_issued_clear(&p.issued);
	explicit_bzero(&p, sizeof p);
	buf_free(&header);
}

static bool is_alices(void *arg, const struct store_cert *c)
{
	const struct flow *f = arg;

	must(c->user == f->alice.id);
	return true;
}

static void answered(enum side side, const struct web_answer *a)
{
	bool ticket = a->body.n && memmem(a->body.p, a->body.n, "RequestedSecurityToken", 22) != NULL;

	must(!ticket || side == HTTPS_IN || side == HTTPS_OUT);
	for (size_t i = 0; i + 1 < a->headers.n; i++) /* a line end of ours only, and no line that begins with an edit's own word */
		must(a->headers.p[i] != '\n' || (i && a->headers.p[i - 1] == '\r'));
	must(a->headers.n == 0 || memmem(a->headers.p, a->headers.n, "\nX-Injected", 11) == NULL);
}

static bool one(struct flow *f, const struct genuine *g, struct rd *r, unsigned *genuine)
{
	uint8_t how = (uint8_t)rd_be(r, 1), changes = (uint8_t)rd_be(r, 1);
	enum side side = how & 3;
	struct web_answer a;
	struct buf body = {0};

	if (r->err)
		return false;
	buf_sv(&body, buf_view(&g->body[how >> 5 & 3]));
	for (uint8_t i = 0; i < changes && r->err == NULL; i++)
		edit_one(r, &body);
	*genuine += how >> 5 >= BODY_PUBLISH;
	go(f, side, heads[how >> 2 & 7], buf_view(&body), &a);
	answered(side, &a);
	web_answer_clear(&a);
	buf_wipe(&body);
	f->v->now += 1;
	return true;
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
	struct rd r = rd_of(p, n);
	struct genuine g = {0};
	struct flow *f;
	void *state;
	unsigned genuine = 0;

	keys_once();
	flow_setup(&state);
	f = state;
	genuine_make(f, &g);
	for (unsigned i = 0; i < 16 && one(f, &g, &r, &genuine); i++)
		must(certificates(f) <= genuine);
	must(f->v->store->ops->cert_each(f->v->store, 0, is_alices, f) == 0);
	for (size_t i = 0; i < 4; i++)
		buf_wipe(&g.body[i]);
	flow_teardown(&state);
	return 0;
}
