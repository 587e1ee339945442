"""`dialtone decode lldp` and `dhcp` on the vectors, with tshark as the second opinion; and cut at every octet."""
import glob
import json
import os
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
