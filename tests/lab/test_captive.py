"""What a captured process of dialtoned can do: each is replaced by a program that tries, with its user, its filter and its
descriptors (tests/interop/captive.c).  The table that comes out is the one in SECURITY.md.
"""
import ctypes
import os
import re
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "interop"))

import front_end  # noqa: E402
import peers  # noqa: E402

ROLES = ["vault", "location", "worker", "legacy", "dhcp", "dns", "watch"]
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, as dialtoned's processes become other users")


class Captured(front_end.Site):
    """All roles run, in a network of their own."""

    def start(self):
        program = peers.peer("captive")
        key = self.secret("tsig", "c2VjcmV0")
        with open(self.conf, "a") as f:
            f.write(f"""
dhcp_responder = true
watch_pools = true
dns {{
    server = "127.0.0.1"
    address = "127.0.0.1"
    key_name = "k"
    key_file = "{key}"
}}
""")
        with open(self.log, "ab") as out:
            self.daemon = subprocess.Popen(["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh", program, "-c", self.conf],
                                           stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                                           env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
        end = time.monotonic() + 60
        while "ready" not in self.said():
            assert self.daemon.poll() is None and time.monotonic() < end, self.said()
            time.sleep(0.05)


def table(said):
    """The rows as SECURITY.md has them, from the lines of all processes."""
    rows = {}
    for role, what, can in re.findall(r"(?m)^\S+ (\w+): (?:\w+: )?captive (.*): (yes|no)$", said):
        rows.setdefault(what, {})[role] = can
    out = ["| may it | " + " | ".join(ROLES) + " |", "| --- |" + " --- |" * len(ROLES)]
    for what, by in rows.items():
        assert sorted(by) == sorted(ROLES), (what, by)
        out.append(f"| {what} | " + " | ".join("**yes**" if by[r] == "yes" else "no" for r in ROLES) + " |")
    return out


def landlock():
    """The kernel's version of Landlock; 0 or less: it has none."""
    return ctypes.CDLL(None, use_errno=True).syscall(444, None, ctypes.c_size_t(0), 1)  # landlock_create_ruleset


@pytest.mark.skipif(landlock() <= 0, reason="this kernel has no Landlock")
def test_what_a_captured_process_can_do(tmp_path):
    with Captured(tmp_path, workers=1, init=["--legacy", "on"]) as s:
        said = s.said()
        got = table(said)
        print("\n".join(got))
        assert len(got) > 20, said
        with open(os.path.join(peers.TOP, "SECURITY.md")) as f:
            stands = f.read().splitlines()
        at = stands.index(got[0])
        assert stands[at:at + len(got)] == got, "the table of SECURITY.md is another"
