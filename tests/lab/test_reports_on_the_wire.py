"""Inputs after public bug reports of other programs (tests/vectors/reports/README), each met by a phone on a wire: the network answers with
the octets of the files (kit/replay.py). `dialtone doctor` then says what an administrator reads.

          phone eth0 ───────────────── eth0 10.10.0.1: DHCP, DNS, NTP and a switch's LLDP, out of files
"""
import contextlib
import json
import os
import secrets
import subprocess
import sys

import pytest

from lab import BUILD, TOP
from proc import run

VECTORS = os.path.join(TOP, "tests/vectors/reports")
REPLAY = os.path.join(TOP, "tests/lab/kit/replay.py")


def at(name):
    return os.path.join(VECTORS, name)


def meets(tmp_path, *words, verb="doctor", seconds=90, **files):
    """What the phone tells of this network, a record a line."""
    tag = secrets.token_hex(3)
    net, phone = f"dt{tag}-net", f"dt{tag}-phone"
    pin = tmp_path / "pin"
    pin.write_text("482915\n")
    os.chmod(pin, 0o600)
    with contextlib.ExitStack() as undo:
        for ns in (net, phone):
            run(["ip", "netns", "add", ns])
            undo.callback(run, ["ip", "netns", "del", ns], check=False)
        run(["ip", "-n", net, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", phone])
        for ns in (net, phone):
            for device in ("lo", "eth0"):
                run(["ip", "-n", ns, "link", "set", device, "up"])
        run(["ip", "-n", net, "addr", "add", "10.10.0.1/24", "dev", "eth0"])
        network = subprocess.Popen(["ip", "netns", "exec", net, sys.executable, "-u", REPLAY, "eth0", f"base={at('dhcp-t1-zero/ack.bin')}",
                                    *[f"{k}={at(v)}" for k, v in files.items()]], stdout=subprocess.PIPE, text=True)
        undo.callback(network.wait, 10)
        undo.callback(network.terminate)
        assert "it listens" in network.stdout.readline()
        done = subprocess.run(["ip", "netns", "exec", phone, os.path.join(BUILD, "dialtone"), verb, "--interface", "eth0", "--extension", "4411", "--pin-file",
                               str(pin), "--state", str(tmp_path / "state"), "--cold", "--json", *words], capture_output=True, text=True, timeout=seconds)
        network.terminate()
        told = network.stdout.read()
    return [json.loads(line) for line in done.stdout.splitlines()], told


def causes(records):
    """Stage and first cause of each finding: what the doctor names first."""
    return {(r["stage"], c["id"]): c["cause"] for r in records if r.get("kind") == "finding" for c in r.get("causes", [])[:1]}


def attempt(records, what):
    return [r for r in records if r.get("kind") == "attempt" and (r.get("try") or "") == what][0]


UNTAGGED = ("--no-vlan",)
SERVERS = ("--web-url", "https://fe01.contoso.test/CertProv/CertProvisioningService.svc", "--registrar", "fe01.contoso.test")


@pytest.mark.parametrize("name, why", [("offer-frame", "its UDP checksum is wrong"), ("offer-option-cut", "an option runs past the end of the message"),
                                       ("offer-without-53", "option 53, the message type, is missing")])
def test_offers_that_are_discarded_are_told(tmp_path, name, why):
    got, _ = meets(tmp_path, *UNTAGGED, offer=f"dhcp-bad-checksum/{name}.bin")
    assert (2, "I-10") in causes(got) and why in attempt(got, "dhcp")["why"] and "10.10.0.1" in attempt(got, "dhcp")["why"], got


def test_an_option_of_a_wrong_length_in_an_offer(tmp_path):
    got, _ = meets(tmp_path, *UNTAGGED, offer="dhcp-bad-checksum/offer-6-of-5-octets.bin")
    assert attempt(got, "dhcp")["ok"], got


@pytest.mark.parametrize("kind, name, why", [("ack", "ack-without-54", "option 54, the server identifier, is missing"), ("ack", "ack-other-54", "another server"),
                                             ("offer", "offer-without-54", "option 54, the server identifier, is missing"),
                                             ("nak", "nak-without-54", "option 54, the server identifier, is missing")])
def test_without_a_server_identifier(tmp_path, kind, name, why):
    got, _ = meets(tmp_path, *UNTAGGED, **{kind: f"dhcp-server-id-in-ack/{name}.bin"})
    assert (2, "I-10") in causes(got) and why in attempt(got, "dhcp")["why"], got


@pytest.mark.parametrize("kind, code", [("ack", 1), ("ack", 15), ("ack", 51), ("ack", 53), ("offer", 54)])
def test_an_option_that_stands_twice(tmp_path, kind, code):
    got, _ = meets(tmp_path, *UNTAGGED, **{kind: f"dhcp-option-doubled/{kind}-{code}-twice.bin"})
    lease = attempt(got, "dhcp")
    assert lease["ok"] and "option-twice" in lease["signs"] and lease["found"] == "10.10.0.101 for 600 s", lease
    assert f"option {code} stands twice" in causes(got)[2, "I-04"], causes(got)
    assert "contoso.test" in next(r for r in got if r.get("kind") == "stage" and r["stage"] == 2)["found"] and "contoso.testcontoso" not in json.dumps(got)


@pytest.mark.parametrize("name", ["dhcp-no-end-or-garbage/ack-ff-garbage.bin", "dhcp-no-end-or-garbage/ack-no-end.bin", "dhcp-vlan0-tag/offer-frame.bin"])
def test_read_all_the_same(tmp_path, name):
    got, _ = meets(tmp_path, *UNTAGGED, **{name.split("/")[1].split("-")[0]: name})
    assert attempt(got, "dhcp")["ok"] and (5, "R-02") in causes(got), got


def test_renewal_times_of_zero(tmp_path):
    """Ten seconds of a lease of 600: nothing is to be renewed yet, and the phone asks for no more than its address."""
    _, told = meets(tmp_path, *UNTAGGED, "--stay", "10", verb="connect", ack="dhcp-t1-zero/ack-t1-t2-zero.bin")
    assert 1 <= told.count("REQUEST") <= 2, told


@pytest.mark.parametrize("how", ["0x", "bare", "blank", "colon", "dash", "quoted"])
def test_option_43_typed_as_text(tmp_path, how):
    got, _ = meets(tmp_path, *UNTAGGED, inform=f"opt43-hex-as-text/ack-{how}.bin")
    assert (5, "R-04") in causes(got) and "hexadecimal digits typed as text" in attempt(got, "dhcp-inform")["why"], got


def test_a_long_option_43_is_joined(tmp_path):
    got, _ = meets(tmp_path, *UNTAGGED, inform="opt43-longer-than-255/inform-ack-rfc3396.bin")
    assert attempt(got, "dhcp-inform")["ok"] and "fe01.contoso.test" in json.dumps(got), got


def test_a_time_server_that_is_not_set(tmp_path):
    got, _ = meets(tmp_path, *UNTAGGED, ntp="ntp-unsynchronised/answer.bin")
    assert any("10.10.0.1 answers, but its own clock is not set" in (r.get("why") or "") for r in got), got


@pytest.mark.parametrize("name, said", [("lldp-policy-9-octets", "a network policy of a wrong length"), ("lldp-ttl-not-third", "malformed LLDP frames")])
def test_frames_of_a_switch_that_are_discarded_are_told(tmp_path, name, said):
    got, _ = meets(tmp_path, "--lldp-wait", "4", lldp=f"{name}/frame.bin")
    assert said in causes(got)[1, "V-02"], causes(got)


def test_a_policy_that_is_untagged(tmp_path):
    got, _ = meets(tmp_path, "--lldp-wait", "4", lldp="lldp-untagged-with-vlan/frame.bin")
    assert (1, "V-04") in causes(got) and attempt(got, "lldp-med")["found"].startswith("untagged"), causes(got)


def test_padding_behind_the_end(tmp_path):
    got, _ = meets(tmp_path, "--lldp-wait", "4", lldp="lldp-padding-after-end/frame.bin")
    assert "VLAN 66" in next(r for r in got if r.get("kind") == "stage" and r["stage"] == 1)["found"], got


def test_an_alias_behind_its_address(tmp_path):
    """RFC 1034 3.6: "A set of RRs ... order is not significant"."""
    got, _ = meets(tmp_path, *UNTAGGED, *SERVERS, dns="dns-cname-behind-a/answer.txt")
    assert any("10.10.0.10" in json.dumps(r) for r in got if r.get("stage") == 6) and (6, "R-10") not in causes(got), got


def test_a_name_that_is_blocked(tmp_path):
    got, _ = meets(tmp_path, *UNTAGGED, *SERVERS, dns="dns-null-answer/answer.txt")
    assert (6, "D-11") in causes(got), causes(got)


# ---- certificates of the web server -------------------------------------------------------------------------------------------------


class Authority:
    """A key, and certificates that it signs."""

    def __init__(self, folder, name):
        self.folder, self.name, self.key = folder, name, str(folder / f"{name}.key")
        run(["openssl", "genrsa", "-out", self.key, "2048"])

    def signs(self, name, key, ends, ca=True):
        """The certificate's path; ends: UTCTime."""
        conf, pem, req = (str(self.folder / f"{name}.by.{self.name}.{e}") for e in ("conf", "pem", "req"))
        with open(conf, "w") as f:
            f.write("[req]\ndistinguished_name=n\n[n]\n[ca]\ndefault_ca=c\n[c]\ndatabase=%s.db\nnew_certs_dir=%s\nrand_serial=yes\ndefault_md=sha256\n"
                    "policy=p\nunique_subject=no\n[p]\ncommonName=supplied\n[x]\n%s\n"
                    % (conf, self.folder, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign" if ca else
                       "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=DNS:fe01.contoso.test"))
        open(f"{conf}.db", "w").close()
        run(["openssl", "req", "-new", "-config", conf, "-key", key, "-subj", f"/CN={name}", "-out", req])
        words = ["-selfsign", "-keyfile", self.key] if key == self.key else ["-keyfile", self.key, "-cert", self.pem]
        run(["openssl", "ca", "-batch", "-notext", "-config", conf, "-in", req, "-out", pem, "-startdate", "20150101000000Z", "-enddate", ends, "-extensions", "x", *words])
        return pem


def site_of(tmp_path):
    """leaf < intermediate < new root, and the new root certified by an old root, which ended in 2020, as well."""
    old, new, middle, leaf = (Authority(tmp_path, n) for n in ("old", "new", "middle", "leaf"))
    old.pem = old.signs("old", old.key, "20200530000000Z")
    new.pem = new.signs("new", new.key, "20450101000000Z")
    crossed = old.signs("new", new.key, "20200530000000Z")
    middle.pem = new.signs("middle", middle.key, "20450101000000Z")
    hosts = tmp_path / "hosts"
    hosts.write_text("fe01.contoso.test A 10.10.0.1\n")
    return new, middle, leaf, crossed, str(hosts)


def joined(tmp_path, *names):
    path = tmp_path / "web.pem"
    path.write_text("".join(open(n).read() for n in names))
    return str(path)


def test_another_path_to_the_root(tmp_path):
    """cert-addtrust: the chain that is sent leads over the old root; the phone has the new one."""
    new, middle, leaf, crossed, hosts = site_of(tmp_path)
    sent = joined(tmp_path, middle.signs("fe01", leaf.key, "20450101000000Z", ca=False), middle.pem, crossed, leaf.key)
    got, _ = meets(tmp_path, *UNTAGGED, *SERVERS, "--trust", new.pem, dns=hosts, web=sent)
    assert any(r.get("stage") == 6 and (r.get("try") or "").startswith("tls ") and r["ok"] for r in got), got


def test_an_expired_certificate_is_no_wrong_clock(tmp_path):
    """cert-expired: the phone's clock and the Date of the web server agree."""
    new, middle, leaf, _, hosts = site_of(tmp_path)
    sent = joined(tmp_path, middle.signs("fe01", leaf.key, "20210101000000Z", ca=False), middle.pem, leaf.key)
    got, _ = meets(tmp_path, *UNTAGGED, *SERVERS, "--trust", new.pem, dns=hosts, web=sent)
    found = causes(got)
    assert (6, "C-14") in found and "expired" in found[6, "C-14"] and not any(c == "C-04" and s == 6 for s, c in found), found


def test_no_input_is_left_out():
    """Each folder of inputs is named by this file or by tests/programs/test_reports.py."""
    text = "".join(open(os.path.join(TOP, p)).read() for p in ("tests/lab/test_reports_on_the_wire.py", "tests/programs/test_reports.py"))
    assert [n for n in sorted(os.listdir(VECTORS)) if os.path.isdir(at(n)) and n not in text] == []
