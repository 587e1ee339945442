"""What somebody at a shell does to a phone: stops it, starts it again at once, starts it twice."""
import os
import signal
import subprocess
import time

import pytest

from lab import BUILD, Lab
from proc import run, wait_for


def own(lab, *args, **kw):
    """The phone in a namespace of its own, as `dialtone connect` is typed on a machine that has other things to do."""
    return [a for a in lab.phone_argv(*args, **kw) if a != "--take"]


def test_stopped():
    """Control-C: a record that says so, which the doctor reads, and no diagnosis of what has not failed."""
    with Lab(dhcp=None) as lab:
        lab.go()
        p = lab.start_phone("--cold")
        p.wait_said('"vlan"', 60)
        time.sleep(1)
        os.kill(p.pid, signal.SIGINT)
        assert p.wait(15) == 2
        with open(p.log) as f:
            lines = f.read().splitlines()
        assert '"error":"stopped"' in lines[-1] and '"fix":"' in lines[-1] and '"kind":"result"' in lines[-1], lines
        done = lab.dialtone("doctor", "--record", p.log, check=False)
        assert done.returncode == 2, done
        assert "STAGE 2 was stopped" in done.stdout and "fails" not in done.stdout, done.stdout


def test_a_model_that_cannot():
    """It is said at once, and what the model can; the interface is not touched (there is none of that name)."""
    phone = [os.path.join(BUILD, "dialtone"), "connect", "--interface", "nowhere0"]
    done = run([*phone, "--model", "cx700", "--extension", "4411"], check=False)
    assert done.returncode == 64 and done.stdout == "", done
    assert "'--extension 4411': Polycom CX700 cannot sign in with number and PIN; it can with user name" in done.stderr, done.stderr
    for model, more in (("cx600", []), ("cx500", ["--tethered"])):
        done = run([*phone, "--model", model, "--user", "CONTOSO\\alice", "--sip", "alice@contoso.test", *more], check=False)
        assert done.returncode == 64 and "cannot sign in with user name and password" in done.stderr, done.stderr


def test_init(tmp_path):
    """What it says to put into DNS, and what it refuses or doubts."""
    def init(*args, name="site"):
        done = run([os.path.join(BUILD, "dialtone"), "init", tmp_path / name, "--domain", "contoso.test", *args], check=False)
        return done.returncode, done.stdout, done.stderr

    status, out, err = init("--fqdn", "fe01.contoso.test", "--address", "10.20.0.10", "--external-fqdn", "sip.contoso.test",
                            "--external-web-fqdn", "web.contoso.test", "--external-address", "10.30.0.10")
    assert status == 0 and err == "", err
    for line in ("  fe01.contoso.test. A 10.20.0.10", "  sip.contoso.test. A PUBLIC", "  web.contoso.test. A PUBLIC",
                 "  _sip._tls.contoso.test. SRV 0 0 443 sip.contoso.test."):
        assert line in out.splitlines(), out
    there = f"'{tmp_path}/site/dialtone.conf' is there already"
    assert init("--fqdn", "fe01.contoso.test") == (0, "", f"unchanged: {there}\n")
    assert init("--fqdn", "fe01.contoso.test", "--address", "10.20.0.11") == (
        73, "", f"dialtone init: {there}, with another address: edit it, or choose another folder\n")
    status, out, err = init("--fqdn", "fe01.fabrikam.test", name="other")
    assert status == 0 and "note: 'fe01.fabrikam.test' is not below contoso.test" in err, err
    assert "(ADDRESS: of this server)" in out, out
    (tmp_path / "file").write_text("precious")
    for args, name, status, words in (
            (("--fqdn", "fe01"), "x", 64, "'--fqdn fe01': a name with its domain is needed"),
            (("--fqdn", "fe..01.contoso.test"), "x", 64, "'--fqdn fe..01.contoso.test': it has an empty label"),
            (("--fqdn", "fe01.contoso.test"), "file", 73, "it is a file; choose another folder"),
            (("--fqdn", "fe01.contoso.test", "--external-fqdn", "sip.contoso.test"), "x", 78, "type: --external-address A")):
        got = init(*args, name=name)
        assert got[0] == status and got[1] == "" and words in got[2], got
    assert (tmp_path / "file").read_text() == "precious"
    assert not (tmp_path / "x" / "dialtone.conf").exists()


def test_one_run_behind_the_other():
    """The kernel takes the last run's namespace down a moment later than the run itself ends: the next one waits for that."""
    with Lab() as lab:
        lab.go()
        for _ in range(2):
            done = run(own(lab, "--cold"), netns=lab.ns("ph"), seconds=60, check=False)
            assert done.returncode == 0, done
        p = lab.start("phone", own(lab, "--stay", "0"), "ph")
        p.wait_said('"dialtone"', 60)
        os.kill(p.pid, signal.SIGKILL)
        p.wait(5)
        done = run(own(lab), netns=lab.ns("ph"), seconds=60, check=False)
        assert done.returncode == 0, done


def test_the_same_phone_twice():
    with Lab() as lab:
        lab.go()
        p = lab.start("phone", own(lab, "--stay", "0"), "ph")
        p.wait_said('"dialtone"', 60)
        done = run(own(lab, state="another"), netns=lab.ns("ph"), seconds=60, check=False)
        assert done.returncode == 78 and done.stdout == "", done
        assert "a phone with the MAC address 00:04:f2:" in done.stderr and "--mac" in done.stderr, done.stderr
        done = run(own(lab, "--mac", "00:04:f2:aa:bb:cc"), netns=lab.ns("ph"), seconds=60, check=False)
        assert done.returncode == 78 and "another phone uses it now" in done.stderr, done.stderr
        os.kill(p.pid, signal.SIGTERM)
        assert p.wait(15) == 0


@pytest.mark.parametrize("form", ["json", "text"])
def test_nobody_reads(form):
    """dialtone connect | head: when its reader has gone the phone hangs up, and gives back what it has taken."""
    with Lab() as lab:
        lab.go()
        argv = lab.phone_argv("--cold", "--stay", "0", json_out=form == "json")
        with lab.capture() as capture:
            p = subprocess.Popen(["ip", "netns", "exec", lab.ns("ph"), *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            assert any(b"address" in line.lower() for line in p.stdout)
            p.stdout.close()
            assert p.wait(60) in range(2, 10)  # the stage: neither dial tone nor death by SIGPIPE
        assert lab.tshark(capture, "-Y", f"dhcp.option.dhcp == 7 && eth.src == {lab.mac()}"), "no RELEASE"


def test_no_core():
    """A program that may hold a PIN writes no core, and nobody of the same user looks inside: its /proc is root's."""
    p = subprocess.Popen([os.path.join(BUILD, "dialtone"), "decode", "dhcp", "-"], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                         user=1, group=1, extra_groups=[])
    wait_for("its /proc is root's", lambda: os.stat(f"/proc/{p.pid}/environ").st_uid == 0, 5, p.poll)
    p.communicate(timeout=5)


def test_the_phones_disk_is_full():
    """At the stage that wanted to keep something, with what, and why not."""
    with Lab() as lab:
        lab.go()
        os.mkdir(lab.path("phone"))
        run(["mount", "-t", "tmpfs", "-o", "size=4k,mode=755", "tmpfs", lab.path("phone")])
        try:
            got = lab.phone("--cold")
            assert got.status == 6 and got.result["error"] == "store", got
            assert got.result["why"].endswith(".pem cannot be written: No space left on device"), got
        finally:
            run(["umount", lab.path("phone")])
        assert lab.phone("--cold").status == 0


def test_a_full_disk(tmp_path):
    """A value that does not fit is refused with its reason, and nothing that was there is lost."""
    staff = tmp_path / "staff.csv"
    staff.write_text("address,extension\n" + "".join(f"user{i}@contoso.test,{10000 + i}\n" for i in range(4000)))
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f"""
mount -t tmpfs -o size=500k tmpfs {disk} || exit 99
d() {{ {os.path.join(BUILD, "dialtone")} -c {disk}/site/dialtone.conf "$@"; echo "status $?"; }}
{os.path.join(BUILD, "dialtone")} init {disk}/site --domain contoso.test --fqdn fe01.contoso.test >/dev/null || exit 98
d user add alice@contoso.test
d user import {staff}
dd if=/dev/zero of={disk}/fill bs=4k 2>/dev/null
d user list
i=0 # the log of the store has room for a few
while [ $i -lt 100 ] && {os.path.join(BUILD, "dialtone")} -c {disk}/site/dialtone.conf user add zoe$i@contoso.test; do i=$((i + 1)); done
echo "added $i"
d user add zoe@contoso.test
rm {disk}/fill
d user list
"""
    done = run(["unshare", "-m", "sh", "-c", script], seconds=60, env={"ASAN_OPTIONS": "detect_leaks=0"})
    said, lines = done.stderr, done.stdout.splitlines()
    assert "database or disk is full: its disk is full" in said and "of the file are stored; mend it, then import the file again with --update" in said, done
    assert "the store failed at 'zoe@contoso.test': database or disk is full" in said, done
    assert [line for line in lines if line.startswith("status")] == ["status 0", "status 74", "status 0", "status 74", "status 0"], done
    users, zoes, alices = (sum(line.startswith(name) for line in lines) for name in ("user", "zoe", "alice@"))  # users, alice: in two lists
    assert users % 2 == 0 and f"the first {users // 2} users of the file are stored" in said, done
    assert f"added {zoes}" in lines and alices == 2, done
