"""Other ways to run the doctor: as a check for a monitoring system, and two runs side by side.

      phone ── p1 switch ── DHCP, DNS, servers
"""
from lab import PIN, Lab


def doctor(lab, *args, seconds=200, **kw):
    argv = lab.phone_argv("--lldp-wait", "3", *args, json_out=False, **kw)
    argv[1] = "doctor"
    return lab.exec("ph", *argv, seconds=seconds, check=False)


def test_check():
    with Lab() as lab:
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
