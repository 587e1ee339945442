"""The disk has no room for another file, at each point of every verb that makes some: the verb leaves all as it was, or it goes on when it is typed
again.  The disk is a small tmpfs, whose inodes are counted: it takes one file more each time."""
import os
import re
import subprocess

import pytest

from programs import BUILD, open_folder

MOST = 60  # files: more than any verb makes
FULL = re.compile("No space left on device|its disk is full|disk is full")


class Disk:
    """A file system below the folder on which so many files and folders can be, and no more."""

    def __init__(self, folder):
        self.at = str(folder)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=755,nr_inodes=2", "tmpfs", self.at], capture_output=True).returncode:
            pytest.skip("no file system can be mounted here")

    def files(self, n):
        subprocess.run(["mount", "-o", f"remount,nr_inodes={n}", self.at], check=True)

    def used(self):
        v = os.statvfs(self.at)
        return v.f_files - v.f_ffree

    def names(self):
        """All that is on it, but for what SQLite leaves beside a store that it could not open, and takes away the next time."""
        return sorted(os.path.join(at, name) for at, folders, files in os.walk(self.at) for name in folders + files
                      if not name.endswith(("-wal", "-shm")))


@pytest.fixture
def disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("a small file system is mounted by root")
    open_folder(tmp_path)
    folder = tmp_path / "disk"
    folder.mkdir()
    made = Disk(folder)
    yield made
    subprocess.run(["umount", "-l", made.at], check=True)


def typed(*words):
    return subprocess.run([os.path.join(BUILD, "dialtone"), *map(str, words)], capture_output=True, text=True, timeout=60)


def until_it_fits(disk, *words, failed=lambda done: None):
    """The same command with room for one file more each time.  How often it failed."""
    first = disk.used()
    for more in range(MOST):
        disk.files(first + more)
        done = typed(*words)
        if done.returncode == 0:
            disk.files(1000)
            return more
        assert FULL.search(done.stderr) and done.stderr.count("\n") == 1, (words, done)
        failed(done)
    raise AssertionError(f"{words}: {done}")


def init(folder):
    return ["init", folder, "--domain", "contoso.test", "--fqdn", "fe01.contoso.test", "--address", "127.0.0.1"]


def checked(folder):
    """By `dialtoned -t`, where all ports are free."""
    script = 'ip link set lo up && exec "$1" -t -c "$2"'
    return subprocess.run(["unshare", "--net", "sh", "-c", script, "-", os.path.join(BUILD, "dialtoned"), f"{folder}/dialtone.conf"], capture_output=True,
                          text=True, timeout=60)


def is_good(folder):
    done = checked(folder)
    assert done.returncode == 0, done


def is_called_full(folder):
    """A store on a disk that is full is good, and is never called damaged."""
    done = checked(folder)
    assert done.returncode == 0 or ("its disk is full" in done.stderr and "damaged" not in done.stderr), done


def test_init_goes_on_from_where_it_stopped(disk):
    site = f"{disk.at}/site"

    def failed(done):
        assert not os.path.exists(f"{site}/dialtone.conf"), done
        assert "cannot be made" in done.stderr or "is no site yet: mend this, then type the same again" in done.stderr, done

    command = init(site)
    assert until_it_fits(disk, *command, failed=failed) > 10
    is_good(site)
    assert not [name for name in disk.names() if name.endswith((".part", ".new"))]
    assert "unchanged" in typed(*command).stderr


def test_what_was_left_is_not_taken_for_other_names(disk):
    """The certificates of a command that ended half-way, and is typed with another name then."""
    site = f"{disk.at}/site"
    disk.files(1000)
    os.mkdir(site)
    command = init(site)
    os.mkdir(f"{site}/update.key")  # in the way of what comes behind the certificates
    done = typed(*command)
    assert done.returncode == 73 and os.path.exists(f"{site}/server.pem"), done
    os.rmdir(f"{site}/update.key")
    assert typed(*(word if word != "fe01.contoso.test" else "fe02.contoso.test" for word in command)).returncode == 0
    is_good(site)


def test_a_renewal_that_stops_leaves_keys_that_are_read(disk):
    """The first of two files is new then: its group reads it all the same, or the next reload would end the site."""
    site = f"{disk.at}/site"
    disk.files(1000)
    assert typed(*init(site)).returncode == 0
    with open(f"{site}/server.pem") as f:
        before = f.read()
    os.mkdir(f"{site}/dsk.pem.part")  # in the way
    done = typed("init", site, "--renew")
    with open(f"{site}/server.pem") as f:
        assert done.returncode == 73 and f.read() != before, done
    is_good(site)
    os.rmdir(f"{site}/dsk.pem.part")
    assert typed("init", site, "--renew").returncode == 0
    is_good(site)


def test_each_verb_on_a_disk_that_fills(disk, tmp_path):
    disk.files(1000)
    site, conf = f"{disk.at}/site", f"{disk.at}/site/dialtone.conf"
    assert typed(*init(site)).returncode == 0
    assert typed("-c", conf, "user", "add", "alice@contoso.test", "--extension", "4411").returncode == 0
    (tmp_path / "payload").write_text("firmware")
    assert typed("-c", conf, "update", "sign", tmp_path / "payload", "--vendor", "POLYCOM", "--model", "CX600", "--version", "4.0.7577.4387", "--out",
                 tmp_path / "CPE.nbt").returncode == 0
    assert typed("-c", conf, "backup", tmp_path / "backup").returncode == 0

    for words in (["init", site, "--renew"], ["-c", conf, "key", "roll", "ticket"], ["-c", conf, "key", "roll", "pin"],
                  ["-c", conf, "pin", "set", "alice@contoso.test", "--generate"], ["-c", conf, "user", "add", "bob@contoso.test"],
                  ["-c", conf, "update", "import", tmp_path / "CPE.nbt", "--approve"],
                  ["-c", conf, "update", "sign", tmp_path / "payload", "--vendor", "POLYCOM", "--model", "CX600", "--version", "4.0.7577.4390", "--out",
                   f"{disk.at}/CPE.nbt"]):
        assert until_it_fits(disk, *words, failed=lambda done: is_called_full(site)) > 0, words
        is_good(site)
    assert "4.0.7577.4387" in typed("-c", conf, "update", "list").stdout

    (tmp_path / "staff.csv").write_text("address,extension\ncarol@contoso.test,4477\n")
    for words in (["-c", conf, "backup", f"{disk.at}/copy"], ["restore", tmp_path / "backup", f"{disk.at}/second"],
                  ["-c", conf, "store", "copy", f"{disk.at}/third.db"],
                  ["-c", conf, "user", "import", tmp_path / "staff.csv", "--generate-pins", f"{disk.at}/pins.csv"]):
        before = disk.names()

        def failed(done):
            assert disk.names() == before, (words, done)

        assert until_it_fits(disk, *words, failed=failed) > 0, words
    is_good(f"{disk.at}/second")
