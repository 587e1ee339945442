"""PIN sign-in by HTTP Basic, as it was recorded from a real Lync Server 2013: a client that is not ours and speaks Basic only gets a web ticket,
a wrong PIN gets the recorded head; and our phone signs in at a server that is not ours and knows Basic only."""
import base64
import csv
import http.client
import http.server
import json
import os
import re
import ssl
import subprocess
import threading

import pytest

from programs import BUILD, Site, free_ports, open_folder

TICKETS = "/WebTicket/WebTicketService.svc"
ISSUE = ('<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><t:RequestSecurityToken xmlns:t='
         '"http://schemas.xmlsoap.org/ws/2005/02/trust" Context="c"><t:TokenType>http://docs.oasis-open.org/wss/'
         'oasis-wss-saml-token-profile-1.1#SAMLV1.1</t:TokenType><t:RequestType>http://schemas.xmlsoap.org/ws/2005/02/trust/Issue'
         '</t:RequestType><p:AppliesTo xmlns:p="http://schemas.xmlsoap.org/ws/2004/09/policy"><a:EndpointReference xmlns:a='
         '"http://www.w3.org/2005/08/addressing"><a:Address>%s</a:Address></a:EndpointReference></p:AppliesTo><t:Entropy>'
         '<t:BinarySecret>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=</t:BinarySecret></t:Entropy><t:KeyType>'
         'http://schemas.xmlsoap.org/ws/2005/02/trust/SymmetricKey</t:KeyType></t:RequestSecurityToken></s:Body></s:Envelope>')


class Running(Site):
    def __init__(self, folder):
        super().__init__(folder)
        self.address = f"127.{64 + os.getpid() % 64}.{os.getpid() // 64 % 250}.3"
        self.https, = free_ports(1)
        with open(self.conf) as f:
            text = f.read()
        for key, value in {"sip_tls": 5061, "https": self.https, "http": 80, "address": f'"{self.address}"'}.items():
            text = re.sub(rf"(?m)^{key} = .*", f"{key} = {value}", text)
        with open(self.conf, "w") as f:
            f.write(text)
        self.daemon = subprocess.Popen([os.path.join(BUILD, "dialtoned"), "-c", self.conf], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert "ready" in self.daemon.stdout.readline()
        self.users, self.pins = self.path("users.csv"), self.path("pins.csv")
        with open(self.users, "w") as f:
            f.write("address,login,number,extension\nann@contoso.test,CONTOSO\\ann,+14255550123,4411\n")
        made = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", self.conf, "user", "import", self.users, "--generate-pins", self.pins],
                              capture_output=True, text=True, timeout=60)
        assert made.returncode == 0, made
        with open(self.pins) as f:
            self.pin, = (row["pin"] for row in csv.DictReader(f))

    def ask(self, method, path, body=None, headers=()):
        """Over TLS, judged by the site's own root."""
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        context.check_hostname = False  # it is asked by its address
        c = http.client.HTTPSConnection(self.address, self.https, timeout=20, context=context)
        c.request(method, path, body, {"Host": f"fe01.contoso.test:{self.https}", **dict(headers)})
        answer = c.getresponse()
        return answer.status, answer.msg, answer.read()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("port 80 of loopback, and the site's users, are root's")
    made = Running(open_folder(tmp_path_factory.mktemp("basic")))
    yield made
    made.daemon.terminate()
    made.daemon.wait(20)


def basic(user, pin):
    return "Basic " + base64.b64encode(f"{user}:{pin}".encode()).decode()


def pin_port(site):
    """From the metadata, never from a constant."""
    status, _, body = site.ask("GET", TICKETS + "/mex")
    assert status == 200
    return re.search(rb'port name="WebTicketServicePin".*?location="https://[^/]*(/[^"]*)"', body, re.S).group(1).decode()


def issue(site, credentials=None):
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue"'}
    if credentials:
        headers["Authorization"] = credentials
    service = f"https://fe01.contoso.test:{site.https}/CertProv/CertProvisioningService.svc/WebTicket_Proof_SHA1"
    return site.ask("POST", pin_port(site), ISSUE % service, headers)


def test_as_wcf_asks(site):
    """"The client is WCF: it sends the RST once without credentials, gets the bare 401, sends it again with Basic."""
    status, head, _ = issue(site)
    assert status == 401 and re.fullmatch(r'Basic realm ?="LYNC"', head["WWW-Authenticate"]), head
    assert head["Warning"] is None and head["X-Ms-diagnostics"] is None, head
    for user in "4411", "+14255550123", "tel:+14255550123", "sip:ann@contoso.test", "ann@contoso.test":
        status, head, body = issue(site, basic(user, site.pin))
        assert status == 200 and b"sip:ann@contoso.test" in body and b"Assertion" in body, (user, status, body)


def test_a_wrong_pin_gets_the_recorded_head(site):
    wrong = f"{(int(site.pin) + 1) % 10 ** len(site.pin):0{len(site.pin)}}"
    answers = [issue(site, basic("4411", wrong)), issue(site, basic("9999", site.pin))]  # nobody has that number: alike on the wire
    for status, head, body in answers:
        assert status == 401 and re.fullmatch(r'Basic realm ?="LYNC"', head["WWW-Authenticate"]), head
        assert head["Warning"] == '120 fe01.contoso.test "InvalidPin"', head
        assert head["X-Ms-diagnostics"] == ('28003;source="fe01.contoso.test";reason="The pin is invalid.";'
                                            'faultcode="wsse:FailedAuthentication"'), head
        assert head["X-MS-Server-Fqdn"] == "fe01.contoso.test" and head["Cache-Control"] == "private", head
        assert head["Content-Type"].startswith("text/html"), head
    assert answers[0][2] == answers[1][2]


class StandIn(http.server.BaseHTTPRequestHandler):
    """A web service at port 443 that is not ours: it knows HTTP Basic and nothing else, and looks into no envelope for credentials.  It fetches
    tickets and certificates from a server behind it."""
    protocol_version = "HTTP/1.1"
    site, seen = None, []

    def log_message(self, *_):
        pass

    def give(self, status, headers, body):
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_one(self, body):
        site, is_ticket = self.site, "/WebTicket/" in self.path and self.command == "POST"
        said = self.headers.get("Authorization")
        if is_ticket:
            self.seen.append((said, body))
        if is_ticket and said != basic("4411", site.pin):
            self.give(401, {"WWW-Authenticate": 'Basic realm ="LYNC"', "Content-Type": "text/html"}, b"<html>401</html>")
            return
        ours, port = b"https://fe01.contoso.test/", f"https://fe01.contoso.test:{site.https}/".encode()
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")}
        status, head, answer = site.ask(self.command, self.path, body.replace(ours, port) if is_ticket else body, headers)
        keep = {k: v for k, v in head.items() if k.lower() in ("content-type", "cache-control")}
        self.give(status, keep, answer.replace(port, ours) if b"wsdl" in answer[:300] else answer)

    def do_GET(self):
        self.handle_one(b"")

    def do_POST(self):
        self.handle_one(self.rfile.read(int(self.headers.get("Content-Length", 0))))


def test_our_phone_at_a_server_that_knows_basic_only(site):
    StandIn.site = site
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(site.path("server.pem"))
    server = http.server.ThreadingHTTPServer((site.address, 443), StandIn)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        done = subprocess.run([os.path.join(BUILD, "dialtone"), "fleet", "--target", site.address, "--yes-load", site.address, "--domain",
                               "contoso.test", "--pool", "fe01.contoso.test", "--users", site.pins, "--model", "cx600", "--from", "discover",
                               "--arrive", "burst", "--no-retry", "--leave", "--quiet", "-f", "json"], capture_output=True, text=True, timeout=120)
    finally:
        server.shutdown()
        server.server_close()
    asked = [said for said, _ in StandIn.seen]
    assert asked == [None, basic("4411", site.pin)], asked  # first without, as WCF does; the PIN once
    assert not any(site.pin.encode() in body for _, body in StandIn.seen), "the PIN stands in no envelope"
    report = json.loads(done.stdout)
    assert (report["done"], report["failed"]) == (1, 0), (done.stdout[-2000:], done.stderr[-2000:])
