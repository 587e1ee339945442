/* tests/unit/base/test_systemd.c: lines of the journal, and what systemd is told. */
#include "tests/support/check.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/systemd.h"

static void entries(void **state)
{
	struct buf b = {0};

	(void)state;
	journal_entry(&b, "location", "warning: phone: event=refused user=a@contoso.test mac=00:04:f2:00:00:06 cause=\"wrong PIN, twice\"");
	assert_string_equal(buf_cstr(&b), "PRIORITY=4\nSYSLOG_IDENTIFIER=dialtoned\nDIALTONE_PROCESS=location\n"
					  "MESSAGE=location: phone: event=refused user=a@contoso.test mac=00:04:f2:00:00:06 "
					  "cause=\"wrong PIN, twice\"\n"
					  "DIALTONE_EVENT=refused\nDIALTONE_USER=a@contoso.test\nDIALTONE_MAC=00:04:f2:00:00:06\n"
					  "DIALTONE_CAUSE=wrong PIN, twice\n");
	buf_clear(&b);
	journal_entry(&b, "worker", "error: web: a=b is not a pair here");
	assert_string_equal(buf_cstr(&b), "PRIORITY=3\nSYSLOG_IDENTIFIER=dialtoned\nDIALTONE_PROCESS=worker\n"
					  "MESSAGE=worker: web: a=b is not a pair here\n");
	buf_clear(&b);
	journal_entry(&b, "vault", "no level at all"); /* a process that was killed in the middle of a line */
	assert_non_null(strstr(buf_cstr(&b), "PRIORITY=6\n"));
	buf_clear(&b);
	journal_entry(&b, "location", "info: phone: event=x a=\"b"); /* and within its quotes */
	assert_non_null(strstr(buf_cstr(&b), "DIALTONE_A=b\n"));
	buf_free(&b);
}

/* A program whose standard error goes elsewhere may have inherited the variable. */
static void only_the_journal(void **state)
{
	char text[64];
	struct stat st;

	(void)state;
	unsetenv("JOURNAL_STREAM");
	assert_false(journal_here());
	setenv("JOURNAL_STREAM", "1:2", 1);
	assert_false(journal_here());
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(text, sizeof text, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", text, 1);
	assert_true(journal_here());
	unsetenv("JOURNAL_STREAM");
}

static void state_of_the_unit(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char path[] = "/tmp/dialtone-notify-XXXXXX", got[64] = "", pid[24];
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)state;
	assert_non_null(mkdtemp(path));
	snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	unsetenv("NOTIFY_SOCKET");
	systemd_notify("READY=1"); /* nobody listens: nothing happens */
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	systemd_notify("READY=1");
	assert_int_equal(recv(fd, got, sizeof got, MSG_DONTWAIT), 7);
	assert_memory_equal(got, "READY=1", 7);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	assert_int_equal(systemd_watchdog_ms(), 0);
	setenv("WATCHDOG_USEC", "60000000", 1);
	assert_int_equal(systemd_watchdog_ms(), 30000);
	setenv("WATCHDOG_PID", "1", 1);
	assert_int_equal(systemd_watchdog_ms(), 0);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(systemd_watchdog_ms(), 30000);
	close(fd);
	unlink(at.sun_path);
	rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(entries), cmocka_unit_test(only_the_journal), cmocka_unit_test(state_of_the_unit)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
