"""The lab waits for a program to say that it is ready: for this one, not for one of the same name that ran before."""
import sys

from proc import Process

READY = [sys.executable, "-u", "-c", "import time; print('it listens', flush=True); time.sleep(60)"]
MUTE = [sys.executable, "-u", "-c", "import time; time.sleep(60)"]


def test_a_log_that_has_begun_before(tmp_path):
    log = tmp_path / "liar.log"
    before = Process("liar", READY, log)
    before.wait_said("it listens")
    before.stop()
    mute = Process("liar", MUTE, log)
    assert not mute.said("it listens")
    mute.stop()
    again = Process("liar", READY, log)
    again.wait_said("it listens")
    again.stop()
    assert log.read_text().count("it listens") == 2
