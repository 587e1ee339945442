/* tests/unit/cmd/test_decode.c: what `dialtone decode` makes of frames and messages. */
#include "tests/support/check.h"

#include <jansson.h>

#include "cmd/decode/decode.h"
#include "cmd/decode/frame.h"
#include "cmd/decode/input.h"

typedef json_t *decoder(const void *p, size_t n, struct why *why);

/* Exactly these octets; a refusal names one of them. */
static json_t *decoded(decoder *d, const void *p, size_t n)
{
	uint8_t *in = exact_copy(p, n, n);
	struct why why = {0};
	json_t *j = d(in, n, &why);

	if (j == NULL && strncmp(why.text, "octet ", 6) != 0)
		fail_msg("refused with '%s'", why.text);
	if (j && why.text[0])
		fail_msg("read, but: %s", why.text);
	free(in);
	return j;
}

static json_t *decoded_hex(decoder *d, const char *hex)
{
	struct buf b = {0};
	json_t *j;

	hex_of(&b, hex);
	j = decoded(d, b.p, b.n);
	buf_free(&b);
	return j;
}

/* The member at a path like "tlvs.3.vlan", as text; "" when there is none. */
static const char *at(json_t *j, const char *path, char out[256])
{
	struct sv rest = sv_of(path);
	char key[64];

	while (rest.p && j) {
		uint64_t i;

		assert_true(sv_copy(key, sizeof key, sv_cut(&rest, '.')));
		j = json_is_array(j) && sv_u64(sv_of(key), 9999, &i) ? json_array_get(j, i) : json_object_get(j, key);
	}
	if (json_is_string(j))
		snprintf(out, 256, "%s", json_string_value(j));
	else if (json_is_integer(j))
		snprintf(out, 256, "%lld", (long long)json_integer_value(j));
	else
		snprintf(out, 256, "%s", json_is_true(j) ? "true" : json_is_false(j) ? "false" : j ? "{}" : "");
	return out;
}

static void is(json_t *j, const char *path, const char *value)
{
	char got[256];

	assert_non_null(j);
	if (strcmp(at(j, path, got), value) != 0)
		fail_msg("%s is '%s', not '%s'", path, got, value);
}

/* ---- LLDP ----------------------------------------------------------------------------------------------------------- */

#define ETH "01 80 C2 00 00 0E 00 1B 21 AA BB 01 88 CC "
#define FIRST "02 07 04 00 1B 21 AA BB 01 04 08 05 47 69 31 2F 30 2F 37 06 02 00 78 "

/* IEEE 802.1AB-2009 8.5, D.2, F.2, 802.3at 79.3.2, TIA-1057 10.2, worked out by hand, in no particular order. */
static const char everything[] = ETH FIRST
    "FE 08 00 12 BB 02 02 40 C9 6E "			  /*  3 voice signalling, VLAN 100 */
    "FE 08 00 12 BB 02 01 41 91 6E "			  /*  4 voice, VLAN 200 */
    "FE 09 00 12 0F 01 03 6C 01 00 1E "			  /*  5 MAC/PHY */
    "10 0C 05 01 0A 0A 00 FE 02 00 00 00 07 00 "		  /*  6 management 10.10.0.254, ifIndex 7 */
    "FE 07 00 80 C2 02 06 00 14 "				  /*  7 port and protocol VLAN 20 */
    "FE 0C 00 80 C2 03 00 C8 05 76 6F 69 63 65 "		  /*  8 VLAN 200 is called voice */
    "FE 0C 00 12 0F 02 07 01 01 12 00 41 00 82 "		  /*  9 power, 802.3at: 6.5 W wanted, 13 W given */
    "FE 09 00 12 0F 03 03 00 00 00 05 "			  /* 10 aggregated in port 5 */
    "FE 06 00 12 0F 04 05 EE "				  /* 11 1518 octets */
    "FE 07 00 12 BB 04 13 00 41 "				  /* 12 6.5 W, critical */
    "FE 0A 00 12 BB 03 03 31 31 32 34 38 "			  /* 13 ELIN 11248 */
    "FE 05 00 01 42 01 01 "					  /* 14 Cisco's own */
    "FE 06 AA BB CC 09 DE AD "				  /* 15 nobody knows */
    "14 02 BE EF "						  /* 16 a type that is not assigned */
    "FE 06 00 80 C2 01 00 0A FE 06 00 80 C2 01 00 0B "	  /* 17, 18 port VLAN, twice */
    "FE 05 00 80 C2 01 00 "					  /* 19 port VLAN, too short */
    "FE 07 00 12 BB 01 00 33 04 "				  /* 20 MED capabilities, behind the policies */
    "FE 02 00 12 "						  /* 21 no organisation */
    "00 00 00 00 00";

static void every_tlv(void **state)
{
	json_t *j = decoded_hex(decode_lldp, everything);

	(void)state;
	is(j, "med.policies.0.vlan", "100");
	is(j, "med.policies.1.vlan", "200");
	is(j, "med.class", "4");
	is(j, "port_vlan", "10");
	is(j, "tlvs.0.name", "chassis id");
	is(j, "tlvs.4.application", "1");
	is(j, "tlvs.4.vlan", "200");
	is(j, "tlvs.5.name", "802.3 MAC/PHY");
	is(j, "tlvs.5.autonegotiation_on", "true");
	is(j, "tlvs.5.mau_type", "30");
	is(j, "tlvs.6.address", "10.10.0.254");
	is(j, "tlvs.6.interface", "7");
	is(j, "tlvs.7.vlan", "20");
	is(j, "tlvs.7.enabled", "true");
	is(j, "tlvs.8.vlan", "200");
	is(j, "tlvs.8.text", "voice");
	is(j, "tlvs.9.port", "supplies");
	is(j, "tlvs.9.requested_milliwatts", "6500");
	is(j, "tlvs.9.allocated_milliwatts", "13000");
	is(j, "tlvs.10.aggregated", "true");
	is(j, "tlvs.10.port", "5");
	is(j, "tlvs.11.octets", "1518");
	is(j, "tlvs.12.milliwatts", "6500");
	is(j, "tlvs.13.text", "11248");
	is(j, "tlvs.14.organisation", "Cisco");
	is(j, "tlvs.14.hex", "01");
	is(j, "tlvs.15.oui", "aa:bb:cc");
	is(j, "tlvs.15.subtype", "9");
	is(j, "tlvs.15.hex", "dead");
	is(j, "tlvs.16.type", "10");
	is(j, "tlvs.16.hex", "beef");
	is(j, "tlvs.18.vlan", "11");
	is(j, "tlvs.19.bad", "it is shorter than it should be");
	is(j, "tlvs.20.class", "4");
	is(j, "tlvs.21.bad", "it is too short for an organisation and its subtype");
	is(j, "tlvs.22.name", "end");
	is(j, "tlvs.23", "");
	is(j, "padding", "3");
	is(j, "warn", "");
	json_decref(j);
}

static void frames_around_lldp(void **state)
{
	static const struct {
		const char *hex, *warn; /* NULL: refused */
	} row[] = {
	    {ETH FIRST "00 00", ""},
	    {FIRST "00 00", "there is no Ethernet header before it"},
	    {"01 80 C2 00 00 0E 00 1B 21 AA BB 01 81 00 A0 C8 88 CC " FIRST "00 00", "it has a VLAN tag"},
	    {"01 80 C2 00 00 0E 00 1B 21 AA BB 01 00 21 AA AA 03 00 00 00 88 CC " FIRST "00 00",
	     "its type stands behind an 802.3 SNAP header"},
	    {"FF FF FF FF FF FF 00 1B 21 AA BB 01 88 CC " FIRST "00 00", "it is not sent to 01:80:c2:00:00:0e"},
	    {"01 80 C2 00 00 0E 00 1B 21 AA BB 01 08 00 " FIRST, NULL},
	    {"01 00 0C CC CC CC 00 1B 21 AA BB 01 00 0A AA AA 03 00 00 0C 20 00 02 B4", NULL}, /* CDP */
	    {"01 80 C2 00 00 00 00 1B 21 AA BB 01 00 03 42 42 03", NULL},			  /* spanning tree */
	    {"01 80 C2 00 00 0E 00 1B 21 AA BB 01 00 80 AA AA 03 00 00 00 88 CC " FIRST, NULL},
	    {"01 80 C2 00 00 0E 00 1B 21 AA BB 01 81 00 00 01 81 00 00 01 81 00 00 01 81 00 00 01 81 00 00 01 88 CC", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		json_t *j = decoded_hex(decode_lldp, row[i].hex);

		if ((j == NULL) != (row[i].warn == NULL))
			fail_msg("row %zu was %s", i, j ? "read" : "refused");
		if (j)
			is(j, "warn", row[i].warn);
		json_decref(j);
	}
}

/* ---- DHCP ----------------------------------------------------------------------------------------------------------- */

static json_t *option(json_t *j, unsigned code)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(j, "options"), i, o)
		if (json_integer_value(json_object_get(o, "code")) == code)
			return o;
	fail_msg("there is no option %u", code);
	return NULL;
}

#define HEAD "02 01 06 02 12 34 56 78 00 00 80 00 00 00 00 00 0A 42 00 65 0A 42 00 01 0A 42 00 01 00 04 F2 00 01 76 " ZERO10
#define ZERO10 "00 00 00 00 00 00 00 00 00 00 "
#define ZERO30 ZERO10 ZERO10 ZERO10
#define SNAME "73 72 76 00 " ZERO30 ZERO30		   /* srv */
#define FILE_NAME "70 78 65 00 " ZERO30 ZERO30 ZERO30 ZERO30 "00 00 00 00 " /* pxe */
#define COOKIE "63 82 53 63 35 01 05 "

static void every_option(void **state)
{
	json_t *j = decoded_hex(decode_dhcp, HEAD SNAME FILE_NAME COOKIE
				"0F 0D 63 6F 6E 74 6F 73 6F 2E 74 65 73 74 00 "			/* as Windows ends it */
				"3C 0C 6D 73 2D 75 63 2D 63 6C 69 65 6E 74 "			/* ms-uc-client */
				"52 0A 01 04 47 69 31 2F 02 02 00 07 "				/* of a relay */
				"79 08 18 0A 14 00 0A 42 00 01 "					/* 10.20.0.0/24 */
				"F9 05 00 0A 42 00 01 "						/* the default route */
				"78 12 00 01 61 00 01 62 00 01 63 00 01 64 00 01 65 00 02 66 "	/* six names, in two pieces */
				"78 02 67 00 "
				"77 1B 01 61 00 01 62 00 01 63 00 01 64 00 01 65 00 01 66 00 01 67 00 01 68 00 01 69 00 "
				"FC 01 61 E0 02 DE AD 33 03 00 00 01 FF");

	(void)state;
	is(j, "hops", "2");
	is(j, "server_name", "srv");
	is(j, "boot_file", "pxe");
	is(j, "flags", "32768");
	is(option(j, 15), "value", "contoso.test");
	assert_non_null(strstr(json_string_value(json_object_get(option(j, 15), "warn")), "zeros"));
	is(option(j, 60), "value", "ms-uc-client");
	assert_non_null(strstr(json_string_value(json_object_get(option(j, 60), "warn")), "MS-UC-Client"));
	is(option(j, 82), "value.0.text", "Gi1/");
	is(option(j, 82), "value.1.hex", "0007");
	is(option(j, 121), "value.0.net", "10.20.0.0");
	is(option(j, 121), "value.0.bits", "24");
	is(option(j, 249), "value.0.router", "10.66.0.1");
	is(option(j, 120), "value.names.3", "d");
	is(option(j, 120), "value.names.4", "");
	is(option(j, 120), "value.more", "2");
	is(option(j, 120), "value.hex", "0001610001620001630001640001650002666700");
	is(option(j, 119), "value.more", "1");
	is(option(j, 119), "value.names.7", "h");
	is(option(j, 252), "value", "a");
	is(option(j, 224), "hex", "dead"); /* of no meaning here, and shown all the same */
	is(option(j, 51), "bad", "its length does not fit");
	json_decref(j);
}

/* Both classes in one blob: an error in the one is reported beside the other. */
static void both_classes(void **state)
{
	static const struct {
		const char *hex, *vlan, *uc, *bad;
	} row[] = {
	    {"2B 13 0A 02 00 C8 01 0C 4D 53 2D 55 43 2D 43 6C 69 65 6E 74 FF", "200", "", "sub-option 3 is missing or not a host name"},
	    {"2B 05 0A 02 00 C8 FF", "200", "", ""},
	    {"2B 19 03 06 66 65 2E 74 6C 64 01 0C 4D 53 2D 55 43 2D 43 6C 69 65 6E 74 0A 01 C8", "200",
	     "https://fe.tld/CertProv/CertProvisioningService.svc", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char hex[1400];
		json_t *j;

		snprintf(hex, sizeof hex, "%s%s FF", HEAD SNAME FILE_NAME COOKIE, row[i].hex);
		j = decoded_hex(decode_dhcp, hex);
		is(option(j, 43), "value.CPE-OCPHONE.vlan", row[i].vlan);
		is(option(j, 43), "value.MS-UC-Client.url", row[i].uc);
		is(option(j, 43), "value.MS-UC-Client.bad", row[i].bad);
		json_decref(j);
	}
}

/* "dhcp: the UDP payload": or what is around it, as a capture gives it. */
static void frames_around_dhcp(void **state)
{
	struct buf v = {0}, b = {0};
	/* eth/udp.hex carries no DHCP: its headers are made here, without checksums, as a sender's capture has them */
	const uint8_t ip[] = {0x45, 0, 1, 0x48, 0, 0, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 68, 0, 67, 1, 0x34, 0, 0};
	json_t *j;

	(void)state;
	vector_read(&v, "dhcp/discover-vlan.hex");
	assert_int_equal(v.n, 300);
	buf_add(&b, ip, sizeof ip);
	buf_add(&b, v.p, v.n);
	j = decoded(decode_dhcp, b.p, b.n); /* an IP packet */
	is(j, "type", "DISCOVER");
	is(j, "frame.from.port", "68");
	is(j, "frame.to.address", "255.255.255.255");
	assert_true(strstr(json_string_value(json_object_get(json_object_get(j, "frame"), "warn")), "checksum") != NULL);
	json_decref(j);

	buf_clear(&b);
	buf_add(&b, "\xff\xff\xff\xff\xff\xff\x00\x04\xf2\x00\x01\x76\x81\x00\xa0\x42\x08\x00", 18);
	buf_add(&b, ip, sizeof ip);
	buf_add(&b, v.p, v.n);
	buf_add(&b, "\0\0\0\0", 4); /* the frame's padding */
	j = decoded(decode_dhcp, b.p, b.n);
	is(j, "type", "DISCOVER");
	is(j, "frame.source", "00:04:f2:00:01:76");
	is(j, "frame.tags.0.vlan", "66");
	is(j, "frame.tags.0.priority", "5");
	json_decref(j);
	for (size_t n = 0; n < b.n; n++)
		json_decref(decoded(decode_dhcp, b.p, n));
	buf_free(&b);
	buf_free(&v);
}

/* ---- whatever comes ------------------------------------------------------------------------------------------------ */

static void cut_at_every_length(void **state)
{
	struct buf b = {0};

	(void)state;
	hex_of(&b, everything);
	for (size_t n = 0; n < b.n; n++)
		json_decref(decoded(decode_lldp, b.p, n));
	buf_free(&b);
	hex_of(&b, ETH FIRST);
	while (b.n < 16384)
		buf_add(&b, "\x12\x00", 2);
	b.n = 16384;
	json_decref(decoded(decode_lldp, b.p, b.n)); /* thousands of empty TLVs */
	buf_add(&b, "\x12\x00", 2);
	assert_null(decoded(decode_lldp, b.p, b.n));
	buf_free(&b);
	hex_of(&b, HEAD SNAME FILE_NAME COOKIE "2B 08 0A 02 00 C8 01 02 4D 53 78 05 00 01 61 00 FF FF");
	for (size_t n = 0; n < b.n; n++)
		json_decref(decoded(decode_dhcp, b.p, n));
	buf_free(&b);
}

/* Each octet turned over in three ways: read or refused, and nothing else. */
static void each_octet_turned_over(void **state)
{
	static const uint8_t turns[] = {0xff, 0x80, 0x01};
	struct buf b = {0};

	(void)state;
	hex_of(&b, everything);
	for (size_t i = 0; i < b.n * sizeof turns; i++) {
		b.p[i / sizeof turns] ^= turns[i % sizeof turns];
		json_decref(decoded(decode_lldp, b.p, b.n));
		b.p[i / sizeof turns] ^= turns[i % sizeof turns];
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_tlv),	    cmocka_unit_test(frames_around_lldp), cmocka_unit_test(every_option),
	    cmocka_unit_test(both_classes),	    cmocka_unit_test(frames_around_dhcp), cmocka_unit_test(cut_at_every_length),
	    cmocka_unit_test(each_octet_turned_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
