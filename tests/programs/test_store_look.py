"""`dialtone doctor -c` on the server itself: causes that are one sentence on the wire are told apart by the store."""
import json
import os
import subprocess

import pytest

from programs import BUILD, Site, open_folder

RECORD = [{"v": 2, "run": "1", "kind": "attempt", "stage": 7, "key": "auth", "try": "web ticket", "ok": False, "error": "pin-refused", "http": 500, "diag": 28020},
          {"v": 2, "run": "1", "kind": "result", "stage": 7, "key": "auth", "ok": False, "error": "pin-refused"}]
PIN = "482915"


class Asked(Site):
    def run(self, verb, *args, status=0):
        done = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", self.conf, verb, *args], capture_output=True, text=True, timeout=60)
        assert done.returncode == status, done
        return done


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    s = Asked(open_folder(tmp_path_factory.mktemp("look")))
    s.record, s.pin = s.path("record.json"), s.path("pin")
    with open(s.record, "w") as f:
        f.write("".join(json.dumps(line) + "\n" for line in RECORD))
    with open(s.pin, "w") as f:
        f.write(PIN + "\n")
    s.run("user", "add", "ann@contoso.test", "--number", "+14255554411", "--extension", "4411", "--pin-file", s.pin)
    s.run("user", "add", "ben@contoso.test", "--number", "+14255554412", "--extension", "4412")
    return s


def first(site, extension):
    """The first cause and its sentence."""
    done = site.run("doctor", "--record", site.record, "--extension", extension, "--json", status=7)
    cause = next(f for f in map(json.loads, done.stdout.splitlines()) if f["kind"] == "finding")["causes"][0]
    assert PIN not in done.stdout
    return cause["id"], cause["cause"]


def test_what_the_store_tells_apart(site):
    assert first(site, "4411")[0] == "A-02" and "typed" in first(site, "4411")[1]
    assert first(site, "4412") == ("A-02", "the user has no PIN")
    assert first(site, "4999")[0] == "A-03"
    site.run("pin", "lock", "ann@contoso.test")
    assert first(site, "4411")[0] == "A-01"
    site.run("pin", "unlock", "ann@contoso.test")
    site.run("user", "disable", "ann@contoso.test")
    assert first(site, "4411") == ("A-03", "the user is disabled in the store")
    site.run("user", "enable", "ann@contoso.test")
    site.run("user", "add", "cas@contoso.test", "--number", "+14255559999", "--extension", "4411", "--pin-file", site.pin)
    assert first(site, "4411")[0] == "A-06"
    site.run("user", "remove", "cas@contoso.test")
