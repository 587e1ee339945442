"""Three front ends of one pool outside, behind HAProxy: the phone at home is served by any of them, and by another when that one dies.

    vip   198.51.100.10   HAProxy, to fe1 10.22.0.11, fe2 .12, fe3 .13
"""
import signal
import time

import front_ends
import outside
from database import needs_postgres
from front_ends import ADDRESS, FRONT_ENDS, FrontEndLab
from outside import PUBLIC, OutsideLab
from proc import wait_for

pytestmark = needs_postgres
DMZ = {f: ADDRESS[f].replace("10.21.", "10.22.") for f in FRONT_ENDS}


def haproxy():
    """Checked by /health, which is told inside only."""
    text = ("global\n    maxconn 400\ndefaults\n    mode tcp\n    timeout connect 2s\n    timeout client 600s\n    timeout server 600s\n"
            "    timeout check 2s\n    balance leastconn\n    option redispatch\n    retries 2\n")
    for name, port, to in (("sip", 5061, 5061), ("web", 443, 4443)):
        text += f"listen {name}\n    bind {PUBLIC}:{port}\n    option httpchk GET /health?404\n    http-check disable-on-404\n"
        text += "".join(f"    server {f} {DMZ[f]}:{to} send-proxy-v2 check addr {ADDRESS[f]} port 80 check-send-proxy inter 500ms fall 3 rise 1 "
                        "on-marked-down shutdown-sessions\n" for f in FRONT_ENDS)
    return text


class PublicLab(FrontEndLab, OutsideLab):
    def __init__(self):
        super().__init__(standby=False, site=front_ends.site(
            init=("--external-fqdn", outside.SIP_NAME, "--external-web-fqdn", outside.WEB_NAME, "--external-address", DMZ["fe1"],
                  "--external-sip-tls", "5061", "--external-https", "4443"), conf={"proxy_protocol": "true"}))

    def build(self):
        super().build()
        self.ip("fe", "addr", "add", "10.22.0.1/24", "dev", "br0")
        self.exec("fe", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        for f in FRONT_ENDS:
            self.ip(f, "addr", "add", f"{DMZ[f]}/24", "dev", "eth0")
            self.ip(f, "route", "add", "10.30.0.0/24", "via", "10.21.0.1")
        for net in ("10.21.0.0/24", "10.22.0.0/24"):
            self.ip("vip", "route", "add", net, "via", "10.30.0.10")

    def join_argv(self, front_end, invitation, code):
        return [*super().join_argv(front_end, invitation, code), "--external-address", DMZ[front_end]]

    def haproxy(self):
        return haproxy()

    def go(self):
        super().go()
        self.start_internet()
        conf = self.write("outside.cfg", haproxy())
        p = self.start("outside", ["haproxy", "-db", "-f", conf], "vip")
        wait_for("HAProxy listens", lambda: f"{PUBLIC}:5061" in self.exec("vip", "ss", "-ltn").stdout, 10, p.ended)


def test_any_front_end_serves_a_phone_outside():
    with PublicLab() as lab:
        lab.go()
        run = lab.phone("--cold")
        assert run.status == 0, str(run)
        certificates = lab.tool("fe1", "cert", "list", "alice@contoso.test", "--json").stdout
        lab.carry_home()
        p = lab.start_phone("--outside", "--stay", "0", host="away", way="stored")
        at = wait_for("it is registered", lambda: lab.where_is(), 60, p.ended)
        assert lab.metrics(at)['dialtone_registered{side="outside"}'] == 1
        seen = lab.tool(at, "status", "--registered", "--json").stdout
        assert "100.64.0.2" in seen, "the phone's own address, through both proxies"
        for how, do in (("killed", lambda f: lab.kill_front_end(f, signal.SIGKILL)),
                        ("drained", lambda f: lab.tool(f, "drain", "--over", "1", "--wait"))):
            began = time.monotonic()
            do(at)
            new = wait_for("it is registered elsewhere", lambda f=at: (lab.where_is(ask=[x for x in lab.daemons if x != f]) or f) != f and
                           lab.where_is(ask=[x for x in lab.daemons if x != f]), 90, p.ended)
            print(f"{at} {how}: the phone at home has dial tone at {new} after {time.monotonic() - began:.1f} s")
            at = new
        assert lab.tool(at, "cert", "list", "alice@contoso.test", "--json").stdout == certificates
