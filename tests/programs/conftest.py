"""These tests start the programs that were built."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
os.environ["PATH"] += ":/usr/sbin:/sbin"

import programs  # noqa: E402


@pytest.fixture(autouse=True, scope="session")
def built():
    if not os.path.exists(os.path.join(programs.BUILD, "dialtoned")):
        pytest.skip("no build/dialtoned: script/build")
