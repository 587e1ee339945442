/* tests/unit/cmd/test_phone_options.c: arguments of connect and doctor: taken, or refused with a sentence that quotes it. */
#include "tests/unit/cmd/typed.h"

#include <fcntl.h>
#include <unistd.h>

#include "cmd/phone/options.h"
#include "dialtone/phone.h"

static struct phone_options got; /* what the verb that ran was given */

static int phone_run(struct command *c)
{
	got = *(const struct phone_options *)c->o;
	return phone_options_check(c);
}

static const struct verb phones[] = {
    {.name = "connect", .options = connect_options, .shared = phone_options, .size = sizeof got, .run = phone_run, .flags = VERB_JSON,
     .what = ""},
    {.name = "doctor", .options = doctor_options, .shared = phone_options, .size = sizeof got, .run = phone_run, .flags = VERB_JSON,
     .what = ""}};
static const struct verb *const verbs[] = {&phones[0], &phones[1], NULL};
static const struct verb program = {.name = "dialtone", .verbs = verbs};

/* The line stands behind the program's name.  Standard output and error come back in said. */
static int type(const char *line, char said[8192])
{
	char whole[600];
	size_t n;

	got = (struct phone_options){.interface = "untouched"};
	n = (size_t)snprintf(whole, sizeof whole, "dialtone %s", line);
	if (n && whole[n - 1] == ' ')
		whole[n - 1] = '\0';
	return typed(&program, whole, said, 8192);
}

#define WHO "connect --interface eth0 --extension 4411 "

static void taken(void **state)
{
	static const char *const lines[] = {
	    WHO,
	    WHO "--firmware 4.0.7577.4363 --domain contoso.test --registrar fe01.contoso.test --stay 0",
	    WHO "--registrar=10.20.0.10:5061 --web-url https://web.contoso.test/CertProv/CertProvisioningService.svc",
	    "connect --interface eth0 --number +1-(425)-555.0123",
	    "connect --interface eth0 --user CONTOSO\\alice --sip alice@contoso.test",
	    "connect --interface eth0 --user alice@contoso.test --sip sip:alice@contoso.test",
	    WHO "--no-dhcp --address 10.66.0.50/24 --dns 10.66.0.1 --dns 10.66.0.2",
	};
	char said[8192];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (type(lines[i], said) != 0 || said[0])
			fail_msg("%s\n%s", lines[i], said);
	assert_int_equal(type(WHO "--stay 5 --cold", said), 0);
	assert_string_equal(got.extension, "4411");
	assert_true(got.cold && strcmp(got.stay, "5") == 0);
	assert_int_equal(type(WHO "--no-dhcp --address 10.66.0.50/24 --dns 10.66.0.1 --dns=10.66.0.2", said), 0);
	assert_true(got.ndns == 2 && strcmp(got.dns[1], "10.66.0.2") == 0);
}

static void refused(void **state)
{
	static const struct {
		const char *line, *says;
	} rows[] = {
	    {"connect", "'--interface' is missing"},
	    {WHO "--outsid", "there is no option '--outsid': did you mean --outside?"},
	    {WHO "eth1", "'eth1' is one argument too many; type: dialtone connect"},
	    {WHO "--pin 4711", "a secret is not taken from an argument"},
	    {WHO "--password=x", "a secret is not taken from an argument"},
	    {"doctor --interface eth0 --extension 4411 --stay 5", "dialtone doctor: there is no option '--stay' here; it is one of: dialtone connect"},
	    {WHO "--bundle=x", "there is no option '--bundle' here; it is one of: dialtone doctor"},
	    {"doctor --interface eth0 --extension 4411 --sta", "did you mean --state?"}, /* not: --stay */
	    {"connect --interface eth0 --extension 44x", "'--extension 44x': type digits"},
	    {"connect --interface eth0 --extension=", "'--extension ': type digits"},
	    {"connect --interface eth0 --number 555x", "'--number 555x': type a phone number, like +14255550123"},
	    {"connect --interface eth0 --number +", "'--number +'"},
	    {"connect --interface eth0 --user alice --sip alice@contoso.test", "'--user alice': type it like 'CONTOSO\\alice'"},
	    {"connect --interface eth0 --user CONTOSO\\ --sip a@b", "'--user CONTOSO\\'"},
	    {"connect --interface eth0 --user A\\b --sip contoso.test", "'--sip contoso.test': type it like alice@contoso.test"},
	    {WHO "--firmware 4.x", "'--firmware 4.x': type four numbers, like 4.0.7577.4363"},
	    {WHO "--domain x..y", "'--domain x..y': type a domain"},
	    {WHO "--domain 10.66.0.1", "'--domain 10.66.0.1': type a domain"},
	    {WHO "--registrar fe..01.contoso.test", "'--registrar fe..01.contoso.test': type a host"},
	    {"connect --interface eth0 --user A\\b --sip alice@-contoso.test", "'--sip alice@-contoso.test': type it like"},
	    {"connect --interface eth0 --number +1234567890123456", "'--number +1234567890123456': type a phone number"},
	    {WHO "--web-url ftp://x/", "'--web-url ftp://x/': type an https URL"},
	    {WHO "--web-url http://x/", "'--web-url http://x/'"},
	    {WHO "--registrar a:99999", "'--registrar a:99999': type a host, or host and port"},
	    {WHO "--registrar a:", "'--registrar a:'"},
	    {WHO "--registrar a/b", "'--registrar a/b'"},
	    {WHO "--number +1", "'--number' does not go together with '--extension'"},
	    {WHO "--cold=yes", "takes no value; type --cold"},
	    {WHO "--mac", "'--mac' needs a value; type --mac M"},
	    {WHO "--mac a --mac b", "'--mac' is given twice"},
	    {WHO "--dns a --dns b --dns c --dns d --dns e", "four name servers are given already"},
	    {WHO "--address 10.0.0.1/24", "'--address' goes only together with '--no-dhcp'"},
	    {WHO "--no-dhcp", "--address A/PREFIX"},
	};
	char said[8192];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int rc = type(rows[i].line, said);

		if (rc != 64 || strstr(said, rows[i].says) == NULL)
			fail_msg("%s\nstatus %d; not there: '%s'\n%s", rows[i].line, rc, rows[i].says, said);
		assert_null(strstr(said, "4711")); /* a secret is not said again */
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1); /* one line */
	}
}

/* On a terminal of 80 columns no line of the help is broken. */
static void help_is_narrow(void **state)
{
	char said[8192];

	(void)state;
	for (unsigned verb = 0; verb < 2; verb++) {
		assert_int_equal(type(verb ? "doctor --help" : "help connect", said), 0);
		for (size_t i = 0; i < dt_model_count; i++)
			assert_non_null(strstr(said, dt_models[i].key));
		for (char *line = strtok(said, "\n"); line; line = strtok(NULL, "\n"))
			if (strlen(line) > 80)
				fail_msg("%zu columns: %s", strlen(line), line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(taken), cmocka_unit_test(refused), cmocka_unit_test(help_is_narrow)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
