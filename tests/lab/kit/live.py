"""A lab that stays: a company network, its front end and phones that are registered, and faults that come and go while it runs."""
import contextlib
import dataclasses
import json
import os
import signal

from demo import PHONES
from faults import WEB, FaultLab
from proc import LabError

COMMAND = os.environ.get("LAB_COMMAND", "script/lab")  # as people type it: dialtone-lab when it came as a package
MOST = 40  # phones; DHCP has fifty addresses in each VLAN
MODELS = sorted((p for p in PHONES if p[1] == "pin"), key=lambda p: p[0] != "cx600")  # a CX600 first


class NoSuch(Exception):
    """Somebody asked for something that this lab has not; the text says what there is."""


@dataclasses.dataclass
class Desk:
    """A phone and its socket.  The first is alice's, the user that faults of a user are about."""
    number: int
    host: str
    port: str
    model: str
    mac: str
    user: str
    extension: str
    process: object = None

    @property
    def who(self):
        return {"model": self.model, "state": "phone" if self.number == 1 else f"phone{self.number}", "user": self.user,
                "extension": self.extension}


def desk(number):
    model, _, mac = MODELS[(number - 1) % len(MODELS)]
    first = number == 1
    return Desk(number, "ph" if first else f"ph{number}", "p1" if first else f"p{number + 2}", model, f"{mac[:-2]}{number:02x}",
                "alice" if first else f"user{number}", "4411" if first else str(4500 + number))


class LiveLab(FaultLab):
    def __init__(self, phones):
        super().__init__(lldp=None, web_at="10.20.0.10", **WEB)
        self.health = self.site
        self.desks = [desk(n + 1) for n in range(phones)]
        self.fault, self.how, self.since, self.added = None, {}, [], []

    def build(self):
        super().build()
        for d in self.desks[1:]:
            self.plug(d.host, d.port)
        self.lldp = "tagged"
        self.lldpd = self.start_lldpd(",".join(self.ports))

    def find(self, number):
        for d in self.desks:
            if str(d.number) == str(number):
                return d
        raise NoSuch(f"there is no phone '{number}': 1 to {len(self.desks)}")

    # ---- phones -----------------------------------------------------------------------------------------

    def go(self, said=lambda text: None):
        super().go()
        said("the front end is ready")
        for d in self.desks:
            self.set_mac(d.mac, d.host)
            if d.number > 1:
                self.add_user(d.user, d.extension)
            self.on(d)
        for d in self.desks:
            d.process.wait_said('"dialtone"', 120)
            said(f"phone {d.number}, {d.model}, extension {d.extension}: dial tone")

    def on(self, d):
        self.off(d)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path(f"phone-{d.number}.log"))
        d.process = self.start_phone("--stay", "0", host=d.host, name=f"phone-{d.number}", **d.who)

    def off(self, d):
        if d.process in self.procs:
            self.stop(d.process)
        d.process = None

    def phone(self, *args, **kw):
        """A fault lets the first phone sign in once: it cannot be on its desk meanwhile."""
        self.off(self.desks[0])
        return super().phone(*args, **{**self.desks[0].who, **kw})

    # ---- faults -----------------------------------------------------------------------------------------

    def addresses(self, host):
        links = json.loads(self.ip(host, "-j", "-4", "addr").stdout)
        return {(link["ifname"], f"{a['local']}/{a['prefixlen']}") for link in links for a in link["addr_info"]}

    def put_in(self, fault):
        """One fault at a time, as the table has it.  Phones are registered when it comes: some faults count connections."""
        self.heal()
        for d in self.desks:
            with contextlib.suppress(LabError):
                d.process.wait_said('"dialtone"', 60)
        self.fault, self.since = fault, list(self.procs)
        self.added = [(host, self.addresses(host)) for host in ("core", "fe")]
        made = dict(fault.lab)
        web, lldp, dhcp, conf = made.pop("web", False), made.pop("lldp", "tagged"), made.pop("dhcp", "dnsmasq"), made.pop("conf", None)
        site = dataclasses.replace(self.health, **{**({"web_at": None} if web else {}), **made})
        self.become(site, fault.edits, lldp, dhcp)
        if conf:
            self.reconfigure(conf)
        self.how = {"way": ("--extension", self.desks[0].extension), "cold": True, **(fault.put(self) or {})}

    def heal(self):
        """Whatever the fault has put in is taken out; phones that gave up, or that it kept out, are started again."""
        if self.fault:
            for timer in self.timers:
                timer.cancel()
                timer.join()
            for p in [p for p in self.procs if p not in self.since and not p.name.startswith("phone")]:
                if p not in (self.dns, self.daemon, self.lldpd):
                    self.stop(p, seconds=2)
            for host in ("core", "fe", "sw"):
                self.exec(host, "nft", "flush", "ruleset")
            for host, before in self.added:
                for dev, address in self.addresses(host) - before:
                    self.ip(host, "addr", "del", address, "dev", dev)
            bridge = f"unix:{self.path('br0.mgmt')}"
            self.exec("sw", "ovs-ofctl", "del-flows", bridge)
            self.exec("sw", "ovs-ofctl", "add-flow", bridge, "priority=0,actions=normal")
            for pid in self.dialtoned_pids():  # those that a fault has stopped go on
                os.kill(pid, signal.SIGCONT)
            for args in self.undo:
                self.admin(*args)
            if self.fault.lab.get("conf"):
                self.reconfigure({})
            self.become(self.health, (), "tagged", "dnsmasq")
        self.fault, self.how, self.undo, self.timers = None, {}, [], []
        for d in self.desks:
            if not d.process or not d.process.running() or not d.process.said('"dialtone"'):
                self.on(d)

    def become(self, site, edits, lldp, dhcp):
        names = (site, edits, dhcp) != (self.site, self.edits, self.dhcp)
        port = (lldp, site.voice_vlan) != (self.lldp, self.site.voice_vlan)
        self.site, self.edits, self.dhcp, self.lldp = site, edits, dhcp, lldp
        if names:
            self.restart_dns()
        if port:
            if self.lldpd:
                self.stop(self.lldpd)
            self.lldpd = self.start_lldpd(",".join(self.ports)) if lldp else None

    def reconfigure(self, conf):
        """The configuration file as `dialtone init` wrote it, with these values."""
        with open(self.conf) as f:
            text = f.read()
        if conf:
            self.written = text
            dataclasses.replace(self.site, conf=conf).edit(self.conf)
        else:
            with open(self.conf, "w") as f:
                f.write(self.written)
        self.stop_dialtoned()
        self.start_dialtoned()
