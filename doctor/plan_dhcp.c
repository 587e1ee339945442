/* doctor/plan_dhcp.c finds options 43 and 120 in the files of DHCP servers, a line at a time.
 *
 *     43 01 0c 4d 53 ...                                                 octets alone
 *     dhcp-option=vendor:MS-UC-Client,3,"fe01.contoso.test"              dnsmasq(8)
 *     option MSUC.fqdn "fe01.contoso.test";                              dhcpd.conf(5), within the class that matches
 *     option 43 hex 010c4d53...                                          Cisco IOS, in a pool
 *     netsh dhcp server set optionvalue 3 Binary vendor=MSUCClient 6665  Windows: as a script, or as `netsh dhcp server dump` writes it
 *
 * A class in other letters than MS-UC-Client is another class: phones get none of its options.
 */
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "doctor/plan_forms.h"
#include "wire/dhcp.h"

enum { WORDS = 320, DEFINED = 64 }; /* an option of 255 octets, each a word */

struct word {
	struct sv s;
	bool quoted;
};

struct reading {
	struct plan_options *to;
	struct word w[WORDS];
	unsigned n;
	char class[64];   /* dhcpd.conf: the class that is open matches this; "": no class is open */
	bool in_class;
	const char *bad;  /* the line is one of these, and damaged */
	struct { /* names of options, or (code 0) of classes that are MS-UC-Client */
		char name[64];
		unsigned code;
	} defined[DEFINED];
	unsigned ndefined;
};

/* ---- words --------------------------------------------------------------------------------------------------------- */

static bool ends_word(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == ',' || c == ';' || c == '=';
}

/* a,b="c d"; has three words; those beyond WORDS are dropped. */
static void words_of(struct reading *r, struct sv line)
{
	size_t at = 0;

	r->n = 0;
	while (at < line.n && r->n < WORDS) {
		size_t from = at;

		if (line.p[at] == '"') {
			for (from = ++at; at < line.n && line.p[at] != '"';)
				at++;
			r->w[r->n++] = (struct word){{line.p + from, at - from}, true};
			at++;
		} else if (ends_word(line.p[at])) {
			at++;
		} else {
			while (at < line.n && !ends_word(line.p[at]) && line.p[at] != '"')
				at++;
			r->w[r->n++] = (struct word){{line.p + from, at - from}, false};
		}
	}
}

static bool is(const struct reading *r, unsigned at, const char *word)
{
	return at < r->n && !r->w[at].quoted && sv_ieq(r->w[at].s, sv_of(word));
}

static unsigned find(const struct reading *r, const char *word)
{
	unsigned i = 0;

	while (i < r->n && !is(r, i, word))
		i++;
	return i;
}

static bool code_at(const struct reading *r, unsigned at, unsigned *ret)
{
	uint64_t n;

	if (at >= r->n || !sv_u64(r->w[at].s, 254, &n))
		return false;
	*ret = (unsigned)n;
	return true;
}

static void define(struct reading *r, struct sv name, unsigned code)
{
	if (r->ndefined < DEFINED && sv_copy(r->defined[r->ndefined].name, sizeof r->defined[0].name, name))
		r->defined[r->ndefined++].code = code;
}

static bool defined_as(const struct reading *r, struct sv name, unsigned *code)
{
	for (unsigned i = 0; i < r->ndefined; i++)
		if (sv_ieq(sv_of(r->defined[i].name), name)) {
			*code = r->defined[i].code;
			return true;
		}
	return false;
}

/* ---- values -------------------------------------------------------------------------------------------------------- */

static void hex_words(struct reading *r, unsigned from, struct buf *to)
{
	for (unsigned i = from; i < r->n; i++)
		if (!plan_hex_add(to, r->w[i].s))
			r->bad = "octets are wanted, two digits each";
	if (to->n == 0)
		r->bad = "there are no octets";
}

/* One value of dnsmasq's and dhcpd's: text in quotation marks, octets with colons, or text as it is. */
static void value_add(const struct word *w, struct buf *to)
{
	bool octets = !w->quoted && sv_find(w->s, ':') >= 0;

	if (!octets || !plan_hex_add(to, w->s)) {
		buf_clear(to);
		buf_add(to, w->s.p, w->s.n);
	}
}

static struct buf *sub_of(struct reading *r, unsigned code)
{
	struct buf *b = &r->to->sub[code];

	buf_clear(b);
	r->to->has_sub = true;
	return b;
}

/* ---- each server's lines; true: this line is one of them ------------------------------------------------------------ */

static bool line_octets(struct reading *r)
{
	unsigned code;

	if (r->n > 1 && !r->w[0].quoted && sv_ends(r->w[0].s, SV(":")))
		r->w[0].s.n--;
	if (!code_at(r, 0, &code) || (code != 43 && code != 120))
		return false;
	hex_words(r, 1, code == 43 ? &r->to->option43 : &r->to->option120);
	return true;
}

static void dnsmasq_sip(struct reading *r, unsigned from)
{
	struct buf *to = &r->to->option120;
	uint32_t address;

	buf_clear(to);
	for (unsigned i = from; i < r->n; i++)
		if (!r->w[i].quoted && ip_read(r->w[i].s, &address)) {
			uint8_t octets[5] = {1, (uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8), (uint8_t)address};

			buf_add(to, to->n ? octets + 1 : octets, to->n ? 4 : 5);
		} else {
			plan_sip_name(to, r->w[i].s);
		}
}

/* "--dhcp-option=[tag:<tag>,[tag:<tag>,]][encap:<opt>,][vi-encap:<enterprise>,][vendor:[<vendor-class>],][<opt>|option:<opt-name>],[<value>]" */
static bool line_dnsmasq(struct reading *r)
{
	bool vendor = false, ours = false;
	unsigned at = 1, code;

	if (!is(r, 0, "dhcp-option") && !is(r, 0, "dhcp-option-force"))
		return false;
	for (; at < r->n && (sv_istarts(r->w[at].s, SV("tag:")) || sv_istarts(r->w[at].s, SV("vendor:"))); at++)
		if (sv_istarts(r->w[at].s, SV("vendor:"))) {
			vendor = true;
			ours = sv_eq(sv_from(r->w[at].s, 7), SV(DHCP_CLASS_UC));
		}
	if (is(r, at, "option:sip-server") || (!vendor && code_at(r, at, &code) && code == 120))
		dnsmasq_sip(r, at + 1);
	else if (code_at(r, at, &code) && vendor && ours && at + 1 < r->n)
		value_add(&r->w[at + 1], sub_of(r, code));
	else if (code_at(r, at, &code) && !vendor && code == 43 && at + 1 < r->n)
		value_add(&r->w[at + 1], &r->to->option43);
	return true;
}

static bool isc_class(struct reading *r)
{
	unsigned at = find(r, "vendor-class-identifier");

	if (find(r, "match") < r->n && at < r->n) {
		r->in_class = true;
		r->class[0] = '\0';
		for (unsigned i = at; i < r->n; i++)
			if (r->w[i].quoted)
				sv_copy(r->class, sizeof r->class, r->w[i].s);
		return true;
	}
	if (r->n && sv_starts(r->w[0].s, SV("}")))
		r->in_class = false;
	return false;
}

/* "option MSUC.fqdn code 3 = text;" defines; "option MSUC.fqdn "fe01.contoso.test";" sets. */
static bool line_isc(struct reading *r)
{
	bool ours = !r->in_class || strcmp(r->class, DHCP_CLASS_UC) == 0;
	unsigned code;

	if (isc_class(r))
		return true;
	if (!is(r, 0, "option") || r->n < 3)
		return false;
	if (is(r, 2, "code") && code_at(r, 3, &code)) {
		define(r, r->w[1].s, code);
		return true;
	}
	if (is(r, 1, "vendor-encapsulated-options") && ours) {
		value_add(&r->w[2], &r->to->option43);
		return true;
	}
	if (!defined_as(r, r->w[1].s, &code))
		return false;
	if (sv_find(r->w[1].s, '.') >= 0 && r->in_class && ours)
		value_add(&r->w[2], sub_of(r, code));
	else if (sv_find(r->w[1].s, '.') < 0 && code == 120)
		value_add(&r->w[2], &r->to->option120);
	return true;
}

/* "option code [instance number] {ascii string | hex string | ip-address}" */
static bool line_ios(struct reading *r)
{
	unsigned code, hex = find(r, "hex"), ascii = find(r, "ascii");
	struct buf *to;

	if (!is(r, 0, "option") || !code_at(r, 1, &code) || (hex == r->n && ascii == r->n))
		return false;
	to = code == 43 ? &r->to->option43 : code == 120 ? &r->to->option120 : NULL;
	if (to && hex < r->n)
		hex_words(r, hex + 1, to);
	else if (to && ascii + 1 < r->n)
		buf_add(to, r->w[ascii + 1].s.p, r->w[ascii + 1].s.n);
	return true;
}

static bool is_class_data(struct sv s)
{
	struct buf octets = {0};
	bool is = sv_eq(s, SV(DHCP_CLASS_UC)) || (plan_hex_add(&octets, s) && sv_eq(buf_view(&octets), SV(DHCP_CLASS_UC)));

	buf_free(&octets);
	return is;
}

static void windows_class(struct reading *r, unsigned at)
{
	for (unsigned i = at + 1; i < r->n; i++)
		if (is_class_data(r->w[i].s))
			define(r, r->w[at].s, 0);
}

/* "set optionvalue <OptCode> <DataType> [user=<UserName>] [vendor=<VendorName>] <OptValue>"; ours: of the phones' class */
static void windows_value(struct reading *r, unsigned at, unsigned code)
{
	bool vendor = false, ours = false, text = is(r, at + 1, "STRING");
	unsigned first = at + 2, found;
	struct buf *to = NULL;

	while (first + 1 < r->n && (is(r, first, "user") || is(r, first, "vendor"))) {
		if (is(r, first, "vendor") && r->w[first + 1].s.n) {
			vendor = true;
			ours = defined_as(r, r->w[first + 1].s, &found) && found == 0;
		}
		first += 2;
	}
	if (ours)
		to = sub_of(r, code);
	else if (!vendor && (code == 43 || code == 120))
		to = code == 43 ? &r->to->option43 : &r->to->option120;
	if (to == NULL)
		return;
	buf_clear(to);
	if (text && first < r->n)
		buf_add(to, r->w[first].s.p, r->w[first].s.n);
	else
		hex_words(r, first, to);
}

static bool line_windows(struct reading *r)
{
	unsigned add = find(r, "class"), set = find(r, "optionvalue"), code;

	if (find(r, "dhcp") == r->n || find(r, "server") == r->n)
		return false;
	if (add > 0 && add + 1 < r->n && is(r, add - 1, "add"))
		windows_class(r, add + 1);
	else if (set > 0 && is(r, set - 1, "set") && code_at(r, set + 1, &code))
		windows_value(r, set + 1, code);
	return true;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------- */

static bool (*const forms[])(struct reading *r) = {line_octets, line_dnsmasq, line_ios, line_isc, line_windows};

static bool is_comment(struct sv line)
{
	return line.n == 0 || line.p[0] == '#' || line.p[0] == '!' || sv_starts(line, SV("//")) || sv_istarts(line, SV("rem "));
}

/* RFC 2132 8.4: sub-options in option 43, each with its code and its length. */
static void put_together(struct plan_options *o, struct doctor_plan *p)
{
	buf_sv(&p->option43, buf_view(&o->option43));
	for (unsigned i = 1; o->has_sub && o->option43.n == 0 && i < sizeof o->sub / sizeof *o->sub; i++) {
		uint8_t head[2] = {(uint8_t)i, (uint8_t)o->sub[i].n};

		if (o->sub[i].n == 0 || o->sub[i].n > 255)
			continue;
		buf_add(&p->option43, head, 2);
		buf_add(&p->option43, o->sub[i].p, o->sub[i].n);
	}
	buf_sv(&p->option120, buf_view(&o->option120));
	p->has_dhcp = true;
}

/* Lines that are nobody's are left out: a server's file has much that is not for phones. */
static bool lines_read(struct plan_options *o, struct sv text, struct why *why)
{
	struct reading *r = calloc(1, sizeof *r);
	bool known = false;

	for (unsigned n = 0; r && text.p; n++) {
		struct sv line = sv_trim(sv_cut(&text, '\n'));

		r->to = o;
		if (is_comment(line))
			continue;
		words_of(r, line);
		for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
			if (forms[i](r)) {
				known = true;
				break;
			}
		if (r->bad) {
			why_set(why, "line %u: %s: '%.*s'", n + 1, r->bad, (int)(line.n < 60 ? line.n : 60), line.p);
			known = false;
			break;
		}
	}
	if (!known && why->text[0] == '\0')
		why_set(why, "no line of it sets a DHCP option: write octets (43 01 0c 4d 53 ...), or give the file of dnsmasq, dhcpd, Kea, Cisco IOS, or of "
			     "netsh dhcp server dump");
	free(r);
	return known;
}

bool doctor_plan_dhcp(struct doctor_plan *p, struct sv text, struct why *why)
{
	struct plan_options *o = calloc(1, sizeof *o);
	bool known;

	why->text[0] = '\0';
	known = o && (plan_kea_read(o, text) || lines_read(o, text, why));

	if (known)
		put_together(o, p);
	if (o)
		plan_options_free(o);
	free(o);
	return known;
}
