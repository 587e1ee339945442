"""Faults that no server in memory plays: each is put into a healthy network, and the doctor must name it first, and in time.  Healthy
networks of several kinds, of which it must say nothing.  And the bundle of each."""
import json

import pytest

from fault_cases import FIRST, examined, fault_holds, name_of
from faults import FaultLab


@pytest.mark.parametrize("fault", FIRST, ids=name_of)
def test_fault(fault):
    fault_holds(fault)


HEALTHY = {"healthy": {}, "healthy-vlan-by-dhcp": {"lldp": "silent"}, "healthy-kea": {"dhcp": "kea"},
           "healthy-option-120-only": {"srv": ()}, "healthy-srv-only": {"dhcp_sip": ""}}


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy(name):
    with FaultLab(init=("--legacy-known", "10.66.0.0/16, 10.10.0.0/16"), **HEALTHY[name]) as lab:
        lab.go()
        status, told, seconds = examined(lab, name)
        assert (status, told) == (0, []), lab.last
        print(f"{name}: {seconds:.1f} s, of 8")
        assert seconds < 2 * 8, lab.last  # twice, as other labs share the machine
        heard = next(line for line in map(json.loads, lab.last.splitlines()) if line["kind"] == "heard")
        assert heard["frames"] and heard["first_ms"] < 5000, heard
