"""SIGHUP under registered phones: none loses its registration or its connection, what the administrator orders still reaches it, and the
new configuration counts for it."""
import csv
import json
import os
import re
import signal
import subprocess
import time

import pytest

from programs import BUILD, Site, site_running

PHONES = 200


class Loaded(Site):
    """A dialtoned at the ports that phones know, on an address of loopback of its own, with PHONES users."""

    def __init__(self, folder):
        super().__init__(folder)
        self.address = f"127.{64 + os.getpid() % 64}.{os.getpid() // 64 % 250}.2"
        self.edit(sip_tls=5061, https=443, http=80, address=f'"{self.address}"', workers=2)
        self.log = open(folder / "log", "wb")
        self.daemon = subprocess.Popen([os.path.join(BUILD, "dialtoned"), "-c", self.conf], stdout=subprocess.PIPE, stderr=self.log, text=True)
        assert "ready" in self.daemon.stdout.readline()
        self.users = self.path("users.csv")
        with open(self.users, "w", newline="") as f:
            w = csv.DictWriter(f, ["address", "login", "extension", "password"])
            w.writeheader()
            for n in range(PHONES):
                w.writerow({"address": f"u{n}@contoso.test", "login": f"CONTOSO\\u{n}", "extension": str(7000 + n), "password": f"Pa$$word{n}"})
        self.admin("user", "import", self.users)

    def edit(self, **values):
        with open(self.conf) as f:
            text = f.read()
        for key, value in values.items():
            text = re.sub(rf"(?m)^#? ?{key} = .*\n", "", text) + f"{key} = {value}\n"
        with open(self.conf, "w") as f:
            f.write(text)

    def admin(self, *words):
        done = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", self.conf, *words], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done
        return done.stdout

    def registered(self):
        return sorted(row["address"] for row in json.loads(self.admin("status", "--registered", "--json"))["items"])

    def connections(self):
        """The phones' ends of the connections to the Registrar: port and inode, since a port may be taken again."""
        out = subprocess.run(["ss", "-Htne", "state", "established", f"dst {self.address}:5061"], capture_output=True, text=True, timeout=20).stdout
        return {(line.split()[2], re.search(r"ino:(\d+)", line).group(1)) for line in out.splitlines()}

    def reload(self):
        """Sends SIGHUP, looks all the while who is registered, and gives the fewest."""
        was = open(self.log.name, "rb").read().count(b"reloaded")
        self.daemon.send_signal(signal.SIGHUP)
        fewest, end = PHONES, time.monotonic() + 60
        while open(self.log.name, "rb").read().count(b"reloaded") == was:
            assert time.monotonic() < end, open(self.log.name).read()[-3000:]
            fewest = min(fewest, len(self.registered()))
        for _ in range(20):
            fewest = min(fewest, len(self.registered()))
            time.sleep(0.2)
        return fewest

    def processes(self):
        out = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(self.daemon.pid)], capture_output=True, text=True, timeout=20).stdout
        return sorted(line.split()[1] for line in out.splitlines())


@pytest.fixture
def site(tmp_path):
    with site_running(Loaded, tmp_path) as made:
        yield made


def test_no_phone_notices(site):
    fleet = subprocess.Popen([os.path.join(BUILD, "dialtone"), "fleet", "--target", site.address, "--yes-load", site.address, "--domain",
                              "contoso.test", "--pool", "fe01.contoso.test", "--users", site.users, "--phones", str(PHONES), "--model", "cx700",
                              "--quiet", "--from", "discover", "--arrive", "steady:20/s", "--for", "600s", "-f", "json"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + 120
        while len(site.registered()) < PHONES:
            assert time.monotonic() < end and fleet.poll() is None, (len(site.registered()), fleet.communicate(timeout=5))
            time.sleep(0.5)
        users, held = site.registered(), site.connections()
        assert len(held) == PHONES

        # nothing has changed; then a setting has, which is told in-band; then the workers are more
        for change in {}, {"LoggingLevel": '"Info"'}, {"workers": 3}:
            site.edit(**change)
            assert site.reload() == PHONES, open(site.log.name).read()[-3000:]
            assert site.registered() == users
            assert site.connections() == held, f"{len(held - site.connections())} connections were closed"
        assert site.processes().count("vault") == site.processes().count("location") == 1

        # an order of the administrator's reaches a phone on a worker of before, wherever it is
        site.admin("user", "disable", "u7@contoso.test")
        assert site.registered() == sorted(set(users) - {"u7@contoso.test"})

        # what a phone proved under another name counts no more: those workers let their phones go, which come back
        site.edit(realm='"Another Realm"')
        site.daemon.send_signal(signal.SIGHUP)
        end = time.monotonic() + 90
        while site.connections() & held or len(site.registered()) < PHONES - 1:
            assert time.monotonic() < end, (len(site.connections() & held), len(site.registered()))
            time.sleep(0.5)
    finally:
        fleet.send_signal(signal.SIGINT)
        said = fleet.communicate(timeout=60)
    report = json.loads(said[0])
    assert report["done"] == PHONES, said
