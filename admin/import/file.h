/* admin/import/file.h opens a file of users so that it can be read twice: from its beginning, and in UTF-8. */
#ifndef DIALTONE_ADMIN_IMPORT_FILE_H
#define DIALTONE_ADMIN_IMPORT_FILE_H

#include "base/why.h"

/* fd itself, or a copy in memory that the caller closes: of a pipe, and of UTF-16, which Windows PowerShell writes ("Unicode").  A
 * copy never gets onto a disk: passwords and PINs may stand there.  -1: *why. */
int import_file(int fd, struct why *why);

#endif
