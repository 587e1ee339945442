"""A pool of three front ends in the lab, behind HAProxy, on PostgreSQL with a standby that replicates synchronously.

    fe   10.20.0.10  pool.contoso.test: HAProxy, and the bridge between the machines below (10.21.0.1)
    fe1  10.21.0.11  fe1.contoso.test   fe2 .12   fe3 .13        a dialtoned each, one worker
    db1  10.21.0.21  the primary        db2 .22   the standby

Each is a namespace of its own: cut off, stopped or killed by itself.
"""
import json
import os
import re

import servers
from database import Database
from lab import BUILD, Lab
from proc import children, signal_each, wait_for

POOL = "pool.contoso.test"
FRONT_ENDS = ("fe1", "fe2", "fe3")
ADDRESS = {"fe1": "10.21.0.11", "fe2": "10.21.0.12", "fe3": "10.21.0.13", "db1": "10.21.0.21", "db2": "10.21.0.22"}
CONF = {"workers": 1, "internal_proxy_protocol": "true", "metrics": 9464}


def site(**kw):
    return servers.Site(fqdn=kw.pop("fqdn", POOL), web=kw.pop("web", POOL), conf={**CONF, **kw.pop("conf", {})}, **kw)


def haproxy(front_ends=FRONT_ENDS, vip="10.20.0.10"):
    """SIP, HTTPS and HTTP, to whoever says by /health that it is ready; when none is, to any that answers."""
    text = ("global\n    maxconn 400\ndefaults\n    mode tcp\n    timeout connect 2s\n    timeout client 600s\n    timeout server 600s\n"
            "    timeout check 2s\n    balance leastconn\n    option redispatch\n    retries 2\n")
    for name, port in (("sip", 5061), ("https", 443), ("http", 80)):
        to = [f"    server {f} {ADDRESS[f]}:{port} send-proxy-v2" for f in front_ends]
        checked = "".join(f"{s} check port 80 check-send-proxy inter 500ms fall 3 rise 1 on-marked-down shutdown-sessions\n" for s in to)
        text += (f"frontend {name}\n    bind {vip}:{port}\n    use_backend {name}_any if {{ nbsrv({name}_ready) lt 1 }}\n"
                 f"    default_backend {name}_ready\n"
                 f"backend {name}_ready\n    option httpchk GET /health?404\n    http-check disable-on-404\n{checked}"
                 f"backend {name}_any\n" + "".join(f"{s}\n" for s in to))
    return text


class FrontEndLab(Lab):
    def __init__(self, front_ends=FRONT_ENDS, standby=True, vip="10.20.0.10", disk="400m", **kw):
        super().__init__(site=kw.pop("site", None) or site(), **kw)
        self.front_ends, self.standby, self.vip, self.disk, self.company = front_ends, standby, vip, disk, ()

    def build(self):
        super().build()
        self.ip("fe", "link", "add", "br0", "type", "bridge")
        self.ip("fe", "addr", "add", "10.21.0.1/24", "dev", "br0")
        self.ip("fe", "link", "set", "br0", "up")
        for host in (*self.front_ends, "db1", *(["db2"] if self.standby else [])):
            self.namespace(host)
            self.cable(host, "eth0", "fe", host)
            self.ip("fe", "link", "set", host, "master", "br0", "up")
            self.ip(host, "addr", "add", f"{ADDRESS[host]}/24", "dev", "eth0")
            self.ip(host, "link", "set", "eth0", "up")

    # ---- making ------------------------------------------------------------------------------------------------------------

    def make_databases(self):
        self.db = Database(self, "db1", ADDRESS["db1"], "db1", disk=self.disk)
        hosts = ADDRESS["db1"]
        if self.standby:
            self.db2 = Database(self, "db2", ADDRESS["db2"], "db2", copy_of=self.db, disk=self.disk)
            self.db.replicate_to("db2")
            hosts += "," + ADDRESS["db2"]
        self.where = f"postgresql://dialtone@{hosts}/dialtone"

    def db2_takes_over(self):
        """The standby becomes the primary; it waits for no other one."""
        self.db2.sql("ALTER SYSTEM SET synchronous_standby_names = ''")
        self.db2.promote()

    def tool(self, front_end, *args, **kw):
        """dialtone, typed on that front end."""
        return self.exec(front_end, os.path.join(BUILD, "dialtone"), "-c", self.confs[front_end], *args, **kw)

    def admin(self, *args, **kw):
        return self.tool("fe1", *args, **kw)

    def make_site(self, name="site"):
        """The first front end, whose store goes to PostgreSQL; the others join it."""
        self.make_databases()
        self.confs = {}
        self.make_first()
        self.conf = self.confs["fe1"] = os.path.join(self.site_dir, "dialtone.conf")
        self.site.edit(self.conf)
        self.tool("fe1", "store", "copy", self.where)
        with open(self.conf, "a") as f:
            f.write(f'store = "{self.where}"\n')
        self.pin_file, self.password_file = self.write("pin", "482915\n"), self.write("password", "Pa55-word!\n")
        self.add_user("alice", "4411")
        for f in self.front_ends[1:]:
            self.join(f)

    def make_first(self):
        self.site_dir = self.path("fe1")
        self.dialtone("init", self.site_dir, "--domain", self.site.domain, "--fqdn", "fe1.contoso.test", "--pool", POOL, "--web-fqdn", POOL,
                      "--address", ADDRESS["fe1"], *self.company, *self.site.init)

    def invite(self, name="invitation"):
        """The file, and the file of its code."""
        code = self.tool("fe1", "pool", "invite", self.path(name)).stdout
        return self.path(name), self.write(f"{name}.code", code)

    def join_argv(self, front_end, invitation, code):
        return ["init", self.path(front_end), "--join", invitation, "--code-file", code, "--fqdn", f"{front_end}.contoso.test", "--address",
                ADDRESS[front_end]]

    def join(self, front_end):
        self.exec(front_end, os.path.join(BUILD, "dialtone"), *self.join_argv(front_end, *self.invite(f"for-{front_end}")))
        self.confs[front_end] = os.path.join(self.path(front_end), "dialtone.conf")
        with open(self.confs[front_end], "a") as f:
            f.write("".join(f"{k} = {v}\n" for k, v in self.site.conf.items() if k in ("workers", "metrics")))

    # ---- running -----------------------------------------------------------------------------------------------------------

    def start_front_end(self, name):
        self.daemons = getattr(self, "daemons", {})
        p = self.start(f"{name}-{len(os.listdir(self.dir))}", [os.path.join(BUILD, "dialtoned"), "-c", self.confs[name], "--keylog", self.keylog], name)
        p.wait_said("ready", 20)
        self.daemons[name] = p
        return p

    def start_haproxy(self):
        conf = self.write("haproxy.cfg", haproxy(self.front_ends, self.vip))
        self.balancer = self.start("haproxy", ["haproxy", "-db", "-f", conf], "fe")
        wait_for("HAProxy listens", lambda: f"{self.vip}:5061" in self.exec("fe", "ss", "-ltn").stdout, 10, self.balancer.ended)

    def go(self):
        self.make_site()
        for f in self.front_ends:
            self.start_front_end(f)
        self.start_haproxy()

    def kill_front_end(self, name, sig):
        """Every process of it, and nobody starts them again."""
        p = self.daemons.pop(name)
        signal_each([p.pid, *children(p.pid)], sig)
        p.popen.wait(10)
        self.procs.remove(p)

    # ---- asking ------------------------------------------------------------------------------------------------------------

    def registered(self, front_end="fe1", who="alice"):
        """Where each endpoint of that user is, as this front end knows it: {instance: front end, "" for itself}."""
        text = self.tool(front_end, "status", "--registered", "--json", check=False).stdout
        try:
            return {r["instance"]: r["front_end"] or front_end for r in json.loads(text)["items"] if r["address"] == f"{who}@contoso.test"}
        except (ValueError, KeyError):
            return {}

    def where_is(self, who="alice", ask=None):
        """The front end that holds the one endpoint of this user, or None."""
        at = set()
        for f in ask or self.daemons:
            at |= {self.registered(f, who).get(i) for i in self.registered(f, who)}
        at = {re.sub(r"\.contoso\.test$", "", a) for a in at if a}
        return at.pop() if len(at) == 1 else None

    def metrics(self, front_end):
        """{'dialtone_store_up': 1.0, ...}, as Prometheus reads them on that machine."""
        text = self.exec(front_end, "curl", "-sS", "--max-time", "5", "http://127.0.0.1:9464/metrics").stdout
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if not line.startswith("#")}

    def health(self, front_end):
        """("ready", 200), as HAProxy's check gets it: behind a head of the PROXY protocol that names nobody."""
        head = r"b'\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET /health HTTP/1.0\r\n\r\n'"
        said = self.exec("fe", "python3", "-c", f"import socket; s = socket.create_connection(('{ADDRESS[front_end]}', 80), 3); s.sendall({head}); "
                         "print(s.makefile().read())", check=False).stdout
        return said.strip().split("\n")[-1].strip(), int((said.split() + ["", "0"])[1] or 0)
