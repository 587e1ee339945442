"""Faults that no server in memory plays: each is put into a healthy network, and the doctor must name it first, and in time.  Healthy
networks of several kinds, of which it must say nothing.  And the bundle of each."""
import json
import time

import pytest

import bundles
import fault_table_dhcp  # noqa: F401  (each of the two adds its own)
import fault_table_servers  # noqa: F401
from fault_table import FAULTS
from faults import FaultLab


def examined(lab, name, *args, **how):
    """Status and what was found, the site's own C-09 left out (it has no TLS 1.0); the bundle holds; seconds that the doctor took."""
    bundle, began = lab.path("bundle.json"), time.monotonic()
    status, told, found = lab.examined("--bundle", bundle, *args, **how)
    seconds = time.monotonic() - began
    seen, other = bundles.holds(lab, bundle, status, found)
    bundles.keep(name, other)
    if status == 0:
        assert "REGISTER sip:" in seen  # the Registrar's connection opens by the secrets inside
    return status, told, seconds


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.name)
def test_fault(fault):
    with FaultLab(*fault.edits, **fault.lab) as lab:
        lab.go()
        how = fault.put(lab) or {}
        status, told, seconds = examined(lab, fault.slug, *how.pop("args", ()), **how)
        told, last = [t for t in told if t[2] != "C-09" or fault.cause == "C-09"], lab.last
        assert told, last
        expected = (fault.verdict, fault.stage, fault.cause)
        if fault.verdict == "fail":
            assert status != 0 and told[0] == expected, (told, last)
        else:
            assert status == 0 and expected in told, (told, last)
        assert seconds < 45, last


HEALTHY = {"healthy": {}, "healthy-vlan-by-dhcp": {"lldp": "silent"}, "healthy-kea": {"dhcp": "kea"},
           "healthy-option-120-only": {"srv": ()}, "healthy-srv-only": {"dhcp_sip": ""}}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy(name):
    with FaultLab(init=("--legacy-known", "10.66.0.0/16, 10.10.0.0/16"), **HEALTHY[name]) as lab:
        lab.go()
        status, told, seconds = examined(lab, name)
        assert (status, told) == (0, []), lab.last
        assert seconds < 8, lab.last
        heard = next(line for line in map(json.loads, lab.last.splitlines()) if line["kind"] == "heard")
        assert heard["frames"] and heard["first_ms"] < 5000, heard
