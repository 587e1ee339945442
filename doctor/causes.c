/* doctor/causes.c: the table. */
#include "doctor/causes.h"

#include "doctor/observed.h"

#define N DT_STAGE_NONE
#define S(stage) DT_STAGE_##stage
#define F(failure) DT_F_##failure

/* What a row wants to see: doctor_cause's sees, value, words. */
#define ALWAYS SEES_NOTHING, 0, NULL
#define SIGN(sign) SEES_SIGN, DT_SIGN_##sign, NULL
#define RUN_SIGN(sign) SEES_RUN_SIGN, DT_SIGN_##sign, NULL
#define ANSWER(sign) SEES_ANSWER, DT_SIGN_##sign, NULL
#define PORT(is) SEES_PORT_IS, PORT_##is, NULL
#define TCP(port) SEES_TCP_PORT, port, NULL
#define HTTP(status) SEES_HTTP, status, NULL
#define HTTP_CLASS(digit) SEES_HTTP_CLASS, digit, NULL
#define OPTION(code) SEES_OPTION, code, NULL
#define TAGGED SEES_VLAN, 0, NULL
#define CANDIDATE(c) SEES_CANDIDATE, DT_CAND_##c, NULL
#define DIAG(id) SEES_DIAG, id, NULL
#define SERVER_SAYS(words) SEES_SERVER_SAYS, 0, words
#define OF_STAGE(stage) SEES_STAGE, DT_STAGE_##stage, NULL
#define WARM SEES_WARM, 0, NULL
#define INSIDE SEES_INSIDE, 0, NULL
#define OUTSIDE SEES_OUTSIDE, 0, NULL
#define SIP(status) SEES_SIP, status, NULL
#define SIP_CLASS(digit) SEES_SIP_CLASS, digit, NULL
#define ALERT(number) SEES_ALERT, number, NULL
#define RUN_CANDIDATE(c) SEES_RUN_CANDIDATE, DT_CAND_##c, NULL
#define ELSEWHERE(sign) SEES_OTHER_DOMAIN, DT_SIGN_##sign, NULL
#define HOST_ANSWER(sign) SEES_HOST_ANSWER, DT_SIGN_##sign, NULL
#define OTHER_PORT SEES_OTHER_PORT, 0, NULL
#define SHORT_NAME SEES_SHORT_NAME, 0, NULL
#define ENDED_WELL SEES_ENDED_WELL, 0, NULL

/* A second condition, one that excludes the row, and what else a row can say (doctor_cause). */
#define ALSO(...) .also = {__VA_ARGS__}
#define UNLESS(...) .unless = {__VA_ARGS__}
#define EXPLAINS(kinds) .explains = kinds
#define AT(stage) .home = DT_STAGE_##stage
#define REPORTED .reported = true
#define CERTAIN .certain = true
#define OF_LEASE .lease = true
#define ASKED .asked = true
#define REACH EXPLAINS_REACH
#define NAMES EXPLAINS_NAMES
#define TRUST EXPLAINS_TRUST
#define TALK EXPLAINS_TALK
#define DHCP EXPLAINS_DHCP
#define HERE EXPLAINS_HERE
#define LEASE EXPLAINS_LEASE

/* clang-format off */
/* Cause and remedy of more rows than one. */
#define PAGE_CAME \
	"a page for people came instead of an answer: a proxy or portal stands between the phone and {host}, or {host} is another server", \
	"exempt {host} from the proxy or portal for the phones' network; or check what answers at {address}"
#define LED_AWAY \
	"the question was sent on to {host}, which is no server of this process: a sign-in page or portal stands before the web service", \
	"exempt the web service's paths (/CertProv, /WebTicket, /RequestHandler) from the sign-in or portal for the phones' network"
#define PROXY_WITHOUT_SERVER \
	"the reverse proxy accepts connections for {host} and hangs up at once: no server behind it has that name, or the server is down", \
	"check in the reverse proxy where {host} goes, and that the Web Services there run: dialtone status"
#define SHORT \
	"{host} is a short name: phones ask for it as it stands, without a domain, and no name server knows it so", \
	"write the whole name, {host}.DOMAIN, into DHCP options 43 and 120 (dialtone netconfig kea, isc, dnsmasq or windows prints both), or the SRV record"
/* ICMP names who refuses; each stage that connects has a row for it. */
#define FORBIDDEN(what) \
	what ": {by}, a firewall or router on the way, forbids connections to {address} port {port} (ICMP)", \
	"let TCP {port} through from the voice VLAN to {address}, in the rules of {by}"
#define HOST_REFUSES(what) \
	what ": {address} is there, and its own packet filter refuses port {port} (ICMP)", \
	"let the phones' network in at {address}: Windows: Get-NetFirewallRule, netsh advfirewall show currentprofile; Linux: nft list ruleset"
#define NO_ROUTE(what) \
	what ": the router {by} has no route to {address} (ICMP)", \
	"set the route to {address} at {by} (show ip route {address}), or correct the address in DNS or DHCP"
#define IPV6_ONLY \
 "the name {host} has an IPv6 address (AAAA) and no other: phones ask for A records only", \
 "create an A record for {host}: dig AAAA {host} shows what there is"
#define ALIAS \
 "the name {host} is an alias (CNAME) of a name that has no address: its target was renamed, or never made", \
 "point the alias to a name that exists, or make it an A record: dig CNAME {host} shows its target"
#define ODD_43 \
 "option 43 was read here, but a value in it is not as phones want it", "write it with: dialtone netconfig (kea, isc, dnsmasq, ios, windows)"
#define UNKNOWN_NAME \
 "a name that DNS or DHCP handed out does not exist in the phone's resolver", "create the A record for the name in the attempt"

const struct doctor_cause doctor_causes[] = {
#include "doctor/causes/vlan.inc"
#include "doctor/causes/address.inc"
#include "doctor/causes/find.inc"
#include "doctor/causes/update.inc"
#include "doctor/causes/discover.inc"
#include "doctor/causes/chain.inc"
#include "doctor/causes/store.inc"
#include "doctor/causes/auth.inc"
#include "doctor/causes/cert.inc"
#include "doctor/causes/logon.inc"
#include "doctor/causes/outside.inc"
#include "doctor/causes/hidden.inc"
};
/* clang-format on */

const size_t doctor_cause_count = sizeof doctor_causes / sizeof *doctor_causes;
