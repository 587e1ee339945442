"""The doctor on a real switch port: what it heard there decides which cause it names.

      phone ── p1 switch with lldpd ── DHCP, DNS, servers
"""
import json

import pytest

import servers
from lab import Lab


def examined(lab, *args):
    """The exit status of `dialtone doctor`, and the first cause of each finding with its verdict and stage."""
    argv = lab.phone_argv("--cold", "--lldp-wait", "3", *args)  # the site has no TLS 1.0: C-09 is told of it, and is no news here
    argv[1] = "doctor"
    done = lab.exec("ph", *argv, seconds=200, check=False)
    lab.last = done.stdout
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[-1]["kind"] == "result", done
    for f in (line for line in lines if line["kind"] == "finding"):
        assert f["fix"] and f["why"], f
    return done.returncode, [(f["verdict"], f["stage"], f["causes"][0]["id"]) for f in lines
                             if f["kind"] == "finding" and f["causes"][0]["id"] != "C-09"]


@pytest.mark.parametrize("lldp, cause", [("other", "V-02"), ("unknown", "V-04"), ("silent", "V-01")])
def test_no_vlan(lldp, cause):
    with Lab(lldp=lldp, site=servers.Site(dhcp_vlan=None)) as lab:
        lab.go()
        assert examined(lab) == (0, [("warn", 1, cause)])  # the phone goes on untagged, to dial tone


def test_a_class_in_other_letters():
    with Lab(site=servers.Site(uc_class="ms-uc-client")) as lab:
        lab.go()
        status, found = examined(lab)
        assert status == 5 and found[0] == ("fail", 5, "R-02"), found
        assert '"signs":["asked-uc-class"]' in lab.last, lab.last
        assert lab.last.count('"try":"a dialtone-') == 1, lab.last  # asked once, however often the domain came up


def test_a_host_whose_name_begins_as_ours():
    """A web server called dialtone-01 is no wildcard, though its service is down."""
    name = "dialtone-01.contoso.test"
    with Lab(site=servers.Site(web=name)) as lab:
        lab.go()
        lab.stop_dialtoned(sig=15)
        assert examined(lab)[0] == 6
        assert f"a {name}" in lab.last, lab.last
        assert "asked-wildcard" not in lab.last, lab.last


def test_a_healthy_network():
    with Lab() as lab:
        lab.go()
        assert examined(lab) == (0, [])
