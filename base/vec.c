#include "base/vec.h"

#include <stdlib.h>

void *vec_room(void *array, size_t n, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap : 32;
	void *more;

	if (array && n < *cap)
		return array;
	if (*cap && __builtin_mul_overflow(want, (size_t)2, &want))
		return NULL;
	more = reallocarray(array, want, size);
	if (more)
		*cap = want;
	return more;
}
