"""dialtone fleet on loopback: whole sign-ins at a dialtoned of the test's own, and liars: servers that refuse, say nothing, answer slowly or
hang up in the middle. It reports the cause of each, and never storms."""
import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

import schema
from programs import BUILD, Site, site_running

PHONES = 12


def fleet(address, users, *words, status=None, domain="contoso.test", timeout=120):
    done = subprocess.run([os.path.join(BUILD, "dialtone"), "fleet", "--target", address, "--yes-load", address, "--domain", domain, "--users", users,
                           "--quiet", *words], capture_output=True, text=True, timeout=timeout)
    if status is not None:
        assert done.returncode == status, done
    return done


def run(site, *words, status=0, users=None):
    return schema.fits(fleet(site.address, users or site.pins, "--pool", "fe01.contoso.test", "-f", "json", *words, status=status).stdout, "fleet")


def times(report, of):
    return next(t for t in report["times"] if t["of"] == of)


class Running(Site):
    """At the ports that phones know without being told, which loopback has for each of its addresses."""

    def __init__(self, folder):
        super().__init__(folder)
        self.address = f"127.{64 + os.getpid() % 64}.{os.getpid() // 64 % 250}.1"
        with open(self.conf) as f:
            text = f.read()
        for key, value in {"sip_tls": 5061, "https": 443, "http": 80, "address": f'"{self.address}"'}.items():
            text = re.sub(rf"^{key} = .*", f"{key} = {value}", text, flags=re.M)
        with open(self.conf, "w") as f:
            f.write(text)
        self.daemon = subprocess.Popen([os.path.join(BUILD, "dialtoned"), "-c", self.conf], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert "ready" in self.daemon.stdout.readline()
        self.pins, self.passwords = self.path("pins.csv"), self.path("passwords.csv")
        rows = [{"address": f"u{n}@contoso.test", "login": f"CONTOSO\\u{n}", "extension": str(7000 + n), "password": f"Pa$$word{n}"} for n in range(PHONES)]
        with open(self.passwords, "w", newline="") as f:
            w = csv.DictWriter(f, rows[0])
            w.writeheader()
            w.writerows(rows)
        made = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", self.conf, "user", "import", self.passwords, "--generate-pins", self.pins],
                              capture_output=True, text=True, timeout=60)
        assert made.returncode == 0, made

    def registered(self):
        done = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", self.conf, "status", "--json"], capture_output=True, text=True, timeout=20)
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_running(Running, tmp_path_factory.mktemp("fleet")) as made:
        yield made


# ---- sign-ins ---------------------------------------------------------------------------------------------------------------


def test_cold_by_pin(site, tmp_path):
    html, metrics = str(tmp_path / "f.html"), str(tmp_path / "f.prom")
    r = run(site, "--arrive", "steady:20/s", "--model", "cx600", "--sign-off", "--html", html, "--metrics", metrics)
    assert (r["phones"], r["done"], r["failed"], r["signed_off"], r["refused"]) == (PHONES, PHONES, 0, PHONES, 0), r
    assert [times(r, s)["times"] for s in ("chain", "auth", "cert")] == [PHONES] * 3, r["times"]
    assert 0 < times(r, "sign-in")["p50_ms"] <= times(r, "sign-in")["p99_ms"] <= times(r, "sign-in")["most_ms"]
    assert sum(p["signed_in"] for p in r["curve"]) == PHONES and r["curve"][-1]["registered"] == PHONES
    page = open(html).read()
    assert f"{PHONES} of {PHONES} phones had dial tone" in page and page.count("<svg") >= 3 and "http" not in page.replace("HTTP", "")
    assert "nan" not in "".join(re.findall(r' d="([^"]+)"', page)) and ">0:00 min<" in page and "width=device-width" in page
    text = open(metrics).read()
    assert f"dialtone_fleet_signed_in_total {PHONES}\n" in text and 'dialtone_fleet_seconds{of="sign-in",quantile="0.99"}' in text
    if shutil.which("promtool"):
        assert subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, timeout=20).returncode == 0


def test_ntlm(site):
    r = run(site, "--model", "cx700", "--arrive", "burst", users=site.passwords)
    assert (r["done"], r["failed"]) == (PHONES, 0), r


def test_warm_after_a_power_cut(site):
    r = run(site, "--scenario", "warm", "--arrive", "power-cut:2s", "--source", "127.9.0.1-127.9.0.200")
    assert (r["done"], r["failed"], r["scenario"]) == (PHONES, 0, "warm"), r
    assert times(r, "auth")["times"] == times(r, "cert")["times"] == 0, "they have their certificates"
    assert r["prepared_ms"] > 0 and times(r, "logon")["times"] >= PHONES - 1


def test_staying(site):
    r = run(site, "--scenario", "refresh", "--for", "2s", "--from", "discover", "--sign-off")
    assert (r["done"], r["lost"], r["signed_off"], r["tries"]) == (PHONES, 0, PHONES, 0), r


def test_a_day(site):
    r = run(site, "--scenario", "day", "--for", "12s", "--arrive", "steady:20/s", "--from", "find")
    assert (r["done"], r["restarts"], r["signed_off"], r["failed"]) == (PHONES, PHONES, PHONES, 0), r
    assert r["signed_in"] == 2 * PHONES and times(r, "cert")["times"] == PHONES, r


def until(good, seconds=60):
    end = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < end
        time.sleep(0.1)


def metric(path, name):
    try:
        found = re.search(rf"^{re.escape(name)} (\d+)$", path.read_text(), re.M)
    except OSError:
        return 0
    return int(found[1]) if found else 0


def test_phones_resume_with_a_server_that_sent_them_away(site, tmp_path):
    with open(site.conf, "a") as f:
        f.write("\nreload_keep = 0\n")
    seen = tmp_path / "fleet.prom"
    with subprocess.Popen([os.path.join(BUILD, "dialtone"), "fleet", "--target", site.address, "--yes-load", site.address, "--domain", "contoso.test", "--users",
                           site.pins, "--quiet", "--pool", "fe01.contoso.test", "-f", "json", "--scenario", "refresh", "--for", "2m", "--metrics", str(seen)],
                          stdout=subprocess.PIPE, text=True) as running:
        until(lambda: metric(seen, 'dialtone_fleet_phones{where="registered"}') == PHONES)
        site.daemon.send_signal(signal.SIGHUP)
        until(lambda: metric(seen, "dialtone_fleet_resumed_total") >= PHONES)
        running.send_signal(signal.SIGINT)
        r = json.loads(running.communicate(timeout=60)[0])
    assert r["lost"] >= PHONES and r["resumed"] >= PHONES, r


def test_a_wrong_pin_is_final(site, tmp_path):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("extension,pin\r\n" + "".join(f"{9000 + n},10101\r\n" for n in range(3)))
    html = tmp_path / "f.html"
    r = run(site, "--arrive", "burst", "--html", str(html), users=str(wrong), status=1)
    assert re.search(r"<p><b>3 &times; pin-refused</b>: [^<.]+<br>The last: [^<]+<br>The cure: [^<]+</p>", html.read_text()), html.read_text()
    assert (r["done"], r["refused"], r["tries"]) == (0, 3, 3), r
    assert [(f["error"], f["stages"]) for f in r["failures"]] == [("pin-refused", {"auth": 3})], r


def test_the_curve_as_csv(site):
    rows = list(csv.DictReader(fleet(site.address, site.pins, "--pool", "fe01.contoso.test", "--arrive", "burst", "--leave", "-f", "csv", status=0)
                               .stdout.splitlines()))
    assert sum(int(r["signed_in"]) for r in rows) == PHONES


# ---- what it refuses ---------------------------------------------------------------------------------------------------------


def test_an_address_is_named_twice(tmp_path):
    users = tmp_path / "u.csv"
    users.write_text("extension,pin\n1,23456\n")
    base = [os.path.join(BUILD, "dialtone"), "fleet", "--domain", "contoso.test", "--users", str(users)]
    for words, said in {(): "which front end", ("--target", "127.0.0.9"): "type --yes-load 127.0.0.9",
                        ("--target", "127.0.0.9", "--yes-load", "127.0.0.8"): "type --yes-load 127.0.0.9",
                        ("--target", "127.0.0.9", "--yes-load", "127.0.0.9", "--yes-load", "127.0.0.8"): "it is no --target",
                        ("--target", "127.0.0.9", "--yes-load", "127.0.0.9", "--name", "a.contoso.test=127.0.0.8"): "is no --target",
                        ("--target", "127.0.0.9", "--yes-load", "127.0.0.9", "--phones", "2"): "1 users only"}.items():
        done = subprocess.run([*base, *words], capture_output=True, text=True, timeout=20)
        assert done.returncode == 64 and said.lower() in done.stderr.lower(), (words, done)


def test_users_that_cannot_be(tmp_path):
    for text, said in {"": "no user is in it", "extension,pin\n": "no user is in it", "name,colour\na,b\n": "line 1: the heads", "extension,pin\n12\n": "line 2:",
                       'extension,pin\n"12,3\n': "quote"}.items():
        (tmp_path / "u.csv").write_text(text)
        assert said in fleet("127.0.0.9", str(tmp_path / "u.csv"), status=64).stderr, text


# ---- liars -------------------------------------------------------------------------------------------------------------------


class Liar:
    """Ports 80, 443 and 5061 of an address of loopback, each connection handed to a function; it counts them."""
    next = 0

    def __init__(self, each, listen=True):
        Liar.next += 1
        self.address = f"127.{64 + os.getpid() % 64}.{os.getpid() // 64 % 250}.{100 + Liar.next}"
        self.each, self.count, self.sockets = each, 0, []
        for port in (80, 443, 5061) if listen else ():
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((self.address, port))
            s.listen(512)
            self.sockets.append(s)
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        while True:
            try:
                c, _ = s.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self.each, args=(c,), daemon=True).start()

    def end(self):
        for s in self.sockets:
            s.close()


def silent(c):
    time.sleep(60)


def hangs_up(c):
    c.recv(1)
    c.close()


def slow(c):
    """An octet a second of something that might become an answer."""
    try:
        for octet in b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n":
            c.send(bytes([octet]))
            time.sleep(1)
    except OSError:
        pass


def refuses(c):
    try:
        c.recv(4096)
        c.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    except OSError:
        pass
    c.close()


LIARS = {"dead": (None, {"connect"}), "silent": (silent, {"timeout"}), "hangs up": (hangs_up, {"closed", "tls-handshake", "connect"}),
         "slow": (slow, {"timeout", "tls-handshake"}), "refuses": (refuses, {"http-status", "tls-handshake"})}
SECONDS = 66  # a phone gives a silent stage up after a minute


def test_liars_are_named_and_not_stormed(tmp_path):
    """All at once: a fleet of 200 phones for each, which all come at the same instant."""
    if os.geteuid() != 0:
        pytest.skip("ports 80 and 443 are root's")
    users, phones = tmp_path / "u.csv", 200
    users.write_text("extension,pin\n" + "".join(f"{1000 + n},80642\n" for n in range(phones)))
    liars = {name: Liar(each, each is not None) for name, (each, _) in LIARS.items()}
    running = {name: subprocess.Popen([os.path.join(BUILD, "dialtone"), "fleet", "--target", liar.address, "--yes-load", liar.address, "--domain", "contoso.test",
                                       "--users", str(users), "--quiet", "--arrive", "burst", "--for", f"{SECONDS}s", "-f", "json"],
                                      stdout=subprocess.PIPE, text=True) for name, liar in liars.items()}
    for name, process in running.items():
        out, _ = process.communicate(timeout=SECONDS + 40)
        r, liar = json.loads(out), liars[name]
        assert process.returncode == 1 and r["done"] == 0 and r["failed"] > 0, (name, r)
        assert {f["error"] for f in r["failures"]} <= LIARS[name][1] and all(f["fault"] in ("network", "server") for f in r["failures"]), (name, r["failures"])
        assert phones <= r["tries"] <= phones + SECONDS + 60, (name, r["tries"], "after a hundred in a row that met nobody, tries go at one a second")
        assert liar.count <= 4 * r["tries"], (name, liar.count, "a try is a few connections, not a loop")
    for liar in liars.values():
        liar.end()


def test_the_plan():
    plan = json.loads(subprocess.run([os.path.join(BUILD, "dialtone"), "fleet", "--plan", "--phones", "152000", "--json"], capture_output=True, text=True,
                                     timeout=60, check=True).stdout)
    assert plan["phones"] == 152000 and plan["front_ends"] >= 1 and 0 < plan["signature_ms"] < 50, plan
    assert plan["power_cut_s"] <= 600 and abs(plan["warm_per_s"] * plan["warm_ms"] / 1000 - 0.7 * plan["cores"]) < 0.01, plan
