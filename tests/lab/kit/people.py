"""script/lab: a lab that stays, for people.  See script/lab --help."""
import json
import os
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import lab as lab_module  # noqa: E402
from fault_list import FAULTS  # noqa: E402
from live import COMMAND, MOST  # noqa: E402
from proc import LabError, wait_for  # noqa: E402

FOLDER = os.environ.get("DIALTONE_LAB", "/run/dialtone-lab")
#        order      what it needs
ORDERS = {"status": "", "fault": "", "answer": "", "heal": "", "phone": "N", "doctor": "N", "capture": "PORT", "shell": "HOST", "dialtone": ""}


def fail(text, status=64):
    print(f"lab: {text}", file=sys.stderr)
    sys.exit(status)


def ask(order, *args):
    """The keeper's answer; None when no lab is up."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(120)
        try:
            s.connect(os.path.join(FOLDER, "socket"))
        except OSError:
            return None
        s.sendall((json.dumps({"order": order, "args": args}) + "\n").encode())
        got = b""
        while piece := s.recv(65536):
            got += piece
    if not got:
        fail(f"the lab ended meanwhile; {FOLDER}/log says why", 70)
    answer = json.loads(got)
    if "error" in answer:
        fail(answer["error"])
    return answer


def on_terminal(argv):
    """Runs a program here; Control-C is its alone.  Its exit status."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run(argv, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)).returncode
    finally:
        signal.signal(signal.SIGINT, before)


def up(phones):
    if not 1 <= phones <= MOST:
        fail(f"{phones} phones: 1 to {MOST}")
    if ask("status"):
        fail(f"a lab is up already; {COMMAND} down takes it down", 73)
    os.makedirs(FOLDER, mode=0o700, exist_ok=True)
    log = os.path.join(FOLDER, "log")
    began, shown = time.monotonic(), 0
    with open(log, "w") as out:
        keeper = subprocess.Popen([sys.executable, os.path.join(HERE, "keeper.py"), FOLDER, str(phones)], stdin=subprocess.DEVNULL,
                                  stdout=out, stderr=out, start_new_session=True)
    try:
        while True:
            with open(log, errors="replace") as f:
                lines = f.read().split("\n")[:-1]
            for line in lines[shown:]:
                if line.startswith("lab: ") and line != "lab: ready":
                    print(line, flush=True)
            shown = len(lines)
            if "lab: ready" in lines:
                break
            if keeper.poll() is not None:
                fail(f"it did not come up; {log}:\n" + "\n".join(lines[-25:]), 70)
            time.sleep(0.1)
    except KeyboardInterrupt:
        keeper.send_signal(signal.SIGTERM)
        keeper.wait(60)
        raise
    print(f"lab: {phones} phones have dial tone after {time.monotonic() - began:.0f} s; it stays until {COMMAND} down")
    return 0


def listed(words):
    """All, or those whose cause or name has each of the words."""
    found = [f for f in FAULTS if all(word.lower() in f"{f.cause} {f.slug}".lower() for word in words)]
    if not found:
        fail(f"no fault has '{' '.join(words)}'; {COMMAND} list prints all")
    print(f"cause  stage  name, for `{COMMAND} fault NAME`")
    for f in sorted(found, key=lambda f: (f.stage, f.cause)):
        print(f"{f.cause:5}  {f.stage:5}  {f.slug}")
    return 0


def capture(answer, args):
    path = args[1] if len(args) > 1 else f"lab-{args[0]}.pcap"
    print(f"lab: {path}; Control-C ends it", file=sys.stderr)
    status = on_terminal(answer["run"])
    print(f"lab: to read it: wireshark -o tls.keylog_file:{answer['keys']} {path}\n"
          f"lab: or: dialtone doctor --capture {path} --keylog {answer['keys']}", file=sys.stderr)
    return status


def order(name, args):
    if ORDERS[name] and not args:
        fail(f"type {COMMAND} {name} {ORDERS[name]}")
    answer = ask(name, *args)
    if answer is None:
        fail(f"no lab is up: {COMMAND} [N]", 69)
    if name == "capture":
        return capture(answer, args)
    if "run" not in answer:
        print(answer["text"], end="")
        return 0
    status = on_terminal(answer["run"])
    if name in ("phone", "doctor"):
        ask("desk", args[0])
    return status


def main(argv):
    why = lab_module.missing()
    if why:
        fail(why, 77)
    name, args = (argv[0], argv[1:]) if argv else ("3", [])
    if name.isdigit():
        return up(int(name))
    if name == "list":
        return listed(args)
    if name == "phones":
        name, args = "dialtone", ["phones", *args]
    if name == "console":
        name, args = "dialtone", ["console", *args]
    if name == "down":
        answer = ask("down")
        if answer:
            wait_for("the lab's end", lambda: not os.path.exists(f"/proc/{answer['pid']}"), 60)
        lab_module.sweep()
        print(answer["text"] if answer else "No lab is up.\n", end="")
        return 0
    if name not in ORDERS:
        fail(f"there is no '{name}': {COMMAND} --help")
    return order(name, args)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LabError as e:
        fail(e, 70)
