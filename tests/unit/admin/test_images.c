/* tests/unit/admin/test_images.c: what the store names is deleted below DIR/files, and nothing else is. */
#include "tests/support/check.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/images.h"
#include "admin/rules.h"

struct world {
	char dir[64];
	struct site site;
	struct admin admin;
};

static void path_of(const struct world *w, const char *name, char ret[256])
{
	snprintf(ret, 256, "%s/%s", w->dir, name);
}

static void put(const struct world *w, const char *name)
{
	char path[256];

	path_of(w, name, path);
	assert_int_equal(file_write(NULL, path, "x", 1, 0600), 0);
}

static bool there(const struct world *w, const char *name)
{
	struct stat st;
	char path[256];

	path_of(w, name, path);
	return lstat(path, &st) == 0;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct why why = {0};
	char path[256];

	assert_non_null(w);
	strcpy(w->dir, "/tmp/dialtone-images.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	strcpy(w->site.dir, w->dir);
	w->admin.site = &w->site;
	assert_non_null(w->admin.store = store_sqlite(":memory:", &why));
	for (size_t i = 0; i < 4; i++) {
		path_of(w, (const char *[]){"files", "files/a", "files/a/b", "other"}[i], path);
		assert_int_equal(mkdir(path, 0700), 0);
	}
	put(w, "files/a/b/CPE.nbt");
	put(w, "files/a/b/CPE.cat");
	put(w, "other/precious");
	*state = w;
	return 0;
}

static int forget(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static int teardown(void **state)
{
	struct world *w = *state;

	store_close(w->admin.store);
	nftw(w->dir, forget, 8, FTW_DEPTH | FTW_PHYS);
	free(w);
	return 0;
}

static void below_only(void **state)
{
	struct world *w = *state;
	static const char *const names[] = {
	    "../other/precious", "a/../../other/precious", "a/b/../../../other/precious", "", "/", "a/", "a//b/CPE.nbt", ".", "..", "a/b",
	    "way/precious", "a/link", "./a/b/CPE.nbt", "a/.hidden", "a/b/CPE.nbt/x"};
	struct why why = {0};
	char path[256], to[256], long_name[400];

	path_of(w, "other", to);
	path_of(w, "files/way", path);
	assert_int_equal(symlink(to, path), 0); /* a folder on the way */
	path_of(w, "other/precious", to);
	path_of(w, "files/a/link", path);
	assert_int_equal(symlink(to, path), 0); /* the file itself */
	put(w, "files/a/.hidden");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		why.text[0] = '\0';
		if (image_file_remove(&w->admin, names[i], &why) != ADMIN_SITE || strstr(why.text, "is left alone") == NULL)
			fail_msg("'%s': %s", names[i], why.text);
	}
	assert_int_equal(image_file_remove(&w->admin, to, &why), ADMIN_SITE); /* an absolute one */
	memset(long_name, 'x', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	assert_int_equal(image_file_remove(&w->admin, long_name, &why), ADMIN_SITE);
	assert_true(there(w, "other/precious") && there(w, "files/a/b/CPE.nbt") && there(w, "files/a/link") && there(w, "files/a/.hidden"));
	assert_int_equal(image_file_remove(&w->admin, "a/b/CPE.nbt", &why), ADMIN_OK);
	assert_false(there(w, "files/a/b/CPE.nbt"));
	assert_int_equal(image_file_remove(&w->admin, "a/b/CPE.nbt", &why), ADMIN_OK); /* it is not there: fine */
	assert_int_equal(image_file_remove(&w->admin, "nowhere/CPE.nbt", &why), ADMIN_OK);
}

/* A store that names what is not its own: the rule goes, its other files go, the stranger's file stays. */
static void a_hostile_store(void **state)
{
	struct world *w = *state;
	struct store_rule r = {.device_type = "UCPhone", .brand = "POLYCOM", .model = "CX600", .revision = "A", .locale = "ENU"};
	struct store_image bad = {.version = "1.0.0.0", .file = "../other/precious", .signature = "a/b/CPE.cat"};
	struct store_image good = {.version = "2.0.0.0", .file = "a/b/CPE.nbt", .signature = "a/b/CPE.cat"};
	struct why why = {0};

	assert_int_equal(rule_import(w->admin.store, &r, &bad, false), STORE_OK);
	assert_int_equal(rule_import(w->admin.store, &r, &good, false), STORE_OK);
	assert_int_equal(rules_remove(&w->admin, "polycom/cx600", &why), ADMIN_SITE);
	assert_non_null(strstr(why.text, "'../other/precious' is not a plain file below"));
	assert_true(there(w, "other/precious"));
	assert_false(there(w, "files/a/b/CPE.nbt") || there(w, "files/a/b/CPE.cat"));
	assert_int_equal(rules_remove(&w->admin, "polycom/cx600", &why), ADMIN_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(below_only, setup, teardown),
					   cmocka_unit_test_setup_teardown(a_hostile_store, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
