"""Pidgin-SIPE, a client that none of us wrote, signs in to dialtoned.

These must hold: NTLM over TLS and over TCP, TLS-DSK, automatic; its check of our signatures passes; with an expiry of 33 s
it stays 60 s across refreshes; it is refused for a wrong password, an unknown user, a disabled user; it is told by NOTIFY
when it is disabled or its certificate revoked while signed in, and comes in no more.
"""
import base64
import os
import re
import struct
import subprocess
import time

import pytest

import front_end
import peers

STAYED, REFUSED, LOST = 0, 1, 4
WAYS = [("ntlm", "tls"), ("ntlm", "tcp"), ("tls-dsk", "tls"), ("tls-dsk", "tcp"), ("automatic", "tls")]


@pytest.fixture(scope="module")
def sipe():
    peers.package("pidgin-sipe", "/usr/lib/purple-2/libsipe.so")
    return peers.peer("sipe_drive")


@pytest.fixture(scope="module")
def site(tmp_path_factory, sipe):
    # SIPE refreshes 30 s before the expiry: 33 makes it do so every three seconds
    with front_end.Site(tmp_path_factory.mktemp("sipe"), DefaultEndpointExpiration=33, MinEndpointExpiration=30) as s:
        yield s


class Drive:
    """One sign-in: started in the background, its lines read as they come."""

    def __init__(self, site, sipe, user, auth, transport, password=None, login=None, stay=0, limit=30):
        name = user.split("@")[0]
        self.base = os.path.join(site.folder, front_end.unique(f"{name}-"))
        port = site.sip_tcp if transport == "tcp" else site.sip_tls
        argv = [sipe, "--user", user, "--login", login if login is not None else f"CONTOSO\\{name}",
                "--password-file", password or site.password_file, "--server", f"{site.fqdn}:{port}",
                "--transport", transport, "--auth", auth, "--ca", site.ca, "--stay", stay, "--limit", limit,
                "--trace", self.base + ".trace"]
        self.site, self.seconds = site, stay + limit + 20
        with open(self.base + ".out", "wb") as out, open(self.base + ".err", "wb") as err:
            self.process = subprocess.Popen(site.named(argv), stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def read(self, suffix):
        with open(self.base + suffix, errors="replace") as f:
            return f.read()

    def lines(self, event):
        return [line[len(event) + 1:] for line in self.read(".out").splitlines() if line.split(" ")[0] == event]

    def wait_for(self, event, seconds=30):
        end = time.monotonic() + seconds
        while not self.lines(event):
            assert self.process.poll() is None, self.story()
            assert time.monotonic() < end, f"no '{event}' in time\n{self.story()}"
            time.sleep(0.05)

    def end(self):
        """Its exit status."""
        try:
            return self.process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail("sipe_drive does not end\n" + self.story())

    def story(self):
        return (self.read(".out") + self.read(".err") + "".join(self.read(".trace").splitlines(True)[-60:]) +
                "\n== dialtoned\n" + "".join(self.site.said().splitlines(True)[-40:]))

    def messages(self, mark):
        """SIP and HTTP messages of the trace: '<' came in, '>' went out."""
        return re.findall(rf"MESSAGE START {mark}{{10}} .*?\n(.*?)\nMESSAGE END", self.read(".trace"), re.S)

    def answers_to_register(self):
        return [m for m in self.messages("<") if m.startswith("SIP/2.0 200") and re.search(r"(?m)^CSeq: \d+ REGISTER", m)]


def ends(drive, status):
    got = drive.end()
    assert got == status, f"exit status {got}, expected {status}\n{drive.story()}"
    return drive


@pytest.mark.parametrize("auth,transport", WAYS)
def test_signs_in_and_finds_our_signatures_good(site, sipe, auth, transport):
    user = site.user(front_end.unique("in"))
    drive = ends(Drive(site, sipe, user, auth, transport, stay=1), STAYED)
    good = int(drive.lines("signed-off")[0])
    assert int(drive.lines("signed-in")[0]) >= 1 and good >= 4, drive.story()
    scheme = "NTLM" if auth == "ntlm" else "TLS-DSK"
    assert f"Authentication-Info: {scheme} " in drive.answers_to_register()[0], drive.story()


# The suites that SIPE offers inside SIP, in its own TLS; it has no 3DES (tests/lab/test_old_phones.py and tests/unit/pki/test_tls_old.c have).
OFFERED = {"RC4-MD5": 0x0004, "RC4-SHA": 0x0005, "AES128-SHA": 0x002f, "AES256-SHA": 0x0035}


@pytest.fixture(scope="module")
def only(tmp_path_factory):
    """A folder with a SIPE that offers one suite: a copy of the plugin in which the list of suites has that one in each place."""
    with open("/usr/lib/purple-2/libsipe.so", "rb") as f:
        plugin = f.read()
    suites = struct.pack("<4I", *OFFERED.values())
    if plugin.count(suites) != 1:
        pytest.skip("this build of SIPE has its list of suites in another form")

    def make(suite):
        folder = tmp_path_factory.mktemp("plugin")
        (folder / "libsipe.so").write_bytes(plugin.replace(suites, struct.pack("<I", OFFERED[suite]) * 4))
        return str(folder)
    return make


@pytest.mark.parametrize("suite", OFFERED)
def test_tls_dsk_with_each_suite(site, sipe, only, monkeypatch, suite):
    monkeypatch.setenv("SIPE_PLUGINS", only(suite))
    drive = ends(Drive(site, sipe, site.user(front_end.unique("suite")), "tls-dsk", "tls", stay=1), STAYED)
    flights = [base64.b64decode(m) for text in drive.messages("<") for m in re.findall(r'gssapi-data="([^"]+)"', text)]
    hello = next(f for f in flights if f[:3] == b"\x16\x03\x01" and f[5] == 2)  # ServerHello, TLS 1.0
    at = 5 + 4 + 2 + 32
    assert int.from_bytes(hello[at + 1 + hello[at]:][:2], "big") == OFFERED[suite], hello[:80].hex()
    assert int(drive.lines("signed-off")[0]) >= 4, drive.story()  # and it found our signatures good


def test_signs_in_with_a_login_without_domain(site, sipe):
    user = site.user(front_end.unique("upn"))
    ends(Drive(site, sipe, user, "ntlm", "tls", login=""), STAYED)


def test_stays_across_refreshes(site, sipe):
    """All ways at once, each for 60 seconds, with a registration that lasts 33."""
    drives = [Drive(site, sipe, site.user(front_end.unique("stay")), auth, transport, stay=60) for auth, transport in WAYS]
    for drive in drives:
        drive.end()
    for drive in drives:
        ends(drive, STAYED)
        answers = drive.answers_to_register()
        assert len(answers) >= 10, drive.story()
        assert all(re.search(r"(?m)^Expires: 33\r?$", a) for a in answers[:-1]), drive.story()
        assert sum('register-action="refreshed"' in a for a in answers) >= 9, drive.story()
        assert sum("signature of incoming message validated" in line for line in drive.read(".trace").splitlines()) >= len(answers)


@pytest.mark.parametrize("auth,transport", WAYS)
def test_wrong_password_is_refused(site, sipe, auth, transport):
    user = site.user(front_end.unique("wrong"))
    drive = ends(Drive(site, sipe, user, auth, transport, password=site.wrong_file), REFUSED)
    assert not drive.answers_to_register() and drive.lines("error"), drive.story()


@pytest.mark.parametrize("auth,transport", WAYS)
def test_unknown_user_is_refused(site, sipe, auth, transport):
    drive = ends(Drive(site, sipe, f"nobody@{front_end.DOMAIN}", auth, transport), REFUSED)
    assert not drive.answers_to_register() and drive.lines("error"), drive.story()


@pytest.mark.parametrize("auth,transport", WAYS)
def test_disabled_user_is_refused(site, sipe, auth, transport):
    user = site.user(front_end.unique("off"))
    ends(Drive(site, sipe, user, auth, transport), STAYED)
    site.admin("user", "disable", user)
    drive = ends(Drive(site, sipe, user, auth, transport), REFUSED)
    assert not drive.answers_to_register() and drive.lines("error"), drive.story()
    site.admin("user", "enable", user)
    ends(Drive(site, sipe, user, auth, transport), STAYED)


def deregistered(drive, event):
    """The NOTIFY came, signed, and SIPE believed it."""
    notify = [m for m in drive.messages("<") if m.startswith("NOTIFY ")]
    assert len(notify) == 1, drive.story()
    assert "Authentication-Info: " in notify[0] and f"deregistered;event={event}" in notify[0], notify[0]


@pytest.mark.parametrize("auth,transport", WAYS)
def test_told_when_disabled_while_signed_in(site, sipe, auth, transport):
    user = site.user(front_end.unique("dis"))
    drive = Drive(site, sipe, user, auth, transport, stay=30)
    drive.wait_for("signed-in")
    time.sleep(1)
    site.admin("user", "disable", user)
    ends(drive, LOST)
    deregistered(drive, "rejected")
    assert "rejected" in drive.lines("lost")[0], drive.story()
    ends(Drive(site, sipe, user, auth, transport), REFUSED)


@pytest.mark.parametrize("transport", ["tls", "tcp"])
def test_told_when_its_certificate_is_revoked(site, sipe, transport):
    user = site.user(front_end.unique("rev"))
    drive = Drive(site, sipe, user, "tls-dsk", transport, stay=30)
    drive.wait_for("signed-in")
    time.sleep(1)
    site.admin("cert", "revoke", user)
    drive.end()
    notify = [m for m in drive.messages("<") if m.startswith("NOTIFY ")]
    assert len(notify) == 1 and "Authentication-Info: " in notify[0] and "deregistered;event=" in notify[0], drive.story()
    # the certificate is of no use any more, the password still is: it enrols anew
    ends(Drive(site, sipe, user, "tls-dsk", transport), STAYED)
