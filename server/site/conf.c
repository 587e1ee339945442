#include "server/site/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/sv.h"
#include "base/text.h"
#include "server/site/conf_internal.h"
#include "server/site/keys.h"

enum { FILE_MAX_OCTETS = 1 << 20, CONF_OPTIONS_MAX = SITE_KEYS_MAX + 6 };

/* ---- what was wrong ---------------------------------------------------------------------------------------------- */

struct wrong {
	const char *path;
	struct why *why;
};
/* libconfuse hands its error function nothing of the caller's: this is the one place where it can be left. */
static _Thread_local struct wrong wrong;

static void refuse(cfg_t *cfg, const char *fmt, va_list ap)
{
	char where[PATH_MAX + 16] = "", text[WHY_TEXT_MAX];

	if (wrong.why == NULL || wrong.why->text[0])
		return; /* the first is the cause */
	if (cfg)
		snprintf(where, sizeof where, "%s:%d: ", wrong.path, cfg->line);
	why_set(wrong.why, "%s%s", where, text_vset(text, sizeof text, fmt, ap));
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static void take_all(struct site *s, cfg_t *cfg, bool dns)
{
	for (unsigned i = 0; i < site_nkeys; i++) {
		const struct site_key *k = &site_keys[i];
		const char *name = site_key_name(k);

		if (site_key_dns(k) == dns && cfg_size(cfg, name) && cfg_getstr(cfg, name))
			site_key_set(s, k, cfg_getstr(cfg, name));
	}
}

static bool folder_of(const char *path, struct site *s, struct why *why)
{
	char *real = realpath(path, NULL), *slash;

	if (real == NULL)
		return why_not(why, "%s: %s", path, strerror(errno));
	slash = strrchr(real, '/');
	if (slash == real)
		slash++;
	*slash = '\0';
	if (!sv_copy(s->dir, sizeof s->dir, sv_of(real))) {
		why_set(why, "%s: the path is too long", path);
		free(real);
		return false;
	}
	free(real);
	return true;
}

static cfg_t *grammar(cfg_opt_t options[CONF_OPTIONS_MAX], cfg_opt_t dns[SITE_KEYS_MAX + 1])
{
	static const cfg_opt_t end = CFG_END();
	size_t n = 0, m = 0;
	cfg_t *cfg;

	for (unsigned i = 0; i < site_nkeys; i++) {
		cfg_opt_t o = CFG_STR(site_key_name(&site_keys[i]), NULL, CFGF_NODEFAULT);

		if (site_key_dns(&site_keys[i]))
			dns[m++] = o;
		else
			options[n++] = o;
	}
	dns[m] = end;
	for (unsigned i = 0; conf_gone[i]; i++)
		options[n++] = (cfg_opt_t)CFG_STR(conf_gone[i], NULL, CFGF_NODEFAULT);
	options[n++] = (cfg_opt_t)CFG_STR_LIST("version_rule", NULL, CFGF_NODEFAULT);
	options[n++] = (cfg_opt_t)CFG_SEC("dns", dns, CFGF_NODEFAULT);
	options[n] = end;
	cfg = cfg_init(options, CFGF_NONE);
	if (cfg == NULL)
		return NULL;
	cfg_set_error_function(cfg, refuse);
	for (unsigned i = 0; i < site_nkeys; i++) {
		char name[64];

		snprintf(name, sizeof name, "%s%s", site_key_dns(&site_keys[i]) ? "dns|" : "", site_key_name(&site_keys[i]));
		cfg_set_validate_func(cfg, name, conf_check_value);
	}
	for (unsigned i = 0; conf_gone[i]; i++)
		cfg_set_validate_func(cfg, conf_gone[i], conf_check_gone);
	cfg_set_validate_func(cfg, "version_rule", conf_check_rule);
	return cfg;
}

/* Comments become blanks, line ends stay: libconfuse 3.3 counts the line of a comment more than once, and a refusal would
 * name a line that is not there. */
static void blank_comments(char *p)
{
	char quote = '\0';

	while (*p) {
		if (quote) {
			if (*p == '\\' && quote == '"' && p[1])
				p++;
			else if (*p == quote)
				quote = '\0';
			p++;
		} else if (*p == '#' || (*p == '/' && p[1] == '/')) {
			while (*p && *p != '\n')
				*p++ = ' ';
		} else if (*p == '/' && p[1] == '*') {
			for (; *p && !(*p == '*' && p[1] == '/'); p++)
				*p = *p == '\n' ? '\n' : ' ';
			for (int i = 0; *p && i < 2; i++)
				*p++ = ' ';
		} else {
			if (*p == '"' || *p == '\'')
				quote = *p;
			p++;
		}
	}
}

/* libconfuse takes the end of the file for the end of a section, and names no line for a quote that does not close. 0: all
 * is closed; else the line where it begins, and *what. */
static unsigned left_open(const char *p, char *what)
{
	unsigned line = 1, quote_at = 0, brace_at[8], depth = 0;
	char quote = '\0';

	for (; *p; p++) {
		line += *p == '\n';
		if (quote && *p == '\\' && quote == '"' && p[1]) {
			line += *++p == '\n';
		} else if (quote && *p == quote) {
			quote = '\0';
		} else if (!quote && (*p == '"' || *p == '\'')) {
			quote = *p;
			quote_at = line;
		} else if (!quote && *p == '{' && depth < 8) {
			brace_at[depth++] = line;
		} else if (!quote && *p == '}' && depth) {
			depth--;
		}
	}
	*what = '{';
	if (quote)
		*what = quote;
	return quote ? quote_at : depth ? brace_at[depth - 1] : 0;
}

static bool file_parse(cfg_t *cfg, const char *path, struct why *why)
{
	struct buf text = {0};
	int rc = file_read(path, FILE_MAX_OCTETS, &text);
	unsigned line;
	char open;

	if (rc < 0 || buf_cstr(&text)[0] == '\0' || strlen(buf_cstr(&text)) != text.n) {
		why_set(why, "%s: %s", path, rc < 0 ? strerror(-rc) : text.n ? "there is a NUL in it" : "it is empty");
		buf_free(&text);
		return false;
	}
	blank_comments((char *)text.p);
	line = left_open((char *)text.p, &open);
	if (line) {
		why_set(why, "%s:%u: the %c of this line does not close", path, line, open);
		buf_free(&text);
		return false;
	}
	rc = cfg_parse_buf(cfg, (char *)text.p);
	if (rc != CFG_SUCCESS && why->text[0] == '\0')
		why_set(why, "%s: it cannot be read", path);
	buf_free(&text);
	return rc == CFG_SUCCESS;
}

static bool site_read(cfg_t *cfg, const char *path, struct site *s, struct why *why)
{
	struct why two = {0};
	const char *bad;

	if (!file_parse(cfg, path, why))
		return false;
	take_all(s, cfg, false);
	if (cfg_size(cfg, "dns"))
		take_all(s, cfg_getsec(cfg, "dns"), true);
	for (unsigned i = 0; i < cfg_size(cfg, "version_rule") && i < SITE_RULES; i++)
		if (site_rule_read(cfg_getnstr(cfg, "version_rule", i), &s->version_rule[i]))
			s->nversion_rule = i + 1;
	conf_complete(s, cfg_size(cfg, "DefaultEndpointExpiration") && cfg_getstr(cfg, "DefaultEndpointExpiration"));
	bad = conf_together(s, &two);
	if (bad)
		why_set(why, "%s: %s", path, bad);
	return bad == NULL;
}

bool conf_read(const char *path, struct site *ret, struct why *why)
{
	cfg_opt_t options[CONF_OPTIONS_MAX], dns[SITE_KEYS_MAX + 1];
	struct site s;
	cfg_t *cfg;
	bool ok;

	site_defaults(&s);
	why->text[0] = '\0';
	if (!folder_of(path, &s, why))
		return false;
	cfg = grammar(options, dns);
	if (cfg == NULL)
		return why_not(why, "%s: out of memory", path);
	wrong = (struct wrong){path, why};
	ok = site_read(cfg, path, &s, why);
	wrong = (struct wrong){0};
	cfg_free(cfg);
	if (ok)
		*ret = s;
	return ok;
}
