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

/* each service has a folder of its own */
#define CERTPROV_FOLDER "/CertProv/"
#define WEBTICKET_FOLDER "/WebTicket/"
#define UPDATE_FOLDER "/RequestHandler/"
#define UPDATE_EXT_FOLDER "/RequestHandlerExt/" /* outside */
#define IMAGES_FOLDER "/DeviceUpdateFiles_Int/" /* the same images, as IIS serves them */
#define IMAGES_EXT_FOLDER "/DeviceUpdateFiles_Ext/"

#define CERTPROV_PATH CERTPROV_FOLDER "CertProvisioningService.svc"
#define CERTPROV_ANON_PATH CERTPROV_PATH "/anon"
#define CERTPROV_PROOF_PATH CERTPROV_PATH "/WebTicket_Proof_SHA1"
#define WEBTICKET_PATH WEBTICKET_FOLDER "WebTicketService.svc"
#define PIN_PATH "/dialin/pin" /* a user changes the PIN; ours */
#define UPDATE_PATH UPDATE_FOLDER "ucdevice.upx"
#define UPDATE_EXT_PATH UPDATE_EXT_FOLDER "ucdevice.upx"
#define UPDATE_FILES_PATH UPDATE_FOLDER "Files"
#define UPDATE_FILES_EXT_PATH UPDATE_EXT_FOLDER "Files"

#endif
