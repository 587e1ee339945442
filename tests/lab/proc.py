"""Processes of the lab: started in a namespace, known by their own pid, waited for with a deadline."""
import contextlib
import os
import signal
import socket
import subprocess
import time


class LabError(Exception):
    """Something did not come about in time; the text says what, and shows the logs."""


def listening(path):
    """True: a program accepts connections at this Unix socket."""
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(path) == 0


def wait_for(what, condition, seconds=10, failed=None):
    """Waits until condition() gives something true and returns it.  failed() may give a reason to stop early."""
    end = time.monotonic() + seconds
    while True:
        got = condition()
        if got:
            return got
        why = failed() if failed else None
        if why:
            raise LabError(f"{what}: {why}")
        if time.monotonic() > end:
            raise LabError(f"{what}: not within {seconds} s")
        time.sleep(0.03)


def tail(path, lines=25):
    try:
        with open(path, errors="replace") as f:
            return "".join(f"    {line}" for line in f.readlines()[-lines:])
    except OSError as e:
        return f"    ({e})\n"


class Process:
    """One program in the background.  `ip netns exec` becomes the program, so that its pid is the program's."""

    def __init__(self, name, argv, log, netns=None, env=None, cwd=None):
        self.name, self.log = name, log
        if netns:
            argv = ["ip", "netns", "exec", netns, *argv]
        self.argv = [str(a) for a in argv]
        with open(log, "ab") as out:
            self.begins = out.tell()  # of a program of the same name that ran before, the log says more
            self.popen = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                          env={**os.environ, **(env or {})}, cwd=cwd, start_new_session=True)
        self.pid = self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def ended(self):
        """A reason to stop waiting for this one."""
        code = self.popen.poll()
        return None if code is None else f"{self.name} ended with status {code}\n{tail(self.log)}"

    def said(self, text):
        try:
            with open(self.log, "rb") as f:
                f.seek(self.begins)
                return text.encode() in f.read()
        except OSError:
            return False

    def wait_said(self, text, seconds=30):
        wait_for(f"{self.name} says '{text}'", lambda: self.said(text), seconds, self.ended)

    def wait(self, seconds):
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name} does not end within {seconds} s\n{tail(self.log)}") from None

    def stop(self, sig=signal.SIGTERM, seconds=5):
        """Ends it: asks, waits, then insists.  Returns its exit status."""
        if self.running():
            self.popen.send_signal(sig)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        return self.popen.wait(seconds)


def signal_each(pids, number):
    """The signal goes to each process that is still there: children of one that was killed may have ended before."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def children(pid):
    """The pids below this one, all the way down."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as f:
                for child in map(int, f.read().split()):
                    found += [child, *children(child)]
    except OSError:
        pass
    return found


def run(argv, seconds=20, netns=None, check=True, env=None, text=None):
    """Runs a program to its end.  With check, a failure raises what it printed."""
    if netns:
        argv = ["ip", "netns", "exec", netns, *argv]
    argv = [str(a) for a in argv]
    try:
        done = subprocess.run(argv, input=text, stdin=None if text is not None else subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=seconds,
                              env={**os.environ, **(env or {})})
    except subprocess.TimeoutExpired as e:
        raise LabError(f"{' '.join(argv)}: does not end within {seconds} s\n{e.stdout or ''}{e.stderr or ''}") from None
    if check and done.returncode != 0:
        raise LabError(f"{' '.join(argv)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done
