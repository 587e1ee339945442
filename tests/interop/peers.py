"""What the interop tests share: the programs under test, and the peers that are not ours.

The peers in C are built by the project's own meson, in build/peers (or the folder that DIALTONE_MESON names).
A peer whose package is missing skips its tests.
"""
import fcntl
import glob
import os
import shutil
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("DIALTONE_BUILD", os.path.join(TOP, "build"))
MESON = os.environ.get("DIALTONE_MESON", os.path.join(TOP, "build", "peers"))


def run(argv, seconds=60, env=None, text=None):
    """Runs a program to its end, within a time; its output is text."""
    return subprocess.run([str(a) for a in argv], input=text, stdin=None if text is not None else subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=seconds,
                          env={**os.environ, **(env or {})})


def peer(name):
    """The path of a peer in C, built."""
    os.makedirs(os.path.dirname(MESON), exist_ok=True)
    with open(MESON + ".lock", "w") as lock:  # tests run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        set_up = os.path.exists(os.path.join(MESON, "build.ninja"))
        made = run(["meson", "setup", *(["--reconfigure"] if set_up else ["--buildtype=debug"]), MESON], 300)  # packages may have come since
        assert made.returncode == 0, made.stdout + made.stderr
        made = run(["ninja", "-C", MESON, f"tests/interop/{name}"], 900)
    if "unknown target" in made.stdout + made.stderr:
        pytest.skip(f"the packages that {name} needs are not installed")
    assert made.returncode == 0, made.stdout + made.stderr
    return os.path.join(MESON, "tests", "interop", name)


def package(name, path):
    """Skips when `path`, which a package of that name brings, is missing; says so when no package of the release does."""
    if not glob.glob(path):
        known = shutil.which("apt-cache") and run(["apt-cache", "show", "gcc"]).stdout
        offered = known and run(["apt-cache", "show", name]).stdout
        pytest.skip(f"{name} is not installed" if offered or not known else f"this release has no package {name}")


def tool(name):
    """A program of the system."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        pytest.skip(f"{name} is not installed")
    return path


def program(name):
    """dialtone or dialtoned."""
    path = os.path.join(BUILD, name)
    if not os.access(path, os.X_OK):
        pytest.skip(f"{path} is not built; run script/build")
    return path
