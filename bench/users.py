#!/usr/bin/python3
"""bench/users.py shows what it takes to import many users from CSV, and to list them: seconds, CPU, and the memory of the verb.

    bench/users.py [--users N] [--few N] [--write]     as root, after script/build and script/install-packages test

First --few (300,000) are imported and listed, then --users (1,000,000), each into a new store, SQLite and PostgreSQL: memory that grows
with the users shows as a difference.  (Fewer would not do: caches, which have a limit, are not full then.)  The users have address, login, number, extension and name; a PIN costs 1,000 rounds of a hash
more, which is measured with a thirtieth of --few.  --write puts the table into doc/speed.md.
"""
import argparse
import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TOP, "tests", "lab", "pool"), os.path.join(TOP, "tests", "lab"), os.path.join(TOP, "bench")]
os.environ["PATH"] += ":/usr/sbin:/sbin"

import measure as bench  # noqa: E402
from database import BINS, Database  # noqa: E402
from lab import BUILD, unmount  # noqa: E402
from proc import Process, run  # noqa: E402

ROWS = []


class Bare:
    """A site in a folder, and what database.py asks of a lab, without a network."""

    def __init__(self, database):
        self.dir, self.procs = tempfile.mkdtemp(prefix="dialtone-users."), []
        run([os.path.join(BUILD, "dialtone"), "init", self.path("site"), "--domain", "contoso.test", "--fqdn", "fe01.contoso.test", "--address", "127.0.0.1"],
            seconds=120)
        self.conf = self.path("site", "dialtone.conf")
        if database:
            db = Database(self, address="", disk="8g")
            where = f"postgresql:///dialtone?host={db.dir}&user=dialtone"
            run([os.path.join(BUILD, "dialtone"), "-c", self.conf, "store", "copy", where], seconds=60)
            with open(self.conf, "a") as f:
                f.write(f'store = "{where}"\n')

    def __enter__(self):
        return self

    def __exit__(self, *what):
        for p in reversed(self.procs):
            p.stop(seconds=20)
        unmount(self.dir)
        shutil.rmtree(self.dir)

    def path(self, *name):
        return os.path.join(self.dir, *name)

    def exec(self, host, *argv, **kw):
        return run(argv, **kw)

    def start(self, name, argv, host):
        self.procs.append(Process(name, argv, self.path(f"{name}.log")))
        return self.procs[-1]


def staff(lab, n, pins=False):
    path = lab.path("staff.csv")
    with open(path, "w") as f:
        f.write("address,login,number,extension,display" + (",pin" if pins else "") + "\n")
        for i in range(n):
            f.write(f"user{i}@contoso.test,CONTOSO\\user{i},+1425{1000000 + i},{100000 + i},User {i}" + (",482915" if pins else "") + "\n")
    return path


def watch(pid, peak):
    """The most memory that this process has had, in MB: its own, which rusage would mix with that of the program that began it."""
    while True:
        try:
            with open(f"/proc/{pid}/status") as f:
                peak[0] = max([peak[0], *(int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM:"))])
        except OSError:
            return
        time.sleep(0.05)


def timed(lab, *args):
    """The verb's standard error, how many lines it printed, seconds, seconds of CPU, and MB of memory at most."""
    lines, peak, began = 0, [0], time.monotonic()
    with open(lab.path("errors"), "w+") as errors:
        p = subprocess.Popen([os.path.join(BUILD, "dialtone"), "-c", lab.conf, *args], stdout=subprocess.PIPE, stderr=errors)
        threading.Thread(target=watch, args=(p.pid, peak), daemon=True).start()
        for part in iter(lambda: p.stdout.read(1 << 20), b""):
            lines += part.count(b"\n")
        _, status, used = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        text = errors.read()
    if p.returncode:
        sys.exit(f"bench: {args}: status {p.returncode}: {text[-2000:]}")
    return text, lines, time.monotonic() - began, used.ru_utime + used.ru_stime, peak[0]


def show(*cells):
    ROWS.append(f"| {' | '.join(cells)} |")
    print("  ".join(f"{c:>{w}}" for c, w in zip(cells, (34, 10, 10, 10, 10, 10, 10))), flush=True)


def one(name, database, n, pins=False):
    with Bare(database) as lab:
        text, _, seconds, cpu, memory = timed(lab, "user", "import", staff(lab, n, pins))
        if not re.search(rf"{n} users imported", text):
            sys.exit(f"bench: {text[-500:]}")
        progress = len(re.findall(r"users (?:stored|judged)", text))
        _, lines, listing, _, list_memory = timed(lab, "user", "list", "-f", "csv")
        if lines != n + 1:  # and the head
            sys.exit(f"bench: {lines} lines are listed")
    show(f"{name}, {n:,}{' with PINs' if pins else ''}", f"{seconds:.0f} s", f"{cpu:.0f} s", f"{memory:.1f} MB", str(progress), f"{listing:.1f} s",
         f"{list_memory:.1f} MB")


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--users", type=int, default=1000000)
    ask.add_argument("--few", type=int, default=300000)
    ask.add_argument("--write", action="store_true")
    o = ask.parse_args()
    if os.geteuid() or not BINS:
        sys.exit("bench: it needs root, and PostgreSQL: script/install-packages test")
    print("store, users: import, its CPU, its memory, lines of progress; list, its memory")
    for name, database in (("SQLite", False), ("PostgreSQL", True)):
        one(name, database, o.few // 30, pins=True)
        one(name, database, o.few)
        one(name, database, o.users)
    if o.write:
        m = bench.machine()
        bench.page_set(os.path.join(TOP, "doc", "speed.md"), "bench/users", [
            f"{datetime.date.today()}, {m['processor']}, {m['cores']} processors, load {m['load']}, Linux {m['kernel']}.", "",
            "| store, users | import | CPU of the verb | memory of the verb | lines of progress | list, as CSV | its memory |", "| --- " * 7 + "|", *ROWS])
    return 0


if __name__ == "__main__":
    sys.exit(main())
