/* tests/unit/host/test_state.c: what lasts: state files and slots, and an installation that is one step whatever the disk does. */
#include "tests/support/host_world.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/state.h"

static void files(void **state)
{
	struct state *s, *other;
	struct stat st;
	char dir[64], path[128], got[8];

	(void)state;
	new_folder(dir);
	snprintf(path, sizeof path, "%s/deep/er", dir);
	assert_int_equal(state_open(path, NULL, &s), 0); /* with its parents */
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(state_open(path, NULL, &other), -EBUSY);
	state_close(s);

	assert_int_equal(state_open(dir, NULL, &s), 0);
	assert_int_equal(state_load(s, "user.pem", got, sizeof got), -ENOENT);
	assert_int_equal(state_save(s, "user.pem", "0123456789", 10), 0);
	assert_int_equal(state_load(s, "user.pem", got, sizeof got), 10); /* the length, though only 8 were asked for */
	assert_memory_equal(got, "01234567", 8);
	assert_int_equal(state_load(s, "user.pem", NULL, 0), 10);
	snprintf(path, sizeof path, "%s/user.pem", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(state_forget(s, "user.pem"), 0);
	assert_int_equal(state_forget(s, "user.pem"), 0);
	assert_int_equal(state_load(s, "user.pem", got, sizeof got), -ENOENT);
	assert_int_equal(state_save(s, "../escape", "x", 1), -EINVAL);
	assert_int_equal(state_save(s, "", "x", 1), -EINVAL);
	assert_int_equal(state_load(s, ".hidden", got, 1), -EINVAL);
	state_close(s);
	remove_folder(dir);
}

static void slots(void **state)
{
	struct state *s;
	char dir[64], got[16];

	(void)state;
	new_folder(dir);
	assert_int_equal(state_open(dir, NULL, &s), 0);
	assert_int_equal(state_slot_size(s, 0), 0);
	assert_int_equal(state_slot_read(s, 0, 0, got, sizeof got), 0);
	assert_int_equal(state_slot_catalog(s, 0, got, sizeof got), -ENOENT);
	assert_int_equal(state_slot_write(s, 4, "late", 4), -EINVAL); /* a hole */
	assert_int_equal(state_slot_write(s, 0, "imag", 4), 0);
	assert_int_equal(state_slot_write(s, 4, "e 1", 3), 0);
	assert_int_equal(state_slot_size(s, 1), 7);
	state_close(s); /* the power goes: the piece is there afterwards */
	assert_int_equal(state_open(dir, NULL, &s), 0);
	assert_int_equal(state_slot_size(s, 1), 7);
	assert_int_equal(state_slot_read(s, 1, 4, got, sizeof got), 3);
	assert_memory_equal(got, "e 1", 3);
	assert_int_equal(state_install(s, "signed", 6), 0);
	assert_int_equal(state_slot_size(s, 0), 7);
	assert_int_equal(state_slot_size(s, 1), 0);
	assert_int_equal(state_slot_catalog(s, 0, got, 2), 6);
	state_close(s);
	assert_int_equal(state_open(dir, NULL, &s), 0); /* and which one is active too */
	assert_int_equal(state_slot_read(s, 0, 0, got, 5), 5);
	assert_memory_equal(got, "image", 5);
	assert_int_equal(state_slot_write(s, 0, "two", 3), 0);
	assert_int_equal(state_slot_write(s, 0, "image 2", 7), 0); /* at 0 it begins anew */
	assert_int_equal(state_install(s, "signed", 6), 0);
	assert_int_equal(state_slot_read(s, 0, 6, got, 1), 1);
	assert_int_equal(got[0], '2');
	assert_int_equal(state_slot_read(s, 1, 6, got, 1), 1);
	assert_int_equal(got[0], '1'); /* the old one is the spare one now */
	state_close(s);
	remove_folder(dir);
}

/* A disk whose n-th call fails: the slot that was active and complete stays so. */
struct weak_disk {
	struct file_ops ops;
	unsigned calls, die_at;
};

static bool dies(void *arg)
{
	struct weak_disk *d = arg;

	return ++d->calls >= d->die_at;
}

static int weak_open(void *arg, const char *path, int flags, mode_t mode)
{
	return dies(arg) ? -EIO : file_posix.open(NULL, path, flags, mode);
}

static ssize_t weak_write(void *arg, int fd, const void *p, size_t n, off_t at)
{
	return dies(arg) ? -EIO : file_posix.write(NULL, fd, p, n, at);
}

static int weak_sync(void *arg, int fd)
{
	return dies(arg) ? -EIO : file_posix.sync(NULL, fd);
}

static int weak_close(void *arg, int fd)
{
	(void)arg;
	return file_posix.close(NULL, fd);
}

static int weak_rename(void *arg, const char *from, const char *to)
{
	return dies(arg) ? -EIO : file_posix.rename(NULL, from, to);
}

static int weak_unlink(void *arg, const char *path)
{
	return dies(arg) ? -EIO : file_posix.unlink(NULL, path);
}

static void install_is_one_step(void **state)
{
	bool finished = false;

	(void)state;
	for (unsigned at = 1; !finished; at++) {
		struct weak_disk d = {{weak_open, weak_write, weak_sync, weak_close, weak_rename, weak_unlink, &d}, 0, 1000};
		struct state *s;
		char dir[64], got[9] = "";
		int e;

		assert_true(at < 40);
		new_folder(dir);
		assert_int_equal(state_open(dir, &d.ops, &s), 0);
		assert_int_equal(state_slot_write(s, 0, "old", 3), 0);
		assert_int_equal(state_install(s, "cat old", 7), 0);
		assert_int_equal(state_slot_write(s, 0, "new", 3), 0);
		d.calls = 0;
		d.die_at = at;
		e = state_install(s, "cat new", 7);
		finished = e == 0;
		state_close(s);
		assert_int_equal(state_open(dir, NULL, &s), 0);
		assert_int_equal(state_slot_read(s, 0, 0, got, 3), 3);
		if (e == 0)
			assert_memory_equal(got, "new", 3);
		assert_int_equal(state_slot_catalog(s, 0, got, 8), 7); /* whole, and of the image beside it */
		assert_memory_equal(got, "cat ", 4);
		{
			char image[4] = "";

			assert_int_equal(state_slot_read(s, 0, 0, image, 3), 3);
			assert_memory_equal(got + 4, image, 3);
		}
		state_close(s);
		remove_folder(dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files),
	    cmocka_unit_test(slots),
	    cmocka_unit_test(install_is_one_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
