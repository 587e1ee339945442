"""dialtone console, without a browser: strangers get no answer, and the pages get what the verbs print."""
import contextlib
import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import threading

import pytest

from programs import BUILD, TOP, open_folder
from test_contract import Running

QUESTIONS = {"phones": "phones list", "users": "user list", "pins": "pin show", "certificates": "cert list", "updates": "update list",
             "status": "status", "pools": "pool list", "front_ends": "pool front-ends"}
PAGES = {"": "text/html", "index.html": "text/html", "console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}


class Console:
    def __init__(self, site):
        self.site = site
        self.process = subprocess.Popen([os.path.join(BUILD, "dialtone"), "-c", site.conf, "console"], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.url = self.process.stdout.readline().strip()
        self.port, self.token = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/([0-9a-f]{32})/", self.url).groups()

    def ask(self, path, method="GET", body=None, token=None, **headers):
        """Status, headers in small letters, and body."""
        c = http.client.HTTPConnection("127.0.0.1", int(self.port), timeout=30)
        c.request(method, f"/{self.token if token is None else token}/{path}", body, {k.replace("_", "-"): v for k, v in headers.items()})
        answer = c.getresponse()
        got = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        c.close()
        return got

    def end(self):
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(10)


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    site = Running(open_folder(tmp_path_factory.mktemp("console")))
    site.run("user add alice@contoso.test --extension 4411 --pin-file PIN")
    site.run("user add bob@contoso.test --extension 4412")
    console = Console(site)
    yield console
    assert console.end() == 0
    site.daemon.terminate()
    site.daemon.wait(10)


def test_pages(console):
    for name, kind in PAGES.items():
        status, headers, body = console.ask(name)
        assert status == 200 and headers["content-type"].startswith(kind) and body, name
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert headers["referrer-policy"] == "no-referrer" and headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers
        assert not re.search(rb"""(src|href|url|import|@import)\s*[=(]?\s*["']?(https?:)?//""", body), name  # nothing from elsewhere
    assert console.ask("secret.pem")[0] == 404
    assert console.ask("../console.c")[0] == 404


def test_what_is_shown_is_what_the_verbs_print(console):
    for name, verb in QUESTIONS.items():
        status, headers, body = console.ask(f"api/{name}")
        assert status == 200 and headers["content-type"] == "application/json", (name, body)
        got, printed = json.loads(body), json.loads(console.site.run(verb + " --json").stdout)
        if name == "status":
            assert [p["pid"] for p in got["processes"]] == [p["pid"] for p in printed["processes"]]
        else:
            assert got == printed, name
    users = json.loads(console.ask("api/users")[2])["items"]
    assert [u["address"] for u in users] == ["alice@contoso.test", "bob@contoso.test"]
    pins = json.loads(console.ask("api/pins")[2])["items"]
    assert [p["pin_set"] for p in pins] == [True, False]


def test_the_front_ends_of_a_pool(console):
    """Two share the store, as far as it knows: one counts on, the count of the other stands still."""
    store = os.path.join(console.site.dir, "vault", "store.db")

    def sql(*line):
        with contextlib.closing(sqlite3.connect(store, timeout=20)) as db, db:
            db.execute(*line)

    ended = threading.Event()

    def count():
        while not ended.wait(0.1):
            sql("UPDATE front_end SET beat = beat + 1 WHERE name = 'fe01.contoso.test'")

    for name in ("fe01.contoso.test", "fe02.contoso.test"):
        sql("INSERT INTO front_end VALUES (?, 7)", (name,))
    for aor, gone in (("alice@contoso.test", 0), ("bob@contoso.test", 0), ("carol@contoso.test", 1)):
        sql("INSERT INTO binding (aor, instance, seq, gone, front_end, epid, contact, peer, user_agent, outside, seconds, since) "
            "VALUES (?, 'i', 1, ?, 'fe01.contoso.test', '', '', '', '', 0, 600, 1)", (aor, gone))
    counting = threading.Thread(target=count)
    counting.start()
    try:
        items = json.loads(console.ask("api/front_ends")[2])["items"]
        shown = console.site.run("pool front-ends").stdout
    finally:
        ended.set()
        counting.join()
        sql("DELETE FROM front_end")
        sql("DELETE FROM binding")
    assert items == [{"name": "fe01.contoso.test", "runs": True, "registered": 2}, {"name": "fe02.contoso.test", "runs": False, "registered": 0}]
    assert [line.split() for line in shown.splitlines()] == [["name", "runs", "registered"], ["fe01.contoso.test", "yes", "2"], ["fe02.contoso.test", "no", "0"]]


@pytest.mark.parametrize("what", [
    {"token": "0" * 32}, {"token": ""}, {"token": "../.."}, {"Host": "evil.test"}, {"Host": "127.0.0.1"}, {"Host": "evil.test:80"},
    {"Origin": "http://evil.test"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}], ids=str)
def test_strangers(console, what):
    for path in ("", "api/users"):
        status, _, body = console.ask(path, **what)
        assert status == 403 and b"alice" not in body, what


def test_this_browser(console):
    assert console.ask("api/users", Origin=f"http://127.0.0.1:{console.port}", Sec_Fetch_Site="same-origin")[0] == 200
    assert console.ask("", Host=f"localhost:{console.port}")[0] == 200


def test_a_token_that_is_nearly_right(console):
    near = console.token[:-1] + ("0" if console.token[-1] != "0" else "1")
    assert console.ask("", token=near)[0] == 403
    assert console.ask("", token=console.token[:-1])[0] == 403
    assert console.ask("", token=console.token + "0")[0] == 403


def test_orders(console):
    rule = {"body": "name=POLYCOM/CX600"}
    assert console.ask("api/approve")[0] == 405
    assert console.ask("api/users", "POST", **rule, X_Dialtone=console.token)[0] == 405
    assert console.ask("api/approve", "POST", **rule)[0] == 403  # without the head no form of another page can send
    assert console.ask("api/approve", "POST", **rule, X_Dialtone="0" * 32)[0] == 403
    status, _, body = console.ask("api/approve", "POST", **rule, X_Dialtone=console.token)
    done = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", console.site.conf, "update", "approve", "POLYCOM/CX600", "--json"], capture_output=True, text=True)
    if done.returncode:
        assert status != 200 and json.loads(body)["error"] == done.stderr.strip()
    else:
        assert status == 200 and json.loads(body) == json.loads(done.stdout)


@pytest.mark.parametrize("word", ["", "name=", "name=--help", "name=-c", "name=a%0ab", "name=a%00", "name=%zz", "name=%4", "name=$(id)", "name=a;b",
                                  "name=" + "a" * 300, "other=x"])
def test_words_that_no_phone_has(console, word):
    assert console.ask(f"api/phone?{word}".replace("$", "%24").replace(";", "%3b"))[0] == 400, word
    assert console.ask("api/restore", "POST", body=word, X_Dialtone=console.token)[0] == 400, word


def test_a_verb_that_fails_says_why(console):
    status, _, body = console.ask("api/phone?name=00%3A04%3Af2%3A00%3A00%3A06")
    assert status == 404 and "was seen" in json.loads(body)["error"]


def test_bounds(console):
    assert console.ask("api/approve", "POST", body="name=" + "a" * 2000, X_Dialtone=console.token)[0] == 413
    assert console.ask("api/nothing")[0] == 404
    assert console.ask("", "DELETE")[0] in (404, 405)
    statuses = []
    many = [threading.Thread(target=lambda: statuses.append(console.ask("api/users")[0])) for _ in range(24)]
    for t in many:
        t.start()
    for t in many:
        t.join()
    assert set(statuses) <= {200, 503} and 200 in statuses, statuses
    assert console.ask("api/users")[0] == 200


def test_no_site(tmp_path):
    done = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", str(tmp_path / "none.conf"), "console"], capture_output=True, text=True, timeout=10)
    assert done.returncode == 78 and done.stdout == ""


def test_the_pages_name_no_verb_that_is_not_there():
    """console.js asks what questions.c has."""
    with open(os.path.join(TOP, "cmd", "console", "console.js")) as f:
        asked = set(re.findall(r'(?:ask|order|orderButton)\("(\w+)"', f.read()))
    with open(os.path.join(TOP, "cmd", "console", "questions.c")) as f:
        known = set(re.findall(r'\{"(\w+)", \{"', f.read()))
    assert asked == known
