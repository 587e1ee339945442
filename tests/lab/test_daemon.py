"""dialtoned as the machine sees it: its processes, their rights, their deaths and restarts, the end.

    curl, sockets --- 127.0.0.1 --- dialtoned: supervisor, vault, location, four workers
"""
import base64
import concurrent.futures
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "interop"))

import front_end  # noqa: E402
import peers  # noqa: E402
from lab import Lab  # noqa: E402
from proc import LabError, children, wait_for  # noqa: E402

WORKERS = 4
METADATA = "/CertProv/CertProvisioningService.svc/mex"
TICKETS = "/WebTicket/WebTicketService.svc"
NTLM_1 = base64.b64encode(b"NTLMSSP\0\1\0\0\0\x07\x82\x08\xa2" + bytes(16)).decode()


@pytest.fixture
def site(tmp_path):
    with front_end.Site(tmp_path, workers=WORKERS) as s:
        yield s


def control(site, line):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(os.path.join(site.dir, "run", "control"))
        s.sendall(line.encode() + b"\n")
        got = b""
        while part := s.recv(65536):
            got += part
    return got.decode()


def status(site):
    """{("worker", 0): {"pid": 4711, ...}}; {} while the one who says it is away."""
    try:
        lines = control(site, "status").splitlines()
    except OSError:
        return {}
    rows = {}
    for line in lines:
        words = line.split()
        if len(words) > 2:
            rows[words[0], int(words[1])] = dict(zip(words[2::2], map(int, words[3::2])))
    return rows


def opened(site, port, tls, source="127.0.0.1"):
    s = socket.create_connection(("127.0.0.1", port), 10, (source, 0))
    s.settimeout(30)
    if tls:
        s = ssl.create_default_context(cafile=site.ca).wrap_socket(s, server_hostname=front_end.FQDN)
    return s


def answer(s):
    """One HTTP answer: status, head, body."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = s.recv(65536)
        if not part:
            raise LabError(f"the connection ended in the head: {got!r}")
        got += part
    head, body = got.split(b"\r\n\r\n", 1)
    length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while length and len(body) < length[0]:
        part = s.recv(65536)
        if not part:
            raise LabError("the connection ended in the body")
        body += part
    return int(head.split()[1]), head.decode(), body


def ask(site, method, path, *headers):
    with opened(site, site.https, True) as s:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {front_end.FQDN}", *headers, "Connection: close", "", ""]
        s.sendall("\r\n".join(lines).encode())
        return answer(s)


def serves(site):
    """A worker answers, and the vault behind it: it makes the NTLM challenge."""
    try:
        if ask(site, "GET", METADATA)[0] != 200:
            return False
        code, head, _ = ask(site, "POST", TICKETS, f"Authorization: NTLM {NTLM_1}", "Content-Length: 0")
    except (OSError, LabError):
        return False
    return code == 401 and any(line.startswith("WWW-Authenticate: NTLM TlRMTVNT") for line in head.split("\r\n"))


def test_who_runs(site):
    assert site.said().count("ready") == 1
    rows = status(site)
    assert sorted(i for name, i in rows if name == "worker") == list(range(WORKERS))
    assert {name for name, _ in rows} == {"worker", "vault", "location"}
    assert sorted(row["pid"] for row in rows.values()) == sorted(children(site.daemon.pid))
    if os.geteuid() == 0:
        for (name, _), row in rows.items():
            with open(f"/proc/{row['pid']}/status") as f:
                fields = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
            assert "0" not in fields["Uid"].split() + fields["Gid"].split(), name


def test_who_holds_what(site):
    assert serves(site)
    for (name, _), row in status(site).items():
        held = [os.readlink(f"/proc/{row['pid']}/fd/{fd}") for fd in os.listdir(f"/proc/{row['pid']}/fd")]
        assert any("store" in path for path in held) == (name == "vault"), (name, held)
    assert os.stat(os.path.join(site.dir, "vault")).st_mode & 0o077 == 0
    for secret in ("server.pem", "update.key"):
        assert os.stat(os.path.join(site.dir, secret)).st_mode & 0o007 == 0, secret


@pytest.mark.parametrize("who", [("vault", 0), ("location", 0), *[("worker", i) for i in range(WORKERS)]])
def test_who_dies_is_replaced(site, who):
    before = status(site)
    os.kill(before[who]["pid"], signal.SIGKILL)
    wait_for(f"{who} is back", lambda: status(site).get(who, before[who])["pid"] != before[who]["pid"], 15)
    wait_for("service goes on", lambda: serves(site), 10)
    for _ in range(3 * WORKERS):  # whichever worker the kernel chooses
        assert serves(site)
    after = status(site)
    assert after[who]["restarts"] == before[who]["restarts"] + 1
    assert {k: v["pid"] for k, v in after.items() if k != who} == {k: v["pid"] for k, v in before.items() if k != who}
    assert site.daemon.poll() is None


def test_they_die_with_the_supervisor(site):
    pids = children(site.daemon.pid)
    assert len(pids) == WORKERS + 2
    site.daemon.kill()
    site.daemon.wait(5)
    wait_for("nobody is left", lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 10)


def test_an_order_reaches_the_phone():
    """Also when the location process was killed since the phone registered: it learns again who is where."""
    with Lab() as lab:
        lab.go()
        phone = lab.start_phone("--stay", "0", "--cold")
        phone.wait_said('"dialtone"', 90)
        rows = [line.split() for line in locations(lab)]
        pid, = [int(row[3]) for row in rows if row[0] == "location"]
        os.kill(pid, signal.SIGKILL)
        wait_for("the location process is back",
                 lambda: any(r.split()[0] == "location" and int(r.split()[3]) != pid for r in locations(lab)), 15)
        time.sleep(0.5)
        lab.admin("user", "disable", "alice@contoso.test")
        phone.wait(20)
        assert phone.said("signed-off") or phone.said("sip-forbidden"), lab.logs()


def test_who_is_registered():
    """A phone is seen as long as it is registered, and no longer."""
    with Lab() as lab:
        lab.go()
        def seen():
            return json.loads(lab.admin("status", "--registered", "--json").stdout)["items"]
        assert seen() == []
        phone = lab.start_phone("--stay", "0", "--cold")
        phone.wait_said('"dialtone"', 90)
        one, = seen()
        assert one["address"] == "alice@contoso.test" and one["outside"] is False and 0 < one["expires_in"] <= 3600, one
        assert one["peer"].startswith("10.66.") and one["user_agent"].startswith("CPE/") and one["epid"], one
        head, row = (line.split() for line in lab.admin("status", "--registered").stdout.splitlines())
        assert row[head.index("worker")] == str(one["worker"]) and row[head.index("outside")] == "no", row
        assert "registered  1 endpoint\n" in lab.admin("status").stdout
        shown = lab.admin("user", "show", "alice@contoso.test").stdout
        assert "signed in now:\naddress " in shown and one["epid"] in shown, shown
        phone.stop()
        assert seen() == []
        assert "\nendpoints       not signed in\n" in lab.admin("user", "show", "alice@contoso.test").stdout


def locations(lab):
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(os.path.join(lab.site_dir, "run", "control"))
            s.sendall(b"status\n")
            got = b""
            while part := s.recv(65536):
                got += part
    except OSError:
        return []
    return [line for line in got.decode().splitlines() if len(line.split()) > 3]


def test_sigterm_drains(site):
    """Requests that were begun are answered, nobody new is let in, and all of them end."""
    pids = children(site.daemon.pid)
    busy, idle = opened(site, site.https, True), opened(site, site.https, True)
    body = b"<x/>"
    busy.sendall(f"POST {TICKETS} HTTP/1.1\r\nHost: {front_end.FQDN}\r\nContent-Type: text/xml\r\n"
                 f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:1])
    idle.sendall(f"GET {METADATA} HTTP/1.1\r\nHost: {front_end.FQDN}\r\n\r\n".encode())
    assert answer(idle)[0] == 200
    time.sleep(0.3)  # the beginning of `busy` is read before the signal comes
    site.daemon.send_signal(signal.SIGTERM)
    assert idle.recv(1000) == b""
    with pytest.raises(OSError):
        for _ in range(200):
            opened(site, site.https, True).close()
            time.sleep(0.02)
    busy.sendall(body[1:])
    code, head, _ = answer(busy)
    assert 200 <= code <= 500 and "Connection: close" in head, head
    busy.close()
    assert site.daemon.wait(15) == 0, site.said()
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)
    site.daemon = None
    site.user("bob")  # the administrator's verbs find nobody there, and do their work
    assert site.admin("user", "disable", "bob@contoso.test").returncode == 0


def check(site):
    return peers.run([peers.program("dialtoned"), "-t", "-c", site.conf])


def test_configuration(site):
    assert check(site).returncode == 0
    with open(site.conf) as f:
        good = f.read()
    lines = good.count("\n")
    for wrong, words in [("wrokers = 4", ["wrokers"]), ("workers = 900", ["workers", "900"]),
                         ("address = 1.2.3", ["1.2.3"]), ("sip_tls = 70000", ["70000"])]:
        with open(site.conf, "w") as f:
            f.write(good + wrong + "\n")
        done = check(site)
        said = done.stdout + done.stderr
        assert done.returncode == 78, said
        assert f"dialtone.conf:{lines + 1}" in said, said
        assert all(word in said for word in words), said
        assert len(said.strip().splitlines()) == 1, said
    with open(site.conf, "w") as f:
        f.write(good + "dns {\nserver = 127.0.0.1\nkey_name = k\nkey_file = nowhere.key\n}\n")
    done = check(site)
    assert done.returncode == 78 and "nowhere.key': No such file" in done.stderr, done
    with open(site.conf, "w") as f:
        f.write(good + "wrong = 1\n")
    site.daemon.send_signal(signal.SIGHUP)  # a file that is wrong leaves all as it was
    time.sleep(1)
    assert serves(site) and len(children(site.daemon.pid)) == WORKERS + 2


def test_what_the_configuration_names_is_there(site):
    """-t and `status` look at users and certificates too, so that no start finds them missing, nor the phones."""
    server = os.path.join(site.dir, "server.pem")

    def refused(*words):
        done = check(site)
        said = done.stdout + done.stderr
        assert done.returncode == 78 and all(word in said for word in words), said
        return True

    def said_by_status(code, *words):
        done = site.admin("status", check=False)
        said = " ".join((done.stdout + done.stderr).split())  # it stands in columns
        assert done.returncode == code and all(word in said for word in words), (code, done)

    said_by_status(0, "name number pid private restarts", "vault 0 ", f"worker {WORKERS - 1} ", "server.pem 20", "ca.pem 20", "update.pem 20")
    told = json.loads(site.admin("status", "--json").stdout)
    assert {p["name"] for p in told["processes"]} == {"vault", "location", "worker"} and len(told["processes"]) == WORKERS + 2
    assert all(p["pid"] in children(site.daemon.pid) and p["restarts"] == 0 for p in told["processes"])
    assert [c["file"] for c in told["certificates"]] == ["server.pem", "dsk.pem", "ca.pem", "issuing.pem", "update.pem"]
    site.edit(pool="pool01.contoso.test")
    assert refused("server.pem", "not for the name pool01.contoso.test", "--renew")
    said_by_status(78, "not for the name pool01.contoso.test")
    site.edit(pool="fe01.contoso.test", worker_user="no-such-user")
    assert os.geteuid() != 0 or refused("no-such-user")
    site.edit(worker_user="dialtone")
    with open(server) as f:
        pem = f.read()
    for text, words in [("", ["no certificate"]), (pem[pem.index("-----BEGIN CERT"):], ["no private key"]),
                        (pem[:pem.index("-----BEGIN CERT")] + open(site.ca).read(), ["another key"])]:
        with open(server, "w") as f:
            f.write(text)
        assert refused("server.pem", *words)
    os.unlink(server)
    assert refused("server.pem", "it is missing", f"dialtone init {site.dir} --renew")
    site.stop()
    done = peers.run([peers.program("dialtoned"), "-c", site.conf], env={"ASAN_OPTIONS": "detect_leaks=0"})
    assert done.returncode == 78 and "server.pem" in done.stderr and "--renew" in done.stderr, done
    site.edit(external_fqdn="sip.contoso.test", external_https=1)
    with open(server, "w") as f:
        f.write(pem)
    assert refused("external.pem", "it is missing", "--renew")
    site.edit(external_https=0)
    assert check(site).returncode == 0
    said_by_status(69, "dialtoned is not running for this site", "server.pem 20")


def test_a_new_configuration(site):
    before = children(site.daemon.pid)
    site.edit(workers=2)
    site.daemon.send_signal(signal.SIGHUP)
    wait_for("two workers, all new", lambda: len(children(site.daemon.pid)) == 4 and
             not set(before) & set(children(site.daemon.pid)), 20)
    assert serves(site)


def test_a_port_that_is_taken(site):
    done = subprocess.run([peers.program("dialtoned"), "-c", site.conf], capture_output=True, text=True, timeout=30,
                          env={"ASAN_OPTIONS": "detect_leaks=0", **os.environ})
    assert done.returncode == 78 and "another dialtoned runs here" in done.stderr, done
    assert "ready" not in done.stdout + done.stderr
    with tempfile.TemporaryDirectory() as other:  # another site, the same ports
        os.chmod(other, 0o755)
        subprocess.run(["cp", "-a", f"{site.dir}/.", other], check=True)  # the files' owners, too
        shutil.rmtree(f"{other}/run")
        done = subprocess.run([peers.program("dialtoned"), "-c", f"{other}/dialtone.conf"], capture_output=True, text=True,
                              timeout=30, env={"ASAN_OPTIONS": "detect_leaks=0", **os.environ})
        assert done.returncode == 78 and f"sip_tls: cannot bind 127.0.0.1 port {site.sip_tls}: " in done.stderr, done
        assert "'ss -ltnp' shows which program has it" in done.stderr, done
    assert serves(site)


def test_status_in_columns(site):
    """Each table: a line of heads, and every word of a row below the head of its column."""
    done = peers.run([peers.program("dialtone"), "-c", site.conf, "status"])
    processes, count, certificates = [part.splitlines() for part in done.stdout.split("\n\n")]
    assert len(processes) == WORKERS + 3 and count == ["registered  0 endpoints"] and len(certificates) == 6, done.stdout
    for head, *rows in (processes, certificates):
        for at in (m.start() for m in re.finditer(r"\S+", head)):
            assert all(row[at] != " " and (at == 0 or row[at - 2:at] == "  ") for row in rows), done.stdout


def test_the_store_is_for_root(site):
    """Whoever may not open it is not told to make another site."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become another")
    done = peers.run(["setpriv", "--reuid=dialtone-vault", "--clear-groups", peers.program("dialtone"), "-c", site.conf, "user", "list"])
    assert done.returncode == 0, done.stderr  # the vault's own user
    done = peers.run(["setpriv", "--reuid=33", "--clear-groups", peers.program("dialtone"), "-c", site.conf, "user", "list"])
    assert done.returncode == 78 and "Permission denied" in done.stderr and "init" not in done.stderr, done.stderr


def test_a_strict_umask(tmp_path):
    """An administrator whose files nobody may read: the site works all the same, and phones get their firmware."""
    old = os.umask(0o077)
    try:
        with front_end.Site(tmp_path, workers=1) as site:
            payload, image = os.path.join(site.folder, "payload"), os.path.join(site.folder, "CPE.nbt")
            with open(payload, "wb") as f:
                f.write(b"firmware")
            site.admin("update", "sign", payload, "--vendor", "POLYCOM", "--model", "CX600", "--version", "4.0.0.1", "--out", image)
            site.admin("update", "import", image, "--approve")
            with opened(site, site.http, False) as s:
                s.sendall(f"GET /RequestHandler/Files/UCPhone/POLYCOM/CX600/A/ENU/4.0.0.1/CPE.nbt HTTP/1.1\r\nHost: {front_end.FQDN}\r\n"
                          "Connection: close\r\n\r\n".encode())
                code, _, body = answer(s)
            assert code == 200 and body.endswith(b"firmware")
            for secret, others in (("server.pem", 0o037), ("update.key", 0o077), ("vault/secret", 0o077), ("root.pem", 0o077)):
                assert os.stat(os.path.join(site.dir, secret)).st_mode & others == 0, secret
    finally:
        os.umask(old)


def certificate(site):
    return ssl.get_server_certificate(("127.0.0.1", site.https))


def test_renewed_certificates(site):
    """A new name in the file, new certificates, the same root; the files that must not change do not."""
    kept = ["ca.pem", "issuing.pem", "update.key", "root.pem", "vault/ca.pem", "vault/secret", "vault/ticket.pem"]

    def init(*args):
        return peers.run([peers.program("dialtone"), "init", *args])

    def octets():
        return [open(os.path.join(site.dir, name), "rb").read() for name in kept]

    def named():
        try:
            with socket.create_connection(("127.0.0.1", site.https), 10) as s:
                ssl.create_default_context(cafile=site.ca).wrap_socket(s, server_hostname="web.contoso.test").close()
        except ssl.SSLCertVerificationError:
            return False
        return True

    before, root = certificate(site), octets()
    site.edit(web_fqdn="web.contoso.test")
    done = init(site.dir, "--renew", "--domain", "contoso.test")
    assert done.returncode == 64 and "'--domain'" in done.stderr, done.stderr
    assert init("--renew").returncode == 64
    done = init(site.dir + "/nowhere", "--renew")
    assert done.returncode == 78 and "nowhere" in done.stderr, done.stderr
    assert certificate(site) == before
    done = init(site.dir, "--renew")
    assert done.returncode == 0 and "server.pem" in done.stdout, done.stderr
    site.daemon.send_signal(signal.SIGHUP)
    wait_for("the new certificate", lambda: certificate(site) != before, 20)
    wait_for("it is taken for good", lambda: serves(site), 10)  # by whom trusts ca.pem alone
    assert octets() == root
    wait_for("the new name", named, 20)  # the workers of before still take connections for a moment
    os.rename(os.path.join(site.dir, "root.pem"), os.path.join(site.dir, "root.away"))
    done = init(site.dir, "--renew")  # no other root is made in its stead
    assert done.returncode == 73 and "root.pem" in done.stderr, done.stderr
    assert not os.path.exists(os.path.join(site.dir, "root.pem"))


def memory(pids):
    """Resident kilobytes of our own, not shared."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            total += sum(int(line.split()[1]) for line in f if line.startswith(("Private_Clean:", "Private_Dirty:")))
    return total


def test_slowloris(site):
    """A thousand from twenty addresses who never finish their head: the others are served, memory stays, and they are all sent away."""
    pids = [row["pid"] for (name, _), row in status(site).items() if name == "worker"]
    assert serves(site)
    before, slow = memory(pids), []
    for i in range(1000):  # no address may have so many
        s = opened(site, site.http, False, f"127.0.0.{10 + i % 20}")
        s.sendall(b"GET / HTTP/1.1\r\nX: ")
        s.setblocking(False)
        slow.append(s)
    assert memory(pids) - before < 64 * 1024
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: serves(site), range(40)))
    told, end = 0, time.monotonic() + 60
    while slow:
        assert time.monotonic() < end, f"{len(slow)} are still there"
        for s in list(slow):
            try:
                s.sendall(b"x")
                got = s.recv(4096)
            except BlockingIOError:
                continue
            except OSError:
                got = b""
            told += got.startswith(b"HTTP/1.1 408 ")
            s.close()
            slow.remove(s)
        time.sleep(0.5)
    assert told > 900, told
    assert serves(site)


def test_rubbish(site):
    """Octets of no protocol on every port: refused, nobody dies."""
    pids = sorted(children(site.daemon.pid))
    for port in (site.http, site.https, site.sip_tls, site.sip_tcp):
        for rubbish in (b"\0" * 5000, b"\r\n" * 3000, bytes(range(256)) * 20, b"\x16\x03\x01\xff\xff" + b"A" * 500,
                        b"REGISTER sip:x SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n", b"PUT / HTTP/1.1\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port), 5) as s:
                s.settimeout(3)
                try:
                    s.sendall(rubbish)
                    s.shutdown(socket.SHUT_WR)
                    while s.recv(65536):
                        pass
                except OSError:
                    pass
    assert sorted(children(site.daemon.pid)) == pids
    assert serves(site)
