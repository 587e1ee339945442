"""The faults of the lab by name, each with what the doctor must say of it first (of notes: among the others).  The tests put each into
a lab of its own; script/lab puts them into the one that runs, and takes them out again."""
import dataclasses
import re

import servers
from faults import added, changed

FAULTS = []


@dataclasses.dataclass
class Fault:
    name: str
    verdict: str     # "fail" ends the sign-in, "warn" is a note
    stage: int
    cause: str       # as `dialtone doctor --explain` knows it
    edits: tuple     # functions that change dnsmasq's configuration
    lab: dict        # how the lab is made: FaultLab's options
    put: object      # a function that puts it in; it may give options of FaultLab.examined()

    @property
    def slug(self):
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


def fault(name, verdict, stage, cause, *edits, **lab):
    def register(put):
        FAULTS.append(Fault(name, verdict, stage, cause, edits, lab, put))
        return put
    return register


def web(name, verdict, stage, cause, *rules, **front):
    @fault(name, verdict, stage, cause, web=True)
    def _(lab):
        lab.front(*rules, **front)


def registrar(name, cause, status, head="Server: RTC/5.0"):
    @fault(name, "fail", 9, cause)
    def _(lab):
        lab.registrar_answers(status, head)


# ---- 6 to 8: what a web server, or something in its place, answers -----------------------------------------------

web("certprov is gone", "fail", 6, "C-01", "http-request return status 404 if { path_beg /CertProv }")
web("certprov wants credentials", "fail", 6, "C-01", "http-request return status 401 if { path_beg /CertProv }")
web("a proxy wants credentials", "fail", 6, "C-01", "http-request return status 407 if { path_beg /CertProv }")
web("the whole site is overloaded", "fail", 6, "C-01", "http-request return status 503 hdr Retry-After 60")
web("certprov is a teapot", "fail", 6, "C-01", "http-request return status 410 if { path_beg /CertProv }")
web("the ticket service is gone", "fail", 7, "A-09", "http-request return status 404 if { path_beg /WebTicket } METH_POST")
web("the ticket service answers a page", "fail", 7, "C-17",
    'http-request return status 200 content-type text/html string "<html>sign in" if { path_beg /WebTicket } METH_POST')
web("the certificate service answers 503", "fail", 8, "P-01", "http-request return status 503 if { path_sub WebTicket_Proof }")
web("the certificate service answers a page", "fail", 8, "C-17",
    'http-request return status 200 content-type text/html string "<html>no" if { path_sub WebTicket_Proof }')
web("the update service answers a page", "warn", 4, "U-07",
    'http-request return status 200 content-type text/html string "<html>no</html>" if { path_beg /RequestHandler/ucdevice.upx }')
web("the update service is gone", "warn", 4, "U-07", "http-request return status 404 if { path_beg /RequestHandler/ucdevice.upx }")


@fault("a portal answers plain HTTP", "fail", 6, "C-17")
def _(lab):
    lab.divert(80, 8080)
    lab.liar("fe", "http", "10.20.0.12", 8080, status="200 OK", type="text/html", text="<html>accept the terms</html>")


@fault("port 443 speaks SMTP", "fail", 6, "C-09")
def _(lab):
    lab.divert(443, 2525)
    lab.liar("fe", "banner", "10.20.0.12", 2525, text="220 mail.contoso.test ESMTP")


@fault("the web server hangs up", "fail", 6, "C-01")
def _(lab):
    lab.divert(443, 4443)
    lab.liar("fe", "hangup", "10.20.0.12", 4443)


@fault("option 43 says port 80", "fail", 6, "R-13", changed('MS-UC-Client,4,"443"', 'MS-UC-Client,4,"80"'))
def _(lab):
    pass


# ---- 9: what the Registrar, or something in its place, answers -------------------------------------------------------

registrar("the Registrar is overloaded", "L-10", "503 Service Unavailable", "Retry-After: 30")
registrar("the Registrar's back end is away", "L-10", "480 Temporarily Unavailable")
registrar("the Registrar is broken", "L-10", "500 Server Internal Error")
registrar("the Registrar does not accept this", "L-10", "488 Not Acceptable Here")
registrar("another user's credentials", "L-11", "403 Forbidden", 'ms-diagnostics: 4004;reason="not authorized to act as specified"')


@fault("an SSH server at 5061", "fail", 9, "L-02")
def _(lab):
    lab.divert(5061, 2222)
    lab.liar("fe", "banner", "10.20.0.12", 2222, text="SSH-2.0-OpenSSH_9.2")


@fault("the Registrar is at its limit", "fail", 9, "L-01")
def _(lab):
    lab.divert(5061, 2222)
    lab.liar("fe", "hangup", "10.20.0.12", 2222)


# ---- 1 and 2: the port, DHCP, ARP, the way ---------------------------------------------------------------------------


def dhcp_says(name, verdict, stage, cause, old, new, **lab):
    @fault(name, verdict, stage, cause, changed(old, new), **lab)
    def _(lab):
        pass


dhcp_says("the router of the lease is nobody", "fail", 2, "I-05", "tag:voice,option:router,10.66.0.1", "tag:voice,option:router,10.66.0.254")
dhcp_says("the mask is 255.0.0.0", "fail", 2, "I-05", "10.66.0.150,255.255.255.0", "10.66.0.150,255.0.0.0")
dhcp_says("no router", "fail", 2, "I-05", "tag:voice,option:router,10.66.0.1", "tag:voice,option:router")
dhcp_says("a lease of two minutes", "warn", 2, "I-08", "10.66.0.150,255.255.255.0,600", "10.66.0.150,255.255.255.0,120")
dhcp_says("the second name server is dead", "warn", 2, "D-08", "tag:voice,option:dns-server,10.66.0.1",
          "tag:voice,option:dns-server,10.66.0.1,10.66.0.53")
dhcp_says("the first name server is dead", "warn", 2, "D-08", "tag:voice,option:dns-server,10.66.0.1",
          "tag:voice,option:dns-server,10.66.0.53,10.66.0.1")
dhcp_says("option 43 has another path", "fail", 6, "C-01", "CertProvisioningService.svc", "CertProvisioning.svc")


@fault("a second DHCP server with another router", "warn", 2, "I-03")
def _(lab):
    lab.liar("core", "offers", "10.66.0.77", 67, device="eth1", router="10.66.0.77", dns="10.66.0.77")


def network_has(name, verdict, stage, cause, *edits, **lab):
    @fault(name, verdict, stage, cause, *edits, **lab)
    def _(lab):
        pass


network_has("the switch speaks no LLDP", "warn", 1, "V-01", lldp="silent", dhcp_vlan=None)
network_has("LLDP has no voice policy", "warn", 1, "V-02", lldp="other", dhcp_vlan=None)
network_has("the voice policy is unknown", "warn", 1, "V-04", lldp="unknown", dhcp_vlan=None)
network_has("the voice VLAN is not carried", "fail", 2, "V-07", voice_vlan=67, dhcp_vlan=67)
network_has("the DHCP server is down", "fail", 2, "I-01", dhcp=None)
network_has("the DHCP server pings first", "warn", 2, "I-02", changed("no-ping\n", ""))
network_has("the lease has no name server", "fail", 6, "I-04", changed("tag:voice,option:dns-server,10.66.0.1", "tag:voice,option:dns-server"))
network_has("option 43 has its class in small letters", "fail", 5, "R-02", uc_class="ms-uc-client")
network_has("option 43 is missing", "fail", 5, "R-02", dhcp_web="")
network_has("neither SRV nor option 120", "fail", 5, "D-01", srv=(), dhcp_sip="")
network_has("the update service has no name", "warn", 3, "D-02", ucupdates=False)


@fault("only CDP names the voice VLAN", "warn", 1, "V-05", lldp=None, dhcp_vlan=None)
def _(lab):
    for port in lab.ports:
        lab.liar("sw", "cdp", "-", 0, device=port, vlan=66)


@fault("LLDP comes after twelve seconds", "warn", 1, "V-13", lldp=None, dhcp_vlan=None)
def _(lab):
    lab.in_a_while(12, lambda: lab.start_lldpd(text=servers.lldpd(lab.site, "p1", "tagged")))


@fault("the web server is down", "fail", 6, "R-06")
def _(lab):
    lab.unplug_web()


@fault("the Registrar is down", "fail", 9, "L-01")
def _(lab):
    lab.nft("input", "tcp dport { 5060, 5061 } reject with tcp reset", host="fe")


@fault("802.1X holds the port", "fail", 2, "V-15", lldp=None)
def _(lab):
    for number, port in enumerate(lab.ports):
        lab.exec("sw", "ovs-ofctl", "add-flow", f"unix:{lab.path('br0.mgmt')}", f"priority=100,in_port={port},actions=drop")
        lab.liar("sw", "eapol", "-", number, device=port)


@fault("large packets are lost", "fail", 6, "I-09")
def _(lab):
    lab.drop('oifname "eth1" ip length > 1000')


@fault("no data gets through, only the handshake", "fail", 6, "C-01")
def _(lab):
    lab.drop('iifname "eth1" tcp dport { 80, 443, 5061 } ip length > 64')


# ---- 3 and 5: names ------------------------------------------------------------------------------------------------------


def resolver(name, verdict, stage, cause, **lies):
    @fault(name, verdict, stage, cause, changed("tag:voice,option:dns-server,10.66.0.1", "tag:voice,option:dns-server,10.66.0.2"))
    def _(lab):
        lab.ip("core", "addr", "add", "10.66.0.2/24", "dev", "eth1")
        lab.liar("core", "dns", "10.66.0.2", 53, upstream="10.66.0.1", **lies)


resolver("a portal answers for every name", "fail", 3, "D-06", mode="portal", arg="10.20.0.1")
resolver("the name server refuses", "fail", 6, "D-08", mode="refused")
resolver("every other answer is another address", "fail", 5, "D-10", mode="flap", arg="10.20.0.98")


@fault("of two name servers one refuses", "warn", 2, "D-08", changed("tag:voice,option:dns-server,10.66.0.1",
                                                                     "tag:voice,option:dns-server,10.66.0.1,10.66.0.2"))
def _(lab):
    lab.ip("core", "addr", "add", "10.66.0.2/24", "dev", "eth1")
    lab.liar("core", "dns", "10.66.0.2", 53, upstream="10.66.0.1", mode="refused")


@fault("the old name is left, the new one was never made", "warn", 3, "D-03", ucupdates=False,
       records=("host-record=ucupdates.contoso.test,10.20.0.10",))
def _(lab):
    pass


@fault("TCP 53 is blocked", "warn", 2, "D-08")
def _(lab):
    lab.nft("input", 'iifname "eth1" tcp dport 53 drop')


# ---- 6: certificates and TLS -------------------------------------------------------------------------------------------------


def certificate(name, verdict, stage, cause, **leaf):
    @fault(name, verdict, stage, cause, web=True)
    def _(lab):
        lab.front(crt=lab.leaf(**leaf))


certificate("only a wildcard", "warn", 4, "C-10", names=("*.contoso.test",))
certificate("a certificate that ends in a week", "warn", 4, "C-14", days=7)
certificate("a list of revoked ones that is nowhere", "warn", 4, "C-11", more="crlDistributionPoints=URI:http://crl.contoso.test/ca.crl")
certificate("without ucupdates-r2", "warn", 4, "U-04", names=("web.contoso.test", "fe01.contoso.test"))
certificate("without the web server's name", "fail", 6, "C-10", names=("fe01.contoso.test", "ucupdates-r2.contoso.test"))
web("TLS 1.2 and up only", "warn", 4, "C-09", tls="ssl-min-ver TLSv1.2")


@fault("a client certificate is demanded", "fail", 6, "C-15", web=True)
def _(lab):
    lab.front(tls=f"verify required ca-file {lab.ca('DeviceCA')[0]}")


@fault("a firewall opens TLS", "fail", 6, "C-16")
def _(lab):
    lab.front(crt=lab.leaf(ca=lab.ca("Deep Inspection CA")))
    lab.nft("prerouting", "ip daddr 10.20.0.10 tcp dport 443 dnat to 10.20.0.11:443", kind="nat", priority=-100)


@fault("another authority for the web server", "fail", 6, "C-03", web=True)
def _(lab):
    lab.front(crt=lab.leaf(ca=lab.ca("Public Root")))


certificate("a certificate that has expired", "fail", 6, "C-14", start=-30, days=29)

# ---- 7 to 9: the user ----------------------------------------------------------------------------------------------------------

network_has("PIN sign-in is switched off", "fail", 7, "A-04", conf={"workers": 2, "UsePinAuth": "false"})
network_has("the chain is not given", "fail", 6, "C-02", conf={"workers": 2, "EnableCertChainDownload": "false"})
network_has("keys must be longer", "fail", 8, "P-02", conf={"workers": 2, "MinCSRKeySize": "4096"})
network_has("the Registrar takes no certificates", "fail", 9, "A-05", conf={"workers": 2, "offer_tls_dsk": "false"})


@fault("the user has another PIN", "fail", 7, "A-02")
def _(lab):
    lab.admin("pin", "set", "alice@contoso.test", "--generate")
    lab.afterwards("pin", "set", "alice@contoso.test", "--pin-file", lab.pin_file)


@fault("the PIN is locked", "fail", 7, "A-02")
def _(lab):
    lab.admin("pin", "lock", "alice@contoso.test")
    lab.afterwards("pin", "unlock", "alice@contoso.test")


@fault("two users have the extension", "fail", 7, "A-02")
def _(lab):
    lab.admin("user", "add", "bob@contoso.test", "--number", "+14255559999", "--extension", "4411", "--pin-file", lab.pin_file)
    lab.afterwards("user", "remove", "bob@contoso.test")


@fault("nobody has the extension", "fail", 7, "A-02")
def _(lab):
    return {"way": ("--extension", "4999")}


@fault("the user's extension is another now", "fail", 7, "A-02")
def _(lab):
    lab.admin("user", "set", "alice@contoso.test", "--extension", "4499")
    lab.afterwards("user", "set", "alice@contoso.test", "--extension", "4411")


@fault("the phone's certificate was revoked", "warn", 9, "L-03")
def _(lab):
    lab.phone()
    lab.admin("cert", "revoke", "alice@contoso.test")
    return {"cold": False}


@fault("the user is disabled", "fail", 7, "A-03")
def _(lab):
    lab.admin("user", "disable", "alice@contoso.test")
    lab.afterwards("user", "enable", "alice@contoso.test")


def lives_on(name, stage, pool, known=False, records=()):
    """alice's home is that pool, of which this site has a row when it is known."""
    @fault(name, "fail", stage, "L-04", records=records)
    def _(lab):
        if known:
            lab.admin("pool", "add", pool)
        lab.admin("user", "set", "alice@contoso.test", "--home-pool", pool)
        lab.afterwards("user", "set", "alice@contoso.test", "--home-pool", "")
        if known:
            lab.afterwards("pool", "remove", pool)


lives_on("the home pool is away", 7, "pool2.contoso.test", known=True, records=("host-record=pool2.contoso.test,10.20.0.99",))
lives_on("the branch's Registrar is away", 9, "branch.contoso.test", records=("host-record=branch.contoso.test,10.20.0.99",))
lives_on("the branch's Registrar has no address", 9, "branch.contoso.test")
lives_on("the home pool's Web Services have no address", 7, "pool2.contoso.test", known=True)


@fault("only this phone's memory works", "warn", 5, "L-07")
def _(lab):
    lab.phone()
    lab.site.srv, lab.site.dhcp_sip, lab.site.dhcp_web = (), "", ""
    lab.restart_dns()
    return {"cold": False}


@fault("a Registrar that is mute", "fail", 9, "C-01")
def _(lab):
    lab.divert(5061, 2222)
    lab.liar("fe", "mute", "10.20.0.12", 2222)


@fault("of two addresses of the Registrar one is dead", "warn", 9, "D-10", web=True, records=("host-record=fe01.contoso.test,10.20.0.98",))
def _(lab):
    lab.front()


@fault("the scope is full", "fail", 2, "I-01", changed("10.66.0.100,10.66.0.150", "10.66.0.100,10.66.0.100"),
       added("dhcp-host=00:11:22:33:44:55,10.66.0.100"))
def _(lab):
    pass


dhcp_says("option 43 says http", "fail", 5, "R-04", 'MS-UC-Client,2,"https"', 'MS-UC-Client,2,"http"')
dhcp_says("the domain of the lease is another", "warn", 3, "D-07", "domain=contoso.test", "domain=corp.contoso.example")
resolver("a name server that takes its time", "warn", 2, "D-08", mode="late", arg="1.6")  # the phone's c-ares waits two seconds before it asks again
certificate("a certificate for clients", "fail", 6, "C-20", usage="clientAuth")
registrar("a Registrar that sends strangers on", "L-04", "302 Moved Temporarily", "Contact: <sip:10.20.0.99:5061;transport=tls>")
