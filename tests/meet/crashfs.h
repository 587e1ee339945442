/* tests/meet/crashfs.h: a disk in memory for SQLite, whose power can fail.
 *
 * Data not synced when the power fails are lost sector by sector, at random: old or new, which is what a real
 * disk may do.  crashfs_on() makes it SQLite's default file system.
 */
#ifndef DIALTONE_TESTS_CRASHFS_H
#define DIALTONE_TESTS_CRASHFS_H

#include <stdbool.h>
#include <stdint.h>

void crashfs_on(uint64_t seed);
void crashfs_off(void); /* forgets all files */
void crashfs_fail_at(unsigned n); /* from the n-th write, truncation, sync or removal on, nothing works; 0: never */
bool crashfs_failed(void);
unsigned crashfs_calls(void);
void crashfs_power(void); /* after all files were closed: the fate of data not synced is decided; works again */

#endif
