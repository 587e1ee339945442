#!/usr/bin/env python3
"""A stranger on the Internet: asks the company's edge everything that can be asked without credentials.

      stranger.py ADDRESS WEB-NAME SIP-NAME DOMAIN

Prints one JSON object: the question -> {"status": N, "text": everything that came back, octet for octet, as Latin-1}.
"""
import base64
import json
import re
import socket
import ssl
import struct
import sys

NTLM_1 = b"NTLMSSP\0" + struct.pack("<II", 1, 0xE2088297) + bytes(24)
QUESTION = b"""<?xml version="1.0" encoding="utf-8"?>
<ImageUpdateRequest xmlns="urn:lync-bootstrap:device-update:1">
  <DeviceType>UCPhone</DeviceType><MacAddress>00-04-F2-00-01-76</MacAddress><SerialNumber>64167F000001</SerialNumber>
  <Vendor>POLYCOM</Vendor><Model>CX600</Model><Revision>A</Revision><Locale>ENU</Locale>
  <Modules><Module FileName="CPE.nbt" Version="4.0.7577.4363" TimeStamp="2013-01-09T00:00:00Z"/></Modules>
</ImageUpdateRequest>"""
SOAP = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>'
CERTPROV, TICKETS = "/CertProv/CertProvisioningService.svc", "/WebTicket/WebTicketService.svc"


def context(**kw):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    for key, value in kw.items():
        setattr(c, key, value)
    return c


def connect(address, port, name):
    s = socket.create_connection((address, port), 5)
    s.settimeout(5)
    return context().wrap_socket(s, server_hostname=name)


def certificate(address, port, name):
    """The certificate in DER: its names stand there as they are."""
    with connect(address, port, name) as s:
        return {"status": 0, "text": s.getpeercert(True).decode("latin-1")}


def read(s, until):
    got = b""
    try:
        while not until(got):
            piece = s.recv(65536)
            if not piece:
                break
            got += piece
    except (TimeoutError, socket.timeout, ConnectionResetError):
        pass
    return got


def whole(got):
    """One message with head and body?"""
    head, end, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: *(\d+)", head)
    return bool(end) and len(body) >= int(length[1] if length else 0)


def answer(got):
    status = re.match(rb"(?:HTTP/1\.1|SIP/2\.0) (\d+)", got)
    return {"status": int(status[1]) if status else None, "text": got.decode("latin-1")}


def raw(address, port, name, octets):
    """Whatever that is, and what comes back until the other end closes or falls silent."""
    with connect(address, port, name) as s:
        s.settimeout(2)
        s.sendall(octets)
        return answer(read(s, whole))


def http(address, name, method, path, body=b"", headers=()):
    head = [f"{method} {path} HTTP/1.1", f"Host: {name}", "Connection: close", f"Content-Length: {len(body)}", *headers]
    with connect(address, 443, name) as s:
        s.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        return answer(read(s, whole))


def unpacked(a):
    """With what stands in base64 in challenges and gssapi-data as well."""
    for token in re.findall(r'(?:NTLM |gssapi-data=")([A-Za-z0-9+/=]{16,})', a["text"]):
        raw = base64.b64decode(token)
        a["text"] += "\n" + raw.decode("latin-1") + "\n" + raw.decode("utf-16-le", "replace") + "\n" + \
            raw[1:].decode("utf-16-le", "replace")
    return a


def register(name, domain, cseq, credentials=""):
    return (f"REGISTER sip:{domain} SIP/2.0\r\nVia: SIP/2.0/TLS 192.168.1.9:5061;branch=z9hG4bK{cseq}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:stranger@{domain}>;tag=1;epid=0123456789\r\nTo: <sip:stranger@{domain}>\r\n"
            f"Call-ID: stranger@192.168.1.9\r\nCSeq: {cseq} REGISTER\r\nUser-Agent: stranger\r\n"
            "Contact: <sip:192.168.1.9:5061;transport=tls>;proxy=replace;"
            '+sip.instance="<urn:uuid:12345678-0000-0000-0000-000000000000>"\r\n'
            f"Supported: gruu-10\r\n{credentials}Content-Length: 0\r\n\r\n").encode()


def sip(address, name, domain):
    """REGISTER bare, then the first step of each scheme that is offered."""
    out = {}
    with connect(address, 5061, name) as s:
        s.sendall(register(name, domain, 1))
        out["sip bare"] = answer(read(s, whole))
        hello, server = ssl.MemoryBIO(), ssl.MemoryBIO()
        c = context(maximum_version=ssl.TLSVersion.TLSv1_2, minimum_version=ssl.TLSVersion.TLSv1)
        c.set_ciphers("ALL:@SECLEVEL=0")
        tls = c.wrap_bio(server, hello)
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        cseq = 1
        for scheme, token in (("TLS-DSK", hello.read()), ("NTLM", b"")):
            offered = re.search(rf'(?im)^www-authenticate: {scheme} .*', out["sip bare"]["text"])
            if not offered:
                continue
            realm, target = (re.search(rf'{k}="([^"]*)"', offered[0])[1] for k in ("realm", "targetname"))
            cseq += 1
            s.sendall(register(name, domain, cseq, f'Authorization: {scheme} qop="auth", realm="{realm}", targetname="{target}", '
                               f'version=4, gssapi-data="{base64.b64encode(token).decode()}"\r\n'))
            out[f"sip {scheme}"] = unpacked(answer(read(s, whole)))
        s.sendall(b"OPTIONS sip:" + domain.encode() + b" SIP/2.0\r\nContent-Length: 0\r\n\r\n")
        out["sip broken"] = answer(read(s, whole))
    return out


METHODS = ("OPTIONS", "INVITE", "SUBSCRIBE", "SERVICE", "MESSAGE", "INFO", "NOTIFY", "PUBLISH", "BYE", "FROBNICATE")


def odd(address, web, name, domain):
    """What no client asks, in ways that make servers talk about themselves."""
    request = "{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n"
    out = {f"odd http {line}": raw(address, 443, web, request.format(line, host).encode()) for line, host in (
        ("OPTIONS *", web), ("TRACE /", web), ("CONNECT 10.1.1.1:443", web), ("PROPFIND /CertProv/", web),
        (f"GET {CERTPROV}", "localhost"), (f"GET http://localhost{TICKETS}", web), ("GET " + "/a" * 40000, web))}
    out["odd http version"] = raw(address, 443, web, b"GET / HTTP/2.0\r\n\r\n")
    out["odd http without host"] = raw(address, 443, web, b"GET / HTTP/1.1\r\n\r\n")
    out["odd http octets"] = raw(address, 443, web, bytes(range(256)) + b"\r\n\r\n")
    out["odd sip octets"] = raw(address, 5061, name, bytes(range(256)) + b"\r\n\r\n")
    out["odd sip http"] = raw(address, 5061, name, request.format("GET /", web).encode())
    for method in METHODS:
        out[f"sip {method}"] = raw(address, 5061, name, register(name, domain, 1).replace(b"REGISTER", method.encode()))
    for server_name in (None, "localhost", domain):
        out[f"certificate for {server_name}"] = certificate(address, 443, server_name)
    return out


def main():
    address, web, name, domain = sys.argv[1:5]
    ntlm = "Authorization: NTLM " + base64.b64encode(NTLM_1).decode()
    xml = "Content-Type: text/xml; charset=utf-8"
    asked = {
        "web certificate": certificate(address, 443, web), "sip certificate": certificate(address, 5061, name),
        "update question": http(address, web, "POST", "/RequestHandlerExt/ucdevice.upx", QUESTION, [xml]),
        "update question, inside path": http(address, web, "POST", "/RequestHandler/ucdevice.upx", QUESTION, [xml]),
        "update question, a ticket made up": http(address, web, "POST", "/RequestHandlerExt/ucdevice.upx", QUESTION,
                                                  [xml, "X-MS-WebTicket: opaque=" + base64.b64encode(b"<a/>").decode()]),
        "update question, NTLM begun": unpacked(http(address, web, "POST", "/RequestHandlerExt/ucdevice.upx", QUESTION, [xml, ntlm])),
        "root": http(address, web, "GET", "/"), "dots": http(address, web, "GET", "/../../etc/passwd"),
        "nothing there": http(address, web, "GET", "/nothing.aspx"), "method": http(address, web, "DELETE", CERTPROV),
        "chain": http(address, web, "GET", CERTPROV + "/chain.p7b"), "file": http(address, web, "GET", "/RequestHandlerExt/Files/x.nbt"),
        "metadata": http(address, web, "GET", CERTPROV + "/mex"), "ticket metadata": http(address, web, "GET", TICKETS + "/mex"),
        "ticket": http(address, web, "POST", TICKETS, SOAP, [xml]),
        "ticket, NTLM begun": unpacked(http(address, web, "POST", TICKETS, SOAP, [xml, ntlm])),
        "ticket by PIN": http(address, web, "POST", TICKETS + "/pin", SOAP, [xml]),
        "ticket by certificate": http(address, web, "POST", TICKETS + "/cert", SOAP, [xml]),
        "publish": http(address, web, "POST", CERTPROV + "/WebTicket_Proof_SHA1", SOAP, [xml]),
        "no soap": http(address, web, "POST", TICKETS, b"<", [xml]),
        **sip(address, name, domain), **odd(address, web, name, domain),
    }
    json.dump(asked, sys.stdout)


if __name__ == "__main__":
    main()
