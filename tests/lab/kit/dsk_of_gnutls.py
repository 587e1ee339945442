#!/usr/bin/env python3
"""A phone of others, whose handshake inside SIP is gnutls-cli's: it signs in with a user's certificate by TLS-DSK, with one suite of TLS 1.0.

      dsk_of_gnutls.py SERVER NAME USER@DOMAIN PEM SUITE        PEM: key and certificate; SUITE: as GnuTLS writes it, "+3DES-CBC"

gnutls-cli connects to a port of this program, which carries each flight in a REGISTER to port 5061 of SERVER, and the answers' back.  The
signature is made from the key material that gnutls-cli exports.  Prints what gnutls-cli says of the handshake, then the last status, and
whether the answer's own signature is good.  Sources: [MS-SIPAE] 3.2.5.1, 3.2.5.2.
"""
import base64
import hmac
import os
import re
import socket
import ssl
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../support"))
from read_message import read_message  # noqa: E402

SERVER, NAME, USER, PEM, SUITE = sys.argv[1:]
REALM, CHANGE = "SIP Communications Service", 20


class Phone:
    def __init__(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the handshake within is what this program tries
        self.tls, self.cseq, self.opaque = context.wrap_socket(socket.create_connection((SERVER, 5061), 10), server_hostname=NAME), 0, ""

    def register(self, more):
        """The answer: (head, its gssapi-data)."""
        self.cseq += 1
        credentials = f'TLS-DSK qop="auth", {self.opaque}realm="{REALM}", targetname="{NAME}", version=4, {more}'
        self.tls.sendall((f"REGISTER sip:{USER.split('@')[1]} SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.7:5061;branch=z9hG4bK{self.cseq}\r\n"
                          f"Max-Forwards: 70\r\nFrom: <sip:{USER}>;tag=1;epid=0123456789\r\nTo: <sip:{USER}>\r\nCall-ID: gnutls\r\n"
                          f"CSeq: {self.cseq} REGISTER\r\nContact: <sip:192.0.2.7:5061;transport=tls>\r\nSupported: gruu-10\r\n"
                          f"Authorization: {credentials}\r\nContent-Length: 0\r\n\r\n").encode())
        head = read_message(self.tls)[0].decode()
        found = re.search(r'opaque="([^"]*)"', head)
        if found:
            self.opaque = f'opaque="{found[1]}", '
        data = re.search(r'gssapi-data="([^"]+)"', head)
        return head, base64.b64decode(data[1]) if data else b""

    def fields(self, rand, num, to_tag="", last=""):
        """The string that is signed: the fifteen fields of a REGISTER, and of an answer its status."""
        expires = re.search(r"(?m)^Expires: (\d+)", last)
        fields = ["TLS-DSK", rand, num, REALM, NAME, "gnutls", str(self.cseq), "REGISTER", f"sip:{USER}", "1", f"sip:{USER}", to_tag, "", "",
                  expires[1] if expires else ""]
        return "".join(f"<{f}>" for f in fields + (["200"] if last else []))


def flight(s):
    """The client's next flight: a ClientHello, or all up to the record behind ChangeCipherSpec."""
    got, changed = b"", False
    while True:
        head = s.recv(5, socket.MSG_WAITALL)
        body = s.recv(struct.unpack(">H", head[3:5])[0], socket.MSG_WAITALL)
        got += head + body
        if changed or (head[0] == 22 and body[0] == 1):
            return got
        changed = head[0] == CHANGE


def main():
    phone, listener = Phone(), socket.create_server(("127.0.0.1", 0))
    client = subprocess.Popen(["gnutls-cli", "--insecure", "--priority", f"NONE:+VERS-TLS1.0:+RSA:{SUITE}:+SHA1:+MD5:+COMP-NULL:+SIGN-ALL",
                               "--x509certfile", PEM, "--x509keyfile", PEM, "--keymatexport", "client EAP encryption", "--keymatexportsize", "128",
                               "-p", str(listener.getsockname()[1]), "127.0.0.1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    listener.settimeout(10)
    s, _ = listener.accept()
    s.settimeout(10)
    for _ in range(2):
        head, answer = phone.register(f'gssapi-data="{base64.b64encode(flight(s)).decode()}"')
        if not answer:
            sys.exit(head)
        s.sendall(answer)
    said = ""
    for line in client.stdout:
        said += line
        if line.startswith("- Key material"):
            break
    print(said)
    block = bytes.fromhex(re.search(r"Key material: ([0-9a-fA-F]+)", said)[1])
    digest = "md5" if "MD5" in re.search(r"Description: (\S+)", said)[1] else "sha1"
    phone.cseq += 1
    mine = hmac.digest(block[64:96], phone.fields("0a0b0c0d", "1").encode(), digest).hex()
    phone.cseq -= 1
    head, _ = phone.register(f'crand="0a0b0c0d", cnum="1", response="{mine}"')
    rand, num, theirs = (re.search(rf'{k}="([^"]*)"', head) for k in ("srand", "snum", "rspauth"))
    tag = re.search(r"(?m)^To: .*;tag=([^;\r]+)", head)
    print(head.split("\r\n")[0])
    if theirs:
        expected = hmac.digest(block[96:128], phone.fields(rand[1], num[1], tag[1], head).encode(), digest).hex()
        print("the answer's signature is", "good" if theirs[1].lower() == expected else "wrong")
    client.terminate()
    client.wait(10)


if __name__ == "__main__":
    main()
