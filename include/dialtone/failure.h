/* dialtone/failure.h: every way in which a sign-in can fail, once.
 *
 * One row a failure: the code as records and the doctor print it, who has to act, whether trying again can help, what
 * happened, what to do.
 * The enum, the texts and the table in the manual page are made from this list.  `%` never occurs in it: the particulars
 * of one run (names, addresses, octets) stand in the record's `why`.
 * Where a row of doc/reference/failures.md fits, its id stands behind it.
 */
#ifndef DIALTONE_FAILURE_H
#define DIALTONE_FAILURE_H

#include <stdbool.h>

enum dt_fault { DT_FAULT_NONE, DT_FAULT_NETWORK, DT_FAULT_SERVER, DT_FAULT_PHONE, DT_FAULT_USER, DT_FAULT_US };

/* RETRY: it may pass by itself.  CURE: somebody has to act, then the next try succeeds; a registered phone keeps trying.
 * FINAL: the server has decided; a phone that had dial tone stops, and does not ask the same again. */
enum dt_again { DT_AGAIN_RETRY, DT_AGAIN_CURE, DT_AGAIN_FINAL };

/* clang-format off */
#define DT_FAILURES(X) \
X(OK,                 "ok",                  NONE,    CURE,  "it worked", "") \
X(LINK_DOWN,          "link-down",           NETWORK, RETRY, "the cable carries no link", "plug the phone's network port into the switch, not its PC port") /* V-12 */ \
X(VLAN_NONE,          "vlan-none",           NETWORK, CURE,  "neither LLDP-MED nor DHCP names a voice VLAN", "configure an LLDP-MED network policy on the port, or DHCP option 43 sub-option 10 for class CPE-OCPHONE") /* V-01, V-02 */ \
X(VLAN_BAD,           "vlan-bad",            NETWORK, CURE,  "the VLAN that was announced cannot be used", "announce a VLAN from 1 to 4094") /* V-09 */ \
X(VLAN_JOIN,          "vlan-join",           PHONE,   CURE,  "the VLAN could not be joined", "check the interface and its permissions") \
X(DHCP_SILENT,        "dhcp-silent",         NETWORK, RETRY, "no DHCP server answers", "check the scope, the relay (ip helper-address) and that the port's VLAN is carried") /* I-01, V-07 */ \
X(DHCP_NAK,           "dhcp-nak",            NETWORK, RETRY, "the DHCP server refuses the address", "look for a second DHCP server on this VLAN") /* I-03 */ \
X(DHCP_BAD,           "dhcp-bad",            NETWORK, CURE,  "the DHCP answer cannot be used", "correct the scope's options") /* I-04, I-05 */ \
X(ADDRESS_TAKEN,      "address-taken",       NETWORK, RETRY, "another machine uses the address", "find the machine with that address") /* I-06 */ \
X(CLOCK_WRONG,        "clock-wrong",         NETWORK, CURE,  "the phone's clock cannot be right and no time server sets it", "announce a time server by DHCP option 42 or SRV _ntp._udp, and let UDP 123 pass") /* C-04 */ \
X(DNS_SILENT,         "dns-silent",          NETWORK, RETRY, "no DNS server answers", "check DHCP option 6 and the way to the resolver") /* D-08 */ \
X(DNS_ERROR,          "dns-error",           NETWORK, RETRY, "the DNS server answers with an error", "look into the DNS server's log: is the zone loaded, may the phones' network ask it?") /* D-08 */ \
X(DNS_NONE,           "dns-none",            NETWORK, CURE,  "the name does not exist", "create the record") /* D-01, D-02, R-10 */ \
X(DOMAIN_NONE,        "domain-none",         NETWORK, CURE,  "no DNS domain is known", "set DHCP option 15 to the SIP domain") /* I-04 */ \
X(UPDATE_REFUSED,     "update-refused",      SERVER,  CURE,  "the update service refuses the question", "sign in inside the company first") /* U-05 */ \
X(UPDATE_ANSWER,      "update-answer",       SERVER,  CURE,  "the update service's answer cannot be read", "check the update service") /* U-07 */ \
X(UPDATE_FETCH,       "update-fetch",        SERVER,  RETRY, "the image cannot be downloaded", "check the store URL and that port 80 is open inside") /* U-06 */ \
X(UPDATE_SIGNATURE,   "update-signature",    SERVER,  CURE,  "the image's signature is not good; it is not installed", "import the package again from its source") /* U-09 */ \
X(UPDATE_LOOP,        "update-loop",         SERVER,  CURE,  "the same update was installed before and did not take", "correct the version in the package") /* U-10 */ \
X(UPDATE_OLDER,       "update-older",        SERVER,  CURE,  "a server that could not be checked offers an older version; it is not installed", "sign in once inside, so that the phone knows the root chain; then the server may go back to an older version") \
X(UPDATE_STORE,       "update-store",        PHONE,   CURE,  "the image cannot be stored", "free space on the phone") \
X(UC_SILENT,          "uc-silent",           NETWORK, RETRY, "no server answers DHCPINFORM of class MS-UC-Client", "set options 43 and 120 for that class; ISC dhcpd must be authoritative") /* R-01 */ \
X(UC_BAD,             "uc-bad",              NETWORK, CURE,  "option 43 or 120 cannot be read", "write them with: dialtone netconfig") /* R-04, R-05, R-07 */ \
X(WEB_URL_NONE,       "web-url-none",        NETWORK, CURE,  "DHCP option 43 names no web service", "set option 43 for class MS-UC-Client") /* R-02, R-09 */ \
X(REGISTRAR_NONE,     "registrar-none",      NETWORK, CURE,  "neither DNS nor option 120 names a Registrar", "create SRV _sipinternaltls._tcp or set option 120") /* D-01, R-09 */ \
X(STRICT_DOMAIN,      "strict-domain",       NETWORK, CURE,  "the SRV target lies outside the SIP domain", "point the SRV at sip.<SIP domain> and put that name into the certificate") /* D-04 */ \
X(CONNECT,            "connect",             NETWORK, RETRY, "the server cannot be reached", "check that it runs and that no firewall stands between") /* L-01, C-01 */ \
X(TIMEOUT,            "timeout",             NETWORK, RETRY, "the server does not answer in time", "check its load and the way to it") \
X(CLOSED,             "closed",              SERVER,  RETRY, "the server closed the connection", "look into the server's log") \
X(TLS_HANDSHAKE,      "tls-handshake",       SERVER,  CURE,  "the TLS handshake fails", "old phones need TLS 1.0 and RSA") /* C-09 */ \
X(TLS_UNTRUSTED,      "tls-untrusted",       SERVER,  CURE,  "the server's certificate does not chain to a root that the phone holds", "check the chain the web service hands out; after a change of CA reset the phone (--cold)") /* C-03, C-05 */ \
X(TLS_NAME,           "tls-name",            SERVER,  CURE,  "the server's certificate does not carry the name the phone asked for", "put that name into the certificate's subject alternative names") /* C-10, U-04 */ \
X(TLS_DATE,           "tls-date",            SERVER,  CURE,  "the server's certificate is not valid at the phone's time", "check the phone's clock (NTP), then renew the certificate") /* C-04 */ \
X(CHAIN_DISABLED,     "chain-disabled",      SERVER,  CURE,  "the root chain cannot be downloaded", "enable EnableCertChainDownload, and let POST on port 80 through unredirected") /* C-02, C-13 */ \
X(CHAIN_BAD,          "chain-bad",           SERVER,  CURE,  "the root chain cannot be read", "check the web service's TrustedCACerts") /* C-03 */ \
X(CHAIN_CHANGED,      "chain-changed",       SERVER,  CURE,  "the server's CA is another than the one this phone has stored", "if the change is meant, start the phone with --cold") /* C-05 */ \
X(HTTP_STATUS,        "http-status",         SERVER,  RETRY, "the web service answers with an error", "look into the web service's log") /* U-07 */ \
X(HTTP_BAD,           "http-bad",            SERVER,  CURE,  "the web service's answer cannot be read", "check that a web service, not a proxy page, answers at this URL") \
X(SOAP_BAD,           "soap-bad",            SERVER,  CURE,  "the web service's XML cannot be read", "check the web service") \
X(METADATA_BAD,       "metadata-bad",        SERVER,  CURE,  "the web service's metadata lacks what this phone needs", "check UsePinAuth, UseCertificateAuth and UseWindowsAuth") /* A-04 */ \
X(PIN_REFUSED,        "pin-refused",         USER,    FINAL, "number or PIN not accepted", "check number and PIN; if both are right: dialtone pin show, pin unlock, pin set") /* A-01, A-02, A-03, A-07 */ \
X(PASSWORD_REFUSED,   "password-refused",    USER,    FINAL, "user name or password not accepted", "check DOMAIN\\user and password") /* A-10 */ \
X(CERT_REFUSED,       "cert-refused",        SERVER,  FINAL, "the user's certificate is not accepted", "it may be revoked or expired: sign in with the PIN again (--cold)") /* L-03 */ \
X(METHOD_OFF,         "method-off",          SERVER,  FINAL, "this way to authenticate is switched off at the server", "switch it on, or use another way") /* A-04, A-05 */ \
X(METHOD_MODEL,       "method-model",        USER,    CURE,  "this phone model cannot authenticate that way", "use a way that the model has") \
X(NOT_ENABLED,        "not-enabled",         SERVER,  FINAL, "this account is not enabled for Lync", "enable the user") /* A-03 */ \
X(TICKET_BAD,         "ticket-bad",          SERVER,  RETRY, "the web ticket is not accepted", "check that all front ends share the ticket key and their clocks agree") \
X(SECRET_NONE,        "secret-none",         USER,    CURE,  "no PIN, password or stored certificate to sign in with", "give --extension and --pin-file, or --user and --password-file") \
X(CSR_REFUSED,        "csr-refused",         SERVER,  CURE,  "the server does not issue a certificate", "look into the server's log; check MinCSRKeySize and the user store") /* P-01, P-02 */ \
X(CERT_BAD,           "cert-bad",            SERVER,  CURE,  "the certificate that was issued is not the one asked for", "check the certificate provisioning service") \
X(STORE,              "store",               PHONE,   CURE,  "the phone's state cannot be read or written", "check the state folder's space and permissions") \
X(KEY,                "key",                 US,      CURE,  "no key could be made", "report this") \
X(SIP_BAD,            "sip-bad",             SERVER,  CURE,  "the Registrar's answer cannot be read", "check that a SIP server answers on this port") \
X(SIP_STATUS,         "sip-status",          SERVER,  RETRY, "the Registrar refuses", "see the reason it gave") \
X(SIP_SIGNATURE,      "sip-signature",       SERVER,  FINAL, "the Registrar's signature is not good", "a program stands between, or the server's key changed: start with --cold") \
X(SIP_SCHEME,         "sip-scheme",          SERVER,  CURE,  "the Registrar offers no way to authenticate that this phone has", "enable certificate (TLS-DSK) or NTLM authentication") /* A-05 */ \
X(SIP_NOT_FOUND,      "sip-not-found",       SERVER,  FINAL, "the Registrar does not know this user", "enable the user for SIP") \
X(SIP_FORBIDDEN,      "sip-forbidden",       SERVER,  FINAL, "the Registrar does not allow this", "see the reason it gave") /* L-05 */ \
X(REMOTE_OFF,         "remote-off",          SERVER,  FINAL, "this user may not sign in from outside", "allow remote access for the user") \
X(REDIRECTS,          "redirects",           SERVER,  FINAL, "the pools send the phone round in a circle", "check the user's home pool") /* L-04 */ \
X(NEVER_INSIDE,       "never-inside",        USER,    CURE,  "this phone has never been inside the company network", "sign it in inside once, then carry it out") /* E-01 */ \
X(SIGNED_OFF,         "signed-off",          SERVER,  RETRY, "the Registrar ended the registration", "see the reason it gave") \
X(STOPPED,            "stopped",             USER,    RETRY, "it was stopped before there was dial tone", "let it run to its end: a stage may take minutes where servers are silent") \
X(MEMORY,             "memory",              PHONE,   RETRY, "out of memory", "restart the phone") \
X(HIDDEN,             "hidden",              SERVER,  CURE,  "the phone went no further after an encrypted answer", "look into the server's log for this phone's address at that time; or run dialtone doctor with this user") \
X(US,                 "internal",            US,      CURE,  "a fault of this program", "report this with the record")
/* clang-format on */

#define DT_FAILURE_ENUM(id, code, fault, again, what, fix) DT_F_##id,
enum dt_failure { DT_FAILURES(DT_FAILURE_ENUM) DT_FAILURE_COUNT };
#undef DT_FAILURE_ENUM

#ifdef __cplusplus
extern "C" {
#endif

struct dt_failure_row {
	const char *code;
	enum dt_fault fault;
	bool final, retry; /* of enum dt_again; never both */
	const char *what, *fix;
};

extern const struct dt_failure_row dt_failures[DT_FAILURE_COUNT];
/* The failure that the final answer to a REGISTER means; diag is the id of its ms-diagnostics, 0: it has none. */
enum dt_failure dt_failure_of_sip(unsigned status, unsigned diag);
/* The failure that a fault of the Web Services means.  id is that of its Ms-Diagnostics-Fault; `refused` is the failure when the service
 * refuses the user. */
enum dt_failure dt_failure_of_fault(unsigned id, enum dt_failure refused);
extern const char *const dt_fault_names[]; /* by enum dt_fault: "", "network", "server", "phone", "user", "us" */

#ifdef __cplusplus
}
#endif

#endif
