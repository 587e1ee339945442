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
                          (truncate, ("damaged", "backup")), (os.unlink, ("store.db", "No such file"))):
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
