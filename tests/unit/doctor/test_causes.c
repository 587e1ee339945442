/* The table of causes: a case for each row, of codes and facts; what it looks at, and what it does not. */
#include "doctor/diagnose.h"
#include "tests/support/check.h"

struct cause_case {
	const char *ids; /* of all causes, the likeliest first */
	enum dt_stage stage;
	enum dt_failure failure;
	enum dt_sign sign;
	struct dt_facts fact;
	enum dt_sign run, answer; /* of another attempt; of something the doctor asked */
	bool asked;		  /* the answer alone tells it: there is no attempt */
	bool has_heard;
	struct doctor_heard heard;
	bool warm, inside;
	enum dt_candidate reached; /* the Registrar that took the phone in the end was known so */
	bool well;		   /* the attempt failed, its stage ended well */
	enum dt_stage home;	   /* where it is told; NONE: where it was met */
};

/* clang-format off */
static const struct cause_case cases[] = {
	{"V-15",           DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .has_heard = true, .heard = {.frames = 9, .eapol = 9, .lldp = 1, .med = 1, .voice = 1}},
	{"V-12",           DT_STAGE_VLAN,      DT_F_LINK_DOWN},
	{"V-05 V-01",      DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .has_heard = true, .heard = {.frames = 9, .cdp = 2, .cdp_vlan = 66}},
	{"V-12 V-01",      DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .has_heard = true, .heard = {.frames = 0}},
	{"V-13",           DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .run = DT_SIGN_LLDP_TOO_LATE},
	{"V-02",           DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .run = DT_SIGN_LLDP_POLICY_BAD},
	{"V-02",           DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .run = DT_SIGN_LLDP_MALFORMED},
	{"V-04",           DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .has_heard = true, .heard = {.frames = 9, .lldp = 3, .med = 3, .voice_unknown = 3}},
	{"V-03",           DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .has_heard = true, .heard = {.frames = 9, .lldp = 3, .med = 3, .voice_none = 3}},
	{"V-02",           DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .has_heard = true, .heard = {.frames = 9, .lldp = 3, .med = 3}},
	{"V-06 V-02",      DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .has_heard = true, .heard = {.frames = 9, .lldp = 3, .port_vlan = 10}},
	{"V-02",           DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .has_heard = true, .heard = {.frames = 9, .lldp = 3}},
	{"V-01",           DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .has_heard = true, .heard = {.frames = 9}},
	{"V-08",           DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .answer = DT_SIGN_ASKED_VLAN_CLASS},
	{"V-08",           DT_STAGE_VLAN,      DT_F_VLAN_NONE,       .sign = DT_SIGN_VLAN_OPTION_ABSENT},
	{"V-04",           DT_STAGE_VLAN,      DT_F_VLAN_BAD,        .sign = DT_SIGN_VLAN_RESERVED},
	{"V-09",           DT_STAGE_VLAN,      DT_F_VLAN_BAD,        .sign = DT_SIGN_VLAN_OPTION_RANGE},
	{"V-09",           DT_STAGE_VLAN,      DT_F_OK,              .sign = DT_SIGN_VLAN_OPTION_FORM},
	{"V-10",           DT_STAGE_ADDRESS,   DT_F_OK,              .sign = DT_SIGN_VLAN_CONFLICT},
	{"V-11",           DT_STAGE_LOGON,     DT_F_OK,              .sign = DT_SIGN_LLDP_CONFLICT},
	{"V-13",           DT_STAGE_LOGON,     DT_F_OK,              .sign = DT_SIGN_LLDP_LATE},
	{"V-13",           DT_STAGE_LOGON,     DT_F_OK,              .sign = DT_SIGN_LLDP_TOO_LATE},
	{"V-04",           DT_STAGE_VLAN,      DT_F_OK,              .sign = DT_SIGN_VLAN_ZERO},
	{"V-04",           DT_STAGE_VLAN,      DT_F_OK,              .sign = DT_SIGN_POLICY_UNTAGGED},
	{"V-14",           DT_STAGE_VLAN,      DT_F_OK,              .sign = DT_SIGN_LLDP_NOT_READ},
	{"I-10 I-01",      DT_STAGE_ADDRESS,   DT_F_DHCP_SILENT,     .sign = DT_SIGN_DHCP_CHECKSUM},
	{"I-10 I-01",      DT_STAGE_ADDRESS,   DT_F_DHCP_SILENT,     .sign = DT_SIGN_DHCP_MALFORMED},
	{"I-04",           DT_STAGE_ADDRESS,   DT_F_OK,              .sign = DT_SIGN_OPTION_LENGTH, .fact.option = 6},
	{"C-04",           DT_STAGE_ADDRESS,   DT_F_CLOCK_WRONG,     .sign = DT_SIGN_TIME_UNSET},
	{"C-04",           DT_STAGE_CHAIN,     DT_F_CLOCK_WRONG,     .run = DT_SIGN_TIME_UNSET},
	{"C-04",           DT_STAGE_CHAIN,     DT_F_CLOCK_WRONG,     .sign = DT_SIGN_CERT_EXPIRED},
	{"D-11 R-10",      DT_STAGE_CHAIN,     DT_F_DNS_NONE,        .sign = DT_SIGN_DNS_BLOCKED},
	{"C-17 C-01",      DT_STAGE_CHAIN,     DT_F_SOAP_BAD,        .sign = DT_SIGN_ANSWER_PAGE},
	{"C-17 A-04",      DT_STAGE_AUTH,      DT_F_METADATA_BAD,    .sign = DT_SIGN_ANSWER_PAGE},
	{"C-17 A-09",      DT_STAGE_AUTH,      DT_F_HTTP_STATUS,     .fact.http = 407},
	{"C-17 A-09",      DT_STAGE_AUTH,      DT_F_HTTP_STATUS,     .fact.http = 511},
	{"C-17 R-10",      DT_STAGE_CHAIN,     DT_F_DNS_NONE,        .sign = DT_SIGN_SENT_ELSEWHERE},
	{"C-17 R-06",      DT_STAGE_CHAIN,     DT_F_CONNECT,         .sign = DT_SIGN_SENT_ELSEWHERE},
	{"C-17 C-01",      DT_STAGE_CHAIN,     DT_F_TIMEOUT,         .sign = DT_SIGN_SENT_ELSEWHERE},
	{"C-17 C-03",      DT_STAGE_CHAIN,     DT_F_TLS_UNTRUSTED,   .sign = DT_SIGN_SENT_ELSEWHERE},
	{"C-17 C-10",      DT_STAGE_CHAIN,     DT_F_TLS_NAME,        .sign = DT_SIGN_SENT_ELSEWHERE},
	{"C-19 A-09",      DT_STAGE_AUTH,      DT_F_HTTP_BAD,        .sign = DT_SIGN_ANSWER_CODED},
	{"V-12 I-01",      DT_STAGE_ADDRESS,   DT_F_DHCP_SILENT,     .has_heard = true, .heard = {.frames = 0}},
	{"V-15 I-01",      DT_STAGE_ADDRESS,   DT_F_DHCP_SILENT,     .has_heard = true, .heard = {.frames = 9, .eapol = 9, .arp = 1}},
	{"V-16 I-01",      DT_STAGE_ADDRESS,   DT_F_DHCP_SILENT,     .answer = DT_SIGN_ASKED_OFFER_LATE},
	{"V-16 I-01",      DT_STAGE_ADDRESS,   DT_F_DHCP_SILENT,     .has_heard = true, .heard = {.frames = 9, .bpdu = 9}},
	{"V-07 I-01",      DT_STAGE_ADDRESS,   DT_F_DHCP_SILENT,     .fact.vlan = 66, .answer = DT_SIGN_ASKED_OFFER_UNTAGGED},
	{"I-01 V-07",      DT_STAGE_ADDRESS,   DT_F_DHCP_SILENT,     .fact.vlan = 66, .answer = DT_SIGN_ASKED_OFFER_NONE},
	{"V-07 I-01",      DT_STAGE_ADDRESS,   DT_F_DHCP_SILENT,     .fact.vlan = 66},
	{"I-01",           DT_STAGE_ADDRESS,   DT_F_DHCP_SILENT},
	{"I-03",           DT_STAGE_ADDRESS,   DT_F_DHCP_NAK},
	{"I-05 I-04",      DT_STAGE_ADDRESS,   DT_F_DHCP_BAD,        .sign = DT_SIGN_LEASE_MASK},
	{"I-04",           DT_STAGE_ADDRESS,   DT_F_DHCP_BAD},
	{"I-06",           DT_STAGE_ADDRESS,   DT_F_ADDRESS_TAKEN},
	{"I-08",           DT_STAGE_ADDRESS,   DT_F_OK,              .sign = DT_SIGN_LEASE_SHORT},
	{"I-06",           DT_STAGE_LOGON,     DT_F_ADDRESS_TAKEN},
	{"I-06",           DT_STAGE_NONE,      DT_F_OK,              .sign = DT_SIGN_ADDRESS_DEFENDED},
	{"I-02",           DT_STAGE_ADDRESS,   DT_F_OK,              .sign = DT_SIGN_OFFER_SLOW},
	{"I-04",           DT_STAGE_ADDRESS,   DT_F_OK,              .sign = DT_SIGN_RESOLVER_ABSENT},
	{"I-04",           DT_STAGE_ADDRESS,   DT_F_OK,              .sign = DT_SIGN_DOMAIN_ABSENT},
	{"I-05",           DT_STAGE_ADDRESS,   DT_F_OK,              .sign = DT_SIGN_ROUTER_ABSENT},
	{"I-05",           DT_STAGE_ADDRESS,   DT_F_OK,              .sign = DT_SIGN_ROUTER_OUTSIDE},
	{"C-04",           DT_STAGE_UPDATE,    DT_F_OK,              .sign = DT_SIGN_TIME_ODD, .home = DT_STAGE_ADDRESS},
	{"C-04",           DT_STAGE_CHAIN,     DT_F_OK,              .sign = DT_SIGN_WEB_TIME_ODD},
	{"C-04",           DT_STAGE_LOGON,     DT_F_OK,              .sign = DT_SIGN_CLOCK_DIFFERS},
	{"C-04",           DT_STAGE_LOGON,     DT_F_CLOCK_WRONG},
	{"D-03 D-02",      DT_STAGE_FIND,      DT_F_DNS_NONE,        .answer = DT_SIGN_ASKED_OLD_NAME, .inside = true},
	{"D-07 D-02",      DT_STAGE_FIND,      DT_F_DNS_NONE,        .answer = DT_SIGN_ASKED_SRV, .inside = true},
	{"D-02",           DT_STAGE_FIND,      DT_F_DNS_NONE,        .inside = true},
	{"E-02",           DT_STAGE_FIND,      DT_F_DNS_NONE,        .inside = false},
	{"I-04",           DT_STAGE_FIND,      DT_F_DOMAIN_NONE},
	{"I-04 D-08",      DT_STAGE_LOGON,     DT_F_DNS_SILENT,      .sign = DT_SIGN_DNS_NO_SERVER},
	{"D-08",           DT_STAGE_LOGON,     DT_F_DNS_ERROR},
	{"D-08",           DT_STAGE_LOGON,     DT_F_DNS_SILENT},
	{"E-02",           DT_STAGE_UPDATE,    DT_F_DNS_NONE,        .inside = false},
	{"",               DT_STAGE_UPDATE,    DT_F_DNS_NONE,        .inside = true},
	{"D-06 E-02 D-05", DT_STAGE_UPDATE,    DT_F_CONNECT,         .answer = DT_SIGN_ASKED_WILDCARD},
	{"E-02 D-05",      DT_STAGE_UPDATE,    DT_F_CONNECT,         .inside = false},
	{"D-05",           DT_STAGE_UPDATE,    DT_F_CONNECT,         .inside = true},
	{"D-05",           DT_STAGE_UPDATE,    DT_F_TIMEOUT},
	{"U-04 C-10",      DT_STAGE_UPDATE,    DT_F_TLS_NAME},
	{"U-04",           DT_STAGE_UPDATE,    DT_F_OK,              .sign = DT_SIGN_CERT_OTHER_NAME},
	{"U-05",           DT_STAGE_UPDATE,    DT_F_UPDATE_REFUSED,  .inside = false},
	{"D-05",           DT_STAGE_UPDATE,    DT_F_UPDATE_REFUSED,  .inside = true},
	{"D-05 U-07",      DT_STAGE_UPDATE,    DT_F_HTTP_STATUS,     .sign = DT_SIGN_CERT_OTHER_NAME},
	{"D-05 U-07",      DT_STAGE_UPDATE,    DT_F_UPDATE_ANSWER,   .sign = DT_SIGN_CERT_OTHER_NAME},
	{"U-07",           DT_STAGE_UPDATE,    DT_F_UPDATE_ANSWER,   .sign = DT_SIGN_ANSWER_PAGE},
	{"U-07",           DT_STAGE_UPDATE,    DT_F_HTTP_STATUS,     .fact.http = 404},
	{"U-07",           DT_STAGE_UPDATE,    DT_F_CLOSED},
	{"U-07",           DT_STAGE_UPDATE,    DT_F_HTTP_BAD},
	{"U-07",           DT_STAGE_UPDATE,    DT_F_HTTP_STATUS},
	{"U-07",           DT_STAGE_UPDATE,    DT_F_UPDATE_ANSWER},
	{"U-08",           DT_STAGE_UPDATE,    DT_F_OK,              .sign = DT_SIGN_UPDATE_STEPS},
	{"U-06",           DT_STAGE_UPDATE,    DT_F_UPDATE_FETCH,    .fact.http = 404},
	{"U-09 U-06",      DT_STAGE_UPDATE,    DT_F_UPDATE_FETCH,    .sign = DT_SIGN_IMAGE_SHORT},
	{"U-06",           DT_STAGE_UPDATE,    DT_F_UPDATE_FETCH},
	{"U-09",           DT_STAGE_UPDATE,    DT_F_UPDATE_SIGNATURE, .sign = DT_SIGN_UPDATE_KEY_NONE},
	{"U-10 U-09",      DT_STAGE_UPDATE,    DT_F_UPDATE_SIGNATURE, .sign = DT_SIGN_IMAGE_VERSION},
	{"U-09",           DT_STAGE_UPDATE,    DT_F_UPDATE_SIGNATURE},
	{"U-12",           DT_STAGE_UPDATE,    DT_F_UPDATE_OLDER},
	{"U-10",           DT_STAGE_UPDATE,    DT_F_UPDATE_LOOP},
	{"R-01 R-11",      DT_STAGE_DISCOVER,  DT_F_UC_SILENT,       .answer = DT_SIGN_ASKED_UC_DISCOVER},
	{"R-01 R-11",      DT_STAGE_DISCOVER,  DT_F_UC_SILENT},
	{"R-01 R-11",      DT_STAGE_DISCOVER,  DT_F_UC_SILENT},
	{"R-02",           DT_STAGE_DISCOVER,  DT_F_UC_BAD,          .answer = DT_SIGN_ASKED_UC_CLASS},
	{"R-02",           DT_STAGE_DISCOVER,  DT_F_UC_BAD,          .sign = DT_SIGN_OPTIONS_ABSENT},
	{"R-05",           DT_STAGE_DISCOVER,  DT_F_UC_BAD,          .sign = DT_SIGN_UC_CLASS_OTHER},
	{"R-05",           DT_STAGE_DISCOVER,  DT_F_UC_BAD,          .sign = DT_SIGN_UC_CLASS_ABSENT},
	{"R-04",           DT_STAGE_DISCOVER,  DT_F_UC_BAD,          .fact.option = 43},
	{"R-07",           DT_STAGE_DISCOVER,  DT_F_UC_BAD,          .fact.option = 120},
	{"R-04",           DT_STAGE_DISCOVER,  DT_F_OK,              .sign = DT_SIGN_UC_SCHEME_ABSENT},
	{"R-04",           DT_STAGE_DISCOVER,  DT_F_OK,              .sign = DT_SIGN_UC_PORT_BINARY},
	{"R-04",           DT_STAGE_DISCOVER,  DT_F_OK,              .sign = DT_SIGN_UC_PATH_ABSENT},
	{"R-04",           DT_STAGE_DISCOVER,  DT_F_OK,              .sign = DT_SIGN_UC_PATH_SLASH},
	{"R-04",           DT_STAGE_DISCOVER,  DT_F_OK,              .sign = DT_SIGN_UC_HOST_DOT},
	{"R-04",           DT_STAGE_DISCOVER,  DT_F_OK,              .sign = DT_SIGN_UC_VALUE_PADDED},
	{"R-07",           DT_STAGE_DISCOVER,  DT_F_OK,              .sign = DT_SIGN_OPTION120_ADDRESS},
	{"R-09",           DT_STAGE_DISCOVER,  DT_F_OK,              .sign = DT_SIGN_OPTION43_ABSENT},
	{"R-08",           DT_STAGE_LOGON,     DT_F_OK,              .sign = DT_SIGN_DHCP_SECOND, .home = DT_STAGE_DISCOVER},
	{"L-07",           DT_STAGE_DISCOVER,  DT_F_UC_BAD,          .sign = DT_SIGN_OPTIONS_ABSENT, .reached = DT_CAND_STORED, .well = true},
	{"L-07",           DT_STAGE_LOGON,     DT_F_OK,              .fact.candidate = DT_CAND_STORED, .inside = true, .home = DT_STAGE_DISCOVER},
	{"R-02",           DT_STAGE_DISCOVER,  DT_F_WEB_URL_NONE,    .answer = DT_SIGN_ASKED_UC_CLASS},
	{"R-02",           DT_STAGE_DISCOVER,  DT_F_WEB_URL_NONE,    .run = DT_SIGN_OPTION43_ABSENT},
	{"D-07 E-03",      DT_STAGE_DISCOVER,  DT_F_REGISTRAR_NONE,  .answer = DT_SIGN_ASKED_SRV_INSIDE},
	{"E-03",           DT_STAGE_DISCOVER,  DT_F_REGISTRAR_NONE,  .inside = false},
	{"D-01",           DT_STAGE_DISCOVER,  DT_F_REGISTRAR_NONE,  .inside = true},
	{"D-04",           DT_STAGE_LOGON,     DT_F_STRICT_DOMAIN},
	{"R-10",           DT_STAGE_CHAIN,     DT_F_DNS_NONE},
	{"R-10",           DT_STAGE_AUTH,      DT_F_DNS_NONE},
	{"R-10",           DT_STAGE_LOGON,     DT_F_DNS_NONE},
	{"R-12 R-06",      DT_STAGE_CHAIN,     DT_F_CONNECT,         .run = DT_SIGN_OPTIONS_DIFFER},
	{"R-12 C-01",      DT_STAGE_CHAIN,     DT_F_TIMEOUT,         .run = DT_SIGN_OPTIONS_DIFFER},
	{"R-12 R-10",      DT_STAGE_CHAIN,     DT_F_DNS_NONE,        .run = DT_SIGN_OPTIONS_DIFFER},
	{"C-13 R-06", DT_STAGE_CHAIN,     DT_F_CONNECT,         .fact.port = 80},
	{"R-06",      DT_STAGE_CHAIN,     DT_F_CONNECT},
	{"C-01",           DT_STAGE_CHAIN,     DT_F_TIMEOUT},
	{"C-17 C-03",      DT_STAGE_CHAIN,     DT_F_CHAIN_BAD,       .sign = DT_SIGN_ANSWER_PAGE},
	{"C-01",           DT_STAGE_CHAIN,     DT_F_HTTP_STATUS,     .fact.http = 404},
	{"C-01",           DT_STAGE_CHAIN,     DT_F_HTTP_STATUS,     .fact.http = 401},
	{"C-01 C-17",      DT_STAGE_CHAIN,     DT_F_HTTP_STATUS,     .fact.http = 407},
	{"C-01",           DT_STAGE_CHAIN,     DT_F_HTTP_STATUS,     .fact.http = 503},
	{"C-01",           DT_STAGE_CHAIN,     DT_F_HTTP_STATUS,     .fact.http = 418},
	{"C-01",           DT_STAGE_CHAIN,     DT_F_CLOSED},
	{"C-01",           DT_STAGE_CHAIN,     DT_F_HTTP_BAD},
	{"C-01",           DT_STAGE_CHAIN,     DT_F_SOAP_BAD},
	{"R-13 C-01",      DT_STAGE_CHAIN,     DT_F_TIMEOUT,         .sign = DT_SIGN_TLS_STALLED, .fact.port = 80},
	{"R-13 C-09",      DT_STAGE_CHAIN,     DT_F_TLS_HANDSHAKE,   .fact.port = 80},
	{"C-13 C-01",      DT_STAGE_CHAIN,     DT_F_HTTP_STATUS,     .fact.http = 302},
	{"C-13",           DT_STAGE_CHAIN,     DT_F_OK,              .sign = DT_SIGN_PLAIN_REDIRECTED},
	{"C-13 C-03",      DT_STAGE_CHAIN,     DT_F_TLS_UNTRUSTED,   .run = DT_SIGN_PLAIN_REDIRECTED},
	{"C-02",           DT_STAGE_CHAIN,     DT_F_CHAIN_DISABLED},
	{"C-03",           DT_STAGE_CHAIN,     DT_F_CHAIN_BAD},
	{"C-05",           DT_STAGE_LOGON,     DT_F_CHAIN_CHANGED},
	{"C-05 C-03",      DT_STAGE_LOGON,     DT_F_TLS_UNTRUSTED,   .warm = true},
	{"C-03",           DT_STAGE_LOGON,     DT_F_TLS_UNTRUSTED},
	{"C-10",           DT_STAGE_LOGON,     DT_F_TLS_NAME},
	{"C-14 C-04",      DT_STAGE_LOGON,     DT_F_TLS_DATE,        .sign = DT_SIGN_CERT_EXPIRED},
	{"C-14 C-04",      DT_STAGE_LOGON,     DT_F_TLS_DATE,        .sign = DT_SIGN_CERT_NOT_YET},
	{"C-04",           DT_STAGE_LOGON,     DT_F_TLS_DATE},
	{"C-15 C-09",      DT_STAGE_LOGON,     DT_F_TLS_HANDSHAKE,   .fact.alert = 116},
	{"C-08",           DT_STAGE_CHAIN,     DT_F_OK,              .sign = DT_SIGN_ROOT_STRONG},
	{"L-02 C-09",      DT_STAGE_LOGON,     DT_F_TLS_HANDSHAKE,   .sign = DT_SIGN_TLS_NONE},
	{"L-01 C-09",      DT_STAGE_LOGON,     DT_F_TLS_HANDSHAKE,   .sign = DT_SIGN_TLS_CLOSED},
	{"C-09",           DT_STAGE_CHAIN,     DT_F_TLS_HANDSHAKE,   .sign = DT_SIGN_TLS_NONE},
	{"C-01 C-09",      DT_STAGE_CHAIN,     DT_F_TLS_HANDSHAKE,   .sign = DT_SIGN_TLS_CLOSED},
	{"C-09",           DT_STAGE_LOGON,     DT_F_TLS_HANDSHAKE},
	{"A-01 A-02",      DT_STAGE_AUTH,      DT_F_PIN_REFUSED,     .fact.said = "X locked X"},
	{"A-07 A-02",      DT_STAGE_AUTH,      DT_F_PIN_REFUSED,     .fact.said = "X expired X"},
	{"A-02",           DT_STAGE_AUTH,      DT_F_PIN_REFUSED},
	{"C-03",           DT_STAGE_CHAIN,     DT_F_HIDDEN,          .sign = DT_SIGN_CERT_NOT_TAKEN},
	{"A-02",           DT_STAGE_AUTH,      DT_F_HIDDEN},
	{"P-01",           DT_STAGE_CERT,      DT_F_HIDDEN},
	{"C-10 L-05",      DT_STAGE_LOGON,     DT_F_HIDDEN,          .sign = DT_SIGN_CERT_NOT_TAKEN},
	{"L-05",           DT_STAGE_LOGON,     DT_F_HIDDEN},
	{"A-10",           DT_STAGE_AUTH,      DT_F_PASSWORD_REFUSED},
	{"A-04",           DT_STAGE_AUTH,      DT_F_METADATA_BAD},
	{"A-05 A-04",      DT_STAGE_AUTH,      DT_F_METHOD_OFF,      .sign = DT_SIGN_CERT_NOT_GIVEN},
	{"A-04",           DT_STAGE_AUTH,      DT_F_METHOD_OFF},
	{"A-09",           DT_STAGE_AUTH,      DT_F_HTTP_STATUS},
	{"A-09",           DT_STAGE_AUTH,      DT_F_HTTP_BAD},
	{"A-09",           DT_STAGE_AUTH,      DT_F_SOAP_BAD},
	{"A-09",           DT_STAGE_AUTH,      DT_F_CONNECT},
	{"A-12",           DT_STAGE_AUTH,      DT_F_TIMEOUT},
	{"A-09",           DT_STAGE_AUTH,      DT_F_CLOSED},
	{"A-03",           DT_STAGE_LOGON,     DT_F_NOT_ENABLED},
	{"L-03",           DT_STAGE_LOGON,     DT_F_CERT_REFUSED},
	{"P-02 P-01",      DT_STAGE_CERT,      DT_F_CSR_REFUSED,     .fact.said = "X key size X"},
	{"P-01",           DT_STAGE_CERT,      DT_F_CSR_REFUSED},
	{"P-01",           DT_STAGE_CERT,      DT_F_HTTP_STATUS},
	{"P-01",           DT_STAGE_CERT,      DT_F_TIMEOUT},
	{"P-01",           DT_STAGE_CERT,      DT_F_CLOSED},
	{"P-01",           DT_STAGE_CERT,      DT_F_CONNECT},
	{"P-01",           DT_STAGE_CERT,      DT_F_HTTP_BAD},
	{"P-01",           DT_STAGE_CERT,      DT_F_SOAP_BAD},
	{"P-03",           DT_STAGE_CERT,      DT_F_OK,              .sign = DT_SIGN_CERT_SHORT},
	{"P-04",           DT_STAGE_CERT,      DT_F_OK,              .sign = DT_SIGN_CERT_NOT_YET},
	{"P-04",           DT_STAGE_CERT,      DT_F_CERT_BAD},
	{"P-04",           DT_STAGE_CERT,      DT_F_TICKET_BAD},
	{"L-08 L-01",      DT_STAGE_LOGON,     DT_F_CONNECT,         .fact.candidate = DT_CAND_STORED, .inside = true},
	{"E-03 L-01",      DT_STAGE_LOGON,     DT_F_CONNECT,         .fact.candidate = DT_CAND_STORED, .inside = false},
	{"E-03 L-01", DT_STAGE_LOGON,     DT_F_TIMEOUT,         .fact.candidate = DT_CAND_STORED},
	{"L-08 L-01",      DT_STAGE_LOGON,     DT_F_TIMEOUT,         .fact.candidate = DT_CAND_STORED, .inside = true},
	{"L-04 L-01",      DT_STAGE_LOGON,     DT_F_CONNECT,         .fact.candidate = DT_CAND_HOME_POOL},
	{"L-04 L-01",      DT_STAGE_LOGON,     DT_F_TIMEOUT,         .fact.candidate = DT_CAND_HOME_POOL},
	{"L-04 R-10",      DT_STAGE_LOGON,     DT_F_DNS_NONE,        .fact.candidate = DT_CAND_HOME_POOL},
	{"D-10",           DT_STAGE_LOGON,     DT_F_CONNECT,         .well = true},
	{"D-10",           DT_STAGE_LOGON,     DT_F_TIMEOUT,         .well = true},
	{"L-10",           DT_STAGE_LOGON,     DT_F_SIP_STATUS,      .well = true},
	{"L-10",           DT_STAGE_LOGON,     DT_F_SIP_STATUS,      .fact.sip = 503},
	{"L-10",           DT_STAGE_LOGON,     DT_F_SIP_STATUS,      .fact.sip = 480},
	{"L-10",           DT_STAGE_LOGON,     DT_F_SIP_STATUS,      .fact.sip = 500},
	{"L-10",           DT_STAGE_LOGON,     DT_F_SIP_STATUS},
	{"L-11 L-05",      DT_STAGE_LOGON,     DT_F_SIP_FORBIDDEN,   .fact.diag = 4004},
	{"L-01",           DT_STAGE_LOGON,     DT_F_CONNECT},
	{"L-01",           DT_STAGE_LOGON,     DT_F_TIMEOUT},
	{"L-01",           DT_STAGE_LOGON,     DT_F_CLOSED},
	{"L-06 L-05",      DT_STAGE_LOGON,     DT_F_SIP_FORBIDDEN,   .fact.said = "X endpoint X"},
	{"L-05",           DT_STAGE_LOGON,     DT_F_SIP_FORBIDDEN,   .fact.diag = 17000},
	{"L-05",           DT_STAGE_LOGON,     DT_F_SIP_FORBIDDEN,   .fact.said = "X client version X"},
	{"L-05",           DT_STAGE_LOGON,     DT_F_SIP_FORBIDDEN},
	{"E-01",           DT_STAGE_LOGON,     DT_F_REMOTE_OFF},
	{"A-05",           DT_STAGE_LOGON,     DT_F_SIP_SCHEME},
	{"L-03",           DT_STAGE_LOGON,     DT_F_SIP_NOT_FOUND},
	{"L-04",           DT_STAGE_LOGON,     DT_F_REDIRECTS},
	{"L-04",           DT_STAGE_AUTH,      DT_F_REDIRECTS},
	{"L-04 A-09",           DT_STAGE_AUTH,      DT_F_CONNECT,         .run = DT_SIGN_MOVED},
	{"L-04 A-12",           DT_STAGE_AUTH,      DT_F_TIMEOUT,         .run = DT_SIGN_MOVED},
	{"L-04 R-10",      DT_STAGE_AUTH,      DT_F_DNS_NONE,        .run = DT_SIGN_MOVED},
	{"L-03",           DT_STAGE_LOGON,     DT_F_SIP_SIGNATURE},
	{"L-02",           DT_STAGE_LOGON,     DT_F_SIP_BAD},
	{"E-01",           DT_STAGE_LOGON,     DT_F_NEVER_INSIDE},
	{"A-11",           DT_STAGE_LOGON,     DT_F_SECRET_NONE},
	{"A-05",           DT_STAGE_LOGON,     DT_F_METHOD_MODEL},
	{"V-16",           DT_STAGE_ADDRESS,    DT_F_OK,              .answer = DT_SIGN_ASKED_OFFER_LATE, .asked = true},
	{"I-03",           DT_STAGE_ADDRESS,    DT_F_OK,              .answer = DT_SIGN_ASKED_OFFER_OTHER, .asked = true},
	{"I-05",           DT_STAGE_ADDRESS,    DT_F_OK,              .answer = DT_SIGN_ASKED_ARP_SILENT, .asked = true},
	{"I-05",           DT_STAGE_ADDRESS,    DT_F_OK,              .answer = DT_SIGN_ASKED_ARP_ROUTER, .asked = true},
	{"I-06",           DT_STAGE_ADDRESS,    DT_F_OK,              .answer = DT_SIGN_ASKED_ARP_TWO, .asked = true},
	{"D-08",           DT_STAGE_ADDRESS,    DT_F_OK,              .answer = DT_SIGN_ASKED_RESOLVER_DEAD, .asked = true},
	{"D-08",           DT_STAGE_ADDRESS,    DT_F_OK,              .answer = DT_SIGN_ASKED_RESOLVER_ODD, .asked = true},
	{"D-08",           DT_STAGE_ADDRESS,    DT_F_OK,              .answer = DT_SIGN_ASKED_DNS_TCP, .asked = true},
	{"D-06",           DT_STAGE_FIND,       DT_F_OK,              .answer = DT_SIGN_ASKED_WILDCARD, .asked = true},
	{"D-03",           DT_STAGE_FIND,       DT_F_OK,              .answer = DT_SIGN_ASKED_OLD_NAME, .asked = true},
	{"D-10",           DT_STAGE_DISCOVER,   DT_F_OK,              .answer = DT_SIGN_ASKED_FLAPS, .asked = true},
	{"D-10",           DT_STAGE_CHAIN,      DT_F_OK,              .answer = DT_SIGN_ASKED_DEAD_ADDRESS, .asked = true},
	{"I-09",           DT_STAGE_CHAIN,      DT_F_OK,              .answer = DT_SIGN_ASKED_SMALL_ONLY, .asked = true},
	{"C-01",           DT_STAGE_CHAIN,      DT_F_OK,              .answer = DT_SIGN_ASKED_NO_OCTET, .asked = true},
	{"C-15",           DT_STAGE_CHAIN,      DT_F_OK,              .answer = DT_SIGN_ASKED_CLIENT_CERT, .asked = true},
	{"C-16",           DT_STAGE_CHAIN,      DT_F_OK,              .answer = DT_SIGN_ASKED_BETWEEN, .asked = true},
	{"C-09",           DT_STAGE_CHAIN,      DT_F_OK,              .answer = DT_SIGN_ASKED_OLD_TLS, .asked = true},
	{"C-10",           DT_STAGE_CHAIN,      DT_F_OK,              .answer = DT_SIGN_ASKED_CERT_WILDCARD, .asked = true},
	{"C-18",           DT_STAGE_CHAIN,      DT_F_OK,              .answer = DT_SIGN_ASKED_CERT_WEAK, .asked = true},
	{"C-14",           DT_STAGE_CHAIN,      DT_F_OK,              .answer = DT_SIGN_ASKED_CERT_ENDS, .asked = true},
	{"C-11",           DT_STAGE_CHAIN,      DT_F_OK,              .answer = DT_SIGN_ASKED_CRL_SILENT, .asked = true},
};
/* clang-format on */

static void add(struct doctor_run *r, struct dt_record rec)
{
	assert_true(doctor_run_add(r, &rec));
}

/* The run of a phone that met what the case says, with sentences or without any. */
static void run_of(const struct cause_case *c, bool words, struct doctor_run *r)
{
	const char *any = words ? "version 4095 of option 43: locked, expired, :80, HTTP 404, a wildcard, the key size" : NULL;
	struct dt_record tried = {.kind = DT_REC_ATTEMPT, .stage = c->stage, .ok = c->failure == DT_F_OK, .failure = c->failure,
				  .sign = {c->sign}, .fact = c->fact, .what = any, .peer = any, .found = any, .warn = any, .why = any};
	struct dt_record end = {.kind = DT_REC_RESULT, .ok = c->well || c->failure == DT_F_OK, .stage = c->stage,
				.failure = c->well ? DT_F_OK : c->failure, .what = any, .why = any};

	*r = (struct doctor_run){.has_heard = c->has_heard, .heard = c->heard};
	if (c->inside)
		add(r, (struct dt_record){.kind = DT_REC_STAGE, .stage = DT_STAGE_VLAN, .ok = true});
	if (c->warm)
		add(r, (struct dt_record){.kind = DT_REC_STAGE, .stage = DT_STAGE_CHAIN, .ok = true, .skipped = true});
	if (c->run != DT_SIGN_NONE)
		add(r, (struct dt_record){.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_CERT, .ok = true, .sign = {c->run}});
	if (c->answer != DT_SIGN_NONE) {
		r->answers = 1;
		r->answer[0] = (struct doctor_answer){.stage = c->asked ? c->stage : DT_STAGE_FIND, .sign = {c->answer}};
		snprintf(r->answer[0].text, sizeof r->answer[0].text, "%s", words ? any : "");
	}
	if (c->reached != DT_CAND_NONE)
		add(r, (struct dt_record){.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_CERT, .ok = true, .fact.candidate = c->reached});
	if (!c->asked)
		add(r, tried);
	if (c->well)
		add(r, (struct dt_record){.kind = DT_REC_STAGE, .stage = c->stage, .ok = true});
	add(r, end);
}

static void ids_of(const struct doctor_finding *f, char out[64])
{
	out[0] = '\0';
	for (unsigned i = 0; i < f->ncause; i++)
		snprintf(out + strlen(out), 64 - strlen(out), "%s%s", i ? " " : "", f->cause[i]->id);
}

/* The same causes whatever the sentences say, also when they say nothing. */
static void each_row_has_a_case(void **state)
{
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
		const struct cause_case *c = &cases[i / 2];
		struct doctor_finding f[4];
		struct doctor_run r;
		char ids[64] = "";

		run_of(c, i % 2 == 0, &r);
		assert_true(c->answer != DT_SIGN_NONE || doctor_diagnose(&r, f, 4) <= 1);
		if (doctor_diagnose(&r, f, 4) > 0) {
			ids_of(&f[0], ids);
			assert_int_equal(f[0].verdict, c->well || c->failure == DT_F_OK ? DOCTOR_WARN : DOCTOR_FAIL);
			assert_int_equal(f[0].stage, c->home ? c->home : c->stage);
			assert_int_equal(f[0].failure, c->failure);
			if (c->asked)
				assert_ptr_equal(f[0].asked, &r.answer[0]);
			else
				assert_int_equal(f[0].evidence->kind, DT_REC_ATTEMPT);
		}
		if (strcmp(ids, c->ids) != 0) {
			print_message("case %zu (stage %d, %s, %s%s): \"%s\", not \"%s\"\n", i / 2, c->stage, dt_failures[c->failure].code,
				      dt_signs[c->sign].code, i % 2 ? ", without a word" : "", ids, c->ids);
			wrong++;
		}
		doctor_run_free(&r);
	}
	assert_int_equal(wrong, 0);
}

/* A case a row: of each row there is one that meets it, and none is too many. */
static void no_row_without_a_case(void **state)
{
	(void)state;
	assert_true(doctor_cause_count <= sizeof cases / sizeof *cases); /* a case without ids shows that no row fits */
	for (size_t k = 0; k < doctor_cause_count; k++) {
		const struct doctor_cause *row = &doctor_causes[k];
		bool met = false;

		for (size_t i = 0; i < sizeof cases / sizeof *cases && !met; i++) {
			struct doctor_finding f[4];
			struct doctor_run r;

			run_of(&cases[i], false, &r);
			for (unsigned j = doctor_diagnose(&r, f, 4) ? f[0].ncause : 0; j-- > 0 && !met;)
				met = f[0].cause[j] == row;
			doctor_run_free(&r);
		}
		if (!met)
			fail_msg("row %zu (%s, stage %d, %s) has no case", k, row->id, row->stage, dt_failures[row->failure].code);
	}
}

/* Fragments of words once decided: ":80" fits ":8080", "ersion" fits "conversion", "lock" fits "blocked". */
static void fragments_decide_nothing(void **state)
{
	static const struct {
		struct cause_case c;
		const char *not;
	} rows[] = {
	    {{"R-06", DT_STAGE_CHAIN, DT_F_CONNECT, .fact = {.port = 8080}}, "C-13"},
	    {{"L-05", DT_STAGE_LOGON, DT_F_SIP_FORBIDDEN, .fact = {.sip = 403, .said = "The conversion failed"}},
	     "the client version policy refuses this firmware"},
	    {{"A-02", DT_STAGE_AUTH, DT_F_PIN_REFUSED, .fact = {.http = 403, .said = "the request is blocked by policy"}}, "A-01"},
	    {{"L-05", DT_STAGE_LOGON, DT_F_SIP_FORBIDDEN, .fact = {.sip = 403, .said = "the endpointer of subversion"}}, "L-06"},
	    {{"P-01", DT_STAGE_CERT, DT_F_CSR_REFUSED, .fact = {.said = "monkey sized"}}, "P-02"},
	    {{"A-02", DT_STAGE_AUTH, DT_F_PIN_REFUSED, .fact = {.said = "this unexpired PIN"}}, "A-07"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct doctor_finding f[4];
		struct doctor_run r;
		char ids[64];

		run_of(&rows[i].c, false, &r);
		assert_int_equal(doctor_diagnose(&r, f, 4), 1);
		ids_of(&f[0], ids);
		assert_string_equal(ids, rows[i].c.ids);
		assert_string_not_equal(f[0].cause[0]->cause, rows[i].not);
		doctor_run_free(&r);
	}
}

/* A server's own words count as words, wherever they stand and however they are written. */
static void words_of_servers(void **state)
{
	static const struct {
		const char *said, *id;
	} rows[] = {
	    {"locked", "A-01"}, {"The PIN is LOCKED.", "A-01"}, {"PIN locked-out", "A-01"}, {"(expired)", "A-07"},
	    {"unlocked", "A-02"}, {"lock", "A-02"}, {"", "A-02"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct cause_case c = {"", DT_STAGE_AUTH, DT_F_PIN_REFUSED, .fact = {.said = rows[i].said}};
		struct doctor_finding f[4];
		struct doctor_run r;

		run_of(&c, false, &r);
		assert_int_equal(doctor_diagnose(&r, f, 4), 1);
		assert_string_equal(f[0].cause[0]->id, rows[i].id);
		doctor_run_free(&r);
	}
}

/* Those that need no row: the attempt's own sentence is all there is to say, and the list's `fix` what to do. */
static const enum dt_failure own_fix[] = {
    DT_F_VLAN_JOIN,  DT_F_UPDATE_STORE, DT_F_STORE, DT_F_KEY,
    DT_F_SIGNED_OFF,	DT_F_STOPPED,  DT_F_MEMORY,   DT_F_US,
};

static void every_failure_has_a_row_or_its_own_fix(void **state)
{
	bool has[DT_FAILURE_COUNT] = {[DT_F_OK] = true};

	(void)state;
	for (size_t i = 0; i < doctor_cause_count; i++) {
		const struct doctor_cause *c = &doctor_causes[i];

		assert_true(c->id[0] && c->cause[0] && c->remedy[0]);
		assert_in_range(c->failure, DT_F_OK, DT_FAILURE_COUNT - 1);
		assert_in_range(c->sees, 0, SEES_COUNT - 1);
		assert_true((c->sees == SEES_SERVER_SAYS) == (c->words != NULL));
		assert_true(c->failure != DT_F_OK || c->sees == SEES_SIGN || c->sees == SEES_CANDIDATE || c->asked); /* a note wants a fact */
		assert_null(strchr(c->cause, '%'));
		has[c->failure] = true;
	}
	for (size_t i = 0; i < sizeof own_fix / sizeof *own_fix; i++) {
		assert_false(has[own_fix[i]]);
		has[own_fix[i]] = true;
	}
	for (int f = 0; f < DT_FAILURE_COUNT; f++)
		if (!has[f])
			fail_msg("%s has no cause and is none of those that need none", dt_failures[f].code);
	for (int f = 1; f < DT_FAILURE_COUNT; f++)
		assert_true(dt_failures[f].fix[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_row_has_a_case),
	    cmocka_unit_test(no_row_without_a_case),
	    cmocka_unit_test(fragments_decide_nothing),
	    cmocka_unit_test(words_of_servers),
	    cmocka_unit_test(every_failure_has_a_row_or_its_own_fix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
