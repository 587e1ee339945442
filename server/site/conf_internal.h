/* server/site/conf_internal.h: the parts of the configuration's reader. */
#ifndef DIALTONE_SERVER_SITE_CONF_INTERNAL_H
#define DIALTONE_SERVER_SITE_CONF_INTERNAL_H

#include <confuse.h>

#include "base/why.h"
#include "server/site/site.h"

/* Of libconfuse's kind: 0 good; -1 refused, and cfg_error() told why. */
int conf_check_value(cfg_t *cfg, cfg_opt_t *opt);
int conf_check_gone(cfg_t *cfg, cfg_opt_t *opt); /* a key of an older release: what to write instead */
extern const char *const conf_gone[]; /* these keys; NULL ends them */
int conf_check_rule(cfg_t *cfg, cfg_opt_t *opt);

/* Missing values follow from given ones.  default_given: DefaultEndpointExpiration stands in the file. */
void conf_complete(struct site *s, bool default_given);

/* NULL, or what does not go together, in `why` or a constant. */
const char *conf_together(const struct site *s, struct why *why);

#endif
