"""liar.py KIND ADDRESS PORT [KEY=VALUE ...]: a server that answers otherwise than it should.

    hangup                                  takes a connection and ends it
    mute                                    takes a connection and says nothing
    banner text=T                           says T at once
    http   status=S type=T text=B [cert=P]  one answer for every request; with cert over TLS
    sip    status=S head=H cert=P           one answer for every SIP request, over TLS
    offers device=D router=R dns=N          a second DHCP server: offers 10.66.0.200 a second after it was asked, to each client
    eapol  device=D                         a port that 802.1X holds asks who is there
    cdp    device=D vlan=V                  a switch that speaks CDP only, with a voice VLAN
    dns    upstream=A mode=M [arg=X]        A's answers, but: servfail, refused, portal (every A is X), flap (every other A of
                                            fe01 and web is X), no-srv (SRV does not exist), udp-only, late (X seconds),
                                            answers: the A record of the host LABEL=... is an address or cname:NAME, the SRV
                                            record srv=... names that host, or is servfail
"""
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../support"))
from read_message import read_message  # noqa: E402

KIND, ADDRESS, PORT = sys.argv[1], sys.argv[2], int(sys.argv[3])
OPT = dict(o.split("=", 1) for o in sys.argv[4:])


def request(s):
    """The head of what is asked; None at the end."""
    message = read_message(s)
    return message and message[0].decode("latin-1")


def answer_http(s):
    text = OPT.get("text", "").encode()
    while request(s) is not None:
        s.sendall(f"HTTP/1.1 {OPT['status']}\r\nContent-Type: {OPT.get('type', 'text/plain')}\r\n"
                  f"Content-Length: {len(text)}\r\n{OPT.get('head', 'X-Liar: yes')}\r\n\r\n".encode() + text)


def answer_sip(s):
    while (head := request(s)) is not None:
        copied = [line for line in head.split("\r\n")[1:] if re.match(r"(?i)(via|from|to|call-id|cseq):", line)]
        copied = [line + ";tag=1d" if re.match(r"(?i)to:", line) and "tag=" not in line else line for line in copied]
        s.sendall("\r\n".join([f"SIP/2.0 {OPT['status']}", *copied, OPT.get("head", "Server: liar"), "Content-Length: 0", "", ""]).encode())


def serve(s, context):
    try:
        if context:
            s = context.wrap_socket(s, server_side=True)
        if KIND == "banner":
            s.sendall(OPT["text"].encode() + b"\r\n")
        if KIND in ("banner", "mute"):
            time.sleep(60)
        if KIND == "http":
            answer_http(s)
        if KIND == "sip":
            answer_sip(s)
    except OSError:
        pass
    s.close()


def listen():
    context = None
    if "cert" in OPT:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1  # phones of the time speak no other
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.load_cert_chain(OPT["cert"])
    listener = socket.create_server((ADDRESS, PORT), backlog=64)
    print("it listens", flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0], context), daemon=True).start()


flaps = [0]


def wire_name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".") if label) + b"\0"


def record(kind, value):
    """Type, class, life and data of an A, CNAME or SRV record."""
    alias = value.startswith("cname:")
    data = (struct.pack(">HHH", 0, 0, 5061) + wire_name(value) if kind == 33 else wire_name(value[6:]) if alias else socket.inet_aton(value))
    return struct.pack(">HHIH", 5 if alias else kind, 1, 0, len(data)) + data


def dns_answer(p):
    at = 12
    while p[at]:
        at += p[at] + 1
    kind, = struct.unpack(">H", p[at + 1:at + 3])
    question, name = p[12:at + 5], p[12:at].lower()
    mode, arg = OPT["mode"], OPT.get("arg", "")

    def reply(rcode, *addresses):
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 0, 4) + socket.inet_aton(a) for a in addresses)
        return p[:2] + struct.pack(">HHHHH", 0x8580 | rcode, 1, len(addresses), 0, 0) + question + records

    if mode in ("servfail", "refused"):
        return reply(2 if mode == "servfail" else 5)
    if mode == "portal":
        return reply(0, arg) if kind == 1 else reply(3)
    if mode == "no-srv" and kind == 33:
        return reply(3)
    if mode == "flap" and kind == 1 and name.startswith((b"\x04fe01", b"\x03web")):
        flaps[0] += 1
        if flaps[0] % 2:
            return reply(0, arg)
    if mode == "answers":
        first = name[1:1 + name[0]].decode()
        own = OPT.get("srv" if kind == 33 and first.startswith("_sip") else first if kind == 1 else "", "")
        if own == "servfail":
            return reply(2)
        if own:
            return p[:2] + struct.pack(">HHHHH", 0x8580, 1, 1, 0, 0) + question + b"\xc0\x0c" + record(kind, own)
    if mode == "late":
        time.sleep(float(arg))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u:
        u.settimeout(5)
        u.sendto(p, (OPT["upstream"], 53))
        return u.recv(4096)


def dns():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((ADDRESS, PORT))
    print("it listens", flush=True)

    def one(p, peer):
        try:
            s.sendto(dns_answer(p), peer)
        except (OSError, IndexError, struct.error):
            pass

    while True:
        threading.Thread(target=one, args=s.recvfrom(4096), daemon=True).start()


def offers():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for option in (socket.SO_REUSEADDR, socket.SO_BROADCAST):
        s.setsockopt(socket.SOL_SOCKET, option, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, OPT["device"].encode())
    s.bind(("0.0.0.0", 67))
    print("it listens", flush=True)

    def option(code, *octets):
        value = b"".join(socket.inet_aton(o) if isinstance(o, str) else o for o in octets)
        return bytes([code, len(value)]) + value

    def offer(p):
        out = b"\x02\x01\x06\x00" + p[4:8] + bytes(8) + socket.inet_aton("10.66.0.200") + bytes(8) + p[28:44] + bytes(192) + \
            b"\x63\x82\x53\x63" + option(53, b"\x02") + option(54, ADDRESS) + option(51, b"\0\0\2\0") + \
            option(1, "255.255.255.0") + option(3, OPT["router"]) + option(6, OPT["dns"]) + b"\xff"
        s.sendto(out.ljust(300, b"\0"), ("255.255.255.255", 68))

    while True:
        p = s.recv(2048)
        if len(p) > 243 and b"\x35\x01\x01" in p[240:]:
            threading.Timer(1, offer, [p]).start()  # nobody waits for the phones that asked before


def repeat(frame, seconds):
    """The frame is on the wire when this says that it listens, and comes again."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((OPT["device"], 0))
    s.send(frame)
    print("it listens", flush=True)
    while True:
        time.sleep(seconds)
        s.send(frame)


def eapol():
    repeat(b"\x01\x80\xc2\0\0\x03\x00\x1b\x54\x00\x00\x01\x88\x8e\x02\0\0\5\1\1\0\5\1" + bytes(37), 2)


def cdp():
    """Version 2, 180 s, no checksum (0); the device's name, and the appliance's VLAN (0x000e: one octet, then the VLAN)."""
    def tlv(kind, value):
        return struct.pack(">HH", kind, len(value) + 4) + value
    body = b"\xaa\xaa\x03\0\0\x0c\x20\0" + b"\x02\xb4\0\0" + tlv(1, b"access-switch-1") + tlv(0xe, b"\1" + struct.pack(">H", int(OPT["vlan"])))
    repeat(b"\x01\0\x0c\xcc\xcc\xcc\0\x1b\x54\0\0\1" + struct.pack(">H", len(body)) + body, 1)


{"cdp": cdp, "dns": dns, "offers": offers, "eapol": eapol}.get(KIND, listen)()
