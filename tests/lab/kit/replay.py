"""replay.py DEVICE [WHAT=FILE ...]: a network at 10.10.0.1 whose answers are the octets of files.

    offer= ack= nak= inform=     a DHCP message of this type, as UDP payload (*.bin) or as a whole frame (*frame.bin); the phone's transaction
                                 and MAC are put into it, and nothing else is changed.  A type that is not given is made of base=, a good ACK
    ntp=                         this is the time server's answer; the phone's time is put into it.  Without it the time is this machine's
    lldp=                        a frame that the switch sends each second
    web=                         key and certificates of web servers at 80 and 443 that have nothing to give (404), and the time of this machine
    dns=                         lines "NAME A ADDRESS" and "NAME CNAME NAME" in the order in which they are answered, to every question
"""
import http.server
import re
import select
import socket
import ssl
import struct
import sys
import threading
import time

DEVICE, OPT = sys.argv[1], dict(o.split("=", 1) for o in sys.argv[2:])
HERE = "10.10.0.1"


def octets(name):
    with open(OPT[name], "rb") as f:
        return bytearray(f.read())


def checksum(p):
    s = sum(struct.unpack(f">{len(p) // 2}H", p[:len(p) // 2 * 2])) + (p[-1] << 8 if len(p) % 2 else 0)
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def option(message, code):
    at = 240
    while at < len(message) and message[at] != 255:
        if message[at] == code:
            return at + 2
        at += 2 + message[at + 1] if message[at] else 1
    return None


def named(message, asked):
    """The same message as an answer to this question."""
    message[4:8], message[28:34] = asked[4:8], asked[28:34]
    return message


def of_type(kind, number):
    """The message that was given, or the good ACK as one of this type."""
    if kind in OPT:
        return octets(kind)
    message = octets("base")
    message[option(message, 53)] = number
    if "ntp" in OPT:
        message[240:240] = b"\x2a\x04" + socket.inet_aton(HERE)
    if kind == "inform":
        message[16:20] = bytes(4)
    return message


def frame_of(payload, mac):
    udp = struct.pack(">HHHH", 67, 68, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(HERE), b"\xff" * 4)
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return b"\xff" * 6 + mac + b"\x08\x00" + ip + udp


def replayed(kind, number, asked, mac):
    message = of_type(kind, number)
    if not OPT.get(kind, "").endswith("frame.bin"):
        return frame_of(bytes(named(message, asked)), mac)
    at = 14 + 4 * (message[12:14] == b"\x81\x00") + 20
    right = checksum(pseudo(message, at)) == 0
    message[at + 8:], message[:6] = named(message[at + 8:], asked), asked[28:34]
    if right:  # it was right before the phone's own values came in, and stays so
        message[at + 6:at + 8] = bytes(2)
        message[at + 6:at + 8] = struct.pack(">H", checksum(pseudo(message, at)))
    return bytes(message)


def pseudo(frame, at):
    length = struct.unpack(">H", frame[at + 4:at + 6])[0]
    return bytes(frame[at - 8:at]) + bytes([0, 17]) + struct.pack(">H", length) + bytes(frame[at:at + length])


def dhcp(wire, frame, mac):
    asked = frame[42:]
    kind = asked[option(asked, 53)]
    if kind == 3:
        print("REQUEST", flush=True)
    answers = {1: ("offer", 2), 3: ("nak", 6) if "nak" in OPT else ("ack", 5), 8: ("inform", 5)}
    if kind in answers:
        wire.send(replayed(*answers[kind], asked, mac))


def name_of(text):
    return b"".join(bytes([len(p)]) + p.encode() for p in text.split(".")) + b"\0"


def dns(question):
    at = 12
    while question[at]:
        at += question[at] + 1
    kind, = struct.unpack(">H", question[at + 1:at + 3])
    asked, records = question[12:at + 5], []
    names = [line.split() for line in re.split(r" / |\n", open(OPT["dns"]).read().split(", in ")[0]) if line.strip()] if "dns" in OPT else []
    known = kind == 1 and any(asked[:-4].lower() == name_of(n[0]) for n in names)
    for name, what, value in names if known else []:
        data = socket.inet_aton(value) if what == "A" else name_of(value)
        records.append(name_of(name) + struct.pack(">HHIH", 1 if what == "A" else 5, 1, 60, len(data)) + data)
    return question[:2] + struct.pack(">HHHHH", 0x8580 | (0 if known else 3), 1, len(records), 0, 0) + asked + b"".join(records)


def ntp(question):
    if "ntp" in OPT:
        answer = octets("ntp")
        answer += bytes(48 - len(answer))
    else:
        now = struct.pack(">II", int(time.time()) + 2208988800, 0)
        answer = bytearray(b"\x24\x02\x06\xec" + bytes(8) + b"LOCL" + now + bytes(8) + now + now)
    answer[24:32] = question[40:48]
    return bytes(answer)


class Empty(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_error(404)

    do_GET = do_POST

    def log_message(self, *_):
        pass


def web(port, pem):
    server = http.server.ThreadingHTTPServer((HERE, port), Empty)
    if port == 443:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
    wire.bind((DEVICE, 3))
    mac = wire.getsockname()[4]
    servers = {}
    for port, answer in ((53, dns), (123, ntp)):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((HERE, port))
        servers[s] = answer
    for port in (80, 443) if "web" in OPT else ():
        web(port, OPT["web"])
    print("it listens", flush=True)
    told = 0
    while True:
        for s in select.select([wire, *servers], [], [], 0.2)[0]:
            p, peer = s.recvfrom(65535)
            if s is not wire:
                s.sendto(servers[s](p), peer)
            elif len(p) > 282 and p[12:14] == b"\x08\x00" and p[23] == 17 and p[36:38] == b"\0C" and peer[2] != socket.PACKET_OUTGOING:
                dhcp(wire, p, mac)
        if "lldp" in OPT and time.monotonic() - told > 1:
            told = time.monotonic()
            wire.send(bytes(octets("lldp")))


main()
