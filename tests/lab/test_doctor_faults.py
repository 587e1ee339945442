"""Faults that no server in memory plays: each is put into a healthy network, and the doctor must name it first."""

import pytest

import fault_table_dhcp  # noqa: F401  (each of the two adds its own)
import fault_table_servers  # noqa: F401
from fault_table import FAULTS
from faults import FaultLab


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.name)
def test_fault(fault):
    with FaultLab(*fault.edits, **fault.lab) as lab:
        lab.go()
        how = fault.put(lab) or {}
        status, told, found = lab.examined(*how.pop("args", ()), **how)
        told, last = [t for t in told if t[2] != "C-09" or fault.cause == "C-09"], lab.last  # the site's own has no TLS 1.0
        assert told, last
        expected = (fault.verdict, fault.stage, fault.cause)
        if fault.verdict == "fail":
            assert status != 0 and told[0] == expected, (told, last)
        else:
            assert status == 0 and expected in told, (told, last)
