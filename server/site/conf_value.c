/* server/site/conf_value.c: the checks of one value, when it is read: then the line is known. */
#include "server/site/conf_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/name.h"
#include "net/listen.h"
#include "net/subnets.h"
#include "server/site/keys.h"

/* "An unsupported value keeps the WTS from starting": WsFed, OAuth, Anon and Auth are names of the product, too. */
static const char *const ways[] = {"None", "WebTicketServiceWinNegotiate", "WebTicketServiceWinNtlm", "WebTicketServiceCert",
				   "WebTicketServicePin", NULL};
/* Negotiate is the product's own default: of what it offers, NTLM is spoken here. */
static const char *const windows[] = {"NTLM", "None", "Negotiate", NULL};

static int check_word(cfg_t *cfg, cfg_opt_t *opt, const char *const *words, const char *v)
{
	char all[256] = "";

	for (size_t i = 0; words[i]; i++) {
		size_t n = strlen(all);

		if (strcasecmp(v, words[i]) == 0)
			return 0;
		snprintf(all + n, sizeof all - n, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
	}
	cfg_error(cfg, "%s = %s: write %s", opt->name, v, all);
	return -1;
}

static int check_thumbs(cfg_t *cfg, cfg_opt_t *opt, const char *v)
{
	struct sv rest = sv_of(v);
	char thumb[41] = "";
	unsigned n = 0;

	while (rest.n && n < SITE_TRUSTED && site_thumb_next(&rest, thumb))
		n++;
	if (rest.n == 0 && (n || v[0] == '\0') && strlen(thumb) % 40 == 0)
		return 0;
	cfg_error(cfg, "%s = %s: write SHA-1 thumbprints of 40 hexadecimal digits, %d at most", opt->name, v, SITE_TRUSTED);
	return -1;
}

static int check_text(cfg_t *cfg, cfg_opt_t *opt, const struct site_key *k, const char *v)
{
	struct why why = {0};

	if (k->kind == KEY_WINDOWS || k->kind == KEY_WAY || k->kind == KEY_LEGACY || k->kind == KEY_LEVEL || k->kind == KEY_BINDING)
		return check_word(cfg, opt,
				  k->kind == KEY_WAY      ? ways
				  : k->kind == KEY_LEGACY ? site_legacy_words
				  : k->kind == KEY_BINDING ? site_binding_words
				  : k->kind == KEY_LEVEL  ? site_level_words
							  : windows,
				  v);
	if (k->kind == KEY_THUMBS)
		return check_thumbs(cfg, opt, v);
	if (k->kind == KEY_DIGITS && v[strspn(v, "0123456789")] != '\0') {
		cfg_error(cfg, "%s = %s: write digits", opt->name, v);
		return -1;
	}
	if (strlen(v) >= k->size) {
		cfg_error(cfg, "%s = %s: longer than %zu characters", opt->name, v, k->size - 1);
		return -1;
	}
	for (const char *c = v; *c; c++)
		if ((unsigned char)*c < ' ') {
			cfg_error(cfg, "%s: there is a control character in it", opt->name);
			return -1;
		}
	if (k->kind == KEY_SUBNETS && !subnets_check(v, &why)) {
		cfg_error(cfg, "%s: %s", opt->name, why.text);
		return -1;
	}
	if (k->kind == KEY_NAME && v[0] && name_check(sv_of(v)) != NULL) {
		cfg_error(cfg, "%s = %s: write a host name; %s", opt->name, v, name_check(sv_of(v)));
		return -1;
	}
	if (k->kind == KEY_ADDRESS && v[0] && !net_address_is(v)) {
		cfg_error(cfg, "%s = %s: this is not an IPv4 or IPv6 address", opt->name, v);
		return -1;
	}
	return 0;
}

/* Numbers and booleans are taken as text, so that a refusal can quote what was typed. */
static int check_number(cfg_t *cfg, cfg_opt_t *opt, const struct site_key *k, const char *v)
{
	uint64_t n;

	if (sv_u64(sv_of(v), k->most, &n) && n >= k->least)
		return 0;
	cfg_error(cfg, "%s = %s: write a number from %lu to %lu", opt->name, v, k->least, k->most);
	return -1;
}

int conf_check_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct site_key *k = site_key_find(opt->name, strcmp(cfg_name(cfg), "dns") == 0);
	const char *v = cfg_opt_getnstr(opt, 0);

	if (k == NULL || v == NULL)
		return -1;
	switch (k->kind) {
	case KEY_NUMBER:
	case KEY_PORT:
		return check_number(cfg, opt, k, v);
	case KEY_BOOLEAN:
		if (site_boolean(v) >= 0)
			return 0;
		cfg_error(cfg, "%s = %s: write true or false", opt->name, v);
		return -1;
	default:
		return check_text(cfg, opt, k, v);
	}
}

int conf_check_rule(cfg_t *cfg, cfg_opt_t *opt)
{
	unsigned n = cfg_opt_size(opt);
	struct site_version_rule r;
	const char *v = n ? cfg_opt_getnstr(opt, n - 1) : NULL;

	if (n > SITE_RULES) {
		cfg_error(cfg, "%s: more than %d rules", opt->name, SITE_RULES);
		return -1;
	}
	if (v && !site_rule_read(v, &r)) {
		cfg_error(cfg, "%s: \"%s\": write \"allow PATTERN\" or \"block PATTERN\"", opt->name, v);
		return -1;
	}
	return 0;
}

/* Older releases wrote them into every file, as 0: so they are taken as long as they mean nothing. */
const char *const conf_gone[] = {"legacy_address", "legacy_sip_tls", "legacy_https", NULL};

int conf_check_gone(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *v = cfg_opt_getnstr(opt, 0);

	if (v == NULL || v[0] == '\0' || strcmp(v, "0") == 0)
		return 0;
	cfg_error(cfg, "%s = %s: TLS 1.0 has the same addresses and ports as all else now: write legacy = known and legacy_known instead",
		  opt->name, v);
	return -1;
}
