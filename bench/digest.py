"""Phones at Kamailio: each holds a TLS connection and registers with Digest (RFC 2617, MD5, qop=auth)."""
import hashlib
import re
import socket
import ssl


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Phone:
    def __init__(self, n, address, port):
        self.user, self.cseq, self.count, self.nonce = f"u{n}", 0, 0, None
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        raw = socket.create_connection((address, port), timeout=20)
        self.local = raw.getsockname()
        self.sock = context.wrap_socket(raw)

    def close(self):
        self.sock.close()

    def ask(self):
        self.cseq += 1
        uri, credentials = "sip:bench.test", ""
        if self.nonce:
            self.count += 1
            count, cnonce = f"{self.count:08x}", "0a4f113b"
            answer = md5(":".join([md5(f"{self.user}:bench.test:pw"), self.nonce, count, cnonce, "auth", md5(f"REGISTER:{uri}")]))
            credentials = (f'Authorization: Digest username="{self.user}", realm="bench.test", nonce="{self.nonce}", uri="{uri}", qop=auth, nc={count}, '
                           f'cnonce="{cnonce}", response="{answer}", algorithm=MD5\r\n')
        here = f"{self.local[0]}:{self.local[1]}"
        self.sock.sendall((f"REGISTER {uri} SIP/2.0\r\nVia: SIP/2.0/TLS {here};branch=z9hG4bK{self.user}{self.cseq}\r\nMax-Forwards: 70\r\n"
                           f"From: <sip:{self.user}@bench.test>;tag=1\r\nTo: <sip:{self.user}@bench.test>\r\nCall-ID: {self.user}@bench\r\n"
                           f"CSeq: {self.cseq} REGISTER\r\nContact: <sip:{self.user}@{here};transport=tls>\r\nExpires: 600\r\n{credentials}"
                           "Content-Length: 0\r\n\r\n").encode())
        got = b""
        while b"\r\n\r\n" not in got:
            piece = self.sock.recv(8192)
            if not piece:
                raise ConnectionError("Kamailio hung up")
            got += piece
        return int(got.split()[1]), got.decode("latin-1")

    def register(self):
        status, text = self.ask()
        if status == 401:
            self.nonce, self.count = re.search(r'nonce="([^"]+)"', text)[1], 0
            status, text = self.ask()
        if status != 200:
            raise SystemExit(f"bench: Kamailio answers {status}")
