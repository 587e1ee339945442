"""One address and one port for old phones and everybody else: programs that are not ours, and a hello made by hand.

gnutls-cli, limited to TLS 1.0 with RC4, 3DES or AES, completes HTTPS and SIP on the port where openssl speaks TLS 1.3; a hello in the
format of SSL 2.0 (old_tls.py) is answered, and goes on to the end of the handshake and an answer; a peer that is not named, and everybody with `legacy = off`, is refused.
"""
import base64
import os
import re
import socket
import ssl
import struct
import sys
import time

import pytest

import front_end
import old_tls
import peers

sys.path.insert(0, os.path.join(peers.TOP, "tests/support"))
from read_message import read_message  # noqa: E402

PORTS = ["https", "sip_tls"]
SUITES = {"RC4": "+ARCFOUR-128", "3DES": "+3DES-CBC", "AES128": "+AES-128-CBC", "AES256": "+AES-256-CBC"}
ASK = {"https": "GET /CertProv/CertProvisioningService.svc/mex HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
       "sip_tls": "OPTIONS sip:contoso.test SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.7:5061;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
                  "From: <sip:a@contoso.test>;tag=1;epid=0123456789\r\nTo: <sip:contoso.test>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
                  "Content-Length: 0\r\n\r\n"}
ANSWER = {"https": "HTTP/1.1 200 OK", "sip_tls": "SIP/2.0 "}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with front_end.Site(tmp_path_factory.mktemp("old"), init=["--legacy-known", "127.0.0.1"], workers=2) as s:
        yield s


def gnutls(site, port, suite, host="127.0.0.1"):
    priority = f"NONE:+VERS-TLS1.0:+RSA:{SUITES[suite]}:+SHA1:+MD5:+COMP-NULL:+SIGN-ALL"
    # its standard input stays open until the answer has come
    script = 'f="$1"; shift; { cat "$f"; sleep 2; } | exec "$@"'
    ask = os.path.join(site.folder, f"ask-{port}")
    with open(ask, "w", newline="") as f:
        f.write(ASK[port])
    argv = [peers.tool("gnutls-cli"), "--insecure", "--priority", priority, "-p", getattr(site, port), host]
    done = peers.run(["sh", "-c", script, "sh", ask, *argv], 30)
    return done.stdout + done.stderr


def openssl(site, port, *more):
    return peers.run([peers.tool("openssl"), "s_client", "-connect", f"127.0.0.1:{getattr(site, port)}", *more], 30, text="").stdout


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("suite", SUITES)
def test_gnutls_cli_is_served(site, port, suite):
    said = gnutls(site, port, suite)
    assert "TLS1.0" in said and ANSWER[port] in said, said
    assert "New, TLSv1.3" in openssl(site, port), port  # on the same port


@pytest.mark.parametrize("port", PORTS)
def test_openssl_with_tls_1_0(site, port):
    said = openssl(site, port, "-tls1", "-cipher", "ALL:@SECLEVEL=0")
    assert "New, TLSv1.0" in said and "Cipher is (NONE)" not in said, said
    # RFC 7507: a client that only fell back is told so
    assert "Cipher is (NONE)" in openssl(site, port, "-tls1", "-fallback_scsv", "-cipher", "ALL:@SECLEVEL=0")


def records(sock):
    """(type, version, content) of each record that comes, until the peer ends."""
    data = b""
    while True:
        while len(data) >= 5 and len(data) >= 5 + struct.unpack(">H", data[3:5])[0]:
            n = struct.unpack(">H", data[3:5])[0]
            yield data[0], data[1:3], data[5:5 + n]
            data = data[5 + n:]
        more = sock.recv(65536)
        if not more:
            return
        data += more


SSLV2 = (b"\x01\x03\x01" + struct.pack(">HHH", 12, 0, 16) + b"\0\0\x04\0\0\x05\0\0\x0a\0\0\x2f" + bytes(range(16)))


@pytest.mark.parametrize("port", PORTS)
def test_a_hello_in_the_format_of_ssl_2_0(site, port):
    """RFC 5246 E.2: "TLS clients that wish to support SSL 2.0 servers MUST send version 2.0 CLIENT-HELLO messages"."""
    for cut in (len(SSLV2) + 2, 1, 7):  # whole, and in two pieces
        hello = struct.pack(">H", 0x8000 | len(SSLV2)) + SSLV2
        with socket.create_connection(("127.0.0.1", getattr(site, port)), 10) as s:
            s.sendall(hello[:cut])
            time.sleep(0.05 if hello[cut:] else 0)
            s.sendall(hello[cut:])
            kind, version, content = next(records(s))
        assert (kind, version) == (22, b"\x03\x01"), (kind, version, content)
        assert content[0] == 2 and content[4:6] == b"\x03\x01", content  # ServerHello, TLS 1.0


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("suite", old_tls.SUITES)
def test_from_a_hello_of_ssl_2_0_to_an_answer(site, port, suite):
    """The whole handshake, its hash over the hello as it was sent, and an answer; on the port that speaks TLS 1.3 to others."""
    client = old_tls.Client(("127.0.0.1", getattr(site, port)), suite)
    cert = client.handshake()
    pem = ssl.DER_cert_to_PEM_cert(cert)
    said = peers.run([peers.tool("openssl"), "x509", "-noout", "-checkhost", front_end.FQDN], 30, text=pem).stdout
    assert "does match" in said, said
    assert client.ask(ASK[port].encode()).decode().startswith(ANSWER[port])
    assert "New, TLSv1.3" in openssl(site, port)


def certificate_inside_sip(site):
    """Of the handshake of TLS-DSK, which its first flight shows to whoever asks; and that of the connection around it."""
    context = ssl.create_default_context(cafile=site.ca)
    inner, hello = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.MemoryBIO()
    inner.maximum_version = ssl.TLSVersion.TLSv1_2  # as far as TLS-DSK goes
    with pytest.raises(ssl.SSLWantReadError):
        inner.wrap_bio(ssl.MemoryBIO(), hello, server_hostname=front_end.FQDN).do_handshake()
    proof = base64.b64encode(hello.read()).decode()
    register = ("REGISTER sip:contoso.test SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.7:5061;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
                "From: <sip:a@contoso.test>;tag=1;epid=0123456789\r\nTo: <sip:a@contoso.test>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n"
                f'Authorization: TLS-DSK qop="auth", realm="SIP Communications Service", targetname="{front_end.FQDN}", version=4, '
                f'gssapi-data="{proof}"\r\nContact: <sip:192.0.2.7:5061;transport=tls>\r\nSupported: gruu-10\r\nContent-Length: 0\r\n\r\n')
    with socket.create_connection(("127.0.0.1", site.sip_tls), 10) as s, context.wrap_socket(s, server_hostname=front_end.FQDN) as tls:
        tls.sendall(register.encode())
        head, _ = read_message(tls)
        around = tls.getpeercert(True)
    flight = base64.b64decode(re.search(rb'gssapi-data="([^"]+)"', head)[1])
    messages, body = b"", {}
    while flight:  # records, then the messages in them
        n = struct.unpack(">H", flight[3:5])[0]
        messages, flight = messages + flight[5:5 + n], flight[5 + n:]
    while messages:
        n = int.from_bytes(messages[1:4], "big")
        body[messages[0]], messages = messages[4:4 + n], messages[4 + n:]
    return body[11][6:6 + int.from_bytes(body[11][3:6], "big")], around


def test_the_handshake_inside_sip_has_its_own_key(site):
    """RFC 5246 7.4.7.1: whoever finds how a server answers to a bad padding can use its RSA key.  Anybody reaches the handshake inside SIP, with
    RSA key exchange and TLS 1.0: what an attacker learns there opens no connection of others, whose key is another one."""
    inside, around = certificate_inside_sip(site)
    assert old_tls.rsa_key(inside)[0] != old_tls.rsa_key(around)[0]
    for der in (inside, around):
        pem = ssl.DER_cert_to_PEM_cert(der)
        done = peers.run([peers.tool("openssl"), "verify", "-CAfile", site.ca, "-verify_hostname", front_end.FQDN], text=pem)
        assert done.returncode == 0, done.stderr


def test_a_site_of_an_earlier_version_has_no_such_key(tmp_path):
    with front_end.Site(tmp_path, workers=1) as s:
        s.stop()
        os.unlink(os.path.join(s.dir, "dsk.pem"))
        os.truncate(s.log, 0)
        s.start()
        inside, around = certificate_inside_sip(s)
        assert inside == around


def test_half_a_hello_costs_little(site):
    """Fifty peers send half a hello and wait: nobody burns time, all are gone after ten seconds, and others are served meanwhile."""
    def cpu():
        ticks = 0
        for pid in os.listdir("/proc"):
            try:
                with open(f"/proc/{pid}/stat") as f:
                    fields = f.read().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            if int(fields[1]) == site.daemon.pid:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    half = (struct.pack(">H", 0x8000 | len(SSLV2)) + SSLV2)[:20]
    held = [socket.create_connection(("127.0.0.1", site.https), 10) for _ in range(50)]
    for s in held:
        s.sendall(half)
    before = cpu()
    assert "New, TLSv1.3" in openssl(site, "https")
    time.sleep(5)
    assert cpu() - before < 0.5
    for s in held:
        s.settimeout(15)
        with pytest.raises(ConnectionResetError):
            assert s.recv(1) == b""
            raise ConnectionResetError  # an orderly end is an end, too
        s.close()


@pytest.mark.parametrize("who", [{"legacy": "off"}, {"legacy": "known", "legacy_known": '"192.0.2.0/24"'}])
def test_others_are_refused(tmp_path, who):
    with front_end.Site(tmp_path, workers=1, init=["--legacy-known", "127.0.0.1"], **who) as s:
        for port in PORTS:
            said = gnutls(s, port, "AES128")
            assert ANSWER[port] not in said and "alert" in said.lower(), said
            assert "Cipher is (NONE)" in openssl(s, port, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
            assert "New, TLSv1.3" in openssl(s, port)
            with socket.create_connection(("127.0.0.1", getattr(s, port)), 10) as k:
                k.sendall(struct.pack(">H", 0x8000 | len(SSLV2)) + SSLV2)
                with pytest.raises(ConnectionResetError):
                    assert k.recv(1) == b""
                    raise ConnectionResetError


def test_init_says_what_it_means(tmp_path):
    for more, words in [([], ["TLS 1.0 is off", "Lync Phone Edition", "legacy = known"]),
                        (["--legacy-known", "10.66.0.0/16"], ["TLS 1.0 is known", "could read and change"]),
                        (["--legacy", "on"], ["TLS 1.0 is on", "Everybody"])]:
        folder = tmp_path / front_end.unique("site-")
        done = peers.run([peers.program("dialtone"), "init", folder, "--domain", front_end.DOMAIN, "--fqdn", front_end.FQDN, *more])
        assert done.returncode == 0 and all(word in done.stdout for word in words), done.stdout + done.stderr
        assert (folder / "legacy.pem").exists() == bool(more)
    done = peers.run([peers.program("dialtone"), "init", tmp_path / "x", "--domain", front_end.DOMAIN, "--fqdn", front_end.FQDN,
                      "--legacy", "known"])
    assert done.returncode == 78 and "legacy_known" in done.stderr, done.stderr


def test_switched_on_later(tmp_path):
    """The check names what is missing, and --renew makes it."""
    with front_end.Site(tmp_path, workers=1) as s:
        s.stop()
        s.edit(legacy="known", legacy_known='"127.0.0.1"')
        done = peers.run([peers.program("dialtoned"), "-t", "-c", s.conf])
        assert done.returncode != 0 and "legacy.pem" in done.stdout + done.stderr and "--renew" in done.stdout + done.stderr, done
        assert peers.run([peers.program("dialtone"), "init", s.dir, "--renew"]).returncode == 0
        os.truncate(s.log, 0)
        s.start()
        assert ANSWER["https"] in gnutls(s, "https", "3DES")
