/* tests/unit/cmd/test_admin.c: the administrator's verbs as they are typed: what they store, say, and refuse with which status.
 *
 * Each line runs in a process of its own, as it would from a shell.  Configuration and control socket are doubles: the
 * site is the one of setup(), and an order to dialtoned is written down.
 */
#include "tests/support/check.h"

#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/verbs.h"
#include "server/site/conf.h"
#include "server/control/control.h"
#include "server/vault/make.h"

#define NOW 1795000000

struct world {
	char dir[64], conf[128];
	struct buf out, err; /* of the last line */
};

static char web_fqdn[SITE_NAME_MAX] = "fe01.contoso.test";

/* ---- doubles ------------------------------------------------------------------------------------------------- */

bool conf_read(const char *path, struct site *ret, struct why *why)
{
	const char *slash = strrchr(path, '/');

	if (access(path, F_OK) < 0)
		return why_not(why, "%s: No such file or directory", path);
	site_defaults(ret);
	snprintf(ret->dir, sizeof ret->dir, "%.*s", (int)(slash - path), path);
	strcpy(ret->domain, "contoso.test");
	strcpy(ret->fqdn, "fe01.contoso.test");
	strcpy(ret->pool, ret->fqdn);
	strcpy(ret->web_fqdn, web_fqdn);
	return true;
}

bool control_order_user(const char *dir, const char *aor, enum location_order order, unsigned diag, const char *reason,
			unsigned *acted, struct why *why)
{
	struct stat st;
	char dead[128];

	snprintf(dead, sizeof dead, "%s/dead", dir);
	if (stat(dead, &st) == 0)
		return why_not(why, "a worker does not answer");
	fprintf(stderr, "ORDER %s %d %u %s\n", aor, order, diag, reason);
	*acted = 2;
	return true;
}

/* dialtoned runs when there is a file "runs", and does not answer when there is one "mute". */
static bool file_there(const char *dir, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

static const struct control_endpoint endpoints[] = {
    {.aor = "alice@contoso.test", .epid = "c97532c1946f", .instance = "5ccdb10d-dca1-559e-ad2b-b514060a2da2",
     .peer = "10.66.0.148:51234", .seconds = 540,
     .user_agent = "CPE/4.0.7577.4363 OCPhone/4.0.7577.4363 (Microsoft Lync Phone Edition)"},
    {.aor = "alice@contoso.test", .instance = "00000000-dca1-559e-ad2b-b514060a2da2", .peer = "[2001:db8:1234:5678:9abc:def0:1:2]:51234",
     .worker = 13, .seconds = 28800, .outside = true, .user_agent = "a\xff\x1b[31m\xc3\xa9"},
    {.aor = "a.name.as.long.as.some.of.them.are@contoso.test", .epid = "01", .seconds = 1}};

bool control_registered(const char *dir, const char *aor, void (*fn)(void *arg, const struct control_endpoint *e), void *arg,
			bool *nobody, struct why *why)
{
	*nobody = !file_there(dir, "runs");
	if (file_there(dir, "mute"))
		return why_not(why, "no answer: Connection timed out");
	for (size_t i = 0; !*nobody && i < 3; i++)
		if (aor == NULL ? !file_there(dir, "empty-site") : strcmp(aor, endpoints[i].aor) == 0)
			fn(arg, &endpoints[i]);
	return true;
}

bool control_status(const char *dir, struct buf *text, struct why *why)
{
	(void)why;
	if (file_there(dir, "runs"))
		buf_str(text, "worker 0 pid 4711 private 12 restarts 0\nregistered 3\n");
	return true;
}

/* ---- a line ---------------------------------------------------------------------------------------------------- */

static const struct verb *const verbs[] = {&verb_user, &verb_pin, &verb_cert, &verb_device, &verb_update, &verb_netconfig,
					   &verb_status, NULL};
static const struct verb program = {.name = "dialtone", .verbs = verbs};

/* Words end at a blank; '%' stands for the folder, '~' for a blank inside a word. */
static int type(struct world *w, const char *line)
{
	char words[32][256] = {{0}}, *argv[36], out[128], err[128];
	int argc = 3, st = -1;
	size_t n = 0;
	pid_t child;

	argv[0] = strcpy(words[0], "dialtone");
	argv[1] = strcpy(words[1], "-c");
	argv[2] = strcpy(words[2], w->conf);
	snprintf(out, sizeof out, "%s/out", w->dir);
	snprintf(err, sizeof err, "%s/err", w->dir);
	for (const char *c = line;; c++) {
		if (*c == ' ' || *c == '\0') {
			argv[argc] = words[argc];
			argc++;
			n = 0;
			if (*c == '\0')
				break;
		} else if (*c == '%') {
			n += (size_t)snprintf(words[argc] + n, 100, "%s", w->dir);
		} else {
			words[argc][n++] = *c == '~' ? ' ' : *c;
		}
	}
	argv[argc] = NULL;
	if ((child = fork()) == 0) {
		int o = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600), e = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		int null = open("/dev/null", O_RDONLY);

		dup2(null, 0);
		dup2(o, 1);
		dup2(e, 2);
		st = options_main(&program, argc, argv);
		fflush(NULL);
		_exit(st);
	}
	assert_int_equal(waitpid(child, &st, 0), child);
	assert_true(WIFEXITED(st));
	buf_clear(&w->out);
	buf_clear(&w->err);
	assert_int_equal(file_read(out, 1 << 20, &w->out), 0);
	assert_int_equal(file_read(err, 1 << 20, &w->err), 0);
	buf_cstr(&w->out);
	buf_cstr(&w->err);
	return WEXITSTATUS(st);
}

static void said(struct world *w, const char *line, int status, const char *text)
{
	int got = type(w, line);

	if (got != status || (text && strstr((char *)w->out.p, text) == NULL && strstr((char *)w->err.p, text) == NULL))
		fail_msg("%s\nstatus %d, not %d; or not there: '%s'\n%s%s", line, got, status, text ? text : "",
			 (char *)w->out.p, (char *)w->err.p);
}

static void put(struct world *w, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", w->dir, name);
	assert_int_equal(file_write(NULL, path, text, strlen(text), 0600), 0);
}

static struct store *open_store(struct world *w)
{
	struct why why = {0};
	char path[128];
	struct store *s;

	snprintf(path, sizeof path, "%s/" STORE_FILE, w->dir);
	s = store_sqlite(path, &why);
	assert_non_null(s);
	return s;
}

static int setup(void **state)
{
	struct pki_issue what = {.profile = PKI_CODE, .cn = "Update", .not_before = NOW - 86400LL * 365, .not_after = NOW + 86400LL * 3650};
	struct world *w = calloc(1, sizeof *w);
	struct pki_key *key = pki_key_make(2048);
	struct buf der = {0}, pem = {0};
	struct why why = {0};

	assert_true(w && key);
	strcpy(w->dir, "/tmp/dialtone-admin.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->conf, sizeof w->conf, "%s/dialtone.conf", w->dir);
	put(w, "dialtone.conf", "");
	assert_true(vault_keys_make(w->dir, NOW, &why));
	store_close(open_store(w));
	assert_true(pki_issue(&what, key, key, NULL, 0, &der));
	pki_key_write(key, &pem);
	put(w, "update.key", buf_cstr(&pem));
	buf_wipe(&pem);
	pki_pem_add(&pem, "CERTIFICATE", der.p, der.n);
	put(w, "update.pem", buf_cstr(&pem));
	buf_free(&pem);
	buf_free(&der);
	pki_key_free(key);
	put(w, "password", "Pa$$word\n");
	put(w, "pin", "73914\nnot this line\n");
	put(w, "weak", "12345\n");
	put(w, "empty", "\n");
	*state = w;
	return 0;
}

static int forget(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int teardown(void **state)
{
	struct world *w = *state;

	nftw(w->dir, forget, 8, FTW_DEPTH | FTW_PHYS);
	buf_free(&w->out);
	buf_free(&w->err);
	free(w);
	return 0;
}

/* ---- users ----------------------------------------------------------------------------------------------------- */

#define ALICE "user add alice@contoso.test --login CONTOSO\\alice --number +14255550123 --extension 4411"

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
	assert_true(u.enabled && u.remote && strcmp(u.login, "CONTOSO\\alice") == 0 && strcmp(u.extension, "4411") == 0);
	assert_true(vault_secret_load(w->dir, secret, &why));
	assert_true(vault_nt_hash_open(secret, &u, hash));
	assert_int_equal(s->ops->pin_get(s, u.id, &p), STORE_OK);
	assert_true(p.set && p.length == 5);
	store_close(s);
	said(w, "user list", 0, "alice@contoso.test");
	said(w, "user list --json", 0, "\"login\": \"CONTOSO\\\\alice\"");
	said(w, "user show sip:ALICE@contoso.test", 0, "password_set  yes");
	assert_null(strstr((char *)w->out.p, "Pa$$word"));
	said(w, "user set alice@contoso.test --display Alice~A. --no-remote --home-pool pool2.contoso.test", 0, NULL);
	said(w, "user show alice@contoso.test", 0, "home_pool     pool2.contoso.test\ndisplay       Alice A.\n");
	said(w, "user disable alice@contoso.test", 0, "ORDER alice@contoso.test 1 4141 User disabled\n2 phones of alice");
	said(w, "user show alice@contoso.test --json", 0, "\"enabled\": false");
	said(w, "user enable alice@contoso.test", 0, NULL);
	assert_null(strstr((char *)w->err.p, "ORDER"));
	said(w, "user add bob@contoso.test --disabled --extension=4412", 0, NULL);
	said(w, "user show bob@contoso.test", 0, "enabled       no\n");
	put(w, "dead", "");
	said(w, "user disable alice@contoso.test", 70, "it is stored, but dialtoned did not act");
	said(w, "user show alice@contoso.test", 0, "enabled       no\n");
	said(w, "user remove bob@contoso.test", 70, "a worker does not answer");
	said(w, "user show bob@contoso.test", 64, "there is no user 'bob@contoso.test'; 'dialtone user list' shows what is there");
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

static void who_is_registered(void **state)
{
	struct world *w = *state;
	unsigned lines = 0;
	json_t *j;

	said(w, "status --registered", 69, "dialtoned is not running for this site; type: dialtoned -c");
	said(w, ALICE, 0, NULL);
	said(w, "user show alice@contoso.test", 0, "endpoints  not known: dialtoned is not running for this site\n");
	said(w, "user show alice@contoso.test --json", 0, "\"endpoints\": null");
	put(w, "runs", "");
	said(w, "status --registered", 0, "CPE/4.0.7577.4363 OCPhone/4.0.7577.4363 (Microsoft Lync Phone Edition)\n");
	in_columns((char *)w->out.p, 4);
	assert_non_null(strstr((char *)w->out.p, "  a\xef\xbf\xbd?[31m\xc3\xa9\n")); /* what a stranger calls itself: no terminal obeys it */
	said(w, "status --registered --json", 0, NULL);
	for (char *at = (char *)w->out.p, *end; (end = strchr(at, '\n')) != NULL; at = end + 1, lines++) { /* one object a line */
		*end = '\0';
		j = json_loads(at, 0, NULL);
		assert_non_null(j);
		assert_string_equal(json_string_value(json_object_get(j, "address")), endpoints[lines].aor);
		assert_string_equal(json_string_value(json_object_get(j, "epid")), endpoints[lines].epid);
		assert_string_equal(json_string_value(json_object_get(j, "instance")), endpoints[lines].instance);
		assert_string_equal(json_string_value(json_object_get(j, "peer")), endpoints[lines].peer);
		assert_int_equal(json_integer_value(json_object_get(j, "worker")), endpoints[lines].worker);
		assert_int_equal(json_integer_value(json_object_get(j, "expires")), endpoints[lines].seconds);
		assert_true(json_is_boolean(json_object_get(j, "outside")));
		assert_int_equal(json_is_true(json_object_get(j, "outside")), endpoints[lines].outside);
		assert_string_equal(json_string_value(json_object_get(j, "user_agent")),
				    lines == 1 ? "a\xef\xbf\xbd\x1b[31m\xc3\xa9" : endpoints[lines].user_agent);
		json_decref(j);
	}
	assert_int_equal(lines, 3);
	said(w, "status", 78, "registered  3 endpoints\n"); /* 78: there are no certificates here */
	said(w, "status", 78, "name    number  pid   private  restarts\nworker  0       4711  12       0\n");
	said(w, "status --json", 78, "\"registered\": 3");

	said(w, "user show 4411", 0, "signed in now:\naddress             outside  worker  expires  peer ");
	said(w, "user show CONTOSO\\alice", 0, "c97532c1946f");
	said(w, "user show +1~(425)~555-0123", 0, "c97532c1946f");
	said(w, "user show 4499", 64, "there is no user '4499'");
	said(w, "user show alice@contoso.test --json", 0, "\"epid\": \"c97532c1946f\"");
	said(w, "user add bob@contoso.test", 0, NULL);
	said(w, "user show bob@contoso.test", 0, "endpoints  not signed in\n");
	said(w, "user show bob@contoso.test --json", 0, "\"endpoints\": []");
	put(w, "empty-site", "");
	said(w, "status --registered", 0, "no endpoint is registered");
	said(w, "status --registered --json", 0, NULL);
	assert_int_equal(w->out.n + w->err.n, 0);
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
	    {"user add", 64, "type: dialtone user add ADDRESS"},
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
	    {"user add a@contoso.test --login contoso\\ALICE", 64, "this login belongs to alice@contoso.test; to change"},
	    {"user set a@contoso.test --display A", 64, "there is no user 'a@contoso.test'"},
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
	said(w, "user list", 78, "there is no store");
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
	said(w, "pin show carol@contoso.test", 0, "IsPinSet           yes");
	said(w, "user import %/u.csv", 64, ":2: carol@contoso.test exists already; to change existing users, add --update");
	put(w, "v.csv", "address,display\nerin@contoso.test,Erin\ncarol@contoso.test,Carol\n");
	said(w, "user import %/v.csv", 64, ":3: carol@contoso.test exists already");
	said(w, "user show erin@contoso.test", 64, NULL); /* all or nothing */
	said(w, "user import %/v.csv --update", 0, "2 users imported");
	said(w, "user show carol@contoso.test", 0, "number        +14255550125\nextension     4425\n");
	assert_non_null(strstr((char *)w->out.p, "remote        no")); /* what the file does not say stays */
	put(w, "x.csv", "address,login\nf@contoso.test,CONTOSO\\f\ng@contoso.test,contoso\\F\n");
	said(w, "user import %/x.csv", 64, ":3: line 2 has the same");
	put(w, "x.csv", "address,login\nf@contoso.test,CONTOSO\\carol\n");
	said(w, "user import %/x.csv", 64, "belongs to carol@contoso.test");
	put(w, "x.csv", "address,pin\nf@contoso.test,1111\n");
	said(w, "user import %/x.csv", 64, ":2: ");
	put(w, "x.csv", "address,logon\n");
	said(w, "user import %/x.csv", 64, ":1: there is no column 'logon'; the columns are: address");
	put(w, "x.csv", "login\na\n");
	said(w, "user import %/x.csv", 64, "the column 'address' is missing");
	put(w, "x.csv", "address,login\nf@contoso.test\n");
	said(w, "user import %/x.csv", 64, ":2: it has fewer fields");
	put(w, "x.csv", "address\nf@contoso.test,x\n");
	said(w, "user import %/x.csv", 64, ":2: it has more fields");
	put(w, "x.csv", "address\n\"f@contoso.test\n");
	said(w, "user import %/x.csv", 64, ":2: a quote does not close");
	said(w, "user show f@contoso.test", 64, NULL);
	put(w, "x.csv", "\xef\xbb\xbf\r\n");
	said(w, "user import %/x.csv", 64, "it is empty; begin it with: address,login,number");
	put(w, "x.csv", "address;login\nf@contoso.test;\n");
	said(w, "user import %/x.csv", 64, ":1: there is no column 'address;login'; separate the fields by commas");
	{
		static const char utf16[] = "\xff\xfe" "a\0d\0d\0r\0e\0s\0s\0\r\0\n";
		char path[128];

		snprintf(path, sizeof path, "%s/x.csv", w->dir);
		assert_int_equal(file_write(NULL, path, utf16, sizeof utf16, 0600), 0);
		said(w, "user import %/x.csv", 64, "it is not UTF-8; save it as CSV in UTF-8");
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
	said(w, "user show b@contoso.test", 64, NULL);
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
	said(w, "user show b@contoso.test", 64, NULL);
	assert_int_equal(sqlite3_exec(db, "DROP TRIGGER stop", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	said(w, "user import %/x.csv", 0, "3 users imported");
}

/* ---- PINs, certificates ------------------------------------------------------------------------------------------- */

static void guessed(void *arg, struct store_tries *t)
{
	(void)arg;
	t->global = 5000; /* wrong passwords */
}

static void pins(void **state)
{
	struct world *w = *state;
	struct store_pin p;
	struct store_user u;
	struct store *s;

	said(w, ALICE, 0, NULL);
	said(w, "pin show alice@contoso.test", 0, "IsPinSet           no");
	said(w, "pin set alice@contoso.test", 64, "give --pin-file FILE, or $DIALTONE_PIN, or --generate");
	said(w, "pin set alice@contoso.test --pin-file %/weak", 64, "the PIN of alice@contoso.test is refused");
	said(w, "pin set alice@contoso.test --pin-file %/pin", 0, NULL);
	said(w, "pin set alice@contoso.test --generate", 0, NULL);
	assert_int_equal(w->out.n, 6); /* five digits and a newline */
	said(w, "pin set alice@contoso.test --generate --json", 0, "\"pin\": \"");
	said(w, "pin set alice@contoso.test --generate --pin-file %/pin", 64, "contradict each other");
	said(w, "pin set nobody@contoso.test --generate", 64, "there is no user");
	s = open_store(w);
	assert_int_equal(s->ops->user_get(s, "alice@contoso.test", &u), STORE_OK);
	assert_int_equal(s->ops->pin_get(s, u.id, &p), STORE_OK);
	p.global = 1000;
	p.local = 25;
	assert_int_equal(s->ops->pin_set(s, u.id, &p, 0), STORE_OK);
	assert_int_equal(s->ops->password_step(s, u.id, guessed, NULL), STORE_OK);
	store_close(s);
	said(w, "pin show alice@contoso.test", 0, "IsLockedOut        yes");
	said(w, "pin show alice@contoso.test --json", 0, "\"locked_until\": \"unlocked by hand\"");
	said(w, "pin show alice@contoso.test --json", 0, "\"password_until\": \"unlocked by hand\"");
	said(w, "user add bob@contoso.test", 0, NULL);
	said(w, "pin show", 0, "alice@contoso.test  yes       yes          unlocked by hand  ");
	assert_non_null(strstr((char *)w->out.p, "bob@contoso.test    no        no           -                 "));
	said(w, "pin show --json", 0, "\"address\": \"bob@contoso.test\"");
	said(w, "pin unlock alice@contoso.test", 0, NULL);
	said(w, "pin show alice@contoso.test --json", 0, "\"IsLockedOut\": false");
	said(w, "pin show alice@contoso.test --json", 0, "\"password_until\": null"); /* the password as well */
	said(w, "pin --help", 0, "pin set alice@contoso.test --generate");
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
	said(w, "cert list --json", 0, "\"PublicationTime\": \"2026-11-18T");
	said(w, "cert revoke alice@contoso.test", 0, "1 certificate of alice@contoso.test revoked");
	assert_non_null(strstr((char *)w->err.p, "ORDER alice@contoso.test 0 4140 Certificate revoked"));
	said(w, "cert list", 0, "no certificate is published");
	said(w, "cert revoke nobody@contoso.test", 64, "there is no user");
	said(w, "device list", 0, "no device has asked");
}

/* ---- updates -------------------------------------------------------------------------------------------------------- */

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
	said(w, "update list", 0, "POLYCOM  CX600  A         ENU     -                -               4.0.7577.4387 ");
	put(w, "bare.nbt", "firmware");
	said(w, "update import %/bare.nbt", 64, "bare.nbt' has no catalog '");
	said(w, "update approve hp/4110", 64, "there is no rule 'hp/4110'");
	said(w, "update approve Polycom/cx600", 0, "approved 4.0.7577.4387, restore -, pending -");
	said(w, "update approve 1", 64, "has nothing pending");
	said(w, SIGN "4.0.7577.5000 --json", 0, "CPE.cat\"\n}");
	said(w, "update import %/CPE.nbt --approve --min-installed 3.5.0.0", 0, "version 4.0.7577.5000 is approved");
	said(w, "update list --json", 0, "\"RestoreVersion\": \"4.0.7577.4387\"");
	/* the same once more, by both roads: the version to go back to is not lost */
	said(w, "update import %/CPE.nbt", 0, "is pending");
	said(w, "update approve 1", 0, "approved 4.0.7577.5000, restore 4.0.7577.4387, pending -");
	said(w, "update import %/CPE.nbt --approve", 0, "is approved");
	said(w, "update restore 1", 0, "approved 4.0.7577.4387, restore -");
	said(w, "update import %/CPE.nbt", 0, NULL);
	said(w, "update reject 1", 0, "pending -");
	said(w, "update restore 1", 0, "approved -");
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
	said(w, "update testdevice add lab --mac 00-04-f2-00-01-76", 0, NULL);
	said(w, "update testdevice list", 0, "0004F2000176");
	said(w, "update testdevice add lab --mac 00-04-f2-00-01", 64, "'00-04-f2-00-01' is not a MAC address");
	said(w, "update testdevice remove lab", 0, NULL);
	said(w, "update testdevice remove lab", 64, "there is no test device 'lab'");
	said(w, "update testdevice frob", 64, "type one of: add, remove, list");
	said(w, "update remove 1", 0, NULL);
	snprintf(path, sizeof path, "%s/files/UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4387/CPE.nbt", w->dir);
	assert_int_equal(access(path, F_OK), -1);
	said(w, "update list", 0, "there are no rules yet");
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
	said(w, "netconfig zone", 0, "; ucupdates-r2.contoso.test. needs an address\n");
	assert_non_null(strstr((char *)w->out.p, "; ns1.contoso.test. needs an address\n"));
	assert_null(strstr((char *)w->out.p, " A "));
	said(w, "netconfig zone --sip 10.20.0.10 --dns=10.20.0.1", 0, "ns1.contoso.test. A 10.20.0.1\n");
	assert_non_null(strstr((char *)w->out.p, "ucupdates-r2.contoso.test. A 10.20.0.10\n"));
	assert_null(strstr((char *)w->out.p, "needs an address"));
	said(w, "netconfig zone --sip 10.20.0.10 --ns ns.example.test.", 0, "@ NS ns.example.test.\n");
	assert_null(strstr((char *)w->out.p, ";"));
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

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(users), T(who_is_registered), T(user_refusals), T(import), T(import_tells_all), T(import_is_whole),
					   T(pins), T(certs), T(updates), T(netconfig)};

	unsetenv("DIALTONE_CONF");
	unsetenv("DIALTONE_PIN");
	unsetenv("DIALTONE_PASSWORD");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
