/* tests/unit/cmd/test_phone_options.c: arguments of connect and doctor: taken, or refused with a sentence that quotes it. */
#include "tests/support/check.h"

#include <fcntl.h>
#include <unistd.h>

#include "cmd/phone/options.h"
#include "dialtone/phone.h"

/* Words end at a blank. Standard error comes back in said. */
static int type(unsigned verb, const char *line, struct phone_options *ret, char said[512])
{
	static char words[600];
	char path[] = "/tmp/dialtone-options.XXXXXX", *argv[40];
	int fd = mkstemp(path), was = dup(2), argc = 0, rc;
	ssize_t n;

	assert_true(fd >= 0 && was >= 0);
	unlink(path);
	snprintf(words, sizeof words, "%s %s", verb == FOR_DOCTOR ? "doctor" : "connect", line);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " "))
		argv[argc++] = w;
	argv[argc] = NULL;
	dup2(fd, 2);
	rc = phone_options_read(argc, argv, verb, ret);
	fflush(stderr);
	dup2(was, 2);
	n = pread(fd, said, 511, 0);
	said[n > 0 ? n : 0] = '\0';
	close(fd);
	close(was);
	return rc;
}

#define WHO "--interface eth0 --extension 4411 "

static void taken(void **state)
{
	static const char *const lines[] = {
	    WHO,
	    WHO "--firmware 4.0.7577.4363 --domain contoso.test --registrar fe01.contoso.test --stay 0",
	    WHO "--registrar=10.20.0.10:5061 --web-url https://web.contoso.test/CertProv/CertProvisioningService.svc",
	    "--interface eth0 --number +1-(425)-555.0123",
	    "--interface eth0 --user CONTOSO\\alice --sip alice@contoso.test",
	    "--interface eth0 --user alice@contoso.test --sip sip:alice@contoso.test",
	    WHO "--no-dhcp --address 10.66.0.50/24 --dns 10.66.0.1 --dns 10.66.0.2",
	    "--help",
	};
	struct phone_options o;
	char said[512];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (type(FOR_CONNECT, lines[i], &o, said) != 0 || said[0])
			fail_msg("%s\n%s", lines[i], said);
	assert_int_equal(type(FOR_CONNECT, WHO "--stay 5 --cold", &o, said), 0);
	assert_string_equal(o.extension, "4411");
	assert_true(o.cold && strcmp(o.stay, "5") == 0);
}

static void refused(void **state)
{
	static const struct {
		unsigned verb;
		const char *line, *says;
	} rows[] = {
	    {FOR_CONNECT, "", "\"--interface\": missing"},
	    {FOR_CONNECT, WHO "--outsid", "\"--outsid\": there is no such option: did you mean --outside?"},
	    {FOR_CONNECT, WHO "eth1", "\"eth1\": this argument has no place here"},
	    {FOR_CONNECT, WHO "--pin 4711", "a secret is not taken from an argument"},
	    {FOR_CONNECT, WHO "--password=x", "a secret is not taken from an argument"},
	    {FOR_DOCTOR, WHO "--stay 5", "dialtone doctor: \"--stay\": this verb has no such option: leave it away, or type dialtone connect"},
	    {FOR_CONNECT, WHO "--bundle=x", "\"--bundle\": this verb has no such option: leave it away, or type dialtone doctor"},
	    {FOR_DOCTOR, WHO "--sta", "dialtone doctor --help lists the options"}, /* not: did you mean --stay? */
	    {FOR_CONNECT, "--interface eth0 --extension 44x", "--extension \"44x\": give digits"},
	    {FOR_CONNECT, "--interface eth0 --extension=", "--extension \"\": give digits"},
	    {FOR_CONNECT, "--interface eth0 --number 555x", "--number \"555x\": give a phone number, as +14255550123"},
	    {FOR_CONNECT, "--interface eth0 --number +", "--number \"+\""},
	    {FOR_CONNECT, "--interface eth0 --user alice --sip alice@contoso.test", "--user \"alice\": give it as 'CONTOSO\\alice'"},
	    {FOR_CONNECT, "--interface eth0 --user CONTOSO\\ --sip a@b", "--user \"CONTOSO\\\""},
	    {FOR_CONNECT, "--interface eth0 --user A\\b --sip contoso.test", "--sip \"contoso.test\": give it as alice@contoso.test"},
	    {FOR_CONNECT, WHO "--firmware 4.x", "--firmware \"4.x\": give four numbers, as 4.0.7577.4363"},
	    {FOR_CONNECT, WHO "--domain x..y", "--domain \"x..y\": give a domain"},
	    {FOR_CONNECT, WHO "--web-url ftp://x/", "--web-url \"ftp://x/\": give an https URL"},
	    {FOR_CONNECT, WHO "--web-url http://x/", "--web-url \"http://x/\""},
	    {FOR_CONNECT, WHO "--registrar a:99999", "--registrar \"a:99999\": give a host, or host and port"},
	    {FOR_CONNECT, WHO "--registrar a:", "--registrar \"a:\""},
	    {FOR_CONNECT, WHO "--registrar a/b", "--registrar \"a/b\""},
	    {FOR_CONNECT, WHO "--number +1", "not together with --extension"},
	    {FOR_CONNECT, WHO "--cold=yes", "this option takes no value"},
	    {FOR_CONNECT, WHO "--mac", "needs a value"},
	    {FOR_CONNECT, WHO "--mac a --mac b", "given twice"},
	    {FOR_CONNECT, WHO "--dns a --dns b --dns c --dns d --dns e", "given more than four times"},
	    {FOR_CONNECT, WHO "--address 10.0.0.1/24", "only together with --no-dhcp"},
	    {FOR_CONNECT, WHO "--no-dhcp", "--address A/PREFIX"},
	};
	char said[512];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct phone_options o = {.interface = "untouched"};
		int rc = type(rows[i].verb, rows[i].line, &o, said);

		if (rc != 64 || strstr(said, rows[i].says) == NULL)
			fail_msg("%s\nstatus %d; not there: '%s'\n%s", rows[i].line, rc, rows[i].says, said);
		assert_string_equal(o.interface, "untouched");
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1); /* one line */
	}
}

/* On a terminal of 80 columns no line of the help is broken. */
static void help_is_narrow(void **state)
{
	char *text = NULL;
	size_t n = 0;

	(void)state;
	for (unsigned verb = FOR_CONNECT; verb <= FOR_DOCTOR; verb++) {
		FILE *f = open_memstream(&text, &n);

		phone_options_usage(f, verb);
		fclose(f);
		for (size_t i = 0; i < dt_model_count; i++)
			assert_non_null(strstr(text, dt_models[i].key));
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			if (strlen(line) > 80)
				fail_msg("%zu columns: %s", strlen(line), line);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(taken), cmocka_unit_test(refused), cmocka_unit_test(help_is_narrow)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
