"""One day of two phones, from power-on in the morning to a power cut in the night.

A CX500 in the lobby is signed in with the account of its room; a CX600 stands on a desk, with a PC on its USB port.  The night is made by
libfaketime: the clocks of the lobby's phone go on by a day at once, so that the question for updates is due, and so is whatever else
a day brings.
"""
import glob
import json
import os
import signal

import pytest

from cable import Cable
from lab import Lab
from proc import wait_for
from servers import Site
from test_tether import PC

NEW = "4.0.7577.4455"
DAY = {"EnableHotdesking": "true", "HotdeskingTimeout": 30, "LoggingLevel": '"High"', "MinPhonePinLength": 6, "workers": 2}


def faketime():
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found:
        pytest.skip("libfaketime is not installed")
    return found[0]


class Phone:
    """A phone that stays, and what people do at it."""

    def __init__(self, lab, name, host, *args, env=None, **kw):
        self.lab, self.name, self.host, self.args, self.env, self.kw = lab, name, host, args, env, kw
        self.power()

    def power(self):
        self.process = self.lab.start_phone("--stay", "0", *self.args, host=self.host, name=self.name, env=self.env, way="stored",
                                            state=self.name, **self.kw)

    def cut(self):
        """No word to anybody: the current is gone."""
        self.lab.stop(self.process, sig=signal.SIGKILL)
        os.rename(self.process.log, f"{self.process.log}.before")

    def do(self, *args, check=True):
        return self.lab.dialtone("handset", *args, "--state", self.lab.path(self.name), check=check, seconds=120)

    def status(self):
        done = self.do("status", "--json", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {"state": "gone"}

    def wait(self, state, seconds=60, **more):
        def there():
            s = self.status()
            return s["state"] == state and all(s.get(k) == v for k, v in more.items()) and s
        return wait_for(f"{self.name} is {state} {more}", there, seconds, self.process.ended)


def test_a_day():
    preload = faketime()
    with Lab(site=Site(lease=7 * 86400, conf=DAY)) as lab:
        lab.go()
        lab.plug("desk", "p4")
        lab.start_lldpd("p4")
        lab.add_user("bob", "4412")
        made = lab.admin("user", "add", "--common-area", "--display-number", "6710", "--display", "Lobby", "--pin-file", lab.pin_file,
                         "--json")
        room, alice, bob = json.loads(made.stdout)["address"], f"alice@{lab.site.domain}", f"bob@{lab.site.domain}"
        os.mkdir(lab.path("lobby"), 0o700)
        clock = lab.write("lobby/clock", "+0\n")  # in the phone's folder: a phone that has given root up reads no other
        night = {"LD_PRELOAD": preload, "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1"}
        cable = Cable()
        try:
            # Morning: both get power, find VLAN, address and updates, and wait.
            lobby = Phone(lab, "lobby", "ph", model="cx500", env=night)
            desk = Phone(lab, "deskphone", "desk", "--usb", cable.phone)
            lobby.wait("ready")
            desk.wait("ready")
            lobby.do("sign-in", "--extension", "6710", "--pin-file", lab.pin_file)
            assert lobby.wait("signed-in", user=room)["EnableHotdesking"] is True

            # A guest at the lobby's phone; it is given back when nobody touches it.
            lobby.do("guest", "--extension", "4411", "--pin-file", lab.pin_file)
            lobby.wait("signed-in", user=alice, guest=True)
            registered = lab.admin("status", "--registered").stdout
            assert alice in registered and room not in registered
            lobby.wait("signed-in", seconds=90, user=room, guest=False)
            assert alice not in lab.admin("status", "--registered").stdout

            # The desk: alice comes with a PC, locks it for lunch, and leaves with it.
            pc = PC(lab, cable, lab.write("code", desk.status()["usb_code"]))
            desk.wait("signed-in", tethered=True, user=alice)
            pc.type("lock")
            desk.wait("signed-in", locked=True)
            pc.type("unlock")
            desk.wait("signed-in", locked=False)
            cable.pull()
            assert pc.wait() == 69
            desk.wait("ready")

            # Bob types a PIN there, and locks the phone for the night; both phones send their logs.
            desk.do("sign-in", "--extension", "4412", "--pin-file", lab.pin_file)
            desk.wait("signed-in", user=bob)
            desk.do("send-logs")
            lobby.do("send-logs")
            logs = "".join(open(f).read() for f in glob.glob(os.path.join(lab.site_dir, "logs", "Client", "CE Log", "*_phone.clg")))
            assert "CX500" in logs and "CX600" in logs and "the guest is signed out" in logs
            desk.do("lock")

            # Night: an update for the lobby's model, found by the question of the day.
            payload = lab.write("payload", "a new version\n" * 5000)
            image = lab.path("CPE.nbt")
            lab.admin("update", "sign", payload, "--vendor", "POLYCOM", "--model", "CX500", "--version", NEW, "--out", image)
            lab.admin("update", "import", image, "--approve")
            assert lobby.status()["version"] != NEW
            lab.write("lobby/clock", f"+{24 * 3600 + 700}\n")
            lobby.wait("signed-in", seconds=90, version=NEW, user=room)

            # The power fails, for both at once.
            lobby.cut()
            desk.cut()
            lobby.power()
            desk.power()
            lobby.wait("signed-in", seconds=90, version=NEW, user=room, guest=False)
            desk.wait("signed-in", seconds=90, user=bob, locked=True)
            assert desk.do("sign-out", check=False).returncode == 1  # it is locked as it was
            desk.do("unlock", "--pin-file", lab.pin_file)
            desk.do("sign-out")
            desk.wait("ready")
        finally:
            cable.pull()
