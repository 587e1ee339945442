/* Files that strangers write into logs/: there is an end to it, and it does not end the audit log. */
#include "tests/support/check_web.h"
#include "tests/support/fake_vault.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pki/cert.h"
#include "server/web/logs_clean.h"

#define NOW 1768467600 /* 2026-01-15T09:00:00Z */
#define ASK SOAP_POST("/RequestHandler/ucdevice.upx")

static struct buf chain_pem;

static enum vault_status fake_offer(void *arg, const struct vault_ask *q, struct vault_reply *ret)
{
	(void)arg, (void)q;
	strcpy(ret->update_offer.module.file, "CPE.nbt");
	return VAULT_OK;
}

struct world {
	struct site site;
	struct fake_vault vault;
	struct vault_link link;
	struct web *w;
	struct web_conn *c;
	char dir[64], logs[96];
	int64_t later; /* seconds behind NOW */
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct web_conf conf = {.site = &w->site, .vault = &w->link, .chain_pem = buf_view(&chain_pem), .logs = w->logs};

	w->vault = (struct fake_vault){.answer = {[VAULT_UPDATE_OFFER] = fake_offer}};
	w->link = (struct vault_link){.send = fake_vault_send, .arg = &w->vault};
	site_defaults(&w->site);
	strcpy(w->site.domain, "contoso.test");
	strcpy(w->site.fqdn, "fe01.contoso.test");
	strcpy(w->site.web_fqdn, "pool.contoso.test");
	w->site.max_log_size = 100000;
	w->site.max_logs_total = 1;
	strcpy(w->dir, "/tmp/dialtone-logs.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->logs, sizeof w->logs, "%s/logs", w->dir);
	assert_int_equal(mkdir(w->logs, 0755), 0);
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

static unsigned status_of(struct world *w, enum side side, const char *head, struct sv body)
{
	struct web_answer a;
	unsigned s;

	ask(w->w, w->c, side, head, body, NOW + w->later, &a);
	s = a.status;
	web_answer_clear(&a);
	return s;
}

static void old_day(const struct world *w, const char *day)
{
	static uint8_t octets[200000];
	char path[256];

	snprintf(path, sizeof path, "%s/Server/Audit/imageUpdates/RequestHandlerAuditLog_fe01.contoso.test_%s.log", w->logs, day);
	assert_int_equal(file_write(NULL, path, octets, sizeof octets, 0644), 0);
}

static bool has_day(const struct world *w, const char *day)
{
	char path[256];

	snprintf(path, sizeof path, "%s/Server/Audit/imageUpdates/RequestHandlerAuditLog_fe01.contoso.test_%s.log", w->logs, day);
	return access(path, F_OK) == 0;
}

/* One host sends logs under ever new names of devices: there is an end to it; questions are still written down, and the oldest
 * days make room for them. */
static void logs_have_a_bound(void **state)
{
	struct world *w = *state;
	struct buf big = {0}, b = {0};
	unsigned taken = 0, status;
	char line[256];

	while (big.n < 100000)
		buf_str(&big, "x");
	do {
		snprintf(line, sizeof line, "POST /RequestHandler/ucdevice.upx?op=log&type=CELog&name=a.clg&mac=0004F200%04X HTTP/1.1\r\n", taken);
		status = status_of(w, HTTPS_IN, line, buf_view(&big));
	} while (status == 200 && ++taken < 100);
	assert_int_equal(status, 503);
	assert_true(taken >= 6 && taken <= 7);

	text_vector(&b, "update/question.xml");
	assert_int_equal(status_of(w, HTTPS_IN, ASK, buf_view(&b)), 200);
	assert_true(has_day(w, "2026-01-15"));
	old_day(w, "2025-12-31");
	old_day(w, "2026-01-02");
	w->later = 61; /* it is measured once a minute */
	assert_int_equal(status_of(w, HTTPS_IN, ASK, buf_view(&b)), 200);
	assert_true(has_day(w, "2026-01-15"));
	assert_false(has_day(w, "2025-12-31"));
	buf_free(&big);
	buf_free(&b);
}

static unsigned files_of(const struct world *w, const char *folder, const char *begin)
{
	char path[256];
	struct dirent *e;
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof path, "%s/Client/%s", w->logs, folder);
	for (d = opendir(path); d && (e = readdir(d)) != NULL;)
		n += strncmp(e->d_name, begin, strlen(begin)) == 0;
	if (d)
		closedir(d);
	return n;
}

#define LOG(query) "POST /RequestHandler/ucdevice.upx?op=log&" query " HTTP/1.1\r\n"

/* MaxLogFileSize begins a new file; a device's logs roll over, and it is never refused for its older ones. */
static void logs_roll_over(void **state)
{
	struct world *w = *state;
	char octets[5000];

	memset(octets, 'x', sizeof octets);
	w->site.MaxLogFileSize = 2000;
	w->site.max_logs_per_device = 5;
	assert_int_equal(status_of(w, HTTPS_IN, LOG("type=CELog&name=a.clg&mac=0004F2000001"), (struct sv){octets, 5000}), 200);
	assert_int_equal(files_of(w, "CE Log", "0004F2000001_"), 3); /* 2000, 2000, 1000 */
	for (int i = 1; i < 20; i++) {
		w->later = i;
		assert_int_equal(status_of(w, HTTPS_IN, LOG("type=CELog&name=a.clg&mac=0004F2000001"), SV("x")), 200);
		assert_true(files_of(w, "CE Log", "0004F2000001_") <= 5);
	}
	assert_int_equal(files_of(w, "CE Log", "0004F2000001_17684676"), 5);
	assert_int_equal(files_of(w, "CE Log", "0004F2000001_1768467600"), 0); /* the first ones have gone */
}

/* ValidLogFileTypes, ValidLogFileExtensions */
static void types_and_extensions(void **state)
{
	struct world *w = *state;

	assert_int_equal(status_of(w, HTTPS_IN, LOG("type=Trace&name=a.clg"), SV("x")), 415);
	assert_int_equal(status_of(w, HTTPS_IN, LOG("type=CELog&name=a.etl"), SV("x")), 415);
	strcpy(w->site.ValidLogFileTypes, "CELog,Trace");
	strcpy(w->site.ValidLogFileExtensions, ".etl");
	assert_int_equal(status_of(w, HTTPS_IN, LOG("type=trace&name=a.etl&mac=0004F2000001"), SV("x")), 200);
	assert_int_equal(files_of(w, "Trace", "0004F2000001_"), 1); /* as the list spells it */
	assert_int_equal(status_of(w, HTTPS_IN, LOG("type=celog&name=a.ETL"), SV("x")), 200);
	assert_int_equal(status_of(w, HTTPS_IN, LOG("type=Watson&name=a.etl"), SV("x")), 415);
	assert_int_equal(status_of(w, HTTPS_IN, LOG("type=CELog&name=a.clg"), SV("x")), 415);
	strcpy(w->site.ValidLogFileTypes, "../x");
	assert_int_equal(status_of(w, HTTPS_IN, LOG("type=..%2fx&name=a.etl"), SV("x")), 415);
}

static void age(const struct world *w, const char *path, int64_t at)
{
	struct timespec t[2] = {{at, 0}, {at, 0}};
	char whole[256];

	snprintf(whole, sizeof whole, "%s/%s", w->logs, path);
	assert_int_equal(utimensat(AT_FDCWD, whole, t, 0), 0);
}

/* LogCleanUpInterval, LogCleanUpTimeOfDay: old logs and old audit days go by themselves, at that time of the day. */
static void cleaned_by_age(void **state)
{
	struct world *w = *state;
	struct buf b = {0};

	text_vector(&b, "update/question.xml");
	w->site.LogCleanUpInterval = 10;
	strcpy(w->site.LogCleanUpTimeOfDay, "10:30"); /* NOW is 09:00 */
	assert_int_equal(status_of(w, HTTPS_IN, ASK, buf_view(&b)), 200);
	assert_int_equal(status_of(w, HTTPS_IN, LOG("type=CELog&name=a.clg&mac=0004F2000001"), SV("x")), 200);
	old_day(w, "2025-12-31");
	old_day(w, "2026-01-10");
	age(w, "Server/Audit/imageUpdates/RequestHandlerAuditLog_fe01.contoso.test_2025-12-31.log", NOW - 11 * 86400);
	age(w, "Server/Audit/imageUpdates/RequestHandlerAuditLog_fe01.contoso.test_2026-01-10.log", NOW - 9 * 86400);
	age(w, "Client/CE Log/0004F2000001_1768467600_a.clg", NOW - 20 * 86400);
	w->later = 3600;
	assert_int_equal(status_of(w, HTTPS_IN, ASK, buf_view(&b)), 200);
	assert_true(has_day(w, "2025-12-31"));
	w->later = 2 * 3600;
	assert_int_equal(status_of(w, HTTPS_IN, ASK, buf_view(&b)), 200);
	assert_false(has_day(w, "2025-12-31"));
	assert_true(has_day(w, "2026-01-10"));
	assert_int_equal(files_of(w, "CE Log", "0004F2000001_"), 0);
	buf_free(&b);
}

static void when_cleaning_is_due(void **state)
{
	(void)state;
	assert_int_equal(logs_clean_minute(""), -1);
	assert_int_equal(logs_clean_minute("02:30"), 150);
	assert_int_equal(logs_clean_minute("23:59"), 1439);
	assert_int_equal(logs_clean_minute("24:00"), -2);
	assert_int_equal(logs_clean_minute("2:30"), -2);
	assert_int_equal(logs_clean_minute("noon"), -2);
	assert_true(logs_clean_due(NOW, 0, -1));
	assert_false(logs_clean_due(NOW, NOW - 86399, -1));
	assert_true(logs_clean_due(NOW, NOW - 86400, -1));
	assert_false(logs_clean_due(NOW, 0, 600)); /* 09:00 is before 10:00 */
	assert_true(logs_clean_due(NOW + 3600, 0, 600));
	assert_false(logs_clean_due(NOW + 86400, NOW + 3600, 600)); /* tomorrow, 09:00 */
	assert_true(logs_clean_due(NOW + 86400 + 3600, NOW + 3600, 600));
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

static off_t today(const struct world *w)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof path, "%s/Server/Audit/imageUpdates/RequestHandlerAuditLog_fe01.contoso.test_2026-01-15.log", w->logs);
	return stat(path, &st) == 0 ? st.st_size : 0;
}

/* One address that asks without end fills its share of the audit log, and then a little each second; others are written down. */
static void one_address_has_its_rate(void **state)
{
	struct world *w = *state;
	struct buf b = {0}, big = {0};
	off_t line, most, after;
	unsigned taken = 0;

	w->site.max_logs_total = 100;
	text_vector(&b, "update/question.xml");
	assert_int_equal(status_of(w, HTTPS_IN, ASK, buf_view(&b)), 200);
	line = today(w);
	while (most = today(w), status_of(w, HTTPS_IN, ASK, buf_view(&b)) == 200 && today(w) > most)
		;
	assert_in_range(most, 250000, 265000);
	ask_peer = "192.0.2.8";
	assert_int_equal(status_of(w, HTTPS_IN, ASK, buf_view(&b)), 200);
	assert_true(today(w) > most);
	ask_peer = "192.0.2.7";
	w->later = 60;
	after = today(w);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(status_of(w, HTTPS_IN, ASK, buf_view(&b)), 200); /* it is answered all the same */
	assert_in_range(today(w) - after, 60 * 256 - 2 * line, 60 * 256 + line);

	w->site.max_logs_per_device = 1000;
	while (big.n < 100000)
		buf_str(&big, "x");
	while (status_of(w, HTTPS_IN, "POST /RequestHandler/ucdevice.upx?op=log&type=CELog&name=a.clg HTTP/1.1\r\n", buf_view(&big)) == 200) {
		taken++;
		w->site.max_logs_per_device++;
		w->later += taken % 2; /* each file has its second in its name */
		assert_true(taken < 500);
	}
	assert_in_range(taken, 300, 400);
	buf_free(&b);
	buf_free(&big);
}

/* How long a body may be is said by its head; outside, credentials are asked for before the first octet of what is long. */
static void credentials_before_bodies(void **state)
{
	static const struct {
		bool outside;
		const char *more;
		size_t most;
	} rows[] = {
	    {false, "Content-Length: 0\r\n", 100000},
	    {false, "Content-Length: 90000\r\n", 100000},
	    {true, "Content-Length: 60000\r\n", 100000},
	    {true, "Content-Length: 90000\r\n", 0},
	    {true, "Transfer-Encoding: chunked\r\n", 0},
	    {true, "Content-Length: 90000\r\nX-MS-WebTicket: opaque=YQ==\r\n", 100000},
	    {true, "Content-Length: 90000\r\nAuthorization: NTLM YQ==\r\n", 100000},
	};
	struct world *w = *state;

	strcpy(w->site.external_web_fqdn, "web.contoso.test");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf head = {0}, headers = {0};
		struct msg_error err;
		unsigned status = 0;
		struct msg m;

		buf_printf(&head, "POST /RequestHandler%s/ucdevice.upx?op=log HTTP/1.1\r\nHost: x\r\n%s\r\n",
			   rows[i].outside ? "Ext" : "", rows[i].more);
		assert_int_equal(msg_scan_head((char *)head.p, head.n, MSG_HTTP, &m, &err), MSG_OK);
		assert_int_equal(web_body_max(w->w, w->c, &m, &(struct web_side){true, rows[i].outside}, &status, &headers), rows[i].most);
		assert_int_equal(status, rows[i].most ? 0 : 401);
		assert_true(rows[i].most || strstr(buf_cstr(&headers), "WWW-Authenticate: NTLM\r\n"));
		buf_free(&head);
		buf_free(&headers);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(logs_have_a_bound, setup, teardown),
					   cmocka_unit_test_setup_teardown(one_address_has_its_rate, setup, teardown),
					   cmocka_unit_test_setup_teardown(logs_roll_over, setup, teardown),
					   cmocka_unit_test_setup_teardown(types_and_extensions, setup, teardown),
					   cmocka_unit_test_setup_teardown(cleaned_by_age, setup, teardown),
					   cmocka_unit_test(when_cleaning_is_due),
					   cmocka_unit_test_setup_teardown(credentials_before_bodies, setup, teardown)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
