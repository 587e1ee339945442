"""A site is copied while phones are registered, lost, and made again out of the copy: its phones sign in as before."""
import os
import shutil

from lab import Lab


def stat_of(top):
    """Mode and owners of each file that a site keeps."""
    found = {}
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            found[os.path.relpath(path, top)] = (oct(st.st_mode), st.st_uid, st.st_gid)
    return {name: got for name, got in found.items() if not name.startswith(("run/", "logs/", "vault/store.db", "vault/root.pem"))}  # the last: a copy of the lab's own


def test_lost_and_restored():
    with Lab() as lab:
        lab.go()
        lab.admin("user", "add", "bob@contoso.test", "--extension", "4412", "--number", "+14255554412", "--pin-file", lab.pin_file)
        staying = lab.start_phone("--stay", "0")
        staying.wait_said('"dialtone"', 60)
        copy = lab.path("copy")
        lab.admin("backup", copy)
        assert os.stat(copy).st_mode & 0o777 == 0o700
        assert lab.dialtone("restore", copy, lab.site_dir, check=False).returncode == 69  # it runs
        lab.stop(staying)
        lab.stop_dialtoned()
        assert lab.dialtone("restore", copy, lab.site_dir, check=False).returncode == 73  # something is there
        before = stat_of(lab.site_dir)
        shutil.rmtree(lab.site_dir)
        lab.dialtone("restore", copy, lab.site_dir)
        assert stat_of(lab.site_dir) == before
        lab.start_dialtoned()
        warm = lab.phone(way="stored")
        assert warm.status == 0 and not [t for t in warm.tries("auth") if "pin" in t.lower()], warm
        cold = lab.phone("--cold", extension="4412", user="bob")
        assert cold.status == 0, cold
