"""This file puts the third third of the faults of test_doctor_faults.py into a network."""
import pytest

from fault_cases import THIRD, fault_holds, name_of


@pytest.mark.parametrize("fault", THIRD, ids=name_of)
def test_fault(fault):
    fault_holds(fault)
