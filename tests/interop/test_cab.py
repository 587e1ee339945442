"""A package made with gcab, nested as UCUpdates.cab is: imported, and served octet for octet as it lies in it."""
import os
import shutil
import subprocess
import urllib.request

import pytest

from front_end import Site

PHONES = {"UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4387": 300_000, "UCPhone/Aastra/6725ip/A/ENU/4.0.7577.4372": 70_000}

pytestmark = pytest.mark.skipif(not shutil.which("gcab"), reason="gcab is not installed: script/install-packages test")


def cabinet(folder, name, *files, flags=()):
    subprocess.run(["gcab", "-c", *flags, name, *files], cwd=folder, check=True, capture_output=True)


def test_imported_and_served_as_it_is(tmp_path):
    files = {}
    for at, size in PHONES.items():
        os.makedirs(tmp_path / at)
        for name, octets in (("CPE.nbt", os.urandom(size)), ("CPE.cat", os.urandom(2000))):
            (tmp_path / at / name).write_bytes(octets)
            files[f"{at}/{name}"] = octets
    for n, at in enumerate(PHONES):
        cabinet(tmp_path, f"phone{n}.cab", f"{at}/CPE.nbt", f"{at}/CPE.cat", flags=["-z"])
    cabinet(tmp_path, "UCUpdates.cab", *(f"phone{n}.cab" for n in range(len(PHONES))))
    with Site(tmp_path, update_enabled="true") as site:
        done = site.admin("update", "import", tmp_path / "UCUpdates.cab", "--approve", "--json")
        assert done.stdout.count('"refused": null') == len(PHONES), done.stdout + done.stderr
        assert done.stdout.count('"changed": true') == len(PHONES), done.stdout
        again = site.admin("update", "import", tmp_path / "UCUpdates.cab", "--approve", "--json")
        assert again.stdout.count('"changed": false') == len(PHONES) and "unchanged: 2 images" in again.stderr, again
        listed = site.admin("update", "list").stdout
        assert "4.0.7577.4387" in listed and "4.0.7577.4372" in listed
        for path, octets in files.items():
            with urllib.request.urlopen(f"http://127.0.0.1:{site.http}/RequestHandler/Files/{path}", timeout=20) as answer:
                assert answer.read() == octets, path
        # a phone of that model is offered exactly this
        question = f"""<ImageUpdateRequest xmlns="urn:lync-bootstrap:device-update:1"><DeviceType>UCPhone</DeviceType>
            <MacAddress>00-04-F2-00-01-76</MacAddress><SerialNumber>1</SerialNumber><Vendor>POLYCOM</Vendor><Model>CX600</Model>
            <Revision>A</Revision><Locale>ENU</Locale><Modules><Module FileName="CPE.nbt" Version="4.0.7577.4066"
            TimeStamp="2010-01-01T00:00:00Z"/></Modules></ImageUpdateRequest>""".encode()
        ask = urllib.request.Request(f"http://127.0.0.1:{site.http}/RequestHandler/ucdevice.upx", question, {"Content-Type": "text/xml"})
        with urllib.request.urlopen(ask, timeout=20) as answer:
            told = answer.read().decode()
        assert "UCPhone/POLYCOM/CX600/A/ENU/4.0.7577.4387/CPE.nbt" in told and "CPE.cat" in told
        # damaged anywhere, it is refused, and nothing of it is taken
        whole = (tmp_path / "UCUpdates.cab").read_bytes()
        (tmp_path / "bad.cab").write_bytes(whole[: len(whole) // 2])
        bad = site.admin("update", "import", tmp_path / "bad.cab", "--model", "CX3000", check=False)
        assert bad.returncode == 64 and "CX3000" not in site.admin("update", "list").stdout
