"""dialtone tether: a PC on the USB port of a running phone signs its user in, locks and unlocks it, and takes the user away."""
import json
import os
import subprocess

from cable import Cable
from lab import BUILD, PASSWORD, Lab
from proc import wait_for


def state(lab):
    done = lab.dialtone("handset", "status", "--json", "--state", lab.path("phone"), check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {"state": "gone"}


def wait_state(lab, phone, wanted, seconds=60, **more):
    def there():
        s = state(lab)
        return s["state"] == wanted and all(s.get(k) == v for k, v in more.items())
    wait_for(f"the phone is {wanted} {more}", there, seconds, phone.ended)


class PC:
    def __init__(self, lab, cable, code_file):
        self.log = open(lab.path("pc.log"), "wb")
        self.popen = subprocess.Popen(
            [os.path.join(BUILD, "dialtone"), "tether", "--device", cable.pc, "--user", "CONTOSO\\alice", "--sip",
             f"alice@{lab.site.domain}", "--password-file", lab.password_file, "--code-file", code_file, "--json"],
            stdin=subprocess.PIPE, stdout=self.log, stderr=self.log)

    def type(self, line):
        self.popen.stdin.write(line.encode() + b"\n")
        self.popen.stdin.flush()

    def wait(self, seconds=30):
        return self.popen.wait(seconds)


def test_tethered_locked_and_gone():
    with Lab() as lab:
        lab.go()
        cable = Cable()
        phone = lab.start_phone("--stay", "0", "--usb", cable.phone, way="stored")
        try:
            wait_state(lab, phone, "ready")
            wrong = lab.write("wrong-code", "AAAA-BBBB-CCCC\n")
            assert PC(lab, cable, wrong).wait() == 76  # another code: nothing is given, nothing is taken
            wait_state(lab, phone, "ready")
            code = lab.write("code", state(lab)["usb_code"].lower() + "\n")
            pc = PC(lab, cable, code)
            wait_state(lab, phone, "signed-in", tethered=True)
            pc.type("lock")
            wait_state(lab, phone, "signed-in", locked=True)
            pc.type("unlock")
            wait_state(lab, phone, "signed-in", locked=False)
            pc.type("leave")
            assert pc.wait() == 0
            wait_state(lab, phone, "ready")
            pc = PC(lab, cable, code)
            wait_state(lab, phone, "signed-in", tethered=True)
            assert PASSWORD.encode() not in cable.carried and b"alice" not in cable.carried
            cable.pull()
            assert pc.wait() == 69
            wait_state(lab, phone, "ready")
            assert not lab.stored("user.pem")
            assert f"alice@{lab.site.domain}" not in lab.admin("status", "--registered").stdout
        finally:
            cable.pull()
        refused = lab.phone("--stay", "1", "--usb", "/dev/null", model="cx500", way="stored", state="other")
        assert refused.status == 64 and "USB" in refused.err
