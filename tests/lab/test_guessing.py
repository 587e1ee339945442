"""Guessing through the network: it ends for the address that guesses, nobody else notices, and no answer is quicker because a
number or a login is unknown.
"""
import os
import re
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "interop"))

import front_end  # noqa: E402
import peers  # noqa: E402
import test_tools  # noqa: E402
from proc import children  # noqa: E402

PIN_PORT, TICKETS = "/WebTicket/WebTicketService.svc/pin", "/WebTicket/WebTicketService.svc"


@pytest.fixture
def site(tmp_path):
    with front_end.Site(tmp_path, workers=1) as s:
        for i, name in enumerate(("alice", "bob")):
            s.user(name, "--number", f"+1425555012{i}", "--extension", f"441{i}")
        s.admin("pin", "set", "alice@contoso.test", "--pin-file", s.pin_file)
        yield s


def ask(site, source, path, *how):
    """The status of one request from that loopback address, and its head."""
    done = peers.run(["curl", "-s", "-o", "/dev/null", "-D", "-", "--cacert", site.ca, "--interface", source, "--connect-to",
                      f"{front_end.FQDN}:{site.https}:127.0.0.1:{site.https}", "-H", "Content-Type: text/xml; charset=utf-8", "--data-binary",
                      test_tools.question(site, "alice@contoso.test"), *how,
                      f"https://{front_end.FQDN}:{site.https}{path}"])
    heads = re.findall(r"(?m)^HTTP/1\.1 (\d+)", done.stdout)
    assert heads, done
    return int(heads[-1]), done.stdout


def by_pin(site, source, number, pin):
    return ask(site, source, PIN_PORT, "--basic", "-u", f"{number}:{pin}")[0]


def by_password(site, source, login, password):
    return ask(site, source, TICKETS, "--ntlm", "-u", f"{login}:{password}")[0]


def test_an_address_that_guesses_waits(site):
    peers.tool("curl")
    right, other, guesser = r"CONTOSO\alice", r"CONTOSO\bob", "127.0.7.1"
    assert by_password(site, guesser, right, front_end.PASSWORD) not in (401, 503)
    wrong, waited = 0, 0
    while wrong < 25:  # many users, so that no counter of one of them ends it; the last one costs sixteen seconds
        status = by_password(site, guesser, rf"CONTOSO\nobody{wrong}", "x")
        assert status in (401, 503)
        wrong += status == 401
        waited += status == 503
        time.sleep(0.3 if status == 503 else 0)
    assert waited > 0
    status, head = ask(site, guesser, TICKETS, "--ntlm", "-u", rf"{right}:{front_end.PASSWORD}")
    assert status == 503 and re.search(r"(?im)^retry-after: \d+", head), head
    assert by_pin(site, guesser, "4410", front_end.PIN) == 503
    assert by_password(site, "127.0.7.2", right, front_end.PASSWORD) not in (401, 503)
    assert by_password(site, "127.0.7.2", other, front_end.PASSWORD) not in (401, 503)
    assert "too many wrong PINs or passwords" in site.said()


def test_every_attempt_is_written(site):
    """What the vault writes to disk for an attempt is the same for all: unknown, without PIN, locked, wrong; and for logins."""
    peers.tool("curl")
    vault, = [pid for pid in children(site.daemon.pid) if open(f"/proc/{pid}/comm").read().strip() == "vault"]

    def writes():
        with open(f"/proc/{vault}/io") as f:
            return int(re.search(r"syscw: (\d+)", f.read())[1])

    counted = {}
    at = 0
    for kind, attempt in {
        "unknown number": lambda source: by_pin(site, source, "9999", "111222"),
        "no PIN": lambda source: by_pin(site, source, "4411", "111222"),
        "wrong PIN": lambda source: by_pin(site, source, "4410", "111222"),
        "unknown login": lambda source: by_password(site, source, r"CONTOSO\nobody", "x"),
        "wrong password": lambda source: by_password(site, source, r"CONTOSO\alice", "x"),
    }.items():
        per = []
        for i in range(30):  # from the twenty-fifth on, the PIN and the password are locked
            at += 1
            before = writes()
            attempt(f"127.0.{8 + at // 200}.{1 + at % 200}")
            per.append(writes() - before)
        counted[kind] = per
    print({kind: (min(per), max(per)) for kind, per in counted.items()})
    for one, others in (("wrong PIN", ("unknown number", "no PIN")), ("wrong password", ("unknown login",))):
        usual = sorted(counted[one])[len(counted[one]) // 2]
        for kind in (one, *others):
            middle = sorted(counted[kind])[len(counted[kind]) // 2]
            assert min(counted[kind]) > 0 and abs(middle - usual) <= 1, counted
