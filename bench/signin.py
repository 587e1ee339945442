#!/usr/bin/python3
"""bench/signin.py: what a sign-in costs the servers.

    bench/signin.py [--runs N]       as root, after script/build and script/install-packages lab

One CX600 in the lab (tests/lab) signs in N times cold and N times warm, one CX700 by NTLM.  Printed: CPU seconds of all
dialtoned processes per completed sign-in (from /proc/PID/schedstat), the RSA private-key operations each took (as the
processes count them), and both as a ratio to what one RSA-2048 signature costs `openssl speed` in the same run.  Last the wall
time from the end of ARP probing to dial tone.  Figures are medians.
"""
import argparse
import datetime
import os
import re
import statistics
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "lab"))
os.environ["PATH"] += ":/usr/sbin:/sbin"

from lab import Lab, missing  # noqa: E402


def cpu(pids):
    """CPU seconds so far of these processes, all their threads."""
    total = 0
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat") as f:
                total += int(f.read().split()[0])
    return total / 1e9


def private_operations(lab):
    """RSA private-key operations so far, all processes."""
    out = lab.admin("status").stdout
    return sum(int(n) for n in re.findall(r" private (\d+) ", out))


def when(record):
    return datetime.datetime.fromisoformat(record["t"].replace("Z", "+00:00")).timestamp()


def from_arp(run):
    """Seconds from the end of ARP probing to dial tone."""
    probe = [r for r in run.of("address") if "arp" in (r.get("try") or "")]
    return when(run.result) - when(probe[-1]) if probe else None


def measure(lab, n, *args, **kw):
    seconds, operations, wall = [], [], []
    for _ in range(n):
        pids = lab.dialtoned_pids()
        c, k = cpu(pids), private_operations(lab)
        run = lab.phone(*args, **kw)
        if run.status != 0:
            sys.exit(f"no dial tone: {run}")
        k2 = private_operations(lab)
        seconds.append(cpu(pids) - c)
        operations.append(k2 - k)
        wall.append(from_arp(run))
    wall = [w for w in wall if w is not None]
    return (statistics.median(seconds), statistics.median(operations), statistics.median(wall) if wall else None)


def rsa_signature():
    """CPU seconds of one RSA-2048 private-key operation, as OpenSSL measures it here and now."""
    out = subprocess.run(["openssl", "speed", "-seconds", "2", "rsa2048"], capture_output=True, text=True, check=True).stdout
    return float(re.search(r"^rsa 2048 bits (\S+)s", out, re.M).group(1))


def main():
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--runs", type=int, default=5)
    n = ask.parse_args().runs
    why = missing()
    if why:
        sys.exit(f"bench: {why}")
    rsa = rsa_signature()
    print(f"one RSA-2048 signature (openssl speed): {rsa * 1000:.3f} ms\n")
    print(f"{'sign-in':24} {'CPU ms':>8} {'in RSA signatures':>18} {'RSA operations':>15} {'s from ARP to dial tone':>24}")
    with Lab() as lab:
        lab.go()
        rows = [("PIN, cold", ["--cold"], {}), ("certificate, warm", [], {"way": "stored"}),
                ("NTLM, cold (CX700)", ["--cold"], {"model": "cx700", "way": "password", "state": "cx700"}),
                ("certificate, warm (CX700)", [], {"model": "cx700", "way": "stored", "state": "cx700"})]
        for name, args, kw in rows:
            seconds, operations, wall = measure(lab, n, *args, **kw)
            print(f"{name:24} {seconds * 1000:8.2f} {seconds / rsa:18.1f} {operations:15.0f} {wall:24.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
