"""Stage 9's choice: each of the six candidates wins once, and the record says why those before it were passed over.

The phone stands inside; DHCP and DNS say less and less, or what they name does not answer.
"""
import pytest

import servers
from lab import Lab

NAMES = ["internal SRV, TLS", "DHCP, TLS", "internal SRV, TCP", "DHCP, TCP", "external SRV, TLS", "external SRV, TCP"]
TLS_OFF = {"workers": 2, "sip_tls": 0, "sip_tcp": 5060, "SIPSecurityMode": '"Low"'}
TLS_ON = {"workers": 2, "sip_tcp": 5060, "SIPSecurityMode": '"Low"'}
EXTERNAL = ("srv-host=_sip._tls.contoso.test,fe01.contoso.test,5061,0,0", "srv-host=_sip._tcp.contoso.test,fe01.contoso.test,5060,0,0")

# the winner, the state of DHCP, DNS and the Registrar, and the codes that those before it are passed over with
CASES = {
    "internal SRV, TLS": (servers.Site(conf=TLS_ON, records=EXTERNAL), []),
    "DHCP, TLS": (servers.Site(conf=TLS_ON, srv=("sipinternal",), records=EXTERNAL), ["dns-none"]),
    "internal SRV, TCP": (servers.Site(conf=TLS_OFF), ["connect", "connect"]),
    "DHCP, TCP": (servers.Site(conf=TLS_OFF, srv=("sipinternaltls",)), ["connect", "connect", "dns-none"]),
    "external SRV, TLS": (servers.Site(conf=TLS_ON, srv=(), dhcp_sip="gone.contoso.test", records=EXTERNAL),
                          ["dns-none", "dns-none", "dns-none", "dns-none"]),
    "external SRV, TCP": (servers.Site(conf=TLS_OFF, srv=(), dhcp_sip="", records=EXTERNAL),
                          ["dns-none", "uc-silent", "dns-none", "uc-silent", "connect"]),
}


def attempts(run, name):
    """The attempts at one candidate, in the run's order: each target at each address, or that there was none."""
    return [r for r in run.of("logon") if r.get("kind") == "attempt" and r.get("try", "").startswith(f"registrar {name}")]


@pytest.mark.parametrize("winner", NAMES)
def test_each_wins_once(winner):
    site, before = CASES[winner]
    with Lab(site=site) as lab:
        lab.go()
        run = lab.phone("--cold")
        assert run.status == 0, run
        for name, code in zip(NAMES, before):
            tried = attempts(run, name)
            assert tried and not any(r["ok"] for r in tried), f"{name}\n{run}"
            assert [r["error"] for r in tried] == [code] and tried[0]["why"], f"{name}: {tried}\n{run}"
        won = [r for r in run.of("logon") if r.get("kind") == "attempt" and r["ok"] and r.get("try", "").startswith("registrar ")]
        assert won and all(r["try"].startswith(f"registrar {winner}") for r in won), run
        for name in NAMES[NAMES.index(winner) + 1:]:
            assert attempts(run, name) == [], f"{name} was tried though {winner} had won\n{run}"


def test_the_next_target_of_the_same_record():
    """By priority, and every address of a target before the next: only then the next candidate."""
    first = ("srv-host=_sipinternaltls._tcp.contoso.test,old.contoso.test,5061,0,0",
             "srv-host=_sipinternaltls._tcp.contoso.test,fe01.contoso.test,5061,10,0",
             "host-record=old.contoso.test,10.20.0.1", "host-record=old.contoso.test,10.10.0.1")
    with Lab(site=servers.Site(srv=(), records=first)) as lab:
        lab.go()
        run = lab.phone("--cold")
        assert run.status == 0, run
        tried = attempts(run, "internal SRV, TLS")
        assert len(tried) == 3 and [r["ok"] for r in tried] == [False, False, True], run
        peers = [r.get("peer", "") for r in tried]
        assert {"10.20.0.1" in p or "10.10.0.1" in p for p in peers[:2]} == {True} and peers[0] != peers[1], run
        assert "fe01.contoso.test" in peers[2] or "10.20.0.10" in peers[2], run


STRANGE = ("host-record=fe01.fabrikam.test,10.20.0.10",)


def test_a_target_outside_the_sip_domain_is_refused():
    with Lab(site=servers.Site(srv_target="fe01.fabrikam.test", dhcp_sip="", records=STRANGE)) as lab:
        lab.go()
        run = lab.phone("--cold")
        assert run.status == 5 and run.result["error"] == "strict-domain", run
        assert run.result["why"] == "the target fe01.fabrikam.test lies outside the SIP domain contoso.test", run
        assert "<SIP domain>" in run.result["fix"], run


def test_the_strict_match_can_be_switched_off():
    """Then the certificate is what refuses it."""
    with Lab(site=servers.Site(srv_target="fe01.fabrikam.test", dhcp_sip="", records=STRANGE)) as lab:
        lab.go()
        run = lab.phone("--cold", "--strict", "off")
        assert run.status == 9 and "tls-name" in [r["error"] for r in run.failures()], run
        assert "strict-domain" not in [r["error"] for r in run.failures()], run


def test_the_last_known_good_registrar():
    """"When SRV and 120 both fail, the last good Registrar is used"."""
    with Lab() as lab:
        lab.go()
        assert lab.phone("--cold").status == 0
        lab.site.srv, lab.site.dhcp_sip = (), ""
        lab.restart_dns()
        run = lab.phone()
        assert run.status == 0, run
        assert attempts(run, "last known good")[-1]["ok"], run
