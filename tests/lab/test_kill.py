"""Ten times kill -9, at seeded instants: the phone, and each of dialtoned's processes.  Afterwards everything starts,
nothing that was acknowledged is lost, and the next sign-in works."""
import json
import os
import random
import signal
import time

import pytest

import servers
from lab import Lab
from proc import children, wait_for

SEED = int(os.environ.get("KILL_SEED", "20130409"))


def processes(lab):
    return children(lab.daemon.pid)


def settle(lab, before):
    """dialtoned is whole again: as many processes as before, all of them alive for a moment."""
    def whole():
        now = processes(lab)
        if len(now) < before:
            return False
        time.sleep(0.3)
        return now == processes(lab)
    wait_for("dialtoned's processes are back", whole, 20, lab.daemon.ended)


@pytest.mark.parametrize("round_", range(10))
def test_kill(round_, site):
    lab, rng = site, random.Random(SEED + round_)
    state = f"phone{round_ // 2}"  # each phone is used twice: cold, then with what the first run left
    whole = len(processes(lab))
    email = lab.add_user(f"u{round_}", str(4600 + round_))
    known = lab.stored("user.pem", state)
    p = lab.start_phone(*([] if known or round_ % 2 else ["--cold"]), state=state, name=f"phone-{round_}")
    at = rng.uniform(0.2, 7.0)
    victim = rng.choice(["phone", "supervisor", *["process"] * 4])
    time.sleep(at)
    if victim == "phone":
        os.kill(p.pid, signal.SIGKILL)
        p.wait(5)
    elif victim == "supervisor":
        pids = lab.dialtoned_pids()
        os.kill(lab.daemon.pid, signal.SIGKILL)
        lab.daemon.wait(5)
        wait_for("its processes ended with it", lambda: not any(os.path.exists(f"/proc/{q}") for q in pids), 15)
        lab.stop_dialtoned()
        lab.start_dialtoned()
        settle(lab, whole)
    else:
        pids = processes(lab)
        dead = pids[rng.randrange(len(pids))]
        os.kill(dead, signal.SIGKILL)
        wait_for("it is gone", lambda: not os.path.exists(f"/proc/{dead}") or dead not in processes(lab), 10)
        settle(lab, whole)
    print(f"round {round_}: {victim} after {at:.2f} s, phone {'warm' if known else 'cold'}")
    if p.running():
        p.wait(150)
    certificate = lab.stored("user.pem", state)
    assert certificate or not known, "a certificate was lost"
    assert email in lab.admin("user", "list").stdout, "a user was lost"
    run = lab.phone(state=state, way="stored" if certificate else "pin")
    assert run.status == 0, run


@pytest.fixture(scope="module")
def site():
    with Lab() as lab:
        lab.go()
        yield lab


def test_a_phone_resumes_tls():
    """Its worker dies, and the phone comes back to another one without a private-key operation for the connection: the one that there is
    makes the handshake of TLS-DSK."""
    with Lab(site=servers.Site(conf={"workers": 1})) as lab:
        lab.go()

        def read(path):
            with open(path, errors="replace") as f:
                return f.read()

        def worker():
            p, = [p for p in json.loads(lab.admin("status", "--json").stdout)["processes"] if p["name"] == "worker"]
            return p

        phone = lab.start_phone("--stay", "0", "--cold")
        phone.wait_said('"dialtone"', 90)
        before = worker()
        assert before["private"] > 1, before
        os.kill(before["pid"], signal.SIGKILL)
        wait_for("the phone is back", lambda: read(phone.log).count('"kind":"stage","stage":9') > 1, 60)
        after = worker()
        assert after["pid"] != before["pid"] and after["private"] == 1, after
        phone.stop()
