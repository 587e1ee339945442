/* tests/unit/cmd/test_admin.c: the administrator's verbs as they are typed, but for users (test_admin_users.c): what they store,
 * say, and refuse with which status.
 */
#include "base/file.h"
#include "tests/unit/cmd/admin_world.h"

#include <unistd.h>

#include "server/vault/make.h"

/* ---- PINs, certificates ------------------------------------------------------------------------------------------- */

static void guessed(void *arg, struct store_tries *t)
{
	(void)arg;
	t->global = 5000; /* wrong passwords */
}

/* Five wrong ones, of which the last costs a pause: far from a lock. */
static void paused(void *arg, struct store_tries *t)
{
	(void)arg;
	*t = (struct store_tries){.local = 6, .global = 6, .local_since = INT64_C(4102444800) - 60, .locked_until = INT64_C(4102444800)};
}

static void pins(void **state)
{
	struct world *w = *state;
	struct store_pin p;
	struct store_user u;
	struct store *s;

	said(w, ALICE, 0, NULL);
	said(w, "pin show alice@contoso.test", 0, "pin_set         no");
	said(w, "pin set alice@contoso.test", 64, "give --pin-file FILE, or $DIALTONE_PIN, or --generate");
	said(w, "pin set alice@contoso.test --pin-file %/weak", 64, "the PIN of alice@contoso.test is refused");
	said(w, "pin set alice@contoso.test --pin-file %/pin", 0, NULL);
	said(w, "pin set alice@contoso.test --pin-file %/pin", 0, "unchanged");
	said(w, "pin set alice@contoso.test --pin-file %/pin --json", 0, "\"changed\": false");
	said(w, "pin set alice@contoso.test --generate", 0, NULL);
	assert_int_equal(w->out.n, 6); /* five digits and a newline */
	said(w, "pin set alice@contoso.test --generate --json", 0, "\"pin\": \"");
	said(w, "pin set alice@contoso.test --generate --pin-file %/pin", 64, "contradict each other");
	said(w, "pin set nobody@contoso.test --generate", 67, "there is no user");
	s = open_store(w);
	assert_int_equal(s->ops->user_get(s, "alice@contoso.test", &u), STORE_OK);
	assert_int_equal(s->ops->pin_get(s, u.id, &p), STORE_OK);
	p.global = 1000;
	p.local = 25;
	assert_int_equal(s->ops->pin_set(s, u.id, &p, 0), STORE_OK);
	assert_int_equal(s->ops->password_step(s, u.id, guessed, NULL), STORE_OK);
	store_close(s);
	said(w, "pin show alice@contoso.test", 0, "locked_out      yes");
	said(w, "pin show alice@contoso.test --json", 0, "\"locked_until\": \"unlocked by hand\"");
	said(w, "pin show alice@contoso.test --json", 0, "\"password_until\": \"unlocked by hand\"");
	said(w, "user add bob@contoso.test", 0, NULL);
	s = open_store(w);
	assert_int_equal(s->ops->password_step(s, u.id, paused, NULL), STORE_OK);
	store_close(s);
	said(w, "pin show alice@contoso.test --json", 0, "\"password_until\": \"2100-01-01T00:00:00Z\"");
	said(w, "pin show", 0, "alice@contoso.test  yes      yes         unlocked by hand  ");
	assert_non_null(strstr((char *)w->out.p, "bob@contoso.test    no       no          -                 "));
	said(w, "pin show --json", 0, "\"address\": \"bob@contoso.test\"");
	said(w, "pin unlock alice@contoso.test", 0, NULL);
	said(w, "pin show alice@contoso.test --json", 0, "\"locked_out\": false");
	said(w, "pin show alice@contoso.test --json", 0, "\"password_until\": null"); /* the password as well */
	said(w, "pin unlock alice@contoso.test -f json", 0, "\"changed\": false");
	said(w, "pin show -f csv", 0, "address,pin_set,locked_out,locked_until,");
	said(w, "pin --help", 0, "pin set alice@contoso.test --generate");
}

static void locks_policies_audit(void **state)
{
	struct world *w = *state;

	said(w, ALICE " --pin-file %/pin", 0, NULL);
	said(w, "user add bob@contoso.test", 0, NULL);
	said(w, "pin lock alice@contoso.test", 0, NULL);
	said(w, "pin show alice@contoso.test --json", 0, "\"locked_out\": true");
	said(w, "pin show alice@contoso.test --json", 0, "\"locked_until\": \"unlocked by hand\"");
	said(w, "pin unlock alice@contoso.test", 0, NULL);
	said(w, "pin show alice@contoso.test --json", 0, "\"locked_out\": false");
	said(w, "pin policy set strict --min-length 3", 64, "MinPasswordLength goes from 4 to 24");
	said(w, "pin policy set strict --min-length 8 --lifetime 30", 64, "PINHistoryCount must be greater than 0");
	said(w, "pin policy set strict --min-length 8 --lifetime 30 --history 2 --attempts 3", 0, NULL);
	said(w, "pin policy grant alice@contoso.test stirct", 67, "there is no PIN policy 'stirct'");
	said(w, "pin policy grant alice@contoso.test Strict", 0, NULL);
	said(w, "pin policy list", 0, "(site)");
	assert_non_null(strstr((char *)w->out.p, "strict  8           30        2        3         no"));
	said(w, "pin set alice@contoso.test --pin-file %/pin", 64, "it is shorter than the policy's MinPasswordLength");
	said(w, "pin set alice@contoso.test --generate", 0, NULL);
	assert_int_equal(w->out.n, 9);
	said(w, "pin show alice@contoso.test --json", 0, "\"policy\": \"strict\"");
	said(w, "pin policy remove strict", 64, "alice@contoso.test has this policy");
	said(w, "pin policy grant alice@contoso.test", 0, NULL);
	said(w, "pin policy remove strict", 0, NULL);
	said(w, "audit --what administrator", 0, "pin policy grant strict");
	said(w, "audit --user alice@contoso.test --json", 0, "\"detail\": \"pin lock");
	assert_null(strstr((char *)w->out.p, "user add bob"));
	said(w, "audit --last 1", 0, "pin policy remove strict");
	assert_null(strstr((char *)w->out.p, "pin lock"));
	said(w, "audit --since 1d", 0, "pin lock");
	said(w, "audit --since yesterday", 64, "type a day like 2026-11-30, or 7d");
	said(w, "audit --failed", 0, "nothing is written down of that kind");
}

static void certs(void **state)
{
	struct world *w = *state;
	struct store_cert c = {.device = "4b1682a8-f968-5701-83fc-7c6741dc6697", .published = NOW, .expires = NOW + 1};
	struct store_user u;
	struct store *s;

	said(w, ALICE, 0, NULL);
	said(w, "cert list", 0, "no certificate is published");
	s = open_store(w);
	assert_int_equal(s->ops->user_get(s, "alice@contoso.test", &u), STORE_OK);
	c.user = u.id;
	buf_str(&c.der, "der");
	assert_int_equal(s->ops->cert_put(s, &c), STORE_OK);
	store_close(s);
	store_cert_clear(&c);
	said(w, "cert list alice@contoso.test", 0, "4b1682a8-f968-5701-83fc-7c6741dc6697");
	said(w, "cert list --json", 0, "\"published\": \"2026-11-18T");
	said(w, "cert revoke alice@contoso.test", 0, "1 certificate of alice@contoso.test revoked");
	assert_non_null(strstr((char *)w->err.p, "ORDER alice@contoso.test 0 4140 Certificate revoked"));
	said(w, "cert list", 0, "no certificate is published");
	said(w, "cert revoke alice@contoso.test", 0, "unchanged");
	said(w, "cert revoke alice@contoso.test --json", 0, "\"changed\": false");
	said(w, "cert revoke nobody@contoso.test", 67, "there is no user");
	said(w, "device list", 0, "no device has asked");
}

/* ---- updates -------------------------------------------------------------------------------------------------------- */

/* What a browser saved in the place of the package. */
static void no_cabinet(void **state)
{
	struct world *w = *state;

	put(w, "UCUpdates.CAB", "<html>The download has moved");
	said(w, "update import %/UCUpdates.CAB", 64, "UCUpdates.CAB' is no cabinet");
}

static void updates(void **state)
{
	struct world *w = *state;
	char path[256];

	put(w, "payload", "firmware");
#define SIGN "update sign %/payload --vendor POLYCOM --model CX600 --out %/CPE.nbt --version "
	said(w, SIGN "4.0", 64, "'4.0' is not four numbers");
	said(w, "update sign %/payload --vendor POLYCOM", 64, "'--model' is missing");
	said(w, SIGN "4.0.7577.4387", 0, "CPE.cat");
	said(w, "update import %/CPE.nbt", 0, "version 4.0.7577.4387 is pending");
	snprintf(path, sizeof path, "%s/files/UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4387/CPE.nbt", w->dir);
	assert_int_equal(access(path, R_OK), 0);
	said(w, "update list", 0, "POLYCOM  CX600  A         ENU     -         -        4.0.7577.4387 ");
	put(w, "bare.nbt", "firmware");
	said(w, "update import %/bare.nbt", 64, "bare.nbt' has no catalog '");
	said(w, "update approve hp/4110", 67, "there is no rule 'hp/4110'");
	said(w, "update approve Polycom/cx600", 0, "approved 4.0.7577.4387, restore -, pending -");
	said(w, "update approve 1", 0, "unchanged: '1' has nothing pending");
	said(w, SIGN "4.0.7577.5000 --json", 0, "CPE.cat\"\n}");
	said(w, "update import %/CPE.nbt --approve --min-installed 3.5.0.0", 0, "version 4.0.7577.5000 is approved");
	said(w, "update list --json", 0, "\"restore\": \"4.0.7577.4387\"");
	/* the same once more, by both roads: the version to go back to is not lost */
	said(w, "update import %/CPE.nbt", 0, "is pending");
	said(w, "update approve 1", 0, "approved 4.0.7577.5000, restore 4.0.7577.4387, pending -");
	said(w, "update import %/CPE.nbt --approve", 0, "is approved");
	said(w, "update restore 1", 0, "approved 4.0.7577.4387, restore -");
	said(w, "update import %/CPE.nbt", 0, NULL);
	said(w, "update reject 1", 0, "pending -");
	said(w, "update restore 1", 0, "approved -, restore -, pending -; phones uninstall 4.0.7577.4387");
	said(w, "update clear-files", 0, "2 images that no rule has any more were deleted");
	assert_int_equal(access(path, F_OK), -1);
	said(w, "update clear-files", 0, "unchanged");
	said(w, "update clear-logs", 64, "how old? type --days NUMBER");
	said(w, "update clear-logs --days 30", 0, "unchanged");
	/* not what was signed; not signed by the update key */
	snprintf(path, sizeof path, "%s/CPE.nbt", w->dir);
	assert_int_equal(truncate(path, 100), 0);
	said(w, "update import %/CPE.nbt", 64, "is not the one that its catalog");
	{
		struct pki_issue what = {.profile = PKI_CODE, .cn = "Else", .not_before = NOW - 9, .not_after = NOW + 86400LL * 3650};
		struct pki_key *key = pki_key_make(2048);
		struct buf der = {0}, pem = {0};

		assert_true(key && pki_issue(&what, key, key, NULL, 0, &der));
		pki_key_write(key, &pem);
		put(w, "else.key", buf_cstr(&pem));
		buf_clear(&pem);
		pki_pem_add(&pem, "CERTIFICATE", der.p, der.n);
		put(w, "else.pem", buf_cstr(&pem));
		buf_free(&pem);
		buf_free(&der);
		pki_key_free(key);
	}
	said(w, SIGN "4.0.7577.6000 --key %/else.key", 78, "it is not the certificate of the key");
	said(w, SIGN "4.0.7577.6000 --key %/else.key --cert %/else.pem", 0, NULL);
	said(w, "update import %/CPE.nbt", 64, "must be signed with the update key");
	said(w, "update testdevice frob", 64, "type one of: add, remove, list");
	said(w, "update remove 1", 0, NULL);
	snprintf(path, sizeof path, "%s/files/UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4387/CPE.nbt", w->dir);
	assert_int_equal(access(path, F_OK), -1);
	said(w, "update list", 0, "there are no rules yet");
}

/* --not-below stands in the head that is signed; a floor above the image itself is a slip. */
static void floors(void **state)
{
	struct world *w = *state;
	struct buf image = {0};
	char path[256];

	put(w, "payload", "firmware");
	said(w, SIGN "4.0.7577.4387 --not-below 4.0.7577.4388", 64, "--not-below '4.0.7577.4388' is no version, or newer than the image");
	said(w, SIGN "4.0.7577.4387 --not-below 4.0", 64, "--not-below '4.0' is no version");
	said(w, SIGN "4.0.7577.4387 --not-below 4.0.7577.4100", 0, "CPE.cat");
	snprintf(path, sizeof path, "%s/CPE.nbt", w->dir);
	assert_int_equal(file_read(path, 4096, &image), 0);
	assert_non_null(memmem(image.p, image.n, "\nnot-below: 4.0.7577.4100\n", 26));
	buf_free(&image);
}

static void test_devices(void **state)
{
	struct world *w = *state;

	said(w, "update testdevice add lab --mac 00-04-f2-00-01-76", 0, NULL);
	said(w, "update testdevice add lab --mac 0004f2000176", 0, "unchanged");
	said(w, "update testdevice list", 0, "0004F2000176");
	said(w, "update testdevice add lab --mac 00-04-f2-00-01", 64, "'00-04-f2-00-01' is not a MAC address");
	said(w, "update testdevice remove lab", 0, NULL);
	said(w, "update testdevice remove lab", 0, "unchanged: there is no test device 'lab'");
}

/* ---- netconfig -------------------------------------------------------------------------------------------------------- */

static void netconfig(void **state)
{
	static const struct {
		const char *line;
		const char *text;
	} refused[] = {
	    {"netconfig", "for which server? type one of: kea"},
	    {"netconfig frob", "there is no 'frob'; type one of: kea"},
	    {"netconfig zon", "there is no 'zon': did you mean zone?"},
	    {"netconfig zone kea", "'kea' is one argument too many"},
	    {"netconfig kea", "'kea' needs a subnet; type: dialtone netconfig kea --voice"},
	    {"netconfig zone --frob", "there is no option '--frob'"},
	    {"netconfig zone --frob=3", "there is no option '--frob'"},
	    {"netconfig zone -x", "there is no option '-x'"},
	    {"netconfig zone --dns", "'--dns' needs a value"},
	    {"netconfig zone --vlan 4095", "'--vlan 4095': a VLAN is needed"},
	    {"netconfig zone --vlan=4095", "'--vlan 4095': a VLAN is needed"},
	    {"netconfig kea --voice=10.66.0.1/24", "'--voice 10.66.0.1/24': a subnet is needed, and this is a machine in one"},
	    {"netconfig kea --voice=10.66.0.0/24,router=10.1.1.1", "a subnet is needed, as 10.66.0.0/24"},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		said(w, refused[i].line, 64, refused[i].text);
		assert_int_equal(w->out.n, 0); /* nothing that a server could be fed with */
	}
	/* an address that nobody has said is asked for, not made up */
	said(w, "netconfig zone", 0, "; What IP phones of contoso.test ask for (dialtone netconfig zone): to be put beside what is there");
	said(w, "netconfig zone", 0, "; ucupdates-r2.contoso.test. needs an address\n");
	assert_non_null(strstr((char *)w->out.p, "; ns1.contoso.test. needs an address\n"));
	assert_null(strstr((char *)w->out.p, " A "));
	said(w, "netconfig zone --sip 10.20.0.10 --dns=10.20.0.1", 0, "ns1.contoso.test. A 10.20.0.1\n");
	assert_non_null(strstr((char *)w->out.p, "ucupdates-r2.contoso.test. A 10.20.0.10\n"));
	assert_null(strstr((char *)w->out.p, "needs an address"));
	said(w, "netconfig zone --sip 10.20.0.10 --ns ns.example.test.", 0, "@ NS ns.example.test.\n");
	assert_null(strstr((char *)w->out.p, "needs"));
	/* RFC 2132 2: an option holds 255 octets; IOS takes it in one piece, dnsmasq splits it (RFC 3396) */
	memset(web_fqdn, 'w', 176);
	for (int i = 60; i < 176; i += 61)
		web_fqdn[i] = '.';
	strcpy(web_fqdn + 176, ".contoso.test");
	said(w, "netconfig ios --voice 10.66.0.0/24", 78, "option 43 has 256 octets; ios holds 255 in an option");
	assert_int_equal(w->out.n, 0);
	said(w, "netconfig dnsmasq --voice 10.66.0.0/24 --sip 10.20.0.10", 0, "dhcp-option=vendor:MS-UC-Client,3,");
	strcpy(web_fqdn + 175, ".contoso.test");
	said(w, "netconfig ios --voice 10.66.0.0/24", 0, " option 43 hex ");
	strcpy(web_fqdn, "fe01.contoso.test");
	said(w, "netconfig zone --ns ns..example.test", 64, "'--ns ns..example.test': it has an empty label");
	said(w, "netconfig dnsmasq --voice 10.66.0.0/24 --sip 10.20.0.10 --ntp 10.20.0.1", 0,
	     "srv-host=_ntp._udp.contoso.test,ntp.contoso.test,123,0,0\nhost-record=ntp.contoso.test,10.20.0.1\n");
}

/* ---- phones ----------------------------------------------------------------------------------------------------------- */

static void phones(void **state)
{
	struct world *w = *state;

	said(w, "phones", 69, "dialtoned is not running for this site");
	put(w, "runs", "");
	said(w, ALICE, 0, NULL);
	said(w, "phones", 0, "mac                model  firmware       user");
	assert_non_null(strstr((char *)w->out.p, "00:04:f2:00:00:07  CX500  -"));
	assert_true(strstr((char *)w->out.p, "CX500") < strstr((char *)w->out.p, "CX600")); /* the phone that stands still comes first */
	assert_null(strchr((char *)w->out.p, '\x1b'));
	said(w, "phones --sort model --json", 0, "\"extension\": \"4411\"");
	assert_non_null(strstr((char *)w->out.p, "\"stage\": null"));
	said(w, "phones --stage 7", 0, "wrong PIN");
	assert_null(strstr((char *)w->out.p, "CX600"));
	said(w, "phones list --mac 0004f2-000006", 0, "alice@contoso.test");
	assert_null(strstr((char *)w->out.p, "bob"));
	said(w, "phones --extension 4411 --state registered --user ALICE --model cx6 --address 10.66", 0, "2m05s");
	said(w, "phones --user carol", 0, "no phone fits; 2 do not");
	said(w, "phones --stage 10", 64, "type a stage, 1 to 9");
	said(w, "phones --state well", 64, "type under-way, silent");
	said(w, "phones --sort foo", 64, "type the name of a column");
	said(w, "phones shwo", 64, "'shwo' is one argument too many");
	said(w, "phones show 4411", 0, "   7  ticket        1000      700  ");
	assert_true(strstr((char *)w->out.p, "  update") < strstr((char *)w->out.p, "  ticket"));
	said(w, "phones show 00-04-F2-00-00-07", 0, "cause     wrong PIN");
	assert_non_null(strstr((char *)w->out.p, "(claimed, not proved)"));
	said(w, "phones show 10.66.0.148 --json", 0, "\"at_ms\": 1000");
	said(w, "phones show 10.66.0.1", 67, "no phone '10.66.0.1' was seen");
	put(w, "mute", "");
	said(w, "phones", 69, "no answer");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, admin_setup, admin_teardown)
	const struct CMUnitTest tests[] = {T(pins), T(locks_policies_audit), T(certs), T(no_cabinet), T(updates), T(floors), T(test_devices), T(netconfig), T(phones)};

	unsetenv("DIALTONE_CONF");
	unsetenv("DIALTONE_PIN");
	unsetenv("DIALTONE_PASSWORD");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
