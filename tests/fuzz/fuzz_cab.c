/* tests/fuzz/fuzz_cab.c: a package as an administrator downloads it: cabinets in cabinets, names, descriptions.  Whatever it is, nothing
 * of it is larger than the limits, no path leads upwards, and each image in it is either for a device or has a reason why not.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/packages.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

static void paths(const struct cab_file *f)
{
	struct sv rest = sv_of(f->path);

	while (rest.p) {
		struct sv part = sv_cut(&rest, '/');

		if (part.n == 0 || part.p[0] == '.')
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const endings[] = {".nbt", ".cat", ".xml", NULL};
	static const struct cab_limits limits = {.entries = 64, .depth = 3, .file = 1 << 20, .all = 4 << 20};
	static const struct update_image none;
	uint8_t *in = malloc(n ? n : 1);
	struct cab c = {0};
	struct why why = {0};
	uint64_t all = 0;

	if (in == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	if (!cab_read((struct sv){(const char *)in, n}, &limits, endings, &c, &why) && why.text[0] == '\0')
		abort();
	for (size_t i = 0; i < c.n; i++) {
		struct update_image im = {0};
		struct why no = {0};

		all += c.file[i].data.n;
		paths(&c.file[i]);
		if (!package_identify(&c, c.file[i].path, &none, &im, &no) && no.text[0] == '\0')
			abort();
	}
	if (c.n > limits.entries || all > limits.all)
		abort();
	cab_clear(&c);
	free(in);
	return 0;
}
