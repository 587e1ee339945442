"""A pool of three front ends survives each loss: each part is killed, stopped, cut off or filled up while phones sign in.

Nothing that was acknowledged is lost, the phone on the desk has dial tone again by itself, and how long each took is printed.
"""
import os
import signal
import threading
import time

import pytest

from database import needs_postgres
from front_ends import FrontEndLab, site
from lab import run
from proc import children, wait_for
from test_front_ends import guess

pytestmark = needs_postgres


class Storm:
    """Users sign in one after the other on a socket of their own; each that got dial tone is remembered.  Meanwhile users are added, and
    somebody guesses at bob's PIN: whom the verb has acknowledged, and how many guesses were refused."""

    def __init__(self, lab, users):
        self.lab, self.left, self.good, self.failed, self.ending = lab, list(range(users)), [], [], False
        self.added, self.guessed = [], 0
        lab.add_user("bob", "4412")
        for i in self.left:
            lab.add_user(f"u{i}", str(5000 + i))
        lab.plug("ph9", "p9")
        lab.start_lldpd("p9")
        self.threads = [threading.Thread(target=f, daemon=True) for f in (self.run, self.write)]
        for t in self.threads:
            t.start()

    def run(self):
        while not self.ending and self.left:
            i = self.left.pop(0)
            got = self.lab.phone("--cold", host="ph9", state=f"storm{i}", extension=str(5000 + i), seconds=90)
            (self.good if got.status == 0 else self.failed).append((i, time.monotonic(), str(got.result.get("error"))))
            if got.status:
                self.left.append(i)  # it tries again later, as a phone does
                time.sleep(1)

    def write(self):
        n = 0
        while not self.ending:
            n += 1
            who = f"added{n}@{self.lab.site.domain}"
            if self.lab.admin("user", "add", who, check=False, seconds=60).returncode == 0:
                self.added.append(who)
            self.guessed += guess(self.lab, "10.20.0.10", "111222", number="+14255554412") == 401
            time.sleep(0.5)

    def since(self, when):
        return [g for g in self.good if g[1] > when]

    def end(self):
        self.ending = True
        for t in self.threads:
            t.join(100)


def stopped(pids, number):
    for pid in pids:
        os.kill(pid, number)


@pytest.fixture
def lab():
    conf = {"MinEndpointExpiration": 30, "DefaultEndpointExpiration": 30, "MaxEndpointExpiration": 30, "MaximumLogonAttempts": 900}
    with FrontEndLab(site=site(conf=conf)) as lab:
        lab.go()
        lab.desk = lab.start_phone("--cold", "--stay", "0")
        wait_for("the phone on the desk is registered", lambda: lab.where_is(), 60, lab.desk.ended)
        lab.storm = Storm(lab, 60)
        yield lab
        lab.storm.end()


def test_front_ends(lab):
    """A front end is stopped, cut off from the store, and killed, while others sign in."""
    at = lab.where_is()
    began = time.monotonic()
    pids = [lab.daemons[at].pid, *children(lab.daemons[at].pid)]
    stopped(pids, signal.SIGSTOP)
    rest = [f for f in lab.daemons if f != at]
    new = wait_for("the phone is elsewhere", lambda: (lab.where_is(ask=rest) or at) != at and lab.where_is(ask=rest), 90, lab.desk.ended)
    print(f"{at} stopped (SIGSTOP): dial tone at {new} after {time.monotonic() - began:.1f} s")
    wait_for("others sign in meanwhile", lambda: lab.storm.since(began), 60)
    stopped(pids, signal.SIGCONT)
    wait_for("it knows who went", lambda: lab.where_is() == new, 60, lab.desk.ended)

    began = time.monotonic()
    lab.exec(new, "nft", "-f", "-", text="table inet cut {\nchain out {\ntype filter hook output priority 0\ntcp dport 5432 drop\n}\n}\n")
    wait_for("it says so", lambda: lab.health(new) == ("degraded", 503), 20)
    print(f"{new} cut off from the store: degraded after {time.monotonic() - began:.1f} s")
    time.sleep(40)  # more than one refresh
    assert lab.registered(new) and set(lab.registered(new).values()) == {new}, "the phone stays registered where it is"
    assert lab.storm.since(began), "others sign in meanwhile"
    lab.exec(new, "nft", "delete", "table", "inet", "cut")
    began = time.monotonic()
    wait_for("all know it again", lambda: lab.health(new) == ("ready", 200) and lab.where_is() == new, 30, lab.desk.ended)
    print(f"{new} connected again: ready after {time.monotonic() - began:.1f} s")

    began = time.monotonic()
    lab.kill_front_end(new, signal.SIGKILL)
    third = wait_for("the phone is elsewhere", lambda: (lab.where_is() or new) != new and lab.where_is(), 60, lab.desk.ended)
    print(f"{new} killed: dial tone at {third} after {time.monotonic() - began:.1f} s")
    all_kept(lab, lab.db)


def test_the_balancer(lab):
    """HAProxy stands still, and goes on: the phone on the desk is registered, and others sign in."""
    began = time.monotonic()
    lab.balancer.popen.send_signal(signal.SIGSTOP)
    wait_for("a new sign-in fails", lambda: [f for f in lab.storm.failed if f[1] > began], 90)
    lab.balancer.popen.send_signal(signal.SIGCONT)
    print(f"HAProxy stopped (SIGSTOP) for {time.monotonic() - began:.1f} s")
    began = time.monotonic()
    wait_for("the phone is registered", lambda: lab.where_is(), 60, lab.desk.ended)
    print(f"HAProxy goes on: the phone on the desk is registered after {time.monotonic() - began:.1f} s")
    wait_for("others sign in", lambda: lab.storm.since(began), 60)
    all_kept(lab, lab.db)


def all_kept(lab, db):
    """Whoever got dial tone has a certificate in the store that is now the primary; users who were added, and tries of a PIN, are there."""
    wait_for("more sign in", lambda: len(lab.storm.good) >= 6, 120)
    lab.storm.end()
    kept = set(db.sql("SELECT DISTINCT a.aor FROM account a JOIN cert c ON c.account = a.id").split())
    lost = [i for i, _, _ in lab.storm.good if f"u{i}@contoso.test" not in kept]
    print(f"others: {len(lab.storm.good)} signed in, {len(lab.storm.failed)} were refused ({sorted({e for _, _, e in lab.storm.failed})}), {len(lost)} lost")
    assert not lost
    gone = set(lab.storm.added) - set(db.sql("SELECT aor FROM account").split())
    counted = int(db.sql("SELECT p.global FROM pin p JOIN account a ON a.id = p.account WHERE a.aor = 'bob@contoso.test'"))
    print(f"acknowledged meanwhile: {len(lab.storm.added)} users, {len(gone)} lost; {lab.storm.guessed} wrong PINs, {counted} counted")
    assert lab.storm.added and not gone
    assert counted >= lab.storm.guessed > 0


def fill(lab):
    """The rest of the primary's disk."""
    run(["sh", "-c", f"dd if=/dev/zero of={lab.db.path('filler')} bs=1M 2>/dev/null; true"], seconds=60)


def test_the_database(lab):
    """The primary is stopped, the standby that it waits for is stopped, and then the primary is killed and the standby takes over:
    registered phones stay registered all the while, nobody new signs in, and what was acknowledged is there."""
    def refused():
        return [f for f in lab.storm.failed if f[1] > began]

    at = lab.where_is()
    for what, begin, end in (("primary stopped (SIGSTOP)", lambda: lab.db.signal(signal.SIGSTOP), lambda: lab.db.signal(signal.SIGCONT)),
                             ("standby stopped (SIGSTOP)", lambda: lab.db2.signal(signal.SIGSTOP), lambda: lab.db2.signal(signal.SIGCONT)),
                             ("primary killed, standby promoted", lab.db.kill, lab.db2_takes_over)):
        began = time.monotonic()
        begin()
        wait_for("all say so", lambda: all(lab.health(f) == ("degraded", 503) for f in lab.daemons), 30)
        print(f"{what}: degraded after {time.monotonic() - began:.1f} s")
        wait_for("a new sign-in is refused", refused, 60)
        time.sleep(20)  # a refresh and more
        assert lab.registered(at), "the phone stays registered"
        began = time.monotonic()
        end()
        wait_for("a new sign-in succeeds", lambda: lab.storm.since(began), 90)
        print(f"{what}: a new phone signs in {time.monotonic() - began:.1f} s after the store is back")
        assert lab.where_is() == at, "and where it was"
    all_kept(lab, lab.db2)


def test_a_full_disk(lab):
    """The primary's disk is full: new sign-ins are refused, registered phones stay; when there is room again, all goes on."""
    began = time.monotonic()
    at = lab.where_is()
    fill(lab)
    wait_for("a new sign-in is refused", lambda: [f for f in lab.storm.failed if f[1] > began], 90)
    time.sleep(20)
    assert lab.registered(at), "the phone stays registered"
    os.unlink(lab.db.path("filler"))
    began = time.monotonic()
    if not lab.db.server.running():  # it ends when it cannot write its log, and a service manager starts it again
        lab.procs.remove(lab.db.server)
        lab.db.start()
    wait_for("a new sign-in succeeds", lambda: lab.storm.since(began), 90)
    print(f"primary's disk was full: a new phone signs in {time.monotonic() - began:.1f} s after there is room")
    assert lab.where_is() == at
    all_kept(lab, lab.db)
