"""A lab with handles: one fault is put into a healthy site, the way a real one would have it."""
import glob
import json
import os
import sys
import threading

import servers
from lab import Lab
from proc import wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
WEB = {"web": "web.contoso.test", "init": ("--web-fqdn", "web.contoso.test", "--address", "10.20.0.10")}  # with a name of its own
NAMES = ("web.contoso.test", "fe01.contoso.test", "ucupdates-r2.contoso.test", "sip.contoso.test")


def changed(old, new):
    return lambda text: text.replace(old, new)


def added(*lines):
    return lambda text: text + "".join(f"{line}\n" for line in lines)


class FaultLab(Lab):
    """edits: functions that change dnsmasq's configuration."""

    def __init__(self, *edits, web=False, **site):
        super().__init__(dhcp=site.pop("dhcp", "dnsmasq"), lldp=site.pop("lldp", "tagged"), site=servers.Site(**{**(WEB if web else {}), **site}))
        self.edits, self.undo, self.timers = edits, [], []

    def write(self, name, text):
        for edit in self.edits if name == "dnsmasq.conf" else ():
            new = edit(text)
            assert new != text, "the edit changes nothing"
            text = new
        return super().write(name, text)

    def afterwards(self, *args):
        """The command that the administrator will type when the fault is healed, where a lab lives on: the arguments of `dialtone`."""
        self.undo.append(args)

    def in_a_while(self, seconds, do):
        """Not before, and not at all when the fault is taken out before."""
        self.timers.append(threading.Timer(seconds, do))
        self.timers[-1].daemon = True
        self.timers[-1].start()

    def liar(self, host, kind, address, port, **options):
        p = self.start(f"liar-{kind}-{port}", [sys.executable, "-u", os.path.join(HERE, "liar.py"), kind, address, str(port),
                                               *[f"{k}={v}" for k, v in options.items()]], host)
        p.wait_said("it listens")
        return p

    def dhcp_liar(self, *, device="eth1", address="10.66.0.1", **options):
        """A DHCP server for the voice VLAN, of which each part can be wrong."""
        p = self.start(f"liar-dhcp-{device}", [sys.executable, "-u", os.path.join(HERE, "liar_dhcp.py"), device, address,
                                               *[f"{k.replace('_', '.')}={v}" for k, v in options.items()]], "core")
        p.wait_said("it listens")
        return p

    def nft(self, hook, *rules, host="core", kind="filter", priority=0):
        body = "\n".join(f"  {r}" for r in rules)
        self.exec(host, "nft", "-f", "-", text=f"table ip t{hook} {{\n chain c {{\n  type {kind} hook {hook} priority {priority}\n{body}\n }}\n}}\n")

    def drop(self, *rules, hook="forward"):
        self.nft(hook, *[f"{r} drop" for r in rules])

    def divert(self, port, to):
        """Connections to the front end at this port go to another program, at 10.20.0.12."""
        self.nft("prerouting", f"ip daddr 10.20.0.10 tcp dport {port} dnat to 10.20.0.12:{to}", kind="nat", priority=-100)

    def registrar_answers(self, status, head="Server: RTC/5.0"):
        self.divert(5061, 15061)
        return self.liar("fe", "sip", "10.20.0.12", 15061, status=status, head=head, cert=self.server_pem())

    def server_pem(self):
        return os.path.join(self.site_dir, "server.pem")

    def openssl(self, *args):
        return self.exec("fe", "openssl", *args)

    def ca(self, name, bits=2048, digest="sha256"):
        cert, key = self.path(f"{name}.crt"), self.path(f"{name}.key")
        self.openssl("req", "-x509", "-newkey", f"rsa:{bits}", "-nodes", "-keyout", key, "-out", cert, "-days", "3650", f"-{digest}",
                     "-subj", f"/CN={name}")
        return cert, key

    def under(self, name, start=0, days=900):
        """An authority below the site's root.  start: valid in so many days."""
        cert, key, csr = self.path("under.crt"), self.path("under.key"), self.path("under.csr")
        ext = self.write("under.ext", "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\n")
        self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", csr, "-subj", f"/CN={name}")
        self.exec("fe", "openssl", "x509", "-req", "-in", csr, "-CA", os.path.join(self.site_dir, "ca.pem"), "-CAkey",
                  os.path.join(self.site_dir, "root.pem"), "-CAcreateserial", "-CAserial", self.path("serial"), "-out", cert, "-days", str(days),
                  "-extfile", ext, env=self.later(start))
        return cert, key

    def later(self, days):
        """The environment in which a program takes it to be so many days later."""
        return {"LD_PRELOAD": glob.glob("/usr/lib/*/faketime/libfaketime.so.1")[0], "FAKETIME": f"{days:+}d"} if days else None

    def leaf(self, names=NAMES, ca=None, bits=2048, digest="sha256", days=365, more="", usage="serverAuth", send=True, start=0, curve=None):
        """A PEM with key and certificate, below the site's root or another.  send: the authority's too; start: valid in so many days."""
        ca = ca or (os.path.join(self.site_dir, "ca.pem"), os.path.join(self.site_dir, "root.pem"))
        key, csr, crt = self.path("leaf.key"), self.path("leaf.csr"), self.path("leaf.crt")
        ext = self.write("leaf.ext", "subjectAltName=" + ",".join(f"DNS:{n}" for n in names) + f"\nextendedKeyUsage={usage}\n{more}\n")
        kind = ["ec", "-pkeyopt", f"ec_paramgen_curve:{curve}"] if curve else [f"rsa:{bits}"]
        self.openssl("req", "-new", "-newkey", *kind, "-nodes", "-keyout", key, "-out", csr, "-subj", f"/CN={names[0]}")
        self.exec("fe", "openssl", "x509", "-req", "-in", csr, "-CA", ca[0], "-CAkey", ca[1], "-CAcreateserial", "-CAserial",
                  self.path("serial"), "-out", crt, "-days", str(days), "-extfile", ext, f"-{digest}", env=self.later(start))
        return self.write("leaf.pem", "".join(open(f).read() for f in (key, crt, *([ca[0]] if send else []))))

    def front(self, *rules, crt=None, tls="", address="10.20.0.11"):
        """HAProxy ends TLS before the Web Services; `rules` stand in its front end."""
        pem = self.write("front.pem", open(crt or self.server_pem()).read())
        body = "\n".join(f" {r}" for r in rules)
        conf = self.write("front.cfg", f"""defaults
 mode http
 timeout connect 5s
 timeout client 60s
 timeout server 60s
frontend web
 bind {address}:443 ssl crt {pem} {tls}
 bind {address}:80
{body}
 use_backend plain if !{{ ssl_fc }}
 default_backend secure
backend secure
 server fe 10.20.0.10:443 ssl verify none
backend plain
 server fe 10.20.0.10:80
""")
        p = self.start("front", ["haproxy", "-db", "-f", conf], "fe")
        wait_for("HAProxy's ports", lambda: all(f"{address}:{port} " in self.exec("fe", "ss", "-ltn").stdout for port in (443, 80)), 30, p.ended)
        return p

    def doctor_argv(self, *args, way=("--extension", "4411"), cold=True, **who):
        argv = self.phone_argv(*(["--cold"] if cold else []), *args, extension=way[1], **who)
        argv[1] = "doctor"
        return argv

    def examined(self, *args, host="ph", env=None, **how):
        """Exit status; (verdict, stage, first cause) of each finding; and all of them as objects."""
        done = self.exec(host, *self.doctor_argv(*args, **how), seconds=200, check=False, env=env)
        self.last = done.stdout
        found = [f for f in map(json.loads, done.stdout.splitlines()) if f["kind"] == "finding"]
        return done.returncode, [(f["verdict"], f["stage"], f["causes"][0]["id"] if f["causes"] else f["error"]) for f in found], found
