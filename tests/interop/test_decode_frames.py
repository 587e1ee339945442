"""`dialtone decode lldp` and `dhcp` on the vectors, with tshark as the second opinion; and cut at every octet."""
import glob
import json
import os
import struct
import subprocess

import pytest

import peers

VECTORS = os.path.join(peers.TOP, "tests", "vectors")


def octets(name):
    with open(os.path.join(VECTORS, name)) as f:
        return bytes.fromhex("".join(line.split("#")[0] for line in f))


def decode(kind, data):
    done = subprocess.run([peers.program("dialtone"), "decode", kind, "-"], input=data, capture_output=True, timeout=20)
    assert done.returncode in (0, 1), done
    assert (done.stdout == b"") == (done.returncode == 1) and (done.stderr == b"") == (done.returncode == 0), done
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr.decode()


def tshark(tmp_path, data, fields, udp=False):
    """What tshark makes of one frame, or of one payload from port 68 to 67."""
    text = tmp_path / "frame.txt"
    text.write_text("000000 " + " ".join(f"{b:02x}" for b in data) + "\n")
    pcap = tmp_path / "frame.pcap"
    ports = ["-u", "68,67"] if udp else []
    assert peers.run([peers.tool("text2pcap"), "-q", *ports, text, pcap]).returncode == 0
    args = [a for f in fields for a in ("-e", f)]
    out = peers.run([peers.tool("tshark"), "-r", pcap, "-T", "fields", *args], env={"HOME": str(tmp_path)}).stdout
    return dict(zip(fields, out.rstrip("\n").split("\t")))


def test_policy_of_a_switch(tmp_path):
    frame = octets("lldp/switch.hex")
    got = decode("lldp", frame)
    policy = got["med"]["policies"][0]
    theirs = tshark(tmp_path, frame, ["lldp.media.vlan_id", "lldp.media.l2_prio", "lldp.media.dscp", "lldp.tlv.system.name"])
    assert [str(policy["vlan"]), str(policy["priority"]), str(policy["dscp"]), got["system_name"]] == list(theirs.values())
    assert policy["tagged"] and policy["name"] == "voice" and got["med"]["switch"] and got["port"]["id"] == "Gi1/0/7"


def test_inventory_of_a_phone(tmp_path):
    frame = octets("lldp/phone.hex")
    got = decode("lldp", frame)["med"]["inventory"]
    theirs = tshark(tmp_path, frame, ["lldp.media.software", "lldp.media.manufacturer", "lldp.media.model"])
    assert [got["software"], got["manufacturer"], got["model"]] == list(theirs.values())


@pytest.mark.parametrize("name", ["discover-vlan", "inform-uc"])
def test_dhcp(tmp_path, name):
    message = octets(f"dhcp/{name}.hex")
    got = decode("dhcp", message)
    theirs = tshark(tmp_path, message, ["dhcp.id", "dhcp.hw.mac_addr", "dhcp.option.vendor_class_id", "dhcp.ip.client"], True)
    vendor = next(o["value"] for o in got["options"] if o["code"] == 60)
    assert int(theirs["dhcp.id"], 16) == got["xid"] and theirs["dhcp.ip.client"] == got["ciaddr"]
    assert got["chaddr"] in theirs["dhcp.hw.mac_addr"] and theirs["dhcp.option.vendor_class_id"] == vendor


@pytest.mark.parametrize("kind", ["lldp", "dhcp"])
def test_cut_anywhere_it_is_read_or_refused(kind):
    for path in sorted(glob.glob(os.path.join(VECTORS, kind, "*.hex"))):
        data = octets(os.path.relpath(path, VECTORS))
        for n in range(0, len(data), 7):
            got = decode(kind, data[:n])
            assert isinstance(got, dict) or "octet" in got, got


def refused(kind, data):
    got = decode(kind, data)
    assert isinstance(got, str), got
    return got


def letters(part):
    return "".join(chr(b) if 32 < b < 127 else "." for b in part)


def lines(data, line):
    """A dump: `line` prints sixteen octets and where they stand."""
    return "".join(line(at, data[at:at + 16]) + "\n" for at in range(0, len(data), 16))


FORMS = {
    "digits": lambda d: d.hex(),
    "pairs": lambda d: d.hex(" "),
    "the vectors' own": lambda d: "# a comment\n" + d.hex(" ").upper() + "  # another",
    "xxd": lambda d: lines(d, lambda at, p: f"{at:08x}: {p.hex(' ', -2):<39}  {letters(p)}"),
    "hexdump -C": lambda d: lines(d, lambda at, p: f"{at:08x}  {p[:8].hex(' '):<23}  {p[8:].hex(' '):<23}  |{letters(p)}|")
                            + f"{len(d):08x}\n",
    "tcpdump -xx": lambda d: "12:00:00.000000 says this\n" + lines(d, lambda at, p: f"\t0x{at:04x}:  {p.hex(' ', -2)}"),
    "Wireshark": lambda d: lines(d, lambda at, p: f"{at:04x}   {p.hex(' '):<47}   {letters(p)}"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind,name", [("lldp", "lldp/switch.hex"), ("dhcp", "dhcp/overload.hex"), ("dhcp", "dhcp/inform-uc.hex")])
def test_a_hex_dump_stands_for_its_octets(form, kind, name):
    data = octets(name)
    assert decode(kind, FORMS[form](data).encode()) == decode(kind, data)


def test_dumps_of_other_programs(tmp_path):
    frame = octets("lldp/switch.hex")
    (tmp_path / "frame").write_bytes(frame)
    for args in (["od", "-A", "x", "-t", "x1", "-v"], ["od", "-A", "n", "-t", "x1", "-v"]):
        done = peers.run([peers.tool(args[0]), *args[1:], tmp_path / "frame"])
        assert decode("lldp", done.stdout.encode()) == decode("lldp", frame)
    done = peers.run([peers.tool("od"), "-t", "x1", tmp_path / "frame"])
    assert "hexadecimal" in refused("lldp", done.stdout.encode())


def test_captures(tmp_path):
    frame, message = octets("lldp/switch.hex"), octets("dhcp/inform-uc.hex")
    pcap = tmp_path / "frame.pcap"
    tshark(tmp_path, frame, ["lldp.tlv.system.name"])
    got = decode("lldp", pcap.read_bytes())
    assert [g.pop("packet") for g in got] == [1] and got[0] == decode("lldp", frame)
    assert "none of them dhcp" in refused("dhcp", pcap.read_bytes())
    assert "TCP" in refused("sip", pcap.read_bytes())
    assert "octet" in refused("lldp", pcap.read_bytes()[:60])
    tshark(tmp_path, message, ["dhcp.id"], True)
    got = decode("dhcp", pcap.read_bytes())[0]
    frame = got.pop("frame")
    assert got.pop("packet") == 1 and got == decode("dhcp", message)
    assert (frame["from"]["port"], frame["to"]["port"]) == (68, 67) and "warn" not in frame, frame


def test_a_capture_of_too_many():
    frame = octets("lldp/shutdown.hex")
    packet = struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame
    data = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + packet * 10001
    done = subprocess.run([peers.program("dialtone"), "decode", "lldp", "-"], input=data, capture_output=True, timeout=60)
    assert done.returncode == 1 and b"10000" in done.stderr and len(json.loads(done.stdout)) == 10000, done.stderr


def test_what_is_no_message():
    assert "no hex dump" in refused("lldp", b"show lldp neighbors detail\n")
    assert "CDP" in refused("lldp", bytes.fromhex("01000ccccccc001b21aabb01000aaaaa0300000c200002b4"))
    assert "mebibyte" in refused("dhcp", b"\2" * (1 << 20) + b"\1")
    assert "octet" in refused("dhcp", b"") and "octet" in refused("lldp", b"")


def test_every_tlv_that_a_switch_says_is_shown(tmp_path):
    """lldpd's order and kinds [network A.3], read by tshark too."""
    mandatory = octets("lldp/switch.hex")[:14 + 23]
    more = {"fe0900120f01036c01001e": ("802.3 MAC/PHY", "mau_type", 30),
            "fe0900120f030300000005": ("802.3 link aggregation", "port", 5),
            "fe0600120f0405ee": ("802.3 maximum frame size", "octets", 1518),
            "fe0c0080c20300c805766f696365": ("802.1 VLAN name", "vlan", 200),
            "100c05010a0a00fe020000000700": ("management address", "interface", 7)}
    frame = mandatory + bytes.fromhex("".join(more)) + b"\0\0"
    got = {t.get("name"): t for t in decode("lldp", frame)["tlvs"]}
    for name, key, value in more.values():
        assert got[name][key] == value, got[name]
    theirs = tshark(tmp_path, frame, ["lldp.mgn.addr.ip4", "lldp.ieee.802_3.max_frame_size", "lldp.ieee.802_1.vlan.name"])
    ours = [got["management address"]["address"], str(got["802.3 maximum frame size"]["octets"]), got["802.1 VLAN name"]["text"]]
    assert ours == list(theirs.values())
