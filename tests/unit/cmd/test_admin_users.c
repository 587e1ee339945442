/* tests/unit/cmd/test_admin_users.c: users as the administrator adds, changes, imports and lists them, and who is registered. */
#include "tests/unit/cmd/admin_world.h"

#include <jansson.h>
#include <sqlite3.h>
#include <unistd.h>

#include "server/vault/make.h"

/* ---- users ----------------------------------------------------------------------------------------------------- */

static void users(void **state)
{
	struct world *w = *state;
	struct store_user u;
	struct store_pin p;
	uint8_t secret[32], hash[16];
	struct why why = {0};
	struct store *s;

	said(w, ALICE " --password-file %/password --pin-file %/pin", 0, NULL);
	assert_int_equal(w->out.n + w->err.n, 0); /* nothing to say */
	s = open_store(w);
	assert_int_equal(s->ops->user_get(s, "alice@contoso.test", &u), STORE_OK);
	assert_true(u.enabled && !u.remote && strcmp(u.login, "CONTOSO\\alice") == 0 && strcmp(u.extension, "4411") == 0);
	assert_true(vault_secret_load(w->dir, secret, &why));
	assert_true(vault_nt_hash_open(secret, &u, hash));
	assert_int_equal(s->ops->pin_get(s, u.id, &p), STORE_OK);
	assert_true(p.set && p.length == 5);
	store_close(s);
	/* a script may run twice */
	said(w, ALICE " --password-file %/password --pin-file %/pin", 0, "unchanged");
	said(w, ALICE " --json", 0, "\"changed\": false");
	said(w, ALICE, 0, "unchanged");
	assert_null(strstr((char *)w->err.p, "note:")); /* nobody shares an extension with itself */
	said(w, "user add alice@contoso.test --extension 4412", 73, "alice@contoso.test exists already; to change what is there: dialtone user set");
	said(w, "user set alice@contoso.test --extension 4411 -f json", 0, "\"changed\": false");
	said(w, "user enable alice@contoso.test", 0, "unchanged");
	said(w, "user remove nobody@contoso.test", 0, "unchanged: there is no user 'nobody@contoso.test'");
	said(w, "user list -f csv", 0, "address,login,number,extension,");
	said(w, "user list", 0, "alice@contoso.test");
	said(w, "user list --json", 0, "\"login\": \"CONTOSO\\\\alice\"");
	said(w, "user show sip:ALICE@contoso.test", 0, "password_set    yes");
	assert_null(strstr((char *)w->out.p, "Pa$$word"));
	said(w, "user set alice@contoso.test --home-pool pool2.contoso.test", 64, "there is no pool 'pool2.contoso.test': its users could not sign in");
	said(w, "pool add pool2.contoso.test --web web2.contoso.test:4443 --external-sip sip2.contoso.com:443", 0, NULL);
	said(w, "pool add pool2.contoso.test", 73, "the pool 'pool2.contoso.test' is in the list");
	said(w, "pool set pool2.contoso.test --sip a:b:c", 64, "sip is 'a:b:c'; type pool1.contoso.test");
	said(w, "pool set pool2.contoso.test --backup two~words", 64, "backup is 'two words'; type the name of a pool");
	said(w, "pool set pool2.contoso.test --backup pool3.contoso.test", 0, NULL);
	said(w, "pool list -f csv", 0, "pool2.contoso.test,pool2.contoso.test:5061,web2.contoso.test:4443,sip2.contoso.com:443,,,pool3.contoso.test");
	said(w, "pool list --json", 0, "\"sip\": \"pool2.contoso.test:5061\",\n      \"web\": \"web2.contoso.test:4443\",\n      \"external_sip\": \"sip2.contoso.com:443\"");
	said(w, "user set alice@contoso.test --remote", 0, NULL);
	said(w, "user show alice@contoso.test", 0, "remote          yes\n");
	said(w, "user set alice@contoso.test --display Alice~A. --no-remote --home-pool pool2.contoso.test", 0, NULL);
	said(w, "user show alice@contoso.test", 0, "home_pool       pool2.contoso.test\ndisplay         Alice A.\n");
	said(w, "pool remove pool2.contoso.test", 64, "is the home of alice@contoso.test");
	said(w, "user move alice@contoso.test pool2.contoso.test", 0, "unchanged: alice@contoso.test lives on pool2.contoso.test already");
	said(w, "user set alice@contoso.test --pool=", 0, NULL);
	said(w, "user move alice@contoso.test pool2.contoso.test", 64, "type: dialtone pool set pool2.contoso.test --store DIR");
	said(w, "pool remove pool2.contoso.test", 0, NULL);
	said(w, "user disable alice@contoso.test", 0, "ORDER alice@contoso.test 1 4141 User disabled\n2 phones of alice");
	said(w, "user show alice@contoso.test --json", 0, "\"enabled\": false");
	said(w, "user enable alice@contoso.test", 0, NULL);
	assert_null(strstr((char *)w->err.p, "ORDER"));
	said(w, "user add bob@contoso.test --disabled --extension=4412", 0, NULL);
	said(w, "user show bob@contoso.test", 0, "enabled         no\n");
	put(w, "dead", "");
	said(w, "user disable alice@contoso.test", 70, "it is stored, but dialtoned did not act");
	said(w, "user show alice@contoso.test", 0, "enabled         no\n");
	said(w, "user remove bob@contoso.test", 70, "a worker does not answer");
	said(w, "user show bob@contoso.test", 67, "there is no user 'bob@contoso.test'; 'dialtone user list' shows what is there");
}

/* New-CsCommonAreaPhone: an account without a person. */
static void common_area(void **state)
{
	struct world *w = *state;
	struct store_user u, found[2];
	struct store_pin p;
	struct store *s;
	char pin[32];
	size_t n = 0;

	said(w, "user add --common-area", 64, "needs the number that people dial; type --display-number");
	said(w, "user add --common-area --display-number lobby", 64, "'lobby' is not a number");
	said(w, "user add --common-area --display-number 6710 --login CONTOSO\\room", 64, "a common-area phone has no login");
	said(w, "user add", 64, "whose? type the user's address, like alice@contoso.test");
	said(w, "user add --common-area --display-number +1~(425)~555-6710", 0, "display_number  +1 (425) 555-6710\n");
	assert_int_equal(sscanf(strstr((char *)w->out.p, "\npin "), " pin %31s", pin), 1);
	s = open_store(w);
	assert_int_equal(s->ops->user_by_line(s, "+14255556710", NULL, found, 2, &n), STORE_OK);
	u = found[0];
	assert_true(n == 1 && u.common_area && u.enabled && !u.remote && u.n_nt_hash == 0 && u.login[0] == '\0');
	assert_int_equal(strlen(u.aor), 36 + strlen("@contoso.test"));
	assert_string_equal(u.display, "+1 (425) 555-6710");
	assert_int_equal(s->ops->pin_get(s, u.id, &p), STORE_OK);
	assert_true(p.set && p.length == strlen(pin) && strspn(pin, "0123456789") == strlen(pin));
	store_close(s);
	said(w, "user add --common-area --display-number 6711 --display Lobby --pin-file %/pin", 0, "extension       6711\n");
	assert_null(strstr((char *)w->out.p, "pin ")); /* whoever gave it knows it */
	said(w, ALICE, 0, NULL);
	said(w, "user list --json", 0, "\"kind\": \"common-area\"");
	assert_non_null(strstr((char *)w->out.p, "\"kind\": \"person\""));
	said(w, "user list --common-area", 0, "Lobby");
	assert_null(strstr((char *)w->out.p, "alice"));
	said(w, "user show 6711", 0, "kind            common-area\ndisplay_number  6711\n");
}

/* ---- who is registered ------------------------------------------------------------------------------------------- */

/* Each line has a word where the head has one, and a gap before it: nothing is shifted, however long a name is. */
static void in_columns(const char *text, unsigned lines)
{
	const char *head = text;
	size_t head_n = strcspn(text, "\n");
	unsigned n = 0;

	for (; *text; text += strcspn(text, "\n") + 1, n++)
		for (size_t i = 0; i < head_n; i++)
			if (head[i] != ' ' && (i == 0 || head[i - 1] == ' ') &&
			    (strcspn(text, "\n") <= i || text[i] == ' ' || (i && (text[i - 1] != ' ' || text[i - 2] != ' '))))
				fail_msg("column %zu of line %u:\n%s", i, n, head);
	assert_int_equal(n, lines);
}

static const char *text_or_none(const json_t *j, const char *key)
{
	return json_is_null(json_object_get(j, key)) ? "" : json_string_value(json_object_get(j, key));
}

static void who_is_registered(void **state)
{
	struct world *w = *state;
	size_t lines = 0;
	json_t *j, *all;

	said(w, "status --registered", 69, "/dialtone.conf, or with systemd: systemctl start dialtoned, and journalctl -u dialtoned for why it ended\n");
	said(w, "status --check", 2, "DIALTONE CRITICAL - ");
	said(w, ALICE, 0, NULL);
	said(w, "user show alice@contoso.test", 0, "endpoints       not known: dialtoned is not running for this site\n");
	said(w, "user show alice@contoso.test --json", 0, "\"endpoints\": null");
	put(w, "runs", "");
	said(w, "status --registered", 0, "CPE/4.0.7577.4363 OCPhone/4.0.7577.4363 (Microsoft Lync Phone Edition)\n");
	in_columns((char *)w->out.p, 4);
	assert_non_null(strstr((char *)w->out.p, "  a\xef\xbf\xbd?[31m\xc3\xa9\n")); /* what a stranger calls itself: no terminal obeys it */
	said(w, "status --registered --json", 0, NULL);
	all = json_loads((char *)w->out.p, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(all, "v")), 1);
	json_array_foreach(json_object_get(all, "items"), lines, j) {
		assert_string_equal(json_string_value(json_object_get(j, "address")), endpoints[lines].aor);
		assert_string_equal(text_or_none(j, "epid"), endpoints[lines].epid);
		assert_string_equal(text_or_none(j, "instance"), endpoints[lines].instance);
		assert_string_equal(text_or_none(j, "peer"), endpoints[lines].peer);
		assert_int_equal(json_integer_value(json_object_get(j, "worker")), endpoints[lines].worker);
		assert_int_equal(json_integer_value(json_object_get(j, "expires_in")), endpoints[lines].seconds);
		assert_true(json_is_boolean(json_object_get(j, "outside")));
		assert_int_equal(json_is_true(json_object_get(j, "outside")), endpoints[lines].outside);
		assert_string_equal(text_or_none(j, "user_agent"),
				    lines == 1 ? "a\xef\xbf\xbd\x1b[31m\xc3\xa9" : endpoints[lines].user_agent);
	}
	assert_int_equal(lines, 3);
	json_decref(all);
	said(w, "status", 78, "registered  3 endpoints\n"); /* 78: there are no certificates here */
	said(w, "status", 78, "name    number  pid   private  restarts\nworker  0       4711  12       0\n");
	said(w, "status --json", 78, "\"registered\": 3");
	said(w, "status --check", 2, "DIALTONE CRITICAL - server.pem: ");
	assert_non_null(strstr((char *)w->out.p, " | registered=3 processes=1 restarts=0"));
	said(w, "status --json", 78, "\"version\": \"" DIALTONE_VERSION "\"");
	assert_int_equal(w->err.n, 0);
	put(w, "of-another-version", "");
	said(w, "status --json", 78, "\"version\": \"0.0.9\"");
	said(w, "status", 78, "the dialtoned that runs is of version 0.0.9, this program of version " DIALTONE_VERSION "; type: systemctl restart dialtoned");
	put(w, "silent-about-its-version", "");
	said(w, "status --json", 78, "\"version\": null");
	said(w, "status", 78, "the dialtoned that runs is of an older version, this program of version " DIALTONE_VERSION "; type: systemctl restart dialtoned");

	said(w, "user show 4411", 0, "signed in now:\naddress             outside  front_end  worker  expires_in  peer ");
	said(w, "user show CONTOSO\\alice", 0, "c97532c1946f");
	said(w, "user show +1~(425)~555-0123", 0, "c97532c1946f");
	said(w, "user show 4499", 67, "there is no user '4499'");
	said(w, "user show alice@contoso.test --json", 0, "\"epid\": \"c97532c1946f\"");
	said(w, "user add bob@contoso.test", 0, NULL);
	said(w, "user show bob@contoso.test", 0, "endpoints       not signed in\n");
	said(w, "user show bob@contoso.test --json", 0, "\"endpoints\": []");
	put(w, "empty-site", "");
	said(w, "status --registered", 0, "no endpoint is registered");
	said(w, "status --registered --json", 0, "\"items\": []");
	assert_int_equal(w->err.n, 0);
	put(w, "mute", "");
	said(w, "status --registered", 69, "no answer: Connection timed out");
	said(w, "user show alice@contoso.test", 69, "no answer: Connection timed out");
	said(w, "user show alice@contoso.test --json", 69, "no answer: Connection timed out");
}

static void user_refusals(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *text;
	} rows[] = {
	    {"user", 64, "what to do? type one of: add, list"},
	    {"user frob", 64, "there is no 'frob'; type one of: add, list"},
	    {"user add", 64, "whose? type the user's address, like alice@contoso.test"},
	    {"user list all", 64, "'all' is one argument too many"},
	    {"user add a@contoso.test --nummer 5", 64, "there is no option '--nummer'"},
	    {"user add a@contoso.test --number", 64, "'--number' needs a value; type --number +NUMBER"},
	    {"user add a@contoso.test --number 1 --number 2", 64, "'--number' is given twice"},
	    {"user add a@contoso.test --remote=yes", 64, "'--remote=yes' takes no value"},
	    {"user add a@contoso.test --remote --no-remote", 64, "contradict"},
	    {"user add a@fabrikam.test", 64, "type a@contoso.test"},
	    {"user add a", 64, "'a' is not an address; type one like alice@contoso.test"},
	    {"user add a'b\"@contoso.test", 64, "is not an address"},
	    {"user add a@contoso.test --number 4255550123", 64, "'4255550123' is not a phone number"},
	    {"user add a@contoso.test --extension 44x", 64, "'44x' is not an extension"},
	    {"user add a@contoso.test --login CONTOSO/a", 64, "'CONTOSO/a' is not a login"},
	    {"user add a@contoso.test --pin-file %/weak", 64, "four consecutive digits"},
	    {"user add a@contoso.test --pin-file %/nowhere", 64, "No such file"},
	    {"user add a@contoso.test --pin-file %/empty", 64, "the first line is empty"},
	    {"user add a@contoso.test --ask-pin", 64, "no terminal"},
	    {"user add a@contoso.test --login contoso\\ALICE", 73, "this login belongs to alice@contoso.test; type another one, or first change the one that has it, with: dialtone user set\n"},
	    {"user set a@contoso.test --display A", 67, "there is no user 'a@contoso.test'"},
	    {"user list -f xml", 64, "'-f xml': type text, json or csv"},
	    {"user list -c", 64, "'-c' needs a value; type -c FILE"},
	    {"user ad a@contoso.test", 64, "there is no 'ad': did you mean add?"},
	    {"user add a@contoso.test --numbr 5", 64, "there is no option '--numbr': did you mean --number?"},
	    {"user add a@contoso.test --frobnicate", 64, "'dialtone user add --help' lists the options"},
	    {"user list --frobnicate", 64, "there is no option '--frobnicate'"},
	    {"user add a@contoso.test --pin 80642", 64, "'--pin': a secret is not taken from an argument"},
	    {"user add a@contoso.test --password=Secret1", 64, "type --password-file FILE"},
	    {"user set alice@contoso.test", 64, "what shall change about alice@contoso.test?"},
	    {"user list -c %/nowhere", 78, "make a site with: dialtone init"},
	};
	struct world *w = *state;
	char store[128];

	said(w, ALICE, 0, NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		said(w, rows[i].line, rows[i].status, rows[i].text);
	said(w, "user add a@contoso.test --password=Secret1", 64, NULL);
	assert_null(strstr((char *)w->err.p, "Secret1"));
	said(w, "user list", 0, "alice");
	assert_null(strstr((char *)w->out.p, "\na@"));
	said(w, "user --help", 0, "--password-file FILE");
	assert_non_null(strstr((char *)w->out.p, "example:"));
	said(w, "user import --help", 0, "--update");
	assert_null(strstr((char *)w->out.p, "--password-file FILE  ")); /* of its own verb only */
	snprintf(store, sizeof store, "%s/" STORE_FILE, w->dir);
	assert_int_equal(remove(store), 0);
	said(w, "user list", 78, "is missing: restore it from the backup");
	assert_int_equal(access(store, F_OK), -1); /* not made by whoever comes first */
}

static void import(void **state)
{
	struct world *w = *state;

	put(w, "u.csv", "\xef\xbb\xbf" "Address,login,number,extension,display,remote,password,pin\r\n"
			"carol@contoso.test,CONTOSO\\carol,+14255550125,4425,\"Carol \"\"C\"\",\n of Contoso\",no,Secret1,80642\r\n"
			"\r\n"
			"dave@contoso.test,,,4426,,,,");
	said(w, "user import %/u.csv", 0, "2 users imported");
	said(w, "user list --json", 0, "\"display\": \"Carol \\\"C\\\",\\n of Contoso\"");
	said(w, "pin show carol@contoso.test", 0, "pin_set         yes");
	said(w, "user import %/u.csv", 0, "unchanged");
	said(w, "user set carol@contoso.test --number +14255550177", 0, NULL);
	said(w, "user import %/u.csv", 64, ":2: carol@contoso.test exists already; to change existing users, add --update");
	said(w, "user set carol@contoso.test --number +14255550125", 0, NULL);
	put(w, "v.csv", "address,display\nerin@contoso.test,Erin\ncarol@contoso.test,Carol\n");
	said(w, "user import %/v.csv", 64, ":3: carol@contoso.test exists already");
	said(w, "user show erin@contoso.test", 67, NULL); /* all or nothing */
	said(w, "user import %/v.csv --update", 0, "2 users imported");
	said(w, "user show carol@contoso.test", 0, "number          +14255550125\nextension       4425\n");
	assert_non_null(strstr((char *)w->out.p, "remote          no")); /* what the file does not say stays */
	put(w, "x.csv", "address,login\nf@contoso.test,CONTOSO\\f\ng@contoso.test,contoso\\F\n");
	said(w, "user import %/x.csv", 64, ":3: line 2 has the same");
	put(w, "x.csv", "address,login\nf@contoso.test,CONTOSO\\carol\n");
	said(w, "user import %/x.csv", 64, "belongs to carol@contoso.test");
	put(w, "x.csv", "address,pin\nf@contoso.test,1111\n");
	said(w, "user import %/x.csv", 64, ":2: ");
	put(w, "x.csv", "address,logon\n");
	said(w, "user import %/x.csv", 64, ":1: there is no column 'logon'; the columns are: address");
	put(w, "x.csv", "Address,login,address\nf@contoso.test,CONTOSO\\f,\n");
	said(w, "user import %/x.csv", 64, ":1: column 'address' stands there twice");
	put(w, "x.csv", "SipAddress,DisplayName,LineURI,lineuri\nsip:f@contoso.test,F,,\n");
	said(w, "user import %/x.csv", 64, ":1: column 'lineuri' stands there twice");
	put(w, "x.csv", "address,login\rf@contoso.test,CONTOSO\\f\r");
	said(w, "user import %/x.csv", 64, ":1: its lines end in CR alone");
	put(w, "x.csv", "login\na\n");
	said(w, "user import %/x.csv", 64, "the column 'address' is missing");
	put(w, "x.csv", "address,login\nf@contoso.test\n");
	said(w, "user import %/x.csv", 64, ":2: it has fewer fields");
	put(w, "x.csv", "address\nf@contoso.test,x\n");
	said(w, "user import %/x.csv", 64, ":2: it has more fields");
	put(w, "x.csv", "address\n\"f@contoso.test\n");
	said(w, "user import %/x.csv", 64, ":2: a quote does not close");
	said(w, "user show f@contoso.test", 67, NULL);
	put(w, "x.csv", "\xef\xbb\xbf\r\n");
	said(w, "user import %/x.csv", 64, "it is empty; begin it with: address,login,number");
	put(w, "x.csv", "address;login\nf@contoso.test;\n");
	said(w, "user import %/x.csv", 64, ":1: there is no column 'address;login'; separate the fields by commas");
	{
		static const char utf16[] = "a\0d\0d\0r\0e\0s\0s\0\r\0\n"; /* the mark is missing */
		char path[128];

		snprintf(path, sizeof path, "%s/x.csv", w->dir);
		assert_int_equal(file_write(NULL, path, utf16, sizeof utf16, 0600), 0);
		said(w, "user import %/x.csv", 64, "it is UTF-16 without its mark");
	}
	put(w, "x.csv", "address,display\nf@contoso.test,Fr\xe9""d\ng@contoso.test,\033[2J\nh@contoso.test,\xc2\x9b\n");
	said(w, "user import %/x.csv", 64, ":2: the display name is not UTF-8");
	assert_non_null(strstr((char *)w->err.p, "3 lines are wrong; nothing was imported"));
}

/* An administrator who imports three hundred lines wants to know of all that are wrong, and of each whose it is; no PIN is said. */
static void import_tells_all(void **state)
{
	struct world *w = *state;
	struct buf csv = {0};
	unsigned lines = 0;

	put(w, "x.csv", "address,pin,number\na@contoso.test,12,\nb@contoso.test,80642,+1425\n,,\nc@contoso.test,80643,5,6\n"
			"d@contoso.test,777777,\nb@contoso.test,80644,\n");
	said(w, "user import %/x.csv", 64, ":2: the PIN of a@contoso.test is refused: it is shorter than the policy's MinPasswordLength, 5");
	assert_non_null(strstr((char *)w->err.p, ":4: '' is not an address"));
	assert_non_null(strstr((char *)w->err.p, ":5: it has more fields"));
	assert_non_null(strstr((char *)w->err.p, ":6: the PIN of d@contoso.test is refused: it repeats"));
	assert_non_null(strstr((char *)w->err.p, ":7: line 3 has the same address"));
	assert_non_null(strstr((char *)w->err.p, "5 lines are wrong; nothing was imported"));
	assert_null(strstr((char *)w->err.p, "777777"));
	said(w, "user show b@contoso.test", 67, NULL);
	buf_str(&csv, "address,number\n");
	for (unsigned i = 0; i < 100; i++)
		buf_printf(&csv, "u%u@contoso.test,x\n", i);
	put(w, "x.csv", buf_cstr(&csv));
	buf_free(&csv);
	said(w, "user import %/x.csv", 64, "100 lines are wrong; nothing was imported; the first 20 are listed above, --all lists every one");
	for (const char *c = (char *)w->err.p; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 21);
}

/* The store fails in the middle: nothing of the file is there. */
static void import_is_whole(void **state)
{
	static const char stop[] = "CREATE TRIGGER stop BEFORE INSERT ON pin WHEN NEW.length = 7 BEGIN SELECT RAISE(FAIL, 'no more'); END";
	struct world *w = *state;
	char path[128];
	sqlite3 *db;

	snprintf(path, sizeof path, "%s/" STORE_FILE, w->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, stop, NULL, NULL, NULL), SQLITE_OK);
	put(w, "x.csv", "address,pin\na@contoso.test,80642\nb@contoso.test,8064213\nc@contoso.test,80643\n");
	said(w, "user import %/x.csv", 70, "b@contoso.test is not stored, since the PIN cannot be");
	assert_non_null(strstr((char *)w->err.p, "nothing was imported"));
	said(w, "user list", 0, "there are no users yet");
	put(w, "seven", "8064213\n");
	said(w, "user add b@contoso.test --pin-file %/seven", 70, "is not stored");
	said(w, "user show b@contoso.test", 67, NULL);
	assert_int_equal(sqlite3_exec(db, "DROP TRIGGER stop", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	said(w, "user import %/x.csv", 0, "3 users imported");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, admin_setup, admin_teardown)
	const struct CMUnitTest tests[] = {T(users), T(common_area), T(who_is_registered), T(user_refusals), T(import), T(import_tells_all), T(import_is_whole)};

	unsetenv("DIALTONE_CONF");
	unsetenv("DIALTONE_PIN");
	unsetenv("DIALTONE_PASSWORD");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
