"""Completion in the shells themselves: bash, zsh and fish, each with the script that the program writes for it."""
import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from lab import BUILD

# Each row: the line as typed, the words that must be offered, those that must not.
ROWS = [
    ("dialtone user s", {"show", "set"}, {"add", "status"}),
    ("dialtone ", {"connect", "doctor", "user"}, {"add"}),
    ("dialtone connect --model cx", {"cx500", "cx600", "cx700", "cx3000"}, {"4110"}),
    ("dialtone connect --inter", {"--interface"}, {"--model"}),
]


@pytest.fixture()
def place(tmp_path):
    """A folder with two files and a folder, to be completed; the program first in PATH."""
    (tmp_path / "capture.pcap").write_text("")
    (tmp_path / "capture.hex").write_text("")
    (tmp_path / "site").mkdir()
    return tmp_path


def script(shell, path):
    done = subprocess.run([os.path.join(BUILD, "dialtone"), "--completion", shell], capture_output=True, text=True, check=True)
    with open(path, "w") as f:
        f.write(done.stdout)


def env(home):
    return {"HOME": str(home), "PATH": f"{BUILD}:{os.environ['PATH']}", "TERM": "dumb", "LANG": "C.UTF-8", "PS1": "$ ",
            "ASAN_OPTIONS": "detect_leaks=0"}


def need(shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed: apt-get install {shell}")


def bash(place, typed):
    """COMPREPLY, as bash would show it."""
    words = typed.split(" ")
    code = (f"source {place}/c.bash; COMP_WORDS=({' '.join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}; "
            "compopt() { :; }; _dialtone; printf '%s\\n' \"${COMPREPLY[@]}\"")
    done = subprocess.run(["bash", "--norc", "-c", code], cwd=place, env=env(place), capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stderr == "", done
    return set(done.stdout.split("\n")) - {""}


def fish(place, typed):
    """What fish itself would list."""
    code = f"source {place}/c.fish; complete -C '{typed}'"
    done = subprocess.run(["fish", "--no-config", "-c", code], cwd=place, env=env(place), capture_output=True, text=True, timeout=30)
    assert done.returncode == 0 and done.stderr == "", done
    return {line.split("\t")[0] for line in done.stdout.splitlines()}


class Zsh:
    """zsh at a terminal of its own, as somebody types."""

    def __init__(self, place):
        functions = place / "functions"
        functions.mkdir(exist_ok=True)
        script("zsh", functions / "_dialtone")
        with open(place / ".zshrc", "w") as f:
            f.write(f"fpath=({functions} $fpath)\nautoload -Uz compinit; compinit -u -D\nPROMPT='READY '\n"
                    "setopt no_beep; LISTMAX=10000; unsetopt zle_bracketed_paste; zstyle ':completion:*' verbose no\n"
                    "bindkey '^I' list-choices\n")
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(place)
            os.execvpe("zsh", ["zsh", "-i"], {**env(place), "ZDOTDIR": str(place), "TERM": "vt100", "COLUMNS": "200"})
        self.until("READY ")

    def until(self, what, seconds=20):
        seen, end = "", time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.fd], [], [], 0.3)[0]:
                seen += os.read(self.fd, 65536).decode(errors="replace")
            elif what is None or what in seen:
                return seen
        assert what is None or what in seen, seen
        return seen

    def offered(self, typed):
        os.write(self.fd, b"\x15" + typed.encode())
        self.until(None, 3)
        os.write(self.fd, b"\t")
        seen = self.until(None, 8)
        return set(re.sub(r"\x00|\x1b\[[0-9;]*[A-Za-z]", " ", seen).split())

    def close(self):
        os.write(self.fd, b"\x15exit\n")
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_words(place, shell):
    need(shell)
    script(shell, place / f"c.{shell}")
    offers = {"bash": bash, "fish": fish}[shell]
    for typed, there, absent in ROWS:
        got = offers(place, typed)
        assert there <= got and not absent & got, (typed, got)
    assert {"capture.pcap", "capture.hex"} <= offers(place, "dialtone decode dhcp cap")
    folders = offers(place, "dialtone init s")
    assert {"site", "site/"} & folders and not {"c.bash", "c.fish"} & folders, folders


def test_zsh(place):
    need("zsh")
    zsh = Zsh(place)
    try:
        for typed, there, absent in ROWS:
            got = zsh.offered(typed)
            assert there <= got and not absent & got, (typed, got)
        assert {"capture.pcap", "capture.hex"} <= zsh.offered("dialtone decode dhcp cap")
        assert "site/" in zsh.offered("dialtone init ")
    finally:
        zsh.close()
