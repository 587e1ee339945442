"""A phone that root starts reads a network that may be hostile: /proc tells what is left of root."""
import contextlib
import json
import os
import pwd
import stat
import subprocess

from lab import BUILD, Lab, LabError
from proc import children, wait_for

NET_ADMIN, NET_RAW, DAC_OVERRIDE, FOWNER = 12, 13, 1, 3


def status(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def open_file(path):
    """/proc shows the path as it is outside of a root folder of our own: /dev/null is known by its number."""
    return "/dev/null" if os.path.samestat(os.stat(path), os.stat("/dev/null")) else os.readlink(path).split(":")[0]


def open_files(pid):
    return sorted(open_file(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd"))


def capabilities(s, name):
    bits = int(s[name], 16)
    return {n for n in range(64) if bits >> n & 1}


def registered(lab, phone):
    wait_for("alice is registered", lambda: "alice@" in lab.admin("status", "--registered").stdout, 60, phone.ended)
    phone.wait_said('"dialtone"', 60)  # the phone itself reads the answer a moment later


def is_lowered(pid, uid):
    """A process of that user, with two capabilities, which starts nothing that would have more."""
    s = status(pid)
    assert s["Uid"].split() == [str(uid)] * 4, s["Uid"]
    assert "0" not in s["Gid"].split() and s["Groups"].strip() == "", (s["Gid"], s["Groups"])
    assert capabilities(s, "CapEff") == capabilities(s, "CapPrm") == {NET_ADMIN, NET_RAW}, s["CapEff"]
    assert not capabilities(s, "CapInh") and not capabilities(s, "CapBnd") and not capabilities(s, "CapAmb")
    assert s["NoNewPrivs"] == "1" and s["Seccomp"] == "2", s
    with open(f"/proc/{pid}/limits") as f:
        assert next(line for line in f if line.startswith("Max core file size")).split()[4:6] == ["0", "0"]


def the_broker(pid):
    """It stays root, and can write files and nothing else; it has nothing of the network."""
    broker, = children(pid)
    wait_for("the broker is confined", lambda: status(broker)["Seccomp"] == "2", 20)
    s = status(broker)
    assert s["Uid"].split() == ["0"] * 4
    assert capabilities(s, "CapEff") == capabilities(s, "CapPrm") == {DAC_OVERRIDE, FOWNER}, s["CapEff"]
    assert s["NoNewPrivs"] == "1" and s["Seccomp"] == "2", s
    # between two requests: what it opens for one it hands over and closes
    expected, seen = ["/dev/null"] * 3 + ["socket"], []

    def holds_nothing():
        seen[:] = open_files(broker)
        return seen == expected

    with contextlib.suppress(LabError):  # the assertion says more
        wait_for("it holds nothing", holds_nothing, 5)
    assert seen == expected
    return broker


def test_a_phone_gives_root_up():
    with Lab() as lab:
        lab.go()
        phone = lab.start_phone("--stay", "0")
        registered(lab, phone)
        is_lowered(phone.pid, pwd.getpwnam("dialtone-phone").pw_uid)
        broker = the_broker(phone.pid)
        folder = os.stat(lab.path("phone"))
        assert folder.st_uid == pwd.getpwnam("dialtone-phone").pw_uid and stat.S_IMODE(folder.st_mode) == 0o700
        assert {os.stat(e).st_uid for e in os.scandir(lab.path("phone"))} == {folder.st_uid}
        phone.popen.kill()
        phone.popen.wait(10)
        wait_for("the broker ends with the phone", lambda: not os.path.exists(f"/proc/{broker}"))
        assert lab.phone(way="stored").status == 0  # with what is stored


def test_the_doctor_gives_root_up_and_still_writes_where_root_may():
    with Lab() as lab:
        lab.go()
        lab.stop_dialtoned()
        out = lab.path("closed")
        os.mkdir(out, 0o700)
        argv = lab.phone_argv(json_out=False)
        argv[1] = "doctor"
        doctor = lab.start("doctor", [*argv, "--bundle", os.path.join(out, "b.json"), "--html", os.path.join(out, "b.html"), "--pcapng",
                                      os.path.join(out, "b.pcapng")], "ph")
        wait_for("the doctor is confined", lambda: status(doctor.pid)["Seccomp"] == "2", 20, doctor.ended)
        is_lowered(doctor.pid, pwd.getpwnam("dialtone-phone").pw_uid)
        the_broker(doctor.pid)
        assert doctor.popen.wait(180) not in (0, 70, 78), open(doctor.log).read()
        with open(os.path.join(out, "b.json")) as f:
            assert json.load(f)["record"]
        for name in ("b.json", "b.html", "b.pcapng"):
            st = os.stat(os.path.join(out, name))
            assert st.st_size > 1000 and stat.S_IMODE(st.st_mode) == 0o600 and st.st_uid == 0, name
        assert sorted(os.listdir(out)) == ["b.html", "b.json", "b.pcapng"]


def test_the_owner_of_the_folder_is_who_the_phone_runs_as():
    with Lab() as lab:
        lab.go()
        os.mkdir(lab.path("phone"), 0o700)
        os.chown(lab.path("phone"), 12345, 12345)
        phone = lab.start_phone("--stay", "0")
        registered(lab, phone)
        is_lowered(phone.pid, 12345)
        assert lab.stop(phone) == 0


def test_root_gives_no_folder_away_that_is_not_a_phones():
    with Lab() as lab:
        lab.go()
        for name, make in {"sub": lambda p: os.mkdir(p), "link": lambda p: os.symlink("/etc/shadow", p),
                           "twice": lambda p: os.link(lab.write("original", "x"), p)}.items():
            folder = lab.path(name + "-folder")
            os.mkdir(folder, 0o700)
            make(os.path.join(folder, name))
            run = lab.phone(state=name + "-folder")
            assert run.status == 78 and name in run.err and "--state" in run.err, run.err
            assert os.stat(folder).st_uid == 0 and os.lstat(os.path.join(folder, name)).st_uid == 0
        open_folder = lab.path("open")
        os.mkdir(open_folder)
        os.chmod(open_folder, 0o777)
        assert lab.phone(state="open").status == 78
        os.symlink("/etc", lab.path("other"))
        assert lab.phone(state="other").status == 78 and os.stat("/etc").st_uid == 0


def test_a_network_namespace_of_its_own_needs_root_only_to_be_made():
    with Lab() as lab:
        lab.go()
        argv = [a for a in lab.phone_argv("--stay", "0") if a != "--take"]
        phone = lab.start("phone", argv, "ph")
        registered(lab, phone)
        is_lowered(phone.pid, pwd.getpwnam("dialtone-phone").pw_uid)
        assert os.readlink(f"/proc/{phone.pid}/ns/net") != os.readlink(f"/proc/{lab.daemon.pid}/ns/net")
        assert subprocess.run([os.path.join(BUILD, "dialtone"), "handset", "status", "--state", lab.path("phone")],
                              capture_output=True).returncode == 0
        assert lab.stop(phone) == 0


def test_who_only_watches_keeps_nothing():
    with Lab() as lab:
        page = lab.path("page.html")
        watch = lab.start("watch", [os.path.join(BUILD, "dialtone"), "doctor", "--capture", "p1", "--seconds", "4", "--html", page], "sw")
        wait_for("it is confined", lambda: status(watch.pid)["Seccomp"] == "2", 20, watch.ended)
        s = status(watch.pid)
        assert s["Uid"].split() == [str(pwd.getpwnam("dialtone-phone").pw_uid)] * 4 and not capabilities(s, "CapPrm"), s
        watch.popen.wait(30)
        assert os.stat(page).st_uid == 0 and os.path.getsize(page) > 1000
