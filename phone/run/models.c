/* phone/run/models.c: the phone models.  Vendor and hardware version as the update question and LLDP-MED say them. */
#include <string.h>

#include "phone/internal.h"

#define ARIES (DT_AUTH_PIN | DT_AUTH_CERT)
#define LYNC "Microsoft Lync Phone Edition"

/* clang-format off */
const struct dt_model dt_models[] = {
/*  key       name               vendor     model     rev  firmware           auth                               OUI */
{"6721ip", "Aastra 6721ip",   "Aastra",  "6721ip", "A", "4.0.7577.4372", ARIES,                       {0x00, 0x08, 0x5d}, LYNC},
{"6725ip", "Aastra 6725ip",   "Aastra",  "6725ip", "A", "4.0.7577.4372", ARIES | DT_AUTH_TETHER,       {0x00, 0x08, 0x5d}, LYNC},
{"4110",   "HP 4110",         "HP",      "4110",   "A", "4.0.7577.4366", ARIES,                       {0x00, 0x04, 0x13}, LYNC},
{"4120",   "HP 4120",         "HP",      "4120",   "A", "4.0.7577.4366", ARIES | DT_AUTH_TETHER,       {0x00, 0x04, 0x13}, LYNC},
{"cx500",  "Polycom CX500",   "POLYCOM", "CX500",  "A", "4.0.7577.4363", ARIES,                       {0x00, 0x04, 0xf2}, LYNC},
{"cx600",  "Polycom CX600",   "POLYCOM", "CX600",  "A", "4.0.7577.4363", ARIES | DT_AUTH_TETHER,       {0x00, 0x04, 0xf2}, LYNC},
{"cx3000", "Polycom CX3000",  "POLYCOM", "CX3000", "A", "4.0.7577.4363", ARIES | DT_AUTH_TETHER,       {0x64, 0x16, 0x7f}, LYNC},
{"cx700",  "Polycom CX700",   "POLYCOM", "CX700",  "A", "4.0.7577.4363", DT_AUTH_NTLM | DT_AUTH_CERT | DT_AUTH_TETHER, {0x00, 0x04, 0xf2}, LYNC},
};
/* clang-format on */
/* UNKNOWN: the HP phones' own OUI (built by snom: snom's), the revision letters, and which of the three CU7 numbers
 * belongs to which family. */

const size_t dt_model_count = sizeof dt_models / sizeof *dt_models;

const struct dt_model *dt_model_find(const char *key)
{
	for (size_t i = 0; key && i < dt_model_count; i++)
		if (sv_ieq(sv_of(key), sv_of(dt_models[i].key)))
			return &dt_models[i];
	return NULL;
}

/* What real phones cannot do: rows add up.  Firmware: how its version begins. */
/* clang-format off */
static const struct {
	const char *model, *firmware; /* "": any */
	unsigned cannot;
} limits[] = {
	{"",      "",   DT_CANNOT_TLS12},       /* "TLS 1.0 and nothing later" [network E.1]; C-09 */
	{"",      "",   DT_CANNOT_WILDCARD},    /* "wildcard commonly reported" as not taken; C-10, U-04 */
	{"",      "1.", DT_CANNOT_LLDP},        /* "OCS-era firmware reads the VLAN from DHCP only"; V-14 */
	{"",      "1.", DT_CANNOT_ONE_STEP},    /* "two-step update needed"; U-08 */
	{"cx700", "",   DT_CANNOT_STRONG_ROOT}, /* "root too strong for its Windows CE: SHA-2 with 4096 bits"; C-08 */
};
/* clang-format on */

unsigned dt_model_cannot(const struct dt_model *m, const char *firmware)
{
	unsigned cannot = 0;

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		if ((limits[i].model[0] == '\0' || sv_ieq(sv_of(limits[i].model), sv_of(m->key))) &&
		    sv_starts(sv_of(firmware), sv_of(limits[i].firmware)))
			cannot |= limits[i].cannot;
	return cannot;
}

/* clang-format off */
static const struct {
	unsigned method;
	const char *words;
} methods[] = {
	{DT_AUTH_PIN,    "number and PIN"},
	{DT_AUTH_NTLM,   "user name and password (NTLM)"},
	{DT_AUTH_TETHER, "user name and password through a PC on its USB port"},
	{DT_AUTH_CERT,   "the certificate it got when it signed in before"},
};
/* clang-format on */

void dt_model_refusal(const struct dt_model *m, unsigned method, char *out, size_t cap)
{
	const char *asked = "that", *comma = "";
	size_t n;

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (methods[i].method == method)
			asked = methods[i].words;
	text_set(out, cap, "%s cannot sign in with %s; it can with ", m->name, asked);
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if ((m->auth & methods[i].method) && (n = strlen(out)) < cap) {
			text_set(out + n, cap - n, "%s%s", comma, methods[i].words);
			comma = ", or ";
		}
}
