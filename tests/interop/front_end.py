"""One dialtoned on loopback ports of its own, with users, for peers that are not ours.

Its name fe01.contoso.test is known to nobody: named() runs a program in a mount namespace whose /etc/hosts knows it.
"""
import contextlib
import glob
import os
import secrets
import signal
import socket
import subprocess
import time

import peers

DOMAIN, FQDN = "contoso.test", "fe01.contoso.test"
PASSWORD, PIN = "Pa55-word!", "482915"


def free_ports(n):
    """n ports that nobody listens on now."""
    held = []
    for _ in range(n):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", 0))
        held.append(s)
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class Site:
    """`with Site(folder, key=value ...) as site:` makes it, starts it, and ends it by its own pid."""

    def __init__(self, folder, init=(), fqdn=FQDN, known=(), **conf):
        """known: names of other front ends on this machine"""
        self.fqdn = fqdn
        self.dir = os.path.join(str(folder), "site")
        self.log = os.path.join(str(folder), "dialtoned.log")
        self.folder, self.daemon, self.init = str(folder), None, list(init)
        self.sip_tls, self.sip_tcp, self.https, self.http = free_ports(4)
        self.values = {"workers": 2, **conf}
        self.password_file = self.secret("password", PASSWORD)
        self.wrong_file = self.secret("wrong", PASSWORD + "x")
        self.pin_file = self.secret("pin", PIN)
        self.hosts = os.path.join(self.folder, "hosts")
        with open(self.hosts, "w") as f:
            f.write(" ".join(["127.0.0.1 localhost", fqdn, *known]) + "\n")

    def secret(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
            f.write(text + "\n")
        return path

    def __enter__(self):
        os.chmod(self.folder, 0o755)  # the daemon's processes give up root
        up = os.path.dirname(self.folder)
        while up not in ("/", "/tmp") and os.stat(up).st_uid == os.geteuid():
            os.chmod(up, os.stat(up).st_mode | 0o011)
            up = os.path.dirname(up)
        done = peers.run([peers.program("dialtone"), "init", self.dir, "--domain", DOMAIN, "--fqdn", self.fqdn, "--address", "127.0.0.1",
                          "--sip-tls", self.sip_tls, "--sip-tcp", self.sip_tcp, "--https", self.https, "--http", self.http, *self.init])
        assert done.returncode == 0, done.stdout + done.stderr
        self.conf, = glob.glob(os.path.join(self.dir, "dialtone*.conf"))
        self.ca = os.path.join(self.dir, "ca.pem")
        self.edit(**{"SIPSecurityMode": '"Low"', **self.values})  # some clients speak plain TCP
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def edit(self, **values):
        with open(self.conf) as f:
            lines = f.read().splitlines()
        for key, value in values.items():
            lines = [at for at in lines if at.split("=")[0].strip().lstrip("# ") != key] + [f"{key} = {value}"]
        with open(self.conf, "w") as f:
            f.write("\n".join(lines) + "\n")

    def start(self):
        env = {"ASAN_OPTIONS": "detect_leaks=0", **os.environ}
        with open(self.log, "ab") as out:
            self.daemon = subprocess.Popen([peers.program("dialtoned"), "-c", self.conf], stdin=subprocess.DEVNULL, stdout=out,
                                           stderr=out, start_new_session=True, env=env)
        end = time.monotonic() + 30
        while "ready" not in self.said():
            assert self.daemon.poll() is None, f"dialtoned ended\n{self.said()}"
            assert time.monotonic() < end, f"dialtoned is not ready\n{self.said()}"
            time.sleep(0.05)

    def stop(self):
        if self.daemon is None:
            return
        if self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(15)
            except subprocess.TimeoutExpired:
                self.daemon.kill()
        self.daemon.wait(15)
        self.daemon = None

    def said(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def admin(self, *args, check=True):
        done = peers.run([peers.program("dialtone"), "-c", self.conf, *args])
        assert not check or done.returncode == 0, f"{args}: {done.stdout}{done.stderr}"
        return done

    def user(self, name, *more):
        """A user with the usual password; the user's address."""
        self.admin("user", "add", f"{name}@{DOMAIN}", "--login", f"CONTOSO\\{name}", "--password-file", self.password_file, *more)
        return f"{name}@{DOMAIN}"

    def named(self, argv):
        """argv, run where the server's name is known."""
        if not hasattr(self, "unshare"):
            self.unshare = [peers.tool("unshare"), "-m"] if os.geteuid() == 0 else [peers.tool("unshare"), "-r", "-m"]
            tried = peers.run([*self.unshare, "mount", "--bind", self.hosts, "/etc/hosts"])
            if tried.returncode != 0:
                import pytest
                pytest.skip("a mount namespace is not to be had here: " + tried.stderr.strip())
        return [*self.unshare, "sh", "-c", 'mount --bind "$1" /etc/hosts && shift && exec "$@"', "sh", self.hosts, *map(str, argv)]


@contextlib.contextmanager
def background(argv, log):
    """A program that runs meanwhile, ended by its own pid; yields it, its output goes to `log`."""
    with open(log, "wb") as out:
        p = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                             start_new_session=True)
    try:
        yield p
    finally:
        if p.poll() is None:
            p.terminate()
            try:
                p.wait(10)
            except subprocess.TimeoutExpired:
                p.kill()
        p.wait(10)


def unique(prefix):
    return prefix + secrets.token_hex(3)
