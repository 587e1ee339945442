"""The inventory of devices: what each phone is, and when its user signed in and off last, as an administrator reads it."""
import csv
import datetime
import io
import json
import os
import signal
import subprocess
import time

import pytest

from programs import BUILD, site_running
from test_fleet import Running, fleet

ADDRESSES = "127.9.1.1-127.9.1.40"  # one for each phone: the servers know by it whose MAC they were told


class Inventory(Running):
    def devices(self, *words):
        done = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", self.conf, "device", "list", *words], capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done
        return done.stdout

    def rows(self):
        return json.loads(self.devices("--json"))["items"]

    def until(self, test, what):
        deadline = time.monotonic() + 20
        while not test(rows := self.rows()):
            assert time.monotonic() < deadline, (what, rows)
            time.sleep(0.1)
        return rows

    def location(self):
        """The process id of the one that knows who is registered."""
        return next((p["pid"] for p in self.registered()["processes"] if p["name"].startswith("location")), None)

    def restart(self):
        self.daemon.terminate()
        self.daemon.wait(20)
        self.daemon = subprocess.Popen([os.path.join(BUILD, "dialtoned"), "-c", self.conf], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert "ready" in self.daemon.stdout.readline()


@pytest.fixture
def site(tmp_path):
    with site_running(Inventory, tmp_path) as made:
        yield made


def when(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def phones(site, *words):
    done = fleet(site.address, site.pins, "--pool", "fe01.contoso.test", "--source", ADDRESSES, "--arrive", "burst", "--from", "find", "-f", "json", *words, status=0)
    return json.loads(done.stdout)


def test_signed_off_behind_a_reload(site):
    """The new location process has never heard of the phone's MAC: it knows the endpoint, and the inventory knows whose that is."""
    words = ["--target", site.address, "--yes-load", site.address, "--domain", "contoso.test", "--users", site.pins, "--pool", "fe01.contoso.test",
             "--source", ADDRESSES, "--phones", "2", "--arrive", "burst", "--from", "find", "--scenario", "refresh", "--for", "8s", "--sign-off", "--quiet"]
    with subprocess.Popen([os.path.join(BUILD, "dialtone"), "fleet", *words], stdout=subprocess.DEVNULL) as f:
        before = site.until(lambda r: len(r) == 2 and all(d["last_sign_in"] for d in r), "both have signed in")
        old = site.location()
        site.daemon.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 30
        while site.location() in (old, None):
            assert time.monotonic() < deadline, "no new location process"
            time.sleep(0.1)
        assert f.wait(60) == 0
    rows = site.until(lambda r: all(d["last_sign_off"] for d in r), "both have signed off")
    assert {d["mac"]: d["last_sign_in"] for d in rows} == {d["mac"]: d["last_sign_in"] for d in before}


def test_signed_in_and_off(site):
    began = int(time.time())
    assert phones(site, "--phones", "4", "--leave")["done"] == 4
    rows = site.until(lambda r: len(r) == 4 and all(d["last_sign_in"] for d in r), "all four have signed in")
    assert len({d["mac"] for d in rows}) == 4 and {d["user"] for d in rows} == {f"u{n}@contoso.test" for n in range(4)}
    assert all(began <= when(d["last_sign_in"]) <= time.time() + 1 for d in rows)
    assert phones(site, "--phones", "4", "--sign-off")["signed_off"] == 4
    rows = site.until(lambda r: all(d["last_sign_off"] for d in r), "all four have signed off")
    assert all(when(d["last_sign_in"]) <= when(d["last_sign_off"]) <= time.time() + 1 for d in rows)
    site.restart()
    assert sorted(site.rows(), key=str) == sorted(rows, key=str), "a restart loses nothing"
    table = site.devices().splitlines()
    assert {"mac", "last_sign_in", "last_sign_off"} <= set(table[0].split()) and rows[0]["last_sign_off"] in "\n".join(table)
    assert {r["last_sign_in"] for r in csv.DictReader(io.StringIO(site.devices("-f", "csv")))} == {d["last_sign_in"] for d in rows}
