"""The lab's other half: the Internet, a home behind NAT, and the company's edge.

      phone ── home: NAT, DHCP ── Internet: routes, bind9 ── firewall ── HAProxy: the virtual IP ── front end
    away eth0   192.168.1.1        100.64.0.1  203.0.113.1    198.51.100.1   198.51.100.10            10.30.0.10
                100.64.0.2         203.0.113.53 (DNS)                        10.30.0.2

The firewall lets through what is public: SIP over TLS on 5061 and HTTPS on 443, both at 198.51.100.10; it answers all
other TCP with a reset.  HAProxy hands connections on as they are, with the true address before them (PROXY protocol 2).
"""
import servers
from lab import Lab, run
from proc import wait_for

PUBLIC, DMZ = "198.51.100.10", "10.30.0.10"
SIP_NAME, WEB_NAME = "sip.contoso.test", "web-ext.contoso.test"
HOME_DNS, NAME_SERVER = "192.168.1.1", "203.0.113.53"

HOME_NAT = """
table ip nat {
    chain out {
        type nat hook postrouting priority 100
        oifname "eth0" masquerade
    }
}
"""

FIREWALL = f"""
table inet edge {{
    chain through {{
        type filter hook forward priority 0
        policy drop
        ct state established,related accept
        iifname "eth0" ip daddr {PUBLIC} tcp dport {{ 443, 5061 }} accept
        meta l4proto tcp reject with tcp reset
    }}
    chain itself {{
        type filter hook input priority 0
        policy drop
        meta l4proto tcp reject with tcp reset
    }}
}}
"""


def site(conf=None, **kw):
    """A site that listens outside, behind a proxy.  Plain TCP is on inside, so that outside it could be forgotten."""
    s = servers.Site(init=("--sip-tcp", "5060", "--external-fqdn", SIP_NAME, "--external-web-fqdn", WEB_NAME, "--external-address", DMZ,
                           "--external-sip-tls", "5061", "--external-https", "4443"),
                     conf={"workers": 4, "proxy_protocol": "true", **(conf or {})}, **kw)
    if s.web == s.fqdn:
        s.init += ("--address", "10.20.0.10")
    else:
        s.init += ("--web-fqdn", s.web)
    return s


def haproxy_listens(public, dmz, which=""):
    """SIP and HTTPS at a public address, to the front end's address outside."""
    def listen(name, port, to):
        return f"listen {name}{which}\n    bind {public}:{port}\n    server fe01 {dmz}:{to} send-proxy-v2\n"

    return listen("sip", 5061, 5061) + listen("web", 443, 4443)


def haproxy():
    return ("global\n    maxconn 200\ndefaults\n    mode tcp\n    timeout connect 5s\n    timeout client 600s\n"
            "    timeout server 600s\n" + haproxy_listens(PUBLIC, DMZ))


def named(folder, address, zone, file, keys="", rights=""):
    return f"""options {{ directory "{folder}"; listen-on {{ {address}; }}; listen-on-v6 {{ none; }}; recursion no;
    pid-file none; session-keyfile none; managed-keys-directory "{folder}"; }};
controls {{ }};
{keys}
zone "{zone}" {{ type primary; file "{file}"; {rights} }};
"""


class OutsideLab(Lab):
    """`external_tcp`: the public zone also has _sip._tcp, on a port that the firewall does not let through."""

    def __init__(self, external_tcp=False, **kw):
        super().__init__(site=kw.pop("site", None) or site(), **kw)
        self.external_tcp = external_tcp

    def build(self):
        super().build()
        for host in ("inet", "fw", "vip", "home", "away"):
            self.namespace(host)
        self.cable("fe", "eth1", "vip", "eth1")
        self.cable("vip", "eth0", "fw", "eth1")
        self.cable("fw", "eth0", "inet", "eth0")
        self.cable("home", "eth0", "inet", "eth1")
        self.cable("away", "eth0", "home", "eth1")
        for host, dev, *nets in (("fe", "eth1", f"{DMZ}/24"), ("vip", "eth1", "10.30.0.2/24"), ("vip", "eth0", f"{PUBLIC}/24"),
                                 ("fw", "eth1", "198.51.100.1/24"), ("fw", "eth0", "203.0.113.2/24"),
                                 ("inet", "eth0", "203.0.113.1/24", f"{NAME_SERVER}/24"), ("inet", "eth1", "100.64.0.1/24"),
                                 ("home", "eth0", "100.64.0.2/24"), ("home", "eth1", "192.168.1.1/24"), ("away", "eth0")):
            for net in nets:
                self.ip(host, "addr", "add", net, "dev", dev)
            self.ip(host, "link", "set", dev, "up")
        for host, net, via in (("vip", "default", "198.51.100.1"), ("fw", "default", "203.0.113.1"),
                               ("inet", "198.51.100.0/24", "203.0.113.2"), ("home", "default", "100.64.0.1")):
            self.ip(host, "route", "add", net, "via", via)
        for host in ("inet", "fw", "home"):
            self.exec(host, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        self.exec("home", "nft", "-f", "-", text=HOME_NAT)
        self.exec("fw", "nft", "-f", "-", text=FIREWALL)
        self.start_home()

    def start_home(self):
        """The home router's own DHCP and DNS; it asks the Internet's."""
        conf = self.write("home.conf", f"""keep-in-foreground
bind-interfaces
interface=eth1
except-interface=lo
user=root
group=root
no-hosts
no-resolv
no-ping
no-negcache
log-facility=-
log-dhcp
log-queries
server={NAME_SERVER}
dhcp-authoritative
dhcp-leasefile={self.path('home.leases')}
domain=home.example
dhcp-range=192.168.1.100,192.168.1.150,255.255.255.0,600
dhcp-option=option:router,192.168.1.1
dhcp-option=option:dns-server,{HOME_DNS}
""")
        p = self.start("home", ["dnsmasq", "-C", conf, f"--pid-file={self.path('home.pid')}"], "home")
        p.wait_said("started, version")

    def start_internet(self):
        self.start_internet_with("")

    def start_internet_with(self, records):
        """bind9 with the public zone as `netconfig zone --outside` prints it."""
        zone = self.admin("netconfig", "zone", "--outside", "--external", PUBLIC, "--dns", NAME_SERVER).stdout
        if self.external_tcp:
            zone += f"_sip._tcp.{self.site.domain}. SRV 0 0 5060 {SIP_NAME}.\n"
        file = self.write("public.zone", zone + records)
        run(["named-checkzone", "-k", "fail", self.site.domain, file])
        conf = self.write("public.conf", named(self.dir, NAME_SERVER, self.site.domain, file))
        p = self.start("bind9", ["named", "-g", "-u", "root", "-c", conf, "-n", "1"], "inet")
        p.wait_said("all zones loaded")

    def haproxy(self):
        return haproxy()

    def start_vip(self):
        conf = self.write("haproxy.cfg", self.haproxy())
        p = self.start("haproxy", ["haproxy", "-db", "-f", conf], "vip")
        wait_for("HAProxy listens", lambda: f"{PUBLIC}:5061" in self.exec("vip", "ss", "-ltn").stdout, 10, p.ended)

    def go(self):
        self.make_site()
        self.start_internet()
        self.start_vip()
        return self.start_dialtoned()

    def carry_home(self):
        """The phone on the desk is unplugged and plugged in at home: it is the same phone."""
        mac = self.mac("ph")
        self.ip("ph", "link", "set", "eth0", "down")
        self.set_mac(mac, "away")

    def carry_back(self):
        self.ip("away", "link", "set", "eth0", "down")
        self.ip("ph", "link", "set", "eth0", "up")

    def outside(self, *args, **kw):
        return self.phone("--outside", *args, host="away", **kw)

    def ask(self, *argv, **kw):
        """A program of somebody at home."""
        return self.exec("home", *argv, **kw)

    def curl(self, url, *args):
        """Status, headers, body of one question from the home to the public web address, whatever name the URL has."""
        host = url.split("/")[2].split(":")[0]
        port = "443" if url.startswith("https") else "80"
        done = self.ask("curl", "-sS", "-k", "--http1.1", "--max-time", "10", "--resolve", f"{host}:{port}:{PUBLIC}", "-i", *args,
                        url, check=False)
        return done.returncode, done.stdout, done.stderr

    def dig(self, name, kind, server=NAME_SERVER, host="home"):
        return self.exec(host, "dig", f"@{server}", "+short", "+tries=2", "+time=2", name, kind).stdout.split()
