"""Configurations of the lab's servers that are not ours: one function each, from one description of the site."""
import dataclasses
import json

CERTPROV = "/CertProv/CertProvisioningService.svc"


@dataclasses.dataclass
class Site:
    """What DHCP and DNS say.  Fields set to None or False are not said at all."""
    domain: str = "contoso.test"
    fqdn: str = "fe01.contoso.test"
    web: str = "fe01.contoso.test"
    voice_vlan: int = 66
    dhcp_vlan: int | None = 66       # option 43 for CPE-OCPHONE
    dhcp_web: str | None = None      # option 43 for MS-UC-Client; None: `web`, "": none
    dhcp_sip: str | None = None      # option 120; None: `fqdn`, "": none
    srv: tuple = ("sipinternaltls", "sipinternal")
    srv_target: str | None = None
    ucupdates: bool = True
    ntp: bool = True
    lease: int = 600
    init: tuple = ()                 # more options for `dialtone init`
    conf: dict = dataclasses.field(default_factory=lambda: {"workers": 4})
    records: tuple = ()              # more lines for dnsmasq
    web_at: str | None = None        # the address of `web`; None: 10.20.0.11 when that is a name of its own
    uc_class: str = "MS-UC-Client"   # as dnsmasq's administrator spelled it

    @property
    def web_address(self):
        return self.web_at or ("10.20.0.11" if self.web != self.fqdn else "10.20.0.10")

    @property
    def web_host(self):
        return self.web if self.dhcp_web is None else self.dhcp_web

    @property
    def sip_host(self):
        return self.fqdn if self.dhcp_sip is None else self.dhcp_sip

    def edit(self, conf):
        """Puts our values into a configuration file that `dialtone init` has written."""
        with open(conf) as f:
            lines = f.read().splitlines()
        for key, value in self.conf.items():
            text = f"{key} = {value}"
            at = [i for i, line in enumerate(lines) if line.split("=")[0].strip().lstrip("# ") == key]
            if at:
                lines[at[0]] = text
            else:
                lines.append(text)
        with open(conf, "w") as f:
            f.write("\n".join(lines) + "\n")


def lldpd(site, port, mode):
    """mode: tagged, untagged, priority (priority-tagged), unknown, other (no policy), silent"""
    vlan = f"vlan {site.voice_vlan} priority voice dscp 40"
    policy = {
        "tagged": f"configure med policy application voice tagged {vlan}",
        "untagged": "configure med policy application voice dscp 40",
        "priority": "configure med policy application voice tagged vlan priority priority voice dscp 40",
        "unknown": f"configure med policy application voice unknown tagged {vlan}",
    }.get(mode, "")
    silent = f"configure ports {port} lldp status disabled" if mode == "silent" else ""
    return f"""configure system hostname access-switch-1
configure system interface pattern {port}
configure lldp tx-interval 1
configure lldp tx-hold 4
configure lldp portidsubtype local 1/0/1
configure med fast-start enable
{policy}
{silent}
"""


def dnsmasq(site, leases, dhcp):
    out = f"""keep-in-foreground
bind-interfaces
listen-address=10.10.0.1,10.66.0.1,10.20.0.1
except-interface=lo
user=root
group=root
no-hosts
no-resolv
no-ping
log-facility=-
log-queries
local=/{site.domain}/
host-record={site.fqdn},10.20.0.10
host-record=edge.{site.domain},10.20.0.12
host-record=dc1.{site.domain},10.20.0.1
"""
    if site.web != site.fqdn:
        out += f"host-record={site.web},{site.web_address}\n"
    ports = {"sipinternaltls": ("_tcp", 5061), "sipinternal": ("_tcp", 5060)}
    for service in site.srv:
        proto, port = ports[service]
        out += f"srv-host=_{service}.{proto}.{site.domain},{site.srv_target or site.fqdn},{port},0,0\n"
    if site.ntp:
        out += f"srv-host=_ntp._udp.{site.domain},dc1.{site.domain},123,0,0\n"
    if site.ucupdates:
        out += f"host-record=ucupdates-r2.{site.domain},{site.web_address}\n"
    out += "".join(f"{r}\n" for r in site.records)
    if dhcp:
        out += dnsmasq_dhcp(site, leases)
    return out


def dnsmasq_dhcp(site, leases):
    out = f"""log-dhcp
dhcp-authoritative
dhcp-leasefile={leases}
domain={site.domain}
dhcp-range=set:data,10.10.0.100,10.10.0.150,255.255.255.0,{site.lease}
dhcp-range=set:voice,10.66.0.100,10.66.0.150,255.255.255.0,{site.lease}
dhcp-option=tag:data,option:router,10.10.0.1
dhcp-option=tag:data,option:dns-server,10.10.0.1
dhcp-option=tag:voice,option:router,10.66.0.1
dhcp-option=tag:voice,option:dns-server,10.66.0.1
"""
    if site.ntp:
        out += "dhcp-option=option:ntp-server,10.20.0.1\n"
    if site.dhcp_vlan:
        out += f"dhcp-option=vendor:CPE-OCPHONE,10,{site.dhcp_vlan}s\n"
    if site.web_host:
        for code, text in uc_sub(site):
            out += f'dhcp-option=vendor:{site.uc_class},{code},"{text}"\n'
    if site.sip_host:
        out += f"dhcp-option=option:sip-server,{site.sip_host}\n"
    return out


def uc_sub(site):
    return [(1, "MS-UC-Client"), (2, "https"), (3, site.web_host), (4, "443"), (5, CERTPROV)]


def kea(site):
    """Two subnets; both vendor classes."""
    names = ["uc-identifier", "url-scheme", "web-server", "web-port", "cert-prov-path"]
    empty = {"name": "vendor-encapsulated-options", "code": 43, "type": "empty"}

    def klass(name, space, data):
        return {"name": name, "test": f"substring(option[60].hex,0,{len(space)}) == '{space}'",
                "option-def": [{**empty, "encapsulate": space}],
                "option-data": [{"name": "vendor-encapsulated-options"}] +
                               [{"name": n, "space": space, "data": d} for n, d in data]}

    classes = []
    if site.dhcp_vlan:
        classes.append(klass("phone-vlan", "CPE-OCPHONE", [("vlan-id", str(site.dhcp_vlan))]))
    if site.web_host:
        classes.append(klass("uc-client", "MS-UC-Client", [(n, t) for n, (_, t) in zip(names, uc_sub(site))]))
    data = [{"name": "domain-name", "data": site.domain}]
    if site.ntp:
        data.append({"name": "ntp-servers", "data": "10.20.0.1"})
    if site.sip_host:
        data.append({"name": "sip-server-list", "data": f"0, {site.sip_host}"})
    subnet = [{"id": vlan, "subnet": f"10.{vlan}.0.0/24", "interface": dev,
               "pools": [{"pool": f"10.{vlan}.0.100-10.{vlan}.0.150"}],
               "option-data": [{"name": "routers", "data": f"10.{vlan}.0.1"},
                               {"name": "domain-name-servers", "data": f"10.{vlan}.0.1"}]}
              for vlan, dev in ((10, "eth0"), (66, "eth1"))]
    return json.dumps({"Dhcp4": {
        "interfaces-config": {"interfaces": ["eth0", "eth1"], "dhcp-socket-type": "raw"},
        "lease-database": {"type": "memfile", "persist": False},
        "valid-lifetime": site.lease, "authoritative": True,
        "option-def": [{"name": "vlan-id", "code": 10, "space": "CPE-OCPHONE", "type": "uint16"}] +
                      [{"name": n, "code": i + 1, "space": "MS-UC-Client", "type": "string"} for i, n in enumerate(names)] +
                      [{"name": "sip-server-list", "code": 120, "type": "record", "record-types": "uint8, fqdn"}],
        "client-classes": classes, "option-data": data, "subnet4": subnet,
        "loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout"}]}]}}, indent=1)


def chrony(folder):
    """Serves the host's own time to all, sets no clock (-x), listens on no control port."""
    return f"""user root
cmdport 0
bindcmdaddress /
local stratum 8
allow all
pidfile {folder}/chronyd.pid
driftfile {folder}/chrony.drift
"""
