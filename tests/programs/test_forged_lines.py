"""What a stranger writes reaches an administrator's terminal, and the log, as text: it begins no line and no field, and moves no cursor."""
import base64
import os
import subprocess

import pytest

from programs import BUILD, open_folder
from test_reports import Running

# a new line, the end of one, escape and its one-octet form U+009B (in UTF-8 and alone), DEL, and a mark that turns the direction of writing
EVIL = {"LF": b"\n", "CR": b"\r", "ESC": b"\x1b[31m", "CSI": b"\xc2\x9b31m", "bare 9B": b"\x9b31m", "DEL": b"\x7f", "RLO": b"\xe2\x80\xae"}
SHOWN = (b"\r", b"\x1b", b"\xc2\x9b", b"\x7f", b"\xe2\x80\xae")


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    made = Running(open_folder(tmp_path_factory.mktemp("forged")), "update_enabled = true")
    yield made
    made.end()


def question(serial, vendor):
    return (b'<?xml version="1.0" encoding="utf-8"?><ImageUpdateRequest xmlns="urn:lync-bootstrap:device-update:1"><DeviceType>UCPhone</DeviceType>'
            b"<MacAddress>00-04-F2-00-01-76</MacAddress><SerialNumber>" + serial + b"</SerialNumber><Vendor>" + vendor + b"</Vendor><Model>CX600</Model>"
            b'<Revision>A</Revision><Locale>ENU</Locale><Modules><Module FileName="CPE.nbt" Version="4.0.7577.4066" TimeStamp="2010-01-01T00:00:00Z"/>'
            b"</Modules></ImageUpdateRequest>")


def asked(running, body):
    with running.tls("https") as s:
        s.sendall(b"POST /RequestHandler/ucdevice.upx HTTP/1.1\r\nHost: fe01.contoso.test\r\nContent-Type: text/xml; charset=utf-8\r\n"
                  b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        return int(s.recv(65536).split(b" ")[1])


def listed(running, *words):
    done = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", running.conf, *words], capture_output=True, timeout=60)
    return done.stdout + done.stderr


def clean(text):
    assert not [bad for bad in SHOWN if bad in text], text
    text.decode()  # an octet 9B alone is none of UTF-8's


def test_an_update_question(running):
    """By a reference as well, "&#10;": an XML reader makes the character of it."""
    assert asked(running, question(b"1", b"POLYCOM")) == 200
    before = listed(running, "device", "list").count(b"\n")
    for name, octets in EVIL.items():
        asked(running, question(b"1" + octets + b"00-04-F2-AA-BB-CC  FORGED", b"POLYCOM"))
        if name != "bare 9B":
            by_reference = "".join(f"&#{ord(c)};" for c in octets.decode()).encode()
            asked(running, question(b"1", b"P" + by_reference + b"FORGED"))
        for form in ("text", "csv"):
            got = listed(running, "device", "list", "-f", form)
            clean(got)
            assert b"there is no option" not in got and b"CX600" in got, got
            assert not [line for line in got.splitlines() if line.lstrip().startswith((b"00-04-F2-AA-BB-CC", b"FORGED"))], got
    assert len(listed(running, "device", "list").splitlines()) <= before + len(EVIL), "a row for each serial number, and no other"
    clean(listed(running, "audit"))
    clean(running.logged_octets())


def test_a_register(running):
    """From and User-Agent of somebody who has proved nothing are in the log when the request is refused."""
    for octets in EVIL.values():
        if octets in (b"\n", b"\r"):
            continue
        with running.tls("sip_tls") as s:
            s.sendall(b"REGISTER sip:contoso.test SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.7;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
                      b"From: <sip:eve" + octets + b"@contoso.test>;tag=1;epid=01\r\nTo: <sip:eve@contoso.test>\r\nCall-ID: 1" + octets + b"\r\n"
                      b"CSeq: 1 REGISTER\r\nUser-Agent: U" + octets + b"\r\nContact: <sip:[" + octets + b"\r\nContent-Length: 0\r\n\r\n")
            s.settimeout(5)
            assert s.recv(65536).startswith(b"SIP/2.0 4"), octets
    clean(running.logged_octets())
    for line in running.logged_octets().decode().splitlines():
        assert line.startswith(("20", "dialtoned: ")), line


def test_a_user_name(running):
    """Of a change of the PIN by Basic, and of an NTLM login: both are in the log and in the audit."""
    for octets in EVIL.values():
        body = b"628194"
        credentials = base64.b64encode(b"4411" + octets + b"FORGED:12345")
        with running.tls("https") as s:
            s.sendall(b"POST /dialin/pin HTTP/1.1\r\nHost: fe01.contoso.test\r\nAuthorization: Basic " + credentials +
                      b"\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            assert s.recv(65536).startswith(b"HTTP/1.1 4"), octets
        subprocess.run(["curl", "-s", "-o", "/dev/null", "--cacert", running.path("ca.pem"), "--resolve",
                        f"fe01.contoso.test:{running.port['https']}:127.0.0.1", "--ntlm", "-u", b"CONTOSO\\eve" + octets + b"FORGED:wrong",
                        "--data-raw", "628194", f"https://fe01.contoso.test:{running.port['https']}/dialin/pin"], timeout=20, check=True)
    clean(running.logged_octets())
    for form in ("text", "csv"):
        got = listed(running, "audit", "-f", form)
        clean(got)
        assert b"there is no option" not in got and got.count(b"ntlm") >= 1, got
        assert not [line for line in got.splitlines() if line.startswith(b"FORGED")], got


def test_a_path(running):
    for octets in EVIL.values():
        with running.tls("https") as s:
            s.sendall(b"GET /" + octets + b" HTTP/1.1\r\nHost: fe01.contoso.test\r\nUser-Agent: " + octets + b"\r\nConnection: close\r\n\r\n")
            s.settimeout(5)
            assert s.recv(65536).startswith(b"HTTP/1.1 4"), octets
    clean(running.logged_octets())
