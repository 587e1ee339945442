"""CPU time and memory of a server's processes, and medians of runs: what every part of bench/all measures with.

CPU per operation, from /proc/PID/schedstat of all threads, holds still on a busy machine where rates do not. Memory is the proportional
set size: shared pages count once.
"""
import os
import statistics
import subprocess


def family(pid):
    """A process and all below it."""
    below, all_of = {}, [pid]
    for p in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{p}/stat") as f:
                below.setdefault(int(f.read().rpartition(")")[2].split()[1]), []).append(int(p))
        except OSError:
            pass
    for p in all_of:
        all_of += below.get(p, [])
    return all_of


def cpu_us(pid):
    total = 0
    for p in family(pid):
        try:
            for task in os.listdir(f"/proc/{p}/task"):
                with open(f"/proc/{p}/task/{task}/schedstat") as f:
                    total += int(f.read().split()[0])
        except OSError:
            pass
    return total / 1000


def pss_of(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def pss_kb(pid):
    return sum(pss_of(p) for p in family(pid))


def median(values):
    return statistics.median(values)


def show(values, unit=""):
    """"12.1 [11.0..13.2]" """
    digits = 0 if median(values) >= 100 else 1
    return f"{median(values):,.{digits}f} [{min(values):,.{digits}f}..{max(values):,.{digits}f}]{unit}"


def page_set(page, name, lines):
    """Puts these lines between <!-- name --> and <!-- end --> in that page."""
    with open(page) as f:
        before, mark, rest = f.read().partition(f"<!-- {name} -->\n")
    if not mark:
        raise SystemExit(f"bench: {page} has no place for {name}")
    with open(page, "w") as f:
        f.write(before + mark + "\n".join(lines) + "\n" + rest[rest.index("<!-- end -->"):])


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.partition(":")[2].strip() for line in f if line.startswith("model name")), "unknown processor")
    with open("/proc/loadavg") as f:
        load = f.read().split()[0]
    return {"processor": model, "cores": os.cpu_count(), "load": load, "kernel": os.uname().release,
            "openssl": subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout.split()[1]}
