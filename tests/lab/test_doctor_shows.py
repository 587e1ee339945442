"""What the doctor shows.  The bundle opens in tshark, holds no secret, and says the same again; a check for a monitoring system; two
runs side by side.

      phone ── p1 switch ── DHCP, DNS, servers
"""
import json
import os

import pytest

import servers
from bundles import again, findings, no_secret_in, text_of
from lab import PASSWORD, PIN, Lab


def site_for_real_phones():
    """A site that speaks TLS 1.0 where phones are: without it the doctor warns (C-09)."""
    site = servers.Site()
    site.init = [*site.init, "--legacy-known", "10.66.0.0/16, 10.10.0.0/16"]
    return site


def examined(lab, name, *args, **kw):
    """The doctor's status and findings, and the bundle that it wrote."""
    bundle = lab.path(name)
    argv = lab.phone_argv("--cold", "--lldp-wait", "3", "--bundle", bundle, *args, **kw)
    argv[1] = "doctor"
    at = argv.index("--keylog")
    del argv[at:at + 2]
    done = lab.exec("ph", *argv, seconds=200, check=False)
    assert os.stat(bundle).st_mode & 0o777 == 0o600
    return done.returncode, findings(done.stdout), bundle


def test_dial_tone():
    with Lab(site=site_for_real_phones()) as lab:
        lab.go()
        status, found, bundle = examined(lab, "b.json")
        assert (status, found) == (0, [])
        assert again(lab, bundle, "--pcapng", lab.path("b.pcapng")) == (0, [])
        with open(bundle) as f:
            text = f.read()
        document = json.loads(text)
        assert document["packets"]["held"] > 100 and document["packets"]["left_out"] == 0, document["packets"]
        assert any("BEGIN CERTIFICATE" in c["pem"] for c in document["certificates"]), document["certificates"]
        assert any(h["head"].startswith("HTTP/1.1 200") for h in document["heads"]), document["heads"]
        assert any(h["head"].startswith("SIP/2.0 ") for h in document["heads"]), document["heads"]
        no_secret_in(lab, text)
        seen = text_of(lab, lab.path("b.pcapng"))
        assert "REGISTER sip:" in seen and "SIP/2.0 200 OK" in seen  # the Registrar's connection opens by itself
        assert "WebTicketService.svc" not in seen                    # that with the PIN does not
        no_secret_in(lab, seen)
        assert lab.dialtone("doctor", "--capture", lab.path("b.pcapng")).stdout.startswith("1 phone: 1 with dial tone")


@pytest.mark.parametrize("way, model", [("pin", "cx600"), ("password", "cx700")])
def test_a_fault_is_the_same_again(way, model):
    with Lab() as lab:
        lab.go()
        with open(lab.pin_file, "w") as f:
            f.write(PIN[::-1] + "\n")
        with open(lab.password_file, "w") as f:
            f.write(PASSWORD[::-1] + "\n")
        status, found, bundle = examined(lab, "b.json", way=way, model=model)
        assert status in (7, 9) and found, found
        assert again(lab, bundle, "--pcapng", lab.path("b.pcapng"), "--html", lab.path("b.html")) == (status, found)
        page = open(lab.path("b.html")).read()
        assert "Certificates that were shown" in page and "issued by CN=contoso.test Root CA" in page and "HTTP/1.1 200" in page
        for text in (open(bundle).read(), page, text_of(lab, lab.path("b.pcapng"))):
            no_secret_in(lab, text)
            assert PIN[::-1] not in text and PASSWORD[::-1] not in text


def test_other_names():
    with Lab() as lab:
        lab.go()
        lab.unplug_web()
        status, found, bundle = examined(lab, "b.json", "--redact", "names")
        assert status == 6
        text = open(bundle).read()
        for name in ("contoso", "alice", "10.66.0.", "10.20.0.", "10.10.0.", lab.mac(), "access-switch", "pcapng", "BEGIN CERT"):
            assert name not in text, name
        code, same = again(lab, bundle)
        assert code == 6 and [(f["stage"], f["error"], [c["id"] for c in f["causes"]]) for f in same] == \
            [(f["stage"], f["error"], [c["id"] for c in f["causes"]]) for f in found]


# ---- other ways to run it ----------------------------------------------------------------------------------

def doctor(lab, *args, seconds=200, **kw):
    argv = lab.phone_argv("--lldp-wait", "3", *args, json_out=False, **kw)
    argv[1] = "doctor"
    return lab.exec("ph", *argv, seconds=seconds, check=False)


def test_check():
    with Lab(site=site_for_real_phones()) as lab:
        lab.go()
        good = doctor(lab, "--check", "--cold")
        assert good.returncode == 0 and good.stdout.startswith("DIALTONE OK: dial tone after ") and " | time=" in good.stdout, good
        lab.unplug_web()
        bad = doctor(lab, "--check", "--cold")
        assert bad.returncode == 2 and bad.stdout.startswith("DIALTONE CRITICAL: stage 6 fails: "), bad
        assert len(bad.stdout.splitlines()) == 1, bad
        none = doctor(lab, "--check", "--mac", "00:00:00:00:00:00")
        assert none.returncode == 3 and none.stdout.startswith("DIALTONE UNKNOWN: "), none


def test_again_and_again_until_the_pin_is_refused():
    with Lab() as lab:
        lab.go()
        with open(lab.pin_file, "w") as f:
            f.write(PIN[::-1] + "\n")
        done = doctor(lab, "--check", "--cold", "--every", "30s", seconds=60)  # it ends by itself
        assert done.returncode == 2 and "would lock the user" in done.stderr, done
        assert len(done.stdout.splitlines()) == 1, done


def test_warm_against_cold():
    with Lab() as lab:
        lab.go()
        assert doctor(lab, "--cold").returncode == 0
        lab.unplug_web()  # a phone that has its certificate does not need it
        done = doctor(lab, "--compare", "cold")
        lines = done.stdout.splitlines()
        assert lines[0].split() == ["cx600,", "warm", "cx600,", "cold"], done
        assert "dial tone" in lines[10] and "stage 6 fails" in lines[10], done
        assert "only with cx600, cold: stage 6: " in done.stdout, done
        assert done.returncode == 6


def test_no_second_attempt():
    with Lab() as lab:
        lab.go()
        with open(lab.pin_file, "w") as f:
            f.write(PIN[::-1] + "\n")
        done = doctor(lab, "--cold", "--compare", "cx500")
        assert done.returncode == 7 and "not run" in done.stdout and "send them again" in done.stderr, done
