"""`dialtoned -t` opens what it calls good: each thing that a start needs is broken once, and it says which one and what to type."""
import os
import re
import shutil
import socket
import subprocess

import pytest

from programs import BUILD, Site, open_folder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if os.geteuid() != 0:
        pytest.skip("the site's users are made by root")
    return Site(open_folder(tmp_path_factory.mktemp("check")))


def refused(site, *words):
    done = site.check()
    assert done.returncode == 78, done
    for word in words:
        assert word in done.stderr, done.stderr
    assert "good" not in done.stdout


class changed:
    """A file of the site as this function makes it, and afterwards as it was: its owner too."""

    def __init__(self, site, name, change):
        self.path, self.change = site.path(name), change

    def __enter__(self):
        shutil.copy2(self.path, self.path + ".kept")
        self.was = os.stat(self.path)
        self.change(self.path)

    def __exit__(self, *_):
        os.replace(self.path + ".kept", self.path)
        os.chown(self.path, self.was.st_uid, self.was.st_gid)
        os.chmod(self.path, self.was.st_mode & 0o7777)


class gone:
    """A file of the site is away for the while."""

    def __init__(self, site, name):
        self.path = site.path(name)

    def __enter__(self):
        os.rename(self.path, self.path + ".away")

    def __exit__(self, *_):
        os.rename(self.path + ".away", self.path)


def truncate(path):
    os.truncate(path, os.path.getsize(path) // 2)


def fill(text):
    def write(path):
        with open(path, "w") as f:
            f.write(text)
    return write


def without_root(path):
    with open(path) as f:
        parts = f.read().split("-----BEGIN CERTIFICATE-----")
    with open(path, "w") as f:
        f.write("-----BEGIN CERTIFICATE-----".join(parts[:-1]))


def test_good(site):
    done = site.check()
    assert done.returncode == 0 and "good" in done.stdout, done


def test_store(site):
    for change, words in ((lambda p: os.truncate(p, 0), ("has no octets", "backup")), (fill("x" * 40960), ("is not a database", "backup")),
                          (truncate, ("damaged", "backup")), (os.unlink, ("store.db is missing", "backup"))):
        with changed(site, "vault/store.db", change):
            refused(site, *words)
    with changed(site, "vault/store.db", lambda p: os.truncate(p, 0)):
        listed = subprocess.run([os.path.join(BUILD, "dialtone"), "-c", site.conf, "user", "list"], capture_output=True, text=True, timeout=30)
        assert listed.returncode == 78 and "has no octets" in listed.stderr, listed
        started = subprocess.run([os.path.join(BUILD, "dialtoned"), "-c", site.conf], capture_output=True, text=True, timeout=30)
        assert started.returncode != 0 and "has no octets" in started.stderr and "ready" not in started.stdout, started
    test_good(site)


def test_keys(site):
    with changed(site, "vault/secret", os.unlink):
        refused(site, "vault/secret is missing", "all PINs")
    with changed(site, "vault/ticket.pem", fill("")):
        refused(site, "ticket.pem")
    with changed(site, "server.pem", without_root):
        refused(site, "server.pem", "append the root's certificate")


def test_rights(site):
    with changed(site, "server.pem", lambda p: os.chmod(p, 0o600)):
        refused(site, "'dialtone' cannot use", "server.pem", "--owners")
    os.chmod(os.path.dirname(site.dir), 0o700)
    try:
        refused(site, "cannot enter", "chmod o+x")
    finally:
        os.chmod(os.path.dirname(site.dir), 0o755)


def test_ports(site):
    with open(site.conf) as f:
        port = int(re.search(r"^https = (\d+)", f.read(), re.M)[1])
    with socket.socket() as s:
        s.bind(("127.0.0.1", port))
        s.listen()
        refused(site, "https", "ss -ltnp")
    with changed(site, "dialtone.conf", lambda p: subprocess.run(["sed", "-i", 's/^address = .*/address = "192.0.2.77"/', p], check=True)):
        refused(site, "192.0.2.77", "ip addr")


def test_beside_the_running_one(site):
    running = subprocess.Popen([os.path.join(BUILD, "dialtoned"), "-c", site.conf], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert "ready" in running.stdout.readline()
        test_good(site)
    finally:
        running.terminate()
        running.wait(20)


def test_another_user(site):
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", os.path.join(BUILD, "dialtoned"), "-c", site.conf, "-t"],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 77 and "run it as root" in done.stderr, done


def typed(site, program, *words, status=78):
    done = subprocess.run([os.path.join(BUILD, program), *words], capture_output=True, text=True, timeout=60, env={**os.environ, "DIALTONE_CONF": site.conf})
    assert done.returncode == status, done
    return done.stdout + done.stderr


def test_a_start_says_the_same(site):
    """dialtoned itself, and the verbs, say what is wrong as -t does: nobody types -t first at two in the morning."""
    with gone(site, "vault/secret"):
        refused(site, "vault/secret is missing: restore it from the backup")
        assert "vault/secret is missing: restore it from the backup" in typed(site, "dialtoned")
    os.chmod(os.path.dirname(site.dir), 0o700)
    try:
        assert "cannot enter" in typed(site, "dialtoned")
    finally:
        os.chmod(os.path.dirname(site.dir), 0o755)
    with gone(site, "root.pem"):
        assert "the root's key, is away: bring it back" in typed(site, "dialtone", "init", site.dir, "--renew", status=73)
    assert "dialtone init DIR --renew" in typed(site, "dialtone", "-c", site.conf, "init", "--renew", status=64)
    with gone(site, "vault/store.db"):
        for words in (("dialtoned", "-t"), ("dialtone", "user", "list")):
            assert "store.db is missing: restore it from the backup" in typed(site, *words)
    with changed(site, "vault/store.db", truncate):
        assert "is damaged" in typed(site, "dialtone", "user", "list")


def test_a_disk_that_takes_no_writes(site):
    """Lists are read, also while a log of changes waits beside the store; changes are refused, and nothing is called damaged."""
    script = """set -e; mount --make-rprivate /; cd "$1"; mount -t tmpfs tmpfs "$1/run"
        "$2" user add walter@contoso.test; cp -a vault run/vault; mount --bind run/vault vault; mount -o remount,ro vault
        "$2" user list; set +e; "$2" user add bob@contoso.test; echo "status $?"; "$3" -t; echo "status $?" """
    done = subprocess.run(["unshare", "--mount", "bash", "-c", script, "-", site.dir, os.path.join(BUILD, "dialtone"), os.path.join(BUILD, "dialtoned")],
                          capture_output=True, text=True, timeout=60, env={**os.environ, "DIALTONE_CONF": site.conf})
    assert done.returncode == 0 and "walter@contoso.test" in done.stdout, done
    assert "status 74" in done.stdout and "status 78" in done.stdout and done.stderr.count("read-only file system") == 2, done
    assert "damaged" not in done.stderr and "restore" not in done.stderr, done
