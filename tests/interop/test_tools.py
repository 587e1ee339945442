"""Programs that know nothing of us against a running dialtoned: curl signs in by NTLM, openssl judges every certificate and
looks for TLS 1.0."""
import base64
import os
import re
import socket
import time

import pytest

import front_end
import peers


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with front_end.Site(tmp_path_factory.mktemp("tools")) as s:
        s.user("alice", "--number", "+14255550123", "--extension", "4411", "--pin-file", s.pin_file)
        yield s


# ---- the web ticket service ---------------------------------------------------------------------------------

def url(site, path):
    return f"https://{front_end.FQDN}:{site.https}{path}"


def curl(site, *args, config=""):
    """(status, body).  Secrets go into a configuration file, not into the arguments."""
    path = os.path.join(site.folder, front_end.unique("curl-"))
    with open(path, "w", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
        f.write(config)
    body = path + ".body"
    done = peers.run([peers.tool("curl"), "-sS", "--max-time", "30", "--noproxy", "*", "--cacert", site.ca,
                      "--resolve", f"{front_end.FQDN}:{site.https}:127.0.0.1", "--resolve", f"{front_end.FQDN}:{site.http}:127.0.0.1",
                      "-K", path, "-o", body, "-w", "%{http_code}", *args])
    assert done.returncode == 0, done.stdout + done.stderr
    with open(body, "rb") as f:
        return int(done.stdout), f.read()


def question(site, user, extra=""):
    return f"""<?xml version="1.0"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:wst="http://docs.oasis-open.org/ws-sx/ws-trust/200512"
  xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:wsa="http://www.w3.org/2005/08/addressing"
  xmlns:auth="http://schemas.xmlsoap.org/ws/2006/12/authorization">{extra}<soap:Body><wst:RequestSecurityToken Context="c1">
<wst:TokenType>http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.1#SAMLV1.1</wst:TokenType>
<wst:RequestType>http://schemas.xmlsoap.org/ws/2005/02/trust/Issue</wst:RequestType>
<wsp:AppliesTo><wsa:EndpointReference><wsa:Address>{url(site, "/CertProv/CertProvisioningService.svc/WebTicket_Proof_SHA1")}</wsa:Address></wsa:EndpointReference></wsp:AppliesTo>
<wst:Claims Dialect="urn:component:Microsoft.Rtc.WebAuthentication.2010:authclaims"><auth:ClaimType
 Uri="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/uri" Optional="false"><auth:Value>sip:{user}</auth:Value></auth:ClaimType></wst:Claims>
<wst:Entropy><wst:BinarySecret>AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=</wst:BinarySecret></wst:Entropy>
<wst:KeyType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/SymmetricKey</wst:KeyType>
</wst:RequestSecurityToken></soap:Body></soap:Envelope>"""


def ask_ticket(site, login, password, user=f"alice@{front_end.DOMAIN}"):
    path = os.path.join(site.folder, front_end.unique("question-"))
    with open(path, "w") as f:
        f.write(question(site, user))
    quoted = f"{login}:{password}".replace("\\", "\\\\").replace('"', '\\"')
    return curl(site, "--ntlm", "-H", "Content-Type: text/xml; charset=utf-8",
                "-H", 'SOAPAction: "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue"', "--data-binary", f"@{path}",
                url(site, "/WebTicket/WebTicketService.svc"), config=f'user = "{quoted}"\n')


@pytest.mark.parametrize("login", ["CONTOSO\\alice", "contoso\\ALICE", f"alice@{front_end.DOMAIN}"])
def test_curl_gets_a_web_ticket_by_ntlm(site, login):
    status, body = ask_ticket(site, login, front_end.PASSWORD)
    assert status == 200, (status, body)
    assert b"sip:alice@contoso.test" in body and b"SamlSecurityToken" in body and b"BinarySecret" in body, body


def test_curl_with_a_wrong_password_gets_none(site):
    for login, password in [("CONTOSO\\alice", "wrong"), ("CONTOSO\\nobody", front_end.PASSWORD), ("CONTOSO\\alice", "")]:
        status, body = ask_ticket(site, login, password)
        assert status == 401 and b"Assertion" not in body, (login, status, body)


@pytest.mark.parametrize("demand, status", [(None, 401), ("sent", 200)])
def test_outside_an_answer_is_bound_to_its_connection(tmp_path, demand, status):
    """RFC 5929, [MS-NLMP] 3.2.5.1.2: curl binds its answer to no TLS connection, so that one who has it can carry it over.  From outside the
    right password is not enough then, unless the site says that it is."""
    public, (https, sip) = "edge.contoso.test", front_end.free_ports(2)
    more = {"ntlm_channel_binding": demand} if demand else {}
    with front_end.Site(tmp_path, init=["--external-fqdn", public, "--external-address", "127.0.0.2", "--external-https", https, "--external-sip-tls",
                                        sip], **more) as s:
        s.user("alice", "--remote")
        text = question(s, "alice@contoso.test").replace(f"https://{front_end.FQDN}:{s.https}", f"https://{public}:{https}")
        done = peers.run([peers.tool("curl"), "-sS", "--cacert", s.ca, "--resolve", f"{public}:{https}:127.0.0.2", "--ntlm", "-u",
                          f"CONTOSO\\alice:{front_end.PASSWORD}", "-H", "Content-Type: text/xml; charset=utf-8", "--data-binary", text, "-o",
                          tmp_path / "answer", "-w", "%{http_code}", f"https://{public}:{https}/WebTicket/WebTicketService.svc"])
        assert done.stdout == str(status), (done, (tmp_path / "answer").read_text(), s.said())
        assert ("bound to no TLS connection" in s.said()) == (status == 401), s.said()


def test_the_ticket_verifies_with_xmlsec1(site, tmp_path):
    """The ticket of the running server, with the certificate of its ticket key."""
    status, body = ask_ticket(site, "CONTOSO\\alice", front_end.PASSWORD)
    assert status == 200, body
    assertion = re.search(rb"<(saml:)?Assertion .*</(saml:)?Assertion>", body, re.S)
    assert assertion, body
    (tmp_path / "ticket.xml").write_bytes(assertion.group(0))
    with open(os.path.join(site.dir, "vault", "ticket.pem")) as f:
        cert = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", f.read(), re.S)
    (tmp_path / "ticket.pem").write_text(cert.group(0))
    done = peers.run([peers.tool("xmlsec1"), "--verify", "--pubkey-cert-pem", tmp_path / "ticket.pem",
                      "--id-attr:AssertionID", "urn:oasis:names:tc:SAML:1.0:assertion:Assertion", tmp_path / "ticket.xml"])
    assert done.returncode == 0, done.stdout + done.stderr


# ---- what is no SIP ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("octets", [b"REGISTER sip:contoso.test SIP/2.0\nVia: SIP/2.0/TCP a\nContent-Length: 0\n\n", b"\0\0\0\0",
                                    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"], ids=["bare LF", "NUL", "HTTP"])
def test_a_connection_is_closed_with_a_word(site, octets):
    """RFC 3261 7: lines end in CRLF; RFC 5626 3.5.1: a keep-alive is CRLF.  The log says why the connection ended."""
    before = len(site.said())
    with socket.create_connection(("127.0.0.1", site.sip_tcp), 10) as s:
        s.sendall(octets)
        s.settimeout(70)
        while s.recv(4096):
            pass
    end = time.monotonic() + 5
    while site.said()[before:] == "" and time.monotonic() < end:  # the log goes by way of the supervisor
        time.sleep(0.05)
    line = site.said()[before:]
    assert "127.0.0.1" in line and ("is no SIP message" in line or "a request is refused" in line), line


# ---- certificates ---------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def roots(site):
    """The chain that the server hands out to anybody, as PEM."""
    status, p7 = curl(site, f"http://{front_end.FQDN}:{site.http}/CertProv/CertProvisioningService.svc/chain.p7b")
    assert status == 200
    raw = os.path.join(site.folder, "chain.p7b")
    with open(raw, "wb") as f:
        f.write(p7)
    done = None
    for form in "DER", "PEM":
        done = peers.run([peers.tool("openssl"), "pkcs7", "-inform", form, "-in", raw, "-print_certs"])
        if done.returncode == 0:
            break
    assert done.returncode == 0 and "BEGIN CERTIFICATE" in done.stdout, done.stderr
    path = os.path.join(site.folder, "chain.pem")
    with open(path, "w") as f:
        f.write(done.stdout)
    return path


def verify(roots, path, *more):
    return peers.run([peers.tool("openssl"), "verify", "-x509_strict", "-CAfile", roots, "-untrusted", roots, *more, path])


def connect(site, host, port, *more):
    return peers.run([peers.tool("openssl"), "s_client", "-connect", f"{host}:{port}", "-servername", front_end.FQDN, "-showcerts", *more],
                     30, text="")


@pytest.mark.parametrize("port", ["sip_tls", "https"])
def test_openssl_accepts_the_certificates_of_the_listeners(site, roots, port, tmp_path):
    done = connect(site, "127.0.0.1", getattr(site, port), "-CAfile", roots, "-verify_return_error", "-verify_hostname", front_end.FQDN)
    assert done.returncode == 0 and "Verify return code: 0 (ok)" in done.stdout, done.stdout + done.stderr
    leaf = tmp_path / "leaf.pem"
    leaf.write_text(re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", done.stdout, re.S).group(0))
    good = verify(roots, leaf, "-purpose", "sslserver", "-verify_hostname", front_end.FQDN)
    assert good.returncode == 0, good.stdout + good.stderr
    assert verify(roots, leaf, "-verify_hostname", "another.contoso.test").returncode != 0


def test_openssl_accepts_a_users_certificate(site, roots, tmp_path):
    """The one that SIPE is given: taken out of its trace of GetAndPublishCert."""
    peers.package("pidgin-sipe", "/usr/lib/purple-2/libsipe.so")
    sipe = peers.peer("sipe_drive")
    trace = tmp_path / "trace"
    done = peers.run(site.named([sipe, "--user", f"alice@{front_end.DOMAIN}", "--login", "CONTOSO\\alice", "--password-file",
                                 site.password_file, "--server", f"{front_end.FQDN}:{site.sip_tls}", "--transport", "tls",
                                 "--auth", "tls-dsk", "--ca", site.ca, "--trace", trace]), 90)
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.findall(r"BinarySecurityToken[^>]*>([A-Za-z0-9+/=\s]+)<", trace.read_text(errors="replace"))
    assert found, "no certificate in the trace"
    leaf = tmp_path / "user.pem"
    der = base64.b64decode(found[-1])
    leaf.write_text("-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der).decode() + "-----END CERTIFICATE-----\n")
    good = verify(roots, leaf, "-purpose", "sslclient")
    if good.returncode != 0:  # the issuing CA may be no part of what strangers are told
        good = verify(roots, leaf, "-purpose", "sslclient", "-untrusted", os.path.join(site.dir, "issuing.pem"))
    assert good.returncode == 0, good.stdout + good.stderr
    subject = peers.run([peers.tool("openssl"), "x509", "-in", leaf, "-noout", "-subject"]).stdout
    assert f"alice@{front_end.DOMAIN}" in subject, subject


def test_the_issuing_key_has_the_length_that_was_asked_for(tmp_path):
    folder = tmp_path / "site"
    done = peers.run([peers.program("dialtone"), "init", folder, "--domain", front_end.DOMAIN, "--fqdn", front_end.FQDN,
                      "--ca-key-length", "3072"])
    assert done.returncode == 0, done.stdout + done.stderr
    text = peers.run([peers.tool("openssl"), "x509", "-in", folder / "issuing.pem", "-noout", "-text"]).stdout
    assert "(3072 bit)" in text and "CN=Communications Server" in text.replace(" = ", "="), text
    assert "CASigningKeyLength = 3072\n" in (folder / "dialtone.conf").read_text()
    wrong = peers.run([peers.program("dialtone"), "init", tmp_path / "other", "--domain", front_end.DOMAIN, "--fqdn", front_end.FQDN,
                       "--ca-key-length", "1024"])
    assert wrong.returncode == 64 and "2048 to 16384" in wrong.stderr, wrong.stderr


# ---- TLS 1.0 -----------------------------------------------------------------------------------------------------

OLD = ["-tls1", "-cipher", "ALL:@SECLEVEL=0"]


@pytest.mark.parametrize("port", ["sip_tls", "https"])
def test_tls_1_0_is_refused_unless_asked_for(site, port):
    done = connect(site, "127.0.0.1", getattr(site, port), *OLD)
    assert "Cipher is (NONE)" in done.stdout, done.stdout + done.stderr
    done = connect(site, "127.0.0.1", getattr(site, port), "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert "Cipher is (NONE)" in done.stdout, done.stdout + done.stderr
    done = connect(site, "127.0.0.1", getattr(site, port), "-tls1_2")
    assert done.returncode == 0 and "Cipher is (NONE)" not in done.stdout, done.stdout + done.stderr
