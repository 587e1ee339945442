/* wire/well_known.h: names and paths that both ends know without being told: DNS labels below the SIP domain ([network C]) and
 * the paths of the Web Services and of the update service ([web-services 1], [update-service 1]).
 */
#ifndef DIALTONE_WIRE_WELL_KNOWN_H
#define DIALTONE_WIRE_WELL_KNOWN_H

/* services, before ".<SIP domain>": SRV records (RFC 2782) */
#define SRV_INTERNAL_TLS "_sipinternaltls._tcp"
#define SRV_INTERNAL_TCP "_sipinternal._tcp"
#define SRV_EXTERNAL_TLS "_sip._tls"
#define SRV_EXTERNAL_TCP "_sip._tcp"
#define SRV_NTP "_ntp._udp"

#define NAME_UPDATES "ucupdates-r2" /* the Device Update web service, before ".<SIP domain>" */
#define NAME_UPDATES_OLD "ucupdates"  /* of Communications Server 2007: what it points to is no use to these phones */
#define NAME_SIP "sip"		     /* tried by hand and named in certificates, before ".<SIP domain>" */

#define CERTPROV_PATH "/CertProv/CertProvisioningService.svc"
#define CERTPROV_ANON_PATH CERTPROV_PATH "/anon"
#define CERTPROV_PROOF_PATH CERTPROV_PATH "/WebTicket_Proof_SHA1"
#define WEBTICKET_PATH "/WebTicket/WebTicketService.svc"
#define PIN_PATH "/dialin/pin" /* a user changes the PIN; ours */
#define UPDATE_PATH "/RequestHandler/ucdevice.upx"
#define UPDATE_EXT_PATH "/RequestHandlerExt/ucdevice.upx" /* outside */
#define UPDATE_FILES_PATH "/RequestHandler/Files"
#define UPDATE_FILES_EXT_PATH "/RequestHandlerExt/Files"

#endif
