"""Phones outside: at home behind NAT, by way of the firewall, HAProxy and TLS; and what strangers get to see there."""
import json
import os
import re

import outside
from lab import PIN
from outside import OutsideLab
from stranger import CERTPROV, METHODS, TICKETS
from test_update import NEW, offer, restarts

HERE = os.path.dirname(os.path.abspath(__file__))


def signed_in_inside(lab, **kw):
    run = lab.phone("--cold", **kw)
    assert run.status == 0, run
    return run


def codes(run):
    return [r["error"] for r in run.failures()]


def inside_by_ntlm(lab):
    """A CX700 that has been inside once, where the Web Services gave no certificates; they do from now on."""
    lab.site.conf["UseCertificateAuth"] = "false"
    lab.go()
    run = signed_in_inside(lab, model="cx700", way="password")
    assert "NTLM" in run.found("logon") and not lab.stored("user.pem"), run
    lab.stop_dialtoned()
    lab.site.conf["UseCertificateAuth"] = "true"
    lab.site.edit(lab.conf)
    lab.start_dialtoned()
    lab.carry_home()


# ---- who gets dial tone, and how -------------------------------------------------------------------------------


def test_carried_home():
    """The phone that signed in inside has a certificate: that and what it was told in-band is all it needs."""
    with OutsideLab() as lab:
        lab.go()
        signed_in_inside(lab)
        lab.carry_home()
        run = lab.outside(way="stored")
        assert run.status == 0, run
        assert "192.168.1." in run.found("address") and run.of("vlan") == [] and run.of("discover") == [], run
        assert outside.WEB_NAME in run.found("find"), run  # kept from in-band provisioning
        assert "asked for credentials" in run.found("update"), run
        assert "update-refused" not in codes(run) and "up to date" in run.found("update"), run
        assert "by certificate" in run.found("auth"), run
        assert f"alice@contoso.test at {outside.SIP_NAME}:5061" in run.found("logon") and "TLS-DSK" in run.found("logon"), run
        lab.carry_back()
        run = lab.phone(way="stored")
        assert run.status == 0 and "10.66.0." in run.found("address"), run


def test_an_update_outside():
    """It is offered to who is known, fetched over HTTPS, installed; the phone restarts as the new version."""
    with OutsideLab() as lab:
        lab.go()
        signed_in_inside(lab)
        offer(lab)
        lab.carry_home()
        run = lab.outside(way="stored")
        assert run.status == 0, run
        assert len(restarts(run)) == 1 and f"{NEW} is up to date" in run.found("update"), run
        assert not [r for r in run.of("update") if r.get("peer", "").endswith(":80")], run


def test_cx700_by_ntlm_then_by_certificate():
    with OutsideLab() as lab:
        inside_by_ntlm(lab)
        ca = os.path.join(lab.site_dir, "ca.pem")  # what public roots are in the world
        run = lab.outside("--cold", "--trust", ca, model="cx700", way="password", state="new")
        assert run.status == 3 and run.result["error"] == "never-inside", run
        run = lab.outside("--trust", ca, model="cx700", way="password")
        assert run.status == 0, run
        assert run.of("vlan") == [] and "NTLM" in run.found("logon"), run
        chain = [r for r in run.of("chain") if r["kind"] == "attempt" and not r["try"].startswith("a ")]
        assert chain[0]["try"].startswith("root chain http://") and chain[0]["error"] == "connect", run  # TCP is refused
        assert chain[-1]["try"].startswith("tls https://") and chain[-1]["ok"], run                      # then TLS
        assert run.of("cert") and run.of("cert")[-1]["ok"] and lab.stored("user.pem"), run
        run = lab.outside("--trust", ca, model="cx700", way="stored")
        assert run.status == 0, run
        assert "TLS-DSK" in run.found("logon") and "NTLM" not in run.found("logon"), run


def test_never_plain_tcp_outside():
    """Where the public zone still has _sip._tcp and nothing answers TLS under the other record: outside nobody is known without TLS."""
    with OutsideLab(external_tcp=True) as lab:
        lab.go()
        signed_in_inside(lab)
        lab.carry_home()
        lab.exec("fw", "nft", "insert", "rule", "inet", "edge", "through", "tcp", "dport", "5061", "reject", "with", "tcp", "reset")
        run = lab.outside(way="stored")
        assert run.status == 9 and run.result["error"] == "connect", run
        tried = [r for r in run.of("logon") if r.get("try", "").startswith("registrar ")]
        names = [r["try"] for r in tried]
        tls = next(i for i, n in enumerate(names) if "external SRV, TLS" in n)
        assert not tried[tls]["ok"] and tried[tls]["error"] == "connect", run
        assert not any(r["ok"] or r["error"] == "connect" for r, n in zip(tried, names) if "TCP" in n), run


def test_the_updates_address_is_not_to_be_had():
    """It signs in all the same, and asks when it was told in-band."""
    with OutsideLab() as lab:
        lab.go()
        signed_in_inside(lab)
        account = lab.path("phone", "account")
        with open(account) as f:
            lines = [line for line in f if not line.startswith("update-external")]
        with open(account, "w") as f:
            f.writelines(lines)
        lab.carry_home()
        run = lab.outside("--stay", "5", way="stored")
        assert run.status == 0, run
        find = [r for r in run.records if r.get("key") == "find" and r["kind"] == "stage"]
        assert find[0].get("error") == "dns-none", run
        assert "update-external" in open(account).read()


# ---- who does not ----------------------------------------------------------------------------------------------


def test_never_inside():
    with OutsideLab() as lab:
        lab.go()
        run = lab.outside("--cold")
        assert run.status == 3 and run.result["error"] == "never-inside", run
        assert "never been inside the company network" in run.result["why"], run
        assert run.result["fix"] == "sign it in inside once, then carry it out", run


def test_a_user_without_remote_access():
    with OutsideLab() as lab:
        lab.go()
        signed_in_inside(lab)
        lab.admin("user", "set", "alice@contoso.test", "--no-remote")
        lab.carry_home()
        run = lab.outside(way="stored")
        assert run.status in (7, 9) and run.result["error"] == "remote-off", run
        assert run.result["fix"] == "allow remote access for the user", run
        assert "403" in run.out or "4003" in run.out or "28000" in run.out, run
        lab.carry_back()
        assert lab.phone(way="stored").status == 0


def test_the_registrar_refuses_remote_access_too():
    """4003, in a 403, for who needs no web ticket: the CX700 signs in by NTLM at the Registrar itself."""
    with OutsideLab() as lab:
        inside_by_ntlm(lab)
        lab.admin("user", "set", "alice@contoso.test", "--no-remote")
        run = lab.outside("--trust", os.path.join(lab.site_dir, "ca.pem"), model="cx700", way="password")
        assert run.status == 9 and run.result["error"] == "remote-off" and "4003" in run.out, run
        with open(lab.daemon.log, errors="replace") as f:
            log = f.read()
        assert "address=100.64.0.2" in log and "10.30.0.2" not in log, log  # the home's address, not HAProxy's


def test_pin_demanded_outside():
    with OutsideLab(site=outside.site({"external_require_pin": "true"})) as lab:
        lab.go()
        signed_in_inside(lab)
        lab.carry_home()
        run = lab.outside(way="stored")  # a right certificate, no PIN
        assert run.status in (7, 9), run
        assert not [r for r in run.records if r.get("kind") == "dialtone"], run
        with open(lab.pin_file, "w") as f:
            f.write(PIN[::-1] + "\n")
        run = lab.outside()  # a right certificate, a wrong PIN
        assert run.status == 7 and run.result["error"] == "pin-refused", run
        assert not [r for r in run.records if r.get("kind") == "dialtone"], run
        with open(lab.pin_file, "w") as f:
            f.write(PIN + "\n")
        run = lab.outside()
        assert run.status == 0 and "number and PIN" in run.found("auth"), run


# ---- what strangers see ------------------------------------------------------------------------------------------


def test_a_port_scan_finds_only_tls():
    with OutsideLab() as lab:
        lab.go()
        got = lab.exec("inet", "nmap", "-n", "-Pn", "-p-", "-oG", "-", outside.PUBLIC, "198.51.100.1", "203.0.113.2", seconds=300)
        open_ports = sorted(int(p) for p in re.findall(r"(\d+)/open/", got.stdout))
        assert open_ports == [443, 5061], got.stdout
        for port in open_ports:  # and behind each of them is TLS, nothing else
            name = outside.WEB_NAME if port == 443 else outside.SIP_NAME
            done = lab.ask("openssl", "s_client", "-connect", f"{outside.PUBLIC}:{port}", "-servername", name, "-CAfile",
                           os.path.join(lab.site_dir, "ca.pem"), "-verify_return_error", "-verify_hostname", name, text="", check=False)
            assert "Verify return code: 0" in done.stdout, done
            for old in ("-tls1", "-tls1_1"):
                done = lab.ask("openssl", "s_client", "-connect", f"{outside.PUBLIC}:{port}", old, "-cipher", "ALL:@SECLEVEL=0",
                               text="", check=False)
                assert "Cipher is (NONE)" in done.stdout, done
            plain = lab.ask("curl", "-sS", "--max-time", "5", f"http://{outside.PUBLIC}:{port}/", check=False)
            assert plain.returncode in (52, 56) and plain.stdout == "", plain


def test_inside_listeners_do_not_answer_outside():
    """A site that listens inside on all addresses: the one outside is among them, and the firewall may let through too much."""
    with OutsideLab(site=outside.site(web="web.contoso.test")) as lab:
        lab.go()
        for scheme, port in (("http", 80), ("https", 443), ("http", 5060)):
            done = lab.exec("vip", "curl", "-sS", "-k", "--max-time", "5", f"{scheme}://{outside.DMZ}:{port}/", check=False)
            assert done.returncode in (7, 35, 55, 56) and done.stdout == "", (port, done)  # refused, or reset
            done = lab.exec("fe", "curl", "-sS", "-k", "--max-time", "5", f"{scheme}://10.20.0.10:{port}/", check=False)
            assert done.returncode in (0, 52), (port, done)
        signed_in_inside(lab)


def stranger(lab):
    return json.loads(lab.ask("/usr/bin/python3", os.path.join(HERE, "kit", "stranger.py"), outside.PUBLIC, outside.WEB_NAME, outside.SIP_NAME,
                             lab.site.domain, seconds=120).stdout)


def test_strangers():
    """Anonymous questions get 401 or 403 (what does not exist outside: 404), and nothing internal is told."""
    with OutsideLab(site=outside.site({"netbios_domain": "CORP01", "netbios_computer": "SECRET7"})) as lab:
        lab.go()
        got = stranger(lab)
        for name in ("update question", "update question, a ticket made up", "update question, NTLM begun", "ticket", "ticket, NTLM begun",
                     "sip bare", "sip TLS-DSK", "sip NTLM", *(f"sip {m}" for m in METHODS)):
            assert got[name]["status"] in (401, 403), (name, got[name])
        for name in ("update question, inside path", "root", "dots", "nothing there", "file"):
            assert got[name]["status"] in (400, 401, 403, 404), (name, got[name])
        for name in ("ticket by PIN", "ticket by certificate", "publish", "no soap", "method"):
            assert got[name]["status"] not in (200, None), (name, got[name])
        for name in (n for n in got if n.startswith("odd ")):  # metadata is public: a client must learn how to prove itself
            assert got[name]["status"] in (None, 400, 404, 405, 431, 505) or CERTPROV in name or TICKETS in name, (name, got[name])
        certificates = {a["text"] for n, a in got.items() if n.startswith(("web certificate", "sip certificate", "certificate for"))}
        assert len(certificates) == 1, "whatever name is asked for, there is one certificate"
        version = lab.dialtone("--version").stdout.split()[-1]
        for name, a in got.items():
            for word in ("fe01", "10.20.", "10.30.", "10.66.", "dialtone", "HAProxy", "OpenSSL", "RTC/", version, "alice", lab.site_dir,
                         "CORP01", "SECRET7"):
                assert word.lower() not in a["text"].lower(), f"{word} in {name}: {a['text']!r}"


def test_no_credentials_can_help():
    """403 where neither NTLM nor certificates are taken."""
    with OutsideLab(site=outside.site({"UseWindowsAuth": "None", "UseCertificateAuth": "false"})) as lab:
        lab.go()
        assert stranger(lab)["update question"]["status"] == 403
