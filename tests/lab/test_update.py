"""Stage 4: an update is offered, fetched, verified, installed; the phone restarts as the new version and signs in."""
import glob
import os
import random
import re

import pytest

from lab import Lab
from proc import wait_for

NEW = "4.0.7577.4455"
MIB = 1 << 20


def offer(lab, size=100_000, seed=4):
    payload = lab.path("payload")
    with open(payload, "wb") as f:
        f.write(random.Random(seed).randbytes(size))
    image = lab.path("CPE.nbt")
    lab.admin("update", "sign", payload, "--vendor", "POLYCOM", "--model", "CX600", "--version", NEW, "--out", image)
    lab.admin("update", "import", image, "--approve")
    return image


def kept(lab):
    """The image as it lies in the update store."""
    found = glob.glob(os.path.join(lab.site_dir, "files", "**", "CPE.nbt"), recursive=True)
    assert len(found) == 1, found
    return found[0]


def restarts(run):
    return [r for r in run.records if r.get("kind") == "restart"]


def test_it_restarts_as_the_new_version():
    with Lab() as lab:
        lab.go()
        offer(lab)
        run = lab.phone("--cold")
        assert run.status == 0 and len(restarts(run)) == 1, run
        again = lab.phone(way="stored")
        assert again.status == 0 and restarts(again) == [], again  # no loop
        assert NEW in lab.admin("device", "list").stdout


def test_a_tampered_image_is_refused_and_the_phone_goes_on():
    with Lab() as lab:
        lab.go()
        offer(lab)
        with open(kept(lab), "r+b") as f:
            f.seek(-1000, os.SEEK_END)
            octet = f.read(1)
            f.seek(-1000, os.SEEK_END)
            f.write(bytes([octet[0] ^ 1]))
        run = lab.phone("--cold")
        assert run.status == 0 and restarts(run) == [], run
        assert "update-signature" in [r["error"] for r in run.failures()], run


def served(lab, capture):
    """Octets of its streams that the front end sent from port 80, each counted once, however often it was sent."""
    out = lab.tshark(capture, "-Y", "tcp.srcport == 80 && tcp.len > 0", "-T", "fields", "-e", "tcp.stream", "-e", "tcp.seq", "-e", "tcp.len")
    total, stream, end = 0, None, 0
    for s, seq, length in sorted(tuple(map(int, line.split())) for line in out.splitlines()):
        if s != stream:
            stream, end = s, 0
        total += max(0, seq + length - max(seq, end))
        end = max(end, seq + length)
    return total


@pytest.mark.parametrize("how", ["the phone is killed", "the server is killed"])
def test_an_interrupted_download_resumes(how):
    with Lab() as lab:
        lab.go()
        offer(lab, 6 * MIB)
        lab.slow_web("20mbit")

        def fetched():
            return max([os.path.getsize(f) for f in glob.glob(lab.path("phone", "image.*"))], default=0)

        with lab.capture() as capture:
            p = lab.start_phone("--cold")
            wait_for("a third of the image", lambda: fetched() > 2 * MIB, 60, p.ended)
            if how == "the phone is killed":
                lab.stop(p, sig=9)
                had = fetched()
                run = lab.phone()
                assert run.status == 0 and len(restarts(run)) == 1, run
            else:
                lab.stop_dialtoned(sig=9)
                had = fetched()
                lab.start_dialtoned()
                assert p.wait(90) == 0, p.log
                assert p.said('"restart"')
        total = served(lab, capture)
        print(f"image {6 * MIB} octets, {had} there when it broke off, {total} sent in all")
        assert MIB < had < 6 * MIB
        # All of it once, and what was on its way when it broke off (at most a megabyte), not twice.
        assert 6 * MIB <= total < 7 * MIB + 200_000
        asked = lab.tshark(capture, "-Y", 'http.request.line contains "Range"', "-T", "fields", "-e", "http.request.line")
        asked = re.findall(r"Range: *(bytes=\d+-)", asked)
        assert any(not r.startswith("bytes=0-") for r in asked), asked
