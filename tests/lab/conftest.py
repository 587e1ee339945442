"""Each test has a lab of its own: half a second, and nothing to clean up by hand."""
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "kit")]  # the kit: programs and faults that are put into a lab
os.environ["PATH"] += ":/usr/sbin:/sbin"

import lab as lab_module  # noqa: E402


@pytest.fixture(autouse=True)
def possible():
    why = lab_module.missing()
    if why is None and not os.path.exists(os.path.join(lab_module.BUILD, "dialtoned")):
        why = "no build/dialtoned: script/build"
    if why:
        pytest.skip(why)
