/* base/vec.h: room for one more in a growing array.
 *
 *     struct row *more = vec_room(list->row, list->n, &list->cap, sizeof *more);
 *
 *     if (more == NULL)
 *         return false;                  the array is as it was
 *     list->row = more;
 *     list->row[list->n++] = ...;
 *
 * The array starts as NULL with cap 0; free() gives it back.  Growing may leave a copy behind: nothing secret in it.
 */
#ifndef DIALTONE_BASE_VEC_H
#define DIALTONE_BASE_VEC_H

#include <stddef.h>

void *vec_room(void *array, size_t n, size_t *cap, size_t size);

#endif
