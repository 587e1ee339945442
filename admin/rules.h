/* admin/rules.h: which firmware the phones get: the transitions of an update rule (update-service reference 3.2).
 *
 * A rule has three versions: approved (all phones get it), pending (only test devices get it) and restore (what was
 * approved before).  The functions on struct store_rule are pure; those on struct store read the rule anew, change it
 * and write it with its image in one transaction: both are on disk, or neither.
 */
#ifndef DIALTONE_ADMIN_RULES_H
#define DIALTONE_ADMIN_RULES_H

#include <stdbool.h>

#include "admin/admin.h"

/* false: the rule has nothing that could be approved, rejected or restored; *r is untouched. */
typedef bool rule_transition(struct store_rule *r);

/* "Restore := Approved; Approved := Pending; Pending := empty".  A version that is approved already, and was imported
 * once more, leaves Restore alone: it would else be lost as the version to go back to. */
rule_transition rule_approve;
/* "only a pending rule; Pending := empty; test devices go back to Approved" */
rule_transition rule_reject;
/* "Approved := Restore (phones uninstall and fetch the older one); with no Restore version the update is just uninstalled.
 * Restore := empty afterwards" */
rule_transition rule_restore;

/* The transition of the rule that has r's identity; its approved image may serve as a stepping stone from then on.
 * Fills *r with the rule as it is then.  STORE_NONE: there is no such rule (any more); *done false: the transition
 * refused, and nothing was written. */
enum store_result rule_change(struct store *s, struct store_rule *r, rule_transition *transition, bool *done);

/* "Import-CsDeviceUpdate: new/updated rule, PendingVersion = package version; Approved/Restore untouched": the rule of
 * r's identity is made when it is not there, im->version becomes pending, or with `approve` approved.  Fills *r and
 * im->rule.  An image that was approved at some time stays one when it is imported once more. */
enum store_result rule_import(struct store *s, struct store_rule *r, struct store_image *im, bool approve);

/* ---- verbs ------------------------------------------------------------------------------------------------------- */

enum admin_result rules_get(struct admin *a, const char *name, struct store_rule *ret, struct why *why);
enum admin_result rules_each(struct admin *a, bool (*each)(void *arg, const struct store_rule *r), void *arg, struct why *why);
/* Fills *ret with the rule as it is then. */
enum admin_result rules_approve(struct admin *a, const char *name, struct store_rule *ret, struct why *why);
enum admin_result rules_reject(struct admin *a, const char *name, struct store_rule *ret, struct why *why);
enum admin_result rules_restore(struct admin *a, const char *name, struct store_rule *ret, struct why *why);
/* Forgets the rule and deletes its files.  ADMIN_SITE: the rule is gone, a file is not. */
enum admin_result rules_remove(struct admin *a, const char *name, struct why *why);

#endif
