"""Each fault once: the phone ends at its own stage with its own sentence."""
import glob
import os

import pytest

import servers
from lab import PIN, Lab


def codes(run):
    return [r["error"] for r in run.failures()]


def ends(run, status, code):
    assert run.status == status, run
    assert run.result.get("kind") == "result" and run.result.get("error") == code, run
    assert run.result.get("why") and run.result.get("fix"), run


def test_warm_start_without_a_pin():
    with Lab() as lab:
        lab.go()
        cold = lab.phone("--cold")
        assert cold.status == 0, cold
        warm = lab.phone(way="stored")
        assert warm.status == 0, warm
        assert "pin" not in " ".join(warm.tries("auth")).lower(), warm


def test_wrong_pin():
    with Lab() as lab:
        lab.go()
        with open(lab.pin_file, "w") as f:
            f.write(PIN[::-1] + "\n")
        run = lab.phone("--cold")
        ends(run, 7, "pin-refused")
        assert len([t for t in run.of("auth") if t.get("kind") == "attempt" and not t["ok"]]) == 1, run
        assert not lab.stored("user.pem") and not lab.stored("account")
        assert PIN[::-1] not in run.out + run.err


def test_web_server_stopped():
    with Lab() as lab:
        lab.go()
        lab.unplug_web()
        ends(lab.phone("--cold"), 6, "connect")
        lab.replug_web()
        assert lab.phone().status == 0


def test_warm_phone_whose_server_changed_its_ca():
    with Lab() as lab:
        lab.go()
        assert lab.phone("--cold").status == 0
        lab.stop_dialtoned()
        lab.make_site("site2")
        lab.start_dialtoned()
        run = lab.phone()
        assert run.status in (6, 9) and run.result["error"] in ("chain-changed", "tls-untrusted"), run
        assert "--cold" in run.result["fix"], run
        assert lab.phone("--cold").status == 0


def test_these_roots_or_none():
    """--trust: a chain that the network hands out is no anchor, and number and PIN are not sent."""
    with Lab() as lab:
        lab.go()
        other = lab.path("other.pem")
        lab.exec("core", "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-keyout", "/dev/null", "-out",
                 other, "-days", "30")
        got = lab.phone("--cold", "--trust", other)
        assert got.status == 6 and not got.tries("auth"), got
        assert lab.phone("--cold", "--trust", os.path.join(lab.site_dir, "ca.pem")).status == 0


def test_name_mismatch():
    site = servers.Site(dhcp_web="other.contoso.test", records=("host-record=other.contoso.test,10.20.0.10",))
    with Lab(site=site) as lab:
        lab.go()
        ends(lab.phone("--cold"), 6, "tls-name")


def test_clock_wrong_by_a_year_with_ntp_silent():
    faketime = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not faketime:
        pytest.skip("libfaketime is not installed")
    with Lab(site=servers.Site(ntp=False)) as lab:
        lab.go()
        run = lab.phone("--cold", env={"LD_PRELOAD": faketime[0], "FAKETIME": "-1y", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
        assert run.status in (2, 4, 6), run
        assert run.result["error"] in ("tls-date", "clock-wrong"), run


def test_clock_wrong_by_a_year_put_right_by_ntp():
    faketime = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    if not faketime:
        pytest.skip("libfaketime is not installed")
    with Lab() as lab:
        lab.go()
        run = lab.phone("--cold", env={"LD_PRELOAD": faketime[0], "FAKETIME": "-1y", "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
        assert run.status == 0, run


def test_no_dhcp_answer():
    with Lab(dhcp=None) as lab:
        lab.go()
        ends(lab.phone("--cold", seconds=200), 2, "dhcp-silent")


def test_neither_srv_nor_option_120():
    with Lab(site=servers.Site(srv=(), dhcp_sip="")) as lab:
        lab.go()
        ends(lab.phone("--cold"), 5, "registrar-none")


def test_a_killed_phone_leaves_no_address():
    with Lab() as lab:
        lab.go()
        p = lab.start_phone("--stay", "0")
        p.wait_said('"dialtone"', 90)
        os.kill(p.pid, 9)
        p.wait(5)
        assert "10.66.0" not in lab.ip("ph", "addr").stdout
