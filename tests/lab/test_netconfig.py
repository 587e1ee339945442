"""`dialtone netconfig`: servers that are not ours, configured by nothing but what it prints, serve the phone.

      phone ── p1 switch, policy from `netconfig lldpd` ── core: dnsmasq, or Kea or ISC dhcpd beside bind9
"""
import json
import struct

import pytest

import servers
from lab import Lab, run

NETS = ["--vlan", "66", "--data", "10.10.0.0/24,interface=eth0,range=10.10.0.100-10.10.0.150", "--voice",
        "10.66.0.0/24,interface=eth1,range=10.66.0.100-10.66.0.150", "--dns", "10.20.0.1", "--ntp", "10.20.0.1", "--sip",
        "10.20.0.10", "--web", "10.20.0.10"]
URL = "https://fe01.contoso.test/CertProv/CertProvisioningService.svc"


def netconfig(lab, kind, *more):
    return lab.admin("netconfig", kind, *(more or NETS)).stdout


def start_names(lab):
    """bind9 with the zone as printed."""
    zone = lab.write("contoso.zone", netconfig(lab, "zone"))
    conf = lab.write("named.conf", f"""options {{ directory "{lab.dir}"; listen-on {{ 10.20.0.1; }}; listen-on-v6 {{ none; }};
        recursion no; pid-file none; session-keyfile none; managed-keys-directory "{lab.dir}"; }};
        controls {{ }};
        zone "contoso.test" {{ type primary; file "{zone}"; }};""")
    named = lab.start("named", ["named", "-g", "-u", "root", "-c", conf, "-n", "1"], "core")
    named.wait_said("all zones loaded")


def start_dhcp(lab, kind):
    text = netconfig(lab, kind)
    if kind == "dnsmasq":  # on its command line stands only what keeps it from the host's own files
        p = lab.start("dnsmasq", ["dnsmasq", "-k", "-C", lab.write("netconfig.dnsmasq", text), "--user=root", "--no-hosts",
                                  "--no-resolv", "--log-facility=-", "--log-dhcp", "--log-queries", "--no-ping",
                                  f"--dhcp-leasefile={lab.path('leases')}", "--interface=eth2",
                                  f"--pid-file={lab.path('dnsmasq.pid')}"], "core")
        p.wait_said("started, version")
    else:
        lab.start_dhcp(kind, lab.write(f"netconfig.{kind}", text))
        start_names(lab)


@pytest.mark.parametrize("kind", ["dnsmasq", "kea", "isc"])
def test_the_phone_is_served(kind):
    with Lab(dhcp=None, lldp=None, names=False, site=servers.Site(conf={"workers": 4, "sip_tcp": 5060})) as lab:
        lab.make_site()
        start_dhcp(lab, kind)
        lab.start_lldpd(text=netconfig(lab, "lldpd", "--vlan", "66", "--voice", "10.66.0.0/24,interface=p1") +
                        "configure lldp tx-interval 1\n")
        lab.start_dialtoned()
        got = lab.phone("--cold")
        assert got.status == 0, got
        assert "66" in got.found("vlan") and any("lldp" in t for t in got.tries("vlan")), got
        assert "10.66.0." in got.found("address"), got
        assert "fe01.contoso.test" in got.found("discover"), got
        lab.lldp_silent()  # now the VLAN comes out of the same server's option 43
        got = lab.phone("--cold")
        assert got.status == 0 and any("dhcp" in t for t in got.tries("vlan")) and "66" in got.found("vlan"), got


def test_the_zone_as_bind_serves_it():
    with Lab(dhcp=None, lldp=None, names=False) as lab:
        lab.make_site()
        start_names(lab)

        def ask(name, kind):
            return lab.exec("core", "dig", "@10.20.0.1", "+short", "+tries=2", "+time=2", name, kind).stdout.split()

        assert ask("_sipinternaltls._tcp.contoso.test", "SRV") == ["0", "0", "5061", "fe01.contoso.test."]
        assert ask("_ntp._udp.contoso.test", "SRV") == ["0", "0", "123", "ntp.contoso.test."]
        assert ask("fe01.contoso.test", "A") == ["10.20.0.10"]
        assert ask("ucupdates-r2.contoso.test", "A") == ["10.20.0.10"]
        assert ask("ntp.contoso.test", "A") == ["10.20.0.1"]
        assert ask("contoso.test", "NS") == ["ns1.contoso.test."]
        run(["named-checkzone", "-k", "fail", "contoso.test", lab.path("contoso.zone")])


def message(*options):
    """A DHCPACK that carries these options, as octets."""
    head = struct.pack(">BBBBIHHIIII6s10x64x128x", 2, 1, 6, 0, 1, 0, 0, 0, 0, 0, 0, b"\0\x04\xf2\0\1\x76")
    out = head + bytes.fromhex("63825363350105")
    for code, value in options:
        out += bytes([code, len(value)]) + value
    return out + b"\xff"


def decoded(lab, *options):
    with open(lab.path("ack"), "wb") as f:
        f.write(message(*options))
    got = json.loads(lab.dialtone("decode", "dhcp", lab.path("ack")).stdout)
    return {o["code"]: o["value"] for o in got["options"]}


def sub(*pieces):
    return b"".join(bytes([code, len(value)]) + value for code, value in pieces)


UC = sub((1, b"MS-UC-Client"), (2, b"https"), (3, b"fe01.contoso.test"), (4, b"443"),
         (5, b"/CertProv/CertProvisioningService.svc"))
SIP = b"\0\x04fe01\x07contoso\x04test\0"


def check(lab, vlan, uc, sip):
    assert vlan == sub((10, b"\0\x42")) and uc == UC and sip == SIP
    assert decoded(lab, (43, vlan))[43]["CPE-OCPHONE"] == {"vlan": 66, "form": "two octets"}
    got = decoded(lab, (43, uc), (120, sip))
    assert got[43]["MS-UC-Client"]["url"] == URL and got[43]["MS-UC-Client"]["warn"] == ""
    assert got[120] == {"encoding": 0, "names": ["fe01.contoso.test"]}


def test_ios_octets():
    with Lab(dhcp=None, lldp=None, names=False) as lab:
        lab.make_site()
        pools, pool = {}, None
        for line in netconfig(lab, "ios").splitlines():
            words = line.split()
            if words[:3] == ["ip", "dhcp", "pool"]:
                pool = pools.setdefault(words[3], {})
            elif words[:1] == ["option"] and words[2] == "hex":
                pool[int(words[1])] = bytes.fromhex(words[3])
        check(lab, pools["DATA"][43], pools["VOICE"][43], pools["VOICE"][120])


def test_windows_octets():
    with Lab(dhcp=None, lldp=None, names=False) as lab:
        lab.make_site()
        uc, sip, vlan = [], None, None
        for line in netconfig(lab, "windows").splitlines():
            w = line.split()
            if w[:5] == ["netsh", "dhcp", "server", "set", "optionvalue"]:
                if w[6:8] == ["Binary", "vendor=MSUCClient"]:
                    uc.append((int(w[5]), bytes.fromhex(w[8])))
                elif w[5] == "120":
                    sip = bytes.fromhex(w[7])
                elif w[6:8] == ["WORD", "vendor=CPEOCPHONE"]:
                    vlan = sub((int(w[5]), struct.pack(">H", int(w[8]))))
        check(lab, vlan, sub(*uc), sip)


def test_what_cannot_be_printed_is_refused():
    with Lab(dhcp=None, lldp=None, names=False) as lab:
        lab.make_site()
        for args, says in ((["kea"], "--voice"), (["nonsense"], "there is no 'nonsense'"), (["kea", "--vlan", "4095"], "4095"),
                           (["isc", "--voice", "10.66.0.1/24"], "10.66.0.1/24"),
                           (["isc", "--voice", "10.66.0.0/24,router=10.67.0.1"], "10.67.0.1")):
            done = lab.admin("netconfig", *args, check=False)
            assert done.returncode == 64 and says in done.stderr and done.stdout == "", done
