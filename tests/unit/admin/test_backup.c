/* tests/unit/admin/test_backup.c: a site that is copied and made again: all of it, or nothing. */
#include "tests/support/check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/backup/backup.h"
#include "base/file.h"
#include "base/text.h"

#define NOW 1795000000

struct world {
	char dir[64], backup[80], again[80];
	struct site site;
	struct admin admin;
	struct tree_sum sum;
	struct why why;
};

static void put(const struct world *w, const char *name, const char *text, mode_t mode)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", w->dir, name);
	assert_int_equal(file_write(NULL, path, text, strlen(text), mode), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void folder(const struct world *w, const char *name, mode_t mode)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", w->dir, name);
	assert_int_equal(mkdir(path, mode), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int setup(void **state)
{
	struct store_user u = {.enabled = true, .created = NOW}; /* without login, number and extension: empty texts */
	struct world *w = calloc(1, sizeof *w);
	char path[256];

	assert_non_null(w);
	strcpy(w->dir, "/tmp/dialtone-backup.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	folder(w, "site", 0755);
	text_set(w->site.dir, sizeof w->site.dir, "%s/site", w->dir);
	text_set(w->backup, sizeof w->backup, "%s/backup", w->dir);
	text_set(w->again, sizeof w->again, "%s/again", w->dir);
	folder(w, "site/vault", 0700);
	folder(w, "site/files", 0755);
	folder(w, "site/files/UCPhone", 0750);
	folder(w, "site/logs", 0770);
	folder(w, "site/run", 0755);
	put(w, "site/dialtone.conf", "domain = contoso.test\n", 0644);
	put(w, "site/root.pem", "key\n", 0600);
	put(w, "site/server.pem", "key and chain\n", 0640);
	put(w, "site/vault/secret", "0707\n", 0600);
	put(w, "site/files/UCPhone/CPE.nbt", "", 0604);
	put(w, "site/logs/one", "log\n", 0600);
	put(w, "outside", "not the site's\n", 0600);
	snprintf(path, sizeof path, "%s/site/link", w->dir);
	assert_int_equal(symlink("../outside", path), 0);
	snprintf(path, sizeof path, "%s/site/" STORE_FILE, w->dir);
	store_close(store_sqlite(path, &w->why));
	assert_int_equal(admin_open(&w->admin, &w->site, NOW, "root", &w->why), ADMIN_OK);
	strcpy(u.aor, "alice@contoso.test");
	assert_int_equal(w->admin.store->ops->user_add(w->admin.store, &u), STORE_OK);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	int tmp = open("/tmp", O_RDONLY | O_DIRECTORY);

	admin_close(&w->admin);
	assert_true(tree_remove(tmp, w->dir + strlen("/tmp/"), &w->why));
	close(tmp);
	free(w);
	return 0;
}

/* "0604 " and the contents of a file; "" : it is not there */
static const char *has(const char *dir, const char *name)
{
	static char ret[256];
	struct buf b = {0};
	char path[256];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (lstat(path, &st) < 0)
		return "";
	if (S_ISDIR(st.st_mode)) {
		snprintf(ret, sizeof ret, "folder %04o", st.st_mode & 07777);
		return ret;
	}
	assert_int_equal(file_read(path, 4096, &b), 0);
	snprintf(ret, sizeof ret, "%04o %s", st.st_mode & 07777, buf_cstr(&b));
	buf_free(&b);
	return ret;
}

static void there_and_back(void **state)
{
	struct world *w = *state;
	struct store_user u;
	struct store *s;
	char path[256];

	assert_int_equal(backup_make(&w->admin, w->backup, false, &w->sum, &w->why), ADMIN_OK);
	assert_int_equal(w->sum.files, 6);
	assert_string_equal(has(w->backup, "."), "folder 0700");
	assert_string_equal(has(w->backup, "logs"), "");
	assert_string_equal(has(w->backup, "run"), "");
	assert_string_equal(has(w->backup, "link"), "");
	assert_int_equal(backup_restore(w->backup, w->again, &w->sum, &w->why), ADMIN_OK);
	assert_string_equal(has(w->again, "."), "folder 0755");
	assert_string_equal(has(w->again, "SHA256SUMS"), "");
	assert_string_equal(has(w->again, "dialtone.conf"), "0644 domain = contoso.test\n");
	assert_string_equal(has(w->again, "root.pem"), "0600 key\n");
	assert_string_equal(has(w->again, "server.pem"), "0640 key and chain\n");
	assert_string_equal(has(w->again, "vault"), "folder 0700");
	assert_string_equal(has(w->again, "vault/secret"), "0600 0707\n");
	assert_string_equal(has(w->again, "files/UCPhone"), "folder 0750");
	assert_string_equal(has(w->again, "files/UCPhone/CPE.nbt"), "0604 ");
	assert_memory_equal(has(w->again, "logs"), "folder ", 7);
	assert_memory_equal(has(w->again, "run"), "folder ", 7);
	snprintf(path, sizeof path, "%s/" STORE_FILE, w->again);
	s = store_sqlite(path, &w->why);
	assert_non_null(s);
	assert_int_equal(s->ops->user_get(s, "alice@contoso.test", &u), STORE_OK);
	assert_int_equal(u.created, NOW);
	store_close(s);
}

static void with_logs(void **state)
{
	struct world *w = *state;

	assert_int_equal(backup_make(&w->admin, w->backup, true, &w->sum, &w->why), ADMIN_OK);
	assert_int_equal(backup_restore(w->backup, w->again, &w->sum, &w->why), ADMIN_OK);
	assert_string_equal(has(w->again, "logs/one"), "0600 log\n");
}

static void damaged(void **state)
{
	static const struct {
		const char *name, *text, *said;
	} all[] = {{"backup/root.pem", "another", "./root.pem"}, {"backup/files/new", "more", "./files/new"}, {"backup/zz", "more", "./zz"}};
	struct world *w = *state;
	char path[256];

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		assert_int_equal(backup_make(&w->admin, w->backup, false, &w->sum, &w->why), ADMIN_OK);
		put(w, all[i].name, all[i].text, 0600);
		assert_int_equal(backup_restore(w->backup, w->again, &w->sum, &w->why), ADMIN_REFUSED);
		assert_non_null(strstr(w->why.text, all[i].said));
		assert_string_equal(has(w->again, "."), "");
		assert_true(tree_remove(AT_FDCWD, w->backup, &w->why));
	}
	assert_int_equal(backup_make(&w->admin, w->backup, false, &w->sum, &w->why), ADMIN_OK);
	snprintf(path, sizeof path, "%s/vault/secret", w->backup);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(backup_restore(w->backup, w->again, &w->sum, &w->why), ADMIN_REFUSED);
	assert_non_null(strstr(w->why.text, "./vault/secret"));
	assert_int_equal(backup_restore(w->site.dir, w->again, &w->sum, &w->why), ADMIN_REFUSED);
	assert_non_null(strstr(w->why.text, "no backup"));
}

static void nothing_is_written_over(void **state)
{
	struct world *w = *state;

	assert_int_equal(backup_make(&w->admin, "/nowhere/at/all", false, &w->sum, &w->why), ADMIN_SITE);
	assert_string_equal(w->why.text, "there is no folder '/nowhere/at'; make it with: mkdir -p -m 700 /nowhere/at");
	assert_int_equal(backup_make(&w->admin, w->backup, false, &w->sum, &w->why), ADMIN_OK);
	assert_int_equal(backup_make(&w->admin, w->backup, false, &w->sum, &w->why), ADMIN_EXISTS);
	assert_int_equal(backup_restore(w->backup, w->site.dir, &w->sum, &w->why), ADMIN_EXISTS);
	folder(w, "again", 0700);
	assert_int_equal(backup_restore(w->backup, w->again, &w->sum, &w->why), ADMIN_OK); /* it was empty */
}

static void whole_or_not_there(void **state)
{
	struct world *w = *state;

	put(w, "site/files/a name\nof two lines", "x", 0600); /* which the list of sums cannot tell */
	folder(w, ".backup.partial", 0700);		      /* as one that was killed leaves it */
	put(w, ".backup.partial/half", "x", 0600);
	assert_int_equal(backup_make(&w->admin, w->backup, false, &w->sum, &w->why), ADMIN_SITE);
	assert_string_equal(has(w->dir, "backup"), "");
	assert_string_equal(has(w->dir, ".backup.partial"), "");
	text_set(w->backup, sizeof w->backup, "%s/nowhere/backup", w->dir);
	assert_int_equal(backup_make(&w->admin, w->backup, false, &w->sum, &w->why), ADMIN_SITE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(there_and_back, setup, teardown),
	    cmocka_unit_test_setup_teardown(with_logs, setup, teardown),
	    cmocka_unit_test_setup_teardown(damaged, setup, teardown),
	    cmocka_unit_test_setup_teardown(nothing_is_written_over, setup, teardown),
	    cmocka_unit_test_setup_teardown(whole_or_not_there, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
