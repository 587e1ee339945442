"""liar_dhcp.py DEVICE ADDRESS [KEY=VALUE ...]: a DHCP server of which each part can be wrong.

    oN=HEX           option N of every answer is this; oN=- leaves it out; oN.TYPE=... of that kind of answer only (offer, ack, inform)
    uc=HEX           option 43 for the class MS-UC-Client; vlan=HEX: for CPE-OCPHONE
    yiaddr=A         the address that is given
    mute=request     the REQUEST is not answered; mute=inform: the INFORM is not
    nak=yes          each REQUEST is refused
    wait=SECONDS     each answer takes so long
    end=HEX          octets before the end of the options, which may be no option at all
    raw=HEX          the options are these octets, and nothing else
"""
import socket
import sys
import threading

DEVICE, ADDRESS = sys.argv[1], sys.argv[2]
OPT = dict(o.split("=", 1) for o in sys.argv[3:])
DISCOVER, OFFER, REQUEST, ACK, NAK, INFORM = 1, 2, 3, 5, 6, 8
CERTPROV = b"/CertProv/CertProvisioningService.svc"


def sub(*parts):
    return b"".join(bytes([code, len(value)]) + value for code, value in parts)


UC = sub((1, b"MS-UC-Client"), (2, b"https"), (3, b"fe01.contoso.test"), (4, b"443"), (5, CERTPROV))
SIP = b"\0" + b"".join(bytes([len(label)]) + label for label in (b"fe01", b"contoso", b"test", b""))
USUAL = {1: socket.inet_aton("255.255.255.0"), 3: socket.inet_aton("10.66.0.1"), 6: socket.inet_aton("10.66.0.1"), 15: b"contoso.test",
         42: socket.inet_aton("10.20.0.1"), 51: (600).to_bytes(4, "big"), 54: socket.inet_aton(ADDRESS), 120: SIP}


def parse(packet):
    at, found = 240, {}
    while at < len(packet) and packet[at] != 255:
        if packet[at] == 0:
            at += 1
            continue
        found[packet[at]] = packet[at + 2:at + 2 + packet[at + 1]]
        at += 2 + packet[at + 1]
    return found


def options(kind, name, class_):
    out = {53: bytes([kind]), **USUAL}
    if class_.startswith(b"MS-UC-Client"):
        out[43] = bytes.fromhex(OPT["uc"]) if "uc" in OPT else UC
    if class_.startswith(b"CPE-OCPHONE") and "vlan" in OPT:
        out[43] = bytes.fromhex(OPT["vlan"])
    if kind == NAK:
        out = {53: bytes([NAK]), 54: USUAL[54]}
    if name == "inform":
        del out[51]
    for key, value in OPT.items():
        number, _, of = key[1:].partition(".")
        if key[0] == "o" and number.isdigit() and kind != NAK and of in ("", name):
            out.pop(int(number), None)
            if value != "-":
                out[int(number)] = bytes.fromhex(value)
    return b"".join(bytes([code, len(v)]) + v for code, v in out.items()) + bytes.fromhex(OPT.get("end", "")) + b"\xff"


def answer(packet, asked):
    kind = asked.get(53, b"\0")[0]
    name = {DISCOVER: "offer", REQUEST: "ack", INFORM: "inform"}.get(kind)
    if name is None or OPT.get("mute") == {"ack": "request"}.get(name, name):
        return None
    says = {"offer": OFFER, "ack": NAK if "nak" in OPT else ACK, "inform": ACK}[name]
    given = b"\0\0\0\0" if name == "inform" or says == NAK else socket.inet_aton(OPT.get("yiaddr", "10.66.0.120"))
    tail = bytes.fromhex(OPT["raw"]) if "raw" in OPT else options(says, name, asked.get(60, b""))
    head = b"\x02\x01\x06\x00" + packet[4:8] + bytes(4) + packet[12:16] + given + bytes(8) + packet[28:44] + bytes(192)
    return (head + b"\x63\x82\x53\x63" + tail).ljust(300, b"\0")


s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for flag in (socket.SO_REUSEADDR, socket.SO_BROADCAST):
    s.setsockopt(socket.SOL_SOCKET, flag, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, DEVICE.encode())
s.bind(("0.0.0.0", 67))
print("it listens", flush=True)


def respond(got):
    reply = answer(got, parse(got))
    if reply:
        s.sendto(reply, ("255.255.255.255", 68))


while True:
    got = s.recv(2048)
    if len(got) > 243:
        if "wait" in OPT:
            threading.Timer(float(OPT["wait"]), respond, [got]).start()  # nobody waits for who asked before
        else:
            respond(got)
