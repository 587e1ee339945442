"""PostgreSQL in the lab: a private cluster in a namespace, and a standby that replicates it synchronously."""
import glob
import os
import pwd
import signal

import pytest

from lab import BUILD, Lab, run
from proc import signal_each

BINS = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
needs_postgres = pytest.mark.skipif(not BINS, reason="PostgreSQL is not installed: script/install-packages test")


class Database:
    """A cluster in this namespace, reached by TCP at this address; fsync is off, as no power fails here."""

    def __init__(self, lab, host="fe", address="127.0.0.1", name="pg", copy_of=None, disk="400m"):
        self.lab, self.host, self.address, self.name, self.dir = lab, host, address, name, lab.path(name)
        self.starts = 0
        os.mkdir(self.dir)
        os.chmod(lab.dir, 0o755)
        owner = pwd.getpwnam("postgres")
        run(["mount", "-t", "tmpfs", "-o", f"size={disk},mode=0755", "tmpfs", self.dir])  # a disk of its own, to be filled
        os.chown(self.dir, owner.pw_uid, owner.pw_gid)
        if copy_of:
            self.run("pg_basebackup", "-D", "data", "-R", "-X", "stream", "-c", "fast", "-d",
                     f"host={copy_of.address} user=dialtone application_name={name}")
        else:
            self.run("initdb", "-D", "data", "-U", "dialtone", "-A", "trust", "-N", "-E", "UTF8", "--locale=C.UTF-8")
            with open(self.path("data", "pg_hba.conf"), "a") as f:
                f.write("host all all 10.0.0.0/8 trust\nhost replication all 10.0.0.0/8 trust\n")
        self.start()
        if not copy_of:
            self.run("createdb", "-h", self.dir, "-U", "dialtone", "dialtone")
        self.where = f"postgresql://dialtone@{address}/dialtone"

    def path(self, *name):
        return os.path.join(self.dir, *name)

    def argv(self, program, *args):
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "env", "-C", self.dir,
                os.path.join(BINS[-1], program), *args]

    def run(self, program, *args, **kw):
        return self.lab.exec(self.host, *self.argv(program, *args), **kw)

    def sql(self, text, **kw):
        return self.run("psql", "-h", self.dir, "-U", "dialtone", "-d", "dialtone", "-Atqc", text, **kw).stdout.strip()

    def start(self):
        self.starts += 1
        self.server = self.lab.start(f"{self.name}-{self.starts}", self.argv(
            "postgres", "-D", "data", "-k", self.dir, "-c", f"listen_addresses={self.address}", "-c", "fsync=off"), self.host)
        self.server.wait_said("ready to accept", 30)

    def pids(self):
        """The server and its children, whose parent is gone when it was killed."""
        return [self.server.pid, *(int(p) for p in run(["pgrep", "-P", str(self.server.pid)], check=False).stdout.split())]

    def signal(self, number):
        signal_each(self.pids(), number)

    def kill(self):
        """As the power would: every process of it at once."""
        self.signal(signal.SIGKILL)
        self.server.popen.wait(10)
        self.lab.procs.remove(self.server)

    def replicate_to(self, standby):
        """From here on no commit is acknowledged that this standby has not got."""
        self.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
        self.sql("SELECT pg_reload_conf()")

    def promote(self):
        """A standby becomes the primary, and waits for nobody."""
        self.run("pg_ctl", "-D", "data", "promote", "-w")


class DatabaseLab(Lab):
    """A site whose store is in PostgreSQL, on the front end's own machine."""

    def __init__(self, disk="400m", **kw):
        super().__init__(**kw)
        self.disk = disk

    def admin(self, *args, **kw):
        return self.exec("fe", os.path.join(BUILD, "dialtone"), "-c", self.conf, *args, **kw)

    def make_site(self, name="site"):
        super().make_site(name)
        self.ip("fe", "link", "set", "lo", "up")
        self.db = Database(self, disk=self.disk)
        self.admin("store", "copy", self.db.where)
        with open(self.conf, "a") as f:
            f.write(f'\nstore = "{self.db.where}"\n')
