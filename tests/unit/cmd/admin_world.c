#include "tests/unit/cmd/admin_world.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/verbs.h"
#include "server/site/conf.h"
#include "server/control/control.h"
#include "server/vault/make.h"

char web_fqdn[SITE_NAME_MAX] = "fe01.contoso.test";

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

bool control_drain(const char *dir, bool on, unsigned seconds, unsigned *phones, bool *changed, bool *nobody, struct why *why)
{
	(void)dir;
	(void)seconds;
	(void)why;
	*nobody = false;
	*changed = true;
	*phones = on ? 7 : 0;
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

const struct control_endpoint endpoints[3] = {
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

static const struct control_phone phones[] = {
    {.mac = "00:04:f2:00:00:06", .model = "CX600", .firmware = "4.0.7577.4363", .user = "alice@contoso.test", .number = "4411",
     .address = "10.66.0.148", .state = "registered", .code = "ok", .failed_ms = -1, .since_ms = 125000, .seen_ms = 2000,
     .began_ms = 130000, .expires = 540, .ways = 1, .proved = true, .nstep = 2,
     .step = {{"ticket", "answered", 129000, 700}, {"update", "answered", 130000, 20}}},
    {.mac = "00:04:f2:00:00:07", .model = "CX500", .user = "bob\x1b[31m@contoso.test", .address = "10.66.0.149", .state = "refused",
     .code = "pin-refused", .cause = "wrong PIN", .failed = "pin-refused", .failed_ms = 61000, .since_ms = 61000, .seen_ms = 61000,
     .began_ms = 65000, .stage = 7, .ways = 3, .nstep = 1, .step = {{"ticket", "refused", 61000, 40}}}};

bool control_phones(const char *dir, void (*fn)(void *arg, const struct control_phone *p), void *arg, bool *nobody,
		    struct why *why)
{
	*nobody = !file_there(dir, "runs");
	if (file_there(dir, "mute"))
		return why_not(why, "no answer: Connection timed out");
	for (size_t i = 0; !*nobody && i < 2; i++)
		fn(arg, &phones[i]);
	return true;
}

bool control_status(const char *dir, struct buf *text, struct why *why)
{
	(void)why;
	if (!file_there(dir, "runs"))
		return true;
	if (!file_there(dir, "silent-about-its-version"))
		buf_str(text, file_there(dir, "of-another-version") ? "version 0.0.9\n" : "version " DIALTONE_VERSION "\n");
	buf_str(text, "worker 0 pid 4711 private 12 restarts 0\nregistered 3\n");
	return true;
}

/* ---- a line ---------------------------------------------------------------------------------------------------- */

static const struct verb *const verbs[] = {&verb_user, &verb_pin, &verb_audit, &verb_pool, &verb_cert, &verb_device, &verb_update, &verb_netconfig,
					   &verb_status, &verb_phones, NULL};
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
			words[argc][n] = *c;
			if (*c == '~')
				words[argc][n] = ' ';
			n++;
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

void said(struct world *w, const char *line, int status, const char *text)
{
	int got = type(w, line);

	if (got != status || (text && strstr((char *)w->out.p, text) == NULL && strstr((char *)w->err.p, text) == NULL))
		fail_msg("%s\nstatus %d, not %d; or not there: '%s'\n%s%s", line, got, status, text ? text : "",
			 (char *)w->out.p, (char *)w->err.p);
}

void put(struct world *w, const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", w->dir, name);
	assert_int_equal(file_write(NULL, path, text, strlen(text), 0600), 0);
}

struct store *open_store(struct world *w)
{
	struct why why = {0};
	char path[128];
	struct store *s;

	snprintf(path, sizeof path, "%s/" STORE_FILE, w->dir);
	s = store_sqlite(path, &why);
	assert_non_null(s);
	return s;
}

int admin_setup(void **state)
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

int admin_teardown(void **state)
{
	struct world *w = *state;

	nftw(w->dir, forget, 8, FTW_DEPTH | FTW_PHYS);
	buf_free(&w->out);
	buf_free(&w->err);
	free(w);
	return 0;
}
