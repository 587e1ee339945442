"""As test_doctor_faults.py, for the second third of the faults."""
import pytest

from fault_cases import SECOND, fault_holds, name_of


@pytest.mark.parametrize("fault", SECOND, ids=name_of)
def test_fault(fault):
    fault_holds(fault)
