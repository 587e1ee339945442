/* dialtone/sign.h: what an attempt met, below its failure: as codes and typed facts, never as prose.
 *
 * A record carries up to DT_SIGNS_MAX signs and one struct dt_facts.  Programs (the doctor first of all) decide by these
 * and by the failure code; the sentences `why`, `found` and `warn` beside them are for people and may change any day.
 * dialtone-record(5) documents each field as JSON.
 */
#ifndef DIALTONE_SIGN_H
#define DIALTONE_SIGN_H

#include <stdbool.h>
#include <stdint.h>

/* One row a sign: enum, code in the record (stable), sentence for people. */
/* clang-format off */
#define DT_SIGNS(X) \
X(NONE,               "",                     "") \
/* the VLAN */ \
X(LLDP_SILENT,        "lldp-silent",          "no neighbour speaks LLDP") \
X(LLDP_NO_POLICY,     "lldp-no-policy",       "a neighbour speaks LLDP, but announces no usable voice policy") \
X(LLDP_MALFORMED,     "lldp-malformed",       "a neighbour sends malformed LLDP frames, which are discarded (802.1AB 9.2.7.7.1)") \
X(LLDP_POLICY_BAD,    "lldp-policy-bad",      "a neighbour announces a network policy of a wrong length, which is ignored (TIA-1057 10.2.3)") \
X(LLDP_LATE,          "lldp-late",            "the LLDP-MED policy came late: phones may have given up waiting by then") \
X(LLDP_TOO_LATE,      "lldp-too-late",        "the LLDP-MED policy came too late: the phone had fallen back already") \
X(LLDP_CHANGED,       "lldp-changed",         "the switch changed its policy: the phone begins again") \
X(LLDP_CONFLICT,      "lldp-conflict",        "a second neighbour announces another VLAN") \
X(VLAN_RESERVED,      "vlan-reserved",        "the policy names VLAN 4095, which is reserved") \
X(VLAN_ZERO,          "vlan-zero",            "the policy is priority-tagged: VLAN 0 is no VLAN of its own") \
X(LLDP_NOT_READ,      "lldp-not-read",        "firmware of this age reads no LLDP: a real phone would not have this VLAN") \
X(POLICY_UNTAGGED,    "policy-untagged",      "the policy names a VLAN and is untagged: that makes the VLAN void (TIA-1057 10.2.3.2)") \
X(VLAN_OPTION_ABSENT, "vlan-option-absent",   "an answer came, without option 43 sub-option 10") \
X(VLAN_OPTION_RANGE,  "vlan-option-range",    "option 43 sub-option 10 holds no VLAN from 1 to 4094") \
X(VLAN_OPTION_FORM,   "vlan-option-form",     "sub-option 10 is not two octets; it was read all the same") \
X(VLAN_CONFLICT,      "vlan-conflict",        "DHCP and LLDP-MED name different VLANs: LLDP-MED counts") \
/* the address and the time */ \
X(OFFER_NONE,         "offer-none",           "no OFFER to any DISCOVER") \
X(OFFER_SLOW,         "offer-slow",           "the OFFER took long") \
X(REQUEST_SILENT,     "request-silent",       "an address was offered, but the REQUEST was not answered") \
X(DHCP_CHECKSUM,      "dhcp-checksum",        "an answer of DHCP came with a wrong UDP checksum, and was discarded") \
X(DHCP_MALFORMED,     "dhcp-malformed",       "an answer of DHCP came that lacks what it must have, and was discarded") \
X(ADDRESS_DEFENDED,   "address-defended",     "another machine uses the phone's address; the phone has announced it again, and keeps it") \
X(LEASE_ADDRESS,      "lease-address",        "the address that was given is none a phone can have") \
X(LEASE_MASK,         "lease-mask",           "option 1, the subnet mask, is missing or no mask") \
X(OPTION_LENGTH,      "option-length",        "an option has a length that RFC 2132 forbids, and was not read") \
X(OPTION_TWICE,       "option-twice",         "an option of one fixed length stands twice in an answer of DHCP: the first one was read") \
X(RESOLVER_ABSENT,    "resolver-absent",      "option 6, the resolvers, is missing") \
X(DOMAIN_ABSENT,      "domain-absent",        "option 15, the domain, is missing") \
X(ROUTER_ABSENT,      "router-absent",        "option 3, the router, is missing") \
X(ROUTER_OUTSIDE,     "router-outside",       "option 3, the router, lies outside the subnet") \
X(LEASE_SHORT,        "lease-short",          "the lease is so short that the phone asks for it all the time") \
X(LEASE_EXPIRED,      "lease-expired",        "the lease ended and no DHCP server renewed it") \
X(LEASE_REVOKED,      "lease-revoked",        "the DHCP server took the address back") \
X(TIME_SILENT,        "time-silent",          "no time server answers") \
X(TIME_UNSET,         "time-unset",           "a time server answers, but its own clock is not set") \
X(CLOCK_DIFFERS,      "clock-differs",        "the web server's clock differs from the phone's") \
X(TIME_ODD,           "time-odd",             "the time server's clock is the odd one: the phone's own and the web server's agree") \
X(WEB_TIME_ODD,       "web-time-odd",         "the web server's clock is the odd one: the time server's and the phone's own agree") \
/* connections */ \
X(TCP_REFUSED,        "tcp-refused",          "the port is closed: the machine answers, and refuses") \
X(TCP_UNREACHED,      "tcp-unreached",        "no machine or route is there: the network says so") \
/* names */ \
X(DNS_NO_SERVER,      "dns-no-server",        "no name server is known") \
X(DNS_NO_RECORD,      "dns-no-record",        "the name exists, but has no such record") \
X(DNS_RCODE,          "dns-rcode",            "the name server answers with an error") \
X(DNS_BLOCKED,        "dns-blocked",          "the name server gives an address that is nobody's (0.0.0.0, 127.0.0.1): it blocks the name") \
X(SRV_NOT_ASKED,      "srv-not-asked",        "not asked: no domain is known") \
X(SRV_NONE,           "srv-none",             "no such SRV record") \
X(SRV_NO_ANSWER,      "srv-no-answer",        "no DNS answer") \
X(SRV_NO_SERVICE,     "srv-no-service",       "the record says that there is no such service") \
X(SRV_OTHER_DOMAIN,   "srv-other-domain",     "the target lies outside the SIP domain") \
X(SRV_ADDRESS,        "srv-address",          "the record names an address where a host name belongs") \
X(NAME_NO_ADDRESS,    "name-no-address",      "the name has no address") \
/* the update */ \
X(UPDATE_KEY_NONE,    "update-key-none",      "this phone trusts no update key: nothing is installed") \
X(UPDATE_STEPS,       "update-steps",         "from this firmware the version that is offered is reached in two steps only") \
X(CATALOG_NONE,       "catalog-none",         "the answer names no catalog, and without its signature no image is installed") \
X(CATALOG_BAD,        "catalog-bad",          "the catalog is not signed by a key that this phone trusts") \
X(UPDATE_ELSEWHERE,   "update-elsewhere",     "the answer sends the phone to a machine that is not the update service's") \
X(IMAGE_LONG,         "image-long",           "the image is longer than its catalog says") \
X(IMAGE_SHORT,        "image-short",          "the image ended early") \
X(IMAGE_SIZE,         "image-size",           "the image is not as long as its catalog says") \
X(IMAGE_CHANGED,      "image-changed",        "the image is not the one that the catalog was signed for") \
X(IMAGE_BAD,          "image-bad",            "the image cannot be read") \
X(IMAGE_MODEL,        "image-model",          "the image is for another model") \
X(IMAGE_VERSION,      "image-version",        "the image is of another version than the one that was offered") \
/* DHCPINFORM: options 43 and 120 */ \
X(OPTIONS_ABSENT,     "options-absent",       "an answer without options 43 and 120") \
X(OPTION43_ABSENT,    "option43-absent",      "option 43 is missing") \
X(OPTION120_ABSENT,   "option120-absent",     "DHCP told no option 120") \
X(OPTION120_BAD,      "option120-bad",        "option 120 cannot be read") \
X(OPTION120_ADDRESS,  "option120-address",    "option 120 holds an address: TLS needs a name (encoding 0)") \
X(DHCP_SECOND,        "dhcp-second",          "a second DHCP server answers, and not the same; the first one counts") \
X(OPTIONS_DIFFER,     "options-differ",       "options 43 and 120 name one server, SRV another") \
X(UC_HEX_TYPED,       "uc-hex-typed",         "it is hexadecimal digits typed as text, not the octets they stand for") \
X(UC_TEXT_TYPED,      "uc-text-typed",        "it is plain text: each sub-option needs its code and its length before it") \
X(UC_OVERRUN,         "uc-overrun",           "a sub-option runs past the end of option 43") \
X(UC_CLASS_ABSENT,    "uc-class-absent",      "sub-option 1 is missing: this is not the option of class MS-UC-Client") \
X(UC_CLASS_OTHER,     "uc-class-other",       "sub-option 1 is not MS-UC-Client") \
X(UC_SCHEME_BAD,      "uc-scheme-bad",        "sub-option 2 is neither https nor http") \
X(UC_SCHEME_PLAIN,    "uc-scheme-plain",      "the scheme (sub-option 2) is http: TLS is never begun there") \
X(UC_SCHEME_ABSENT,   "uc-scheme-absent",     "no scheme (sub-option 2): https taken") \
X(UC_HOST_URL,        "uc-host-url",          "sub-option 3 holds a URL: only the host name belongs there") \
X(UC_HOST_PORT,       "uc-host-port",         "sub-option 3 holds a port too: it belongs into sub-option 4") \
X(UC_HOST_BAD,        "uc-host-bad",          "sub-option 3 is missing or not a host name") \
X(UC_HOST_DOT,        "uc-host-dot",          "a dot at the end of the host name (sub-option 3)") \
X(UC_PORT_BAD,        "uc-port-bad",          "sub-option 4 is not a port number") \
X(UC_PORT_BINARY,     "uc-port-binary",       "the port (sub-option 4) is a number, not text") \
X(UC_PATH_URL,        "uc-path-url",          "sub-option 5 holds a whole URL: only its path belongs there") \
X(UC_PATH_BAD,        "uc-path-bad",          "sub-option 5 is not the path of a URL") \
X(UC_PATH_LONG,       "uc-path-long",         "sub-option 5 is too long") \
X(UC_PATH_ABSENT,     "uc-path-absent",       "no path (sub-option 5): the usual one taken") \
X(UC_PATH_SLASH,      "uc-path-slash",        "the path (sub-option 5) has no leading slash") \
X(UC_VALUE_PADDED,    "uc-value-padded",      "zeros or blanks at the end of a value") \
X(UC_URL_LONG,        "uc-url-long",          "option 43's parts do not make a URL") \
/* certificates and TLS */ \
X(CERT_UNCHECKED,    "cert-not-judged",      "the server's certificate was not verified: before stage 6 a new phone has no root chain") \
X(CERT_NONE,          "cert-none",            "the server showed no certificate that can be read") \
X(CERT_UNTRUSTED,     "cert-untrusted",       "the certificate does not chain to a trusted root") \
X(CERT_ALONE,         "cert-alone",           "the server shows its own certificate alone, and nobody knows who issued it") \
X(CERT_SELF_SIGNED,   "cert-self-signed",     "the certificate is self-signed, and not trusted") \
X(CERT_EXPIRED,       "cert-expired",         "the certificate has expired") \
X(CERT_NOT_YET,       "cert-not-yet",         "the certificate is not valid yet") \
X(CERT_OTHER_NAME,    "cert-other-name",      "the certificate carries other names than the one that was asked for") \
X(CERT_NOT_TAKEN,     "cert-not-taken",         "the phone hung up after it had seen the server's certificate, which the capture cannot show") \
X(CERT_PURPOSE,       "cert-purpose",         "the certificate is for another use than a server's") \
X(CERT_SHORT,         "cert-short",           "the user's certificate is good for a short time only") \
X(ROOT_STRONG,        "root-strong",          "this model cannot read a root of that key size and signature") \
X(TLS_CLOSED,         "tls-closed",           "the server hung up before it had said a word of TLS") \
X(TLS_NONE,           "tls-none",             "the peer speaks another protocol than TLS") \
X(TLS_STALLED,        "tls-stalled",          "the connection came up, but no answer to the first message of TLS came") \
X(TLS_ALERT,          "tls-alert",            "the server refused the handshake with an alert") \
/* the web service */ \
X(PLAIN_REDIRECTED,   "plain-redirected",     "plain HTTP is sent elsewhere; real phones may not follow") \
X(REDIRECTED,         "redirected",           "the question is sent elsewhere") \
X(ANSWER_PAGE,        "answer-page",          "a page for people came, not what was asked for") \
X(SENT_ELSEWHERE,     "sent-elsewhere",       "another server sent the phone to this one") \
X(ANSWER_CODED,       "answer-coded",         "the answer is packed, although the phone had asked for none of that") \
X(CHAIN_NONE,         "chain-none",           "no chain was downloaded; other roots that the phone holds were enough") \
X(CHAIN_EMPTY,        "chain-empty",          "it holds no certificate of an authority") \
X(CHAIN_OUTSIDE,      "chain-outside",        "outside, a chain over plain HTTP is not taken") \
X(CERT_NOT_GIVEN,     "cert-not-given",       "the Web Services give no certificates: certificate authentication is off there") \
X(PORT_NOT_OFFERED,   "port-not-offered",     "the web ticket service's metadata offers no such port") \
X(TICKET_NOT_ASKED,   "ticket-not-asked",     "the phone read the web ticket service's metadata and asked for no ticket") \
X(CERT_OTHER_USER,    "cert-other-user",      "the certificate is for another user") \
X(CERT_OTHER_KEY,     "cert-other-key",       "the certificate carries another public key than the one in the request") \
/* the Registrar */ \
X(SIP_UNSIGNED,       "sip-unsigned",         "the Registrar took an unsigned REGISTER") \
X(SIP_LOST,           "sip-lost",             "the Registrar had lost the registration") \
X(SIP_SECURITY,       "sip-security",         "the site's SIP security mode is High: plain TCP is not used") \
X(SIP_OTHER_MAKE,     "sip-other-make",       "it asks for Digest or Basic, which no Registrar of this kind does") \
X(MOVED,              "moved",                "redirected to the home pool") \
X(BACKUP_REGISTRAR,   "backup-registrar",     "the Registrar is the backup of the user's home pool, which does not answer") \
X(MOVED_NOWHERE,      "moved-nowhere",        "the redirect names no Registrar") \
/* what the doctor asks itself */ \
X(ASKED_VLAN_CLASS,   "asked-vlan-class",     "the class CPE-OCPHONE in different upper or lower case was answered with a VLAN") \
X(ASKED_DNS_SLOW,     "asked-dns-slow",       "the name server answers, but takes longer than a second") \
X(ASKED_NAK,          "asked-nak",            "a DHCP server refused an address of another network: it receives what is sent in this VLAN") \
X(ASKED_UC_CLASS,     "asked-uc-class",       "the class MS-UC-Client in different upper or lower case was answered with option 43") \
X(ASKED_UC_DISCOVER,  "asked-uc-discover",    "a DISCOVER of class MS-UC-Client was answered with option 43") \
X(ASKED_OLD_NAME,     "asked-old-name",       "the old name ucupdates exists") \
X(ASKED_NEW_NAME,     "asked-new-name",       "the name ucupdates-r2 exists") \
X(ASKED_SRV,          "asked-srv",            "an SRV record of SIP exists") \
X(ASKED_SRV_INSIDE,   "asked-srv-inside",     "SRV _sipinternaltls._tcp exists") \
X(ASKED_WILDCARD,     "asked-wildcard",       "a name that was made up just now exists: the zone has a wildcard") \
X(ASKED_FLAPS,        "asked-flaps",          "asked twice, the name had different addresses") \
X(ASKED_DEAD_ADDRESS, "asked-dead-address",   "of several addresses of the name this one does not answer, and another one does") \
X(ASKED_RESOLVER_DEAD, "asked-resolver-dead", "of several name servers this one does not answer") \
X(ASKED_RESOLVER_ODD, "asked-resolver-odd",   "of several name servers this one does not know what another one knows") \
X(ASKED_DNS_TCP,      "asked-dns-tcp",        "the name server answers over UDP, but not over TCP") \
X(ASKED_OFFER,        "asked-offer",          "a DHCP server offers an address here") \
X(ASKED_OFFER_UNTAGGED, "asked-offer-untagged", "a DHCP server offers an address in the untagged VLAN") \
X(ASKED_OFFER_NONE,   "asked-offer-none",     "no DHCP server answers in the untagged VLAN either") \
X(ASKED_OFFER_OTHER,  "asked-offer-other",    "a second DHCP server offers another network, router, resolver or domain") \
X(ASKED_OFFER_LATE,   "asked-offer-late",     "a DHCP server is there, but the port let nothing pass for a long time after the link was up") \
X(ASKED_ARP_SILENT,   "asked-arp-silent",     "the lease's mask makes this address a neighbour, but nobody answers ARP for it") \
X(ASKED_ARP_ROUTER,   "asked-arp-router",     "the router of the lease does not answer ARP") \
X(ASKED_ARP_TWO,      "asked-arp-two",        "two machines answer ARP for this address") \
X(ASKED_NO_OCTET,     "asked-no-octet",       "the connection opens, but not one octet comes back") \
X(ASKED_SMALL_ONLY,   "asked-small-only",     "small packets come through, large ones do not") \
X(ASKED_OLD_TLS,      "asked-old-tls",        "a handshake as phones of the time begin it is refused, a modern one is not") \
X(ASKED_CLIENT_CERT,  "asked-client-cert",    "the server demands a certificate of the client") \
X(ASKED_BETWEEN,      "asked-between",        "at one address two ports show certificates of different authorities") \
X(ASKED_CERT_WILDCARD, "asked-cert-wildcard", "only a wildcard in the certificate covers the name") \
X(ASKED_CERT_WEAK,    "asked-cert-weak",      "the certificate has fewer than 2048 bits, or a signature with SHA-1 or MD5") \
X(ASKED_CERT_NAME,    "asked-cert-name",      "the certificate does not carry the name") \
X(ASKED_CERT_ENDS,    "asked-cert-ends",      "the certificate ends within two weeks") \
X(ASKED_CRL_SILENT,   "asked-crl-silent",     "the certificate's list of revoked ones cannot be fetched") \
X(ASKED_IPV6_ONLY,    "asked-ipv6-only",      "the name has an IPv6 address, and no other") \
X(ASKED_ALIAS,        "asked-alias",          "the name is an alias of a name that has no address") \
X(ASKED_FORBIDDEN,    "asked-forbidden",      "a machine on the way forbids it (ICMP)") \
X(ASKED_HOST_REFUSES, "asked-host-refuses",   "the machine's own packet filter refuses it (ICMP)") \
X(ASKED_NO_ROUTE,     "asked-no-route",       "a router on the way has no route to the address (ICMP)") \
X(ASKED_OFF,          "asked-off",            "the router next to the address finds no machine there (ICMP)") \
X(ASKED_DNS_REFUSED,  "asked-dns-refused",    "a machine on the way, or the name server's own, refuses the question to the name server (ICMP)") \
X(ASKED_SNI,          "asked-sni",            "without the name in its first message (SNI) the server shows another certificate, or none") \
X(ASKED_HALF,         "asked-half",           "of several connections to one port some are taken and others are ended at once") \
/* the doctor finds these in the store, on the server itself */ \
X(STORE_NOBODY,       "store-nobody",         "the store has no such user") \
X(STORE_DISABLED,     "store-disabled",       "the user is disabled in the store") \
X(STORE_SHARED,       "store-shared",         "another user in the store has the same extension") \
X(STORE_PIN_NONE,     "store-pin-none",       "the user has no PIN in the store") \
X(STORE_PIN_LOCKED,   "store-pin-locked",     "the user's PIN is locked in the store") \
X(STORE_PIN_EXPIRED,  "store-pin-expired",    "the user's PIN has expired") \
X(STORE_PIN_GOOD,     "store-pin-good",       "the user has a PIN, neither locked nor expired") \
X(STORE_CERT_NONE,    "store-cert-none",      "the user has no certificate in the store that is still good")
/* clang-format on */

#define DT_SIGN_ENUM(id, code, what) DT_SIGN_##id,
enum dt_sign { DT_SIGNS(DT_SIGN_ENUM) DT_SIGN_COUNT };
#undef DT_SIGN_ENUM

/* Where a Registrar may be: the six candidates in the order in which they are tried, and other ways to know one. */
/* clang-format off */
#define DT_CANDIDATES(X) \
X(NONE,         "",                 "") \
X(INTERNAL_TLS, "srv-internal-tls", "internal SRV, TLS") \
X(DHCP_TLS,     "dhcp-tls",         "DHCP, TLS") \
X(INTERNAL_TCP, "srv-internal-tcp", "internal SRV, TCP") \
X(DHCP_TCP,     "dhcp-tcp",         "DHCP, TCP") \
X(EXTERNAL_TLS, "srv-external-tls", "external SRV, TLS") \
X(EXTERNAL_TCP, "srv-external-tcp", "external SRV, TCP") \
X(CONFIGURED,   "configured",       "configured") \
X(STORED,       "stored",           "last known good") \
X(HOME_POOL,    "home-pool",        "home pool") \
X(PREFERRED,    "preferred",        "preferred")
/* clang-format on */

#define DT_CAND_ENUM(id, code, name) DT_CAND_##id,
enum dt_candidate { DT_CANDIDATES(DT_CAND_ENUM) DT_CAND_COUNT };
#undef DT_CAND_ENUM

#define DT_SIGNS_MAX 6

/* 0 or NULL: not known, or of no meaning here.  Borrowed as the record is. */
struct dt_facts {
	const char *host;	 /* the name that was asked for or talked to: of DNS, URL, SIP */
	const char *domain;	 /* SRV: the domain behind _service._proto. */
	const char *cert;	 /* the first name in the peer's certificate */
	const char *said;	 /* what the server itself wrote for a reason: the only words worth comparing */
	uint32_t address;	 /* IPv4, host byte order: of the peer, or of DNS's first answer */
	uint16_t port;		 /* the peer's */
	uint16_t vlan;		 /* the VLAN it is about */
	uint8_t option, sub;	 /* the DHCP option, and the sub-option in it, that the sign is about */
	uint8_t alert;		 /* TLS alert that came */
	uint8_t rcode;		 /* DNS: 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED ... */
	uint16_t http, sip;	 /* status of the answer */
	uint32_t diag;		 /* ms-diagnostics or ErrorId of the answer */
	uint32_t seconds;	 /* of a lease, an OFFER, an expiry: what the attempt is about */
	uint32_t by;		 /* IPv4 address of the machine that refused, where that is not the peer: the sender of an ICMP error */
	int64_t off_s;		 /* by so much the other clock is ahead */
	enum dt_candidate candidate; /* how the Registrar was known */
};

#ifdef __cplusplus
extern "C" {
#endif

struct dt_sign_row {
	const char *code, *what;
};
extern const struct dt_sign_row dt_signs[DT_SIGN_COUNT];

struct dt_candidate_row {
	const char *code, *name;
};
extern const struct dt_candidate_row dt_candidates[DT_CAND_COUNT];

/* Among `signs`, which ends with DT_SIGN_NONE or after DT_SIGNS_MAX. */
bool dt_signs_have(const enum dt_sign *signs, enum dt_sign s);
/* Puts s behind the others, once.  false: there is no room. */
bool dt_signs_add(enum dt_sign *signs, enum dt_sign s);

#ifdef __cplusplus
}
#endif

#endif
