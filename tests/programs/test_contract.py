"""What the verbs print for programs, held against dialtone-output(5): the page is the schema. No network is needed: a site, dialtoned on
loopback, and every verb of the page; every verb that changes something is run twice."""
import csv
import io
import json
import os
import re
import subprocess

import pytest

from programs import BUILD, TOP, Site, open_folder

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TYPES = {"text": lambda v: isinstance(v, str) and v != "", "bool": lambda v: isinstance(v, bool), "list": lambda v: isinstance(v, list),
         "number": lambda v: isinstance(v, int) and not isinstance(v, bool), "time": lambda v: isinstance(v, str) and TIME.fullmatch(v)}


def schema():
    """{"user list": (is it a list, {"address": "text", ...})}"""
    with open(os.path.join(TOP, "man", "dialtone-output.5")) as f:
        members = f.read().partition(".Sh MEMBERS")[2].partition(".Sh EXIT")[0]
    found = {}
    for part in members.split(".Ss ")[1:]:
        verb, kind = part.split("\n")[:2]
        found[verb] = (kind == "A list.", dict(re.findall(r"^\.It Li (\w+)\n(\S+)$", part, re.M)))
    return found


SCHEMA = schema()


def fits(value, kind):
    kinds = kind.split("|")
    return (value is None and "null" in kinds) or TYPES[kinds[0]](value)


def record(row, members, where):
    assert set(row) - {"v"} == set(members), (where, set(row) ^ set(members))
    for name, kind in members.items():
        assert fits(row[name], kind), (where, name, kind, row[name])


class Running(Site):
    def __init__(self, folder):
        super().__init__(folder)
        self.daemon = subprocess.Popen([os.path.join(BUILD, "dialtoned"), "-c", self.conf], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert "ready" in self.daemon.stdout.readline()
        self.pin = str(folder / "pin")
        with open(self.pin, "w") as f:
            f.write("80642\n")
        os.chmod(self.pin, 0o600)

    def run(self, line, status=0):
        done = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", self.conf, *line.replace("PIN", self.pin).split()], capture_output=True, text=True,
                              timeout=30, cwd=os.path.dirname(self.dir))
        assert done.returncode == status, (line, done)
        return done


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("the site's users are made by root")
    made = Running(open_folder(tmp_path_factory.mktemp("contract")))
    yield made
    made.daemon.terminate()
    made.daemon.wait(20)


LISTS = ("user", "pin", "cert", "device", "update", "phones", "pool")
CHANGES = ["user add alice@contoso.test --extension 4411 --number +14255550123 --pin-file PIN", "user set alice@contoso.test --display A",
           "user disable alice@contoso.test", "user enable alice@contoso.test", "pin set alice@contoso.test --pin-file PIN",
           "update testdevice add lab --mac 00-04-f2-00-01-76", "update approve POLYCOM/CX600", "update restore POLYCOM/CX600",
           "user add bob@contoso.test", "user remove bob@contoso.test", "cert revoke alice@contoso.test", "pin unlock alice@contoso.test",
           "pin policy set short --min-length 4", "pin policy grant alice@contoso.test short", "pool add pool2.contoso.test",
           "pool set pool2.contoso.test --web web2.contoso.test"]
LAST = ["pool remove pool2.contoso.test", "update testdevice remove lab", "update remove POLYCOM/CX600", "user remove alice@contoso.test", "pin policy remove short"]


def twice(site, lines):
    for line in lines:
        site.run(line)
        second = json.loads(site.run(line + " -f json").stdout)
        assert (second["v"], second["changed"]) == (1, False), (line, second)
        assert "unchanged" in site.run(line).stderr, line


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


def test_changes_may_run_twice(site):
    with open(os.path.join(os.path.dirname(site.dir), "payload"), "w") as f:
        f.write("firmware")
    site.run("update sign payload --vendor POLYCOM --model CX600 --version 4.0.7577.4387 --out CPE.nbt")
    site.run("update import CPE.nbt")
    twice(site, CHANGES)
    site.run("update import CPE.nbt --approve")
    twice(site, ["update import CPE.nbt", "update import CPE.nbt --approve"])
    with open(os.path.join(os.path.dirname(site.dir), "staff.csv"), "w") as f:
        f.write("address,login,number,extension,display,password,pin\nerin@contoso.test,CONTOSO\\erin,+14255550199,4499,Erin,Pa55-word!,91357\n"
                "frank@contoso.test,,,,,,\n")
    twice(site, ["user import staff.csv", "user import staff.csv --update"])
    site.run("user set frank@contoso.test --display Other")
    assert json.loads(site.run("user import staff.csv -f json").stdout)["changed"] is False  # an empty field leaves what there is
    site.run("user set erin@contoso.test --display Other")
    assert "erin@contoso.test exists already" in site.run("user import staff.csv", 64).stderr
    assert json.loads(site.run("user import staff.csv --update -f json").stdout)["changed"] is True
    site.run("pin set erin@contoso.test --generate")
    assert json.loads(site.run("user import staff.csv --update -f json").stdout)["changed"] is True  # the PIN of the file is set
    site.run("user add alice@contoso.test --extension 4499", 73)
    site.run("user show nobody@contoso.test", 67)
    site.run("user frob", 64)


def test_every_list_is_as_the_page_says(site):
    see_a_phone(site)
    filled = 0
    for verb, (is_list, members) in SCHEMA.items():
        line = verb + {"user show": " 4411", "phones show": " 00:04:f2:00:00:06"}.get(verb, "")
        whole = json.loads(site.run(line + " -f json").stdout)
        assert whole["v"] == 1, (verb, whole)
        assert whole == json.loads(site.run(line + " --json").stdout) or verb.startswith("phones"), verb
        if is_list:
            assert set(whole) == {"v", "items"}, verb
            filled += len(whole["items"]) > 0
            for row in whole["items"]:
                record(row, members, verb)
        else:
            record(whole, members, verb)
        rows = list(csv.reader(io.StringIO(site.run(line + " -f csv").stdout)))
        if is_list:
            assert rows[0] == [m for m in members if members[m] != "list"], (verb, rows[0])
            assert len(rows) == 1 + len(whole["items"]) and all(len(r) == len(rows[0]) for r in rows), verb
        site.run(line)
    assert filled >= 6, "most of the lists should have something in them"


def test_every_verb_that_lists_is_on_the_page(site):
    done = [subprocess.run([os.path.join(BUILD, "dialtone"), v, "--help"], capture_output=True, text=True, timeout=20).stdout
            for v in LISTS]
    told = {f"{v} {w}" for v, text in zip(LISTS, done)
            for w in re.findall(r"^ {2}((?:testdevice |policy )?(?:list|show))\b", text, re.M)}
    assert told and told <= set(SCHEMA), told - set(SCHEMA)


def test_monitoring(site):
    done = site.run("status --check")
    assert re.fullmatch(r"DIALTONE OK - .* \| registered=0 processes=\d+ restarts=0 days=\d+\n", done.stdout), done
    site.daemon.terminate()
    site.daemon.wait(20)
    assert "CRITICAL - dialtoned is not running" in site.run("status --check", 2).stdout


def test_what_goes_may_go_twice(site):
    twice(site, LAST)
