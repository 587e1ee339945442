"""Moving in: what Get-CsUser | Export-Csv and Get-CsCommonAreaPhone | Export-Csv write is imported as it is, each faulty line told,
and a hundred thousand take no more memory than a few."""
import contextlib
import csv
import json
import os
import pty
import re
import stat
import subprocess

import pytest

from programs import BUILD, Site, open_folder

HEAD = ["Identity", "VoicePolicy", "PinPolicy", "RegistrarPool", "Enabled", "SipAddress", "LineURI", "EnterpriseVoiceEnabled", "DisplayName",
        "SamAccountName", "WhenCreated"]
TYPE = "#TYPE Microsoft.Rtc.Management.ADConnect.Schema.OCSADUser\r\n"


def user(n, **other):
    row = {"Identity": f"CN=User {n},OU=Staff,DC=contoso,DC=test", "RegistrarPool": "lync.contoso.test", "Enabled": "TRUE",
           "SipAddress": f"sip:user{n:03}@contoso.test", "LineURI": f"tel:+1425555{n:04};ext={7000 + n}", "EnterpriseVoiceEnabled": "TRUE",
           "DisplayName": f"User \"{n}\", Staff", "SamAccountName": f"user{n:03}", "WhenCreated": "11/30/2013 8:00:00 AM", **other}
    return [row.get(h, "") for h in HEAD]


FAULTS = {  # by row
    10: {"LineURI": "tel:+1425555x010"}, 20: {"LineURI": "sip:user020@contoso.test"}, 30: {"LineURI": "tel:"}, 40: {"LineURI": "tel:+1425555004;ext=70a0"},
    50: {"LineURI": "tel:+14255550050;ext="}, 60: {"SipAddress": ""}, 70: {"SipAddress": "sip:"}, 80: {"SipAddress": "user080"},
    90: {"SipAddress": "sip:user090@fabrikam.test"}, 100: {"SipAddress": "sip:user 100@contoso.test"}, 110: {"SipAddress": "sip:user099@contoso.test"},
    120: {"SipAddress": "sip:USER119@contoso.test"}, 130: {"SipAddress": "sip:@contoso.test"}, 140: {"SipAddress": "sip:a@b@contoso.test"},
    150: {"SipAddress": "tel:+14255550150"}, 160: {"Enabled": "WAHR"}, 170: {"Enabled": "1"}, 180: {"SamAccountName": "user/180"},
    190: {"SamAccountName": "user189"}, 200: {"SamAccountName": "\"user\""}, 210: {"DisplayName": "a\x07b"}, 220: {"DisplayName": "x" * 300},
    230: {"LineURI": "tel:+14255550229;ext=7229"}, 240: {"LineURI": "tel:+142555502400000000000"}, 250: {"LineURI": "+1 (425) 555 0250 x7250"},
    260: {"SipAddress": "sip:" + "x" * 250 + "@contoso.test"}, 270: {"LineURI": "tel:12345678901234567890123"}, 280: {"SipAddress": "sip:user280@contoso..test"},
}


@pytest.fixture
def site(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("the site's users are made by root")
    return Site(open_folder(tmp_path_factory.mktemp("import")))


def run(site, *args, status=0):
    done = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", site.conf, "user", *args], capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done
    return done


def write(site, name, rows, head=HEAD, first=TYPE, tail=""):
    path = site.path(name)
    with open(path, "w", newline="", encoding="utf-8") as f:
        f.write("\ufeff" + first)
        csv.writer(f, quoting=csv.QUOTE_ALL).writerows([head, *rows])
        f.write(tail)
    return path


def test_every_fault_is_told(site):
    path = write(site, "faulty.csv", [user(n, **FAULTS.get(n, {})) for n in range(1, 499)],
                 tail='"too","few"\r\n"' + '","'.join(["x"] * (len(HEAD) + 1)) + '"\r\n')
    done = run(site, "import", path, "--all", status=64)
    told = {int(m) for m in re.findall(r"faulty\.csv:(\d+): (?!note:)", done.stderr)}
    assert told == {n + 2 for n in FAULTS} | {501, 502}, sorted(told ^ ({n + 2 for n in FAULTS} | {501, 502}))
    assert "30 lines are wrong; nothing was imported" in done.stderr
    assert json.loads(run(site, "list", "--json").stdout)["items"] == []


def test_two_faults_in_one_line_are_told_at_once(site):
    path = write(site, "two.csv", [user(1, Enabled="WAHR", LineURI="sip:user001@contoso.test", SamAccountName="a/b"), user(2, Enabled="1")])
    done = run(site, "import", path, status=64)
    first, second = re.findall(r"two\.csv:\d+: (.*)", done.stderr)
    assert all(word in first for word in ("Enabled is 'WAHR'; type yes or no; and ", "LineURI is 'sip:user001@contoso.test'; type it like tel:", "a/b")), first
    assert "; and " not in second and "Enabled is '1'" in second, second  # nothing of the line before


def test_an_export_as_it_is(site):
    pins = site.path("pins.csv")
    path = write(site, "users.csv", [user(n, Enabled="FALSE" if n == 3 else "TRUE", LineURI="tel:7004" if n == 4 else f"tel:+1425555{n:04};ext={7000 + n}")
                                     for n in range(1, 6)])
    dry = run(site, "import", path, "--dry-run", "--generate-pins", pins)
    assert "5 users would be imported" in dry.stderr and not os.path.exists(pins)
    run(site, "import", path, "--generate-pins", pins)
    users = {u["address"]: u for u in json.loads(run(site, "list", "--json").stdout)["items"]}
    one = users["user001@contoso.test"]
    assert (one["login"], one["number"], one["extension"], one["display"]) == ("CONTOSO\\user001", "+14255550001", "7001", 'User "1", Staff'), one
    assert one["home_pool"] is None and one["enabled"] and not users["user003@contoso.test"]["enabled"]
    assert (users["user004@contoso.test"]["number"], users["user004@contoso.test"]["extension"]) == (None, "7004")
    made = list(csv.DictReader(open(pins)))
    assert len(made) == 5 and all(re.fullmatch(r"\d{5,}", m["pin"]) for m in made) and made[0]["extension"] == "7001", made
    assert stat.S_IMODE(os.stat(pins).st_mode) == 0o600
    assert "name a new file" in run(site, "import", path, "--update", "--generate-pins", pins, status=73).stderr


def test_common_area_phones(site):
    head = ["Identity", "RegistrarPool", "Enabled", "SipAddress", "LineURI", "DisplayNumber", "DisplayName", "Description"]
    row = ["CN=1", "lync.contoso.test", "True", "sip:8f0a@contoso.test", "tel:+14255556710", "+1 (425) 555-6710", "Lobby", ""]
    run(site, "import", write(site, "rooms.csv", [row], head, "#TYPE Microsoft.Rtc.Management.ADConnect.Schema.OCSADCommonAreaPhoneContact\r\n"))
    room, = json.loads(run(site, "list", "--json").stdout)["items"]
    assert (room["kind"], room["number"], room["display_number"], room["display"]) == ("common-area", "+14255556710", "+1 (425) 555-6710", "Lobby"), room


def test_without_the_type_line(site):
    run(site, "import", write(site, "users.csv", [user(1)], first=""))
    assert len(json.loads(run(site, "list", "--json").stdout)["items"]) == 1


def peak(pid):
    """In kilobytes; the kernel's own count at its end would have that of Python before its exec in it."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError), open(f"/proc/{pid}/status") as f:
        return [int(line.split()[1]) for line in f if line.startswith("VmHWM")]
    return []


def measured(site, n):
    """What the import of so many users takes, in seconds of CPU and kilobytes, and what a terminal shows of it."""
    path = write(site, f"{n}.csv", [user(k, SamAccountName=f"u{n}x{k}", SipAddress=f"sip:u{n}x{k}@contoso.test", LineURI=f"tel:+1425{n + k:07};ext={k}")
                                    for k in range(n)])
    terminal, shown = pty.openpty()
    child = subprocess.Popen([os.path.join(BUILD, "dialtone"), "-c", site.conf, "user", "import", path], stderr=shown, stdout=subprocess.DEVNULL)
    os.close(shown)
    said, most = b"", 0
    with contextlib.suppress(OSError):  # EIO: the other end is closed
        while part := os.read(terminal, 4096):
            said += part
            most = max([most, *peak(child.pid)])
    os.close(terminal)
    _, status, used = os.wait4(child.pid, 0)
    assert status == 0 and f"{n} users imported" in said.decode(), said[-500:]
    return used.ru_utime + used.ru_stime, most, said.decode()


def test_many_users_cost_time_but_no_memory(site):
    few_s, few_kb, _ = measured(site, 10000)
    many_s, many_kb, said = measured(site, 50000)
    assert 0 < many_kb < few_kb + 4096, (few_kb, many_kb)
    assert many_s < 5 * few_s * 2.5, (few_s, many_s)  # as many times as long, not its square
    assert re.search(r"\d+ users judged, \d+ % of the file.*\d+ users stored, \d+ % of the file", said, re.S), said[:500]
