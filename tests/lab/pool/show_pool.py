"""A pool to look at: a Director, three front ends behind HAProxy, PostgreSQL with a standby; one front end is killed while phones are
signed in, one is drained.  Ends with 0 when every phone had dial tone each time, with the certificate that it got at first."""
import os
import signal
import sys
import time

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]

import lab as lab_module  # noqa: E402
from front_ends import ADDRESS, POOL, FrontEndLab, site  # noqa: E402
from lab import BUILD  # noqa: E402
from proc import LabError, wait_for  # noqa: E402

VIP = "10.20.0.12"
DIRECTOR = "dir.contoso.test"


class DirectorLab(FrontEndLab):
    """Phones find the Director at 10.20.0.10, which sends alice's to the pool at 10.20.0.12."""

    def __init__(self):
        super().__init__(vip=VIP, site=site(fqdn=DIRECTOR, web=DIRECTOR, records=(f"host-record={POOL},{VIP}",)))

    def make_first(self):
        self.director = self.path("dir")
        self.dialtone("init", self.director, "--domain", self.site.domain, "--fqdn", DIRECTOR, "--address", "10.20.0.10", "--workers", "1")
        self.company = ("--company", self.director)
        super().make_first()

    def go(self):
        super().go()
        conf = os.path.join(self.director, "dialtone.conf")
        self.director_tool("pool", "add", POOL, "--store", self.where)
        self.tool("fe1", "pool", "add", DIRECTOR, "--store", self.director)
        self.tool("fe1", "pool", "sync", DIRECTOR)
        p = self.start("director", [os.path.join(BUILD, "dialtoned"), "-c", conf, "--keylog", self.keylog], "fe")
        p.wait_said("ready", 20)

    def director_tool(self, *args):
        return self.exec("fe", os.path.join(BUILD, "dialtone"), "-c", os.path.join(self.director, "dialtone.conf"), *args)


def show(text):
    print(f"demo: {text}", flush=True)


def phones(lab):
    """Two phones of alice's in sockets of their own; where each is."""
    lab.plug("ph2", "p9")
    lab.start_lldpd("p9")
    started = [lab.start_phone("--cold", "--stay", "0", host=h, name=f"phone-{h}", state=h, model=m) for h, m in (("ph", "cx600"), ("ph2", "cx3000"))]
    wait_for("both phones have dial tone", lambda: len(lab.registered("fe1")) == 2, 90, lambda: next((p.ended() for p in started if p.ended()), None))
    return [phone["front_end"] for phone in where(lab)]


def where(lab):
    """The endpoints, as a front end that runs knows them."""
    f = next(iter(lab.daemons))
    return [{"instance": i, "front_end": at.split(".")[0]} for i, at in sorted(lab.registered(f).items())]


def certificates(lab):
    return lab.tool(next(iter(lab.daemons)), "cert", "list", "alice@contoso.test", "--json").stdout


def away(lab, gone):
    """All are registered, and none there."""
    at = [p["front_end"] for p in where(lab)]
    return len(at) == 2 and gone not in at and at


def run(lab):
    show("a Director, three front ends of one pool, HAProxy, PostgreSQL and its standby, each on a machine of its own: starting")
    lab.go()
    at = phones(lab)
    first = certificates(lab)
    show(f"both phones have dial tone: they found {DIRECTOR}, which sent them to {POOL}; at {' and '.join(at)}")
    for what, do in (("killed", lambda f: lab.kill_front_end(f, signal.SIGKILL)),
                     ("drained", lambda f: lab.tool(f, "drain", "--over", "2", "--wait"))):
        victim = at[0]
        others = next(f for f in lab.daemons if f != victim)
        began = time.monotonic()
        do(victim)
        if what == "killed":
            show(f"{victim} ({ADDRESS[victim]}) is killed")
        at = wait_for(f"both have dial tone, none at {victim}", lambda v=victim: away(lab, v), 60)
        show(f"{victim} is {what}: both phones have dial tone at {' and '.join(at)} after {time.monotonic() - began:.1f} s")
        if certificates(lab) != first:
            raise LabError("a phone has another certificate than at first")
        if what == "killed":
            lab.start_front_end(victim)
            show(f"{victim} runs again; {others} went on all the while")
    show("the certificates are those of the first sign-in; nobody typed anything")


def main():
    why = lab_module.missing()
    if why:
        print(f"demo: {why}", file=sys.stderr)
        return 77
    began = time.monotonic()
    try:
        with DirectorLab() as lab:
            run(lab)
    except LabError as e:
        print(f"demo: {e}", file=sys.stderr)
        return 1
    show(f"done in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
