"""dialtone user sync against OpenLDAP's slapd: users come, change and go as the directory says, and nothing is done twice."""
import json
import os
import subprocess

import pytest

import directory
import schema
from directory import ADMIN, BASE, PASSWORD, Directory, entry
from programs import BUILD, Site, open_folder

if not directory.SLAPD:
    pytest.skip("no slapd: script/install-packages test", allow_module_level=True)

STAFF = [entry("alice", "tel:+14255550123;ext=4411"), entry("bob", "tel:+14255550124;ext=4412", control=514), entry("printer", sip=False)]


class Syncing(Site):
    def __init__(self, folder):
        super().__init__(folder)
        self.secret = str(folder / "secret")
        with open(self.secret, "w") as f:
            f.write(PASSWORD + "\n")
        os.chmod(self.secret, 0o600)

    def run(self, *words, status=0):
        done = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", self.conf, *words], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, env={k: v for k, v in os.environ.items() if k != "DIALTONE_PASSWORD"})
        assert done.returncode == status, done
        return done

    def sync(self, d, *words, status=0, uri=None):
        return self.run("user", "sync", uri or d.uri, "--base", BASE, *words, status=status)

    def users(self):
        return {u["address"]: u for u in json.loads(self.run("user", "list", "--json").stdout)["items"]}


@pytest.fixture
def site(tmp_path):
    return Syncing(open_folder(tmp_path))


def test_come_change_and_go(site, tmp_path):
    with Directory(tmp_path / "1", STAFF) as d:
        assert "2 users would be stored" in site.sync(d, "--dry-run").stderr
        assert site.users() == {}
        assert "2 users stored" in site.sync(d).stderr
        users = site.users()
        assert set(users) == {"alice@contoso.test", "bob@contoso.test"}
        alice = users["alice@contoso.test"]
        assert (alice["number"], alice["extension"], alice["display"], alice["login"]) == ("+14255550123", "4411", "Alice", "CONTOSO\\alice")
        assert alice["enabled"] and not users["bob@contoso.test"]["enabled"]  # 514: ACCOUNTDISABLE
        again = site.sync(d, "-f", "json")
        assert schema.fits(again.stdout, "user sync") == {"v": 1, "changed": False, "dry_run": False, "stored": 0, "same": 2, "disabled": 0}
        assert "2 unchanged" in again.stderr
        site.run("user", "add", "lobby@contoso.test", "--extension", "4499")  # ours: it has no login
        site.run("user", "add", "carol@contoso.test", "--login", "CONTOSO\\carol")
    with Directory(tmp_path / "2", [entry("alice", "tel:+14255550123;ext=4477")]) as d:
        assert schema.fits(site.sync(d, "-f", "json", "--dry-run").stdout, "user sync")["changed"] is True
        assert schema.fits(site.sync(d, "-f", "json").stdout, "user sync")["stored"] == 1
        assert site.users()["alice@contoso.test"]["extension"] == "4477"
        assert site.users()["carol@contoso.test"]["enabled"]
        assert "1 disabled" in site.sync(d, "--disable-missing", "--dry-run").stderr
        assert site.users()["carol@contoso.test"]["enabled"]
        assert "1 disabled" in site.sync(d, "--disable-missing").stderr
        users = site.users()
        assert not users["carol@contoso.test"]["enabled"] and users["lobby@contoso.test"]["enabled"] and users["alice@contoso.test"]["enabled"]
        assert "unchanged" in site.sync(d, "--disable-missing").stderr
    with Directory(tmp_path / "3", []) as d:  # a filter that finds nobody must not end everybody
        assert "nobody is disabled" in site.sync(d, "--disable-missing", status=64).stderr
        assert site.users()["alice@contoso.test"]["enabled"]


def test_other_attributes(site, tmp_path):
    people = [entry("dave", sip=False, mail="dave@contoso.test", telephoneNumber="+14255550177", uid="dave")]
    with Directory(tmp_path / "d", people) as d:
        site.sync(d, "--filter", "(mail=*)", "--map", "address=mail", "--map", "line=telephoneNumber", "--map", "login=uid")
        assert site.users()["dave@contoso.test"]["number"] == "+14255550177"
        assert "there is no" in site.run("user", "sync", d.uri, "--base", BASE, "--mop", "x", status=64).stderr
        assert "type a field" in site.sync(d, "--map", "shoe=size", status=64).stderr
        assert "attribute's name" in site.sync(d, "--map", "line=(x)", status=64).stderr


def test_all_pages(site, tmp_path):
    with Directory(tmp_path / "d", [entry(f"user{n:04}", f"tel:+1425555{n:04};ext={n:04}") for n in range(1200)]) as d:
        assert "1200 users stored" in site.sync(d, "--bind", ADMIN, "--password-file", site.secret).stderr
        assert len(site.users()) == 1200
        assert "1200 unchanged" in site.sync(d, "--bind", ADMIN, "--password-file", site.secret).stderr


def test_one_wrong_entry_stores_nobody(site, tmp_path):
    people = [entry("alice", "tel:+14255550123;ext=4411"), entry("eve", "tel:none"), entry("mallory", "tel:+14255550123;ext=4411")]
    with Directory(tmp_path / "d", people) as d:
        said = site.sync(d, status=64).stderr
        assert "entry 2: " in said and "tel:none" in said and "entry 3: " in said and "nothing was imported" in said, said
        assert site.users() == {}


def test_a_comma_and_a_quote_are_of_the_name(site, tmp_path):
    with Directory(tmp_path / "d", [entry("frank", displayName='Frank "F", of Contoso')]) as d:
        site.sync(d)
        assert site.users()["frank@contoso.test"]["display"] == 'Frank "F", of Contoso'


def test_passwords(site, tmp_path):
    with Directory(tmp_path / "d", STAFF) as d:
        site.sync(d, "--bind", ADMIN, "--password-file", site.secret)
        wrong = tmp_path / "wrong"
        wrong.write_text("no\n")
        wrong.chmod(0o600)
        assert "Invalid credentials" in site.sync(d, "--bind", ADMIN, "--password-file", str(wrong), status=69).stderr
        clear = site.sync(d, "--bind", ADMIN, "--password-file", site.secret, uri=f"ldap://127.0.0.2:{d.port}", status=69).stderr
        assert "in the clear" in clear and PASSWORD not in clear
        assert "needs its password" in site.sync(d, "--bind", ADMIN, status=64).stderr
        assert "whose password" in site.sync(d, "--password-file", site.secret, status=64).stderr
    assert "Can't contact LDAP server" in site.sync(d, status=69).stderr  # it has ended


def test_tls(site, tmp_path):
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem"),
                           "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], capture_output=True)
    assert made.returncode == 0
    with Directory(tmp_path / "d", STAFF, tls=tmp_path) as d:
        assert "2 users stored" in site.sync(d, "--start-tls", "--ca", str(tmp_path / "cert.pem")).stderr
        assert "TLS" in site.sync(d, "--start-tls", status=69).stderr  # nobody vouches for it
