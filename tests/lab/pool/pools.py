"""A company of three pools in the lab: a Director that the phones find, and two pools where the users live.

    dir     10.20.0.10  fe01.contoso.test                   outside 198.51.100.10  sip.contoso.test   web-ext.contoso.test
    pool1   10.20.0.20  pool1.contoso.test, web1 .20        outside 198.51.100.20  sip1.contoso.test  web1-ext.contoso.test
    pool2   10.20.0.30  pool2.contoso.test, web2 .30        no name outside, unless `public2`: 198.51.100.30 sip2.contoso.test web2-ext.contoso.test

All run in the front end's namespace, each on addresses of its own, with a folder and a store of its own; they share the company's
root, its CA and its secret.  DHCP and DNS name the Director only.
"""
import glob
import json
import os
import signal
import time

import outside
from lab import BUILD
from outside import OutsideLab
from proc import children, signal_each

PUBLIC1, DMZ1 = "198.51.100.20", "10.30.0.20"
PUBLIC2, DMZ2 = "198.51.100.30", "10.30.0.30"
RECORDS = ("host-record=pool1.contoso.test,10.20.0.20", "host-record=web1.contoso.test,10.20.0.20",
           "host-record=pool2.contoso.test,10.20.0.30", "host-record=web2.contoso.test,10.20.0.30")


class PoolLab(OutsideLab):
    def __init__(self, public2=False, conf=None, **kw):
        super().__init__(site=outside.site(records=RECORDS, conf=conf), **kw)
        self.public2 = public2

    def build(self):
        super().build()
        for last in (20, 30):
            self.ip("fe", "addr", "add", f"10.20.0.{last}/24", "dev", "eth0")
        for public, dmz in ((PUBLIC1, DMZ1), *([(PUBLIC2, DMZ2)] if self.public2 else [])):
            self.ip("fe", "addr", "add", f"{dmz}/24", "dev", "eth1")
            self.ip("vip", "addr", "add", f"{public}/24", "dev", "eth0")
            self.exec("fw", "nft", "insert", "rule", "inet", "edge", "through", "iifname", "eth0", "ip", "daddr", public, "tcp",
                      "dport", "{ 443, 5061 }", "accept")

    def pool(self, name, *args, **kw):
        """dialtone on the site of that pool: dir, pool1, pool2."""
        return self.dialtone("-c", self.confs[name], *args, **kw)

    def make_pool(self, name, *args):
        folder = self.path(name)
        self.dialtone("init", folder, "--company", self.site_dir, "--domain", self.site.domain, "--fqdn", f"{name}.contoso.test",
                      "--web-fqdn", f"web{name[-1]}.contoso.test", *args)
        self.confs[name] = next(iter(glob.glob(os.path.join(folder, "dialtone*.conf"))))
        self.site.edit(self.confs[name])

    def go(self):
        self.make_site()  # the Director, with alice: nobody has told it a home yet
        self.confs = {"dir": self.conf}
        self.make_pool("pool1", "--address", "10.20.0.20", "--external-fqdn", "sip1.contoso.test", "--external-web-fqdn",
                       "web1-ext.contoso.test", "--external-address", DMZ1, "--external-sip-tls", "5061", "--external-https", "4443")
        self.make_pool("pool2", "--address", "10.20.0.30", "--external-fqdn", "sip2.contoso.test", "--external-web-fqdn",
                       "web2-ext.contoso.test", "--external-address", DMZ2 if self.public2 else "127.0.0.2", "--external-sip-tls", "5061", "--external-https",
                       "4443")
        self.know_each_other()
        self.pool("dir", "user", "move", "alice@contoso.test", "pool1.contoso.test")
        self.start_internet()
        self.start_vip()
        self.daemons = {}
        self.daemon = self.start_pool("dir")
        self.start_pool("pool1")
        self.start_pool("pool2")

    def know_each_other(self):
        names = {"dir": ("fe01.contoso.test", "--external-sip", f"{outside.SIP_NAME}:5061", "--external-web", outside.WEB_NAME),
                 "pool1": ("pool1.contoso.test", "--web", "web1.contoso.test", "--external-sip", "sip1.contoso.test:5061",
                           "--external-web", "web1-ext.contoso.test"),
                 "pool2": ("pool2.contoso.test", "--web", "web2.contoso.test")}
        if self.public2:
            names["pool2"] += ("--external-sip", "sip2.contoso.test:5061", "--external-web", "web2-ext.contoso.test")
        for here in names:
            for there, args in names.items():
                if here != there:
                    self.pool(here, "pool", "add", *args, "--store", os.path.dirname(self.confs[there]))

    def start_pool(self, name):
        p = self.start(name, [os.path.join(BUILD, "dialtoned"), "-c", self.confs[name], "--keylog", self.keylog], "fe")
        p.wait_said("ready", 20)
        self.daemons[name] = p
        return p

    def start_internet(self):
        super().start_internet_with("".join(f"{n}.contoso.test. A {PUBLIC1}\n" for n in ("sip1", "web1-ext")) +
                                    "".join(f"{n}.contoso.test. A {PUBLIC2}\n" for n in ("sip2", "web2-ext") if self.public2))

    def haproxy(self):
        return outside.haproxy() + outside.haproxy_listens(PUBLIC1, DMZ1, "1") + (
            outside.haproxy_listens(PUBLIC2, DMZ2, "2") if self.public2 else "")

    def kill_pool(self, name, sig=signal.SIGKILL):
        """Every process of it."""
        p = self.daemons.pop(name)
        signal_each([p.pid, *children(p.pid)], sig)
        p.popen.wait(10)
        self.procs.remove(p)
        os.rename(p.log, f"{p.log}.{time.monotonic_ns()}")

    def certificates(self, name, who="alice"):
        """The thumbprints of that user's in that pool's store."""
        listed = json.loads(self.pool(name, "cert", "list", f"{who}@contoso.test", "--json").stdout)["items"]
        return {c["thumbprint"] for c in listed}

    def registered(self, name, who="alice"):
        return self.pool(name, "status", "--registered", "--json", check=False).stdout.count(f'"{who}@contoso.test"')
