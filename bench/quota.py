"""A share of a processor for some processes: a control group, of version 2 or 1, that goes before other work and has a quota."""
import contextlib
import os
import time

ROOT = "/sys/fs/cgroup"
NAME = "dialtone-bench"
PERIOD_US = 10000


def put(path, text):
    with open(path, "w") as f:
        f.write(text)


@contextlib.contextmanager
def of(share):
    """The file that a process writes its id into to be inside, with all that it begins.  They end before this does."""
    try:
        with open(os.path.join(ROOT, "cgroup.controllers")) as f:
            second = "cpu" in f.read().split()
    except OSError:
        second = False
    at = os.path.join(ROOT, NAME) if second else os.path.join(ROOT, "cpu", NAME)
    if second:
        put(os.path.join(ROOT, "cgroup.subtree_control"), "+cpu")
    os.makedirs(at, exist_ok=True)
    quota = int(PERIOD_US * share)
    for name, text in ({"cpu.max": f"{quota} {PERIOD_US}", "cpu.weight": "1000"} if second else
                       {"cpu.cfs_period_us": str(PERIOD_US), "cpu.cfs_quota_us": str(quota), "cpu.shares": "10240"}).items():
        put(os.path.join(at, name), text)
    try:
        yield os.path.join(at, "cgroup.procs")
    finally:
        for _ in range(100):  # a process that has ended is there for a moment
            with contextlib.suppress(OSError):
                os.rmdir(at)
                break
            time.sleep(0.1)
