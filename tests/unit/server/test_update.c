/* The update service without a socket: question, files, logs, audit, and who may ask from outside. */
#include "tests/support/check_web.h"
#include "tests/support/fake_vault.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki/cert.h"
#include "wire/ntlm.h"
#include "wire/update.h"

#define NOW 1768467600 /* 2026-01-15T09:00:00Z */

static struct buf chain_pem;

static struct fake {
	struct update_question asked;
	struct vault_offer offer;
	enum vault_status offering, ntlm, ticket;
	bool enabled, remote;
	unsigned questions;
} fake;

static enum vault_status fake_user(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg;
	if (strcmp(q->user.aor, "alice@contoso.test") != 0)
		return VAULT_NOT_FOUND;
	ret->user = (struct vault_user){.enabled = fake.enabled, .remote = fake.remote};
	return VAULT_OK;
}

static enum vault_status fake_challenge(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg, (void)q;
	ret->ntlm_challenge.id = 42;
	buf_add(&ret->ntlm_challenge.challenge, "NTLMSSP\0\2\0\0\0", 12);
	return VAULT_OK;
}

static enum vault_status fake_verify(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg, (void)q;
	strcpy(ret->ntlm_verify.aor, "alice@contoso.test");
	return fake.ntlm;
}

static enum vault_status fake_ticket(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg;
	assert_true(q->ticket_known.outside);
	assert_true(sv_eq(q->ticket_known.assertion, SV("<the ticket/>")));
	ret->ticket_known = (struct vault_user){.aor = "alice@contoso.test", .enabled = fake.enabled, .remote = fake.remote};
	return fake.ticket;
}

static enum vault_status fake_offer(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg;
	assert_string_equal(q->update_offer.peer, "192.0.2.7");
	fake.asked = q->update_offer.device;
	fake.questions++;
	if (fake.offering == VAULT_OK)
		ret->update_offer = fake.offer;
	return fake.offering;
}

struct world {
	struct site site;
	struct fake_vault vault;
	struct vault_link link;
	struct web *w;
	struct web_conn *c;
	char dir[64], files[96], logs[96];
	uint8_t image[1000];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct web_conf conf = {.site = &w->site, .vault = &w->link, .chain_pem = buf_view(&chain_pem), .files = w->files, .logs = w->logs};
	char path[160];

	fake = (struct fake){.enabled = true, .remote = true};
	w->vault = (struct fake_vault){.answer = {[VAULT_USER] = fake_user, [VAULT_NTLM_CHALLENGE] = fake_challenge,
						  [VAULT_NTLM_VERIFY] = fake_verify, [VAULT_UPDATE_OFFER] = fake_offer,
						  [VAULT_TICKET_KNOWN] = fake_ticket}};
	w->link = (struct vault_link){.send = fake_vault_send, .arg = &w->vault};
	site_defaults(&w->site);
	strcpy(w->site.domain, "contoso.test");
	strcpy(w->site.fqdn, "fe01.contoso.test");
	strcpy(w->site.web_fqdn, "pool.contoso.test");
	strcpy(w->site.external_web_fqdn, "web.contoso.example");
	w->site.external_https = 443;
	w->site.max_logs_per_device = 3;
	w->site.max_log_size = 100000;
	strcpy(w->dir, "/tmp/dialtone-update.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->files, sizeof w->files, "%s/files", w->dir);
	snprintf(w->logs, sizeof w->logs, "%s/logs", w->dir);
	snprintf(path, sizeof path, "%s/UC Phone", w->files);
	assert_int_equal(mkdir(w->files, 0755) | mkdir(w->logs, 0755) | mkdir(path, 0755), 0);
	for (size_t i = 0; i < sizeof w->image; i++)
		w->image[i] = (uint8_t)(i * 7 + i / 256);
	snprintf(path, sizeof path, "%s/UC Phone/CPE.nbt", w->files);
	assert_int_equal(file_write(NULL, path, w->image, sizeof w->image, 0644), 0);
	snprintf(path, sizeof path, "%s/empty", w->files);
	assert_int_equal(file_write(NULL, path, "", 0, 0644), 0);
	snprintf(path, sizeof path, "%s/.hidden", w->files);
	assert_int_equal(file_write(NULL, path, "h", 1, 0644), 0);
	snprintf(path, sizeof path, "%s/secret", w->dir);
	assert_int_equal(file_write(NULL, path, "s", 1, 0644), 0);
	snprintf(path, sizeof path, "%s/link", w->files);
	assert_int_equal(symlink("../secret", path), 0);
	snprintf(path, sizeof path, "%s/up", w->files);
	assert_int_equal(symlink("..", path), 0);
	w->w = web_new(&conf);
	w->c = web_conn_new();
	assert_true(w->w && w->c);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	web_conn_free(w->c);
	web_free(w->w);
	folder_remove(w->dir);
	free(w);
	return 0;
}

static unsigned go(struct world *w, enum side side, const char *head, struct sv body, struct web_answer *a)
{
	ask(w->w, w->c, side, head, body, NOW, a);
	return a->status;
}

static unsigned status_of(struct world *w, enum side side, const char *head, struct sv body)
{
	struct web_answer a;
	unsigned s = go(w, side, head, body, &a);

	web_answer_clear(&a);
	return s;
}

/* ---- the question ---------------------------------------------------------------------------------------------- */

#define ASK SOAP_POST("/RequestHandler/ucdevice.upx")
#define ASK_EXT SOAP_POST("/RequestHandlerExt/ucdevice.upx")

static void asked_and_answered(void **state)
{
	struct world *w = *state;
	struct update_answer m;
	struct web_answer a;
	struct buf b = {0};

	text_vector(&b, "update/question.xml");
	for (int side = HTTPS_IN; side <= HTTP_IN; side += HTTP_IN) { /* inside, anonymous, with TLS and without */
		assert_int_equal(go(w, (enum side)side, ASK, buf_view(&b), &a), 200);
		assert_null(update_answer_read(a.body.p, a.body.n, &m));
		assert_int_equal(m.nmodule, 0); /* up to date is no error */
		assert_string_equal(m.store, "http://pool.contoso.test/RequestHandler/Files");
		assert_string_equal(fake.asked.model, "CX600");
		web_answer_clear(&a);
	}
	strcpy(fake.offer.module.file, "UC Phone/CPE.nbt");
	strcpy(fake.offer.module.signature, "UC Phone/CPE.cat");
	strcpy(fake.offer.module.version, "4.0.7577.4387");
	fake.offer.module.size = 1000;
	go(w, HTTPS_IN, ASK, buf_view(&b), &a);
	assert_null(update_answer_read(a.body.p, a.body.n, &m));
	assert_int_equal(m.nmodule, 1);
	assert_memory_equal(&m.module[0], &fake.offer.module, sizeof m.module[0]);
	web_answer_clear(&a);
	fake.offering = VAULT_UNAVAILABLE;
	assert_int_equal(status_of(w, HTTPS_IN, ASK, buf_view(&b)), 503);
	fake.offering = VAULT_OK;
	assert_int_equal(status_of(w, HTTPS_IN, ASK, SV("this is no XML")), 400);
	assert_int_equal(status_of(w, HTTPS_IN, ASK, SV("<!DOCTYPE a><r model='CX600'/>")), 400);
	assert_int_equal(status_of(w, HTTPS_IN, "GET /RequestHandler/ucdevice.upx HTTP/1.1\r\n", SV("")), 405);
	assert_int_equal(status_of(w, HTTPS_IN, "POST /RequestHandler/ucdevice.upx HTTP/1.1\r\n", SV("<r model='CX600'/>")), 200);
	w->site.update_enabled = false;
	assert_int_equal(status_of(w, HTTPS_IN, ASK, buf_view(&b)), 404);
	buf_free(&b);
}

static void audit_is_written(void **state)
{
	static const char want[] =
	    "Logging DateTime,User Host Address,Device Type,Mac Address,Serial Number,Vendor,Model,Revision,Locale,Request Modules,"
	    "Response Modules,User Id\n"
	    "2026-01-15 09:00:00,192.0.2.7,UCPhone,00-04-F2-00-01-76,64167F000001,POLYCOM,CX600,A,ENU,"
	    "CPE.nbt;4.0.7577.4363;2013-01-09T00:00:00Z,CPE.nbt;CPE.cat;4.0.7577.4387;,alice@contoso.com\n";
	struct world *w = *state;
	struct buf b = {0}, log = {0};
	static const char *const other[][2] = {{"CPE.nbt", "=a1.nbt"}, {"4.0.7577.4363", "+1.0.7577.436"}, {"64167F000001", "x;=cmd000001"}};
	char path[256];

	strcpy(fake.offer.module.file, "CPE.nbt");
	strcpy(fake.offer.module.signature, "CPE.cat");
	strcpy(fake.offer.module.version, "4.0.7577.4387");
	text_vector(&b, "update/question.xml");
	assert_int_equal(status_of(w, HTTPS_IN, ASK, buf_view(&b)), 200);
	assert_int_equal(status_of(w, HTTPS_IN, ASK, SV("<r devicetype='=1,2' model='a&#10;b&quot;'/>")), 200);
	buf_clear(&b);
	text_vector(&b, "update/question.xml");
	buf_cstr(&b);
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		char *at = strstr((char *)b.p, other[i][0]);

		assert_non_null(at);
		memcpy(at, other[i][1], strlen(other[i][1]));
	}
	assert_int_equal(status_of(w, HTTPS_IN, ASK, buf_view(&b)), 200);
	snprintf(path, sizeof path, "%s/Server/Audit/imageUpdates/RequestHandlerAuditLog_fe01.contoso.test_2026-01-15.log", w->logs);
	assert_int_equal(file_read(path, 4096, &log), 0);
	buf_cstr(&log);
	/* a field that holds a quote is quoted as a whole */
	{
		const char *line = strstr((char *)log.p, "a b");

		assert_non_null(line);
		assert_memory_equal(line - 1, "\"a b\"\"\",", 8);
		assert_memory_equal(log.p, want, sizeof want - 1);
		assert_non_null(strstr((char *)log.p, ",\"'=1,2\","));
		/* where a semicolon ends a field, no other field begins within one that a device wrote */
		assert_non_null(strstr((char *)log.p, ",\"x;=cmd000001\","));
		assert_non_null(strstr((char *)log.p, ",'=a1.nbt;'+1.0.7577.436;"));
	}
	buf_free(&b);
	buf_free(&log);
}

static void outside_nobody_asks_anonymously(void **state)
{
	static const char type1[] = ASK_EXT "Authorization: NTLM TlRMTVNTUAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\r\n";
	static const char type3[] = ASK_EXT "Authorization: NTLM TlRMTVNTUAADAAAAAAAAAAAAAAA=\r\n";
	static const char ticket[] = ASK_EXT "X-MS-WebTicket: opaque=PHRoZSB0aWNrZXQvPg==\r\n";
	struct world *w = *state;
	struct update_answer m;
	struct web_answer a;
	struct buf b = {0};

	text_vector(&b, "update/question.xml");
	assert_int_equal(go(w, HTTPS_OUT, ASK_EXT, buf_view(&b), &a), 401);
	assert_string_equal(answer_header(&a, "WWW-Authenticate"), "NTLM");
	assert_string_equal(answer_header(&a, "X-MS-WebTicketURL"), "https://web.contoso.example" WTS);
	assert_false(has(&a.headers, "contoso.test") || has(&a.body, "contoso.test"));
	web_answer_clear(&a);
	assert_int_equal(status_of(w, HTTPS_OUT, ASK, buf_view(&b)), 404); /* the inner path does not exist out there */
	assert_int_equal(status_of(w, HTTP_OUT, ASK_EXT, buf_view(&b)), 403);
	assert_int_equal(fake.questions, 0);

	assert_int_equal(status_of(w, HTTPS_OUT, type1, buf_view(&b)), 401);
	assert_int_equal(go(w, HTTPS_OUT, type3, buf_view(&b), &a), 200);
	assert_null(update_answer_read(a.body.p, a.body.n, &m));
	assert_string_equal(m.store, "https://web.contoso.example/RequestHandlerExt/Files");
	web_answer_clear(&a);
	web_conn_free(w->c);
	w->c = web_conn_new();
	fake.ntlm = VAULT_REFUSED;
	assert_int_equal(status_of(w, HTTPS_OUT, type1, buf_view(&b)), 401);
	assert_int_equal(status_of(w, HTTPS_OUT, type3, buf_view(&b)), 401);
	assert_int_equal(fake.questions, 1);

	assert_int_equal(status_of(w, HTTPS_OUT, ticket, buf_view(&b)), 200);
	fake.remote = false;
	assert_int_equal(status_of(w, HTTPS_OUT, ticket, buf_view(&b)), 403);
	fake.remote = true;
	fake.enabled = false;
	assert_int_equal(status_of(w, HTTPS_OUT, ticket, buf_view(&b)), 403);
	fake.enabled = true;
	fake.ticket = VAULT_TICKET_BAD;
	assert_int_equal(status_of(w, HTTPS_OUT, ticket, buf_view(&b)), 401);
	assert_int_equal(status_of(w, HTTPS_OUT, ASK_EXT "X-MS-WebTicket: opaque=!!\r\n", buf_view(&b)), 401);
	fake.ticket = VAULT_LATE; /* nothing is wrong with the ticket: it is to be shown again later */
	assert_int_equal(go(w, HTTPS_OUT, ticket, buf_view(&b), &a), 503);
	assert_true(retry_after_is_good(sv_of(answer_header(&a, "Retry-After"))));
	web_answer_clear(&a);
	w->site.UseWindowsAuth = SITE_WINDOWS_NONE;
	assert_int_equal(go(w, HTTPS_OUT, ASK_EXT, buf_view(&b), &a), 401);
	assert_null(answer_header(&a, "WWW-Authenticate"));
	web_answer_clear(&a);
	w->site.UseCertificateAuth = false; /* no credentials can help */
	assert_int_equal(status_of(w, HTTPS_OUT, ASK_EXT, buf_view(&b)), 403);
	assert_int_equal(fake.questions, 2);
	buf_free(&b);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

static void names_stay_in_the_store(void **state)
{
	static const struct {
		const char *path;
		unsigned status;
	} rows[] = {
	    {"/RequestHandler/Files/UC%20Phone/CPE.nbt", 200}, {"/requesthandler/files/UC%20Phone/CPE.nbt?x=1", 200},
	    {"/DeviceUpdateFiles_Int/UC%20Phone/CPE.nbt", 200}, {"/RequestHandlerExt/Files/UC%20Phone/CPE.nbt", 200},
	    {"/DeviceUpdateFiles_Ext/UC%20Phone/CPE.nbt", 200}, {"/RequestHandler/Files/empty", 200},
	    {"/RequestHandler/Files/", 404}, {"/RequestHandler/Files/UC%20Phone", 404}, {"/RequestHandler/Files/UC%20Phone/", 404},
	    {"/RequestHandler/Files/../secret", 404}, {"/RequestHandler/Files/%2e%2e/secret", 404},
	    {"/RequestHandler/Files/UC%20Phone/../../secret", 404}, {"/RequestHandler/Files/UC%20Phone%2f..%2f..%2fsecret", 404},
	    {"/RequestHandler/Files//etc/passwd", 404}, {"/RequestHandler/Files/%2fetc/passwd", 404},
	    {"/RequestHandler/Files/link", 404}, {"/RequestHandler/Files/up/secret", 404}, {"/RequestHandler/Files/.hidden", 404},
	    {"/RequestHandler/Files/..\\secret", 404}, {"/RequestHandler/Files/%5c", 404}, {"/RequestHandler/Files/empty%00x", 404},
	    {"/RequestHandler/Files/%", 404}, {"/RequestHandler/Files/%4", 404}, {"/RequestHandler/Files/%zz", 404},
	    {"/RequestHandler/Files/nothing", 404}, {"/RequestHandler/Files", 404},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char head[256];
		unsigned s;

		snprintf(head, sizeof head, "GET %s HTTP/1.1\r\n", rows[i].path);
		s = status_of(w, HTTPS_IN, head, SV(""));
		if (s != rows[i].status)
			fail_msg("%s: %u", rows[i].path, s);
	}
	assert_int_equal(status_of(w, HTTPS_OUT, "GET /RequestHandlerExt/Files/UC%20Phone/CPE.nbt HTTP/1.1\r\n", SV("")), 200);
	assert_int_equal(status_of(w, HTTPS_OUT, "GET /RequestHandler/Files/UC%20Phone/CPE.nbt HTTP/1.1\r\n", SV("")), 404);
	assert_int_equal(status_of(w, HTTP_OUT, "GET /RequestHandlerExt/Files/UC%20Phone/CPE.nbt HTTP/1.1\r\n", SV("")), 403);
}

static void ranges(void **state)
{
	static const struct {
		const char *range; /* NULL: none */
		unsigned status, at, n;
	} rows[] = {
	    {NULL, 200, 0, 1000},	       {"bytes=0-0", 206, 0, 1},	  {"bytes=0-999", 206, 0, 1000}, {"bytes=10-19", 206, 10, 10},
	    {"bytes=990-", 206, 990, 10},      {"bytes=990-5000", 206, 990, 10}, {"bytes=-10", 206, 990, 10},	  {"bytes=-5000", 206, 0, 1000},
	    {"bytes=999-", 206, 999, 1},       {"bytes=1000-", 416, 0, 0},	  {"bytes=1000-1001", 416, 0, 0}, {"bytes=-0", 416, 0, 0},
	    {"bytes=5-4", 200, 0, 1000},       {"bytes=", 200, 0, 1000},	  {"bytes=-", 200, 0, 1000},	  {"bytes=a-b", 200, 0, 1000},
	    {"bytes=0-1,5-6", 200, 0, 1000},   {"octets=0-1", 200, 0, 1000},	  {"bytes=+1-2", 200, 0, 1000},
	    {"bytes=99999999999999999999-", 200, 0, 1000},
	};
	struct world *w = *state;
	struct web_answer a;

	for (int head_only = 0; head_only < 2; head_only++)
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			char head[256], want[64];
			uint8_t got[1000];

			snprintf(head, sizeof head, "%s /RequestHandler/Files/UC%%20Phone/CPE.nbt HTTP/1.1\r\n%s%s%s",
				 head_only ? "HEAD" : "GET", rows[i].range ? "Range: " : "", rows[i].range ? rows[i].range : "",
				 rows[i].range ? "\r\n" : "");
			if (go(w, HTTP_IN, head, SV(""), &a) != rows[i].status)
				fail_msg("%s: %u", rows[i].range, a.status);
			if (a.status == 416) {
				assert_string_equal(answer_header(&a, "Content-Range"), "bytes */1000");
				assert_int_equal(a.file, -1);
			} else {
				assert_int_equal(a.file_at, rows[i].at);
				assert_int_equal(a.file_n, rows[i].n);
				assert_string_equal(a.type, "application/octet-stream");
				assert_int_equal(pread(a.file, got, a.file_n, (off_t)a.file_at), rows[i].n);
				assert_memory_equal(got, w->image + rows[i].at, rows[i].n);
				snprintf(want, sizeof want, "bytes %u-%u/1000", rows[i].at, rows[i].at + rows[i].n - 1);
				if (a.status == 206)
					assert_string_equal(answer_header(&a, "Content-Range"), want);
				assert_non_null(answer_header(&a, "ETag"));
				assert_non_null(answer_header(&a, "Last-Modified"));
			}
			web_answer_clear(&a);
		}
	assert_int_equal(go(w, HTTP_IN, "GET /RequestHandler/Files/empty HTTP/1.1\r\nRange: bytes=0-\r\n", SV(""), &a), 416);
	web_answer_clear(&a);
}

/* If-Range: the part only of the same file; and a file that was replaced is another. */
static void the_same_file(void **state)
{
#define FILE_LINE " /RequestHandler/Files/UC%20Phone/CPE.nbt HTTP/1.1\r\n"
	struct world *w = *state;
	char etag[64], date[64], path[160];
	struct web_answer a;

	assert_int_equal(go(w, HTTP_IN, "HEAD" FILE_LINE, SV(""), &a), 200);
	strcpy(etag, answer_header(&a, "ETag"));
	strcpy(date, answer_header(&a, "Last-Modified"));
	web_answer_clear(&a);
	for (int i = 0; i < 4; i++) {
		const char *condition = i == 0 ? etag : i == 1 ? date : i == 2 ? "\"another\"" : "Mon, 09 Dec 2013 08:22:15 GMT";
		char head[256];

		snprintf(head, sizeof head, "GET /RequestHandler/Files/UC%%20Phone/CPE.nbt HTTP/1.1\r\nRange: bytes=10-\r\nIf-Range: %s\r\n", condition);
		assert_int_equal(status_of(w, HTTP_IN, head, SV("")), i < 2 ? 206 : 200);
	}
	snprintf(path, sizeof path, "%s/UC Phone/CPE.nbt", w->files);
	assert_int_equal(file_write(NULL, path, "another image", 13, 0644), 0);
	go(w, HTTP_IN, "GET" FILE_LINE, SV(""), &a);
	assert_string_not_equal(answer_header(&a, "ETag"), etag);
	web_answer_clear(&a);
}

/* ---- logs ------------------------------------------------------------------------------------------------------- */

static void logs(void **state)
{
	static const struct {
		const char *query;
		unsigned status;
	} rows[] = {
	    {"op=log&type=CELog&name=a.clg&mac=00-04-F2-00-01-76", 200},
	    {"OP=LOG&type=celog&name=b.CLG1&mac=0004f2000176", 200},
	    {"op=log&type=CELog&name=..%2f..%2fx.clg&mac=00:04:F2:00:01:76", 200}, /* a name, not a path */
	    {"op=log&type=CELog&name=c.clg&mac=00-04-F2-00-01-76", 200},	     /* a fourth: the oldest goes */
	    {"op=log&type=CELog&name=..%2f..%2fx.clg&mac=00-04-F2-00-01-77", 200}, /* a name, not a path */
	    {"op=log&type=Watson&name=c.dmp&mac=00-04-F2-00-01-76", 200},
	    {"op=log&type=Watson&name=c.dmp", 200},
	    {"op=log&type=Other&name=c.clg", 415},
	    {"op=log&type=CELog&name=c.exe", 415},
	    {"op=log&type=CELog&name=c.clg.sh", 415},
	    {"op=log&type=CELog", 415},
	    {"op=log&name=c.clg", 415},
	};
	struct world *w = *state;
	struct buf big = {0}, out = {0};
	char line[256], text[2048] = "";
	FILE *f;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned s;

		snprintf(line, sizeof line, "POST /RequestHandler/ucdevice.upx?%s HTTP/1.1\r\n", rows[i].query);
		s = status_of(w, HTTPS_IN, line, SV("the log\0of a phone"));
		if (s != rows[i].status)
			fail_msg("%s: %u", rows[i].query, s);
	}
	snprintf(line, sizeof line, "cd '%s' && find . -type f | sort", w->logs);
	f = popen(line, "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof text - 1, f) > 0);
	pclose(f);
	assert_string_equal(text, "./Client/CE Log/0004F2000176_1768467600_a.clg\n"
				  "./Client/CE Log/0004F2000176_1768467600_b.CLG1\n"
				  "./Client/CE Log/0004F2000176_1768467600_c.clg\n"
				  "./Client/CE Log/0004F2000177_1768467600__._2f.._2fx.clg\n"
				  "./Client/Watson/0004F2000176_1768467600_c.dmp\n"
				  "./Client/Watson/192.0.2.7_1768467600_c.dmp\n");
	while (big.n < 100001)
		buf_str(&big, "x");
	assert_int_equal(status_of(w, HTTPS_IN, "POST /RequestHandler/ucdevice.upx?op=log&type=Config&name=d.txt HTTP/1.1\r\n", buf_view(&big)), 413);
	big.n--;
	assert_int_equal(status_of(w, HTTPS_IN, "POST /RequestHandler/ucdevice.upx?op=log&type=Config&name=d.txt HTTP/1.1\r\n", buf_view(&big)), 200);
	/* outside, not without credentials */
	assert_int_equal(status_of(w, HTTPS_OUT, "POST /RequestHandlerExt/ucdevice.upx?op=log&type=Config&name=e.txt HTTP/1.1\r\n", SV("x")), 401);
	buf_free(&big);
	buf_free(&out);
}

static int group_setup(void **state)
{
	(void)state;
	root_pem(&chain_pem);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	buf_free(&chain_pem);
	return 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(asked_and_answered), T(audit_is_written), T(outside_nobody_asks_anonymously), T(names_stay_in_the_store), T(ranges), T(the_same_file), T(logs),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
