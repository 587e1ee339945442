/* store/internal.h holds what the files of an SQLite store share. */
#ifndef DIALTONE_STORE_INTERNAL_H
#define DIALTONE_STORE_INTERNAL_H

#include "store/store.h"

#define STORE_READONLY "the store %s is on a read-only file system: mount it for writing (a disk that failed is mounted read-only: see dmesg)"

bool store_is_readonly(const char *path); /* its file system is */
bool store_disk_is_full(const char *path); /* for a transaction, or for another file beside the store, which need not be there yet */
void store_damaged(const char *path, const char *said, struct why *why); /* the sentence, and what to do */

#endif
