"""A client of TLS 1.0 with RSA key exchange and RC4, written for the tests from RFC 2246 and RFC 5246 E.2: it begins in the format of SSL 2.0,
as the Schannel of Windows CE does, and goes on to the end of the handshake and beyond."""
import hashlib
import hmac
import os
import re
import socket
import ssl
import struct
import subprocess

VERSION = b"\x03\x01"
HANDSHAKE, ALERT, CHANGE, DATA = 22, 21, 20, 23
SUITES = {"RC4-MD5": (b"\0\0\x04", "md5", 16), "RC4-SHA": (b"\0\0\x05", "sha1", 20)}


def p_hash(name, secret, seed, n):
    a, out = seed, b""
    while len(out) < n:
        a = hmac.digest(secret, a, name)
        out += hmac.digest(secret, a + seed, name)
    return out[:n]


def prf(secret, label, seed, n):
    """RFC 2246 5."""
    half = (len(secret) + 1) // 2
    return bytes(a ^ b for a, b in zip(p_hash("md5", secret[:half], label + seed, n), p_hash("sha1", secret[-half:], label + seed, n)))


class Rc4:
    def __init__(self, key):
        self.s, self.i, self.j, j = list(range(256)), 0, 0, 0
        for i in range(256):
            j = (j + self.s[i] + key[i % len(key)]) & 255
            self.s[i], self.s[j] = self.s[j], self.s[i]

    def apply(self, data):
        out = bytearray()
        for octet in data:
            self.i = (self.i + 1) & 255
            self.j = (self.j + self.s[self.i]) & 255
            self.s[self.i], self.s[self.j] = self.s[self.j], self.s[self.i]
            out.append(octet ^ self.s[(self.s[self.i] + self.s[self.j]) & 255])
        return bytes(out)


class Side:
    """The octets that one side sends, protected."""

    def __init__(self, digest, mac, key):
        self.digest, self.mac, self.cipher, self.number = digest, mac, Rc4(key), 0

    def tag(self, kind, data):
        head = struct.pack(">QB", self.number, kind) + VERSION + struct.pack(">H", len(data))
        self.number += 1
        return hmac.digest(self.mac, head + data, self.digest)

    def wrap(self, kind, data):
        return self.cipher.apply(data + self.tag(kind, data))

    def unwrap(self, kind, data):
        plain = self.cipher.apply(data)
        n = len(plain) - hashlib.new(self.digest).digest_size
        assert n >= 0 and hmac.compare_digest(self.tag(kind, plain[:n]), plain[n:]), "the server's MAC is wrong"
        return plain[:n]


def rsa_key(der):
    """Modulus and exponent of a certificate, as openssl prints them."""
    text = subprocess.run(["openssl", "x509", "-noout", "-text", "-modulus"], input=ssl.DER_cert_to_PEM_cert(der), capture_output=True,
                          text=True, timeout=20, check=True).stdout
    return int(re.search(r"Modulus=([0-9A-F]+)", text).group(1), 16), int(re.search(r"Exponent: (\d+)", text).group(1))


class Client:
    def __init__(self, address, suite):
        self.hello, self.digest, self.nmac = SUITES[suite]
        self.sock = socket.create_connection(address, 10)
        self.rest, self.messages, self.log = b"", b"", b""
        self.ours = self.theirs = None

    def send(self, kind, data):
        if self.ours:
            data = self.ours.wrap(kind, data)
        self.sock.sendall(bytes([kind]) + VERSION + struct.pack(">H", len(data)) + data)

    def record(self):
        while len(self.rest) < 5 or len(self.rest) < 5 + struct.unpack(">H", self.rest[3:5])[0]:
            more = self.sock.recv(65536)
            assert more, "the server hung up"
            self.rest += more
        kind, n = self.rest[0], struct.unpack(">H", self.rest[3:5])[0]
        data, self.rest = self.rest[5:5 + n], self.rest[5 + n:]
        if self.theirs:
            data = self.theirs.unwrap(kind, data)
        assert kind != ALERT, f"an alert: {data.hex()}"
        return kind, data

    def message(self):
        """The next handshake message: its type and body."""
        while len(self.messages) < 4 or len(self.messages) < 4 + int.from_bytes(self.messages[1:4], "big"):
            kind, data = self.record()
            assert kind == HANDSHAKE, kind
            self.messages += data
        n = 4 + int.from_bytes(self.messages[1:4], "big")
        whole, self.messages = self.messages[:n], self.messages[n:]
        return whole[0], whole[4:], whole

    def say(self, kind, body):
        whole = bytes([kind]) + len(body).to_bytes(3, "big") + body
        self.log += whole
        self.send(HANDSHAKE, whole)

    def finished(self, master, label):
        return prf(master, label, hashlib.md5(self.log).digest() + hashlib.sha1(self.log).digest(), 12)

    def handshake(self):
        challenge = os.urandom(16)
        first = b"\x01" + VERSION + struct.pack(">HHH", 3, 0, 16) + self.hello + challenge
        self.log += first  # RFC 5246 E.2: the hash begins with the message, without its length
        self.sock.sendall(struct.pack(">H", 0x8000 | len(first)) + first)
        body, cert = {}, None
        while 14 not in body:
            kind, body[kind], whole = self.message()
            self.log += whole
        assert body[2][:2] == VERSION and body[2][35 + body[2][34]:][:2] == self.hello[1:], body[2].hex()
        theirs = body[2][2:34]
        n = int.from_bytes(body[11][3:6], "big")
        cert = body[11][6:6 + n]
        modulus, exponent = rsa_key(cert)
        size = (modulus.bit_length() + 7) // 8
        secret = VERSION + os.urandom(46)
        padding = bytes(1 + octet % 255 for octet in os.urandom(size - 51))
        sealed = pow(int.from_bytes(b"\0\x02" + padding + b"\0" + secret, "big"), exponent, modulus).to_bytes(size, "big")
        self.say(16, struct.pack(">H", size) + sealed)
        random = bytes(16) + challenge  # RFC 5246 E.2: "right-justified, zero-filled"
        master = prf(secret, b"master secret", random + theirs, 48)
        keys = prf(master, b"key expansion", theirs + random, 2 * self.nmac + 32)
        macs, keys = keys[:2 * self.nmac], keys[2 * self.nmac:]
        self.send(CHANGE, b"\x01")
        self.ours = Side(self.digest, macs[:self.nmac], keys[:16])
        self.say(20, self.finished(master, b"client finished"))
        kind, data = self.record()
        while kind == HANDSHAKE:  # a session ticket, which nobody asked for, would count
            self.log += data
            kind, data = self.record()
        assert (kind, data) == (CHANGE, b"\x01")
        self.theirs = Side(self.digest, macs[self.nmac:], keys[16:])
        expected = self.finished(master, b"server finished")
        kind, data, _ = self.message()
        assert (kind, data) == (20, expected), "the server's Finished is wrong"
        return cert

    def ask(self, text):
        self.send(DATA, text)
        answer = b""
        while b"\r\n\r\n" not in answer:
            kind, data = self.record()
            assert kind == DATA, kind
            answer += data
        return answer
