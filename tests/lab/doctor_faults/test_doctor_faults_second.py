"""This file puts the second third of the faults of test_doctor_faults.py into a network."""
import pytest

from fault_cases import SECOND, fault_holds, name_of


@pytest.mark.parametrize("fault", SECOND, ids=name_of)
def test_fault(fault):
    fault_holds(fault)
