"""dialtone handset against a phone that runs: it comes up without a user, and people act on it through its socket."""
import glob
import json
import os
import stat

from lab import PIN, Lab
from proc import wait_for


def handset(lab, *args, check=True, **kw):
    return lab.dialtone("handset", *args, "--state", lab.path("phone"), check=check, **kw)


def state(lab):
    done = handset(lab, "status", "--json", check=False)
    return json.loads(done.stdout) if done.returncode == 0 else {"state": "gone"}


def wait_state(lab, phone, wanted, seconds=60):
    wait_for(f"the phone is {wanted}", lambda: state(lab)["state"] == wanted, seconds, phone.ended)


def test_a_phone_without_a_user_waits_and_people_act_on_it():
    with Lab() as lab:
        lab.go()
        phone = lab.start_phone("--stay", "0", way="stored")
        wait_state(lab, phone, "ready")
        socket = lab.path("phone", "handset")
        assert stat.S_IMODE(os.stat(socket).st_mode) == 0o600
        refused = handset(lab, "sign-out", check=False)
        assert refused.returncode == 1 and "nobody is signed in" in refused.stderr
        wrong = lab.write("wrong", "111111\n")
        failed = handset(lab, "sign-in", "--extension", "4411", "--pin-file", wrong, check=False)
        assert failed.returncode == 7 and "PIN" in failed.stderr, failed
        signed = handset(lab, "sign-in", "--extension", "4411", "--pin-file", lab.pin_file, "--json", seconds=90)
        assert json.loads(signed.stdout)["user"] == f"alice@{lab.site.domain}"
        assert f"alice@{lab.site.domain}" in lab.admin("status", "--registered").stdout
        lock = lab.write("lock", "824650\n")
        handset(lab, "lock", "--pin-file", lock)
        assert state(lab)["locked"] and handset(lab, "sign-out", check=False).returncode == 1
        assert handset(lab, "unlock", "--pin-file", wrong, check=False).returncode == 1
        handset(lab, "unlock", "--pin-file", lock)
        handset(lab, "send-logs")
        logs = glob.glob(os.path.join(lab.site_dir, "logs", "Client", "CE Log", "*_phone.clg"))
        assert len(logs) == 1 and "CX600" in open(logs[0]).read()
        handset(lab, "restart")
        wait_state(lab, phone, "signed-in")  # by the certificate
        handset(lab, "sign-out")
        wait_state(lab, phone, "ready")
        assert f"alice@{lab.site.domain}" not in lab.admin("status", "--registered").stdout
        assert not lab.stored("user.pem")
        assert PIN not in open(phone.log).read()
        assert lab.stop(phone) == 0
        assert not os.path.exists(socket)
        gone = handset(lab, "status", check=False)
        assert gone.returncode == 69 and "connect --stay 0" in gone.stderr
