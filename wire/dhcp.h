/* wire/dhcp.h: DHCPv4 (RFC 2131, 2132, 3361, 3396, 3397) and Lync's use of option 43.
 *
 * Works on the UDP payload.  An option that comes in several pieces is joined (RFC 3396) into `joined`, which
 * the struct owns: no heap.  Encoders write into the caller's buffer.
 */
#ifndef DIALTONE_WIRE_DHCP_H
#define DIALTONE_WIRE_DHCP_H

#include "base/cursor.h"
#include "dialtone/sign.h"

enum dhcp_type {
	DHCP_DISCOVER = 1, DHCP_OFFER, DHCP_REQUEST, DHCP_DECLINE, DHCP_ACK, DHCP_NAK, DHCP_RELEASE, DHCP_INFORM
};
const char *dhcp_type_name(unsigned type); /* "DISCOVER" ... "?" */

#define DHCP_CLASS_VLAN "CPE-OCPHONE"
#define DHCP_CLASS_UC "MS-UC-Client"
#define DHCP_SIZE_MAX 1472

/* Not to be copied: after dhcp_read() its options are views of its own `joined`. */
struct dhcp {
	uint8_t op; /* 1 request, 2 reply */
	uint8_t hops;
	uint32_t xid;
	uint16_t secs, flags;
	uint32_t ciaddr, yiaddr, siaddr, giaddr; /* host byte order */
	uint8_t chaddr[6];
	struct sv sname, file; /* views of the message, without the zeros behind; n 0 also when they hold options (52) */
	uint8_t type; /* option 53; 0: none (BOOTP) */
	uint8_t repeated; /* the first option that stands twice although it is not split (its first piece counts); 0: none */
	struct sv option[256]; /* joined values; p == NULL: absent */
	uint8_t joined[DHCP_SIZE_MAX];
};
bool dhcp_read(struct rd *r, struct dhcp *ret);
/* The next of a list of code, length, value (RFC 2132 2; option 43 holds one too): 0 pads, 255 ends.  false at the end,
 * marked or not, and after an error. */
bool dhcp_option_next(struct rd *list, uint8_t *code, struct sv *value);

/* Fixed part and the options with p != NULL: first those of `order`, in that order, as a list that ends with 0 (NULL: 53), then
 * ascending; 55 (parameter request list) last unless `order` has it.  Long ones are split (RFC 3396).  Padded to 300 octets (RFC 1542 2.1). */
void dhcp_write(struct wr *w, const struct dhcp *d, const uint8_t *order);

bool dhcp_u32(const struct dhcp *d, unsigned code, uint32_t *ret);	   /* 4 octets exactly */
size_t dhcp_addrs(const struct dhcp *d, unsigned code, uint32_t *ret, size_t cap); /* 4n octets; 0: absent or bad */
struct sv dhcp_text(const struct dhcp *d, unsigned code); /* without the NULs and blanks at its end; p NULL: absent */

/* A lease, by its ACK. */
enum { DHCP_LEASE_SHORT_S = 300 }; /* its holder asks again after half of it (I-08) */
/* Adds what is odd in a usable lease of so many seconds: LEASE_SHORT, OPTION_LENGTH, OPTION_TWICE.  twice: an option of its OFFER or ACK that
 * stands twice; 0: none.  Returns the option that the weightiest of these is about; 0: none. */
uint8_t dhcp_odd_lease(const struct dhcp *ack, uint32_t seconds, uint8_t twice, enum dt_sign *sign);
/* Why no phone can use it: DT_SIGN_LEASE_ADDRESS or DT_SIGN_LEASE_MASK; DT_SIGN_NONE: it can.  mask: of option 1, or 0. */
enum dt_sign dhcp_unfit(const struct dhcp *ack, uint32_t address, uint32_t mask);

/* Option 43, class CPE-OCPHONE: sub-option 10. */
enum dhcp_vlan_form { DHCP_VLAN_NONE, DHCP_VLAN_U16, DHCP_VLAN_U8, DHCP_VLAN_U32, DHCP_VLAN_TEXT, DHCP_VLAN_BAD };
enum dhcp_vlan_form dhcp_vlan_read(struct sv option43, uint16_t *vlan); /* BAD: there, but not 1..4094 */
void dhcp_vlan_write(struct wr *w, uint16_t vlan);

/* Option 43, class MS-UC-Client: sub-options 1 to 5. */
struct dhcp_uc {
	char scheme[8], host[256], path[256];
	uint16_t port;	   /* from sub-option 4, else the scheme's */
	enum dt_sign odd[DT_SIGNS_MAX]; /* oddities of a readable option: DT_SIGN_UC_... */
};
/* DT_SIGN_NONE when read, else why it is refused: one of DT_SIGN_UC_..., whose sentence is dt_signs[].what. */
enum dt_sign dhcp_uc_read(struct sv option43, struct dhcp_uc *ret);
void dhcp_uc_write(struct wr *w, const struct dhcp_uc *uc);
/* scheme://host[:port]path; false: does not fit. The port is left out when it is the scheme's own. */
bool dhcp_uc_url(const struct dhcp_uc *uc, char *out, size_t cap);

/* Option 120 (RFC 3361), both encodings. */
struct dhcp_sip {
	uint8_t encoding; /* 0 names, 1 addresses */
	char name[4][256];
	uint32_t address[8];
	unsigned n, more; /* more: so many were there beyond the table */
};
const char *dhcp_sip_read(struct sv option120, struct dhcp_sip *ret);
void dhcp_sip_write(struct wr *w, const struct dhcp_sip *sip);

/* Option 119 (RFC 3397, with compression inside the option). */
struct dhcp_search {
	char name[8][256];
	unsigned n, more;
};
const char *dhcp_search_read(struct sv option119, struct dhcp_search *ret);
void dhcp_search_write(struct wr *w, const struct dhcp_search *s); /* no compression */

#endif
