"""The programs as they are typed, on loopback: a site in a folder, its ports free ones.  No namespace and no other server is needed."""
import contextlib
import os
import re
import socket
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("DIALTONE_BUILD", os.path.join(TOP, "build"))


def open_folder(folder):
    """pytest's folders are root's alone, and the site's users must be able to enter."""
    at = folder
    while str(at) not in ("/tmp", "/"):
        os.chmod(at, 0o755)
        at = at.parent
    return folder


class Site:
    def __init__(self, folder):
        self.dir = str(folder / "site")
        self.conf = os.path.join(self.dir, "dialtone.conf")
        made = subprocess.run([os.path.join(BUILD, "dialtone"), "init", self.dir, "--domain", "contoso.test", "--fqdn", "fe01.contoso.test",
                               "--address", "127.0.0.1"], capture_output=True, text=True, timeout=120)
        assert made.returncode == 0, made.stderr
        with open(self.conf) as f:
            text = f.read()
        ports = iter(free_ports(3))
        for key in ("sip_tls", "https", "http"):
            text = re.sub(rf"^{key} = \d+", f"{key} = {next(ports)}", text, flags=re.M)
        with open(self.conf, "w") as f:
            f.write(text)

    def check(self):
        return subprocess.run([os.path.join(BUILD, "dialtoned"), "-c", self.conf, "-t"], capture_output=True, text=True, timeout=60)

    def path(self, name):
        return os.path.join(self.dir, name)


def free_ports(n):
    socks = [socket.socket() for _ in range(n)]
    for s in socks:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in socks]
    for s in socks:
        s.close()
    return ports


@contextlib.contextmanager
def site_running(kind, folder):
    """A site of that class below the folder; its dialtoned ends, and ends well, behind the block."""
    if os.geteuid() != 0:
        pytest.skip("ports 80 and 443 of loopback, and the site's users, are root's")
    made = kind(open_folder(folder))
    yield made
    made.daemon.terminate()
    assert made.daemon.wait(30) == 0
