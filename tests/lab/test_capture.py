"""The doctor that only watches: a capture at the phone's switch port says what the phone itself says, and sends nothing.

      phone ── p1 switch ── DHCP, DNS, servers
               └ tcpdump, or `dialtone doctor --capture p1`
"""
import json
import os
import signal
import time

import pytest

import servers
from lab import BUILD, PIN, Lab


def findings(out):
    return [(f["verdict"], f["stage"], f["causes"][0]["id"] if f["causes"] else f["error"])
            for f in map(json.loads, out.splitlines()) if f["kind"] == "finding"]


def told(lab, *argv):
    done = lab.dialtone("doctor", "--json", *argv, check=False)
    return done.returncode, findings(done.stdout), done


def watched(lab, *args, **kw):
    """One sign-in: what the doctor makes of the phone's record, what of the capture; the record."""
    with lab.capture() as path:
        run = lab.phone("--cold", *args, seconds=200, **kw)
    return told(lab, "--record", lab.write("record.jsonl", run.out)), told(lab, "--capture", path), run


def wrong_pin(lab):
    with open(lab.pin_file, "w") as f:
        f.write(PIN[::-1] + "\n")


def rule(lab, host, hook, text):
    lab.exec(host, "nft", "-f", "-", text=f"table ip fault {{\n chain c {{\n type filter hook {hook} priority 0\n {text}\n }}\n}}\n")


# A fault a line: the lab with it, the site with it, what breaks it; whether a capture can show the cause too, or the stage alone.
FAULTS = {
    "no LLDP, no VLAN": (dict(lldp="silent"), dict(dhcp_vlan=None), None, True),
    "no DHCP": (dict(dhcp=None), {}, None, True),
    "no SRV, no option 120": ({}, dict(srv=(), dhcp_sip=""), None, True),
    "the class in other letters": ({}, dict(uc_class="ms-uc-clients"), None, True),
    "a web server whose name does not exist": ({}, dict(dhcp_web="gone.contoso.test"), None, True),
    "a web server that is stopped": ({}, {}, lambda lab: lab.unplug_web(), True),
    "a firewall before the web server": ({}, {}, lambda lab: rule(lab, "core", "forward", "tcp dport { 80, 443 } drop"), True),
    "a firewall before the Registrar": ({}, {}, lambda lab: rule(lab, "core", "forward", "tcp dport 5061 drop"), True),
    "a lease of two minutes, and no SRV": ({}, dict(srv=(), dhcp_sip="", lease=120), None, True),
    "a closed port 80": ({}, {}, lambda lab: rule(lab, "fe", "input", "tcp dport 80 reject with tcp reset"), True),
    "a wrong PIN": ({}, {}, wrong_pin, True),
    "a certificate for another name": ({}, dict(dhcp_web="other.contoso.test", records=("host-record=other.contoso.test,10.20.0.10",)),
                                       None, False),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_capture_says_what_the_phone_says(fault):
    lab_args, site_args, breaks, cause = FAULTS[fault]
    with Lab(site=servers.Site(**site_args), **lab_args) as lab:
        lab.go()
        if breaks:
            breaks(lab)
        (status, active, _), (seen_status, seen, done), run = watched(lab)
        assert seen_status == status, (run, done)
        assert [f[:2] for f in seen[:1]] == [f[:2] for f in active[:1]], (active, seen)
        if cause:
            assert seen[0] == active[0], (active, seen)


def test_a_capture_says_who_refuses():
    """The phone is told that its connection is refused; the capture holds the ICMP error, and who sent it."""
    with Lab() as lab:
        lab.go()
        rule(lab, "core", "forward", "tcp dport { 80, 443 } reject with icmp type admin-prohibited")
        _, (status, seen, done), run = watched(lab)
        assert (status, seen[0]) == (6, ("fail", 6, "C-01")), (run, done)
        assert "10.66.0.1, a firewall or router on the way, forbids" in done.stdout, done


def test_with_the_tls_secrets_the_reason_is_read():
    with Lab() as lab:
        lab.go()
        wrong_pin(lab)
        (status, active, _), _, run = watched(lab)
        _, seen, done = told(lab, "--capture", lab.path("capture-1.pcap"), "--keylog", lab.keylog)
        assert status == 7 and seen == active and '"error":"pin-refused"' in done.stdout, (run, done)


def test_dial_tone_and_nothing_to_cure():
    with Lab() as lab:
        lab.go()
        (status, active, _), (seen_status, seen, done), run = watched(lab)
        assert (status, active, seen_status, seen) == (0, [], 0, []), (run, done)
        assert PIN not in done.stdout
        text = lab.dialtone("doctor", "--capture", lab.path("capture-1.pcap")).stdout
        assert lab.mac() in text and "dial tone" in text.splitlines()[3], text


def test_an_interface_is_watched_and_nothing_is_sent():
    with Lab() as lab:
        lab.go()
        lab.unplug_web()
        p = lab.start("watch", [os.path.join(BUILD, "dialtone"), "doctor", "--capture", "p1", "--json"], "sw")
        time.sleep(1)
        run = lab.phone("--cold")
        assert run.status == 6, run
        time.sleep(1)
        assert lab.stop(p, sig=signal.SIGINT) == 6
        with open(p.log) as f:
            lines = [json.loads(line) for line in f if line.startswith("{")]
        assert lines[-1]["kind"] == "result" and lines[-1]["stage"] == 6 and lines[-1]["mac"] == lab.mac(), lines[-1]
