#!/usr/bin/python3
"""bench/pool.py shows what a sign-in costs with one, two and three front ends, in SQLite and in PostgreSQL, with few users and with many.

    bench/pool.py [--runs N] [--users N] [--write]    as root, after script/build and script/install-packages test lab

One CX600 signs in N times cold, with a PIN, in the labs of tests/lab.  Printed: CPU ms of all dialtoned processes per sign-in, those
of PostgreSQL beside them (medians of N), and what all of them take in a second when nobody does anything, which is no part of the former.  Then the same on one front end with
1,000 users more in the store, and with as many as --users says (1,000,000), and the ratio of the two.  --write puts the table into
doc/speed.md.
"""
import argparse
import contextlib
import datetime
import os
import sys
import time
from statistics import median

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TOP, "tests", "lab", "pool"), os.path.join(TOP, "tests", "lab"), os.path.join(TOP, "bench")]
os.environ["PATH"] += ":/usr/sbin:/sbin"

import measure as bench  # noqa: E402
from front_ends import FRONT_ENDS, FrontEndLab  # noqa: E402
from lab import Lab, missing, run  # noqa: E402
from proc import children  # noqa: E402
from signin import cpu  # noqa: E402

ACCOUNTS = ("INSERT INTO account (aor, login, login_key, display, number, extension, home_pool, enabled, remote, nt_hash, created, tickets_after) "
            "SELECT 'x' || i || '@contoso.test', '', '', 'User ' || i, '+1425' || (7000000 + i), '', '', 1, 0, '', 0, 0 FROM ")


ROWS = []
WARM = 6  # sign-ins before those that count: PostgreSQL plans a text anew the first five times


def daemons(lab):
    return [pid for p in getattr(lab, "daemons", {"": lab.daemon}).values() for pid in (p.pid, *children(p.pid))]


def database(lab):
    return [pid for d in (getattr(lab, "db", None), getattr(lab, "db2", None)) if d for pid in d.pids()]


def clocks(pids):
    """CPU seconds of each; one that has ended meanwhile, as a process that vacuums does, is left out."""
    ret = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            ret[pid] = cpu([pid])
    return ret


def spent(before):
    """CPU ms that these have used since."""
    now = clocks(before)
    return sum(now[pid] - before[pid] for pid in now) * 1000


def measure(lab, runs):
    """The medians of one sign-in: ms of dialtoned, ms of PostgreSQL, without what both take meanwhile for nothing; and that, in a second."""
    ours, theirs, began = [], [], time.monotonic()
    a, b = clocks(daemons(lab)), clocks(database(lab))
    time.sleep(5)
    nothing = time.monotonic() - began
    idle, idle_theirs = spent(a) / nothing, spent(b) / nothing
    for i in range(WARM + runs):
        a, b, began = clocks(daemons(lab)), clocks(database(lab)), time.monotonic()
        got = lab.phone("--cold", state=f"bench{i}")
        if got.status:
            sys.exit(f"no dial tone: {got}")
        seconds = time.monotonic() - began
        if i >= WARM:
            ours.append(spent(a) - idle * seconds)
            theirs.append(spent(b) - idle_theirs * seconds)
    return median(ours), median(theirs), idle + idle_theirs


def show(name, lab, runs):
    ours, theirs, idle = measure(lab, runs)
    print(f"{name:44} {ours:10.1f} {theirs:12.1f} {idle:14.2f}", flush=True)
    ROWS.append(f"| {name} | {ours:.1f} | {theirs:.1f} | {idle:.1f} | |")
    return ours + theirs


def many_sqlite(lab, first, last):
    text = f"{ACCOUNTS} (WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) SELECT i FROM n);"
    run(["sqlite3", os.path.join(lab.site_dir, "vault", "store.db"), text], seconds=600)


def many_postgres(lab, first, last):
    lab.db.sql(f"{ACCOUNTS} generate_series({first}, {last}) AS n(i)", seconds=600)
    lab.db.sql("VACUUM ANALYZE", seconds=600)  # now, and not by a process that comes and goes while a sign-in is measured


def grow(name, lab, many, runs, users):
    many(lab, 1, 1000)
    few = show(f"{name}, 1,000 users", lab, runs)
    many(lab, 1001, users)
    all_of_them = show(f"{name}, {users:,} users", lab, runs)
    print(f"{name}: {all_of_them / few:.2f} times with {users:,} users", flush=True)
    ROWS[-1] = ROWS[-1][:-3] + f"| {all_of_them / few:.2f} |"


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--runs", type=int, default=7)
    ask.add_argument("--users", type=int, default=1000000)
    ask.add_argument("--write", action="store_true")
    o = ask.parse_args()
    if missing():
        sys.exit(f"bench: {missing()}")
    print(f"{'one sign-in, PIN, cold':44} {'dialtoned':>10} {'PostgreSQL':>12} {'a second idle':>14}   CPU ms")
    with Lab() as lab:
        lab.go()
        show("SQLite, one front end", lab, o.runs)
        grow("SQLite", lab, many_sqlite, o.runs, o.users)
    for n in range(1, len(FRONT_ENDS) + 1):
        with FrontEndLab(front_ends=FRONT_ENDS[:n], standby=False, disk="4g") as lab:
            lab.go()
            lab.db.sql("ALTER SYSTEM SET autovacuum = off")
            lab.db.sql("SELECT pg_reload_conf()")
            show(f"PostgreSQL, {n} front end{'s' if n > 1 else ''}", lab, o.runs)
            if n == 1:
                grow("PostgreSQL", lab, many_postgres, o.runs, o.users)
    if o.write:
        m = bench.machine()
        bench.page_set(os.path.join(TOP, "doc", "speed.md"), "bench/pool", [
            f"{datetime.date.today()}, {m['processor']}, {m['cores']} processors, load {m['load']}, Linux {m['kernel']}; medians of {o.runs} sign-ins.", "",
            "| store, front ends | dialtoned, CPU ms | PostgreSQL, CPU ms | a second idle, CPU ms | times that of 1,000 users |", "| --- | --- | --- | --- | --- |",
            *ROWS])
    return 0


if __name__ == "__main__":
    sys.exit(main())
