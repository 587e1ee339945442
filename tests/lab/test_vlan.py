"""Stage 1 against a switch and DHCP servers that are not ours.

      phone ── p1 (VLAN 10 untagged, 66 tagged) switch with lldpd ── DHCP: dnsmasq or Kea
"""
import pytest

import servers
from lab import Lab

both = pytest.mark.parametrize("dhcp", ["dnsmasq", "kea"])


def sign_in(lab, subnet):
    run = lab.phone()
    assert run.status == 0, run
    assert f"{subnet}." in run.found("address"), run
    return run


@both
def test_by_lldp_med(dhcp):
    with Lab(dhcp=dhcp) as lab:
        lab.go()
        run = sign_in(lab, "10.66.0")
        assert "66" in run.found("vlan") and any("lldp" in t for t in run.tries("vlan")), run
        assert not any("dhcp" in t for t in run.tries("vlan")), run


@both
def test_by_dhcp_with_lldp_silenced(dhcp):
    with Lab(dhcp=dhcp, lldp="silent") as lab:
        lab.go()
        with lab.capture() as capture:
            run = sign_in(lab, "10.66.0")
        assert "66" in run.found("vlan") and any("dhcp" in t for t in run.tries("vlan")), run
        # The lease of the VLAN phase is given back, untagged, before the phone asks on its VLAN.
        released = lab.tshark(capture, "-Y", "dhcp.option.dhcp == 7 && !vlan", "-T", "fields", "-e", "dhcp.ip.client").split()
        assert len(released) == 1 and released[0].startswith("10.10.0."), released


@both
def test_by_neither_it_goes_on_untagged(dhcp):
    with Lab(dhcp=dhcp, lldp="silent", site=servers.Site(dhcp_vlan=None)) as lab:
        lab.go()
        with lab.capture() as capture:
            sign_in(lab, "10.10.0")
        assert lab.tshark(capture, "-Y", f"vlan && eth.src == {lab.mac()}") == ""


@pytest.mark.parametrize("mode, subnet", [("untagged", "10.10.0"), ("unknown", "10.66.0"), ("other", "10.66.0")])
def test_policies_that_name_no_vlan(mode, subnet):
    """Untagged: stay where you are.  Unknown, or no policy at all: as if nobody had said anything, so DHCP's turn."""
    with Lab(lldp=mode) as lab:
        lab.go()
        sign_in(lab, subnet)


def test_a_policy_that_changes():
    with Lab(site=servers.Site(voice_vlan=66)) as lab:
        lab.go()
        sign_in(lab, "10.66.0")
        lab.lldpcli("configure", "ports", "p1", "med", "policy", "application", "voice", "dscp", "46")
        sign_in(lab, "10.10.0")
