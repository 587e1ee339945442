"""A Standard Edition server publishes its own records (RFC 2136, TSIG): they appear in bind9 by themselves."""
import base64
import re

import outside
import servers
from lab import Lab
from proc import wait_for

EVERYWHERE = "10.10.0.1; 10.66.0.1; 10.20.0.1"
EMPTY = """$ORIGIN contoso.test.
$TTL 60
@ SOA ns1.contoso.test. hostmaster.contoso.test. (1 3600 600 604800 60)
@ NS ns1.contoso.test.
ns1 A 10.20.0.1
other A 10.20.0.77
"""


def start(lab, good_key=True):
    """bind9 with an almost empty zone that one key may change; dialtoned with that key, or with a wrong one."""
    lab.make_site()
    key = lab.exec("core", "tsig-keygen", "-a", "hmac-sha256", "fe01-key").stdout
    secret = re.search(r'secret "([^"]+)"', key)[1]
    zone = lab.write("own.zone", EMPTY)
    conf = lab.write("own.conf", outside.named(lab.dir, EVERYWHERE, "contoso.test", zone, key, "allow-update { key fe01-key; };"))
    named = lab.start("named", ["named", "-g", "-u", "root", "-c", conf, "-n", "1"], "core")
    named.wait_said("all zones loaded")
    lab.write("tsig", (secret if good_key else base64.b64encode(bytes(32)).decode()) + "\n")
    with open(lab.conf, "a") as f:
        f.write(f"""
dns {{
    server = "10.20.0.1"
    address = "10.20.0.10"
    key_name = "fe01-key"
    key_algorithm = "hmac-sha256"
    key_file = "{lab.path("tsig")}"
}}
""")
    lab.start_dialtoned()
    return named


def ask(lab, name, kind):
    return lab.exec("core", "dig", "@10.20.0.1", "+short", "+tries=2", "+time=2", f"{name}.contoso.test", kind).stdout.split()


def test_they_appear_and_a_phone_finds_them():
    with Lab(dhcp="kea", names=False, site=servers.Site(dhcp_sip="")) as lab:
        start(lab)
        wait_for("SRV", lambda: ask(lab, "_sipinternaltls._tcp", "SRV") == ["0", "0", "5061", "fe01.contoso.test."], 20)
        assert ask(lab, "fe01", "A") == ["10.20.0.10"] and ask(lab, "ucupdates-r2", "A") == ["10.20.0.10"]
        assert ask(lab, "other", "A") == ["10.20.0.77"]  # records that are not ours stay
        run = lab.phone("--cold")
        assert run.status == 0 and "fe01.contoso.test:5061 (internal SRV, TLS)" in run.found("discover"), run


def test_again_after_a_restart_nothing_is_doubled():
    with Lab(dhcp=None, lldp=None, names=False, site=servers.Site(ntp=False)) as lab:
        start(lab)
        wait_for("A", lambda: ask(lab, "fe01", "A"), 20)
        lab.stop_dialtoned()
        with open(lab.conf) as f:
            text = f.read()
        with open(lab.conf, "w") as f:
            f.write(text.replace('    address = "10.20.0.10"', '    address = "10.20.0.11"'))
        lab.start_dialtoned()
        wait_for("the new address alone", lambda: ask(lab, "fe01", "A") == ["10.20.0.11"], 20)
        assert ask(lab, "_sipinternaltls._tcp", "SRV") == ["0", "0", "5061", "fe01.contoso.test."]


def test_a_wrong_key_changes_nothing_and_is_told():
    with Lab(dhcp=None, lldp=None, names=False, site=servers.Site(ntp=False)) as lab:
        named = start(lab, good_key=False)
        wait_for("bind9's refusal", lambda: named.said("BADSIG") or named.said("bad signature") or named.said("tsig verify failure"), 20)
        assert ask(lab, "fe01", "A") == [] and lab.daemon.running()
        wait_for("dialtoned tells it", lambda: lab.daemon.said("10.20.0.1") and lab.daemon.said("dns"), 20)
