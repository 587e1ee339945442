"""The faults of names, the way, TLS, and of what servers answer, as the product and machines between write it."""
import os
import signal

from fault_table import certificate, fault, network_has, registrar, web
from faults import changed

SOAP = ('<s:Envelope xmlns:s=\\"http://schemas.xmlsoap.org/soap/envelope/\\"><s:Body><s:Fault><faultcode>s:Server</faultcode>'
        '<faultstring>{}</faultstring></s:Fault></s:Body></s:Envelope>')
RESOLVER = changed("tag:voice,option:dns-server,10.66.0.1", "tag:voice,option:dns-server,10.66.0.2")


# ---- names -----------------------------------------------------------------------------------------------------------


def record(name, verdict, stage, cause, **answers):
    """The name server answers a name otherwise: TYPE of NAME, as liar.py has it.  The web server is fe01, in a lab that stays web."""
    @fault(name, verdict, stage, cause, RESOLVER)
    def _(lab):
        lab.ip("core", "addr", "add", "10.66.0.2/24", "dev", "eth1")
        lab.liar("core", "dns", "10.66.0.2", 53, upstream="10.66.0.1", mode="answers", **answers)


def zone_has(name, verdict, stage, cause, old, new, **lab):
    network_has(name, verdict, stage, cause, changed(old, new), **lab)


zone_has("the web server has an IPv6 address only", "fail", 6, "R-10", "host-record=web.contoso.test,10.20.0.11",
         "host-record=web.contoso.test,fd00::11", web=True)
zone_has("the Registrar has an IPv6 address only", "fail", 9, "R-10", "host-record=fe01.contoso.test,10.20.0.10",
         "host-record=fe01.contoso.test,fd00::10", web=True, web_at="10.20.0.10")
network_has("the first of two Registrars is off", "warn", 9, "R-10", srv=(),
            records=("srv-host=_sipinternaltls._tcp.contoso.test,fe02.contoso.test,5061,0,0",))
network_has("the name server of the lease is no name server", "fail", 6, "D-08",
            changed("tag:voice,option:dns-server,10.66.0.1", "tag:voice,option:dns-server,10.66.0.9"))
network_has("the name server of the lease is the phone itself", "fail", 6, "D-08",
            changed("tag:voice,option:dns-server,10.66.0.1", "tag:voice,option:dns-server,127.0.0.53"))
network_has("the domain of the lease is two domains", "warn", 3, "D-07",
            changed("domain=contoso.test", "dhcp-option=option:domain-name,corp.test contoso.test"))
network_has("option 43 names the web server by its short name", "fail", 6, "R-10", dhcp_web="fe01")
network_has("option 43 has a port that nobody listens at", "fail", 6, "R-06", changed('MS-UC-Client,4,"443"', 'MS-UC-Client,4,"4443"'))
record("the web server's alias leads nowhere", "fail", 6, "R-10", fe01="cname:old.contoso.test", web="cname:old.contoso.test")
record("the web server's alias leads to itself", "fail", 6, "R-10", fe01="cname:fe01.contoso.test", web="cname:web.contoso.test")
record("the name server blocks the web server", "fail", 6, "D-11", fe01="0.0.0.0", web="0.0.0.0")
record("the web server's name leads to the phone itself", "fail", 6, "D-11", fe01="127.0.0.1", web="127.0.0.1")
record("the SRV record names an address", "warn", 5, "D-13", srv="10.20.0.10")
record("the SRV record says that there is no service", "warn", 5, "D-14", srv=".")
record("the SRV record names a machine that is gone", "warn", 9, "R-10", srv="lync.contoso.test")
record("the name server is broken for SRV only", "warn", 5, "D-08", srv="servfail")
zone_has("ucupdates-r2 leads to the phone itself", "warn", 3, "D-11", "host-record=ucupdates-r2.contoso.test,10.20.0.10",
         "host-record=ucupdates-r2.contoso.test,127.0.0.1")
zone_has("ucupdates-r2 leads to a machine that is off", "warn", 4, "D-05", "host-record=ucupdates-r2.contoso.test,10.20.0.10",
         "host-record=ucupdates-r2.contoso.test,10.20.0.88")
zone_has("the SRV record says 5060 for TLS", "warn", 9, "L-02", "fe01.contoso.test,5061,0,0", "fe01.contoso.test,5060,0,0")


# ---- the way ---------------------------------------------------------------------------------------------------------


def way(name, verdict, stage, cause, *rules, hook="forward", host="core", **lab):
    @fault(name, verdict, stage, cause, **lab)
    def _(lab):
        lab.nft(hook, *rules, host=host)


way("a firewall forbids the web server", "fail", 6, "C-01", 'iifname "eth1" tcp dport { 80, 443 } reject with icmp type admin-prohibited')
way("a firewall forbids the Registrar", "fail", 9, "L-01", 'iifname "eth1" tcp dport { 5060, 5061 } reject with icmp type admin-prohibited')
way("the server's own firewall refuses", "fail", 6, "C-01", "tcp dport { 80, 443 } reject", hook="input", host="fe")
way("the router has no route", "fail", 6, "C-01", 'iifname "eth1" ip daddr 10.20.0.10 reject with icmp type net-unreachable')
way("a firewall forbids the name server", "fail", 6, "D-08", 'iifname "eth1" udp dport 53 reject with icmp type admin-prohibited', hook="input")
way("the answers of the web server are lost", "fail", 6, "C-01", 'oifname "eth1" tcp sport { 80, 443 } drop')
way("UDP 123 is blocked", "warn", 2, "C-04", 'iifname "eth1" udp dport 123 drop', hook="input")
way("only port 443 is dropped", "fail", 6, "C-01", 'iifname "eth1" tcp dport 443 drop')
way("large packets to the servers are lost", "fail", 7, "I-09", 'iifname "eth1" tcp dport { 80, 443, 5061 } ip length > 1000 drop')
way("an intrusion detector resets TLS", "fail", 6, "C-01", 'iifname "eth1" tcp dport 443 ip length > 120 reject with tcp reset')


way("only port 80 is forbidden", "fail", 6, "C-13", 'iifname "eth1" tcp dport 80 reject with icmp type admin-prohibited')
way("the server's own firewall refuses port 80", "fail", 6, "C-13", "tcp dport 80 reject", hook="input", host="fe")
way("an intrusion detector resets TLS at the Registrar", "fail", 9, "L-01",
    'iifname "eth1" tcp dport 5061 ip length > 120 reject with tcp reset')
way("the answers of the Registrar are lost", "fail", 9, "L-01", 'oifname "eth1" tcp sport 5061 drop')


@fault("half of the load balancer's members are dead", "fail", 6, "C-22")
def _(lab):
    lab.nft("prerouting", "ip daddr 10.20.0.10 tcp dport 443 numgen inc mod 2 1 dnat to 10.20.0.12:4443", kind="nat", priority=-100)
    lab.liar("fe", "hangup", "10.20.0.12", 4443)


@fault("half of the Registrar's members are dead", "warn", 9, "C-22")
def _(lab):
    lab.nft("prerouting", "ip daddr 10.20.0.10 tcp dport 5061 numgen inc mod 2 1 dnat to 10.20.0.12:4443", kind="nat", priority=-100)
    lab.liar("fe", "hangup", "10.20.0.12", 4443)


def program(lab, role, sign):
    for pid in lab.dialtoned_pids():
        with open(f"/proc/{pid}/cmdline") as f:
            if role in f.read().replace("\0", " "):
                os.kill(pid, sign)


@fault("the workers hang", "fail", 6, "C-01")
def _(lab):
    program(lab, "worker", signal.SIGSTOP)


@fault("the location process hangs", "fail", 9, "L-10")
def _(lab):
    program(lab, "location", signal.SIGSTOP)


@fault("the vault hangs", "fail", 7, "A-09")
def _(lab):
    program(lab, "vault", signal.SIGSTOP)


# ---- TLS and certificates ----------------------------------------------------------------------------------------------


@fault("the certificate depends on SNI", "warn", 4, "C-21", web=True)
def _(lab):
    lab.front(tls=f"crt {lab.write('second.pem', open(lab.server_pem()).read())}", crt=lab.leaf(names=("intranet.contoso.test",)))


@fault("strict SNI", "warn", 4, "C-21", web=True)
def _(lab):
    lab.front(tls="strict-sni")


certificate("the certificate begins next month", "fail", 6, "C-14", more="", days=400, start=30)
certificate("an elliptic key", "warn", 4, "C-09", curve="prime256v1")


@fault("the certificate of the authority between is not sent", "fail", 6, "C-03", web=True)
def _(lab):
    lab.front(crt=lab.leaf(ca=lab.under("Issuing CA"), send=False))


def registrar_shows(name, cause, make):
    """The Registrar shows the certificate that make(lab) makes."""
    @fault(name, "fail", 9, cause)
    def _(lab):
        lab.divert(5061, 15061)
        lab.liar("fe", "sip", "10.20.0.12", 15061, status="401 Unauthorized", cert=make(lab))


registrar_shows("the Registrar's certificate has expired", "C-14", lambda lab: lab.leaf(start=-30, days=29))
registrar_shows("the Registrar's certificate is another authority's", "C-03", lambda lab: lab.leaf(ca=lab.ca("Public Root")))
certificate("the key may sign certificates only", "fail", 6, "C-20", more="keyUsage=critical,keyCertSign")


@fault("the authority between has expired", "fail", 6, "C-14", web=True)
def _(lab):
    lab.front(crt=lab.leaf(ca=lab.under("Issuing CA", start=-30, days=29)))


@fault("a phone that has its chain meets a new authority", "fail", 6, "C-05", web=True)
def _(lab):
    old = lab.front()
    lab.phone()
    lab.stop(old)
    lab.front(crt=lab.leaf(ca=lab.ca("New Root")))
    return {"cold": False}


@fault("a machine's own certificate", "fail", 6, "C-03", web=True)
def _(lab):
    lab.front(crt=lab.leaf(names=("WMSvc-WEB01",), ca=lab.ca("WMSvc-WEB01")))


# ---- what web servers answer, as IIS and the product write it ------------------------------------------------------------

TICKET, PROOF, UPX = "{ path_beg /WebTicket } METH_POST", "{ path_sub WebTicket_Proof }", "{ path_beg /RequestHandler/ucdevice.upx }"


def product(name, stage, cause, status, path, id="", verdict="fail", text=" ", kind="text/html", more=""):
    head = f' hdr X-Ms-diagnostics "{id}"' if id else ""
    web(name, verdict, stage, cause, f'http-request return status {status} content-type {kind} string "{text}"{head}{more} if {path}')


product("the user is not enabled for SIP", 7, "A-03", 403, TICKET, '28000;source=\\"fe01\\";reason=\\"User is not SIP enabled.\\"')
product("the method is not allowed", 7, "A-04", 400, TICKET, '28029;source=\\"fe01\\";reason=\\"Authentication type not allowed.\\"')
product("an error within Windows authentication", 7, "A-09", 500, TICKET, '28001;source=\\"fe01\\";reason=\\"Internal error\\"')
product("the ticket is another pool's", 8, "P-04", 500, PROOF, '28032;source=\\"fe01\\";reason=\\"The web ticket is invalid.\\"')
product("the data store is unavailable", 8, "P-01", 500, PROOF, text=SOAP.format("The data store is unavailable."), kind="text/xml")
product("the ticket service fails", 7, "A-09", 500, TICKET, text=SOAP.format("The server was unable to process the request."), kind="text/xml")
product("the application pool is stopped", 7, "A-09", 503, TICKET, text="<h2>Service Unavailable</h2>")
product("IIS forbids the address", 7, "A-13", 403, TICKET, text="<h2>403 - Forbidden: Access is denied.</h2>")
product("the ticket service wants Windows credentials", 7, "A-13", 401, TICKET, more=' hdr WWW-Authenticate Negotiate')
product("the update service forbids", 4, "U-07", 403, UPX, verdict="warn", text="<h2>403 - Forbidden</h2>")
product("the update service wants credentials inside", 4, "D-05", 401, UPX, verdict="warn", more=' hdr WWW-Authenticate Negotiate')
product("the update service fails", 4, "U-07", 500, UPX, verdict="warn", text="<h2>500</h2>")
product("the update service answers nothing", 4, "U-07", 200, UPX, verdict="warn", kind="text/xml", text="x")
web("the chain is sent to HTTPS", "fail", 6, "C-13", "http-request redirect scheme https unless { ssl_fc }")
web("a proxy takes no POST", "fail", 7, "A-09", "http-request return status 405 if METH_POST")
web("a proxy wants a length", "fail", 7, "A-09", "http-request return status 411 if { path_beg /WebTicket } METH_POST")
web("too many requests", "fail", 6, "C-01", "http-request return status 429 hdr Retry-After 30")
web("a gateway waits in vain", "fail", 6, "C-01", 'http-request return status 504 content-type text/html string "<html>504"')
web("an empty answer for the chain", "fail", 6, "C-03", "http-request return status 200 if { path_beg /CertProv }")
web("the metadata of the tickets is forbidden", "fail", 7, "A-13", "http-request return status 403 if { path_end /mex }")
web("a proxy takes the content's type away", "fail", 7, "A-09", "http-request del-header content-type")
web("the ticket service is sent to a sign-in page", "fail", 7, "C-17",
    "http-request redirect location https://login.contoso.test/ if { path_beg /WebTicket }")
web("the web site asks for a sign-in", "fail", 6, "C-17", "http-request redirect location https://login.contoso.test/adfs if { path_beg /CertProv }")
web("the web site sends to itself for ever", "fail", 6, "C-13", "http-request redirect location /CertProv/again code 302 if { path_beg /CertProv }")
web("a portal for all HTTP and HTTPS", "fail", 6, "C-17", 'http-request return status 511 content-type text/html string "<html>sign in"')


# ---- what Registrars answer, as the product writes it ------------------------------------------------------------------------


def says(name, cause, status, id, reason):
    registrar(name, cause, status, f'ms-diagnostics: {id};reason="{reason}";source="fe01.contoso.test"')


says("the Registrar's clock and the phone's differ", "C-04", "401 Unauthorized", 1013, "Significant time skew detected during authentication")
says("the user may not sign in from outside", "E-01", "403 Forbidden", 4003, "From URI not enabled for remote access")
says("the user is not enabled for SIP at the Registrar", "L-03", "404 Not Found", 4005, "Destination URI either not enabled for SIP or does not exist")
says("the user is not in the pool", "L-03", "404 Not Found", 4006, "User not found in pool")
says("the client version is refused", "L-05", "403 Forbidden", 17002, "Client version does not match policy")
says("the Registrar does not trust the next server", "L-12", "504 Server time-out", 1010, "Certificate trust with next-hop server could not be established")
says("the Registrar cannot resolve the next server", "L-12", "504 Server time-out", 1014, "Unable to resolve DNS A record")
says("the Registrar cannot route for now", "L-12", "504 Server time-out", 1007, "Temporarily cannot route")
says("the backup Registrar has no endpoints", "L-10", "480 Temporarily Unavailable", 13009, "No endpoints registered in Backup registrar")
says("the endpoint has no identifier", "L-13", "400 Bad Request", 4010, "Missing endpoint identifier")
registrar("the Registrar offers Kerberos only", "A-05", "401 Unauthorized",
          'WWW-Authenticate: Kerberos realm="SIP Communications Service", targetname="sip/fe01.contoso.test", version=4')
registrar("the Registrar challenges with nothing", "A-05", "401 Unauthorized")
registrar("the Registrar wants a proxy's credentials", "L-02", "407 Proxy Authentication Required",
          'Proxy-Authenticate: Basic realm="proxy"')
registrar("the Registrar is another make's", "L-02", "401 Unauthorized", 'WWW-Authenticate: Digest realm="asterisk", nonce="1"')
registrar("the Registrar wants more frequent registers", "L-10", "423 Interval Too Brief", "Min-Expires: 3600")
registrar("the Registrar is busy elsewhere", "L-10", "600 Busy Everywhere")
