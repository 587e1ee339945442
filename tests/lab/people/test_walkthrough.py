"""README.md and doc/operation.md say nothing that does not run as it is typed there."""
import os
import subprocess
import sys

import pytest

import walkthrough
from lab import BUILD, TOP


@pytest.mark.parametrize("document", walkthrough.DOCUMENTS)
def test_typed_as_it_stands(document):
    if BUILD != os.path.join(TOP, "build"):
        pytest.skip("it types script/build: needs that build, not another")
    done = subprocess.run([sys.executable, os.path.join(TOP, "tests", "lab", "kit", "walkthrough.py"), document], capture_output=True, text=True, timeout=900)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


def test_shapes():
    """A sample is compared but for what differs each time."""
    assert walkthrough.shape("4   56 ms  Check for Updates") == walkthrough.shape("4  1.2 s  Check for Updates")
    assert walkthrough.shape("until 2027-05-25T03:28:16Z") == walkthrough.shape("until 2031-01-02T03:04:05Z")
    assert walkthrough.shape("at fe01.contoso.test") != walkthrough.shape("at web.contoso.test")
