"""What each process of dialtoned may do, and what root does with folders that are not root's.

A captured process is played by a program that runs as its user, with the rights that its user has.
"""
import os
import pty
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "interop"))

import front_end  # noqa: E402
import peers  # noqa: E402
from proc import children, wait_for  # noqa: E402

VAULT, WORKER, LEGACY = "dialtone-vault", "dialtone", "dialtone-legacy"
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become others")


class Stopped(front_end.Site):
    """A site that is made and not started."""

    def start(self):
        self.started = False


@pytest.fixture
def site(tmp_path):
    with front_end.Site(tmp_path, workers=2) as s:
        yield s


@pytest.fixture
def made(tmp_path):
    with Stopped(tmp_path, workers=1) as s:
        yield s


def uid(user):
    return pwd.getpwnam(user).pw_uid


def as_user(user, *argv):
    who = pwd.getpwnam(user)
    return peers.run(["setpriv", f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups", *argv])


def roles(site):
    """{pid: "worker"} of the running processes."""
    names = {}
    for pid in children(site.daemon.pid):
        with open(f"/proc/{pid}/comm") as f:
            names[pid] = f.read().strip()
    return names


def owner(path):
    return pwd.getpwuid(os.lstat(path).st_uid).pw_name


def init(site, *args):
    return peers.run([peers.program("dialtone"), "init", site.dir, *args])


def precious(site):
    """A file of root's beside the site, as /etc/shadow is one."""
    path = os.path.join(site.folder, "precious")
    with open(path, "w") as f:
        f.write("root's alone\n")
    os.chmod(path, 0o600)
    return path


def is_roots(path):
    st = os.stat(path)
    return st.st_uid == 0 and st.st_gid == 0 and stat.S_IMODE(st.st_mode) == 0o600


# ---- users ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("users, words", [
    ({"worker_user": '""'}, ["worker_user is empty"]),
    ({"worker_user": VAULT}, ["user and worker_user are the same user", VAULT]),
    ({"user": WORKER}, ["the same user", WORKER]),
    ({"user": "nobody"}, ["user: other programs", "nobody"]),
    ({"worker_user": "www-data"}, ["worker_user: other programs", "www-data"]),
    ({"legacy_user": "nobody", "legacy": "on"}, ["legacy_user: other programs"]),
    ({"legacy_user": WORKER, "legacy": "on"}, ["worker_user and legacy_user are the same"]),
    ({"worker_user": "root"}, ["is root"]),
    ({"worker_user": "no-such-user"}, ["there is no such user"]),
], ids=lambda x: "-".join(f"{k}={v}" for k, v in x.items()) if isinstance(x, dict) else "")
def test_no_start_without_separation(made, users, words):
    made.edit(**users)
    for args in (["-t"], []):
        done = peers.run([peers.program("dialtoned"), *args, "-c", made.conf], env={"ASAN_OPTIONS": "detect_leaks=0"})
        said = done.stdout + done.stderr
        assert done.returncode == 78 and all(word in said for word in words), said
        assert f"dialtone init {made.dir} --owners" in said, said
        assert len(said.strip().splitlines()) == 1, said


def test_no_site_without_separation(tmp_path):
    for args, word in [(["--user", "nobody"], "other programs"), (["--worker-user", VAULT], "the same user")]:
        done = peers.run([peers.program("dialtone"), "init", tmp_path / "s", "--domain", "contoso.test", "--fqdn", "fe01.contoso.test",
                          *args])
        assert done.returncode == 78 and word in done.stderr, done
        assert not os.path.exists(tmp_path / "s" / "dialtone.conf")


def test_an_older_site_is_handed_over(made):
    """As an older release left it: nobody's vault, www-data's keys and logs, the root's key in the vault."""
    os.makedirs(f"{made.dir}/logs/Server/Audit")
    with open(f"{made.dir}/logs/Server/Audit/a.csv", "w") as f:
        f.write("x\n")
    os.rename(f"{made.dir}/root.pem", f"{made.dir}/vault/root.pem")
    for path in (["vault"] + [f"vault/{n}" for n in os.listdir(f"{made.dir}/vault") if n != "root.pem"]):
        shutil.chown(os.path.join(made.dir, path), "nobody", "nogroup")
    for path in ("logs", "logs/Server", "logs/Server/Audit", "logs/Server/Audit/a.csv", "server.pem"):
        shutil.chown(os.path.join(made.dir, path), "www-data", "www-data")
    with open(made.conf) as f:
        text = re.sub("(?m)^(user|worker_user|legacy_user) .*\n", "", f.read())
    with open(made.conf, "w") as f:
        f.write(text)
    done = init(made, "--owners")
    assert done.returncode == 0, done
    for folder, _, files in os.walk(f"{made.dir}/vault"):
        assert {owner(os.path.join(folder, n)) for n in files} | {owner(folder)} == {VAULT}
    for folder, _, files in os.walk(f"{made.dir}/logs"):
        assert {owner(os.path.join(folder, n)) for n in files} | {owner(folder)} == {WORKER}
    assert is_roots(f"{made.dir}/root.pem") and not os.path.exists(f"{made.dir}/vault/root.pem")
    front_end.Site.start(made)


# ---- what a captured process can reach --------------------------------------------------------------------------

def test_what_each_user_can_open(site):
    """The table of SECURITY.md."""
    table = {
        "vault/secret": "---", "vault/ca.pem": "---", "vault/ticket.pem": "---", "vault/store.db": "---", "root.pem": "---",
        "update.key": "---", "run/lock": "---", "run/control": "---", "server.pem": "r--", "dialtone.conf": "r--", "ca.pem": "r--",
        "files": "r--", "logs": "rw-",
    }
    for name, rights in table.items():
        got = ""
        for flag, letter in (("-r", "r"), ("-w", "w")):
            path = os.path.join(site.dir, name)
            got += letter if as_user(WORKER, "test", flag, path).returncode == 0 else "-"
        assert got + "-" == rights, (name, got)
        print(f"{WORKER:16} {name:18} {rights[:2]}")
    for name in ("server.pem", "root.pem", "update.key", "run/lock", "run/control"):
        rights = [as_user(VAULT, "test", flag, os.path.join(site.dir, name)).returncode == 0 for flag in ("-r", "-w")]
        assert rights == [False, False], name
    for pid, role in roles(site).items():
        own = VAULT if role == "vault" else WORKER
        other = WORKER if role == "vault" else VAULT
        assert as_user(other, "kill", "-0", pid).returncode != 0, role
        assert as_user(other, "cat", f"/proc/{pid}/environ").returncode != 0, role
        assert as_user(own, "cat", f"/proc/{pid}/maps").returncode != 0, role  # nor may its own kind look inside


def test_what_each_process_keeps(site):
    """Nothing of root's: no capability, no terminal, no program to come, no child, no core."""
    said = roles(site)
    assert sorted(said.values()) == ["location", "vault", "worker", "worker"]
    for pid, role in said.items():
        with open(f"/proc/{pid}/status") as f:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        assert set(fields["Uid"].split()) == {str(uid(VAULT if role == "vault" else WORKER))}, role
        assert fields["Groups"].strip() == "", role
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(fields[kind], 16) == 0, (role, kind)
        assert fields["NoNewPrivs"] == "1", role
        with open(f"/proc/{pid}/limits") as f:
            limits = {line[:26].strip(): line[26:].split()[0] for line in f}
        assert limits["Max core file size"] == "0", role
        assert role == "vault" or limits["Max processes"] == "0", role
        fds = {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
        assert fds["0"] == fds["1"] == "/dev/null" and fds["2"].startswith("pipe:"), (role, fds)


def test_the_legacy_process_is_another_user(tmp_path):
    """TLS 1.0 is spoken by a user of its own, with a key of its own: it reads no key of the workers', and writes logs with them."""
    with front_end.Site(tmp_path, workers=1, init=["--legacy", "on"]) as s:
        said = roles(s)
        legacy, = [pid for pid, role in said.items() if role == "legacy"]
        worker, = [pid for pid, role in said.items() if role == "worker"]
        groups = {}
        for pid in (legacy, worker):
            with open(f"/proc/{pid}/status") as f:
                fields = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
            groups[pid] = set(fields["Gid"].split()) | set(fields["Groups"].split())
            assert set(fields["Uid"].split()) == {str(uid(LEGACY if pid == legacy else WORKER))}
        ours = {user: str(pwd.getpwnam(user).pw_gid) for user in (LEGACY, WORKER)}
        assert groups[legacy] == {ours[LEGACY]} and groups[worker] == {ours[LEGACY], ours[WORKER]}
        for name, rights in {"server.pem": (False, False), "legacy.pem": (True, False), "root.pem": (False, False),
                             "logs": (True, True), "files": (True, False), "vault/secret": (False, False)}.items():
            path = os.path.join(s.dir, name)
            assert tuple(as_user(LEGACY, "test", flag, path).returncode == 0 for flag in ("-r", "-w")) == rights, name
        assert as_user(LEGACY, "kill", "-0", worker).returncode != 0


def layout(pid):
    with open(f"/proc/{pid}/maps") as f:
        lines = [line.split() for line in f]
    return next(line[0] for line in lines if line[-1].endswith("/dialtoned")), next(line[0] for line in lines if line[-1] == "[stack]")


def test_each_process_has_its_own_addresses(site):
    """What a worker knows about its memory says nothing about another's, nor about its successor's."""
    pids = [site.daemon.pid, *children(site.daemon.pid)]
    layouts = [layout(pid) for pid in pids]
    assert len({code for code, _ in layouts}) == len(pids) and len({stack for _, stack in layouts}) == len(pids), layouts
    worker = next(pid for pid, role in roles(site).items() if role == "worker")
    os.kill(worker, signal.SIGKILL)
    wait_for("a new worker", lambda: set(children(site.daemon.pid)) - set(pids), 10)
    new, = set(children(site.daemon.pid)) - set(pids)
    wait_for("it is executed", lambda: layout(new) not in layouts, 5)


def test_no_process_has_the_terminal(made):
    """Started from a shell: a process on root's terminal could type into root's shell (TIOCSTI)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(peers.program("dialtoned"), ["dialtoned", "-c", made.conf], {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    said = b""
    try:
        end = time.monotonic() + 30
        while b"ready" not in said:
            assert time.monotonic() < end, said
            said += os.read(terminal, 4096)
        for child in children(pid):
            with open(f"/proc/{child}/stat") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            assert fields[4] == "0" and fields[3] == str(child), fields  # tty_nr; a session of its own
            held = [os.readlink(f"/proc/{child}/fd/{fd}") for fd in os.listdir(f"/proc/{child}/fd")]
            assert not any(path.startswith(("/dev/pts", "/dev/tty")) for path in held), held
        with open(f"/proc/{pid}/stat") as f:
            assert f.read().rsplit(")", 1)[1].split()[4] != "0"  # the supervisor has it
    finally:
        os.kill(pid, signal.SIGTERM)
        while True:
            try:
                if not os.read(terminal, 4096):
                    break
            except OSError:
                break
        os.waitpid(pid, 0)


def test_the_log_names_who_wrote(site):
    """Lines come through the supervisor, with its time and the process's name."""
    worker = next(pid for pid, role in roles(site).items() if role == "worker")
    os.kill(worker, signal.SIGSTOP)  # a worker that reads nothing does not stop the others' log
    os.unlink(os.path.join(site.dir, "server.pem"))
    os.kill(worker, signal.SIGKILL)
    wait_for("its successor's words", lambda: re.search(r"(?m)^\d{4}-\S+ worker: error: ", site.said()), 10)


# ---- root in folders of others ---------------------------------------------------------------------------------------

def test_renew_follows_no_link(made):
    """The vault's user puts a link in its folder; root renews the servers' certificates."""
    path = precious(made)
    for name in ("store.db-wal", "secret"):
        done = as_user(VAULT, "ln", "-sf", path, os.path.join(made.dir, "vault", name))
        assert done.returncode == 0, done
    before = {name: (owner(f"{made.dir}/vault/{name}"), os.lstat(f"{made.dir}/vault/{name}").st_ctime_ns)
              for name in os.listdir(f"{made.dir}/vault")}
    done = init(made, "--renew")
    assert done.returncode == 0, done
    assert is_roots(path)
    assert before == {name: (owner(f"{made.dir}/vault/{name}"), os.lstat(f"{made.dir}/vault/{name}").st_ctime_ns)
                      for name in os.listdir(f"{made.dir}/vault")}  # it touches what it renews, and nothing else
    done = init(made, "--owners")
    assert done.returncode == 73 and "neither a file nor a folder" in done.stderr, done
    assert is_roots(path) and owner(f"{made.dir}/vault") == "root"


def test_renew_closes_logs_that_an_earlier_version_left_open(made):
    logs = os.path.join(made.dir, "logs")
    os.chmod(logs, 0o755)
    done = init(made, "--renew")
    assert done.returncode == 0 and os.stat(logs).st_mode & 0o7777 == 0o770, done


def test_owners_takes_no_second_name(made):
    path = precious(made)
    os.link(path, os.path.join(made.dir, "vault", "store.db-wal"))
    done = init(made, "--owners")
    assert done.returncode == 73 and "another name" in done.stderr, done
    assert is_roots(path)


def test_another_root_signs_nothing(made):
    """The vault's user puts a root of its own where an older release kept root's; and root's own is exchanged."""
    with open(f"{made.dir}/server.pem") as f:
        before = f.read()
    evil = os.path.join(made.folder, "evil.pem")
    done = peers.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=evil", "-keyout", evil, "-out",
                      evil + ".crt", "-days", "30"])
    assert done.returncode == 0, done
    with open(evil, "a") as f, open(evil + ".crt") as crt:
        f.write(crt.read())
    os.chmod(evil, 0o644)
    own = os.path.join(made.dir, "root.pem")
    done = as_user(VAULT, "cp", evil, os.path.join(made.dir, "vault", "root.pem"))
    assert done.returncode == 0, done
    assert init(made, "--renew").returncode == 0  # root's own is there: that one is not looked at
    done = peers.run(["openssl", "verify", "-CAfile", made.ca, f"{made.dir}/server.pem"])
    assert done.returncode == 0, done
    with open(f"{made.dir}/server.pem") as f:
        before, renewed = f.read(), before
    assert before != renewed
    os.rename(own, own + ".away")
    done = init(made, "--renew")
    assert done.returncode == 73 and "another root than ca.pem" in done.stderr and not os.path.exists(own), done
    shutil.copy(evil, own)
    done = init(made, "--renew")
    assert done.returncode == 73 and "another root than ca.pem" in done.stderr, done
    with open(f"{made.dir}/server.pem") as f:
        assert f.read() == before
    os.unlink(os.path.join(made.dir, "vault", "root.pem"))
    os.unlink(own)
    os.rename(own + ".away", os.path.join(made.dir, "vault", "root.pem"))  # an older release's, genuine
    done = init(made, "--renew")
    assert done.returncode == 0 and is_roots(own) and not os.path.exists(f"{made.dir}/vault/root.pem"), done


def test_a_folder_of_somebody_else_is_refused(made):
    shutil.chown(made.dir, VAULT)
    for verb in ("--renew", "--owners"):
        done = init(made, verb)
        assert done.returncode == 73 and "another user may write into this folder" in done.stderr, done
