"""What the verbs print for programs, held against dialtone-output(5): the page is the schema. No network is needed: a site, dialtoned on
loopback, and every verb; every verb that changes something is run twice."""
import csv
import io
import json
import os
import re
import shlex
import subprocess

import pytest

import schema
from programs import BUILD, Site, open_folder

# They need a directory, PostgreSQL, or a network: the tests that have these hold what they print against the same page.
ELSEWHERE = {"user sync": "test_sync.py", "fleet": "test_fleet.py", "pool invite": "../lab/pool/test_front_ends.py"}
seen = set()  # the sections that some output was held against


class Running(Site):
    def __init__(self, folder):
        super().__init__(folder)
        self.start()
        self.pin = str(folder / "pin")
        with open(self.pin, "w") as f:
            f.write("80642\n")
        os.chmod(self.pin, 0o600)

    def start(self):
        self.daemon = subprocess.Popen([os.path.join(BUILD, "dialtoned"), "-c", self.conf], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert "ready" in self.daemon.stdout.readline()

    def stop(self):
        self.daemon.terminate()
        self.daemon.wait(20)

    def run(self, line, status=0):
        words = shlex.split(line.replace("PIN", self.pin))
        site = [] if words[0] in ("init", "restore") else ["-c", self.conf]
        done = subprocess.run([os.path.join(BUILD, "dialtone"), *site, *words], capture_output=True, text=True, timeout=30,
                              cwd=os.path.dirname(self.dir))
        assert done.returncode == status, (line, done)
        return done

    def read(self, line):
        """With -f json: as the page says."""
        name = schema.section(line)
        whole = schema.fits(self.run(line + " -f json").stdout, name)
        seen.add(name)
        return whole


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("the site's users are made by root")
    made = Running(open_folder(tmp_path_factory.mktemp("contract")))
    yield made
    made.stop()


USERS = ["user add alice@contoso.test --extension 4411 --number +14255550123", "user set alice@contoso.test --display A",
         "user disable alice@contoso.test", "user enable alice@contoso.test", "pin set alice@contoso.test --pin-file PIN",
         "pin lock alice@contoso.test", "pin unlock alice@contoso.test", "pin policy set short --min-length 4",
         "pin policy grant alice@contoso.test short", "user add bob@contoso.test", "user remove bob@contoso.test"]
FIRMWARE = ["update testdevice add lab --mac 00-04-f2-00-01-76", "update import CPE.nbt", "update approve POLYCOM/CX600", "update import CPE2.nbt",
            "update reject POLYCOM/CX600", "update restore POLYCOM/CX600", "update clear-files", "update clear-logs --days 1"]
POOLS = ["init {dir}2 --company {dir} --domain contoso.test --fqdn pool2.contoso.test --address 127.0.0.1", "pool add pool2.contoso.test --store {dir}2",
         "pool set pool2.contoso.test --web web2.contoso.test", "pool sync pool2.contoso.test", "user move alice@contoso.test pool2.contoso.test",
         "user move alice@contoso.test fe01.contoso.test", "drain --over 1", "drain --end"]
LAST = ["user remove alice@contoso.test", "pool remove pool2.contoso.test", "update testdevice remove lab", "update remove POLYCOM/CX600",
        "pin policy remove short"]
# Each makes something new; {} is another name each time.
MADE = ["pin set alice@contoso.test --generate", "user add --common-area --display-number '+1 (425) 555-670{}'", "backup {dir}.backup{}",
        "init {dir} --renew", "key roll ticket", "key roll pin",
        "update sign payload --vendor POLYCOM --model CX600 --version 4.0.7577.4388 --out CPE{}.nbt", "store copy {dir}.{}.db"]


def twice(site, lines):
    for line in lines:
        line = line.replace("{dir}", site.dir)
        first = site.read(line)
        second = site.read(line)
        assert (first["changed"], second["changed"]) == (True, False), (line, first, second)
        assert "unchanged" in site.run(line).stderr, line
        assert "false" in site.run(line + " -f csv").stdout.splitlines()[1].split(","), line


def see_a_phone(site):
    """A question for an update, as a phone asks it: it is a row of the devices and of the phones."""
    import http.client
    with open(site.conf) as f:
        port = int(re.search(r"^http = (\d+)", f.read(), re.M)[1])
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    c.request("POST", "/RequestHandler/ucdevice.upx",
              '<DeviceRequest xmlns="urn:lync-bootstrap:device-update:1"><MacAddress>00-04-f2-00-00-06</MacAddress><Model>CX600</Model><Vendor>POLYCOM</Vendor>'
              '</DeviceRequest>', {"Content-Type": "text/xml", "User-Agent": "CPE/4.0.7577.4363 OCPhone/4.0.7577.4363 (Microsoft Lync Phone Edition)"})
    c.getresponse().read()
    c.close()


def write(site, name, text):
    with open(os.path.join(os.path.dirname(site.dir), name), "w") as f:
        f.write(text)


def test_users_may_be_changed_twice(site):
    twice(site, USERS)
    assert site.read("cert revoke alice@contoso.test")["changed"] is False  # there is none yet
    site.run("user add alice@contoso.test --extension 4499", 73)
    site.run("user show nobody@contoso.test", 67)
    site.run("user frob", 64)


def test_firmware_may_be_changed_twice(site):
    write(site, "payload", "firmware")
    for name, version in (("CPE", "4.0.7577.4387"), ("CPE2", "4.0.7577.4390")):
        site.run(f"update sign payload --vendor POLYCOM --model CX600 --version {version} --out {name}.nbt")
    os.makedirs(site.path("logs/Server/Audit"), exist_ok=True)
    with open(site.path("logs/Server/Audit/20130101.log"), "w") as f:
        f.write("old\n")
    os.utime(f.name, (1, 1))
    twice(site, FIRMWARE)
    site.run("update import CPE.nbt --approve")
    assert site.read("update import CPE.nbt --approve")["changed"] is False


def test_a_file_may_be_imported_twice(site):
    write(site, "staff.csv", "address,login,number,extension,display,password,pin\nerin@contoso.test,CONTOSO\\erin,+14255550199,4499,Erin,Pa55-word!,91357\n"
          "frank@contoso.test,,,,,,\n")
    assert site.read("user import staff.csv --dry-run") == {"v": 1, "changed": True, "dry_run": True, "imported": 2, "same": 0}
    twice(site, ["user import staff.csv"])
    assert site.read("user import staff.csv --update")["changed"] is False
    site.run("user set frank@contoso.test --display Other")
    assert site.read("user import staff.csv")["changed"] is False  # an empty field leaves what there is
    site.run("user set erin@contoso.test --display Other")
    assert "erin@contoso.test exists already" in site.run("user import staff.csv", 64).stderr
    assert site.read("user import staff.csv --update")["changed"] is True
    site.run("pin set erin@contoso.test --generate")
    assert site.read("user import staff.csv --update")["changed"] is True  # the PIN of the file is set


def test_pools_may_be_changed_twice(site):
    twice(site, POOLS)


def test_what_makes_something_new(site):
    for line in MADE:
        line = line.replace("{dir}", site.dir)
        if line.startswith("store copy"):  # not while it is written
            site.stop()
        assert site.read(line.replace("{}", "1"))["changed"] is True, line
        site.run(line.replace("{}", "2"))
    site.start()
    assert "there already" in site.run(f"backup {site.dir}.backup1", 73).stderr
    assert "dialtoned runs" in site.run(f"store copy {site.dir}.3.db", 69).stderr
    twice(site, ["restore {dir}.backup1 {dir}.restored"])
    site.run(f"restore {site.dir}.backup2 {site.dir}.restored", 73)  # another backup


def test_every_list_is_as_the_page_says(site):
    see_a_phone(site)
    filled = 0
    for verb, (kind, members) in schema.SCHEMA.items():
        if kind not in ("list", "record") or verb in ("fleet", "update import: a cabinet"):
            continue
        line = verb + {"user show": " 4411", "phones show": " 00:04:f2:00:00:06"}.get(verb, "")
        whole = site.read(line)
        assert whole == json.loads(site.run(line + " --json").stdout) or verb.startswith("phones"), verb
        rows = list(csv.reader(io.StringIO(site.run(line + " -f csv").stdout)))
        if kind == "list":
            filled += len(whole["items"]) > 0
            assert rows[0] == [m for m in members if members[m] != "list"], (verb, rows[0])
            assert len(rows) == 1 + len(whole["items"]) and all(len(r) == len(rows[0]) for r in rows), verb
        site.run(line)
    assert filled >= 6, "most of the lists should have something in them"


def test_monitoring(site):
    done = site.run("status --check")
    assert re.fullmatch(r"DIALTONE OK - .* \| registered=0 processes=\d+ restarts=0 days=\d+\n", done.stdout), done
    site.stop()
    assert "CRITICAL - dialtoned is not running" in site.run("status --check", 2).stdout
    site.start()


def test_what_goes_may_go_twice(site):
    twice(site, LAST)


def test_every_verb_is_on_the_page_and_was_run(site):
    """The last: the verbs as `--complete` has them, those that were run, and the page are the same."""
    forms = {" ".join(path) for path, options in schema.verbs().items() if "-f" in options}
    whole = {name for name, (kind, _) in schema.SCHEMA.items() if kind != "row"}
    assert len(forms) > 40 and forms <= whole, forms - whole
    assert {name for name in whole if name not in forms} <= {f"{v} {o}" for v in forms for o in schema.WITH_OPTION} | {"update import: a cabinet"}
    assert whole - seen == set(ELSEWHERE) | {"update import: a cabinet"}, whole - seen
    lines = {path[0] for path, options in schema.verbs().items() if "--json" in options and "-f" not in options}
    assert lines == {"connect", "doctor", "handset", "tether"}  # dialtone-record(5)
