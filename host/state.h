/* host/state.h: what a phone keeps when the power goes: small files, and two image slots, in one folder.
 *
 *     DIR/<name>              the phone's files, 0600, each whole or not there (base/file.h)
 *     DIR/image.0 image.1     the slots            DIR/image.0.cat image.1.cat   their signatures
 *     DIR/active              "0" or "1": which slot is the active one.  Installing writes this file: one step.
 *     DIR/lock                held while a phone uses the folder
 *
 * An image is written piece by piece; it is synced before the next file of the phone is saved and before it is installed,
 * so that no saved state refers to octets the disk does not have.
 */
#ifndef DIALTONE_HOST_STATE_H
#define DIALTONE_HOST_STATE_H

#include "base/file.h"

struct state;

/* Makes the folder (0700) and its parents when absent. -EBUSY: another phone uses it. ops NULL: the real ones. */
int state_open(const char *dir, const struct file_ops *ops, struct state **ret);
void state_close(struct state *s);
/* The same for a folder that is there, by its descriptor, which stays open as long as the state; `dir` is its name for people. */
int state_open_folder(int folder, const char *dir, const struct file_ops *ops, struct state **ret);
int state_make_folders(const char *dir);
const char *state_dir(const struct state *s);  /* its name */
const char *state_path(const struct state *s); /* where its files are opened */

long state_load(struct state *s, const char *name, void *p, size_t cap);
int state_save(struct state *s, const char *name, const void *p, size_t n);
int state_forget(struct state *s, const char *name);

/* As in struct dt_body. slot 0: the active one, 1: the spare one. */
int64_t state_slot_size(struct state *s, unsigned slot);
long state_slot_read(struct state *s, unsigned slot, uint64_t at, void *p, size_t n);
int state_slot_write(struct state *s, uint64_t at, const void *p, size_t n);
int state_slot_catalog(struct state *s, unsigned slot, void *p, size_t cap);
int state_install(struct state *s, const void *catalog, size_t n);

#endif
