/* tests/fuzz/fuzz_update.c: question (also as a form), answer, image head, catalog, version. */
#include <stdlib.h>
#include <string.h>

#include "wire/update.h"
#include "wire/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n); /* the target */

static void question(const uint8_t *in, size_t n, const char *type)
{
	static struct update_question q, back;
	struct buf b = {0};

	memset(&q, 0, sizeof q);
	if (update_question_read(in, n, type, &q) != NULL)
		return;
	update_question_write(&b, &q);
	if (b.n <= XML_INPUT_MAX && update_question_read(b.p, b.n, NULL, &back) == NULL &&
	    (strcmp(q.model, back.model) != 0 || q.nmodule != back.nmodule))
		abort();
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *in = malloc(n ? n : 1), sha[32];
	static struct update_answer a, back;
	static struct update_image im;
	struct update_version v;
	struct buf b = {0};
	char file[256];
	uint64_t size;

	if (in == NULL)
		abort();
	if (n)
		memcpy(in, p, n);
	question(in, n, NULL);
	question(in, n, "multipart/form-data; boundary=b");
	memset(&a, 0, sizeof a);
	if (update_answer_read(in, n, &a) == NULL) {
		update_answer_write(&b, &a);
		if (b.n <= XML_INPUT_MAX && (update_answer_read(b.p, b.n, &back) != NULL || a.nmodule != back.nmodule))
			abort();
		buf_clear(&b);
	}
	if (update_image_read(in, n, &im) == NULL) {
		if (im.head_n > n || im.head_n > UPDATE_IMAGE_HEAD_MAX)
			abort();
		update_image_write(&b, &im);
		if (update_image_read(b.p, b.n, &im) != NULL)
			abort();
		buf_clear(&b);
	}
	if (update_catalog_read((struct sv){(char *)in, n}, sha, &size, file) == NULL) {
		update_catalog_write(&b, sha, size, file);
		if (update_catalog_read(buf_view(&b), sha, &size, file) != NULL)
			abort();
	}
	update_version_read((struct sv){(char *)in, n}, &v);
	buf_free(&b);
	free(in);
	return 0;
}
