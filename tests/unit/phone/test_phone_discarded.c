/* Stage 2: what came, and had to be discarded. */
#include "tests/support/phone_world.h"

/* An answer that comes and has to be discarded is no silence: RFC 768 (checksum), RFC 2131 table 3 (option 54 MUST, in OFFER, ACK and
 * NAK; option 53 MUST), RFC 2132 2 (an option's length). */
static void discarded(void **state)
{
	static const struct {
		const char *find; /* octets of the message */
		size_t n, at;	  /* ... and which of them is changed */
		uint8_t to;
		bool sum; /* the checksum is made anew */
		const char *said;
	} rows[] = {
	    {"\x63\x82\x53\x63", 4, 4, 0x35, false, ""},		   /* 53 as it is: nothing is changed */
	    {"\x63\x82\x53\x63", 4, 0, 0x64, false, "dhcp-checksum"},	   /* the cookie, and not the sum */
	    {"\x63\x82\x53\x63", 4, 0, 0x64, true, "dhcp-malformed"},  /* the cookie */
	    {"\x35\x01\x02", 3, 0, 0x52, true, "dhcp-malformed"},	   /* 82 instead of 53 */
	    {"\x36\x04\x0a\x14", 4, 0, 0x52, true, "dhcp-malformed"},   /* 82 instead of 54 */
	    {"\x36\x04\x0a\x14", 4, 1, 0xff, true, "dhcp-malformed"},   /* longer than the message */
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct world *w = plugged();
		uint8_t frame[1518], *at;
		size_t n;

		lldp(w, (struct med_policy){.app = MED_VOICE, .tagged = true, .vlan = 20});
		assert_true(asked(w));
		n = says_frame(w, &offer, frame);
		at = memmem(frame, n, rows[i].find, rows[i].n);
		assert_non_null(at);
		at[rows[i].at] = rows[i].to;
		if (rows[i].sum) {
			frame[14 + 26] = frame[14 + 27] = 0;
			udp_checksum(frame, n);
		}
		dt_phone_frame(w->ph, frame, n, w->tci);
		if (i == 0) {
			assert_true(asked(w) && w->q.type == DHCP_REQUEST);
		} else {
			pass(w, 120000);
			assert_int_equal(w->last, DT_F_DHCP_SILENT);
			assert_non_null(strstr(w->said, rows[i].said));
			assert_int_equal(w->fact.address, SERVER);
		}
		unplug(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(discarded)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
