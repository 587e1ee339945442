"""The front end's disk is full: phones that are known sign in, new certificates are refused with the reason, no acknowledged change
is lost, and all is well again by itself when there is room.
"""
import json
import os
import subprocess

from lab import Lab
from proc import run


def fill(folder):
    """Every octet that is free."""
    path = os.path.join(folder, "fill")
    with open(path, "wb", buffering=0) as f:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    f.write(bytes(size))
            except OSError:
                pass
    return path


def certificates(lab):
    return {json.dumps(c, sort_keys=True) for c in json.loads(lab.admin("cert", "list", "--json").stdout)["items"]}


def test_a_full_disk():
    with Lab() as lab:
        site = lab.path("site")
        os.mkdir(site)
        run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "tmpfs", site])
        try:
            lab.go()
            lab.add_user("bob", "4412")
            assert lab.phone("--cold", state="known").status == 0
            before = certificates(lab)
            assert len(before) == 1
            full = fill(site)
            assert os.statvfs(site).f_bavail == 0
            for _ in range(2):
                warm = lab.phone(state="known", way="stored")
                assert warm.status == 0, warm
            new = lab.phone("--cold", state="new", extension="4412")
            assert new.status == 8 and "disk of the front end is full" in new.why(), new
            assert certificates(lab) == before  # nothing that was acknowledged is lost, nothing else is there
            os.unlink(full)
            new = lab.phone("--cold", state="new", extension="4412")
            assert new.status == 0, new
            after = certificates(lab)
            assert before < after and len(after) == 2
            lab.stop_dialtoned()
            lab.start_dialtoned()
            assert certificates(lab) == after
            assert lab.phone(state="known", way="stored").status == 0
        finally:
            if lab.daemon:
                lab.stop_dialtoned()
            subprocess.run(["umount", "-l", site])
