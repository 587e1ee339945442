"""keeper.py FOLDER PHONES: holds a lab (live.py) until it is told to take it down.  It answers one order a connection, at FOLDER/socket:
a line of JSON, {"order": ..., "args": [...]}; the answer is a line, too: {"text": ...}, {"error": ...}, or {"run": a command line} which
whoever asked runs on the terminal."""
import json
import os
import random
import signal
import socket
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from fault_list import FAULTS  # noqa: E402
from lab import BUILD, LabError  # noqa: E402
from live import COMMAND, LiveLab, NoSuch  # noqa: E402

LONGEST = 65536


def by_name(name):
    """A fault by its name, or by the id of its cause."""
    for f in FAULTS:
        if name == f.slug:
            return f
    for f in FAULTS:
        if name.upper() == f.cause:
            return f
    raise NoSuch(f"there is no fault '{name}'; {COMMAND} list prints all")


class Keeper:
    def __init__(self, lab):
        self.lab, self.told = lab, True

    def order_status(self):
        lab, fault = self.lab, self.lab.fault
        shown = "none" if not fault else f"{fault.slug} ({fault.cause})" if self.told else f"one that was not told: {COMMAND} answer"
        return {"text": f"namespaces  dt{lab.tag}-*\nfolder      {lab.dir}\nfault       {shown}\n"
                        f"phones      {len(lab.desks)}, {sum(d.process is not None and d.process.running() for d in lab.desks)} of them on their desks\n"}

    def order_fault(self, name=None):
        if name is None:
            return self.order_status()
        self.told = name != "--secret"
        fault = by_name(name) if self.told else random.choice(FAULTS)
        self.lab.put_in(fault)
        return {"text": (f"{fault.name}.  " if self.told else "A fault is in the network.  ") + f"Now: {COMMAND} doctor 1\n"}

    def order_answer(self):
        fault = self.lab.fault
        return {"text": f"{fault.name}: {fault.cause}, stage {fault.stage}.  dialtone doctor --explain {fault.cause}\n" if fault
                else "There is no fault in the network.\n"}

    def order_heal(self):
        self.lab.heal()
        return {"text": "The network is as it was.\n"}

    def order_phone(self, number, *args):
        d = self.lab.find(number)
        argv = self.lab.phone_argv(*args, json_out=False, **d.who)
        self.lab.off(d)
        return self.on_host(d.host, argv)

    def order_doctor(self, number, *args):
        d = self.lab.find(number)
        how = dict(self.lab.how)
        extension = how.pop("way", ("", d.extension))[1] if d.number == 1 else d.extension
        who = {**d.who, "extension": extension}
        if how.get("cold", True):
            who["state"] += "-doctor"
        argv = self.lab.doctor_argv(*how.get("args", ()), *args, way=("", who.pop("extension")), cold=how.get("cold", True), json_out=False, **who)
        self.lab.off(d)
        return self.on_host(d.host, argv)

    def order_desk(self, number):
        """The phone goes back to its desk."""
        d = self.lab.find(number)
        if not d.process:
            self.lab.on(d)
        return {"text": ""}

    def order_capture(self, port, path=None):
        places = {"core": ("core", "any"), "fe": ("fe", "eth0"), **{str(d.number): ("sw", d.port) for d in self.lab.desks}}
        if port not in places:
            raise NoSuch(f"there is no port '{port}': core, fe, or a phone, 1 to {len(self.lab.desks)}")
        host, dev = places[port]
        return {**self.on_host(host, ["tcpdump", "-i", dev, "-U", "-Z", "root", "-s", "0", "-w", path or f"lab-{port}.pcap"]),
                "keys": self.lab.keylog}

    def order_shell(self, host):
        hosts = {"core": "core", "fe": "fe", "sw": "sw", **{str(d.number): d.host for d in self.lab.desks}}
        if host not in hosts:
            raise NoSuch(f"there is no host '{host}': core, fe, sw, or a phone, 1 to {len(self.lab.desks)}")
        return self.on_host(hosts[host], [os.environ.get("SHELL") or "/bin/sh"])

    def order_dialtone(self, *args):
        return {"run": [os.path.join(BUILD, "dialtone"), "-c", self.lab.conf, *args]}

    def on_host(self, host, argv):
        return {"run": ["ip", "netns", "exec", self.lab.ns(host), *argv]}

    def obey(self, line):
        try:
            asked = json.loads(line)
            order = getattr(self, f"order_{asked['order']}", None)
            if not order:
                raise NoSuch(f"there is no order '{asked['order']}'")
            return order(*asked["args"])
        except (NoSuch, LabError, AssertionError) as e:
            return {"error": str(e)}
        except TypeError:
            traceback.print_exc()
            return {"error": f"'{asked['order']}' needs other arguments: {COMMAND} --help"}


def serve(keeper, door):
    """One order after another, until the lab is to go down."""
    while True:
        peer, _ = door.accept()
        with peer:
            peer.settimeout(10)
            line = b""
            try:
                while not line.endswith(b"\n") and len(line) < LONGEST and (piece := peer.recv(4096)):
                    line += piece
                down = b'"order": "down"' in line
                answer = {"text": "The lab is down.\n", "pid": os.getpid()} if down else keeper.obey(line)
                peer.settimeout(10)
                peer.sendall((json.dumps(answer) + "\n").encode())
            except OSError as e:
                print(f"keeper: {e}", flush=True)
                continue
        if down:
            return


def main():
    folder, phones = sys.argv[1], int(sys.argv[2])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    path = os.path.join(folder, "socket")
    with LiveLab(phones) as lab:
        lab.go(lambda text: print(f"lab: {text}", flush=True))
        door = socket.socket(socket.AF_UNIX)
        if os.path.exists(path):
            os.unlink(path)
        door.bind(path)
        door.listen(4)
        print("lab: ready", flush=True)
        try:
            serve(Keeper(lab), door)
        finally:
            os.unlink(path)


if __name__ == "__main__":
    main()
