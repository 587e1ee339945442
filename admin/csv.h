/* admin/csv.h: fields of comma separated values (RFC 4180), one after the other. */
#ifndef DIALTONE_ADMIN_CSV_H
#define DIALTONE_ADMIN_CSV_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/sv.h"

struct csv {
	struct sv rest; /* the rest, not read yet; a byte order mark is the caller's to skip */
	unsigned line;	/* of the octet that is read next, counted from the caller's first value */
};

/* One field into *to (NUL behind it); *last: it was the last of its line.  false: a quote does not close, something stands
 * behind one, or a field holds a NUL. */
bool csv_field(struct csv *c, struct buf *to, bool *last);

#endif
