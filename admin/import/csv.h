/* admin/import/csv.h: fields of comma separated values (RFC 4180), one after the other. */
#ifndef DIALTONE_ADMIN_IMPORT_CSV_H
#define DIALTONE_ADMIN_IMPORT_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/sv.h"

struct csv {
	struct sv rest; /* the rest, not read yet; a byte order mark is the caller's to skip */
	unsigned line;	/* of the octet that is read next, counted from the caller's first value */
};

/* One field into *to (NUL behind it); *last: it was the last of its line.  false: a quote does not close, something stands
 * behind one, or a field holds a NUL. */
bool csv_field(struct csv *c, struct buf *to, bool *last);

/* ---- a file, record by record ------------------------------------------------------------------------------------------ */

#define CSV_RECORD_MAX (64 << 10)

struct csv_file { /* starts as {.fd = ...}; memory for one record, whatever the file's length */
	int fd;
	struct buf text; /* wiped by csv_file_clear() */
	size_t at;	 /* of the next record */
	uint64_t octets; /* read so far */
	bool end;
};

/* The next record with its line end, into *ret, which is good until the next call; n = 0: the end.  NULL, or what is wrong: the
 * file cannot be read, or a record is longer than CSV_RECORD_MAX. */
const char *csv_record(struct csv_file *f, struct sv *ret);
void csv_file_clear(struct csv_file *f);

#endif
